"""The remote plugin's host: sends the editor's requests to the service, and shows its updates.

It keeps requests that no service has carried out yet. Lua keeps messages until they are confirmed.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from msgspec import structs

from dingbridge.core.catalogue import language, sessions
from dingbridge.core.catalogue import service as say
from dingbridge.core.commands.command_lines import parse
from dingbridge.core.commands.editor_commands import Subcommand
from dingbridge.core.errors import BridgeError, in_words, reference, told
from dingbridge.core.timeouts import OBEYS_WITHIN, STOP_WITHIN
from dingbridge.core.user_file import UserFile
from dingbridge.edges.ipc import Client
from dingbridge.edges.neovim import Neovim
from dingbridge.edges.storage import installed_code
from dingbridge.editor import early_start
from dingbridge.editor.file_transfers import FileTransfers
from dingbridge.editor.host_log import forward
from dingbridge.editor.lua_requests import EditorSettings, FocusReport, FromManifest
from dingbridge.editor.ordered_requests import OrderedRequests
from dingbridge.editor.service_frames import ServiceFrames
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
from dingbridge.editor.timer import after
from dingbridge.protocol import frames, updates
from dingbridge.protocol.decode import read_as

log = logging.getLogger(__name__)


class Host:
    """Connects one Neovim with the service. Host loop only. Starts nothing before it is needed.

    The link to the service, as the host sees it::

        none --first request--> starting --Attached--> attached --Detached--> starting
          ^                                               |
          +---------------- stopped by the user ----------+
    """

    def __init__(self, nvim: Any, path: str) -> None:
        self._neovim, self._path = Neovim(nvim), path
        # Taken before variables are removed from what child processes inherit.
        self._environ = dict(os.environ)
        self._link: ServiceLink | None = None
        self._files = FileTransfers(
            self._neovim.post, lambda frame: self._service.notify_now(frame), self._saved
        )
        self._service = ServiceFrames(self._files)
        self._requests = OrderedRequests(self._neovim, self._environ, self._service)
        self._was_attached = False
        self._has_greeted = False
        self._first: EditorSettings | None = None
        self._is_leaving = False
        forward(lambda line: self._neovim.post(lambda: self._service.notify(line)))

    # --- called by the remote plugin's stub -------------------------------------------------------

    def command(self, line: str, sent: Any) -> None:
        """Handle a command that the manifest defines; the first one starts the host."""
        with_command = read_as(sent, FromManifest, "command")
        self._ready(with_command.settings)
        self._command(frames.RunCommand(line, with_command.place, with_command.has_range))

    def event(self, name: str, payload: Any) -> None:
        """Handle an event from Lua."""
        if name == "settings":
            self._ready(read_as(payload, EditorSettings, name))
        elif name == "command":
            self._command(read_as(payload, frames.RunCommand, name))
        elif name == "focus":
            self._service.user_is(away=read_as(payload, FocusReport, name).away)
        else:
            self._ready(None)
            file = self._files.of_event(payload) if name == "send" else None
            self._requests.put(frames.EditorEvent(name, payload, file))

    def _command(self, command: frames.RunCommand) -> None:
        try:
            call = parse(command.line, has_range=command.has_range)
        except BridgeError:
            # The service reports the error, and that Lua need not keep the message.
            self._ready(None)
            self._requests.put(command)
            return
        match call.command:
            case Subcommand.SERVICE:
                self._service_command(call.argument.strip())
            case Subcommand.LOG:
                self._neovim.show(updates.Edit(self._log_path()))
            case _ if call.command.value.by_editor:
                self._neovim.show(updates.RunInEditor(call.command.value.name, call.argument))
            case _:
                self._ready(None)
                file = self._files.of_command(call, command.place)
                self._requests.put(structs.replace(command, file=file))

    def _log_path(self) -> str:
        from dingbridge.edges.log import LOG_FILE  # late: the host needs nothing else of it

        return str(Path(self._need_settings().log, LOG_FILE))

    def stop(self) -> None:
        """Neovim exits: notify Lua when all requests are durable."""
        self._is_leaving = True
        self._requests.leave()
        if self._link is None:
            self._neovim.show(updates.Leaving("done"))
            return
        self._leave()
        if self._service.client is None:
            # The service is starting and requests wait for it, so Neovim waits too.
            self._neovim.show(updates.Leaving("begun"))
            after(
                STOP_WITHIN, self._neovim.post, lambda: self._neovim.show(updates.Leaving("done"))
            )
        else:
            after(STOP_WITHIN, self._neovim.post, lambda: self._leave(at_once=True))

    def _leave(self, *, at_once: bool = False) -> None:
        """Announce the exit to the service, once all files are transferred, or at once."""
        if self._is_leaving and (at_once or not self._files.are_under_way):
            self._service.notify_now(frames.Leave())

    def _service_command(self, action: str) -> None:
        """Run `:Chat service`, which must work without a service."""
        if action not in ("", "stop", "restart"):
            raise BridgeError(say.UNKNOWN_ACTION(action=action), fix=say.KNOWN_ACTIONS())
        if self._link is None and action != "restart":
            self._show_notice(say.SERVICE_NOT_RUNNING())
            return
        self._ready(None)
        client = self._service.client
        if client is None:
            self._end_hanging(None, action)
        elif action:
            self._service.notify_now(frames.EndService(action == "restart"))
            after(OBEYS_WITHIN, self._neovim.post, lambda: self._end_hanging(client, action))
        else:
            self._service.notify_now(frames.ServiceAsked())

    def _end_hanging(self, client: Client | None, action: str) -> None:
        """Kill a service that does not respond, or else start one at once."""
        if client is not self._service.client or self._link is None:
            return
        if action and self._link.end_frozen():
            self._show_notice(
                say.SERVICE_RESTARTS() if action == "restart" else say.SERVICE_STOPPED()
            )
            if action == "stop":
                self._rest()
        else:
            self._link.hurry()
            self._show_notice(say.SERVICE_STARTS())

    def _rest(self) -> None:
        """Stay without a service until the next request."""
        if self._link is not None:
            self._link.stop()
        self._link = None

    def _show_notice(self, text: str, level: updates.Level = "info") -> None:
        self._neovim.show(updates.ShowNotice(text, level))

    def refused(self, error: BridgeError) -> None:
        """Show why a request failed, and what the user can do."""
        self._neovim.show(updates.ShowNotice(*told(error)))

    def broke(self, error: Exception) -> None:
        """Log an unexpected exception, and show one line of it."""
        name, kind = reference(error), type(error).__name__
        log.exception("unexpected error %s", name)
        self._show_notice(say.UNEXPECTED(error=kind, reference=name), "error")

    # --- settings ---------------------------------------------------------------------------------

    def _ready(self, settings: EditorSettings | None) -> None:
        self._first = self._first or settings
        first = self._need_settings()
        if self._link is None:
            self._begin(first)
        if settings is not None:
            language.use(settings.language, self._environ)
            self._requests.put_settings(settings)

    def _need_settings(self) -> EditorSettings:
        if self._first is None:
            raise BridgeError(say.NO_SETTINGS(), fix=say.RESTART())
        return self._first

    def _begin(self, settings: EditorSettings) -> None:
        if not self._has_greeted:
            self._has_greeted = True
            self._neovim.show(updates.HostStarted(self._neovim.channel, self._path))
        self._service.hello = frames.Attach(
            frames.VERSION,
            settings.pid,
            settings.cwd,
            self._environ,
            settings.has_screen,
            installed_code.newest(),
            settings.bound,
        )
        link = early_start.link_for(settings.data, settings.log, self._environ)
        self._link = link
        link.listen(lambda event: self._neovim.post(lambda: self._from_service(link, event)))

    # --- the service ------------------------------------------------------------------------------

    def _saved(self, file: UserFile, error: BridgeError | None) -> None:
        """Show the result of saving a session to a file."""
        if error is None:
            self._show_notice(sessions.SAVED(path=file.path))
        else:
            self.refused(error)
        self._leave()

    def _from_service(self, link: ServiceLink, event: AttachmentEvent) -> None:
        if link is not self._link and not isinstance(event, Detached):
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
        """The service ends in order, and a new one starts if `again`."""
        self._show_notice(say.SERVICE_RESTARTS() if again else say.SERVICE_STOPPED())
        self._service.ended()
        if not again:
            self._rest()

    def _lost(self) -> None:
        """The service is gone. Lua submits its messages again; other commands in progress may have
        been carried out or not."""
        for line in self._service.lost():
            self._show_notice(say.PERHAPS_NOT_CARRIED_OUT(command=line), "warn")
        self._neovim.show(updates.ServiceGone())

    def _attached(self, client: Client) -> None:
        self._service.attached(client)
        if self._was_attached:
            self._neovim.show(updates.ServiceBack())
        self._was_attached = True
        self._leave()

    def _said(self, data: bytes) -> None:
        try:
            frame = frames.decode_from_service(data)
        except ValueError:
            log.warning("the service said something that cannot be read")
            return
        match frame:
            case frames.Updates(list=shown, done=done, look_up=asked):
                self._service.carried_out(done)
                if asked is not None:
                    self._requests.run_commands(asked)
                if shown:
                    self._service.shown(shown)
                    self._neovim.apply(shown)
            case frames.FilePiece() | frames.PieceTaken():
                self._files.heard(frame)
                if self._is_leaving:
                    # The service is busy with our files; Neovim waits for it.
                    self._neovim.show(updates.Leaving("begun"))
                    self._leave()
            case frames.Unfit(version=version):
                unfit = say.SERVICE_UNFIT(version=version)
                self._show_notice(in_words(unfit, say.RESTART_SERVICE()), "error")
            case frames.Ends(again=again):
                self._ended(again=again)
