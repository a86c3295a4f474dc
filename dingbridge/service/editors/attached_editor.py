"""One attached editor: the bridge that serves it, from its first frame to its last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import BridgeError, told
from dingbridge.core.options.settings import Configuration
from dingbridge.core.timeouts import LEAVE_WITHIN, STOP_WITHIN
from dingbridge.edges.programs.responder_program import Answered
from dingbridge.protocol import updates
from dingbridge.protocol.command_queue import CommandQueue
from dingbridge.protocol.frames import (
    Attach,
    EditorEvent,
    EndService,
    FilePiece,
    FromHost,
    FromService,
    Leave,
    LogLine,
    LookedUp,
    Notify,
    PieceTaken,
    RawSettings,
    RunCommand,
    ServiceAsked,
    Updates,
)
from dingbridge.service.adapters import ProgramRunner, ProjectAccess, TranscriptStorage
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.editors.editor_events import carry_out, is_by_user, message_of, replied
from dingbridge.service.editors.read_settings import ReadSettings
from dingbridge.service.editors.restored_bindings import (
    EarlierState,
    RestoredBindings,
    found_on_disk,
)
from dingbridge.service.editors.robot_client import RobotMembership
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.setup import EditorSetup
from dingbridge.service.editors.shared import SharedServices
from dingbridge.service.files import file_errors
from dingbridge.service.files.transfers import Transfers
from dingbridge.service.files.uploads import Uploads
from dingbridge.service.ports import Ports
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.robot_news import News, Restore
from dingbridge.service.sessions.saved_files import SavedFiles
from dingbridge.service.spool_intake import SpooledFrame, SpoolIntake

log = logging.getLogger(__name__)

LOOK_EVERY = 0.2
"""Seconds between two looks whether a program still runs for an editor that was left."""


class AttachedEditor:
    """Carries out what an editor asks for, in the order in which it asks. Service loop only."""

    def __init__(
        self,
        number: int,
        attach: Attach,
        shared: SharedServices,
        send: Callable[[FromService], None],
        left: Callable[[], None],
    ) -> None:
        self._number = number
        self._attach = attach
        self._shared = shared
        behind = partial(shared.is_behind, number)
        self.screen = Screen(lambda shown, *rest: send(Updates(self._fit(shown), *rest)), behind)
        self._transfers = Transfers(shared.files.outgoing, shared.files_thread, send)
        self._spool = SpoolIntake(attach, shared.files, shared.spooled, self.screen.show)
        self._told_left = left
        self._bridge: Bridge | None = None
        self._before: list[FromHost] | None = []
        self._turns = CommandQueue(lambda: self._is_held, self._guarded)
        self._set_up_at = 0.0
        self.active_at = time.monotonic() if attach.has_screen else 0.0
        self.is_leaving = False  # Its programs may be at work longer.
        self._is_writing = False
        self._is_written = False
        self._has_stopped = False
        self._restoring: RestoredBindings | None = None
        self._memberships: dict[str, RobotMembership] = {}
        self._given: Mapping[str, str] = attach.environ
        self._programs = ProgramRunner(self._answered, attach.cwd, lambda: self._given)
        self._setting_up = EditorSetup(
            number, attach, shared.command_values, self.screen, self._configure
        )
        self._project = ProjectAccess(shared.post, self.file_trouble, lambda: self._given)

    def start(self) -> None:
        """Read what there is; frames that come meanwhile wait."""
        shared = self._shared
        shared.files.disk.do(lambda: found_on_disk(shared.files, shared.data), self._build)

    def _build(self, left: EarlierState) -> None:
        if left.trouble is not None:
            self.file_trouble(left.trouble)
        shared = self._shared
        ports = Ports(
            editor=self.screen,
            storage=TranscriptStorage(shared.files),
            saved=SavedFiles(shared.files, self._transfers),
            exchange=self._join,
            programs=self._programs,
            project=self._project,
            media=shared.media,
            parcels=Uploads(shared.files.outgoing, shared.files_thread, self._transfers),
            runtime=shared.runtime,
            later=self._later,
            pid=self._attach.pid,
            cwd=self._attach.cwd,
            environ=self._attach.environ,
        )
        self._bridge = Bridge(ports, shared.store, left.sessions)
        self._restoring = RestoredBindings(
            self._attach.cwd,
            self._attach.bound,
            self._bridge.accounts,
            left.state,
            self._settled,
        )
        if left.damaged is not None:
            self.screen.show(updates.ShowNotice(*told(left.damaged)))
        for sentence in left.mended:
            log.warning("%s", sentence)
            self.screen.show(updates.ShowNotice(sentence, "warn"))
        self._spool.found = left.kept
        waiting, self._before = self._before or [], None
        for frame in waiting:
            self.hear(frame)

    def _join(self, name: str) -> RobotMembership:
        membership = RobotMembership(
            self._shared.robots,
            lambda news: self._heard(name, news),
            lambda: self._joined(name),
            lambda: self._set_up_at,
            self._attends,
            self._attach.pid,
        )
        self._memberships[name] = membership
        return membership

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, lambda: self._guarded(call))

    def _attends(self, session: str) -> tuple[bool, float]:
        """Whether the editor shows a session, and when its user was at work in it last."""
        return self._need_bridge().sessions.is_used(session), self.active_at

    # --- what the editor says ---------------------------------------------------------------------

    def hear(self, frame: FromHost) -> None:
        """A frame of the editor."""
        if self._before is not None:
            self._before.append(frame)
            return
        self._guarded(lambda: self._carry_out(frame))

    def _carry_out(self, frame: FromHost) -> None:
        if is_by_user(frame):
            self.active_at = time.monotonic()
        match frame:
            case RawSettings() if self._turns.is_empty:
                # Nobody needs the ones before; these may well correct them.
                self._in_turn(frame)
            case RawSettings() | RunCommand() | EditorEvent():
                self._turns.put(lambda: self._in_turn(frame))
            case LookedUp():
                self._setting_up.looked_up(frame)
            case FilePiece() | PieceTaken():
                self._turns.put(lambda: self._transfers.heard(frame))
            case ServiceAsked():
                self.screen.show(updates.ShowNotice(self._shared.describe()))
            case EndService(again=again):
                self._shared.end(again)
            case LogLine(level=level, name=name, text=text):
                logging.getLogger(name).log(level, "%s", text)
            case Leave():
                self.leave()
            case Attach() | Notify():
                log.warning("an editor attached twice")

    def _in_turn(self, frame: RawSettings | RunCommand | EditorEvent) -> None:
        """Carry out what has an order, and count it."""
        if isinstance(frame, RawSettings):
            self._setting_up.begin(frame)  # Counted when they are in force.
            return
        try:
            self._act(frame)
        finally:
            self.screen.carried_out()

    def _act(self, frame: RunCommand | EditorEvent) -> None:
        """Do what is asked for. If it cannot be done, the editor need not keep its message."""
        try:
            carry_out(self._need_bridge(), frame)
        except Exception:  # whatever it is: a draft is put back, and the boundary tells
            if frame.file is not None:
                self._transfers.refuse(frame.file)
            if message := message_of(frame):
                self.screen.show(updates.Unsent(message))
            raise

    def _take_in(self, asked: tuple[SpooledFrame, ...]) -> None:
        """Carry out what this editor, or an earlier one, wrote down when it was left."""
        for frame in asked:
            is_piece = isinstance(frame, FilePiece)
            act: Callable[..., None] = self._transfers.heard if is_piece else self._act
            self._turns.put(partial(act, frame))

    def _need_bridge(self) -> Bridge:
        assert self._bridge is not None  # noqa: S101 - frames wait until it is built
        return self._bridge

    # --- settings ---------------------------------------------------------------------------------

    def _configure(self, settings: RawSettings, read: ReadSettings) -> None:
        self._set_up_at = settings.time
        self._given = read.given
        self._guarded(lambda: self._use(read.configuration, read.problems, settings.revision))
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
        """Whether it is not known yet what is bound, or what the settings are."""
        is_settled = self._restoring is not None and self._restoring.is_settled
        return not is_settled or self._setting_up.is_waiting

    def _settled(self) -> None:
        """It is known what is bound."""
        self._need_bridge().settled()
        self._turns.go_on()

    def _fit(self, shown: tuple[updates.Update, ...]) -> tuple[updates.Update, ...]:
        return self._spool.heard(self._restoring.fit(shown) if self._restoring else shown)

    # --- what the owners say ----------------------------------------------------------------------

    def _heard(self, name: str, news: News) -> None:
        """A word of the owner of an account's robot."""
        self._guarded(lambda: self._need_bridge().news(name, news))
        if isinstance(news, Restore) and self._restoring is not None:
            self._restoring.told(name)

    def _joined(self, name: str) -> None:
        """There is an owner: tell it who we are; its first answer says what is bound here."""
        account = self._need_bridge().accounts.find(name)
        if account is not None:
            account.member.joined()

    def _answered(self, answer: Answered) -> None:
        """A program has answered. On its thread."""
        self._shared.post(lambda: self._guarded(lambda: replied(self._need_bridge(), answer)))

    # --- leaving ----------------------------------------------------------------------------------

    def leave(self, *, at_once: bool = False) -> None:
        """The editor is being left, or is gone: write what is to be written, then say so. Programs
        that answer, and jobs, are waited for, unless the service ends `at_once`.

        attached ──left──▶ leaving ──all on the disk, no program runs──▶ gone
        """
        if self._before is not None:
            # What it asked for comes first, and joins robots that have to be left.
            self._before.append(Leave())
            return
        bridge = self._need_bridge()
        if at_once:
            self._guarded(bridge.end)
        if not self.is_leaving:
            self.is_leaving = True
            self.screen.show(updates.Leaving("begun"))
            self._spool.left(self._write_all_down)
            self._later(LEAVE_WITHIN, self._write_all_down)  # the disk may be slow
        if at_once:
            self._write_all_down(is_asked=False)
            self._end_work()

    def _write_all_down(
        self, spooled: tuple[SpooledFrame, ...] = (), *, is_asked: bool = True
    ) -> None:
        if self._is_writing:
            return
        self._is_writing = True
        bridge = self._need_bridge()
        if is_asked:
            # Otherwise what waits for its turn is for the next service.
            if self._setting_up.is_waiting:
                # What was asked for by settings that are not known stays with the editor.
                self._turns.forget()
            else:
                self._take_in(spooled)
            if self._restoring is not None:
                self._restoring.settle()
            self._setting_up.leave()
            self._turns.go_on()
            self._guarded(bridge.leave)
        left = {account.name: account.member.unanswered for account in bridge.accounts}
        for name, asks in left.items():
            if not self._memberships[name].is_heard:
                self._memberships[name].write_down(asks)
        if bridge.is_working:
            for membership in self._memberships.values():
                membership.retire()
        self._transfers.stop()
        asyncio.get_running_loop().call_later(STOP_WITHIN, lambda: self._left(None))
        self._shared.files.disk.settled(lambda: self._left(left))
        self._end_work_when_idle()

    def _left(self, written: Mapping[str, tuple[robot_requests.SendMessage, ...]] | None) -> None:
        """All is on the disk, with these messages by account, or that takes too long. The first
        word counts."""
        if self._is_written:
            return
        self._is_written = True
        if written is None:
            log.error("the disk is too slow: some of what was asked for last is not written down")
        elif self._bridge is not None:
            self._bridge.deliveries.written_down(written)
        self.screen.show(updates.Leaving("done"))
        self._gone_if_done()

    def _end_work_when_idle(self) -> None:
        if self._bridge is not None and self._bridge.is_working:
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._end_work_when_idle)
        else:
            self._end_work()

    def _end_work(self) -> None:
        if self._has_stopped:
            return
        self._has_stopped = True
        for membership in self._memberships.values():
            membership.leave(at_once=False)
        if self._bridge is not None:
            self._bridge.gone()
        self._programs.stop()
        self._project.stop()
        self._gone_if_done()

    def _gone_if_done(self) -> None:
        if self._is_written and self._has_stopped:
            self.screen.flush()  # the last confirmations are among it
            self._spool.let_go()
            self._told_left()

    # --- errors -----------------------------------------------------------------------------------

    def _guarded(self, call: Callable[[], None]) -> None:
        """The error boundary: one editor's trouble is its own."""
        try:
            call()
        except BridgeError as error:
            self._refused(error)
        except Exception as error:  # a defect of ours: one line for the user, the trace for the log
            log.exception("unexpected error")
            self.screen.show(
                updates.ShowNotice(say.UNEXPECTED(error=type(error).__name__), "error")
            )

    def _refused(self, error: BridgeError) -> None:
        log.info("refused: %s", error)
        self.screen.show(updates.ShowNotice(*told(error)))

    def file_trouble(self, error: Exception) -> None:
        """Something went wrong with a file."""
        if isinstance(error, BridgeError):
            self._refused(error)
            return
        words = file_errors.cannot_use(error)
        log.error("%s", words)
        self.screen.show(updates.ShowNotice(words, "error"))

    @property
    def is_working(self) -> bool:
        """Whether a program, a file or a message is under way that the end of the service would
        break off."""
        return self._bridge is not None and (
            self._bridge.is_working or self._bridge.enclosures.are_under_way
        )

    def disk_changed(self) -> None:
        """The disk refuses something from now on, or nothing any more."""
        if self._bridge is not None:
            self._guarded(self._bridge.disk_changed)
