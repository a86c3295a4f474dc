"""A hub of one robot whose ports record what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import outbox
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage
from dingbridge.core.delivery.outbox_records import Failed, OutboxRecord, Purpose, Queued
from dingbridge.core.delivery.reactions import Reaction
from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.cards import ButtonCard
from dingbridge.core.errors import DeliveryError
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Delivery,
    Inbound,
    Message,
    Outbound,
    Role,
    Sender,
    SessionWebhook,
    Target,
)
from dingbridge.core.options.settings import read
from dingbridge.core.questions import Question
from dingbridge.core.sessions import inbox, transcript
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.state import Binding, State
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.hub import Hub
from dingbridge.service.robots.hub_ports import HubPorts
from dingbridge.service.robots.robot_news import Deliver, DeliveryUpdate, News, Turn
from dingbridge.service.robots.robot_requests import Hello, SendMessage

DROPPED = say.DROPPED_BY_YOU()
ROBOT = "robot"
NOW = 1_800_000_000.0
APP = {
    "app_key": "dingabc",
    "app_secret": "a-secret",
    "allow_from": ["zhangsan"],
    "dm": {"policy": "allowlist"},
    "group_policy": "open",
    "commands": ["*"],
}
TEAM = Conversation("cidTEAM==", ConversationKind.GROUP, "Team")
SINGLE = Conversation("cidZS==", ConversationKind.SINGLE)
TARGET = Target(user_id="zhangsan")
N = TypeVar("N")
OWN = 0
"""The member that joins first."""


class RecordedRobot:
    """A robot with recording ports. The test decides when the disk is done."""

    def __init__(
        self, state: State | None = None, box: Outbox | None = None, **options: Any
    ) -> None:
        self.robot = ROBOT
        self.time = NOW
        self.slow = False
        self.unwritten: list[Callable[[], None]] = []
        self.written: list[OutboxRecord | inbox.InboxRecord] = []
        self.told_fates: list[tuple[str, str, Delivery, str]] = []
        self.forgotten: list[str] = []
        self.state = state or State()
        self.queue: list[QueuedMessage] = []
        self.under_way: set[str] = set()
        self.let_go: list[str] = []
        self.hurried = 0
        self.pauses = False
        self.reactions: list[str] = []
        self.recalls: list[tuple[tuple[RecallCall, ...], Callable[[str], None]]] = []
        self.cards: list[ButtonCard] = []
        self.ended_cards: list[tuple[str, str]] = []
        self.card_results: list[Callable[[DeliveryError | None], None]] = []
        self.is_idle = True
        self.linked = False
        self.others: set[str] = set()
        self.ended: dict[str, tuple[Message, ...]] = {}
        self.left: tuple[Queued, ...] = ()
        self.told: dict[int, list[News]] = {}
        self._ids = 0
        # What each member's editor shows, and when its user was active last.
        self.shown: set[tuple[int, str]] = set()
        self.active: dict[int, float] = {}
        self.timers: list[Callable[[], None]] = []
        # What is to happen in a minute or later, with its time.
        self.planned: list[tuple[float, Callable[[], None]]] = []
        self.approvals = Approvals(self, lambda _, call: self.timers.append(call))
        ports = HubPorts(
            records=self,
            queue=self,
            link=self,
            runtime=self,
            notify=self._notify,
            reactions=self,
            attends=self._attends,
            later=self._later,
            recalls=self,
            cards=self,
            approvals=self.approvals,
        )
        self.hub = Hub(ROBOT, ports, read({**APP, **options}, {}), self.state, box or Outbox())

    # --- its ports: records, queue, link, runtime, tell, reactions ---

    def outbox(self, record: OutboxRecord, then: Callable[[], None]) -> None:
        self._write(record, then)

    def received(self, received: inbox.Received, then: Callable[[], None]) -> None:
        self._write(received, then)

    def routed(self, key: str, session: str, then: Callable[[], None]) -> None:
        self._write(inbox.Routed(key, session), then)

    def asked(
        self, key: str, session: str, by: inbox.ResponderKind, then: Callable[[], None]
    ) -> None:
        self._write(inbox.Asked(key, session, by), then)

    def handed(self, key: str) -> None:
        self.written.append(inbox.Handed(key))

    def fates(self, session: str, ends: tuple[transcript.DeliveryLine, ...]) -> None:
        self.told_fates.extend((session, end.id, end.delivery, end.reason) for end in ends)

    def forget_file(self, message: str) -> None:
        self.forgotten.append(message)

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        self.state = change(self.state)
        if self.slow:
            self.unwritten.append(then)
        else:
            then()

    def soon(self, change: Callable[[State], State]) -> None:
        self.state = change(self.state)

    def settled(self, then: Callable[[], None]) -> None:
        if self.slow:
            self.unwritten.append(then)
        else:
            then()

    def traces(
        self,
        session: str,
        messages: tuple[str, ...],
        then: Callable[[set[str], tuple[Message, ...]], None],
    ) -> None:
        def look() -> None:
            then(self.others & set(messages), self.ended.get(session, ()))

        if self.slow:
            self.unwritten.append(look)
        else:
            look()

    def look(self, then: Callable[[tuple[Queued, ...]], None]) -> None:
        if self.slow:
            self.unwritten.append(lambda: then(self.left))
        else:
            then(self.left)

    def put(self, waiting: QueuedMessage) -> None:
        self.queue.append(waiting)

    def drop(self, message: str) -> bool:
        waited = message not in {*self.under_way, *self.let_go}
        self.let_go.append(message)
        return waited

    def hurry(self) -> bool:
        self.hurried += 1
        return self.pauses

    def connect(self) -> None:
        self.linked = True

    def disconnect(self) -> None:
        self.linked = False

    def react(self, reaction: Reaction) -> None:
        self.reactions.append(f"{reaction.name} {reaction.message_id}")

    def unreact(self, message_id: str) -> None:
        self.reactions.append(f"done {message_id}")

    def idle(self, *, idle: bool) -> None:
        self.is_idle = idle

    def recall(self, calls: tuple[RecallCall, ...], then: Callable[[str], None]) -> None:
        self.recalls.append((calls, then))

    def create(self, card: ButtonCard, then: Callable[[DeliveryError | None], None]) -> None:
        self.cards.append(card)
        self.card_results.append(then)

    def end(self, track: str, text: str, then: Callable[[DeliveryError | None], None]) -> None:
        self.ended_cards.append((track, text))
        self.card_results.append(then)

    def now(self) -> float:
        return self.time

    def new_id(self) -> str:
        self._ids += 1
        return f"own{self._ids}"

    def below(self, limit: int) -> int:
        self._ids += 1
        return self._ids % limit

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        if seconds < 60:
            call()
        else:
            self.planned.append((self.time + seconds, call))

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and do what was planned for it."""
        self.time += seconds
        due = [call for time, call in self.planned if time <= self.time]
        self.planned = [one for one in self.planned if one[0] > self.time]
        for call in due:
            call()

    def _notify(self, member: int, news: News) -> None:
        self.told.setdefault(member, []).append(news)

    def _attends(self, member: int, session: str) -> tuple[bool, float]:
        return (member, session) in self.shown, self.active.get(member, 0.0)

    def _write(self, record: OutboxRecord | inbox.InboxRecord, then: Callable[[], None]) -> None:
        def done() -> None:
            self.written.append(record)
            then()

        if self.slow:
            self.unwritten.append(done)
        else:
            done()

    def catch_up(self) -> None:
        """Let the disk complete all writes."""
        while self.unwritten:
            self.unwritten.pop(0)()

    # --- what a test does ---

    def ask(self, member: int, *asks: robot_requests.Ask) -> None:
        for ask in asks:
            self.hub.ask(member, ask)

    def join(self, member: int, cwd: str = "/p", bound: str = "") -> None:
        self.ask(member, Hello(100 + member, cwd, bound, f"Title of {bound}" if bound else ""))

    def say(
        self,
        text: str,
        conversation: Conversation = SINGLE,
        who: str = "zhangsan",
        key: str = "",
    ) -> str:
        """Somebody writes to the robot. Returns the message's key."""
        self._ids += 1
        key = key or f"robot/m{self._ids}"
        self.hub.arrived([received(key, text, conversation, who, self.time)])
        return key

    def send(self, member: int, message: str, session: str = "s1", text: str = "hello") -> None:
        self.ask(member, SendMessage(Outbound(message, TARGET, text), Purpose.REPLY, session))

    def heard(self, member: int, kind: type[N]) -> list[N]:
        return [news for news in self.told.get(member, []) if isinstance(news, kind)]

    def delivered(self, member: int) -> list[tuple[str, str, bool]]:
        """Session, text and `again` of the messages delivered to an editor."""
        found = self.heard(member, Deliver)
        return [(news.session, news.inbound.text, news.again) for news in found]

    def forget(self) -> None:
        """Forget what was recorded so far."""
        self.told.clear()

    def answers(self) -> list[str]:
        """Texts of the bridge itself, in the order in which they were queued."""
        return [waiting.outbound.text for waiting in self.queue if not waiting.session]

    def fates_of(self, member: int, message: str) -> list[tuple[Delivery, str]]:
        reports = [news.report for news in self.heard(member, DeliveryUpdate)]
        return [(r.delivery, r.reason) for r in reports if r.message_id == message]

    def of_disk(self) -> RecordedRobot:
        """The robot in the next service, after this one was killed: it knows only the disk."""
        records = [one for one in self.written if isinstance(one, OutboxRecord)]
        return RecordedRobot(self.state, outbox.fold(records))


def received(
    key: str,
    text: str = "hi",
    conversation: Conversation = SINGLE,
    who: str = "zhangsan",
    at: float = NOW,
) -> Received:
    webhook = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=s", NOW + 3600)
    inbound = Inbound(
        id=key,
        robot_code="dingabc",
        conversation=conversation,
        sender=Sender(who, f"$:{who}", who.title()),
        mentioned=True,
        msgtype="text",
        text=text,
        created=at,
        session_webhook=webhook,
    )
    return Received("dingabc", key, inbound, at)


def bindings(*found: Binding) -> State:
    return State(bindings={binding.session: binding for binding in found})


def question(session: str = "s1") -> Turn:
    message = Message("q1", Role.DINGTALK, "Li Si", "hello", NOW)
    return Turn(Question(session=session, message=message), TARGET, "lisi")


def lost(robot: RecordedRobot, *messages: str) -> None:
    """Let these messages fail after an attempt without an answer."""
    for message in messages:
        robot.send(1, message, "s2")
        robot.hub.outgoing.heard((Attempted(message, 0, 5, Route.SINGLE),))
        robot.hub.outgoing.heard((Failed(message, "It may have arrived", NOW),))
    robot.queue.clear()
