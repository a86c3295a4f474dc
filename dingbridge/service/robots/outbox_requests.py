"""The editors' requests about a robot's outbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import message_rows, recall
from dingbridge.core.delivery.message_rows import MessageRow
from dingbridge.core.delivery.outbox import Outbox
from dingbridge.protocol.updates import MessageCommand
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.conversations import Conversations
from dingbridge.service.robots.message_recalls import MessageRecalls
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.robot_outbox import RobotOutbox
from dingbridge.service.robots.robot_requests import (
    Drop,
    ListMessages,
    QueryDeliveries,
    RecallMessage,
    Retry,
    SendMessage,
    ShowOutbox,
    Withdraw,
)

OutboxRequest = (
    SendMessage
    | QueryDeliveries
    | Retry
    | Drop
    | Withdraw
    | RecallMessage
    | ListMessages
    | ShowOutbox
)


class OutboxRequests:
    """Carries out requests and answers the member that made them. Service loop only.

    `messages` are those of the outbox; `notify` sends news to one member.
    """

    def __init__(
        self,
        outbox: RobotOutbox,
        messages: Outbox,
        conversations: Conversations,
        recalls: MessageRecalls,
        notify: Callable[[int, News], None],
    ) -> None:
        self._outbox = outbox
        self._messages = messages
        self._conversations = conversations
        self._recalls = recalls
        self._notify = notify

    def carry_out(self, member: int, request: OutboxRequest) -> None:
        """Carry out a member's request."""
        match request:
            case SendMessage():
                outbound = self._conversations.addressed(request.outbound, request.session)
                self._outbox.send(structs.replace(request, outbound=outbound))
            case QueryDeliveries(session=session, ids=ids):
                self._outbox.answer_known(session, ids)
            case Retry(id=message):
                ids, answers = self._outbox.retry(message)
                for news in (robot_news.TriedAgain(ids), *answers):
                    self._notify(member, news)
            case Drop(id=message):
                if problem := self._outbox.drop(message):
                    self._notify(member, robot_news.Notice(problem, "error"))
            case Withdraw(id=message):
                self._outbox.withdraw(message)
            case RecallMessage(id=message) if self._outbox.is_open(message):
                notice = robot_news.Notice(say.NOT_SENT_YET(id=message), "error")
                self._notify(member, notice)
            case RecallMessage(id=message):
                is_known = self._outbox.knows(message)
                self._recalls.recall(message, partial(self._notify, member), known=is_known)
            case ListMessages(command="recall"):
                self._offer(member, "recall", message_rows.sent(self._recalls.recallable()))
            case ListMessages(command=command):
                self._offer(member, command, message_rows.of_outbox(self._messages))
            case ShowOutbox(prefix=prefix):
                lines = self._outbox.describe(prefix)
                self._notify(member, robot_news.OutboxLines(lines))

    def _offer(self, member: int, command: MessageCommand, rows: tuple[MessageRow, ...]) -> None:
        if rows:
            self._notify(member, robot_news.MessageChoice(command, rows))
        elif command == "recall":
            self._notify(member, robot_news.Notice(say.NONE_RECALLABLE(hours=recall.HOURS)))
        else:
            self._notify(member, robot_news.Notice(say.NONE_IN_OUTBOX()))
