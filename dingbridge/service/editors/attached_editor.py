"""One attached editor, from its first frame to its last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial

from dingbridge.core.options.settings import Configuration
from dingbridge.core.timeouts import LEAVE_WITHIN
from dingbridge.edges.programs.responder_program import Answered
from dingbridge.protocol import frames, updates
from dingbridge.protocol.command_queue import CommandQueue
from dingbridge.service.editors import news_dispatch, restored_bindings
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.editors.departure import Departure
from dingbridge.service.editors.editor_events import carry_out, is_by_user, message_of, replied
from dingbridge.service.editors.editor_ports import EditorPorts
from dingbridge.service.editors.editor_programs import EditorPrograms
from dingbridge.service.editors.error_boundary import ErrorBoundary
from dingbridge.service.editors.read_settings import ReadSettings
from dingbridge.service.editors.restored_bindings import EarlierState, RestoredBindings
from dingbridge.service.editors.robot_membership import Memberships
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.setup import EditorSetup
from dingbridge.service.editors.shared import SharedServices
from dingbridge.service.files.transfers import Transfers
from dingbridge.service.files.uploads import Uploads
from dingbridge.service.robots.robot_news import News, RestoreBinding
from dingbridge.service.sessions.message_search import MessageSearch
from dingbridge.service.sessions.saved_files import SavedFiles
from dingbridge.service.sessions.transcript_storage import TranscriptStorage
from dingbridge.service.spool_intake import SpooledFrame, SpoolIntake

log = logging.getLogger(__name__)


class AttachedEditor:
    """Carries out an editor's requests in order. Service loop only.

    starting ──state read──▶ restoring ──bindings known──▶ serving ──leave()──▶ see `Departure`
    """

    def __init__(
        self,
        number: int,
        attach: frames.Attach,
        shared: SharedServices,
        send: Callable[[frames.FromService], None],
        left: Callable[[], None],
    ) -> None:
        self._number, self._attach = number, attach
        self._shared = shared
        behind = partial(shared.is_behind, number)
        self.screen = Screen(
            lambda shown, *rest: send(frames.Updates(self._fit(shown), *rest)), behind
        )
        self._transfers = Transfers(shared.files.outgoing, shared.files_thread, send)
        self._spool = SpoolIntake(attach, shared.files, shared.spooled, self.screen.show)
        self._notify_left = left
        self.errors = errors = ErrorBoundary(self.screen)
        self.pid, self.code = attach.pid, attach.code
        self._bridge: Bridge | None = None
        # Frames that arrived before the bridge was built.
        self._before: list[frames.FromHost] = []
        self._turns = CommandQueue(lambda: self._is_held, errors.run)
        self.set_up_at = 0.0
        self.active_at = time.monotonic() if attach.has_screen else 0.0
        self._departure: Departure | None = None
        self._restoring: RestoredBindings | None = None
        self._memberships = Memberships(shared.robots, self)
        self._programs = EditorPrograms(attach, shared.post, self._answered, errors.file_trouble)
        self._setting_up = EditorSetup(
            number, attach, shared.command_values, self.screen, self._configure
        )

    def start(self) -> None:
        """Read the state on disk, then build the bridge. Frames wait until then."""
        files, data = self._shared.files, self._shared.data
        files.disk.do(lambda: restored_bindings.found_on_disk(files, data), self._build)

    def _build(self, left: EarlierState) -> None:
        shared = self._shared
        ports = EditorPorts(
            editor=self.screen,
            storage=TranscriptStorage(shared.files),
            saved=SavedFiles(shared.files, self._transfers),
            search=MessageSearch(shared.files.transcripts, shared.files_thread),
            robot=self._memberships.join,
            programs=self._programs.responders,
            project=self._programs.project,
            presence=shared.presence.join(),
            media=shared.media,
            approvals=shared.approvals,
            packing=Uploads(shared.files.outgoing, shared.files_thread, self._transfers),
            runtime=shared.runtime,
            later=self._later,
            pid=self._attach.pid,
            cwd=self._attach.cwd,
            environ=self._attach.environ,
            agents=shared.agents,
        )
        self._bridge = bridge = Bridge(ports, shared.store, left.sessions)
        shared.store.unread.restore(left.state.unread)
        self._departure = Departure(self, bridge, self._memberships, self.screen, shared.files.disk)
        self._restoring = RestoredBindings(
            self._attach.cwd, self._attach.bound, self._bridge.accounts, left.state, self._settled
        )
        self.errors.show_found(left)
        self._spool.found = left.kept
        for frame in self._before:
            self.hear(frame)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, lambda: self.errors.run(call))

    def attends(self, session: str) -> tuple[bool, float]:
        """Whether the editor shows a session, and when its user was active last; see `Attends`."""
        return self._need_bridge().sessions.is_used(session), self.active_at

    # --- frames of the editor ---------------------------------------------------------------------

    def hear(self, frame: frames.FromHost) -> None:
        """Handle a frame, once the bridge is built."""
        if self._bridge is None:
            self._before.append(frame)
            return
        self.errors.run(lambda: self._carry_out(frame))

    def _carry_out(self, frame: frames.FromHost) -> None:
        if is_by_user(frame):
            self.active_at = time.monotonic()
        match frame:
            case frames.RawSettings() if self._turns.is_empty:
                # Not behind other frames: these settings may correct those that block the queue.
                self._in_turn(frame)
            case frames.RawSettings() | frames.RunCommand() | frames.EditorEvent():
                self._turns.put(lambda: self._in_turn(frame))
            case frames.LookedUp():
                self._setting_up.looked_up(frame)
            case frames.FilePiece() | frames.PieceTaken():
                self._turns.put(lambda: self._transfers.heard(frame))
            case frames.UserPresence(away=away):
                self._need_bridge().away.user_is(away=away)
            case frames.ServiceAsked():
                self.screen.show(updates.ShowNotice(self._shared.describe()))
            case frames.EndService(again=again):
                self._shared.end(again)
            case frames.LogLine(level=level, name=name, text=text):
                logging.getLogger(name).log(level, "%s", text)
            case frames.Leave():
                self.leave()
            case _:
                log.warning("an editor attached twice")

    def _in_turn(self, frame: frames.RawSettings | frames.RunCommand | frames.EditorEvent) -> None:
        """Carry out a queued frame and count it: a command once what it changed is on disk."""
        if isinstance(frame, frames.RawSettings):
            self._setting_up.begin(frame)  # counted once they are in force
            return
        counted = self.screen.carrying_out()
        try:
            self._act(frame)
        finally:
            if isinstance(frame, frames.RunCommand):
                self._shared.files.disk.settled(counted)
            else:
                counted()

    def _act(self, frame: frames.RunCommand | frames.EditorEvent) -> None:
        """Carry out a request. If that fails, the editor need not keep its message."""
        try:
            carry_out(self._need_bridge(), frame)
        except Exception:  # any error: put the draft back, then let the error boundary show it
            if frame.file is not None:
                self._transfers.refuse(frame.file)
            if message := message_of(frame):
                self.screen.show(updates.Unsent(message))
            raise

    def _take_in(self, asked: tuple[SpooledFrame, ...]) -> None:
        """Carry out requests from the spool."""
        for frame in asked:
            is_piece = isinstance(frame, frames.FilePiece)
            act: Callable[..., None] = self._transfers.heard if is_piece else self._act
            self._turns.put(partial(act, frame))

    def _need_bridge(self) -> Bridge:
        assert self._bridge is not None  # noqa: S101 - frames wait until it is built
        return self._bridge

    def _configure(self, settings: frames.RawSettings, read: ReadSettings) -> None:
        self.set_up_at = settings.time
        self._programs.environ = read.given
        self.errors.run(lambda: self._use(read.configuration, read.problems, settings.revision))
        self._take_in(self._spool.configured(settings.key))
        self._shared.post(self._turns.go_on)

    def _use(self, configuration: Configuration, problems: tuple[str, ...], revision: int) -> None:
        verbose, secrets = configuration.default.verbose, configuration.secrets
        self._shared.log_secrets(self._number, secrets, verbose)
        if self._restoring is not None:
            self._restoring.wait_for(configuration)
        self._need_bridge().configure(configuration, problems)
        if self._restoring is not None:
            self._restoring.configured()
        self.screen.show(updates.Configured(revision))

    @property
    def _is_held(self) -> bool:
        """Whether bindings or settings are not known yet."""
        is_settled = self._restoring is not None and self._restoring.is_settled
        return not is_settled or self._setting_up.is_waiting

    def _settled(self) -> None:
        self._need_bridge().settled()
        self._turns.go_on()

    def _fit(self, shown: tuple[updates.Update, ...]) -> tuple[updates.Update, ...]:
        return self._spool.heard(self._restoring.fit(shown) if self._restoring else shown)

    def heard(self, account: str, news: News) -> None:
        """The robot of an account sends news."""
        self.errors.run(lambda: news_dispatch.dispatch(self._need_bridge(), account, news))
        if isinstance(news, RestoreBinding) and self._restoring is not None:
            self._restoring.told(account)

    def joined(self, account: str) -> None:
        """The robot of an account can be used: send it `Hello`."""
        found = self._need_bridge().accounts.find(account)
        if found is not None:
            found.member.joined()

    def _answered(self, answer: Answered) -> None:
        """A responder program has answered. Called on its thread."""
        self._shared.post(lambda: self.errors.run(lambda: replied(self._need_bridge(), answer)))

    # --- leaving ----------------------------------------------------------------------------------

    def leave(self, *, at_once: bool = False) -> None:
        """The editor leaves; see `Departure`. `at_once`: programs of it may not finish."""
        if self._departure is None:
            # Its requests come first: they may join robots, which must be left again.
            self._before.append(frames.Leave())
            return
        if at_once:
            self.errors.run(self._need_bridge().end)
        self._departure.begin()
        if at_once:
            self._departure.end_at_once()

    @property
    def is_leaving(self) -> bool:
        """Whether the editor has begun to leave."""
        return self._departure is not None and self._departure.is_leaving

    def read_spool(self) -> None:
        """Read what the editor spooled at its exit."""
        if self._departure is not None:
            self._spool.left(self._departure.write)
            self._later(LEAVE_WITHIN, self._departure.write)  # in case the disk is slow

    def carry_out_last(self, spooled: tuple[SpooledFrame, ...]) -> None:
        """Carry out the editor's last requests."""
        if self._setting_up.is_waiting:
            # Requests under settings that are not resolved stay in the spool.
            self._turns.forget()
        else:
            self._take_in(spooled)
        if self._restoring is not None:
            self._restoring.settle()
        self._setting_up.leave()
        self._turns.go_on()
        self.errors.run(self._need_bridge().leave)

    def stop_transfers(self) -> None:
        """Cancel file transfers."""
        self._transfers.stop()

    def stop_programs(self) -> None:
        """Stop responder programs and jobs."""
        self._programs.stop()

    def gone(self) -> None:
        """The departure is complete."""
        self._spool.let_go()
        self._notify_left()

    @property
    def is_working(self) -> bool:
        """Whether the end of the service would interrupt something."""
        bridge = self._bridge
        return bridge is not None and (bridge.is_working or bridge.files.are_under_way)

    def disk_changed(self) -> None:
        """The disk starts or stops refusing writes."""
        if self._bridge is not None:
            self.errors.run(self._bridge.disk_changed)
