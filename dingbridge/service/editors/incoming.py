"""Takes one robot message into a transcript."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.delivery import routing
from dingbridge.core.messages import ConversationKind, Message, Role
from dingbridge.core.sessions import inbound_entry
from dingbridge.service.editors.arrival_events import ArrivalEvents
from dingbridge.service.editors.delivered_message import DeliveredMessage
from dingbridge.service.editors.incoming_files import IncomingFiles
from dingbridge.service.editors.incoming_question import IncomingQuestion
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.robots import robot_news, robot_requests


class Incoming:
    """One message. Service loop only.

    waiting ──its files are there──────────────────────▶ complete ──▶ a question to the responder
       └────they are late──▶ shown without them ──────────▶
    """

    def __init__(
        self,
        delivered: DeliveredMessage,
        files: IncomingFiles,
        question: IncomingQuestion,
        sessions: EditorSessions,
        events: ArrivalEvents,
    ) -> None:
        self.delivered = delivered
        self._files = files
        self._question = question
        self._sessions = sessions
        self._events = events
        deliver, inbound = delivered.deliver, delivered.deliver.inbound
        author = inbound.sender.nick
        if inbound.conversation.kind is ConversationKind.GROUP and inbound.conversation.title:
            author = f"{author} · {inbound.conversation.title}"
        self._message = delivered.account.destinations.marked(
            deliver.session,
            Message(delivered.id, Role.DINGTALK, author, "", inbound.created),
            routing.reply_target(inbound),
        )
        self._is_shown = False
        # It lets the next one of its conversation be shown; None while others are before it, and
        # once it has.
        self._let_show: Callable[[], None] | None = None

    def start(self) -> None:
        """Fetch the files of the message."""
        self._files.start(fetched=self._has_files, late=self._show)

    def give_up(self) -> None:
        """Somebody else takes it in: nothing waits for it any more."""
        self.delivered.is_over = True
        if self._let_show is not None:
            self._let_show()
        self._question.give_up()

    def _has_files(self) -> None:
        if self._is_shown and not self.delivered.is_over:
            self._complete()
        else:
            self._show()

    def next_to_show(self, done: Callable[[], None]) -> None:
        """All messages before it in its conversation are shown; `done` lets the next one be."""
        self._let_show = done
        if self.delivered.is_over:
            done()
        self._show()

    def _show(self) -> None:
        """Put it into the transcript, unless that was begun, or has to wait."""
        if self.delivered.is_over or self._let_show is None or not self._files.may_be_shown_without:
            return
        done, self._let_show = self._let_show, None
        deliver, has_all = self.delivered.deliver, self._files.fetched is not None
        self._write()

        def taken(new: bool) -> None:
            self._taken(new, has_all=has_all)

        self._sessions.arrive(deliver.session, self._message, again=deliver.again, then=taken)
        done()  # the disk keeps the order, and may fail for this one without the next

    def _write(self) -> None:
        inbound, fetched = self.delivered.deliver.inbound, self._files.fetched
        if fetched is None:
            text = inbound_entry.while_fetched(inbound)
        else:
            text = inbound_entry.text(inbound, fetched.paths, fetched.failures)
        self._message = structs.replace(self._message, text=text)

    def _taken(self, new: bool, *, has_all: bool) -> None:
        """The message is in the transcript: `new`, or since before a crash."""
        account, deliver = self.delivered.account, self.delivered.deliver
        if self.delivered.is_over:
            return
        self._is_shown = True
        if new:
            account.destinations.heard(deliver.session, deliver.inbound)
            self._events.appeared(deliver.session, self._message, deliver.inbound)
        else:
            account.destinations.met(deliver.session, routing.reply_target(deliver.inbound))
        self._question.wait_for_turn()
        if has_all and (new or not self._files.are_expected):
            self._whole(is_news=new)
            return
        if new:
            appeared = robot_news.Appeared(deliver.inbound, deliver.session)
            account.member.notify(robot_requests.InSession(appeared))
        if self._files.fetched is not None:
            self._complete()

    def _complete(self) -> None:
        """Bring the entry that stands without its files up to date."""
        self._write()
        self._sessions.complete(
            self.delivered.deliver.session,
            self._message.id,
            self._message.text,
            lambda: self._whole(is_news=True, has_appeared=True),
        )

    def _whole(self, *, is_news: bool, has_appeared: bool = False) -> None:
        account, deliver = self.delivered.account, self.delivered.deliver
        if self.delivered.is_over:
            return
        if is_news:
            arrived = robot_news.Arrived(
                deliver.inbound, deliver.session, self._message, self._files.paths, has_appeared
            )
            account.member.notify(robot_requests.InSession(arrived))
            self._events.received(account, arrived)
        self._question.complete()

    def may_ask(self) -> None:
        """It is on the disk that it is asked about."""
        self._question.ask(self._message, self._files.paths)
