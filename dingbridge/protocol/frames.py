"""The frames between an editor's host and the service, as immutable values, and their encoding.

    host -> service    Attach, then RawSettings, RunCommand, EditorEvent in the editor's order
    service -> host    Updates, whenever there is something to show
    host -> service    Leave, answered by the update `leaving`

A file that a command or event names is transferred after it, in either direction, piece by piece;
`PieceTaken` requests the next one:

    one end -> other   FilePiece
    other -> one end   PieceTaken

`shell_frames` has those of the shell command.

Texts may contain lone surrogates for undecodable bytes, as in file names; these survive.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it has no types
import msgspec
from msgspec import Struct

from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.user_file import UserFile
from dingbridge.protocol.shell_frames import ForShell, FromShell

_SURROGATES = {"unicode_errors": "surrogatepass"}
PIECE_BYTES = 256 * 1024
"""Bytes of a file in one frame: few enough that other frames need not wait long."""

VERSION = 1
"""Version of the frames. A host and a service with different versions do not communicate."""


class Attach(Struct, frozen=True, tag="attach"):
    """First frame of a host.

    - Neovim's process id and current folder, and whether a user interface is attached
    - its environment, in which the programs of its settings run
    - `code`: when the newest file of its code was written (Unix seconds)
    - `bound`: the session that each account had here before, empty without one; None for an editor
      that had no service yet
    """

    version: int
    pid: int
    cwd: str
    environ: dict[str, str]
    has_screen: bool = False
    code: float = 0.0
    bound: dict[str, str] | None = None

    def __repr__(self) -> str:
        return f"Attach(version={self.version}, pid={self.pid}, cwd={self.cwd!r}, environ=***)"


class RawSettings(Struct, frozen=True, tag="settings"):
    """The user's table as written, with a marker for functions, and the `packed` lookup results.

    - `problems`: those that the editor has already found and shown
    - `revision`: counts the tables given to `setup()`; `time`: of this one (Unix seconds)
    - `digest`: of a table with commands (`core.settings.digest`), otherwise empty; the output of
      the commands may be missing, because the service may know it
    - `key`: a digest of everything that decides where a message goes
    - `path`: of the table in the argument of `setup()`, empty if it is the argument
    """

    options: Any
    problems: tuple[str, ...]
    cwd: str
    revision: int
    time: float
    found: bytes
    digest: str = ""
    key: str = ""
    path: str = ""

    def __repr__(self) -> str:
        return f"RawSettings(revision={self.revision}, ***)"


class LookedUp(Struct, frozen=True, tag="looked_up"):
    """The `packed` output of the commands in the settings of this digest, as the service asked."""

    digest: str
    found: bytes

    def __repr__(self) -> str:
        return f"LookedUp(digest={self.digest!r}, ***)"


class RunCommand(Struct, frozen=True, tag="command"):
    """A `:Chat` or `:DingTalk` command: its arguments as typed, and its context, which
    `command_context.CommandContext` reads.

    - `id`: of the message that it creates, if Lua gave it one; such a command is repeated if the
      message was not made durable
    - `file`: the file that it names, if any
    """

    line: str
    place: Any
    has_range: bool
    id: str = ""
    file: UserFile | None = None


class EditorEvent(Struct, frozen=True, tag="event"):
    """An event from Lua. `file` is the file that it names, if any."""

    name: str
    payload: Any
    file: UserFile | None = None


class FilePiece(Struct, frozen=True, tag="piece"):
    """The next bytes of the file with this number (at most `PIECE_BYTES`), or an error and fix."""

    file: int
    data: bytes
    is_last: bool = False
    problem: str = ""
    fix: str = ""

    def __repr__(self) -> str:
        return f"FilePiece(file={self.file}, {len(self.data)} bytes, is_last={self.is_last})"


class PieceTaken(Struct, frozen=True, tag="taken"):
    """A piece of the file was accepted: send the next one, or with `is_over` no more."""

    file: int
    is_over: bool = False


class LogLine(Struct, frozen=True, tag="log"):
    """A line for the log, which only the service writes. Level and logger as in `logging`."""

    level: int
    name: str
    text: str


class UserPresence(Struct, frozen=True, tag="presence"):
    """Whether the user is `away` from this editor. Sent with each change, and after `Attach`."""

    away: bool


class ServiceAsked(Struct, frozen=True, tag="service_asked"):
    """Asks for a report on the service, which an update answers."""


class EndService(Struct, frozen=True, tag="end_service"):
    """Ends the service. `again`: the editors start the next one at once."""

    again: bool


class Leave(Struct, frozen=True, tag="leave"):
    """The editor exits."""


class Updates(Struct, frozen=True, tag="updates"):
    """Updates for the editor, in order; each is one table in Lua (`protocol/updates.py`).

    - `done`: how many of its settings, commands and events were carried out since it attached
    - `look_up`: the digest of settings whose commands the host must run, and answer with
      `LookedUp`; empty if they need not be run any more, None without a change
    """

    list: Any
    done: int = 0
    look_up: str | None = None


class Ends(Struct, frozen=True, tag="ends"):
    """The service exits normally. The next one starts at once (`again`) or when needed, and gets
    the frames that this one has not carried out."""

    again: bool


class Unfit(Struct, frozen=True, tag="unfit"):
    """The service cannot serve this host, which has another version."""

    version: int


def packed(found: LookupResults) -> bytes:
    """Lookup results as bytes, because a frame cannot contain their keys, which are lists."""
    data: bytes = msgpack.packb(msgspec.to_builtins(found), **_SURROGATES)
    return data


def unpacked(data: bytes) -> LookupResults:
    """The lookup results in bytes from `packed`. Raises `ValueError` for anything else."""
    try:
        plain = msgpack.unpackb(data, strict_map_key=False, use_list=False, **_SURROGATES)
        return msgspec.convert(plain, LookupResults)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as cause:
        raise ValueError("not what was looked up") from cause


FromHost = (
    Attach
    | RawSettings
    | LookedUp
    | RunCommand
    | EditorEvent
    | FilePiece
    | PieceTaken
    | LogLine
    | UserPresence
    | ServiceAsked
    | EndService
    | Leave
    | FromShell
)
FromService = Updates | FilePiece | PieceTaken | Unfit | Ends
ToShell = ForShell | Unfit | Ends

_encoder = msgspec.msgpack.Encoder()
_from_host = msgspec.msgpack.Decoder[Any](FromHost)
_from_service = msgspec.msgpack.Decoder[Any](FromService)
_for_shell = msgspec.msgpack.Decoder[Any](ToShell)


def encode(frame: FromHost | FromService | ToShell) -> bytes:
    """The frame's bytes.

    >>> decode_from_host(encode(EditorEvent("open", {"session": "a"})))
    EditorEvent(name='open', payload={'session': 'a'}, file=None)
    """
    try:
        return _encoder.encode(frame)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(frame, builtin_types=(bytes,))
        data: bytes = msgpack.packb(plain, **_SURROGATES)
        return data


def decode_from_host(data: bytes) -> FromHost:
    """A frame from a host or the shell. Raises `ValueError` for anything else."""
    frame: FromHost = _decode(data, _from_host)
    return frame


def decode_from_service(data: bytes) -> FromService:
    """A frame from the service to a host. Raises `ValueError` for anything else."""
    frame: FromService = _decode(data, _from_service)
    return frame


def decode_for_shell(data: bytes) -> ToShell:
    """A frame from the service to the shell. Raises `ValueError` for anything else."""
    frame: ToShell = _decode(data, _for_shell)
    return frame


def _decode(data: bytes, decoder: msgspec.msgpack.Decoder[Any]) -> Any:
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return decoder.decode(data)
    # It may contain lone surrogates.
    try:
        plain = msgpack.unpackb(data, strict_map_key=False, **_SURROGATES)
        return msgspec.convert(plain, decoder.type)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as cause:
        raise ValueError("not a frame of dingbridge") from cause
