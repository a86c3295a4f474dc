"""Frames that the service has not carried out yet, and which of them the next one gets."""

from __future__ import annotations

from collections import deque

from dingbridge.core.commands.command_lines import may_be_repeated
from dingbridge.core.user_file import UserFile
from dingbridge.protocol.frames import EditorEvent, FromHost, RawSettings, RunCommand

OF_MESSAGES = {"send", "notify"}
"""Events that Lua keeps until they are confirmed."""


class UnconfirmedFrames:
    """The frames in the order of sending, in which the service carries them out."""

    def __init__(self) -> None:
        self._frames: deque[FromHost] = deque()
        self._commands = 0
        self._done = 0

    def begin(self) -> None:
        """Start counting for a new service."""
        self._frames.clear()
        self._commands = self._done = 0

    def sent(self, frame: FromHost) -> None:
        """Add a frame, if the service counts its kind."""
        if isinstance(frame, RawSettings | RunCommand | EditorEvent):
            self._frames.append(frame)
            self._commands += isinstance(frame, RunCommand)

    @property
    def has_commands(self) -> bool:
        """Whether a command of the user is among these frames."""
        return self._commands > 0

    @property
    def files(self) -> set[int]:
        """The numbers of the files in these frames."""
        return {file.number for file in map(file_of, self._frames) if file is not None}

    def carried_out(self, count: int) -> None:
        """The service has carried out `count` frames since it was attached."""
        while self._done < count and self._frames:
            self._commands -= isinstance(self._frames.popleft(), RunCommand)
            self._done += 1

    def settings(self, digest: str) -> RawSettings | None:
        """The latest settings with that digest that the service has not carried out."""
        for frame in reversed(self._frames):
            if isinstance(frame, RawSettings) and digest and frame.digest == digest:
                return frame
        return None

    def ended(self) -> list[FromHost]:
        """The service has exited normally. Returns the frames for the next one."""
        left = list(self._frames)
        self._frames.clear()
        self._commands = 0
        return left

    def lost(self) -> tuple[list[FromHost], list[str]]:
        """The service crashed. Returns the frames for the next one, and the commands of which it is
        unknown whether they were carried out."""
        left = self.ended()
        again = [frame for frame in left if is_kept(frame) or _may_be_repeated(frame)]
        doubtful = [one.line for one in left if isinstance(one, RunCommand) and one not in again]
        return again, doubtful


def file_of(frame: FromHost) -> UserFile | None:
    """The file that a frame names, if it names one."""
    return frame.file if isinstance(frame, RunCommand | EditorEvent) else None


def is_kept(frame: FromHost) -> bool:
    """Whether Lua keeps the frame and submits it again to the next service."""
    match frame:
        case EditorEvent(name=name):
            return name in OF_MESSAGES
        case RunCommand(id=message):
            return bool(message)
        case _:
            return False


def _may_be_repeated(frame: FromHost) -> bool:
    """Whether the frame may be carried out twice. A responder's answer may: it has an id."""
    match frame:
        case EditorEvent(name=name):
            return name == "reply"
        case RunCommand(line=line):
            return may_be_repeated(line)
        case _:
            return False
