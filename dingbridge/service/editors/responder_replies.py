"""Submits messages to the responder and sends its answers to the conversation of the question."""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec import UNSET, structs

from dingbridge.core.catalogue import remote as say
from dingbridge.core.catalogue import sessions as sessions_words
from dingbridge.core.delivery import mentions
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.routing import reply_target, robot_name
from dingbridge.core.messages import At, Message, Role, Target
from dingbridge.core.questions import Question, ReplyContext
from dingbridge.core.sessions import inbox
from dingbridge.core.text import tame, well_formed
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.backends import Backend, BackendAnswer, BackendQuestion
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.responders import Responders
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.typed_turns import TypedTurns
from dingbridge.service.editors.waiting_words import WaitingWords
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.robots.robot_news import Turn
from dingbridge.service.runtime import Later, Runtime

log = logging.getLogger(__name__)

LEASE_WITHIN = 2.0
"""Seconds for an editor to take up a question before another one gets it."""


class ResponderReplies:
    """Connects messages with the responder and its answers. Service loop only.

    asked ──answer or failure──▶ ended
      ├──not taken up within `LEASE_WITHIN`──▶ passed on to another editor
      └──the editor leaves (Lua), the service ends (program)──▶ given up
    """

    def __init__(
        self,
        runtime: Runtime,
        chats: Chats,
        responders: Responders,
        sending: Sending,
        later: Later,
    ) -> None:
        self._later = later
        self._has_left = False
        self._runtime = runtime
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        self._responders = responders
        self._sending = sending
        # Called when the program that works on a robot message ends, by request.
        self._at_end: dict[str, Callable[[], None]] = {}
        self.typed = TypedTurns(runtime)
        self.waiting = WaitingWords(chats.sessions, sending)

    def ask(
        self,
        session: str,
        message: Message,
        account: Account | None,
        target: Target,
        deliver: robot_news.Deliver | None = None,
        files: tuple[str, ...] = (),
        ended: Callable[[], None] | None = None,
    ) -> None:
        """Submit a message to the responder, if there is one.

        - `target` is where the answer goes.
        - `deliver` is the robot message; None for a typed one.
        - `files` are the absolute paths of its files.
        - `ended` is called when the program or agent has ended, or at once without one.
        """
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
        options = (account or self._accounts.of(session) or self._accounts.default).options
        at = mentions.asker(deliver.inbound) if deliver and options.mention_asker else At()
        backend = self._responders.backend(session, options)
        if ended is not None and backend is not None and backend.outlives_editor:
            self._at_end[message.id] = ended
            ended = None
        self.take(account, Turn(question, target, asker, at))
        if ended is not None:
            ended()

    def take(self, account: Account | None, turn: Turn) -> None:
        """Submit a question to the responder, if there is one."""
        session, request = turn.question.session, turn.question.message.id
        bound = account or self._accounts.of(session)
        options = (bound or self._accounts.default).options
        name = account.name if account is not None else ""
        # Whose admins may answer an approval, also of a turn that was typed here.
        robot = robot_name(options) if bound is not None else ""
        asked = ReplyContext(session, name, turn.target, turn.asker, turn.at, robot)
        backend = self._responders.backend(session, options)
        if self._has_left and backend is not None and not backend.outlives_editor:
            # The Lua function is gone, but the asker still waits.
            if account is not None:
                account.member.notify(robot_requests.Unanswered(turn, left=True))
            return

        def report(words: str) -> None:
            here = self._account(asked)
            if here is not None:
                self.waiting.note(here, asked.target, words)
            elif not asked.account:
                self.typed.tell(words)

        def answered(answer: BackendAnswer) -> None:
            self.answered(request, answer)

        if self._responders.ask(BackendQuestion(turn, asked, options, report, answered)):
            if not name:
                self.typed.begin(request)
            self._work(name, busy=True)
            self._later(LEASE_WITHIN, lambda: self._untaken(account, request))

    def has_turn(self, account: Account | None, session: str) -> bool:
        """Whether something still answers a message that waited for its turn in a session."""
        return session in self._sessions and self.backend(account, session) is not None

    def backend(self, account: Account | None, session: str) -> Backend | None:
        """What answers in a session; `account` is that of the message, if it came by one."""
        options = (account or self._accounts.of(session) or self._accounts.default).options
        return self._responders.backend(session, options)

    def has_agent(self, account: Account | None, session: str) -> bool:
        """Whether an agent answers in a session."""
        options = (account or self._accounts.of(session) or self._accounts.default).options
        return self._responders.has_agent(session, options)

    def _untaken(self, account: Account | None, request: str) -> None:
        """Let another editor answer as well: this one may hang."""
        turn = self._responders.untaken(request)
        if turn is not None and account is not None:
            account.member.notify(robot_requests.Unanswered(turn, left=False))

    def withdraw(self, request: str) -> None:
        """Another editor answers this question."""
        asked = self._responders.withdraw(request)
        if asked is not None:
            self._work(asked.account, busy=self._responders.is_busy(asked.account))

    def take_up(self, request: str, asked: ReplyContext) -> None:
        """The Lua function still works on a question that it got under an earlier service."""
        self._responders.take_up(request, asked)
        self._work(asked.account, busy=True)

    def replied(
        self, request: str, text: str, asked: ReplyContext | None = None, message_id: str = ""
    ) -> None:
        """Send an answer to an earlier message; there may be several.

        `asked` is the context that a Lua function got with the question. An answer with a known
        `message_id` is sent once.
        """
        self.answered(request, BackendAnswer(text), asked, message_id)

    def answered(
        self,
        request: str,
        answer: BackendAnswer,
        asked: ReplyContext | None = None,
        message_id: str = "",
    ) -> None:
        """The same, with what there is besides text."""
        text = tame(answer.text)
        asked = self._ended(request, asked)
        log.debug("the responder answers message %s with %d characters", request, len(text))
        if asked is not None and text.strip():
            whole = structs.replace(answer, text=text)
            self._reply(asked, whole, message_id or self._answer_id(request))
        self._notify_end(request)

    def _reply(self, asked: ReplyContext, answer: BackendAnswer, message_id: str) -> None:
        if asked.session not in self._sessions:
            self._answer_all_the_same(asked, answer.text, message_id)
            return
        message = Message(
            message_id,
            Role.RESPONDER,
            answer.author or sessions_words.RESPONDER(),
            answer.text,
            self._runtime.now(),
            steps=answer.steps or UNSET,
        )
        if answer.problem:
            self._sending.notice(asked.session, answer.problem)
        account = self._account(asked)
        if asked.account and account is None:
            why_not = self._accounts.why_gone(asked.account)
            self._sending.add_unsent(asked.account, asked.session, message, why_not)
        else:
            self._sending.add_and_send(account, asked.session, message, asked.target, asked.at)

    def could_not_reply(
        self, request: str, failure: str, asked: ReplyContext | None = None
    ) -> None:
        """The responder failed: say so in the session and in the conversation."""
        failure = well_formed(failure)
        asked = self._ended(request, asked)
        log.error("no answer from the responder: %s", failure)
        if asked is not None:
            if asked.session in self._sessions:
                self._sending.notice(asked.session, sessions_words.NO_ANSWER(reason=failure))
            self._answer_all_the_same(asked, say.SORRY(), self._answer_id(request))
        self._notify_end(request)

    def lost(self, account: Account, lost: robot_news.ProgramAnswerLost) -> None:
        """The service ended while a program worked on a message. Say so in the session and in the
        conversation; do not run the program again, since nobody knows what it did."""
        target = reply_target(lost.inbound)
        self._sending.answer(
            account, target, say.LOST(), Purpose.REPLY, inbox.answer_id(inbox.message_id(lost.key))
        )
        if lost.session in self._sessions:
            reason = sessions_words.SERVICE_ENDED(author=lost.inbound.sender.nick)
            self._sending.notice(lost.session, sessions_words.NO_ANSWER(reason=reason))
        account.member.notify(robot_requests.InTranscript(lost.key))

    def leave(self) -> None:
        """The editor leaves. Open questions of its Lua function go to another editor; without one,
        the asker gets an apology. Programs continue."""
        self._has_left = True
        for asked, turn in self._responders.give_up(outliving=False):
            account = self._account(asked)
            if account is not None and turn is not None:
                account.member.notify(robot_requests.Unanswered(turn, left=True))
            elif account is not None:
                self._sending.answer(account, asked.target, say.CLOSED())

    def end(self) -> None:
        """The service ends: questions to programs get an apology. The Lua function continues."""
        for asked, turn in self._responders.give_up(outliving=True):
            account = self._account(asked)
            request = turn.question.message.id if turn is not None else ""
            if account is not None:
                message = self._answer_id(request)
                self._sending.answer(account, asked.target, say.CLOSED(), message_id=message)
            self._notify_end(request)

    def _answer_all_the_same(self, asked: ReplyContext, text: str, message_id: str) -> None:
        """Answer in the conversation only: the session may be deleted, but the asker still
        waits."""
        account = self._account(asked)
        if account is not None:
            self._sending.answer(account, asked.target, text, Purpose.REPLY, message_id)

    def _answer_id(self, request: str) -> str:
        """The id of an answer. A program's answer to a robot message always gets the same one."""
        is_known = request in self._at_end
        return inbox.answer_id(request) if is_known else self._runtime.new_id()

    def _notify_end(self, request: str) -> None:
        """The program has ended and its answer is submitted."""
        if ended := self._at_end.pop(request, None):
            ended()

    def _ended(self, request: str, asked: ReplyContext | None) -> ReplyContext | None:
        asked = self._responders.asked(request, asked)
        self._responders.ended(request)
        info = self._sessions.info(asked.session) if asked is not None else None
        self.typed.end(request, info.title if info is not None else "")
        if asked is not None:
            self._work(asked.account, busy=self._responders.is_busy(asked.account))
        return asked

    def _work(self, account: str, *, busy: bool) -> None:
        for one in self._accounts:
            if one.name == account:
                one.member.work(busy=busy)

    def _account(self, asked: ReplyContext) -> Account | None:
        """The account of the question.

        None for a question from the editor, and if the account is gone or names another robot now:
        targets of one robot mean nothing to another one.
        """
        account = self._accounts.find(asked.account)
        if account is not None and robot_name(account.options) not in ("", asked.robot):
            log.warning("%s is another robot now: an answer does not go out by it", account.name)
            return None
        return account
