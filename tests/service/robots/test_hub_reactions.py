"""A message shows a reaction while its session works on it."""

from __future__ import annotations

from dingbridge.core.delivery.outbox_records import Done, Failed, Purpose
from dingbridge.core.messages import Outbound
from dingbridge.core.options.settings import read
from dingbridge.service.robots.pending_reactions import MOST_MESSAGES
from dingbridge.service.robots.robot_news import Deliver
from dingbridge.service.robots.robot_requests import Bind, InTranscript, SendMessage, Unbind
from tests.support.hub import APP, NOW, OWN, TARGET, TEAM, RecordedRobot


def test_a_message_shows_a_reaction_until_a_reply_to_its_conversation_has_its_fate(
    robot: RecordedRobot,
) -> None:
    first = robot.say("one")
    in_group = robot.say("two", TEAM)
    assert robot.reactions == [f"👀 {first}", f"👀 {in_group}"]
    robot.ask(1, SendMessage(Outbound("n", TARGET, "news"), Purpose.NOTIFICATION, ""))
    robot.hub.outgoing.heard((Done("n", NOW),))
    robot.send(1, "m1", "s2")
    robot.time += 1
    later = robot.say("three")
    assert robot.reactions[2:] == [f"👀 {later}"]
    assert not robot.is_idle
    robot.hub.outgoing.heard((Failed("m1", "robot removed", NOW),))
    assert robot.reactions[3:] == [f"done {first}"]
    assert robot.is_idle


def test_what_the_bridge_itself_says_ends_the_work_on_no_message(robot: RecordedRobot) -> None:
    first = robot.say("one")
    robot.say("/help")
    robot.say("/no-such-command")
    robot.say("hello?", who="stranger")
    assert len(robot.queue) == 3
    for word in robot.queue:
        robot.hub.outgoing.heard((Done(word.id, NOW),))
    assert robot.reactions == [f"👀 {first}"]
    robot.send(1, "m1", "s2")
    robot.hub.outgoing.heard((Done("m1", NOW),))
    assert robot.reactions[1:] == [f"done {first}"]


def test_nobody_works_any_more_on_the_messages_of_a_session_that_is_unbound(
    robot: RecordedRobot,
) -> None:
    second = robot.say("to the second")
    robot.ask(1, Unbind("s2"))
    first = robot.say("to the first", TEAM)
    assert robot.reactions == [f"👀 {second}", f"done {second}", f"👀 {first}"]
    # One that another editor has bound as well is still worked on.
    robot.ask(1, Bind("s1", "First", "/one"))
    robot.ask(OWN, Bind("s3", "Third", "/one"))
    assert robot.reactions[3:] == []
    robot.ask(1, Unbind("s1"))
    assert robot.reactions[3:] == [f"done {first}"]


def test_nobody_works_any_more_on_the_messages_of_an_editor_that_has_left(
    robot: RecordedRobot,
) -> None:
    second = robot.say("to the second")
    robot.say("/session 1", TEAM)
    first = robot.say("to the first", TEAM)
    for key in (second, first):
        robot.ask(1, InTranscript(key))
    robot.hub.leave(1)
    assert robot.reactions[2:] == [f"done {second}"]
    robot.hub.leave(OWN)
    assert robot.reactions[3:] == [f"done {first}"]


def test_nobody_works_on_a_session_made_on_demand_once_all_editors_have_left() -> None:
    robot = RecordedRobot(session_scope="user")
    robot.join(OWN)
    robot.join(1)
    key = robot.say("hello")
    robot.ask(OWN, InTranscript(key))
    robot.hub.leave(OWN)
    assert robot.reactions == [f"👀 {key}"]
    robot.hub.leave(1)
    assert robot.reactions[1:] == [f"done {key}"]


def test_a_command_gets_no_reaction_and_neither_does_anything_without_the_option(
    robot: RecordedRobot,
) -> None:
    robot.say("/diff")
    robot.say("/help")
    robot.hub.configure(read({**APP, "reaction": False}, {}))
    robot.say("one")
    assert robot.reactions == []


def test_a_message_that_is_handed_over_again_is_worked_on_again(robot: RecordedRobot) -> None:
    key = robot.say("one")
    robot.hub.leave(1)
    assert [deliver.again for deliver in robot.heard(OWN, Deliver)] == [True]
    assert robot.reactions == [f"👀 {key}", f"done {key}", f"👀 {key}"]


def test_a_message_of_a_session_made_on_demand_is_worked_on_once() -> None:
    robot = RecordedRobot(session_scope="user")
    robot.join(OWN)
    robot.join(1)
    key = robot.say("one")
    robot.hub.leave(OWN)
    assert [deliver.again for deliver in robot.heard(1, Deliver)] == [True]
    assert robot.reactions == [f"👀 {key}"]


def test_with_little_of_the_quota_left_a_message_gets_no_reaction() -> None:
    robot = RecordedRobot(quota={"calls": 4})
    robot.join(OWN)
    robot.ask(OWN, Bind("s1", "First", "/p"))
    robot.hub.health.counted(2, 0, "")
    first = robot.say("one")
    robot.hub.health.counted(1, 0, "")
    robot.say("two")
    assert robot.reactions == [f"👀 {first}"]


def test_the_reaction_is_the_one_of_the_option(robot: RecordedRobot) -> None:
    robot.hub.configure(read({**APP, "reaction": " 🤔 Thinking "}, {}))
    key = robot.say("one")
    assert robot.reactions == [f"🤔 Thinking {key}"]


def test_of_more_messages_than_can_show_it_the_oldest_loses_its_reaction(
    robot: RecordedRobot,
) -> None:
    keys = [robot.say("one") for _ in range(MOST_MESSAGES)]
    assert robot.reactions == [f"👀 {key}" for key in keys]
    robot.reactions.clear()
    another = robot.say("another")
    assert robot.reactions == [f"done {keys[0]}", f"👀 {another}"]
