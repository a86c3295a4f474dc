"""What the bridge does: carries out commands, takes messages in, sends messages out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, structs

from dingbridge.bridge import updates
from dingbridge.bridge.binding import Account
from dingbridge.bridge.ports import Ports
from dingbridge.bridge.responders import Responders
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import exchange, inbox, markdown, routing
from dingbridge.core.commands import Call
from dingbridge.core.errors import BridgeError
from dingbridge.core.link import LinkState
from dingbridge.core.messages import (
    At,
    ConversationKind,
    Delivery,
    DeliveryReport,
    Inbound,
    Message,
    Outbound,
    Role,
    Target,
)
from dingbridge.core.outbox import Kind
from dingbridge.core.settings import Options
from dingbridge.core.text import well_formed
from dingbridge.core.transcript import SessionInfo

log = logging.getLogger(__name__)


class Place(Struct, frozen=True):
    """Where in the editor a command was given. `session` is that of the chat the user is in or
    was in last; `lines` are those of the range, empty without one; `cwd` is the editor's."""

    session: str = ""
    cwd: str = ""
    file: str = ""
    filetype: str = ""
    first_line: int = 0
    last_line: int = 0
    lines: tuple[str, ...] = ()

    @property
    def block(self) -> str:
        """The range as a fenced block with its file name, language and line numbers."""
        if not self.lines:
            return ""
        code = "\n".join(self.lines)
        return markdown.fenced(code, self.file, self.filetype, self.first_line, self.last_line)


class Bridge:
    """The application. Host loop only; every method returns at once."""

    def __init__(self, ports: Ports, known: list[SessionInfo]) -> None:
        self._editor = ports.editor
        self._storage = ports.storage
        self._chance = ports.chance
        self._log_path = ports.log_path
        self._last_error = ""
        self.sessions = Sessions(ports.editor, ports.storage, ports.chance, known)
        self.account = Account(ports, self.sessions, self._tell_status)
        self.member = self.account.member
        self.responders = Responders(ports.editor, ports.programs)
        self.sessions.unsettled = lambda session, ids: self.member.tell(
            exchange.Known(session, ids)
        )

    # --- commands -------------------------------------------------------------------------------

    def command(self, call: Call, place: Place) -> None:
        """Carry out a subcommand. Raises `BridgeError` for what cannot be done."""
        actions: dict[str, Callable[[str, Place], None]] = {
            "": self._open_current,
            "new": lambda title, _: self.sessions.open(self.sessions.new(title)),
            "list": lambda _, __: self._storage.list(self._pick),
            "open": lambda session, _: self.sessions.open(session),
            "next": lambda _, at: self._step(at, 1),
            "prev": lambda _, at: self._step(at, -1),
            "clear": lambda _, at: self.sessions.clear(self._current(at)),
            "delete": lambda _, at: self._delete(self._current(at)),
            "save": self._save,
            "load": self._load,
            "send": self._send,
            "bridge": self._bind,
            "unbridge": lambda _, __: self.account.unbind(),
            "notify": self._notify,
            "status": lambda _, __: self._say(self.account.describe(self._last_error)),
            "outbox": lambda _, __: self._ask_owner(exchange.ShowOutbox()),
            "retry": lambda message, _: self._ask_owner(exchange.Retry(message)),
            "drop": lambda message, _: self._ask_owner(exchange.Drop(message)),
            "log": lambda _, __: self._editor.show(updates.Edit(self._log_path)),
            "stop": lambda _, __: self._stop_answer(),
        }
        actions[call.name](call.argument, place)

    def _open_current(self, _: str, place: Place) -> None:
        session = self._current_or_none(place) or self.sessions.new("")
        self.sessions.open(session)

    def _pick(self, infos: list[SessionInfo]) -> None:
        self.sessions.refresh(infos)
        self._editor.show(updates.Pick())

    def _ask_owner(self, ask: exchange.Ask) -> None:
        self.account.need_mode()
        self.member.tell(ask)

    def _step(self, place: Place, step: int) -> None:
        self.sessions.open(self.sessions.neighbour(self._current_or_none(place), step))

    def _delete(self, session: str) -> None:
        if session == self.sessions.bound:
            self.account.unbind()
        title = self.sessions.title(session)
        self.sessions.delete(session)
        self._say(f"“{title}” was deleted; its transcript is in the sessions' trash folder")

    def _save(self, name: str, place: Place) -> None:
        target = Path(place.cwd, os.path.expanduser(name))
        self._storage.save(self._current(place), target, lambda path: self._say(f"saved as {path}"))

    def _load(self, name: str, place: Place) -> None:
        session = f"loaded-{self._chance.new_id()[:12]}"
        source = Path(place.cwd, os.path.expanduser(name))
        self._storage.take_in(source, session, self.sessions.take_in)

    def _send(self, text: str, place: Place) -> None:
        body = "\n\n".join(part for part in (text, place.block) if part)
        if body:
            session = self._current_or_none(place) or self.sessions.new("")
            self.send(session, self._chance.new_id(), body)
        else:
            self._editor.show(updates.SendDraft(self._current(place)))

    def _notify(self, text: str, place: Place) -> None:
        body = "\n\n".join(part for part in (text, place.block) if part)
        self.notify(self._chance.new_id(), body)

    def _bind(self, _: str, place: Place) -> None:
        self.account.need_mode()
        session = self._current_or_none(place)
        if not session or not self.sessions.is_used(session):
            # The latest session on the disk may be one that another editor works in.
            session = self.sessions.new("")
            self.sessions.open(session)
        self.account.bind(session)

    def _stop_answer(self) -> None:
        if not self.responders.stop():
            raise BridgeError("no answer is being worked on")

    def _current_or_none(self, place: Place) -> str:
        if place.session in self.sessions:
            return place.session
        return self.sessions.current

    def _current(self, place: Place) -> str:
        session = self._current_or_none(place)
        if not session:
            raise BridgeError("there is no session yet", fix=":Chat starts one")
        return session

    # --- out ------------------------------------------------------------------------------------

    def send(self, session: str, message_id: str, text: str) -> None:
        """A message typed in the editor: into the transcript, and out when the session is bound."""
        text = well_formed(text)
        if not text.strip():
            raise BridgeError("there is nothing to send")
        session = session or self.sessions.current
        if session not in self.sessions:
            raise BridgeError("there is no such session", fix=":Chat starts one")
        self.sessions.watch(session)
        message = Message(message_id, Role.EDITOR, "You", text, self._chance.now())
        bound = session == self.sessions.bound
        self._add_and_send(session, message, self.account.target if bound else None, goes=bound)
        if not bound:
            self.responders.ask(session, message, Target())

    def notify(self, message_id: str, text: str, title: str = "", at: At = At()) -> None:  # noqa: B008 - At is immutable
        """A message outside any session, to the robot's group or the configured target."""
        text = well_formed(text)
        if not text.strip():
            raise BridgeError("there is nothing to send")
        self.account.need_mode()
        target = self.account.notify_target()
        if target is None:
            raise BridgeError(
                "there is nobody to notify",
                fix="set webhook, conversation_id or user_id",
            )
        outbound = Outbound(message_id, target, text, title or markdown.title(text), at)
        self._put(outbound, Kind.NOTIFICATION, "")

    def _add_and_send(
        self, session: str, message: Message, target: Target | None, *, goes: bool
    ) -> None:
        if not goes:
            self.sessions.add(session, message)
            return
        if target is None:
            why_not = self.account.why_no_target()
            failed = structs.replace(message, delivery=Delivery.FAILED, reason=why_not)
            self.sessions.add(session, failed)
            self._last_error = why_not
            self._event("DingbridgeFailed", id=message.id, session=session, reason=why_not)
            self._tell_status()
            return
        self.sessions.add(session, structs.replace(message, delivery=Delivery.QUEUED))
        outbound = Outbound(message.id, target, message.text, markdown.title(message.text))
        self._put(outbound, Kind.REPLY, session)

    def _put(self, outbound: Outbound, kind: Kind, session: str) -> None:
        self.member.send(exchange.Send(outbound, kind, session))
        self._tell_status()

    # --- news of the owner ----------------------------------------------------------------------

    def news(self, news: exchange.News) -> None:
        """A word of the robot's owner."""
        match news:
            case exchange.Restore(session=session, target=target):
                self.account.restore(session, target)
            case exchange.Bound(session=session):
                self.account.is_bound(session)
            case exchange.Released(session=session, by=pid):
                self.account.released(session, pid)
            case exchange.Fate(report=report, session=session):
                self._fate(report, session)
            case exchange.Deliver():
                self._take(news)
            case exchange.State():
                self.account.owner_is(news)
            case exchange.LinkNews(link=link, reason=reason, fix=fix):
                self.account.link_changed(LinkState(link), reason, fix)
            case exchange.Words(text=text, level=level):
                self._say(text, _level(level))

    def _fate(self, report: DeliveryReport, session: str) -> None:
        message, fate, reason = report.message_id, report.delivery, report.reason
        if self.member.answered(message):
            self._event("DingbridgeQueued", id=message, session=session)
        if fate is Delivery.SENDING and report.chunks > 1:
            reason = f"{report.sent_chunks}/{report.chunks}"
        if session in self.sessions:
            self.sessions.settle(session, message, fate, reason)
        # Every editor hears of every message; only one should speak of it.
        ours = self.member.sent(message) or (session and session == self.sessions.bound)
        if not ours:
            return
        if fate is Delivery.SENT:
            self._event("DingbridgeDelivered", id=message, session=session)
        if fate is Delivery.FAILED:
            self._say(f"not delivered: {reason}", "error")
            self._event("DingbridgeFailed", id=message, session=session, reason=reason)
        if fate in (Delivery.SENT, Delivery.FAILED):
            self.member.ended(message)

    def written_down(self) -> None:
        """The editor leaves, and what no owner had answered is in the journal for the next one."""
        for ask in self.member.unanswered:
            self.member.answered(ask.outbound.id)
            self._event("DingbridgeQueued", id=ask.outbound.id, session=ask.session)

    def _take(self, deliver: exchange.Deliver) -> None:
        """A robot message for a session here."""
        inbound, session = deliver.inbound, deliver.session
        target = routing.reply_target(inbound)
        author = inbound.sender.nick
        if inbound.conversation.kind is ConversationKind.GROUP and inbound.conversation.title:
            author = f"{author} · {inbound.conversation.title}"
        message = Message(
            inbox.message_id(deliver.key), Role.DINGTALK, author, inbound.text, inbound.created
        )
        if session == self.sessions.bound:
            self.account.spoke(target)
        else:
            title = self.sessions.title(session) if session in self.sessions else session
            self._say(f"a message came for “{title}”, which is not open in any editor")

        def taken(new: bool) -> None:
            self.member.tell(exchange.Handed(deliver.key))
            if new:
                self._arrived(session, message, inbound, target)

        self.sessions.arrive(session, message, again=deliver.again, then=taken)

    def _arrived(self, session: str, message: Message, inbound: Inbound, target: Target) -> None:
        self._event(
            "DingbridgeReceived",
            id=message.id,
            session=session,
            author=inbound.sender.nick,
            user_id=inbound.sender.identity,
            conversation_id=inbound.conversation.id,
            text=inbound.text,
        )
        self._tell_status()
        if self.responders.ask(session, message, target):
            self.member.work(busy=True)

    # --- answers of a responder -----------------------------------------------------------------

    def replied(self, request: str, text: str) -> None:
        """The responder's answer, or one of several, to an earlier message."""
        text = well_formed(text)
        asked = self.responders.asked(request)
        self.member.work(busy=False)
        if asked is None or asked.session not in self.sessions or not text.strip():
            return
        message = Message(
            self._chance.new_id(), Role.RESPONDER, "Responder", text, self._chance.now()
        )
        goes = asked.target != Target()
        self._add_and_send(asked.session, message, asked.target if goes else None, goes=goes)

    def could_not_reply(self, request: str, failure: str) -> None:
        """The responder gave no answer: say so on both sides, never fall silent."""
        failure = well_formed(failure)
        asked = self.responders.asked(request)
        self.member.work(busy=False)
        log.error("no answer from the responder: %s", failure)
        if asked is None or asked.session not in self.sessions:
            return
        self.notice(asked.session, f"No answer: {failure}.")
        if asked.target != Target():
            words = (
                "抱歉，处理您的消息时出错了。Sorry, something went wrong processing your message."
            )
            outbound = Outbound(self._chance.new_id(), asked.target, words, markdown.title(words))
            self._put(outbound, Kind.REPLY, "")

    def notice(self, session: str, text: str) -> None:
        """A line of the bridge itself in a session; it does not leave the editor."""
        self.sessions.add(
            session,
            Message(self._chance.new_id(), Role.NOTICE, "dingbridge", text, self._chance.now()),
        )

    # --- settings and status --------------------------------------------------------------------

    def configure(self, options: Options, problems: tuple[str, ...]) -> None:
        """Use these options from now on. `problems` are those that made them fall back."""
        self.responders.configure(options)
        self.account.configure(options, problems)

    def _tell_status(self) -> None:
        self._editor.show(self.account.status(self._last_error))

    def _say(self, text: str, level: updates.Level = "info") -> None:
        self._editor.show(updates.Say(text, level))

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.Event(name, data))


def _level(level: str) -> updates.Level:
    match level:
        case "warn" | "error":
            return level
    return "info"
