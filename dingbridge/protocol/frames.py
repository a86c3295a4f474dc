"""The frames between an editor's host and the service: immutable values that know their bytes.

    host -> service    Attach, then RawSettings, RunCommand, EditorEvent in the order of asking
    service -> host    Updates, as often as there is something to show
    host -> service    Leave, answered by the update `leaving`

The bytes of a file that a command or event names follow it, or come back, in pieces: each is
answered by `PieceTaken`, and then the next one is sent.

    one end -> other   FilePiece
    other -> one end   PieceTaken

and between the shell command and the service:

    shell -> service   Notify
    service -> shell   Told, until the message has its result; or NotServed

Texts may hold lone surrogates, which stand for what could not be decoded, as in file names: they
come out as they went in.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it has no types
import msgspec
from msgspec import Struct

from dingbridge.core.messages import DeliveryReport, Outbound
from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.user_file import UserFile

_SURROGATES = {"unicode_errors": "surrogatepass"}
PIECE_BYTES = 256 * 1024
"""Of a file that travel in one frame: others need not wait long for their turn."""

VERSION = 1
"""Of the frames. An editor and a service whose versions differ do not speak to each other."""


class Attach(Struct, frozen=True, tag="attach"):
    """First frame of a host: Neovim's process, the folder it is in, its environment, in which the
    programs of its settings run, and whether somebody looks at it. `code` is when the newest file
    of its code was written (Unix seconds). `bound` is the session that each account had here with
    the service before, empty without one; None for a newcomer."""

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
    """The user's table as written, functions replaced by a marker, with what was looked up outside
    (see `packed`).

    `problems` are those that the editor has found and shown; `revision` counts the settings that
    the editor was given; `time` is when it was given these (Unix seconds). `digest` is that of a
    table with commands (`core.settings.digest`), else empty: what they say may be missing, because
    the service may know it. `key` is a digest of all that decides where a message goes.
    """

    options: Any
    problems: tuple[str, ...]
    cwd: str
    revision: int
    time: float
    found: bytes
    digest: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return f"RawSettings(revision={self.revision}, ***)"


class LookedUp(Struct, frozen=True, tag="looked_up"):
    """What the commands of the settings with that digest say (see `packed`), as the service has
    asked."""

    digest: str
    found: bytes

    def __repr__(self) -> str:
        return f"LookedUp(digest={self.digest!r}, ***)"


class RunCommand(Struct, frozen=True, tag="command"):
    """A `:Chat` or `:DingTalk` command: its arguments as typed, and where it was given, as
    `command_context.CommandContext` reads it.

    `id` is that of the message it makes, if the editor has given it one: the command may be
    repeated when nobody has written that message down. `file` is the one it names, if any."""

    line: str
    place: Any
    has_range: bool
    id: str = ""
    file: UserFile | None = None


class EditorEvent(Struct, frozen=True, tag="event"):
    """Something that Lua passes on. `file` is the one it names, if it names one."""

    name: str
    payload: Any
    file: UserFile | None = None


class FilePiece(Struct, frozen=True, tag="piece"):
    """The next bytes of the file with this number, at most `PIECE_BYTES`, or why there are none and
    what to do about it."""

    file: int
    data: bytes
    is_last: bool = False
    problem: str = ""
    fix: str = ""

    def __repr__(self) -> str:
        return f"FilePiece(file={self.file}, {len(self.data)} bytes, is_last={self.is_last})"


class PieceTaken(Struct, frozen=True, tag="taken"):
    """A piece of the file was taken. `is_over`: nothing more of it is wanted."""

    file: int
    is_over: bool = False


class LogLine(Struct, frozen=True, tag="log"):
    """A line for the log, which only the service writes: level and logger as in `logging`."""

    level: int
    name: str
    text: str


class ServiceAsked(Struct, frozen=True, tag="service_asked"):
    """How is the service? It is answered by an update."""


class EndService(Struct, frozen=True, tag="end_service"):
    """The service is to end. `again`: the editors start the next one at once."""

    again: bool


class Leave(Struct, frozen=True, tag="leave"):
    """The editor is being left."""


class Notify(Struct, frozen=True, tag="notify"):
    """A message from the shell, which waits for its fate. `robot` names the one that it leaves by
    (`routing.notify_robot`). After `seconds`, or when the shell waits no longer, nothing new is
    tried. It may be told again, by its id, to a later service."""

    version: int
    robot: str
    outbound: Outbound
    seconds: float


class Updates(Struct, frozen=True, tag="updates"):
    """What the editor has to show, in order; each is one table in Lua (`protocol/updates.py`).

    `done` counts its settings, commands and events that were carried out since it attached.
    `look_up` is the digest of the settings whose commands the host is to run, which it answers with
    `LookedUp`; empty when they need not run any more, None when there is nothing new."""

    list: Any
    done: int = 0
    look_up: str | None = None


class Ends(Struct, frozen=True, tag="ends"):
    """The service was told to end: to start `again` at once, or when it is needed. What it has not
    carried out is for the next one."""

    again: bool


class Unfit(Struct, frozen=True, tag="unfit"):
    """The service cannot serve this host, whose version is another."""

    version: int


class Told(Struct, frozen=True, tag="told"):
    """What has become of the shell's message so far. `late`: it was given up, because its time was
    over."""

    report: DeliveryReport
    late: bool = False


class NotServed(Struct, frozen=True, tag="not_served"):
    """The service does not send for this robot, so the shell's message is not taken."""


def packed(found: LookupResults) -> bytes:
    """What was looked up, as bytes: it has keys that are lists."""
    data: bytes = msgpack.packb(msgspec.to_builtins(found), **_SURROGATES)
    return data


def unpacked(data: bytes) -> LookupResults:
    """What `packed` made bytes of. Raises `ValueError` for anything else."""
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
    | ServiceAsked
    | EndService
    | Leave
    | Notify
)
FromService = Updates | FilePiece | PieceTaken | Unfit | Ends
ForShell = Told | NotServed | Unfit | Ends

_encoder = msgspec.msgpack.Encoder()
_from_host = msgspec.msgpack.Decoder[Any](FromHost)
_from_service = msgspec.msgpack.Decoder[Any](FromService)
_for_shell = msgspec.msgpack.Decoder[Any](ForShell)


def encode(frame: FromHost | FromService | ForShell) -> bytes:
    """The frame's bytes.

    >>> decode_from_host(encode(Event("open", {"session": "a"})))
    Event(name='open', payload={'session': 'a'}, file=None)
    """
    try:
        return _encoder.encode(frame)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(frame, builtin_types=(bytes,))
        data: bytes = msgpack.packb(plain, **_SURROGATES)
        return data


def decode_from_host(data: bytes) -> FromHost:
    """What a host says, or the shell. Raises `ValueError` for anything else."""
    frame: FromHost = _decode(data, _from_host)
    return frame


def decode_from_service(data: bytes) -> FromService:
    """What the service says. Raises `ValueError` for anything else."""
    frame: FromService = _decode(data, _from_service)
    return frame


def decode_for_shell(data: bytes) -> ForShell:
    """What the service says to the shell. Raises `ValueError` for anything else."""
    frame: ForShell = _decode(data, _for_shell)
    return frame


def _decode(data: bytes, decoder: msgspec.msgpack.Decoder[Any]) -> Any:
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return decoder.decode(data)
    # It may hold lone surrogates.
    try:
        plain = msgpack.unpackb(data, strict_map_key=False, **_SURROGATES)
        return msgspec.convert(plain, decoder.type)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as cause:
        raise ValueError("not a frame of dingbridge") from cause
