"""The remote plugin's host: passes on what the editor asks for, and shows what the service says.

It keeps nothing but what no service has heard yet. What the user sent, Lua keeps until it is
confirmed, and hands over again to the next service.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import structs

from dingbridge.core.catalogue import service as say
from dingbridge.core.catalogue import sessions as saying
from dingbridge.core.commands.editor_commands import Subcommand, parse
from dingbridge.core.errors import BridgeError, in_words, told
from dingbridge.core.options.lookups import LookupResults, Wants, not_looked_up, with_commands
from dingbridge.core.timeouts import OBEYS_WITHIN, SETTLED_WITHIN, STOP_WITHIN
from dingbridge.core.user_file import UserFile
from dingbridge.edges.ipc import Client
from dingbridge.edges.neovim import Neovim
from dingbridge.edges.storage import installed_code
from dingbridge.editor import early_start
from dingbridge.editor.bound_sessions import BoundSessions
from dingbridge.editor.file_transfers import FileTransfers
from dingbridge.editor.host_log import forward
from dingbridge.editor.lua_requests import EditorSettings, FromManifest
from dingbridge.editor.service_link import (
    Attached,
    AttachmentEvent,
    Barred,
    CannotStart,
    Detached,
    FrameReceived,
    ServiceLink,
    ServiceSilent,
)
from dingbridge.editor.unconfirmed import UnconfirmedFrames, file_of
from dingbridge.editor.value_lookup import Commands, ValueLookup, digest_of, wanted_file
from dingbridge.editor.waiting_requests import WaitingRequests
from dingbridge.protocol import frames, updates
from dingbridge.protocol.command_queue import CommandQueue
from dingbridge.protocol.decode import read_as

log = logging.getLogger(__name__)


class Host:
    """Between one Neovim and the service. Host loop only. Nothing starts before the editor asks."""

    def __init__(self, nvim: Any, path: str) -> None:
        self._neovim = Neovim(nvim)
        self._path = path
        # Before anything of it is kept from the programs that are started.
        self._environ = dict(os.environ)
        self._turns = CommandQueue(lambda: self._lookup is not None, lambda call: call())
        self._lookup: ValueLookup | None = None
        self._commands = Commands(self._environ, self._neovim.post, self._looked_up)
        self._give_up_looking: Callable[[], None] = lambda: None
        self._attachment: ServiceLink | None = None
        self._client: Client | None = None
        self._hello: frames.Attach | None = None
        self._settings: frames.RawSettings | None = None
        self._waiting = WaitingRequests()
        self._under_way = UnconfirmedFrames()
        self._was_attached = False
        self._bound = BoundSessions()
        self._files = FileTransfers(self._neovim.post, self._notify_now, self._saved)
        self._first: EditorSettings | None = None
        self._is_leaving = False
        forward(lambda line: self._neovim.post(lambda: self._notify(line)))

    # --- called by the remote plugin's stub -------------------------------------------------------

    def command(self, line: str, sent: Any) -> None:
        """A command that the manifest has defined: it starts the host."""
        with_command = read_as(sent, FromManifest, "command")
        self._ready(with_command.settings)
        self._command(frames.RunCommand(line, with_command.place, with_command.has_range))

    def event(self, name: str, payload: Any) -> None:
        """Something that Lua passes on."""
        if name == "settings":
            self._ready(read_as(payload, EditorSettings, name))
        elif name == "command":
            self._command(read_as(payload, frames.RunCommand, name))
        else:
            self._ready(None)
            file = self._files.of_event(payload) if name == "send" else None
            self._put(frames.EditorEvent(name, payload, file))

    def _command(self, command: frames.RunCommand) -> None:
        try:
            call = parse(command.line, has_range=command.has_range)
        except BridgeError:
            # The service says what is wrong with it, and that its message need not be kept.
            self._ready(None)
            self._put(command)
            return
        match call.command:
            case Subcommand.SERVICE:
                self._service(call.argument.strip())
            case Subcommand.LOG:
                self._neovim.show(updates.Edit(self._log_path()))
            case Subcommand.INSTALL:
                self._neovim.show(updates.Install(call.argument))
            case _:
                self._ready(None)
                file = self._files.of_command(call, command.place)
                self._put(structs.replace(command, file=file))

    def _log_path(self) -> str:
        from dingbridge.edges.log import LOG_FILE  # with what writes it, for which there is no need

        return str(Path(self._need_settings().log, LOG_FILE))

    def stop(self) -> None:
        """The editor is leaving: the service says when all that was asked for is written down."""
        self._is_leaving = True
        self._give_up_looking()
        self._commands.give_up()
        if self._attachment is None:
            self._neovim.show(updates.Leaving("done"))
            return
        self._leave()
        if self._client is None:
            # It is being started: what was asked for is worth the wait.
            self._neovim.show(updates.Leaving("begun"))
            self._after(STOP_WITHIN, lambda: self._neovim.show(updates.Leaving("done")))
        else:
            self._after(STOP_WITHIN, lambda: self._leave(at_once=True))

    def _leave(self, *, at_once: bool = False) -> None:
        """Say that the editor is left, if it is, once its files are through."""
        if self._is_leaving and (at_once or not self._files.are_under_way):
            self._notify_now(frames.Leave())

    def _service(self, action: str) -> None:
        """`:Chat service`, which must work without one."""
        if action not in ("", "stop", "restart"):
            raise BridgeError(say.UNKNOWN_ACTION(action=action), fix=say.KNOWN_ACTIONS())
        if self._attachment is None and action != "restart":
            self._show_notice(say.SERVICE_NOT_RUNNING())
            return
        self._ready(None)
        client = self._client
        if client is None:
            self._end_hanging(None, action)
        elif action:
            self._notify_now(frames.EndService(action == "restart"))
            self._after(OBEYS_WITHIN, lambda: self._end_hanging(client, action))
        else:
            self._notify_now(frames.ServiceAsked())

    def _end_hanging(self, client: Client | None, action: str) -> None:
        """End a service that hangs, though its socket may live, or else have one started."""
        if client is not self._client or self._attachment is None:
            return
        if action and self._attachment.end_frozen():
            self._show_notice(
                say.SERVICE_RESTARTS() if action == "restart" else say.SERVICE_STOPPED()
            )
            if action == "stop":
                self._rest()
        else:
            self._attachment.hurry()
            self._show_notice(say.SERVICE_STARTS())

    def _rest(self) -> None:
        """Stay without a service until something needs it."""
        if self._attachment is not None:
            self._attachment.stop()
        self._attachment = None

    def _show_notice(self, text: str, level: updates.Level = "info") -> None:
        self._neovim.show(updates.ShowNotice(text, level))

    def refused(self, error: BridgeError) -> None:
        """Tell the user what could not be done and what to do about it."""
        self._neovim.show(updates.ShowNotice(*told(error)))

    def broke(self, error: Exception) -> None:
        """A defect of ours: one line for the user."""
        log.exception("unexpected error")
        self._show_notice(say.UNEXPECTED(error=type(error).__name__), "error")

    # --- settings ---------------------------------------------------------------------------------

    def _ready(self, settings: EditorSettings | None) -> None:
        self._first = self._first or settings
        first = self._need_settings()
        if self._attachment is None:
            self._begin(first)
        if settings is None:
            return
        if self._turns.is_empty:
            # Nobody needs the ones before; these may well correct them.
            self._configure(settings)
        else:
            self._turns.put(lambda: self._configure(settings))

    def _need_settings(self) -> EditorSettings:
        if self._first is None:
            raise BridgeError(say.NO_SETTINGS(), fix=say.RESTART())
        return self._first

    def _begin(self, settings: EditorSettings) -> None:
        if self._hello is None:
            self._neovim.show(updates.HostStarted(self._neovim.channel, self._path))
        self._hello = frames.Attach(
            frames.VERSION,
            settings.pid,
            settings.cwd,
            self._environ,
            settings.has_screen,
            installed_code.newest(),
        )
        attachment = early_start.attachment_for(settings.data, settings.log, self._environ)
        self._attachment = attachment
        attachment.listen(
            lambda event: self._neovim.post(lambda: self._from_service(attachment, event))
        )

    def _configure(self, settings: EditorSettings) -> None:
        began = time.time()
        options = settings.options or {}
        wanted = wanted_file(options, self._environ)
        lookup = ValueLookup(wanted, lambda result: self._neovim.post(lambda: found(result)))

        def found(result: LookupResults) -> None:
            # A later setup() may have overtaken this one.
            if lookup is self._lookup:
                self._lookup = None
                self._use(settings, result, began)
                self._turns.go_on()

        def still_waiting() -> None:
            if lookup is self._lookup:
                self._show_notice(say.SETTINGS_WAIT_FILE())

        def give_up() -> None:
            lookup.stop()
            found(not_looked_up(wanted))

        if self._lookup is not None:
            self._lookup.stop()
        self._lookup, self._give_up_looking = lookup, give_up
        if wanted == Wants():
            found(LookupResults())
        elif self._is_leaving:
            give_up()
        else:
            lookup.start()
            self._after(SETTLED_WITHIN, still_waiting)

    def _use(self, settings: EditorSettings, found: LookupResults, began: float) -> None:
        self._notify(
            frames.RawSettings(
                settings.options,
                settings.problems,
                settings.cwd,
                settings.revision,
                began,
                frames.packed(found),
                digest_of(settings.options or {}, self._environ, found),
                settings.key_digest,
            )
        )

    def _looked_up(self, asked: str, said: LookupResults) -> None:
        last = self._settings
        if last is not None and last.digest == asked:
            found = frames.packed(with_commands(frames.unpacked(last.found), said))
            self._settings = structs.replace(last, found=found)
        self._notify_now(frames.LookedUp(asked, frames.packed(said)))

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, lambda: self._neovim.post(call))
        timer.daemon = True
        timer.start()

    # --- the service ------------------------------------------------------------------------------

    def _put(self, frame: frames.FromHost) -> None:
        self._turns.put(lambda: self._notify(frame))

    def _notify(self, frame: frames.FromHost) -> None:
        if self._client is None:
            self._waiting.put(frame)
            return
        for each in self._waiting.pass_on(frame):
            self._send(self._client, each)

    def _notify_now(self, frame: frames.FromHost) -> None:
        """Tell the service, if there is one, what is of no use to the next one."""
        if self._client is not None:
            self._send(self._client, frame)

    def _saved(self, file: UserFile, error: BridgeError | None) -> None:
        """A session was saved to a file, or could not be."""
        if error is None:
            self._show_notice(saying.SAVED(path=file.path))
        else:
            self.refused(error)
        self._leave()

    def _from_service(self, attachment: ServiceLink, event: AttachmentEvent) -> None:
        if attachment is not self._attachment and not isinstance(event, Detached):
            return
        match event:
            case Attached(client=client):
                self._attached(client)
            case FrameReceived(data=data):
                self._said(data)
            case Detached():
                self._lost()
            case Barred(path=path, reason=reason):
                barred = say.FOLDER_UNWRITABLE(path=path, reason=reason)
                self._show_notice(in_words(barred, say.LET_WRITE()), "error")
            case CannotStart(words=words):
                cannot_start = say.SERVICE_CANNOT_START(words=words)
                self._show_notice(cannot_start if words else say.SERVICE_ENDS_AT_ONCE(), "error")
            case ServiceSilent(pid=pid, seconds=seconds):
                silent = say.SERVICE_SILENT(pid=pid, seconds=seconds)
                self._show_notice(in_words(silent, say.RESTART_SERVICE()), "error")

    def _ended(self, *, again: bool) -> None:
        """The service ends: what it has not carried out is for the next one."""
        self._show_notice(say.SERVICE_RESTARTS() if again else say.SERVICE_STOPPED())
        self._client = None
        self._files.forget(self._under_way.files)
        self._waiting.lost(self._under_way.ended())
        if not again:
            self._rest()

    def _lost(self) -> None:
        """The service is gone. What makes a message Lua hands over again; another command that was
        under way may have been carried out or not."""
        self._client = None
        self._files.forget(self._under_way.files)
        again, doubtful = self._under_way.lost()
        self._waiting.lost(again)
        for line in doubtful:
            self._show_notice(say.PERHAPS_NOT_CARRIED_OUT(command=line), "warn")
        self._neovim.show(updates.ServiceGone())

    def _attached(self, client: Client) -> None:
        assert self._hello is not None  # noqa: S101 - the attachment was started with it
        self._client = client
        self._bound.begin()
        self._under_way.begin()
        self._send(client, structs.replace(self._hello, bound=self._bound.sessions))
        if self._settings is not None:
            self._send(client, self._settings)
        if self._was_attached:
            self._neovim.show(updates.ServiceBack())
        self._was_attached = True
        for frame in self._waiting.take():
            self._send(client, frame)
        self._leave()

    def _send(self, client: Client, frame: frames.FromHost) -> None:
        client.send(frames.encode(frame))
        self._under_way.sent(frame)
        if file := file_of(frame):
            self._files.begin(file)
        if isinstance(frame, frames.RawSettings):
            # What the next service has to know first.
            self._settings = frame

    def _said(self, data: bytes) -> None:
        try:
            frame = frames.decode_from_service(data)
        except ValueError:
            log.warning("the service said something that cannot be read")
            return
        match frame:
            case frames.Updates(list=shown, done=done, look_up=asked):
                self._under_way.carried_out(done)
                if asked is not None:
                    self._commands.run(self._under_way.settings(asked))
                if shown:
                    self._bound.note(shown)
                    self._neovim.apply(shown)
            case frames.FilePiece() | frames.PieceTaken():
                self._files.heard(frame)
                if self._is_leaving:
                    # It is at work, so it is waited for.
                    self._neovim.show(updates.Leaving("begun"))
                    self._leave()
            case frames.Unfit(version=version):
                unfit = say.SERVICE_UNFIT(version=version)
                self._show_notice(in_words(unfit, say.RESTART_SERVICE()), "error")
            case frames.Ends(again=again):
                self._ended(again=again)
