"""Why a program or the `env_file` gave no value: one type and one sentence for each cause."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.catalogue import programs
from dingbridge.core.catalogue import settings as say


class EditorClosing(Struct, frozen=True, tag=True):
    """The editor closed before the lookup."""


class NoText(Struct, frozen=True, tag=True):
    """The content or output is not UTF-8."""


# --- programs -------------------------------------------------------------------------------------


class NotStarted(Struct, frozen=True, tag=True):
    """The program could not be started; `reason` is the system's."""

    reason: str


class TookTooLong(Struct, frozen=True, tag=True):
    """The program was stopped after `seconds`."""

    seconds: float


class Stopped(Struct, frozen=True, tag=True):
    """The program was stopped, or not started, on request."""


class EndedWith(Struct, frozen=True, tag=True):
    """The program ended with a `status` other than 0; a negative one is a signal."""

    status: int


class NoAnswer(Struct, frozen=True, tag=True):
    """Its output is empty."""


ProgramFailure = NotStarted | TookTooLong | Stopped | EndedWith | NoText | NoAnswer | EditorClosing


def describe_program(program: str, failure: ProgramFailure) -> str:
    """Why the program gave no value, as a sentence that names it."""
    match failure:
        case NotStarted(reason):
            return programs.NOT_STARTED(program=program, reason=reason)
        case TookTooLong(seconds):
            return programs.TOOK_TOO_LONG(program=program, seconds=seconds)
        case Stopped():
            return programs.STOPPED(program=program)
        case EndedWith(status):
            return programs.ENDED_WITH(program=program, status=status)
        case NoText():
            return programs.NO_TEXT(program=program)
        case NoAnswer():
            return programs.NO_ANSWER(program=program)
        case EditorClosing():
            return programs.NOT_RUN_CLOSING(program=program)


# --- the file -------------------------------------------------------------------------------------


class NotAbsolute(Struct, frozen=True, tag=True):
    """Its path depends on the current folder."""


class NotAFile(Struct, frozen=True, tag=True):
    """It is a folder, a pipe or a device."""


class TooLarge(Struct, frozen=True, tag=True):
    """It has more than `most` bytes."""

    most: int


class NoSuchPath(Struct, frozen=True, tag=True):
    """Its path is invalid."""


class Unreadable(Struct, frozen=True, tag=True):
    """It cannot be read; `reason` is the system's."""

    reason: str


FileFailure = NotAbsolute | NotAFile | TooLarge | NoText | NoSuchPath | Unreadable | EditorClosing


def describe_file(failure: FileFailure) -> str:
    """Why the file was not read, in words that follow the option's path."""
    match failure:
        case NotAbsolute():
            return say.FILE_NOT_ABSOLUTE()
        case NotAFile():
            return say.FILE_IS_NONE()
        case TooLarge(most):
            return say.FILE_TOO_LARGE(most=most)
        case NoText():
            return say.FILE_NO_TEXT()
        case NoSuchPath():
            return say.FILE_NO_SUCH_PATH()
        case Unreadable(reason):
            return say.FILE_UNREADABLE(reason=reason)
        case EditorClosing():
            return say.FILE_UNREAD_CLOSING()
