"""What the service has not carried out yet, and what becomes of it when the service is gone."""

from __future__ import annotations

from collections import deque

from dingbridge.core.commands.editor_commands import may_be_repeated
from dingbridge.core.user_file import UserFile
from dingbridge.protocol.frames import EditorEvent, FromHost, RawSettings, RunCommand

OF_MESSAGES = {"send", "notify"}
"""Events that Lua keeps until they are confirmed."""


class UnconfirmedFrames:
    """Frames in the order in which they were sent, which is that in which they are carried out."""

    def __init__(self) -> None:
        self._frames: deque[FromHost] = deque()
        self._done = 0

    def begin(self) -> None:
        """There is another service."""
        self._frames.clear()
        self._done = 0

    def sent(self, frame: FromHost) -> None:
        """Remember a frame, if it is one that the service counts."""
        if isinstance(frame, RawSettings | RunCommand | EditorEvent):
            self._frames.append(frame)

    @property
    def files(self) -> set[int]:
        """The numbers of the files that they name."""
        return {file.number for file in map(file_of, self._frames) if file is not None}

    def carried_out(self, count: int) -> None:
        """The service has carried out that many since it began."""
        while self._done < count and self._frames:
            self._frames.popleft()
            self._done += 1

    def settings(self, digest: str) -> RawSettings | None:
        """The latest settings with that digest that are not in force yet."""
        for frame in reversed(self._frames):
            if isinstance(frame, RawSettings) and digest and frame.digest == digest:
                return frame
        return None

    def ended(self) -> list[FromHost]:
        """The service has ended in order. Returns what is for the next one."""
        left = list(self._frames)
        self._frames.clear()
        return left

    def lost(self) -> tuple[list[FromHost], list[str]]:
        """The service is gone in the middle of something. Returns what is for the next one, and the
        commands that may have been carried out or not."""
        left = self.ended()
        again = [frame for frame in left if is_kept(frame) or _may_be_repeated(frame)]
        doubtful = [one.line for one in left if isinstance(one, RunCommand) and one not in again]
        return again, doubtful


def file_of(frame: FromHost) -> UserFile | None:
    """The file that a frame names, if it names one."""
    return frame.file if isinstance(frame, RunCommand | EditorEvent) else None


def is_kept(frame: FromHost) -> bool:
    """Whether Lua hands it over again to the next service."""
    match frame:
        case EditorEvent(name=name):
            return name in OF_MESSAGES
        case RunCommand(id=message):
            return bool(message)
        case _:
            return False


def _may_be_repeated(frame: FromHost) -> bool:
    """Whether it may be carried out twice; the answer of a responder has an id."""
    match frame:
        case EditorEvent(name=name):
            return name == "reply"
        case RunCommand(line=line):
            return may_be_repeated(line)
        case _:
            return False
