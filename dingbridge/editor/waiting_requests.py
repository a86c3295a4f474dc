"""Frames that wait for the next service, in the order of the user's requests."""

from __future__ import annotations

from collections import deque

from dingbridge.editor.unconfirmed import is_kept
from dingbridge.protocol.frames import EditorEvent, FromHost, RawSettings, RunCommand


class WaitingRequests:
    """Merges the frames kept by the host with the messages kept by Lua, in the original order.

    After the loss of a service, Lua submits its messages again, in order, between its events
    `shown` and `working`; the host's other frames keep their positions between them. Among the
    host's frames a message may stand too early: it came while there was no service, before a
    hand-over that an earlier service did not live to get::

        open --service gone--> holding --shown--> collecting --working--> open
    """

    def __init__(self) -> None:
        self._frames: list[FromHost] = []
        self._handed: dict[str, FromHost] = {}
        self._is_holding = False
        self._is_handed_over_to = False

    def put(self, frame: FromHost) -> None:
        """Add a frame while there is no service."""
        self._frames.append(frame)

    def lost(self, under_way: list[FromHost]) -> None:
        """The service is gone and had not carried out these frames."""
        self._frames = under_way + self._frames
        self._handed.clear()
        self._is_holding, self._is_handed_over_to = True, False

    def take(self) -> list[FromHost]:
        """The frames to send to a new service at once.

        The first service gets all; a later one gets none, until Lua has submitted its messages.
        """
        if self._is_holding:
            return []
        waiting, self._frames = self._frames, []
        return waiting

    def pass_on(self, frame: FromHost) -> list[FromHost]:
        """The frames to send now for a request of Lua, while a service is attached."""
        if not self._is_holding:
            return [frame]
        name = frame.name if isinstance(frame, EditorEvent) else ""
        if name == "shown":
            self._is_handed_over_to = True
            return [frame]
        if not self._is_handed_over_to:
            self._frames.append(frame)
            return []
        if is_kept(frame):
            self._handed[_message(frame)] = frame
            return []
        if name != "working":
            return [frame]
        self._is_holding = False
        return [*self._in_order(), frame]

    def _in_order(self) -> list[FromHost]:
        waiting, self._frames = self._frames, []
        handed, self._handed = self._handed, {}
        places = {_message(frame) for frame in waiting if is_kept(frame)}
        numbers = {message: number for number, message in enumerate(handed, 1)}
        messages = deque(handed.items())
        # Lua submits only requests that were made under the latest settings.
        ordered: list[FromHost] = []
        ordered += [frame for frame in waiting if isinstance(frame, RawSettings)][-1:]

        def hand_over(count: int) -> None:
            """Append so many of the messages, with those behind them that have no place: the last
            service carried these out, but they may not be durable."""
            count -= len(handed) - len(messages)
            while messages and (count > 0 or messages[0][0] not in places):
                ordered.append(messages.popleft()[1])
                count -= 1

        hand_over(0)
        for frame in waiting:
            if is_kept(frame):
                hand_over(numbers.get(_message(frame), 0))
            elif not isinstance(frame, RawSettings):
                ordered.append(frame)
        return ordered


def _message(frame: FromHost) -> str:
    """The id of the message that a frame creates; empty without one.

    For a text with a file it is the file's id, because Lua may submit the file alone.
    """
    match frame:
        case RunCommand(id=message):
            return message
        case EditorEvent(payload={"file_id": str(message)}):
            return message
        case EditorEvent(payload={"id": str(message)}):
            return message
        case _:
            return ""
