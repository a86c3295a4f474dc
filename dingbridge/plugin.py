"""The remote plugin put together: builds everything from the settings, starts and stops it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from dingbridge.bridge import updates
from dingbridge.bridge.application import Bridge
from dingbridge.bridge.place import Place
from dingbridge.bridge.ports import Ports
from dingbridge.core import commands
from dingbridge.core.catalogue import editor
from dingbridge.core.catalogue import files as files_words
from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import BadOptions, BridgeError, told
from dingbridge.core.exchange import News, Restore
from dingbridge.core.outside import Found, Wants, not_looked_up
from dingbridge.core.patience import LEAVE_WITHIN, STOP_WITHIN
from dingbridge.core.routing import robot_name
from dingbridge.core.settings import read_all, variables_read, wants
from dingbridge.core.state import State, binding_for
from dingbridge.edges import log as log_file
from dingbridge.edges.command import Answered
from dingbridge.edges.neovim import Neovim
from dingbridge.edges.openapi import AccessTokens
from dingbridge.edges.process import keep_from_children
from dingbridge.edges.storage import folders
from dingbridge.edges.storage.disk import Disk
from dingbridge.edges.storage.robot import files_in
from dingbridge.events import action, read_as
from dingbridge.live import LiveChance, LivePrograms, LiveProject, LiveStorage, LookUp
from dingbridge.live_media import LiveMedia
from dingbridge.membership import SETTLED_WITHIN, LiveExchange
from dingbridge.parcels import LiveParcels
from dingbridge.turns import Turns

log = logging.getLogger(__name__)


class Settings(Struct, frozen=True):
    """What the editor tells about itself, once and after each `setup()`.

    `options` is the user's table as written, functions replaced by a marker; `problems` are those
    that the editor has found and shown; `pid` is Neovim's, `revision` counts the settings that the
    editor was given.
    """

    options: Any
    problems: tuple[str, ...]
    data: str
    log: str
    pid: int
    cwd: str
    revision: int = 0


class FromEditor(Struct, frozen=True):
    """What comes with a command: where it was given, and the settings when they are new."""

    place: Place
    has_range: bool = False
    settings: Settings | None = None


class Plugin:
    """The host's side of the plugin. Nothing starts before the editor asks for something."""

    def __init__(self, nvim: Any, path: str) -> None:
        self._editor = Neovim(nvim)
        self._path = path
        # Before anything of it is kept from the programs that are started.
        self._environ = dict(os.environ)
        self._bridge: Bridge | None = None
        self._stops: list[Callable[[], object]] = []
        self._turns = Turns(lambda: self._lookup is not None or not self._settled, self._guarded)
        self._settled = False
        self._leaving = False
        self._without_log = False
        self._awaited: set[str] = set()
        self._exchanges: dict[str, LiveExchange] = {}
        self._remembered = State()
        self._cwd = ""
        self._lookup: LookUp | None = None
        self._give_up_looking: Callable[[], None] = lambda: None

    # --- called by the remote plugin's stub, on the host loop -----------------------------------

    def command(self, line: str, sent: Any) -> None:
        """A `:Chat` or `:DingTalk` command."""
        with_command = read_as(sent, FromEditor, "command")
        bridge = self._ready(with_command.settings)
        call = commands.parse(line, has_range=with_command.has_range)
        self._turns.put(lambda: bridge.command(call, with_command.place))

    def event(self, name: str, payload: Any) -> None:
        """Something that Lua passes on."""
        if name == "settings":
            self._ready(read_as(payload, Settings, name))
            return
        bridge = self._ready(None)
        act = action(bridge, name, payload)
        self._turns.put(lambda: self._act(act, payload))

    def _act(self, act: Callable[[], None], payload: Any) -> None:
        try:
            act()
        except Exception:  # whatever it is: the draft is put back, and the boundary tells
            if isinstance(payload, dict) and "id" in payload:
                self._editor.show(updates.Unsent(str(payload["id"])))
            raise

    def _settle(self) -> None:
        """It is known who owns the robots and what is bound. Where no owner has told us, the state
        file's last word has to do."""
        if not self._settled:
            self._settled = True
            self._restore_by_file()
            self._awaited.clear()
        self._turns.go_on()

    def _restore_by_file(self) -> None:
        for account in self._bridge.accounts if self._bridge is not None else ():
            robot = robot_name(account.options)
            binding = binding_for(self._remembered, robot, self._cwd, ())
            if robot and binding is not None and account.name in self._awaited:
                account.restore(binding.session, binding.target, supposed=True)

    def stop(self) -> None:
        """The editor is leaving: close the link and write what is to be written, within 2 s."""
        self._editor.show(updates.Leaving("begun"))
        self._leaving = True
        self._give_up_looking()
        self._settle()
        for stop in self._stops:
            stop()
        self._stops.clear()

    def has_left(self) -> None:
        """Tell the editor, which waits for that."""
        self._editor.show(updates.Leaving("done"))

    def refused(self, error: BridgeError) -> None:
        """Tell the user what could not be done and what to do about it."""
        log.info("refused: %s", error)
        self._editor.show(updates.Say(*told(error)))

    def broke(self, error: Exception) -> None:
        """A defect of ours: one line for the user, the trace for the log."""
        log.exception("unexpected error")
        self._editor.show(updates.Say(say.UNEXPECTED(error=type(error).__name__), "error"))

    # --- putting it together --------------------------------------------------------------------

    def _ready(self, settings: Settings | None) -> Bridge:
        if self._bridge is None:
            if settings is None:
                raise BridgeError(say.NO_SETTINGS(), fix=say.RESTART())
            self._bridge = self._build(settings)
        if settings is not None:
            self._take(self._bridge, settings)
        return self._bridge

    def _take(self, bridge: Bridge, settings: Settings) -> None:
        """Use these settings for what is asked from now on, never for what was asked before."""
        if self._turns.is_empty:
            # Nobody needs the ones before; these may well correct them.
            self._configure(bridge, settings)
        else:
            self._turns.put(lambda: self._configure(bridge, settings))

    def _build(self, settings: Settings) -> Bridge:
        log_path = Path(settings.log, log_file.LOG_FILE)
        self._log_to(log_path)
        self._editor.show(updates.Host(self._editor.channel, self._path))

        disk = Disk(self._post, self._file_trouble)
        disk.start()
        data = Path(settings.data)
        files = files_in(data, disk)
        chance = LiveChance()
        damaged = None
        try:
            self._remembered, damaged = files.state.read()
        except OSError as error:
            # Whoever owns a robot tries again until it can be read.
            self._file_trouble(error)
        self._cwd = settings.cwd
        programs = LivePrograms(self._answered, settings.cwd)
        project = LiveProject(self._post, self._file_trouble)
        tokens = AccessTokens()
        media = LiveMedia(data, tokens, self._post)

        def join(name: str) -> LiveExchange:
            exchange = LiveExchange(
                data / "dingbridge",
                files,
                tokens,
                settings.pid,
                chance,
                self._post,
                lambda news: self._heard(name, news),
                lambda: self._joined(name),
            )
            self._exchanges[name] = exchange
            return exchange

        self._stops = [
            self._give_up,
            self._write_down,
            self._leave,
            programs.stop,
            project.stop,
            media.stop,
            lambda: self._finish(disk),
        ]
        ports = Ports(
            editor=self._editor,
            storage=LiveStorage(files),
            exchange=join,
            programs=programs,
            project=project,
            media=media,
            parcels=LiveParcels(files.outgoing, self._post, self._file_trouble),
            chance=chance,
            log_path=str(log_path),
            pid=settings.pid,
            cwd=settings.cwd,
            environ=self._environ,
        )
        bridge = Bridge(ports, files.transcripts.list())
        bridge.sessions.tell_list()
        if damaged is not None:
            self._editor.show(updates.Say(*told(damaged)))
        for sentence in folders.mended(data):
            log.warning("%s", sentence)
            self._editor.show(updates.Say(sentence, "warn"))
        return bridge

    def _log_to(self, path: Path, *, verbose: bool = False, secrets: tuple[str, ...] = ()) -> None:
        """Log to this file, or go on without one: that is said once."""
        try:
            log_file.write_to(path, verbose=verbose, secrets=secrets)
        except OSError as cause:
            if not self._without_log:
                reason = cause.strerror or type(cause).__name__
                words = say.LOG_NOT_WRITTEN(path=path, reason=reason)
                self._editor.show(updates.Say(words, "warn"))
            self._without_log = True
        else:
            self._without_log = False

    def _give_up(self) -> None:
        if self._bridge is not None:
            self._bridge.leave()

    def _write_down(self) -> None:
        for account in self._bridge.accounts if self._bridge is not None else ():
            self._exchanges[account.name].write_down(account.member.unanswered)

    def _leave(self) -> None:
        for exchange in self._exchanges.values():
            exchange.leave(LEAVE_WITHIN)

    def _finish(self, disk: Disk) -> None:
        """Wait for what is under way and for the disk; what no owner had answered is accepted by
        then."""
        end = time.monotonic() + STOP_WITHIN
        for exchange in self._exchanges.values():
            exchange.wait_until_left(end - time.monotonic())
        if not disk.finish(end - time.monotonic()):
            log.error("the disk was too slow: some of what was asked for last is not written down")
        elif self._bridge is not None:
            self._bridge.deliveries.written_down()

    def _heard(self, name: str, news: News) -> None:
        """A word of the owner of an account's robot. On the host loop."""
        if self._bridge is not None:
            self._bridge.news(name, news)
        if isinstance(news, Restore):
            self._awaited.discard(name)
            if not self._awaited:
                self._settle()

    def _joined(self, name: str) -> None:
        """There is an owner: tell it who we are; its first answer says what is bound here."""
        account = self._bridge.accounts.find(name) if self._bridge is not None else None
        if account is not None:
            account.member.joined()

    def _configure(self, bridge: Bridge, settings: Settings) -> None:
        keep_from_children(variables_read(settings.options or {}))
        wanted = wants(settings.options or {}, self._environ)
        lookup = LookUp(wanted, settings.cwd, lambda result: self._post(lambda: found(result)))

        def found(result: Found) -> None:
            # A later setup() may have overtaken this one.
            if lookup is self._lookup:
                self._lookup = None
                self._configured(bridge, settings, result)
                self._turns.go_on()

        def still_waiting() -> None:
            if lookup is self._lookup:
                names = ", ".join(argv[0] for argv in wanted.commands)
                words = say.SETTINGS_WAIT(names=names) if names else say.SETTINGS_WAIT_FILE()
                self._editor.show(updates.Say(words))

        def give_up() -> None:
            lookup.stop()
            found(not_looked_up(wanted))

        if self._lookup is not None:
            self._lookup.stop()
        self._lookup, self._give_up_looking = lookup, give_up
        if wanted == Wants():
            found(Found())
        elif self._leaving:
            give_up()
        else:
            lookup.start()
            self._after(SETTLED_WITHIN, still_waiting)

    def _configured(self, bridge: Bridge, settings: Settings, found: Found) -> None:
        problems = settings.problems
        try:
            configuration = read_all(settings.options or {}, self._environ, found)
        except BadOptions as error:
            problems = tuple(dict.fromkeys((*problems, *error.problems)))
        if problems:
            # The bridge stays usable without DingTalk.
            configuration = read_all({"enabled": False}, {})
            if problems != settings.problems:
                words = editor.SETTINGS_PROBLEMS(problems="\n  ".join(problems))
                self._editor.show(updates.Say(words, "error"))
        for warning in found.warnings:
            self._editor.show(updates.Say(warning, "warn"))
        accounts = configuration.accounts
        verbose, secrets = configuration.default.verbose, configuration.secrets
        self._log_to(Path(settings.log, log_file.LOG_FILE), verbose=verbose, secrets=secrets)
        if not self._settled:
            self._awaited = {name for name, one in accounts.items() if one.mode != "off"}
        bridge.configure(configuration, problems)
        self._editor.show(updates.Configured(settings.revision))
        if not self._awaited:
            self._settle()
        elif not self._settled:
            # An owner that hangs must not hold up the user's commands for long.
            self._after(SETTLED_WITHIN, self._settle)

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, lambda: self._post(call))
        timer.daemon = True
        timer.start()

    # --- called by threads; everything goes on on the host loop ---------------------------------

    def _answered(self, answer: Answered) -> None:
        if answer.failure:
            self._on_loop(
                lambda bridge: bridge.answering.could_not_reply(answer.request, answer.failure)
            )
        else:
            self._on_loop(lambda bridge: bridge.answering.replied(answer.request, answer.text))

    def _on_loop(self, call: Callable[[Bridge], None]) -> None:
        def with_bridge() -> None:
            if self._bridge is not None:
                call(self._bridge)

        self._post(with_bridge)

    def _post(self, call: Callable[[], None]) -> None:
        """Run `call` on the host loop, inside the error boundary."""
        self._editor.post(lambda: self._guarded(call))

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BridgeError as error:
            self.refused(error)
        except Exception as error:  # noqa: BLE001 - the boundary: pynvim would echo its arguments
            self.broke(error)

    def _file_trouble(self, error: Exception) -> None:
        if isinstance(error, BridgeError):
            self.refused(error)
            return
        reason = getattr(error, "strerror", None) or type(error).__name__
        name = Path(getattr(error, "filename", None) or files_words.FILE()).name
        log.error("cannot use %s: %s", name, reason)
        self._editor.show(updates.Say(say.CANNOT_USE(name=name, reason=reason), "error"))
