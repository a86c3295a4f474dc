"""What the bridge does: carries out commands, takes messages in, sends messages out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, structs

from dingbridge.bridge import updates
from dingbridge.bridge.binding import Account
from dingbridge.bridge.deliveries import Deliveries
from dingbridge.bridge.ports import Ports
from dingbridge.bridge.responders import Responders
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import access, markdown
from dingbridge.core.commands import Call
from dingbridge.core.errors import BridgeError
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
from dingbridge.core.patience import REFUSAL_EVERY
from dingbridge.core.settings import Options
from dingbridge.core.state import State, with_refused, with_seen
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

    def __init__(self, ports: Ports, state: State, known: list[SessionInfo]) -> None:
        self._editor = ports.editor
        self._storage = ports.storage
        self._programs = ports.programs
        self._chance = ports.chance
        self._robot = ports.robot
        self._log_path = ports.log_path
        self._refused = dict(state.refused)
        self._strangers = 0
        self.sessions = Sessions(ports.editor, ports.storage, ports.chance, known)
        self.deliveries = Deliveries()
        self.account = Account(ports, self.sessions, state, self._tell_status)
        self.responders = Responders(ports.editor, ports.programs)

    # --- commands -------------------------------------------------------------------------------

    def command(self, call: Call, place: Place) -> None:
        """Carry out a subcommand. Raises `BridgeError` for what cannot be done."""
        actions: dict[str, Callable[[str, Place], None]] = {
            "": self._open_current,
            "new": lambda title, _: self.sessions.open(self.sessions.new(title)),
            "list": lambda _, __: self._editor.show(updates.Pick()),
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
            "status": lambda _, __: self._say(self.account.describe(self.deliveries)),
            "log": lambda _, __: self._editor.show(updates.Edit(self._log_path)),
            "stop": lambda _, __: self._stop_answer(),
        }
        actions[call.name](call.argument, place)

    def _open_current(self, _: str, place: Place) -> None:
        session = self._current_or_none(place) or self.sessions.new("")
        self.sessions.open(session)

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
        if not session:
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
        self._put(outbound, "")

    def _add_and_send(
        self, session: str, message: Message, target: Target | None, *, goes: bool
    ) -> None:
        if not goes:
            self.sessions.add(session, message)
            return
        why_not = "" if target else self.account.why_no_target()
        if target is None:
            failed = structs.replace(message, delivery=Delivery.FAILED, reason=why_not)
            self.sessions.add(session, failed)
            self.deliveries.failed += 1
            self.deliveries.last_error = why_not
            self._event("DingbridgeFailed", id=message.id, session=session, reason=why_not)
            self._tell_status()
            return
        self.sessions.add(session, structs.replace(message, delivery=Delivery.QUEUED))
        self._put(Outbound(message.id, target, message.text, markdown.title(message.text)), session)

    def _put(self, outbound: Outbound, session: str) -> None:
        self.deliveries.add(outbound, session)
        self._robot.put(outbound)
        self._tell_status()

    def delivered(self, report: DeliveryReport) -> None:
        """News of an outbound message from the queue."""
        session = self.deliveries.settle(report)
        if session is None:
            return
        reason = report.reason
        if report.delivery is Delivery.SENDING and report.chunks > 1:
            reason = f"{report.sent_chunks}/{report.chunks}"
        if session in self.sessions:
            self.sessions.settle(session, report.message_id, report.delivery, reason)
        if report.delivery is Delivery.SENT:
            self._event("DingbridgeDelivered", id=report.message_id, session=session)
        if report.delivery is Delivery.FAILED:
            self._say(f"not delivered: {reason}", "error")
            self._event("DingbridgeFailed", id=report.message_id, session=session, reason=reason)
        self._tell_status()

    # --- in -------------------------------------------------------------------------------------

    def arrived(self, inbound: Inbound, key: str) -> None:
        """A robot message that was not seen before."""
        now = self._chance.now()
        self._storage.change(lambda state: with_seen(state, {key: now}, now))
        log.info(
            "message from staff id %s (%s), conversationId %s",
            inbound.sender.staff_id or "-",
            inbound.sender.sender_id,
            inbound.conversation.id,
        )
        log.debug("its text: %s", inbound.text)
        match access.admit(inbound, self.account.options.allow_from):
            case access.NotForUs(reason=reason):
                log.debug("passed over: %s", reason)
            case access.Stranger(refusal=refusal):
                self._refuse(inbound, refusal, now)
            case access.Admitted():
                self._take(inbound)

    def _refuse(self, inbound: Inbound, refusal: str, now: float) -> None:
        identity = inbound.sender.identity
        self._strangers += 1
        log.warning("refused %s: not in allow_from", identity)
        if self._refused.get(identity, 0.0) <= now - REFUSAL_EVERY:
            self._refused[identity] = now
            self._storage.change(lambda state: with_refused(state, identity, now))
            self._answer_outside(inbound, refusal)
        self._tell_status()

    def _answer_outside(self, inbound: Inbound, text: str) -> None:
        """An answer of the bridge itself, which is part of no session."""
        target = reply_target(inbound)
        self._put(Outbound(self._chance.new_id(), target, text, markdown.title(text)), "")

    def _take(self, inbound: Inbound) -> None:
        session = self.sessions.bound
        if not session:
            self._answer_outside(inbound, "现在没有打开的会话。No session is bound at the moment.")
            return
        target = reply_target(inbound)
        self.account.spoke(target)
        author = inbound.sender.nick
        if inbound.conversation.kind is ConversationKind.GROUP and inbound.conversation.title:
            author = f"{author} · {inbound.conversation.title}"
        message = Message(
            self._chance.new_id(), Role.DINGTALK, author, inbound.text, inbound.created
        )
        self.sessions.add(session, message)
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
        self.responders.ask(session, message, target)

    # --- answers of a responder -----------------------------------------------------------------

    def replied(self, request: str, text: str) -> None:
        """The responder's answer, or one of several, to an earlier message."""
        text = well_formed(text)
        asked = self.responders.asked(request)
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
        log.error("no answer from the responder: %s", failure)
        if asked is None or asked.session not in self.sessions:
            return
        self.notice(asked.session, f"No answer: {failure}.")
        if asked.target != Target():
            words = (
                "抱歉，处理您的消息时出错了。Sorry, something went wrong processing your message."
            )
            self._put(
                Outbound(self._chance.new_id(), asked.target, words, markdown.title(words)), ""
            )

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

    def trouble(self, sentence: str) -> None:
        """Something that came in could not be used."""
        self.deliveries.last_error = sentence
        self._say(sentence, "warn")
        self._tell_status()

    def _tell_status(self) -> None:
        self._editor.show(self.account.status(self.deliveries, self._strangers))

    def _say(self, text: str, level: updates.Level = "info") -> None:
        self._editor.show(updates.Say(text, level))

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.Event(name, data))


def reply_target(inbound: Inbound) -> Target:
    """The conversation a message came from, as a place to answer in."""
    group = inbound.conversation.kind is ConversationKind.GROUP
    return Target(
        conversation_id=inbound.conversation.id if group else "",
        user_id="" if group else inbound.sender.staff_id,
        robot_code=inbound.robot_code,
        session_webhook=inbound.session_webhook,
        label=inbound.conversation.title or inbound.sender.nick if group else inbound.sender.nick,
    )
