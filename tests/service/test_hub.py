"""The owner serves all editors of an app: routes what comes in, and says what became of the rest.

The ports of the hub are played by simple recordings, as its protocols ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from msgspec import structs

from dingbridge.core import robot_protocol
from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue import link
from dingbridge.core.catalogue import remote as remote_words
from dingbridge.core.delivery import outbox, requests
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import (
    Done,
    Dropped,
    Failed,
    Merged,
    Outbox,
    OutboxRecord,
    Purpose,
    Queued,
    QueuedMessage,
    Retried,
    Sent,
    Unmerged,
)
from dingbridge.core.delivery.reactions import Reaction
from dingbridge.core.delivery.routing import Route, of_session
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Delivery,
    DeliveryReport,
    Inbound,
    Message,
    Outbound,
    Question,
    Role,
    Sender,
    SessionWebhook,
    Target,
)
from dingbridge.core.options.settings import read
from dingbridge.core.robot_protocol import (
    AnswerInstead,
    Answers,
    AnswerWithdrawn,
    Arrived,
    Ask,
    Asking,
    Bind,
    Busy,
    CarryOut,
    Deliver,
    DeliveryUpdate,
    Deny,
    Drop,
    Hello,
    InSession,
    InTranscript,
    Known,
    LinkNews,
    MayAsk,
    News,
    Notice,
    OutboxLines,
    Pair,
    ProgramAnswerLost,
    Restore,
    Retry,
    Revoke,
    SendMessage,
    SessionBound,
    ShowOutbox,
    Turn,
    Unbind,
    Unbound,
)
from dingbridge.core.sessions import inbox, targets, transcript
from dingbridge.core.sessions.inbox import OpenMessage, Received
from dingbridge.core.sessions.state import Binding, State
from dingbridge.core.timeouts import DONE_REMEMBERED, REFUSAL_EVERY, SENDS_WITHIN
from dingbridge.service.robots.hub import Hub, HubPorts
from tests.support.costs import instructions

DROPPED = say.DROPPED_BY_YOU()
NEVER_LEFT = say.NEVER_LEFT()
NO_SESSION_WEBHOOK = link.NO_SESSION_WEBHOOK()
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


class Owner:
    """A hub whose ports record what it does. The disk is as slow as the test wants it to be."""

    def __init__(
        self, state: State | None = None, box: Outbox | None = None, **options: Any
    ) -> None:
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
        self.reactions: list[str] = []
        self.is_idle = True
        self.linked = False
        self.others: set[str] = set()
        self.ended: dict[str, tuple[Message, ...]] = {}
        self.left: tuple[Queued, ...] = ()
        self.told: dict[int, list[News]] = {}
        self._ids = 0
        # What each member's editor shows, and when its user was there last.
        self.shown: set[tuple[int, str]] = set()
        self.active: dict[int, float] = {}
        ports = HubPorts(
            self, self, self, self, self._notify, self, self._attends, lambda _, call: call()
        )
        self.hub = Hub(ROBOT, ports, read({**APP, **options}, {}), self.state, box or Outbox())

    # --- its ports: records, queue, link, chance, tell, reactions ---

    def outbox(self, record: OutboxRecord, then: Callable[[], None]) -> None:
        self._write(record, then)

    def received(self, received: inbox.Received, then: Callable[[], None]) -> None:
        self._write(received, then)

    def routed(self, key: str, session: str, then: Callable[[], None]) -> None:
        self._write(inbox.Routed(key, session), then)

    def asked(self, key: str, session: str, by: inbox.Answerer, then: Callable[[], None]) -> None:
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

    def connect(self) -> None:
        self.linked = True

    def disconnect(self) -> None:
        self.linked = False

    def react(self, reaction: Reaction, *, short: bool) -> None:
        self.reactions.append(f"{reaction.name} {reaction.message_id}{' short' if short else ''}")

    def unreact(self, message_id: str) -> None:
        self.reactions.append(f"done {message_id}")

    def idle(self, *, idle: bool) -> None:
        self.is_idle = idle

    def now(self) -> float:
        return self.time

    def new_id(self) -> str:
        self._ids += 1
        return f"own{self._ids}"

    def below(self, limit: int) -> int:
        self._ids += 1
        return self._ids % limit

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
        """The disk has written everything."""
        while self.unwritten:
            self.unwritten.pop(0)()

    # --- what a test does ---

    def ask(self, member: int, *asks: robot_protocol.Ask) -> None:
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
        """Somebody writes to the robot; returns the message's key."""
        self._ids += 1
        key = key or f"robot/m{self._ids}"
        self.hub.arrived([received(key, text, conversation, who, self.time)])
        return key

    def send(self, member: int, message: str, session: str = "s1", text: str = "hello") -> None:
        self.ask(member, SendMessage(Outbound(message, TARGET, text), Purpose.REPLY, session))

    def heard(self, member: int, kind: type[N]) -> list[N]:
        return [news for news in self.told.get(member, []) if isinstance(news, kind)]

    def delivered(self, member: int) -> list[tuple[str, str, bool]]:
        """Session, text and `again` of what an editor was given."""
        found = self.heard(member, Deliver)
        return [(news.session, news.inbound.text, news.again) for news in found]

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.told.clear()

    def answers(self) -> list[str]:
        """What the bridge itself said, in the order in which it was queued."""
        return [waiting.outbound.text for waiting in self.queue if not waiting.session]

    def fates_of(self, member: int, message: str) -> list[tuple[Delivery, str]]:
        reports = [news.report for news in self.heard(member, DeliveryUpdate)]
        return [(r.delivery, r.reason) for r in reports if r.message_id == message]

    def of_disk(self) -> Owner:
        """The owner that comes after this one was killed: it knows only what is on disk."""
        records = [one for one in self.written if isinstance(one, OutboxRecord)]
        return Owner(self.state, outbox.fold(records))


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


@pytest.fixture
def owner() -> Owner:
    """An owner with two editors: its own with s1 bound, and another with s2, bound later."""
    made = Owner()
    made.join(OWN, "/one")
    made.join(1, "/two")
    made.ask(OWN, Bind("s1", "First", "/one"))
    made.time += 1
    made.ask(1, Bind("s2", "Second", "/two"))
    made.hub.settled()
    made.forget()
    return made


# --- joining and leaving --------------------------------------------------------------------------


def test_an_editor_that_joins_learns_how_the_link_is_and_what_is_queued() -> None:
    owner = Owner()
    owner.join(OWN)
    owner.send(OWN, "m1")
    owner.join(1)
    assert owner.heard(1, Restore) == [Restore()]
    assert [news.link for news in owner.heard(1, LinkNews)] == ["off"]
    assert owner.heard(1, robot_protocol.RobotState)[-1].queued == 1


def test_who_has_not_said_hello_is_not_listened_to(owner: Owner) -> None:
    owner.send(7, "m1")
    owner.ask(7, Bind("s9", "Title", "/"))
    assert owner.queue == []
    assert "s9" not in owner.state.bindings
    owner.hub.leave(7)


def test_the_link_is_open_as_long_as_an_editor_has_a_session_bound() -> None:
    owner = Owner()
    owner.join(OWN)
    assert not owner.linked
    owner.ask(OWN, Bind("s1", "First", "/p"))
    assert owner.linked
    owner.join(1, bound="s2")
    owner.ask(OWN, Unbind("s1"))
    assert owner.linked
    owner.hub.leave(1)
    assert not owner.linked


def test_without_an_app_no_link_is_opened() -> None:
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"
    owner = Owner()
    owner.join(OWN, bound="s1")
    assert owner.linked
    owner.hub.configure(read({"webhook": webhook}, {}))
    assert not owner.linked


def test_a_link_that_is_no_longer_held_is_told_as_off(owner: Owner) -> None:
    owner.hub.link_changed(LinkState.CONNECTED, "", "")
    assert [news.link for news in owner.heard(1, LinkNews)] == ["connected"]
    owner.ask(OWN, Unbind("s1"))
    owner.ask(1, Unbind("s2"))
    assert [news.link for news in owner.heard(1, LinkNews)] == ["connected", "off"]


def bindings(*found: Binding) -> State:
    return State(bindings={binding.session: binding for binding in found})


def test_every_editor_takes_up_the_latest_binding_of_its_project_folder() -> None:
    owner = Owner(
        bindings(
            Binding("old", ROBOT, cwd="/p", time=1),
            Binding("new", ROBOT, cwd="/p", time=2, user_id="lisi", label="Li Si"),
            Binding("elsewhere", ROBOT, cwd="/q", time=9),
            Binding("other app", "another robot", cwd="/p", time=9),
        )
    )
    owner.join(OWN, "/p")
    owner.join(1, "/p")
    owner.join(2, "/r")
    assert owner.heard(OWN, Restore) == [Restore("new", Target(user_id="lisi", label="Li Si"))]
    assert owner.heard(1, Restore) == owner.heard(OWN, Restore)
    assert owner.heard(2, Restore) == [Restore()]
    assert owner.heard(2, robot_protocol.RobotState)[-1].bound == ("new",)
    assert owner.linked


def test_an_editor_that_has_a_session_bound_already_keeps_it() -> None:
    owner = Owner(bindings(Binding("s1", ROBOT, "Kept", "/p", 1, user_id="lisi")))
    owner.join(1, "/p", bound="s1")
    assert owner.heard(1, Restore) == []
    assert owner.state.bindings["s1"].user_id == "lisi"


def test_a_session_can_be_bound_in_two_editors_and_what_comes_is_for_the_one_used_last(
    owner: Owner,
) -> None:
    owner.ask(1, Bind("s1", "First", "/two"))
    assert set(owner.state.bindings) == {"s1"}
    for last, other in ((OWN, 1), (1, OWN)):
        owner.active = {last: 2.0, other: 1.0}
        owner.forget()
        owner.say("hello")
        assert owner.delivered(last) == [("s1", "hello", False)]
        assert owner.delivered(other) == []


def test_a_session_that_is_new_in_one_editor_does_not_release_what_another_one_has_bound(
    owner: Owner,
) -> None:
    owner.ask(1, Bind("s1", "First", "/two"))
    owner.ask(1, Bind("s3", "Third", "/two"))
    assert owner.heard(OWN, robot_protocol.RobotState)[-1].bound == ("s1", "s3")
    assert set(owner.state.bindings) == {"s1", "s3"}


def test_a_session_that_is_released_in_one_editor_is_released_in_all(owner: Owner) -> None:
    owner.ask(1, Bind("s1", "First", "/two"))
    owner.ask(OWN, Unbind("s1"))
    assert owner.heard(1, Unbound) == [Unbound("s1", 100)]
    assert owner.heard(OWN, Unbound) == []
    assert owner.heard(1, robot_protocol.RobotState)[-1].bound == ()
    assert owner.state.bindings == {}
    assert not owner.linked


def question(session: str = "s1") -> Turn:
    message = Message("q1", Role.DINGTALK, "Li Si", "hello", NOW)
    return Turn(Question(session=session, message=message), TARGET, "lisi")


def test_what_is_to_be_answered_goes_to_the_editor_with_a_responder(owner: Owner) -> None:
    owner.ask(1, Bind("s1", "First", "/two"))
    owner.ask(OWN, Answers(True))
    owner.active = {1: 2.0}
    owner.say("hello")
    owner.say("/where")
    assert owner.delivered(OWN) == [("s1", "hello", False)]
    assert [order.inbound.text for order in owner.heard(1, CarryOut)] == ["/where"]


def test_a_question_that_an_editor_does_not_take_up_goes_to_another_with_its_session(
    owner: Owner,
) -> None:
    owner.ask(OWN, Answers(True))
    owner.ask(1, Answers(True), robot_protocol.Unanswered(question(), left=False))
    # The first one has the session bound; the second shows it.
    assert owner.heard(OWN, AnswerInstead) == [
        AnswerInstead(structs.replace(question(), tried=(1,)))
    ]
    assert owner.heard(1, AnswerWithdrawn) == [AnswerWithdrawn("q1")]
    again = owner.heard(OWN, AnswerInstead)[0].turn
    owner.ask(OWN, robot_protocol.Unanswered(again, left=False))
    assert owner.heard(OWN, AnswerWithdrawn) == []
    assert owner.answers() == []


def test_who_asked_is_told_when_the_editor_leaves_and_no_other_can_answer(owner: Owner) -> None:
    # It has a responder, but neither bound nor shows the session: it may know nothing of it.
    owner.ask(1, Answers(True))
    owner.ask(OWN, robot_protocol.Unanswered(question(), left=True))
    assert owner.heard(1, AnswerInstead) == []
    assert owner.answers() == [remote_words.CLOSED()]
    owner.shown.add((1, "s1"))
    owner.ask(OWN, robot_protocol.Unanswered(question(), left=True))
    assert owner.heard(1, AnswerInstead) == [
        AnswerInstead(structs.replace(question(), tried=(OWN,)))
    ]
    assert owner.answers() == [remote_words.CLOSED()]


def test_a_command_that_an_editor_does_not_answer_is_carried_out_by_another_with_its_session(
    owner: Owner,
) -> None:
    owner.ask(1, Bind("s1", "First", "/two"))
    owner.active = {1: 2.0}
    owner.say("/where")
    [order] = owner.heard(1, CarryOut)
    owner.ask(1, robot_protocol.PassOn(order))
    assert owner.heard(1, AnswerWithdrawn) == [AnswerWithdrawn(order.key)]
    [passed] = owner.heard(OWN, CarryOut)
    assert passed == structs.replace(order, tried=(1,))
    # Nobody is left: it may yet answer.
    owner.ask(OWN, robot_protocol.PassOn(passed))
    assert owner.heard(OWN, AnswerWithdrawn) == []
    owner.ask(OWN, InTranscript(order.key))
    assert inbox.Handed(order.key) in owner.written


def test_what_is_new_in_a_session_is_told_to_all_other_editors(owner: Owner) -> None:
    owner.say("hello")
    [given] = owner.heard(1, Deliver)
    message = Message("m1", Role.DINGTALK, "Zhangsan", "hello", NOW)
    arrived = Arrived(given.inbound, given.session, message)
    owner.ask(1, InSession(arrived))
    assert owner.heard(OWN, Arrived) == [arrived]
    assert owner.heard(1, Arrived) == []


def test_what_an_editor_hands_over_while_it_is_looked_for_is_not_told_as_never_left(
    owner: Owner,
) -> None:
    owner.slow = True
    owner.ask(OWN, Known("s1", ("m1",)))
    owner.send(OWN, "m1")
    owner.catch_up()
    assert owner.fates_of(OWN, "m1") == [(Delivery.QUEUED, "")]


def test_what_an_editor_that_was_left_still_takes_in_is_given_to_no_other(owner: Owner) -> None:
    key = owner.say("hello")
    [given] = owner.heard(1, Deliver)
    owner.hub.retire(1)
    assert owner.delivered(OWN) == []
    message = Message("m1", Role.DINGTALK, "Zhangsan", "hello", NOW)
    owner.ask(1, InSession(Arrived(given.inbound, given.session, message)))
    owner.ask(1, InTranscript(key))
    owner.hub.leave(1)
    assert owner.delivered(OWN) == []
    assert [arrived.message for arrived in owner.heard(OWN, Arrived)] == [message]


def test_what_an_editor_that_was_left_did_not_take_in_after_all_goes_to_another(
    owner: Owner,
) -> None:
    owner.say("hello")
    owner.hub.retire(1)
    owner.hub.leave(1)
    assert [text for _, text, _ in owner.delivered(OWN)] == ["hello"]


def test_a_warning_pops_up_in_the_editor_that_was_used_last(owner: Owner) -> None:
    for last, other in ((OWN, 1), (1, OWN)):
        owner.active = {last: 2.0, other: 1.0}
        owner.forget()
        owner.hub.trouble("something is wrong", "")
        assert [words.text for words in owner.heard(last, Notice)] == ["something is wrong"]
        assert owner.heard(other, Notice) == []


def test_binding_another_session_in_the_same_editor_takes_the_conversations_along(
    owner: Owner,
) -> None:
    owner.say("/session s1")
    owner.ask(OWN, Bind("s3", "Third", "/one"))
    assert set(owner.state.bindings) == {"s2", "s3"}
    # Of those who speak to nobody, the session that was bound last hears.
    owner.time += 1
    owner.ask(1, Bind("s2", "Second", "/two"))
    owner.say("hello")
    assert owner.delivered(OWN) == [("s3", "hello", False)]


# --- routing --------------------------------------------------------------------------------------


def test_a_message_goes_to_the_session_that_was_bound_last_and_stays_with_it(owner: Owner) -> None:
    owner.say("first")
    owner.time += 1
    owner.ask(OWN, Bind("s1", "First", "/one"))
    owner.say("second")
    assert owner.delivered(1) == [("s2", "first", False), ("s2", "second", False)]
    assert owner.delivered(OWN) == []


def test_two_conversations_speak_to_two_sessions(owner: Owner) -> None:
    owner.say("/session 1", TEAM)
    owner.say("to one", TEAM)
    owner.say("to two", SINGLE)
    assert owner.delivered(OWN) == [("s1", "to one", False)]
    assert owner.delivered(1) == [("s2", "to two", False)]
    assert owner.state.conversations == {
        f"{ROBOT}/{TEAM.id}": "s1",
        f"{ROBOT}/{SINGLE.id}": "s2",
    }
    assert owner.state.bindings["s1"].conversation_id == TEAM.id
    assert owner.state.bindings["s2"].user_id == "zhangsan"


def test_the_secret_way_to_a_conversation_is_not_remembered(owner: Owner) -> None:
    owner.say("hello")
    target = owner.state.bindings["s2"].target
    assert target is not None
    assert target.session_webhook is None
    [deliver] = owner.heard(1, Deliver)
    assert deliver.inbound.session_webhook is not None


def test_no_secret_way_to_a_conversation_shows_when_a_word_is_logged(owner: Owner) -> None:
    owner.say("hello")
    [deliver] = owner.heard(1, Deliver)
    webhook = deliver.inbound.session_webhook
    assert webhook is not None
    send = SendMessage(Outbound("m1", Target(session_webhook=webhook), "hi"), Purpose.REPLY, "s1")
    assert webhook.url not in repr([deliver, send])


def test_a_command_is_carried_out_only_once_it_is_on_the_disk_that_it_may_have_been(
    owner: Owner,
) -> None:
    owner.slow = True
    key = owner.say("/clear")
    assert owner.heard(1, CarryOut) == []
    owner.catch_up()
    assert owner.written[-1] == inbox.Routed(key, "s2")
    assert [order.again for order in owner.heard(1, CarryOut)] == [False]


def test_a_message_does_not_overtake_the_command_before_it(owner: Owner) -> None:
    owner.slow = True
    owner.say("/clear")
    owner.say("first in the empty session")
    owner.say("/where")
    owner.say("after that")
    owner.catch_up()
    told = [one for one in owner.told[1] if isinstance(one, CarryOut | Deliver)]
    assert [one.inbound.text for one in told] == [
        "/clear",
        "first in the empty session",
        "/where",
        "after that",
    ]


def test_messages_that_come_together_are_all_brought_although_one_cannot_be(owner: Owner) -> None:
    batch = [received(name, name, SINGLE, "zhangsan", NOW) for name in ("one", "two", "three")]
    broken = structs.replace(batch[1], inbound=None)
    owner.hub._reception.arrived([batch[0], broken, batch[2]])  # a defect of ours, in one place
    assert [text for _, text, _ in owner.delivered(1)] == ["one", "three"]


def test_what_an_editor_has_put_into_its_transcript_is_done(owner: Owner) -> None:
    key = owner.say("hello")
    assert inbox.Handed(key) not in owner.written
    owner.ask(1, InTranscript(key))
    owner.ask(1, InTranscript(key))
    assert owner.written.count(inbox.Handed(key)) == 1
    owner.hub.leave(1)
    assert owner.delivered(OWN) == []


def test_what_an_editor_did_not_put_into_its_transcript_goes_to_another_when_it_leaves(
    owner: Owner,
) -> None:
    key = owner.say("one")
    owner.ask(1, InTranscript(key))
    owner.say("two")
    owner.say("three")
    owner.hub.leave(1)
    # To the same session: it may stand in that transcript already.
    assert owner.delivered(OWN) == [("s2", "two", True), ("s2", "three", True)]


def test_a_message_is_asked_about_once_that_is_on_the_disk(owner: Owner) -> None:
    key = owner.say("hello")
    owner.slow = True
    owner.ask(OWN, Asking(key, "program"))  # another one has it
    owner.ask(1, Asking(key, "program"))
    assert owner.heard(1, MayAsk) == []
    owner.catch_up()
    assert owner.heard(1, MayAsk) == [MayAsk(key)]
    assert owner.heard(OWN, MayAsk) == []
    assert inbox.Asked(key, "s2", "program") in owner.written


def test_what_a_program_was_asked_about_goes_to_no_other_editor(owner: Owner) -> None:
    by_program, by_function = owner.say("one"), owner.say("two")
    owner.ask(1, Asking(by_program, "program"))
    owner.ask(1, Asking(by_function, "function"))
    owner.hub.leave(1)
    assert owner.delivered(OWN) == []
    assert [(lost.key, lost.session) for lost in owner.heard(OWN, ProgramAnswerLost)] == [
        (by_program, "s2")
    ]
    assert inbox.Handed(by_function) in owner.written
    assert inbox.Handed(by_program) not in owner.written


@pytest.mark.parametrize("has_answered", [False, True])
def test_a_new_owner_has_it_told_that_an_answer_is_lost_unless_it_is_in_the_outbox(
    has_answered: bool,
) -> None:
    box = Outbox()
    answer = inbox.answer_id(inbox.message_id("a"))
    if has_answered:
        box.apply(Queued(ROBOT, Outbound(answer, TARGET, "the answer"), Purpose.REPLY, "s1", NOW))
    owner = Owner(bindings(Binding("s1", ROBOT, "First", "/p", 1)), box)
    owner.hub.start(
        {
            "a": OpenMessage(received("a", "question", at=NOW - 10), "s1", "program"),
            "b": OpenMessage(received("b", "of a function", at=NOW - 9), "s1", "function"),
            "c": OpenMessage(received("c", "asked about by nobody", at=NOW - 8), "s1"),
        }
    )
    owner.join(OWN, "/p")
    owner.hub.settled()
    assert [lost.key for lost in owner.heard(OWN, ProgramAnswerLost)] == (
        [] if has_answered else ["a"]
    )
    assert (inbox.Handed("a") in owner.written) == has_answered
    assert inbox.Handed("b") in owner.written
    assert owner.delivered(OWN) == [("s1", "asked about by nobody", True)]


def test_an_editor_that_leaves_while_a_command_is_written_down_takes_nothing_along(
    owner: Owner,
) -> None:
    owner.slow = True
    owner.say("/where")
    owner.say("hello")
    owner.hub.leave(1)
    owner.catch_up()
    assert [order.again for order in owner.heard(OWN, CarryOut)] == [False]
    assert owner.delivered(OWN) == [("s2", "hello", False)]


def test_when_everybody_leaves_a_message_waits_for_the_next_editor(owner: Owner) -> None:
    owner.slow = True
    owner.say("hello")
    owner.hub.leave(1)
    owner.hub.leave(OWN)
    owner.catch_up()
    owner.join(2, "/two")
    assert owner.delivered(2) == [("s2", "hello", True)]


def test_what_the_last_editor_had_not_put_into_its_transcript_goes_to_the_next_one(
    owner: Owner,
) -> None:
    owner.hub.leave(OWN)
    written_down = owner.say("written down")
    owner.say("hello")
    owner.ask(1, InTranscript(written_down))
    owner.hub.leave(1)
    owner.join(2, "/two")
    assert owner.delivered(2) == [("s2", "hello", True)]


def test_a_new_owner_hands_over_what_the_old_one_had_received() -> None:
    owner = Owner(bindings(Binding("s1", ROBOT, "First", "/p", 1)))
    owner.time += 60
    open_ = {
        "a": OpenMessage(received("a", "never routed", at=NOW - 10)),
        "b": OpenMessage(received("b", "routed", at=NOW - 9), "s1"),
        "c": OpenMessage(received("c", "to a closed session", at=NOW - 8), "s9"),
    }
    owner.hub.start(open_)
    assert owner.told == {}
    owner.join(OWN, "/p")
    owner.hub.settled()
    assert sorted(owner.delivered(OWN)) == [
        ("s1", "never routed", False),
        ("s1", "routed", True),
        ("s9", "to a closed session", True),
    ]


def test_a_new_owner_waits_a_while_for_the_editor_that_a_message_is_meant_for() -> None:
    state = State(
        bindings={name: Binding(name, ROBOT, name, f"/{name}", 1) for name in ("s1", "s2")},
        conversations={f"{ROBOT}/{SINGLE.id}": "s2"},
    )
    owner = Owner(state)
    owner.hub.start({"a": OpenMessage(received("a", "routed", at=NOW - 10), "s2")})
    owner.join(OWN, bound="s1")
    owner.say("for the other one")
    assert owner.delivered(OWN) == []
    owner.join(1, bound="s2")
    assert owner.delivered(1) == [("s2", "routed", True), ("s2", "for the other one", False)]
    owner.hub.settled()
    assert owner.delivered(OWN) == []


def test_an_editor_that_does_not_come_back_to_a_new_owner_gives_way_to_another() -> None:
    state = State(
        bindings={name: Binding(name, ROBOT, name, f"/{name}", 1) for name in ("s1", "s2")},
        conversations={f"{ROBOT}/{SINGLE.id}": "s2"},
    )
    owner = Owner(state)
    owner.hub.start({"a": OpenMessage(received("a", "routed", at=NOW - 10), "s2")})
    owner.join(OWN, bound="s1")
    owner.say("for anybody who is there")
    owner.hub.settled()
    # What was routed may stand in that transcript already and goes to no other one.
    assert owner.delivered(OWN) == [
        ("s2", "routed", True),
        ("s1", "for anybody who is there", False),
    ]


def test_what_an_old_owner_had_received_waits_until_a_session_is_bound() -> None:
    owner = Owner()
    owner.hub.start({"a": OpenMessage(received("a", "patient", at=NOW - 10))})
    owner.join(OWN, "/p")
    assert owner.delivered(OWN) == []
    assert owner.answers() == []
    owner.ask(OWN, Bind("s1", "First", "/p"))
    assert owner.delivered(OWN) == [("s1", "patient", False)]
    owner.join(1, "/q", bound="s2")
    assert owner.delivered(1) == []


def test_what_came_while_no_editor_was_there_waits_until_a_session_is_bound(owner: Owner) -> None:
    owner.hub.leave(OWN)
    owner.hub.leave(1)
    owner.say("is anybody there?")
    owner.join(7, "/elsewhere")
    assert owner.answers() == []
    owner.ask(7, Bind("s7", "Seventh", "/elsewhere"))
    assert owner.delivered(7) == [("s7", "is anybody there?", False)]


def test_without_a_bound_session_the_sender_is_told_so(owner: Owner) -> None:
    owner.ask(OWN, Unbind("s1"))
    owner.ask(1, Unbind("s2"))
    key = owner.say("anybody?")
    [answer] = owner.answers()
    assert "No session is bound" in answer
    assert inbox.Handed(key) in owner.written


# --- who may speak --------------------------------------------------------------------------------


def test_a_stranger_is_told_why_once_a_day_and_nobody_hears_the_message(owner: Owner) -> None:
    keys = [owner.say("let me in", who="mallory"), owner.say("please", who="mallory")]
    [answer] = owner.answers()
    assert "mallory" in answer
    assert owner.queue[0].outbound.target.user_id == "mallory"
    assert owner.delivered(OWN) == owner.delivered(1) == []
    assert [inbox.Handed(key) in owner.written for key in keys] == [True, True]
    assert owner.heard(1, robot_protocol.RobotState)[-1].refused == 2
    owner.time += REFUSAL_EVERY
    owner.say("again", who="mallory")
    assert len(owner.answers()) == 2


def test_a_stranger_is_told_why_in_each_conversation(owner: Owner) -> None:
    owner.say("let me in", who="mallory")
    owner.say("let me in", TEAM, who="mallory")
    owner.say("let me in", TEAM, who="mallory")
    assert [each.outbound.target.place for each in owner.queue] == ["mallory", TEAM.id]


def test_each_message_of_a_stranger_counts_once_also_when_too_many_ask(owner: Owner) -> None:
    pairing = {"dm": {"policy": "pairing"}, "group_policy": "allowlist"}
    owner.hub.configure(read({**APP, **pairing}, {}))
    groups = [Conversation(f"cid{n}==", ConversationKind.GROUP, "G") for n in range(9)]
    for group in groups:
        owner.say("let us in", group, who="mallory")
    asking = owner.heard(1, robot_protocol.PairingRequested)
    assert 0 < len(asking) < len(groups)
    assert owner.heard(1, robot_protocol.RobotState)[-1].refused == len(groups)


def test_a_stranger_cannot_list_or_choose_sessions(owner: Owner) -> None:
    owner.say("/list", who="mallory")
    owner.say("/session 1", who="mallory")
    assert not any("First" in answer for answer in owner.answers())
    assert owner.state.conversations == {}


def test_why_a_message_failed_is_told_to_an_admin_and_to_nobody_else(owner: Owner) -> None:
    options = {**APP, "allow_from": ["zhangsan", "lisi"], "admins": ["lisi"]}
    owner.hub.configure(read(options, {}))
    owner.send(OWN, "m1")
    owner.hub.outgoing.heard((Failed("m1", "the robot was taken away", NOW),))
    owner.say("/status")
    owner.say("/status", who="lisi")
    members, admins = owner.answers()
    assert "the robot was taken away" not in members
    assert "the robot was taken away" in admins


def test_why_a_message_failed_names_the_command_that_is_ours_in_every_neovim(owner: Owner) -> None:
    owner.hub.configure(read({**APP, "admins": ["zhangsan"]}, {}))
    owner.send(OWN, "m1")
    owner.hub.outgoing.heard((Failed("m1", "something went wrong, see :Chat log", NOW),))
    owner.say("/status")
    [answer] = owner.answers()
    assert "something went wrong, see :DingTalk log" in answer


# --- commands from DingTalk -----------------------------------------------------------------------


def test_the_list_spans_all_editors_with_their_folders_and_who_is_busy(owner: Owner) -> None:
    owner.ask(1, Busy(True))
    key = owner.say("/list")
    [answer] = owner.answers()
    assert answer.splitlines()[:2] == ["1. First · one", "2. Second · two (忙 busy) ←"]
    assert inbox.Handed(key) in owner.written
    assert owner.delivered(OWN) == owner.delivered(1) == []
    owner.ask(1, Busy(False))
    owner.say("/list")
    assert "busy" not in owner.answers()[-1]


def test_a_chosen_session_is_spoken_to_from_then_on(owner: Owner) -> None:
    owner.say("hello")
    owner.say("/session 1")
    assert "1. First · one ←" in owner.answers()[-1]
    owner.say("to the first")
    assert owner.delivered(1) == [("s2", "hello", False)]
    assert owner.delivered(OWN) == [("s1", "to the first", False)]


@pytest.mark.parametrize("wanted", ["3", "0", "s9", "9" * 900])
def test_a_session_that_there_is_not_changes_nothing_and_the_list_is_shown(
    owner: Owner, wanted: str
) -> None:
    owner.say(f"/session {wanted}")
    [answer] = owner.answers()
    assert "no such session" in answer
    assert "1. First" in answer
    assert owner.state.conversations == {}


def test_a_chosen_session_whose_editor_is_gone_gives_way_to_an_open_one(owner: Owner) -> None:
    owner.say("/session 2")
    owner.hub.leave(1)
    owner.say("hello")
    assert owner.delivered(OWN) == [("s1", "hello", False)]


# --- out ------------------------------------------------------------------------------------------


def test_a_message_is_queued_and_answered_once_it_is_on_the_disk(owner: Owner) -> None:
    owner.slow = True
    owner.send(1, "m1")
    assert owner.queue == []
    assert owner.fates_of(1, "m1") == []
    owner.catch_up()
    assert isinstance(owner.written[-1], Queued)
    assert [waiting.id for waiting in owner.queue] == ["m1"]
    assert owner.fates_of(1, "m1") == [(Delivery.QUEUED, "")]
    assert owner.heard(OWN, robot_protocol.RobotState)[-1].queued == 1


def test_something_is_sent_from_when_it_is_accepted_until_it_has_its_fate(owner: Owner) -> None:
    assert not owner.hub.is_sending(NOW)
    owner.slow = True
    owner.send(1, "m1")
    # Its editor may be left in the next moment.
    assert owner.hub.is_sending(NOW)
    owner.catch_up()
    assert owner.hub.is_sending(NOW)
    owner.hub.outgoing.heard((Done("m1", NOW),))
    assert not owner.hub.is_sending(NOW)


def test_something_may_be_sent_while_it_is_looked_for_what_an_editor_left(owner: Owner) -> None:
    owner.slow = True
    owner.hub.outgoing.look()
    assert owner.hub.is_sending(NOW)
    owner.catch_up()
    assert not owner.hub.is_sending(NOW)


def test_what_dingtalk_holds_up_for_longer_is_not_waited_for(owner: Owner) -> None:
    owner.send(1, "m1")
    owner.hub.cooling_down(NOW + SENDS_WITHIN, "too fast")
    assert owner.hub.is_sending(NOW)
    owner.hub.cooling_down(NOW + SENDS_WITHIN + 1, "for the rest of the day")
    assert not owner.hub.is_sending(NOW)


def test_a_message_that_is_handed_over_twice_is_queued_once(owner: Owner) -> None:
    owner.slow = True
    owner.send(1, "m1")
    owner.send(1, "m1")
    owner.catch_up()
    owner.send(1, "m1")
    assert [waiting.id for waiting in owner.queue] == ["m1"]
    assert set(owner.fates_of(1, "m1")) == {(Delivery.QUEUED, "")}


def test_the_end_of_a_message_is_written_into_its_transcript_and_told_to_everybody(
    owner: Owner,
) -> None:
    owner.send(1, "m1", "s2")
    owner.send(1, "m2", "s2")
    owner.send(1, "m3", "")
    owner.hub.outgoing.heard((Done("m1", NOW),))
    owner.hub.outgoing.heard((Failed("m2", "robot removed", NOW),))
    owner.hub.outgoing.heard((Done("m3", NOW),))
    assert owner.told_fates == [
        ("s2", "m1", Delivery.SENT, ""),
        ("s2", "m2", Delivery.FAILED, "robot removed"),
    ]
    for member in (OWN, 1):
        assert owner.fates_of(member, "m1")[-1] == (Delivery.SENT, "")
        assert owner.fates_of(member, "m2")[-1] == (Delivery.FAILED, "robot removed")
    state = owner.heard(1, robot_protocol.RobotState)[-1]
    assert (state.queued, state.failed, state.last_error) == (0, 1, "robot removed")


def test_progress_is_told_but_ends_nothing(owner: Owner) -> None:
    owner.send(1, "m1")
    owner.hub.outgoing.heard((DeliveryReport("m1", Delivery.RETRYING, "busy", 1, 3),))
    owner.hub.outgoing.heard((DeliveryReport("unknown", Delivery.RETRYING),))
    assert owner.fates_of(1, "m1")[-1] == (Delivery.RETRYING, "busy")
    assert owner.fates_of(1, "unknown") == []
    assert owner.told_fates == []


def test_messages_that_go_out_as_one_each_get_its_fate(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.send(OWN, "m2", "s1")
    whole = Outbound("m1+2", TARGET, "both")
    owner.hub.outgoing.heard((Merged(("m1", "m2"), whole),))
    assert owner.fates_of(1, "m2")[-1][0] is Delivery.SENDING
    assert owner.heard(1, robot_protocol.RobotState)[-1].queued == 2
    owner.hub.outgoing.heard((DeliveryReport("m1+2", Delivery.RETRYING, "busy"),))
    assert owner.fates_of(OWN, "m2")[-1] == (Delivery.RETRYING, "busy")
    owner.hub.outgoing.heard((Failed("m1+2", "no", NOW),))
    assert owner.told_fates == [
        ("s2", "m1", Delivery.FAILED, "no"),
        ("s1", "m2", Delivery.FAILED, "no"),
    ]
    owner.ask(1, Known("s2", ("m1",)))
    assert owner.fates_of(1, "m1")[-1] == (Delivery.FAILED, "no")
    owner.send(1, "m1", "s2")
    assert len(owner.queue) == 2


def test_a_new_owner_sends_what_waits_where_it_was_and_tells_who_asks(owner: Owner) -> None:
    for n in range(4):
        owner.send(1, f"m{n}", "s2")
    for record in (
        *(Done("m0", NOW), Attempted("m1", 0, 3, Route.SINGLE), Sent("m1", 3)),
        *(Attempted("m1", 3, 5, Route.SINGLE), Failed("m3", "refused", NOW)),
    ):
        owner.written.append(record)
    later = owner.of_disk()
    later.hub.start({})
    assert [waiting.id for waiting in later.queue] == ["m1", "m2"]
    assert (later.queue[0].start, later.queue[0].tried) == (
        3,
        (Attempted("m1", 3, 5, Route.SINGLE),),
    )
    later.join(1, "/two", bound="s2")
    later.ask(1, Known("s2", ("m0", "m1", "m2", "m3", "m9")))
    # Another editor may still hand it over.
    assert later.fates_of(1, "m9") == []
    later.hub.settled()
    assert [later.fates_of(1, f"m{n}") for n in (0, 1, 2, 3, 9)] == [
        [(Delivery.SENT, "")],
        [(Delivery.QUEUED, "an attempt was not answered: it may have arrived")],
        [(Delivery.QUEUED, "")],
        [(Delivery.FAILED, "refused")],
        [(Delivery.FAILED, NEVER_LEFT)],
    ]
    # Their transcript lacked these ends, or they were not asked for.
    assert later.told_fates == [
        ("s2", "m0", Delivery.SENT, ""),
        ("s2", "m3", Delivery.FAILED, "refused"),
        ("s2", "m9", Delivery.FAILED, NEVER_LEFT),
    ]


def test_a_session_is_told_to_be_bound_once_that_is_on_the_disk(owner: Owner) -> None:
    owner.slow = True
    owner.ask(1, Bind("s3", "Three", "/two"))
    assert owner.heard(1, robot_protocol.SessionBound) == []
    owner.catch_up()
    assert owner.heard(1, robot_protocol.SessionBound) == [robot_protocol.SessionBound("s3")]


def test_an_editor_that_comes_back_does_not_become_the_one_bound_last() -> None:
    first = Binding("s1", ROBOT, "One", "/one", NOW - 20)
    second = Binding("s2", ROBOT, "Two", "/two", NOW - 10)
    later = Owner(State(bindings={"s1": first, "s2": second}))
    later.join(1, "/two", bound="s2")
    later.join(2, "/one", bound="s1")
    assert later.state.bindings["s1"].time == NOW - 20
    later.ask(2, Bind("s1", "One", "/one"))
    assert later.state.bindings["s1"].time == NOW


def test_who_asks_for_a_dropped_message_hears_that_it_was_dropped(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.ask(1, Drop("m1"))
    owner.forget()
    owner.ask(1, Known("s2", ("m1",)))
    assert owner.fates_of(1, "m1") == [(Delivery.FAILED, DROPPED)]


def test_a_message_of_another_robot_is_left_to_that_one(owner: Owner) -> None:
    owner.others = {"m1"}
    owner.ask(1, Known("s2", ("m1", "m2")))
    assert owner.fates_of(1, "m1") == []
    assert owner.fates_of(1, "m2") == [(Delivery.FAILED, NEVER_LEFT)]
    assert owner.told_fates == [("s2", "m2", Delivery.FAILED, NEVER_LEFT)]


# --- dead letters ---------------------------------------------------------------------------------


def fail(owner: Owner, *messages: str) -> None:
    for message in messages:
        owner.send(1, message, "s2")
        owner.hub.outgoing.heard((Failed(message, "no permission", NOW),))
    owner.queue.clear()
    owner.forget()


def test_a_dead_letter_is_queued_again_once_that_is_on_the_disk(owner: Owner) -> None:
    fail(owner, "m1", "m2")
    owner.slow = True
    owner.ask(OWN, Retry("m1"))
    assert owner.queue == []
    owner.catch_up()
    assert owner.written[-1] == Retried("m1")
    assert [waiting.id for waiting in owner.queue] == ["m1"]
    assert owner.fates_of(1, "m1") == [(Delivery.QUEUED, "")]
    assert owner.heard(1, robot_protocol.RobotState)[-1].failed == 1


def test_all_dead_letters_are_queued_again_in_their_order(owner: Owner) -> None:
    fail(owner, "m1", "m2", "m3")
    owner.slow = True
    owner.ask(OWN, Retry(""), Retry(""))
    owner.catch_up()
    assert [waiting.id for waiting in owner.queue] == ["m1", "m2", "m3"]


def lost(owner: Owner, *messages: str) -> None:
    """These messages failed, after an attempt that DingTalk did not answer."""
    for message in messages:
        owner.send(1, message, "s2")
        owner.hub.outgoing.heard((Attempted(message, 0, 5, Route.SINGLE),))
        owner.hub.outgoing.heard((Failed(message, "It may have arrived", NOW),))
    owner.queue.clear()


def test_what_may_have_arrived_is_sent_again_by_its_name_only(owner: Owner) -> None:
    fail(owner, "m1")
    lost(owner, "m2", "m3")
    owner.ask(OWN, Retry(""))
    assert [waiting.id for waiting in owner.queue] == ["m1"]
    [said] = owner.heard(OWN, Notice)
    assert said.level == "warn"
    assert "may have arrived: 2" in said.text


def test_what_may_have_arrived_and_is_sent_again_is_told_until_its_end(owner: Owner) -> None:
    lost(owner, "m2")
    owner.ask(OWN, Retry("m2"))
    [waiting] = owner.queue
    assert waiting.may_have_arrived
    assert "may be there twice" in owner.heard(OWN, Notice)[-1].text
    assert "may have arrived" in owner.fates_of(1, "m2")[-1][1]
    _, _, (shown, about) = owner.hub.outgoing.describe("")
    assert (about, "may have arrived" in shown) == ("m2", True)
    owner.hub.outgoing.heard((Done("m2", NOW, uncertain=True),))
    fate, reason = owner.fates_of(1, "m2")[-1]
    assert (fate, "may be there twice" in reason) == (Delivery.SENT, True)
    assert owner.told_fates[-1] == ("s2", "m2", fate, reason)
    owner.ask(1, Known("s2", ("m2",)))
    assert owner.fates_of(1, "m2")[-1] == (fate, reason)


def test_who_asks_about_a_message_that_may_have_arrived_hears_that(owner: Owner) -> None:
    lost(owner, "m2")
    owner.ask(OWN, Retry("m2"))
    owner.forget()
    owner.ask(1, Known("s2", ("m2",)))
    [(fate, reason)] = owner.fates_of(1, "m2")
    assert (fate, "may have arrived" in reason) == (Delivery.QUEUED, True)


def test_what_was_dropped_on_its_way_may_have_arrived(owner: Owner) -> None:
    owner.send(1, "m2", "s2")
    owner.hub.outgoing.heard((Attempted("m2", 0, 5, Route.SINGLE),))
    owner.hub.outgoing.heard((Dropped("m2", NOW),))
    fate, reason = owner.fates_of(1, "m2")[-1]
    assert fate is Delivery.FAILED
    assert reason.startswith(DROPPED)
    assert "may have arrived" in reason
    owner.ask(1, Known("s2", ("m2",)))
    assert owner.fates_of(1, "m2")[-1] == (fate, reason)
    told = [news.report for news in owner.heard(1, DeliveryUpdate) if news.report.reason == reason]
    assert [(one.dropped, one.may_have_arrived) for one in told] == [(True, True)] * 2


def test_that_dingtalk_sends_no_session_webhook_is_told_once_and_stays_in_the_status(
    owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("k1", "k2", "k3"):
        one = received(key)
        inbound = structs.replace(one.inbound, session_webhook=None)
        owner.hub.arrived([structs.replace(one, inbound=inbound)])
    assert [words.text for words in owner.heard(1, Notice)] == [NO_SESSION_WEBHOOK]
    assert owner.heard(1, robot_protocol.RobotState)[-1].last_error == NO_SESSION_WEBHOOK
    assert caplog.text.count("No sessionWebhook in a message") == 1
    assert "permissions" in NO_SESSION_WEBHOOK


def test_without_such_a_letter_only_who_asked_is_told(owner: Owner) -> None:
    owner.ask(OWN, Retry("m9"), Retry(""), Drop("m9"))
    assert [news.level for news in owner.heard(OWN, Notice)] == ["error"] * 3
    assert all(":Chat outbox" in news.text for news in owner.heard(OWN, Notice))
    assert owner.heard(1, Notice) == []


def test_a_dropped_message_is_taken_out_of_the_queue_and_told_as_such(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.ask(OWN, Drop("m1"))
    assert owner.let_go == ["m1"]
    assert owner.written[-1] == Dropped("m1", owner.time)
    assert owner.told_fates == [("s2", "m1", Delivery.FAILED, DROPPED)]
    assert owner.fates_of(1, "m1")[-1] == (Delivery.FAILED, DROPPED)
    assert owner.heard(1, robot_protocol.RobotState)[-1].queued == 0
    owner.send(1, "m1", "s2")
    assert len(owner.queue) == 1


def test_a_dead_letter_can_be_dropped(owner: Owner) -> None:
    fail(owner, "m1")
    # The queue has let go of it before.
    owner.let_go.append("m1")
    owner.ask(OWN, Drop("m1"))
    assert owner.heard(1, robot_protocol.RobotState)[-1].failed == 0
    owner.ask(OWN, Retry("m1"))
    assert owner.queue == []


@pytest.mark.parametrize(
    ("end", "forgotten"),
    [(Done("m1", NOW), ["m1"]), (Dropped("m1", NOW), ["m1"]), (Failed("m1", "no", NOW), [])],
    ids=["delivered", "given up", "failed"],
)
def test_the_copy_of_a_file_is_kept_while_it_may_be_sent_again(
    owner: Owner, end: Done | Dropped | Failed, forgotten: list[str]
) -> None:
    file = Outbound("m1", TARGET, "a.png", file="/kept/a.png", file_name="a.png")
    owner.ask(1, SendMessage(file, Purpose.REPLY, "s1"))
    owner.hub.outgoing.heard((end,))
    assert owner.forgotten == forgotten


def test_a_message_that_left_before_it_could_be_dropped_is_told_as_sent(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.under_way.add("m1")
    owner.ask(OWN, Drop("m1"))
    owner.hub.outgoing.heard((Done("m1", NOW),))
    assert owner.told_fates == [("s2", "m1", Delivery.SENT, "")]
    assert not [record for record in owner.written if isinstance(record, Dropped)]


def test_a_message_that_is_let_go_of_on_its_way_is_told_as_dropped_by_then(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.under_way.add("m1")
    owner.ask(OWN, Drop("m1"))
    assert owner.let_go == ["m1"]
    assert owner.told_fates == []
    owner.hub.outgoing.heard((Dropped("m1", NOW),))
    assert owner.told_fates == [("s2", "m1", Delivery.FAILED, DROPPED)]
    assert owner.heard(1, robot_protocol.RobotState)[-1].queued == 0


def test_a_part_of_a_message_that_goes_out_as_one_cannot_be_dropped_and_who_asks_is_told(
    owner: Owner,
) -> None:
    owner.send(1, "m1", "s2")
    owner.send(1, "m2", "s2")
    owner.hub.outgoing.heard((Merged(("m1", "m2"), Outbound("m1+2", TARGET, "both")),))
    owner.ask(OWN, Drop("m2"))
    assert [news.text for news in owner.heard(OWN, Notice)] == [
        "message m2 goes out as one with others, as m1+2"
    ]
    assert owner.let_go == []
    owner.ask(OWN, Drop("m1+2"))
    told = [("s2", name, Delivery.FAILED, DROPPED) for name in ("m1", "m2")]
    assert owner.told_fates == told
    owner.ask(1, Known("s2", ("m2",)))
    assert owner.fates_of(1, "m2")[-1] == (Delivery.FAILED, DROPPED)


def test_a_dead_letter_that_is_being_tried_again_is_not_dropped_meanwhile(owner: Owner) -> None:
    fail(owner, "m1")
    owner.slow = True
    owner.ask(OWN, Retry("m1"), Drop("m1"))
    assert "is being tried again" in owner.heard(OWN, Notice)[-1].text
    owner.catch_up()
    assert [waiting.id for waiting in owner.queue] == ["m1"]
    _, (shown, _) = owner.of_disk().hub.outgoing.describe("")
    assert shown.split()[:2] == ["waiting", "m1"]
    owner.ask(OWN, Drop("m1"))
    owner.catch_up()
    assert owner.fates_of(1, "m1")[-1] == (Delivery.FAILED, DROPPED)


def test_dropping_twice_at_once_is_told_once(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.slow = True
    owner.ask(OWN, Drop("m1"))
    owner.ask(1, Drop("m1"))
    assert owner.told_fates == []
    owner.catch_up()
    assert owner.told_fates == [("s2", "m1", Delivery.FAILED, DROPPED)]


def test_the_outbox_is_shown_to_who_asks_with_ids_and_reasons(owner: Owner) -> None:
    owner.ask(1, ShowOutbox())
    assert [news.lines for news in owner.heard(1, OutboxLines)] == [(("the outbox is empty", ""),)]
    fail(owner, "m1")
    owner.send(1, "m2", "s2", "deploy is done")
    owner.ask(1, ShowOutbox())
    [letters] = owner.heard(1, OutboxLines)
    summary, *lines = letters.lines
    assert [(text.split(maxsplit=2), message) for text, message in lines] == [
        (["waiting", "m2", "deploy is done  → zhangsan (1:1)"], "m2"),
        (["failed", "m1", "hello  → zhangsan (1:1)"], "m1"),
        (["no", "permission"], "m1"),
    ]
    assert summary[0].startswith("waiting: 1, failed: 1; ")
    assert ":Chat retry" in summary[0]
    assert ":Chat drop" in summary[0]
    assert owner.heard(OWN, OutboxLines) == []


def test_of_a_full_outbox_the_first_are_shown_and_the_rest_are_counted(owner: Owner) -> None:
    fail(owner, *(f"dead{n}" for n in range(60)))
    for n in range(10_000):
        owner.send(1, f"m{n}", "s2")
    lines = owner.hub.outgoing.describe("")
    assert len(lines) == 1 + 50 + 1 + 2 * 50 + 1
    assert lines[0][0].startswith("waiting: 10000, failed: 60; ")
    assert lines[50][0].split()[:2] == ["waiting", "m49"]
    assert lines[51][0].strip() == "… and 9950 more waiting"
    assert lines[-1][0].strip() == "… and 10 more failed"
    state = owner.heard(1, robot_protocol.RobotState)[-1]
    assert state.failed_ids == tuple(f"dead{n}" for n in range(59, 29, -1))
    assert state.waiting_ids == tuple(f"m{n}" for n in range(9_999, 9_969, -1))


# --- what nobody told the owner -------------------------------------------------------------------


def left(*messages: str) -> tuple[Queued, ...]:
    return tuple(
        Queued(ROBOT, Outbound(name, TARGET, "bye"), Purpose.REPLY, "s9", NOW) for name in messages
    )


def test_what_an_editor_that_left_wrote_down_itself_is_taken_up_once(owner: Owner) -> None:
    owner.send(1, "m1", "s2")
    owner.left = left("m1", "m2")
    owner.hub.outgoing.look()
    owner.hub.outgoing.look()
    assert [waiting.id for waiting in owner.queue] == ["m1", "m2"]
    assert owner.fates_of(1, "m2") == [(Delivery.QUEUED, "")]
    owner.hub.outgoing.heard((Done("m2", NOW),))
    owner.hub.outgoing.look()
    assert len(owner.queue) == 2
    assert owner.told_fates == [("s9", "m2", Delivery.SENT, "")]


def test_what_is_being_written_down_is_not_told_as_never_left(owner: Owner) -> None:
    owner.slow = True
    owner.send(1, "m1", "s1")
    owner.ask(1, Known("s1", ("m1",)))
    assert owner.told_fates == []
    owner.catch_up()
    assert {fate for fate, _ in owner.fates_of(1, "m1")} == {Delivery.QUEUED}
    owner.ask(1, Known("s1", ("m1",)))
    assert {fate for fate, _ in owner.fates_of(1, "m1")} == {Delivery.QUEUED}


def test_what_stands_in_the_journal_is_not_told_as_never_left(owner: Owner) -> None:
    owner.left = left("m2")
    owner.ask(OWN, Known("s9", ("m2",)))
    assert owner.told_fates == []
    assert {fate for fate, _ in owner.fates_of(OWN, "m2")} == {Delivery.QUEUED}


@pytest.mark.parametrize(
    ("end", "reason"), [(Delivery.SENT, ""), (Delivery.FAILED, "robot removed")]
)
def test_the_end_that_a_transcript_shows_counts_when_the_outbox_has_forgotten_it(
    owner: Owner, end: Delivery, reason: str
) -> None:
    owner.ended["s2"] = (Message("m1", Role.EDITOR, "You", "hello", NOW, end, reason),)
    owner.ask(1, Known("s2", ("m1", "m2")))
    assert owner.told_fates == [("s2", "m2", Delivery.FAILED, NEVER_LEFT)]
    assert owner.fates_of(1, "m1") == [(end, reason)]


def test_an_owner_that_lives_for_days_forgets_what_was_done_more_than_a_day_ago() -> None:
    box = Outbox()
    owner = Owner(box=box)
    owner.join(OWN)
    for day in range(5):
        owner.time = NOW + day * DONE_REMEMBERED
        owner.send(OWN, f"m{day}")
        owner.send(OWN, f"n{day}")
        owner.hub.outgoing.heard((Done(f"m{day}", owner.time),))
        owner.ask(OWN, Drop(f"n{day}"))
    assert set(box.done) == {"m4", "n4"}
    assert box.dropped == {"n4"}


# --- reactions ------------------------------------------------------------------------------------


def test_a_message_shows_a_reaction_until_a_reply_to_its_conversation_has_its_fate(
    owner: Owner,
) -> None:
    first = owner.say("one")
    in_group = owner.say("two", TEAM)
    assert owner.reactions == [f"👀 {first}", f"👀 {in_group}"]
    owner.ask(1, SendMessage(Outbound("n", TARGET, "news"), Purpose.NOTIFICATION, ""))
    owner.hub.outgoing.heard((Done("n", NOW),))
    owner.send(1, "m1", "s2")
    owner.time += 1
    later = owner.say("three")
    assert owner.reactions[2:] == [f"👀 {later}"]
    assert not owner.is_idle
    owner.hub.outgoing.heard((Failed("m1", "robot removed", NOW),))
    assert owner.reactions[3:] == [f"done {first}"]
    assert owner.is_idle


def test_what_the_bridge_itself_says_ends_the_work_on_no_message(owner: Owner) -> None:
    first = owner.say("one")
    owner.say("/help")
    owner.say("/no-such-command")
    owner.say("hello?", who="stranger")
    assert len(owner.queue) == 3
    for word in owner.queue:
        owner.hub.outgoing.heard((Done(word.id, NOW),))
    assert owner.reactions == [f"👀 {first}"]
    owner.send(1, "m1", "s2")
    owner.hub.outgoing.heard((Done("m1", NOW),))
    assert owner.reactions[1:] == [f"done {first}"]


def test_nobody_works_any_more_on_the_messages_of_a_session_that_is_unbound(owner: Owner) -> None:
    second = owner.say("to the second")
    owner.ask(1, Unbind("s2"))
    first = owner.say("to the first", TEAM)
    assert owner.reactions == [f"👀 {second}", f"done {second}", f"👀 {first}"]
    # One that another editor has bound as well is still worked on.
    owner.ask(1, Bind("s1", "First", "/one"))
    owner.ask(OWN, Bind("s3", "Third", "/one"))
    assert owner.reactions[3:] == []
    owner.ask(1, Unbind("s1"))
    assert owner.reactions[3:] == [f"done {first}"]


def test_nobody_works_any_more_on_the_messages_of_an_editor_that_has_left(owner: Owner) -> None:
    second = owner.say("to the second")
    owner.say("/session 1", TEAM)
    first = owner.say("to the first", TEAM)
    for key in (second, first):
        owner.ask(1, InTranscript(key))
    owner.hub.leave(1)
    assert owner.reactions[2:] == [f"done {second}"]
    owner.hub.leave(OWN)
    assert owner.reactions[3:] == [f"done {first}"]


def test_nobody_works_on_a_session_made_on_demand_once_all_editors_have_left() -> None:
    owner = Owner(session_scope="user")
    owner.join(OWN)
    owner.join(1)
    key = owner.say("hello")
    owner.ask(OWN, InTranscript(key))
    owner.hub.leave(OWN)
    assert owner.reactions == [f"👀 {key}"]
    owner.hub.leave(1)
    assert owner.reactions[1:] == [f"done {key}"]


def test_a_command_gets_no_reaction_and_neither_does_anything_without_the_option(
    owner: Owner,
) -> None:
    owner.say("/diff")
    owner.say("/help")
    owner.hub.configure(read({**APP, "reaction": False}, {}))
    owner.say("one")
    assert owner.reactions == []


def test_a_message_that_is_handed_over_again_is_worked_on_again(owner: Owner) -> None:
    key = owner.say("one")
    owner.hub.leave(1)
    assert [deliver.again for deliver in owner.heard(OWN, Deliver)] == [True]
    assert owner.reactions == [f"👀 {key}", f"done {key}", f"👀 {key}"]


def test_a_message_of_a_session_made_on_demand_is_worked_on_once() -> None:
    owner = Owner(session_scope="user")
    owner.join(OWN)
    owner.join(1)
    key = owner.say("one")
    owner.hub.leave(OWN)
    assert [deliver.again for deliver in owner.heard(1, Deliver)] == [True]
    assert owner.reactions == [f"👀 {key}"]


def test_with_little_of_the_quota_left_reactions_are_told_so() -> None:
    owner = Owner(quota={"calls": 4})
    owner.join(OWN)
    owner.ask(OWN, Bind("s1", "First", "/p"))
    owner.hub.counted(2, 0, "")
    first = owner.say("one")
    owner.hub.counted(1, 0, "")
    second = owner.say("two")
    assert owner.reactions == [f"👀 {first}", f"👀 {second} short"]


# --- quota and cool-down --------------------------------------------------------------------------


def test_calls_and_pushes_are_counted_and_80_percent_is_told_once_to_everybody() -> None:
    owner = Owner(quota={"calls": 10, "pushes": 5})
    owner.join(OWN, bound="s1")
    owner.join(1)
    for _ in range(4):
        owner.say("hello")
    owner.hub.counted(7, 0, "")
    [words] = owner.heard(1, Notice)
    assert "4 of 5 pushes" in words.text
    assert words.level == "warn"
    owner.hub.counted(1, 0, "")
    assert "8 of 10 API calls" in owner.heard(1, Notice)[-1].text
    owner.hub.counted(1, 1, "")
    assert len(owner.heard(1, Notice)) == 2
    used = owner.state.quotas[ROBOT]
    assert (used.calls, used.pushes) == (9, 5)
    assert "9 of 10 API calls, 5 of 5 pushes" in latest_quota(owner)


def latest_quota(owner: Owner) -> str:
    """The month's use as a newcomer hears it."""
    owner.join(9)
    return owner.heard(9, robot_protocol.RobotState)[-1].quota


def test_a_quota_that_is_gone_is_remembered_and_shown(owner: Owner) -> None:
    owner.hub.trouble("no pushes are left", "20001")
    owner.hub.counted(0, 0, "90020")
    assert owner.state.quotas[ROBOT].gone
    assert latest_quota(owner).count("used up") == 2
    assert [news.text for news in owner.heard(1, Notice)] == ["no pushes are left"]
    assert owner.heard(1, robot_protocol.RobotState)[-1].last_error == "no pushes are left"


def test_a_cool_down_is_told_when_it_changes(owner: Owner) -> None:
    for _ in range(3):
        owner.hub.cooling_down(NOW + 60, "sent too fast")
    [state] = owner.heard(1, robot_protocol.RobotState)
    assert (state.cool_down_until, state.cool_down_reason) == (NOW + 60, "sent too fast")
    owner.hub.cooling_down(0.0, "")
    assert owner.heard(1, robot_protocol.RobotState)[-1].cool_down_until == 0


# --- cost -----------------------------------------------------------------------------------------


def test_a_message_costs_as_much_behind_ten_thousand_as_behind_ten() -> None:
    def cost(waiting: int) -> int:
        """The instructions that a few messages take."""
        box = outbox.fold(
            Queued(ROBOT, Outbound(f"w{n}", TARGET, "hi"), Purpose.NOTIFICATION, "", NOW)
            for n in range(waiting)
        )
        owner = Owner(box=box)
        owner.join(OWN)

        def send_some() -> None:
            for n in range(5):
                owner.send(OWN, f"m{n}")
                owner.hub.outgoing.heard((Done(f"m{n}", NOW),))

        return instructions(send_some)

    cost(10)  # what is done once for all
    assert cost(10_000) < 1.1 * cost(10)


# --- sessions made on demand, and people from outside ---------------------------------------------

WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"


def outsider(
    owner: Owner, text: str, webhook: str, key: str = "robot/x1", who: str = "$:outside"
) -> None:
    """Somebody without a staff id writes 1:1."""
    got = received(key, text, who="")
    inbound = structs.replace(
        got.inbound,
        sender=Sender("", who, "Out"),
        session_webhook=SessionWebhook(webhook, NOW + 3600),
    )
    owner.hub.arrived([structs.replace(got, inbound=inbound)])


def typed(message: str, session: str) -> SendMessage:
    return SendMessage(
        Outbound(message, of_session(session), "private words"), Purpose.REPLY, session
    )


def ways(waiting: QueuedMessage) -> tuple[Route, ...]:
    return requests.ways(read({**APP, "webhook": WEBHOOK}, {}), waiting.outbound, NOW)


def test_what_is_typed_to_an_outsider_never_reaches_the_robots_group_after_a_restart() -> None:
    known = {"allow_from": ["$:outside"]}
    options: dict[str, Any] = {"session_scope": "user", "webhook": WEBHOOK, **known}
    owner = Owner(**options)
    owner.join(OWN)
    outsider(owner, "hello", "https://session/1")
    [delivered] = owner.heard(OWN, Deliver)
    session = delivered.session
    owner.ask(OWN, typed("m1", session))
    assert ways(owner.queue[-1]) == (Route.SESSION,)

    later = Owner(owner.state, **options)
    later.join(OWN)
    later.ask(OWN, typed("m2", session))
    assert later.queue[-1].id == "m2"
    assert ways(later.queue[-1]) == ()
    [put] = [record for record in later.written if isinstance(record, Queued)]
    assert put.outbound.target.place == SINGLE.id
    later.hub.outgoing.heard((Failed("m2", "nobody knows where", NOW),))

    # They write again, and the dead letter can go.
    outsider(later, "still there?", "https://session/2", "robot/x2")
    later.ask(OWN, Retry("m2"))
    assert ways(later.queue[-1]) == (Route.SESSION,)
    webhook = later.queue[-1].outbound.target.session_webhook
    assert webhook is not None
    assert webhook.url == "https://session/2"


def test_an_answer_to_somebody_outside_leaves_the_mark_of_whoever_else_waits() -> None:
    owner = Owner(session_scope="user", allow_from=["*"])
    owner.join(OWN)
    outsider(owner, "from ann", "https://session/1", "robot/x1", "$:ann")
    outsider(owner, "from ben", "https://session/2", "robot/x2", "$:ben")
    to_ann, to_ben = [delivered.session for delivered in owner.heard(OWN, Deliver)]
    assert to_ann != to_ben
    for number, session, key in ((1, to_ann, "robot/x1"), (2, to_ben, "robot/x2")):
        owner.reactions.clear()
        owner.ask(OWN, typed(f"m{number}", session))
        owner.hub.outgoing.heard((Done(f"m{number}", NOW),))
        assert owner.reactions == [f"done {key}"]


def test_a_session_of_which_nothing_is_remembered_sends_nowhere() -> None:
    owner = Owner(session_scope="user", webhook=WEBHOOK)
    owner.join(OWN)
    owner.ask(OWN, typed("m1", "default-1"))
    assert ways(owner.queue[-1]) == ()


def test_what_an_editor_left_for_the_next_owner_gets_its_address_there() -> None:
    binding = Binding("d1", ROBOT, scope=f"{ROBOT}/user/zhangsan", user_id="zhangsan")
    put = Queued(ROBOT, typed("m1", "d1").outbound, Purpose.REPLY, "d1", NOW)
    owner = Owner(bindings(binding), outbox.fold([put]), session_scope="user", webhook=WEBHOOK)
    owner.hub.start({})
    assert ways(owner.queue[-1]) == (Route.SINGLE,)


def test_a_bound_session_remembers_that_it_speaks_with_an_outsider() -> None:
    owner = Owner(allow_from=["$:outside"])
    owner.join(OWN, "/one")
    owner.ask(OWN, Bind("s1", "First", "/one"))
    outsider(owner, "hello", "https://session/1")
    later = Owner(owner.state)
    later.join(1, "/one")
    [restored] = later.heard(1, Restore)
    assert restored.target is not None
    assert restored.target.place == SINGLE.id


def test_merged_notifications_that_are_parted_are_told_and_end_each_on_its_own() -> None:
    puts = [
        Queued(ROBOT, Outbound(n, TARGET, n), Purpose.NOTIFICATION, "s1", NOW) for n in ("a", "b")
    ]
    box = outbox.fold([*puts, Merged(("a", "b"), Outbound("a+2", TARGET, "both"))])
    owner = Owner(box=box)
    owner.join(OWN)
    for record in (Unmerged("a+2"), Done("a", NOW), Failed("b", "bad words", NOW)):
        owner.hub.outgoing.heard((record,))
    assert [fate for fate, _ in owner.fates_of(OWN, "a")] == [Delivery.RETRYING, Delivery.SENT]
    assert owner.fates_of(OWN, "b")[-1] == (Delivery.FAILED, "bad words")


def test_notifications_that_are_parted_after_a_lost_answer_may_have_arrived_together() -> None:
    puts = [
        Queued(ROBOT, Outbound(n, TARGET, n), Purpose.NOTIFICATION, "s1", NOW) for n in ("a", "b")
    ]
    box = outbox.fold([*puts, Merged(("a", "b"), Outbound("a+2", TARGET, "both"))])
    owner = Owner(box=box)
    owner.join(OWN)
    for record in (Attempted("a+2", 0, 4, Route.SINGLE), Unmerged("a+2")):
        owner.hub.outgoing.heard((record,))
    for name in ("a", "b"):
        fate, reason = owner.fates_of(OWN, name)[-1]
        assert (fate, "it may have arrived" in reason) == (Delivery.RETRYING, True)


def test_what_an_earlier_version_left_without_an_address_does_not_go_to_the_robots_group() -> None:
    binding = Binding("d1", ROBOT, scope=f"{ROBOT}/user/$:outside")
    put = Queued(ROBOT, Outbound("m1", Target(), "private words"), Purpose.REPLY, "d1", NOW)
    owner = Owner(bindings(binding), outbox.fold([put]), session_scope="user", webhook=WEBHOOK)
    owner.hub.start({})
    owner.join(OWN)
    owner.ask(OWN, structs.replace(typed("m2", "d1"), outbound=Outbound("m2", Target(), "more")))
    assert [ways(waiting) for waiting in owner.queue] == [(), ()]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kind", ["", "group:", "user:"])
def test_the_id_of_a_private_chat_never_goes_out_as_a_groups(restarted: bool, kind: str) -> None:
    owner = Owner()
    owner.join(OWN)
    owner.ask(OWN, Bind("s1", "First", "/one"))
    owner.say("hello")
    if restarted:
        owner = owner.of_disk()
        owner.join(OWN)
    target = targets.read(f"dingtalk:{kind}{SINGLE.id}", ()).target
    owner.ask(OWN, SendMessage(Outbound("m1", target, "words"), Purpose.REPLY, "s1"))
    assert ways(owner.queue[-1])[-1] is Route.SINGLE
    assert owner.queue[-1].outbound.target.user_id == "zhangsan"
    [put] = [record for record in owner.written if isinstance(record, Queued)]
    assert put.outbound.target.key == "user:zhangsan"


def test_an_outsider_is_answered_in_the_private_chat_that_the_id_names_and_in_no_other() -> None:
    owner = Owner(allow_from=["$:outside", "zhangsan"])
    owner.join(OWN)
    owner.ask(OWN, Bind("s1", "First", "/one"))
    outsider(owner, "hello", "https://session/1")
    other = Conversation("cid1TO1other==", ConversationKind.SINGLE)
    got = received("robot/x2", "me too", who="")
    inbound = structs.replace(
        got.inbound,
        conversation=other,
        sender=Sender("", "$:outside", "Other"),
        session_webhook=SessionWebhook("https://session/2", NOW + 3600),
    )
    owner.hub.arrived([structs.replace(got, inbound=inbound)])
    for number, chat in enumerate((SINGLE, other), 1):
        target = targets.read(f"dingtalk:{chat.id}", ()).target
        owner.ask(OWN, SendMessage(Outbound(f"m{number}", target, "words"), Purpose.REPLY, "s1"))
        webhook = owner.queue[-1].outbound.target.session_webhook
        assert webhook is not None
        assert webhook.url == f"https://session/{number}"


# --- a session that moves ------------------------------------------------------------------------


def test_a_session_that_moves_to_another_editor_brings_its_conversation() -> None:
    owner = Owner()
    owner.join(1)
    owner.join(2)
    owner.ask(1, Bind("s1", "One", "/p"))
    owner.say("hello")
    owner.ask(2, Bind("s1", "One", "/p"))
    [told] = owner.heard(2, SessionBound)
    assert told.target is not None
    assert (told.target.user_id, told.target.session_webhook) == ("zhangsan", None)
    owner.ask(2, Unbind("s1"), Bind("s2", "Two", "/p"))
    assert owner.heard(2, SessionBound)[-1] == SessionBound("s2", None)
    later = owner.of_disk()
    later.join(1)
    later.ask(1, Bind("s1", "One", "/p"))
    assert later.heard(1, SessionBound)[-1].target == told.target


def test_an_editor_that_joins_while_the_link_waits_learns_why() -> None:
    owner = Owner()
    owner.join(1)
    owner.ask(1, Bind("s1", "One", "/p"))
    owner.hub.link_changed(LinkState.WAITING, "no answer", "check the network", 12.0)
    owner.join(2)
    assert owner.heard(2, LinkNews) == [
        LinkNews("waiting", "no answer", "check the network", NOW + 12)
    ]
    owner.hub.link_changed(LinkState.CONNECTED, "", "")
    assert owner.heard(2, LinkNews)[-1] == LinkNews("connected")


# --- what must not be forgotten -------------------------------------------------------------------


def test_who_drops_a_message_again_hears_no_complaint(owner: Owner) -> None:
    owner.send(1, "m1")
    owner.ask(1, Drop("m1"))
    told = len(owner.heard(1, Notice))
    owner.ask(1, Drop("m1"))
    assert len(owner.heard(1, Notice)) == told


@pytest.mark.parametrize("ask", [Pair("AAAA"), Deny("AAAA"), Revoke("lisi")])
def test_what_was_decided_is_told_once_that_is_on_the_disk(owner: Owner, ask: Ask) -> None:
    owner.slow = True
    owner.ask(1, ask)
    assert owner.heard(1, Notice) == []
    owner.catch_up()
    assert len(owner.heard(1, Notice)) == 1
