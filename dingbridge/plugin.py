"""The remote plugin put together: builds everything from the settings, starts and stops it."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dingbridge.bridge import updates
from dingbridge.bridge.application import Bridge, Place
from dingbridge.bridge.ports import Ports
from dingbridge.core import commands
from dingbridge.core.errors import BadOptions, BridgeError
from dingbridge.core.messages import At, DeliveryReport, Message
from dingbridge.core.patience import STOP_WITHIN
from dingbridge.core.settings import Options, read
from dingbridge.core.state import State
from dingbridge.core.transcript import Entry, SessionInfo, Transcript
from dingbridge.edges import log as log_file
from dingbridge.edges.command import Answered, Programs, Task
from dingbridge.edges.neovim import Neovim
from dingbridge.edges.storage.disk import Disk
from dingbridge.edges.storage.lock import Owner
from dingbridge.edges.storage.state import StateFile
from dingbridge.edges.storage.transcripts import Transcripts
from dingbridge.edges.stream import Arrived, LinkChanged, StreamEvent, Trouble
from dingbridge.robot import LiveRobot

log = logging.getLogger(__name__)

T = TypeVar("T")

STATE_FILE = "chat-dingtalk-state.json"
SESSIONS_FOLDER = Path("dingbridge", "sessions")
LOG_FILE = "dingbridge.log"


class Settings(Struct, frozen=True):
    """What the editor tells about itself, once and after each `setup()`.

    `options` is the user's table as written, functions replaced by a marker; `pid` is Neovim's.
    """

    options: Any
    data: str
    log: str
    pid: int
    cwd: str


class FromEditor(Struct, frozen=True):
    """What comes with a command: where it was given, and the settings when they are new."""

    place: Place
    has_range: bool = False
    settings: Settings | None = None


class SendRequest(Struct, frozen=True):
    """A draft, or `require('dingbridge').send()`."""

    id: str
    text: str
    session: str = ""


class NotifyRequest(Struct, frozen=True):
    """`require('dingbridge').notify()`."""

    id: str
    text: str
    title: str = ""
    at_user_ids: tuple[str, ...] = ()
    at_mobiles: tuple[str, ...] = ()
    at_all: bool = False


class Reply(Struct, frozen=True):
    """What the Lua responder said, or why it could not."""

    request: str
    text: str = ""
    failure: str = ""


class OpenRequest(Struct, frozen=True):
    """A session chosen in the editor."""

    session: str


class LiveChance:
    """The clock and the dice."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def new_id(self) -> str:
        """Sixteen random hexadecimal digits."""
        return secrets.token_hex(8)


class LiveStorage:
    """The files of the data directory behind the disk thread."""

    def __init__(self, disk: Disk, state: StateFile, transcripts: Transcripts) -> None:
        self._disk = disk
        self._state = state
        self._files = transcripts

    def append(self, session: str, entry: Entry) -> None:
        """Add to a transcript."""
        self._disk.do(lambda: self._files.append(session, entry))

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a transcript."""
        self._disk.do(lambda: self._files.load(session), then)

    def clear(self, info: SessionInfo) -> None:
        """Start a transcript anew."""
        self._disk.do(lambda: self._files.clear(info))

    def delete(self, session: str) -> None:
        """Move a transcript to the trash."""
        self._disk.do(lambda: self._files.delete(session))

    def save(self, session: str, target: Path, then: Callable[[Path], None]) -> None:
        """Copy a transcript to a new file."""
        self._disk.do(lambda: self._files.save(session, target), then)

    def take_in(self, source: Path, session: str, then: Callable[[Transcript], None]) -> None:
        """Make a session from a saved file."""
        self._disk.do(lambda: self._files.take_in(source, session), then)

    def change(self, change: Callable[[State], State]) -> None:
        """Change what is remembered between runs."""
        self._disk.do(lambda: self._state.update(change))


class LivePrograms:
    """Programs that answer, behind their thread; `cwd` is the editor's."""

    def __init__(self, tell: Callable[[Answered], None], cwd: str) -> None:
        self._tell = tell
        self._cwd = cwd
        self._programs: Programs | None = None

    def ask(self, request: str, argv: tuple[str, ...], message: Message, timeout: float) -> None:
        """Run a program for a message."""
        if self._programs is None:
            self._programs = Programs(self._tell)
            self._programs.start()
        self._programs.put(Task(request, argv, message.text, self._cwd, timeout))

    def stop_running(self) -> bool:
        """End the program that runs now."""
        return self._programs is not None and self._programs.stop_running()

    def stop(self) -> None:
        """End the thread and the program."""
        if self._programs is not None:
            self._programs.stop()


class Plugin:
    """The host's side of the plugin. Nothing starts before the editor asks for something."""

    def __init__(self, nvim: Any, path: str) -> None:
        self._editor = Neovim(nvim)
        self._path = path
        self._bridge: Bridge | None = None
        self._stops: list[Callable[[], object]] = []

    # --- called by the remote plugin's stub, on the host loop -----------------------------------

    def command(self, line: str, sent: Any) -> None:
        """A `:Chat` or `:DingTalk` command."""
        with_command = _read(sent, FromEditor, "command")
        bridge = self._ready(with_command.settings)
        call = commands.parse(line, has_range=with_command.has_range)
        bridge.command(call, with_command.place)

    def event(self, name: str, payload: Any) -> None:
        """Something that Lua passes on."""
        if name == "settings":
            self._ready(_read(payload, Settings, name))
            return
        bridge = self._ready(None)
        if name == "send":
            asked = _read(payload, SendRequest, name)
            try:
                bridge.send(asked.session, asked.id, asked.text)
            except Exception:  # whatever it is: the draft is put back, and the boundary tells
                self._editor.show(updates.Unsent(asked.id))
                raise
        elif name == "notify":
            note = _read(payload, NotifyRequest, name)
            at = At(note.at_user_ids, note.at_mobiles, note.at_all)
            bridge.notify(note.id, note.text, note.title, at)
        elif name == "open":
            bridge.sessions.open(_read(payload, OpenRequest, name).session)
        elif name == "reply":
            reply = _read(payload, Reply, name)
            if reply.failure:
                bridge.could_not_reply(reply.request, reply.failure)
            else:
                bridge.replied(reply.request, reply.text)
        else:
            raise BridgeError(f"the editor sent something unknown: {name}")

    def stop(self) -> None:
        """The editor is leaving: close the link and write what is to be written, within 2 s."""
        for stop in self._stops:
            stop()
        self._stops.clear()

    def refused(self, error: BridgeError) -> None:
        """Tell the user what could not be done and what to do about it."""
        log.info("refused: %s", error)
        words = f"{error}: {error.fix}" if error.fix else str(error)
        self._editor.show(updates.Say(words, "error"))

    def broke(self, error: Exception) -> None:
        """A defect of ours: one line for the user, the trace for the log."""
        log.exception("unexpected error")
        self._editor.show(updates.Say(f"unexpected {type(error).__name__}; see :Chat log", "error"))

    # --- putting it together --------------------------------------------------------------------

    def _ready(self, settings: Settings | None) -> Bridge:
        if self._bridge is None:
            if settings is None:
                raise BridgeError("the editor sent no settings", fix="restart Neovim")
            self._bridge = self._build(settings)
        if settings is not None:
            self._configure(self._bridge, settings)
        return self._bridge

    def _build(self, settings: Settings) -> Bridge:
        data = Path(settings.data)
        log_path = Path(settings.log, LOG_FILE)
        log_file.write_to(log_path, verbose=False, secrets=())
        self._editor.show(updates.Host(self._editor.channel, self._path))

        disk = Disk(self._post, self._file_trouble)
        disk.start()
        state_file = StateFile(data / STATE_FILE)
        transcripts = Transcripts(data / SESSIONS_FOLDER)
        state, damaged = state_file.read()
        robot = LiveRobot(
            data / "dingbridge",
            Owner(settings.pid, settings.cwd),
            state.seen,
            self._report,
            self._heard,
        )
        programs = LivePrograms(self._answered, settings.cwd)
        self._stops = [robot.stop, programs.stop, lambda: disk.finish(STOP_WITHIN)]
        ports = Ports(
            editor=self._editor,
            storage=LiveStorage(disk, state_file, transcripts),
            robot=robot,
            programs=programs,
            chance=LiveChance(),
            log_path=str(log_path),
        )
        bridge = Bridge(ports, state, transcripts.list())
        bridge.sessions.tell_list()
        if damaged is not None:
            self._editor.show(updates.Say(damaged.message, "warn"))
        return bridge

    def _configure(self, bridge: Bridge, settings: Settings) -> None:
        problems: tuple[str, ...] = ()
        try:
            options = read(settings.options or {}, os.environ)
        except BadOptions as error:
            # The editor showed them all at setup(); the bridge stays usable without DingTalk.
            problems = error.problems
            options = read({"enabled": False}, {})
        log_file.write_to(
            Path(settings.log, LOG_FILE), verbose=options.verbose, secrets=_secrets_of(options)
        )
        bridge.configure(options, problems)

    # --- called by threads; everything goes on on the host loop ---------------------------------

    def _report(self, report: DeliveryReport) -> None:
        self._on_loop(lambda bridge: bridge.delivered(report))

    def _heard(self, event: StreamEvent) -> None:
        match event:
            case Arrived(inbound=inbound, key=key):
                self._on_loop(lambda bridge: bridge.arrived(inbound, key))
            case LinkChanged(state=state, reason=reason, fix=fix):
                self._on_loop(lambda bridge: bridge.account.link_changed(state, reason, fix))
            case Trouble(sentence=sentence):
                self._on_loop(lambda bridge: bridge.trouble(sentence))

    def _answered(self, answer: Answered) -> None:
        if answer.failure:
            self._on_loop(lambda bridge: bridge.could_not_reply(answer.request, answer.failure))
        else:
            self._on_loop(lambda bridge: bridge.replied(answer.request, answer.text))

    def _on_loop(self, call: Callable[[Bridge], None]) -> None:
        def with_bridge() -> None:
            if self._bridge is not None:
                call(self._bridge)

        self._post(with_bridge)

    def _post(self, call: Callable[[], None]) -> None:
        """Run `call` on the host loop, inside the error boundary."""

        def guarded() -> None:
            try:
                call()
            except BridgeError as error:
                self.refused(error)
            except Exception as error:  # noqa: BLE001 - the boundary: pynvim would echo its arguments
                self.broke(error)

        self._editor.post(guarded)

    def _file_trouble(self, error: Exception) -> None:
        if isinstance(error, BridgeError):
            self.refused(error)
            return
        reason = getattr(error, "strerror", None) or type(error).__name__
        name = Path(getattr(error, "filename", None) or "a file").name
        log.error("cannot use %s: %s", name, reason)
        self._editor.show(updates.Say(f"cannot use {name}: {reason}", "error"))


def _read(payload: object, kind: type[T], name: str) -> T:
    """What came from Lua, whose callers may pass anything, as a value of ours."""
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as error:
        raise BridgeError(f"{name} was called with something it cannot use: {error}") from error


def _secrets_of(options: Options) -> tuple[str, ...]:
    return tuple(
        secret
        for secret in (options.webhook, options.secret, options.app_secret, options.proxy)
        if secret
    )
