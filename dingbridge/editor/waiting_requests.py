"""Frames that wait for the next service, in the order of the user's requests."""

from __future__ import annotations

from dingbridge.editor.unconfirmed import is_kept
from dingbridge.protocol.frames import EditorEvent, FromHost, RawSettings, RunCommand


class WaitingRequests:
    """Merges the frames kept by the host with the messages kept by Lua, in the original order.

    After the loss of a service, Lua submits its messages again, between its events `shown` and
    `working`; each gets its old position::

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
        # Lua submits only requests that were made under the latest settings.
        ordered: list[FromHost] = []
        ordered += [frame for frame in waiting if isinstance(frame, RawSettings)][-1:]
        # The last service carried these out, but they may not be durable.
        ordered += [frame for message, frame in handed.items() if message not in places]
        for frame in waiting:
            if isinstance(frame, RawSettings):
                continue
            if not is_kept(frame):
                ordered.append(frame)
            elif (again := handed.pop(_message(frame), None)) is not None:
                ordered.append(again)
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
