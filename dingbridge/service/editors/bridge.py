"""What the bridge does for this editor: carries out commands and hears the robots' owners."""

from __future__ import annotations

import os

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.commands.editor_commands import CommandLine, Subcommand
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.core.options.settings import Configuration
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions import robot_state, targets
from dingbridge.core.sessions.destinations import Destination
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.core.user_file import UserFile
from dingbridge.protocol import updates
from dingbridge.service.editors.access_commands import AccessCommands
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.command_context import CommandContext
from dingbridge.service.editors.destination_choice import DestinationChoice
from dingbridge.service.editors.file_sending import FileSending
from dingbridge.service.editors.message_flow import MessageFlow
from dingbridge.service.editors.outbox_report import OutboxReport
from dingbridge.service.editors.remote_requests import RemoteRequests
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.responders import Responders
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.session_commands import SessionCommands
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.ports import Ports
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.sessions.store import SessionStore


class Bridge:
    """The application. Service loop only; every method returns at once."""

    def __init__(self, ports: Ports, store: SessionStore, known: list[SessionInfo]) -> None:
        self._editor = ports.editor
        self._runtime = ports.runtime
        self.sessions = EditorSessions(ports.editor, store, known)
        self.responders = Responders(ports.editor, ports.programs)
        self.accounts = Accounts(ports, self.sessions, self._notify_status)
        self.deliveries = Sending(
            ports.editor,
            ports.runtime,
            self.sessions,
            self.accounts,
            ports.environ,
            self._notify_status,
        )
        self.answering = ResponderReplies(
            ports.runtime,
            self.sessions,
            self.accounts,
            self.responders,
            self.deliveries,
            ports.later,
        )
        self.correspondence = MessageFlow(
            ports.editor,
            ports.runtime,
            self.sessions,
            self.accounts,
            ports.media,
            self.deliveries,
            self.answering,
            ports.later,
            self._notify_status,
        )
        self.enclosures = FileSending(
            ports.editor,
            ports.runtime,
            self.sessions,
            self.accounts,
            ports.parcels,
            self._notify_status,
        )
        self._session_commands = SessionCommands(
            ports.editor, ports.storage, ports.saved, ports.runtime, self.sessions, self.accounts
        )
        self.choosing = DestinationChoice(ports.editor, self.sessions, self.accounts)
        self.access = AccessCommands(self.accounts, ports.editor)
        self.remote_commands = RemoteRequests(
            ports.editor,
            ports.storage,
            ports.project,
            ports.runtime,
            self.sessions,
            self.deliveries,
            self.responders,
            ports.cwd,
            ports.later,
        )
        self._notified: dict[str, str] = {}
        self._outbox = OutboxReport(self.accounts)
        self.sessions.unsettled = self._ask_fates

    def leave(self) -> None:
        """The editor leaves: whoever waits for the answer of its Lua function is told that none
        will come, unless another editor gives it, and what was not ready to be sent is told as
        failed. Programs go on."""
        self.enclosures.leave()
        self.answering.leave()

    @property
    def is_working(self) -> bool:
        """Whether a program works on an answer or for a command, or a robot message is taken in."""
        return (
            self.responders.is_working
            or self.remote_commands.is_working
            or self.correspondence.is_taking_in
        )

    def gone(self) -> None:
        """The editor has left, and nothing is under way in it any more."""
        self.sessions.leave()
        for account in self.accounts:
            account.member.gone()

    def end(self) -> None:
        """The service ends: whoever waits for the answer of a program is told that none will come.
        To the next service go the answer of a Lua function, what nobody was asked about yet, and a
        file that is not whole, with what waits behind it: the editor hands it over again."""
        self.correspondence.end()
        self.answering.end()

    def _ask_fates(self, session: str, ids: tuple[str, ...]) -> None:
        account = self.accounts.of(session) or self.accounts.default
        account.member.ask(session, ids)

    # --- commands -------------------------------------------------------------------------------

    def command(
        self, call: CommandLine, at: CommandContext, message: str = "", file: UserFile | None = None
    ) -> None:
        """Carry out a subcommand; the message that it makes has the id `message`, if there is one,
        and `file` is the one that it names. Raises `BridgeError` for what cannot be done."""
        argument, own = call.argument, self._session_commands
        message = message or self._runtime.new_id()
        match call.command:
            case Subcommand.OPEN_CURRENT:
                own.open_current(at)
            case Subcommand.NEW:
                own.open_new(argument)
            case Subcommand.LIST:
                own.pick()
            case Subcommand.OPEN:
                self.sessions.open(argument)
            case Subcommand.NEXT:
                own.step(at, 1)
            case Subcommand.PREV:
                own.step(at, -1)
            case Subcommand.CLEAR:
                self.sessions.clear(own.current(at))
            case Subcommand.DELETE:
                own.delete(own.current(at))
            case Subcommand.SAVE:
                own.save(_named(file), at)
            case Subcommand.LOAD:
                own.load(_named(file))
            case Subcommand.SEND:
                self._send(argument, at, message)
            case Subcommand.TO:
                self.choosing.to(own.current(at), argument)
            case Subcommand.SEND_FILE:
                self._send_file(_named(file), at, message)
            case Subcommand.SEND_IMAGE:
                self._send_image(at, message)
            case Subcommand.BRIDGE:
                own.bind(argument, at)
            case Subcommand.UNBRIDGE:
                own.unbind(argument)
            case Subcommand.NOTIFY:
                self._notify(argument, at, message)
            case Subcommand.STATUS:
                self._show_status()
            case Subcommand.OUTBOX:
                self._show_outbox()
            case Subcommand.RETRY:
                self._retry(argument)
            case Subcommand.DROP:
                self._drop(argument)
            case Subcommand.PAIR:
                self.access.pair(argument)
            case Subcommand.DENY:
                self.access.deny(argument)
            case Subcommand.REVOKE:
                self.access.revoke(argument)
            case Subcommand.SERVICE | Subcommand.LOG | Subcommand.INSTALL:
                raise AssertionError("the host carries this out")
            case Subcommand.STOP:
                self._stop_answer()

    def _send(self, text: str, place: CommandContext, message: str) -> None:
        to, text = targets.leading(text)
        body, around = place.below(text)
        if body:
            session = self._session_commands.current_or_none(place) or self.sessions.new("")
            begun_for = self._begun_for(place)
            self.send(session, message, body, to, begun_for, around)
        else:
            draft = updates.SendDraft(self._session_commands.current(place))
            # The draft is a message of its own.
            self._editor.show(updates.Unsent(message), draft)

    def send(
        self,
        session: str,
        message: str,
        text: str,
        to: str = "",
        begun_for: Destination | None = None,
        around: Around = Around(),
    ) -> None:
        """A message typed in the editor, with a word about one that nobody will read."""
        session = session or self.sessions.current
        self.correspondence.send(session, message, text, to, begun_for, around)
        is_read = to or self.accounts.of(session) or self.accounts.default.options.responder
        if not is_read and any(account.options.mode != "off" for account in self.accounts):
            self._show_notice(say.KEPT_HERE_ONLY(), "warn")

    def _begun_for(self, place: CommandContext) -> Destination | None:
        """The conversation that the bar of the session named, unless another session is meant."""
        return (
            place.begun_for
            if self._session_commands.current_or_none(place) == place.session
            else None
        )

    def _send_file(self, file: UserFile, place: CommandContext, message: str) -> None:
        session = self._session_commands.current_or_none(place)
        self.enclosures.send_file(session, message, file, begun_for=self._begun_for(place))

    def _send_image(self, place: CommandContext, message: str) -> None:
        if not place.lines:
            raise BridgeError(say.NO_LINES(), fix=say.SELECT_LINES())
        stem = os.path.basename(place.file) or "code"
        session = self._session_commands.current_or_none(place)
        code = self.deliveries.masked(
            *self.enclosures.need_target(session, begun_for=self._begun_for(place)),
            "\n".join(place.lines),
            Around("\n".join(place.before)),
        )
        self.enclosures.send_image(
            session,
            message,
            f"{stem}-{place.first_line}-{place.last_line}.png",
            code.text,
            place.filetype,
            place.first_line,
            self._begun_for(place),
        )

    def _notify(self, text: str, place: CommandContext, message: str) -> None:
        to, text = targets.leading(text)
        body, around = place.below(text)
        self._notified[message] = self.deliveries.notify(message, body, to=to, around=around)

    def _stop_answer(self) -> None:
        if not self.responders.stop():
            raise BridgeError(say.NOTHING_TO_STOP())

    # --- what only a robot's owner can do -------------------------------------------------------

    def _ask_owners(self, ask: robot_requests.Ask) -> None:
        """Ask the owners of all robots that are set up."""
        for account in self.accounts.set_up():
            account.member.notify(ask)

    def _show_status(self, *, again: bool = False) -> None:
        text = self.accounts.describe(self._last_error)
        self._editor.show(updates.report("status", text, again=again))

    def _show_outbox(self, *, again: bool = False) -> None:
        accounts = self.accounts.set_up()
        self._outbox.ask(again=again)
        for account in accounts:
            account.member.notify(robot_requests.ShowOutbox(self.accounts.prefix(account)))

    def show_again(self, report: str) -> None:
        """Bring a report that is shown up to date. Raises `BridgeError` as its command does."""
        if report == "status":
            self._show_status(again=True)
        elif report == "outbox":
            self._show_outbox(again=True)

    def _retry(self, message: str) -> None:
        if message:
            account, message = self.accounts.split(message)
            account.need_mode()
            account.member.notify(robot_requests.Retry(message))
        else:
            self._ask_owners(robot_requests.Retry(""))

    def _drop(self, message: str) -> None:
        account, message = self.accounts.split(message)
        account.need_mode()
        account.member.notify(robot_requests.Drop(message))

    # --- news of the owners ---------------------------------------------------------------------

    def news(self, name: str, news: robot_news.News) -> None:
        """A word of the owner of an account's robot."""
        if (account := self.accounts.find(name)) is None:
            return
        match news:
            case robot_news.Restore(session=session, target=target):
                account.restore(session, target)
            case robot_news.SessionBound(session=session, target=target):
                account.is_bound(session, target)
            case robot_news.Ruling():
                account.ruled(news)
            case robot_news.Unbound(session=session, by=pid):
                account.released(session, pid)
            case robot_news.Appeared() | robot_news.Arrived():
                self.correspondence.arrived(account, news)
            case robot_news.AnswerInstead(turn=turn):
                self.answering.take(account, turn)
            case robot_news.AnswerWithdrawn(name=withdrawn):
                self.answering.withdraw(withdrawn)
                self.remote_commands.withdraw(withdrawn)
            case robot_news.DeliveryUpdate(report=report, session=session):
                self.deliveries.fate(account, report, session)
                self._notification_ended(report)
            case robot_news.Deliver():
                self.correspondence.take(account, news)
            case robot_news.MayAsk(key=key):
                self.correspondence.may_ask(key)
            case robot_news.ProgramAnswerLost():
                self.correspondence.lost(account, news)
            case robot_news.CarryOut():
                self.remote_commands.carry_out(account, news)
            case robot_news.PairingRequested():
                account.pairing_asked(news)
            case robot_news.AccessChanged():
                self.access.known(account, news)
            case robot_news.PairingsReport():
                self.access.answered(account, news)
            case robot_news.OutboxLines(lines=lines):
                self._editor.show(self._outbox.answered(account, lines))
            case robot_state.RobotState():
                account.owner_is(news)
            case robot_news.LinkNews(link=link, reason=reason, fix=fix, next_try=next_try):
                account.link_changed(LinkState(link), reason, fix, next_try)
            case robot_news.Notice():
                self._show_notice(account.labelled(news.text), _level(news.level))

    def _notification_ended(self, report: DeliveryReport) -> None:
        """A notification stands in no session, so its delivery is told."""
        if report.delivery in (Delivery.SENT, Delivery.FAILED):
            place = self._notified.pop(report.message_id, "")
            if place and report.delivery is Delivery.SENT:
                if report.reason:
                    self._show_notice(
                        say.NOTIFIED_PERHAPS(place=place, doubt=report.reason), "warn"
                    )
                else:
                    self._show_notice(say.NOTIFIED(place=place))

    # --- settings and status --------------------------------------------------------------------

    def configure(self, configuration: Configuration, problems: tuple[str, ...]) -> None:
        """Use these settings from now on. `problems` are those that made them fall back."""
        self.accounts.configure(configuration, problems)

    @property
    def _last_error(self) -> str:
        return self.sessions.trouble or self.deliveries.last_error

    def disk_changed(self) -> None:
        """The disk refuses something from now on, or nothing any more."""
        self.deliveries.show_unsaved()
        self._notify_status()

    def settled(self) -> None:
        """It is known what is bound here: the status tells that before the list comes."""
        self._notify_status()
        self.sessions.notify_list()

    def _notify_status(self) -> None:
        self._editor.show_latest(self._status)

    def _status(self) -> updates.ShowStatus:
        return self.accounts.status(self._last_error)

    def _show_notice(self, text: str, level: updates.Level = "info") -> None:
        self._editor.show(updates.ShowNotice(text, level))


def _named(file: UserFile | None) -> UserFile:
    assert file is not None  # noqa: S101 - the host names it
    return file


def _level(level: str) -> updates.Level:
    match level:
        case "warn" | "error":
            return level
        case _:
            return "info"
