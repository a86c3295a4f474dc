"""Each message keeps its address: people from outside, restarts, and sessions that move."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from dingbridge.core.delivery import outbox, requests
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Done, Failed, Merged, Purpose, Queued, Unmerged
from dingbridge.core.delivery.routing import Route, of_session
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Delivery,
    Outbound,
    Sender,
    SessionWebhook,
    Target,
)
from dingbridge.core.options.settings import read
from dingbridge.core.sessions import targets
from dingbridge.core.sessions.state import Binding
from dingbridge.service.robots.robot_news import Deliver, RestoreBinding, SessionBound
from dingbridge.service.robots.robot_requests import Bind, Retry, SendMessage, Unbind
from tests.support.hub import (
    APP,
    NOW,
    OWN,
    ROBOT,
    SINGLE,
    TARGET,
    RecordedRobot,
    bindings,
    received,
)

WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"


def outsider(
    robot: RecordedRobot, text: str, webhook: str, key: str = "robot/x1", who: str = "$:outside"
) -> None:
    """Somebody without a staff id writes 1:1."""
    got = received(key, text, who="")
    inbound = structs.replace(
        got.inbound,
        sender=Sender("", who, "Out"),
        session_webhook=SessionWebhook(webhook, NOW + 3600),
    )
    robot.hub.arrived([structs.replace(got, inbound=inbound)])


def typed(message: str, session: str) -> SendMessage:
    return SendMessage(
        Outbound(message, of_session(session), "private words"), Purpose.REPLY, session
    )


def ways(waiting: QueuedMessage) -> tuple[Route, ...]:
    return requests.ways(read({**APP, "webhook": WEBHOOK}, {}), waiting.outbound, NOW)


def test_what_is_typed_to_an_outsider_never_reaches_the_robots_group_after_a_restart() -> None:
    known = {"allow_from": ["$:outside"]}
    options: dict[str, Any] = {"session_scope": "user", "webhook": WEBHOOK, **known}
    robot = RecordedRobot(**options)
    robot.join(OWN)
    outsider(robot, "hello", "https://session/1")
    [delivered] = robot.heard(OWN, Deliver)
    session = delivered.session
    robot.ask(OWN, typed("m1", session))
    assert ways(robot.queue[-1]) == (Route.SESSION,)

    later = RecordedRobot(robot.state, **options)
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
    robot = RecordedRobot(session_scope="user", allow_from=["*"])
    robot.join(OWN)
    outsider(robot, "from ann", "https://session/1", "robot/x1", "$:ann")
    outsider(robot, "from ben", "https://session/2", "robot/x2", "$:ben")
    to_ann, to_ben = [delivered.session for delivered in robot.heard(OWN, Deliver)]
    assert to_ann != to_ben
    for number, session, key in ((1, to_ann, "robot/x1"), (2, to_ben, "robot/x2")):
        robot.reactions.clear()
        robot.ask(OWN, typed(f"m{number}", session))
        robot.hub.outgoing.heard((Done(f"m{number}", NOW),))
        assert robot.reactions == [f"done {key}"]


def test_an_answer_to_somebody_outside_ends_the_marks_of_all_they_wrote_before() -> None:
    robot = RecordedRobot(session_scope="user", allow_from=["*"])
    robot.join(OWN)
    outsider(robot, "one", "https://session/1", "robot/x1", "$:ann")
    outsider(robot, "two", "https://session/2", "robot/x2", "$:ann")
    [session] = {delivered.session for delivered in robot.heard(OWN, Deliver)}
    robot.reactions.clear()
    robot.ask(OWN, typed("m1", session))
    robot.hub.outgoing.heard((Done("m1", NOW),))
    assert robot.reactions == ["done robot/x1", "done robot/x2"]


def test_a_session_of_which_nothing_is_remembered_sends_nowhere() -> None:
    robot = RecordedRobot(session_scope="user", webhook=WEBHOOK)
    robot.join(OWN)
    robot.ask(OWN, typed("m1", "default-1"))
    assert ways(robot.queue[-1]) == ()


def test_what_an_editor_left_for_the_next_owner_gets_its_address_there() -> None:
    binding = Binding("d1", ROBOT, scope=f"{ROBOT}/user/zhangsan", user_id="zhangsan")
    put = Queued(ROBOT, typed("m1", "d1").outbound, Purpose.REPLY, "d1", NOW)
    robot = RecordedRobot(
        bindings(binding), outbox.fold([put]), session_scope="user", webhook=WEBHOOK
    )
    robot.hub.start({})
    assert ways(robot.queue[-1]) == (Route.SINGLE,)


def test_a_bound_session_remembers_that_it_speaks_with_an_outsider() -> None:
    robot = RecordedRobot(allow_from=["$:outside"])
    robot.join(OWN, "/one")
    robot.ask(OWN, Bind("s1", "First", "/one"))
    outsider(robot, "hello", "https://session/1")
    later = RecordedRobot(robot.state)
    later.join(1, "/one")
    [restored] = later.heard(1, RestoreBinding)
    assert restored.target is not None
    assert restored.target.place == SINGLE.id


def test_merged_notifications_that_are_parted_are_told_and_end_each_on_its_own() -> None:
    puts = [
        Queued(ROBOT, Outbound(n, TARGET, n), Purpose.NOTIFICATION, "s1", NOW) for n in ("a", "b")
    ]
    box = outbox.fold([*puts, Merged(("a", "b"), Outbound("a+2", TARGET, "both"))])
    robot = RecordedRobot(box=box)
    robot.join(OWN)
    for record in (Unmerged("a+2"), Done("a", NOW), Failed("b", "bad words", NOW)):
        robot.hub.outgoing.heard((record,))
    assert [fate for fate, _ in robot.fates_of(OWN, "a")] == [Delivery.RETRYING, Delivery.SENT]
    assert robot.fates_of(OWN, "b")[-1] == (Delivery.FAILED, "bad words")


def test_notifications_that_are_parted_after_a_lost_answer_may_have_arrived_together() -> None:
    puts = [
        Queued(ROBOT, Outbound(n, TARGET, n), Purpose.NOTIFICATION, "s1", NOW) for n in ("a", "b")
    ]
    box = outbox.fold([*puts, Merged(("a", "b"), Outbound("a+2", TARGET, "both"))])
    robot = RecordedRobot(box=box)
    robot.join(OWN)
    for record in (Attempted("a+2", 0, 4, Route.SINGLE), Unmerged("a+2")):
        robot.hub.outgoing.heard((record,))
    for name in ("a", "b"):
        fate, reason = robot.fates_of(OWN, name)[-1]
        assert (fate, "it may have arrived" in reason) == (Delivery.RETRYING, True)


def test_what_an_earlier_version_left_without_an_address_does_not_go_to_the_robots_group() -> None:
    binding = Binding("d1", ROBOT, scope=f"{ROBOT}/user/$:outside")
    put = Queued(ROBOT, Outbound("m1", Target(), "private words"), Purpose.REPLY, "d1", NOW)
    robot = RecordedRobot(
        bindings(binding), outbox.fold([put]), session_scope="user", webhook=WEBHOOK
    )
    robot.hub.start({})
    robot.join(OWN)
    robot.ask(OWN, structs.replace(typed("m2", "d1"), outbound=Outbound("m2", Target(), "more")))
    assert [ways(waiting) for waiting in robot.queue] == [(), ()]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("kind", ["", "group:", "user:"])
def test_the_id_of_a_private_chat_never_goes_out_as_a_groups(restarted: bool, kind: str) -> None:
    robot = RecordedRobot()
    robot.join(OWN)
    robot.ask(OWN, Bind("s1", "First", "/one"))
    robot.say("hello")
    if restarted:
        robot = robot.of_disk()
        robot.join(OWN)
    target = targets.read(f"dingtalk:{kind}{SINGLE.id}", ()).target
    robot.ask(OWN, SendMessage(Outbound("m1", target, "words"), Purpose.REPLY, "s1"))
    assert ways(robot.queue[-1])[-1] is Route.SINGLE
    assert robot.queue[-1].outbound.target.user_id == "zhangsan"
    [put] = [record for record in robot.written if isinstance(record, Queued)]
    assert put.outbound.target.key == "user:zhangsan"


def test_an_outsider_is_answered_in_the_private_chat_that_the_id_names_and_in_no_other() -> None:
    robot = RecordedRobot(allow_from=["$:outside", "zhangsan"])
    robot.join(OWN)
    robot.ask(OWN, Bind("s1", "First", "/one"))
    outsider(robot, "hello", "https://session/1")
    other = Conversation("cid1TO1other==", ConversationKind.SINGLE)
    got = received("robot/x2", "me too", who="")
    inbound = structs.replace(
        got.inbound,
        conversation=other,
        sender=Sender("", "$:outside", "Other"),
        session_webhook=SessionWebhook("https://session/2", NOW + 3600),
    )
    robot.hub.arrived([structs.replace(got, inbound=inbound)])
    for number, chat in enumerate((SINGLE, other), 1):
        target = targets.read(f"dingtalk:{chat.id}", ()).target
        robot.ask(OWN, SendMessage(Outbound(f"m{number}", target, "words"), Purpose.REPLY, "s1"))
        webhook = robot.queue[-1].outbound.target.session_webhook
        assert webhook is not None
        assert webhook.url == f"https://session/{number}"


def test_a_session_that_moves_to_another_editor_brings_its_conversation() -> None:
    robot = RecordedRobot()
    robot.join(1)
    robot.join(2)
    robot.ask(1, Bind("s1", "One", "/p"))
    robot.say("hello")
    robot.ask(2, Bind("s1", "One", "/p"))
    [told] = robot.heard(2, SessionBound)
    assert told.target is not None
    assert (told.target.user_id, told.target.session_webhook) == ("zhangsan", None)
    robot.ask(2, Unbind("s1"), Bind("s2", "Two", "/p"))
    assert robot.heard(2, SessionBound)[-1] == SessionBound("s2", None)
    later = robot.of_disk()
    later.join(1)
    later.ask(1, Bind("s1", "One", "/p"))
    assert later.heard(1, SessionBound)[-1].target == told.target
