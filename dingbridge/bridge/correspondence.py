"""The messages of this editor's sessions: typed, received, and answered by a responder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from msgspec import structs

from dingbridge.bridge import updates
from dingbridge.bridge.accounts import Accounts
from dingbridge.bridge.arrivals import Arrivals
from dingbridge.bridge.binding import Account
from dingbridge.bridge.ports import Chance, Editor, Media
from dingbridge.bridge.responders import Asked, Responders
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import (
    attachments,
    exchange,
    inbox,
    long_text,
    mentions,
    quoted_message,
    routing,
    writing,
)
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import (
    At,
    ConversationKind,
    Delivery,
    DeliveryReport,
    Message,
    Outbound,
    Question,
    Role,
    Target,
)
from dingbridge.core.outbox import Kind
from dingbridge.core.text import well_formed
from dingbridge.core.writing import Circumstances, written

log = logging.getLogger(__name__)

SORRY = "抱歉，处理您的消息时出错了。Sorry, something went wrong processing your message."


class Correspondence:
    """Takes messages out and in. Host loop only. `changed` is called when the status is new."""

    def __init__(
        self,
        editor: Editor,
        chance: Chance,
        sessions: Sessions,
        accounts: Accounts,
        responders: Responders,
        media: Media,
        environ: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        self._editor = editor
        self._chance = chance
        self._sessions = sessions
        self._accounts = accounts
        self._responders = responders
        self._media = media
        self._arrivals = Arrivals()
        self._environ = environ
        self._changed = changed
        self.last_error = ""

    # --- out ------------------------------------------------------------------------------------

    def send(self, session: str, message_id: str, text: str, to: str = "") -> None:
        """A message typed in the editor: into the transcript, and out when the session is bound,
        or to the address `to` if that is given."""
        text = _filled(text)
        session = session or self._sessions.current
        if session not in self._sessions:
            raise BridgeError("there is no such session", fix=":Chat starts one")
        message = Message(message_id, Role.EDITOR, "You", text, self._chance.now())
        account, target = self._accounts.of(session), None
        if to:
            account, target = self._accounts.addressed(to)
        elif account is not None:
            target = account.target_of(session)
        at = account.asker(target) if account is not None and target is not None else At()
        self._sessions.watch(session)
        self._add_and_send(account, session, message, target, at)
        if account is None:
            self._ask(session, message, account, Target())

    def notify(
        self,
        message_id: str,
        text: str,
        title: str = "",
        at: At = At(),  # noqa: B008 - At is immutable
        to: str = "",
    ) -> str:
        """A message outside any session: to the address `to`, else to the robot's group or the
        configured target. Returns in words where it goes."""
        text = _filled(text)
        account = self._accounts.default
        if to:
            account, target = self._accounts.addressed(to)
        else:
            account.need_mode()
            target = self._configured(account)
        outbound = self._written(account, message_id, text, target, title=title, at=at)
        self._put(account, outbound, Kind.NOTIFICATION, "")
        return target.label

    def _configured(self, account: Account) -> Target:
        target = account.notify_target()
        if target is None:
            raise BridgeError(
                "there is nobody to notify", fix="set webhook, conversation_id or user_id"
            )
        return target

    def answer(self, account: Account, target: Target, text: str, kind: Kind = Kind.WORD) -> None:
        """A word of the bridge itself in a conversation, which is part of no session."""
        outbound = self._written(account, self._chance.new_id(), text, target)
        self._put(account, outbound, kind, "")

    def _add_and_send(
        self,
        account: Account | None,
        session: str,
        message: Message,
        target: Target | None,
        at: At = At(),  # noqa: B008 - At is immutable
    ) -> None:
        if account is None:
            self._sessions.add(session, message)
        elif target is None:
            why_not = account.why_no_target()
            failed = structs.replace(message, delivery=Delivery.FAILED, reason=why_not)
            self._sessions.add(session, failed)
            self.last_error = why_not
            self._event(
                "DingbridgeFailed",
                account=account.name,
                id=message.id,
                session=session,
                reason=why_not,
            )
            self._changed()
        else:
            self.last_error = ""
            self._sessions.add(session, structs.replace(message, delivery=Delivery.QUEUED))
            outbound = self._written(account, message.id, message.text, target, session, at=at)
            self._put(account, outbound, Kind.REPLY, session)

    def _written(
        self,
        account: Account,
        message_id: str,
        text: str,
        target: Target,
        session: str = "",
        *,
        title: str = "",
        at: At = At(),  # noqa: B008 - At is immutable
    ) -> Outbound:
        """The message as it leaves; the user is told what was masked in it."""
        circumstances = Circumstances(
            self._accounts.secrets, self._environ, account.members(target.conversation_id)
        )
        made = written(message_id, text, target, account.options, circumstances, title=title, at=at)
        told = writing.told(made.masked, target)
        if told and session:
            self.notice(session, told)
        elif told:
            self._editor.show(updates.Say(told, "warn"))
        return made.outbound

    def _put(self, account: Account, outbound: Outbound, kind: Kind, session: str) -> None:
        now = self._chance.now()
        for each in long_text.parted(account.options, outbound, now):
            if session and each.file_name:
                self._sessions.add(session, long_text.line(each, now))
            account.member.send(exchange.Send(each, kind, session))
        self._changed()

    # --- what became of it ----------------------------------------------------------------------

    def fate(self, account: Account, report: DeliveryReport, session: str) -> None:
        """News of a message that is on its way, or was."""
        member = account.member
        message, fate, reason = report.message_id, report.delivery, report.reason
        if member.answered(message):
            self._event("DingbridgeQueued", account=account.name, id=message, session=session)
        if fate is Delivery.SENDING and report.chunks > 1:
            reason = f"{report.sent_chunks}/{report.chunks}"
        if session in self._sessions:
            self._sessions.settle(session, message, fate, reason)
        # Every editor hears of every message; only one should speak of it.
        if not member.sent(message) and session not in self._sessions.bindings:
            return
        if fate is Delivery.SENT:
            self._event("DingbridgeDelivered", account=account.name, id=message, session=session)
        if fate is Delivery.FAILED:
            self._editor.show(updates.not_delivered(report))
            self._event(
                "DingbridgeFailed",
                account=account.name,
                id=message,
                session=session,
                reason=reason,
            )
        if fate in (Delivery.SENT, Delivery.FAILED):
            member.ended(message)

    def written_down(self) -> None:
        """The editor leaves, and what no owner had answered is in the journal for the next one."""
        for account in self._accounts:
            for ask in account.member.unanswered:
                account.member.answered(ask.outbound.id)
                self._event(
                    "DingbridgeQueued",
                    account=account.name,
                    id=ask.outbound.id,
                    session=ask.session,
                )

    # --- in -------------------------------------------------------------------------------------

    def take(self, account: Account, deliver: exchange.Deliver) -> None:
        """A robot message for a session here: after those that came before it, and with what came
        along. Until it stands in the transcript, its robot's owner hands it over again."""
        inbound = deliver.inbound
        target = routing.reply_target(inbound)
        if deliver.start is not None:
            self._sessions.begin(deliver.session, account.name, deliver.start)
            self._sessions.watch(deliver.session)
        elif deliver.session != account.bound:
            known = deliver.session in self._sessions
            title = self._sessions.title(deliver.session) if known else deliver.session
            words = f"a message came for “{title}”, which is not open in any editor"
            self._editor.show(updates.Say(words))
        account.spoke(deliver.session, target, inbound)

        def start(done: Callable[[], None]) -> None:
            def fetched(paths: tuple[str | None, ...], failures: tuple[str, ...]) -> None:
                self._take_in(account, deliver, paths, failures, done)

            if inbound.attachments:
                name = inbox.message_id(deliver.key)
                self._media.fetch(
                    account.options,
                    name,
                    inbound.robot_code,
                    inbound.attachments,
                    lambda words: self._editor.show(updates.Say(words)),
                    fetched,
                )
            else:
                fetched((), ())

        self._arrivals.put(deliver.session, start)

    def _take_in(
        self,
        account: Account,
        deliver: exchange.Deliver,
        paths: tuple[str | None, ...],
        failures: tuple[str, ...],
        done: Callable[[], None],
    ) -> None:
        inbound, session = deliver.inbound, deliver.session
        author = inbound.sender.nick
        if inbound.conversation.kind is ConversationKind.GROUP and inbound.conversation.title:
            author = f"{author} · {inbound.conversation.title}"
        text = inbound.text
        if inbound.attachments:
            text = attachments.with_paths(text, inbound.attachments, paths, failures)
        if inbound.quote is not None:
            text = quoted_message.above(inbound.quote, text)
        message = Message(
            inbox.message_id(deliver.key), Role.DINGTALK, author, text, inbound.created
        )
        files = tuple(path for path in paths if path)

        def taken(new: bool) -> None:
            account.member.tell(exchange.Handed(deliver.key))
            if new:
                self._arrived(account, session, message, deliver, files)

        self._sessions.arrive(session, message, again=deliver.again, then=taken)
        done()  # the disk keeps the order, and may fail for this one without the next

    def _arrived(
        self,
        account: Account,
        session: str,
        message: Message,
        deliver: exchange.Deliver,
        files: tuple[str, ...],
    ) -> None:
        inbound = deliver.inbound
        self._event(
            "DingbridgeReceived",
            id=message.id,
            session=session,
            account=account.name,
            author=inbound.sender.nick,
            user_id=inbound.sender.identity,
            conversation_id=inbound.conversation.id,
            text=message.text,
            files="\n".join(files),
        )
        self._changed()
        self._ask(session, message, account, routing.reply_target(inbound), deliver, files)

    # --- answers of a responder -----------------------------------------------------------------

    def _ask(
        self,
        session: str,
        message: Message,
        account: Account | None,
        target: Target,
        deliver: exchange.Deliver | None = None,
        files: tuple[str, ...] = (),
    ) -> None:
        info = self._sessions.info(session)
        instructions = deliver.instructions if deliver is not None else ""
        asker = deliver.inbound.sender.identity if deliver is not None else ""
        question = Question(
            session=session,
            message=message,
            instructions=instructions or (info.instructions if info else ""),
            cwd=info.cwd if info else "",
            model=info.model if info else "",
            files=files,
        )
        options = (account or self._accounts.default).options
        name = account.name if account is not None else ""
        at = mentions.asker(deliver.inbound) if deliver and options.mention_asker else At()
        if self._responders.ask(question, Asked(session, name, target, asker, at), options):
            self._work(name, busy=True)

    def replied(self, request: str, text: str) -> None:
        """The responder's answer, or one of several, to an earlier message."""
        text = well_formed(text)
        asked = self._ended(request)
        if asked is None or asked.session not in self._sessions or not text.strip():
            return
        message = Message(
            self._chance.new_id(), Role.RESPONDER, "Responder", text, self._chance.now()
        )
        self._add_and_send(self._account(asked), asked.session, message, asked.target, asked.at)

    def could_not_reply(self, request: str, failure: str) -> None:
        """The responder gave no answer: say so on both sides, never fall silent."""
        failure = well_formed(failure)
        asked = self._ended(request)
        log.error("no answer from the responder: %s", failure)
        if asked is None or asked.session not in self._sessions:
            return
        self.notice(asked.session, f"No answer: {failure}.")
        account = self._account(asked)
        if account is not None:
            self.answer(account, asked.target, SORRY, Kind.REPLY)

    def _ended(self, request: str) -> Asked | None:
        asked = self._responders.asked(request)
        self._responders.ended(request)
        if asked is not None:
            self._work(asked.account, busy=self._responders.is_busy(asked.account))
        return asked

    def _work(self, account: str, *, busy: bool) -> None:
        for one in self._accounts:
            if one.name == account:
                one.member.work(busy=busy)

    def _account(self, asked: Asked) -> Account | None:
        """The account that a question came by; None for one that was asked in the editor."""
        return self._accounts.named(asked.account) if asked.account else None

    def notice(self, session: str, text: str) -> None:
        """A line of the bridge itself in a session; it does not leave the editor."""
        self._sessions.add(
            session,
            Message(self._chance.new_id(), Role.NOTICE, "dingbridge", text, self._chance.now()),
        )

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.Event(name, data))


def _filled(text: str) -> str:
    text = well_formed(text)
    if not text.strip():
        raise BridgeError("there is nothing to send")
    return text
