"""What comes in reaches one session: the one bound last, once, and after a crash as well."""

from __future__ import annotations

import pytest
from msgspec import structs

from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.delivery.outbox_records import Purpose, Queued
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import OpenMessage
from dingbridge.core.sessions.state import Binding, State
from dingbridge.service.robots.robot_news import CarryOut, Deliver, MayAsk, ProgramAnswerLost
from dingbridge.service.robots.robot_requests import Asking, Bind, InTranscript, SendMessage, Unbind
from tests.support.hub import (
    NOW,
    OWN,
    ROBOT,
    SINGLE,
    TARGET,
    TEAM,
    RecordedRobot,
    bindings,
    received,
)


def test_a_message_goes_to_the_session_that_was_bound_last_and_stays_with_it(
    robot: RecordedRobot,
) -> None:
    robot.say("first")
    robot.time += 1
    robot.ask(OWN, Bind("s1", "First", "/one"))
    robot.say("second")
    assert robot.delivered(1) == [("s2", "first", False), ("s2", "second", False)]
    assert robot.delivered(OWN) == []


def test_two_conversations_speak_to_two_sessions(robot: RecordedRobot) -> None:
    robot.say("/session 1", TEAM)
    robot.say("to one", TEAM)
    robot.say("to two", SINGLE)
    assert robot.delivered(OWN) == [("s1", "to one", False)]
    assert robot.delivered(1) == [("s2", "to two", False)]
    assert robot.state.conversations == {
        f"{ROBOT}/{TEAM.id}": "s1",
        f"{ROBOT}/{SINGLE.id}": "s2",
    }
    assert robot.state.bindings["s1"].conversation_id == TEAM.id
    assert robot.state.bindings["s2"].user_id == "zhangsan"


def test_the_secret_way_to_a_conversation_is_not_remembered(robot: RecordedRobot) -> None:
    robot.say("hello")
    target = robot.state.bindings["s2"].target
    assert target is not None
    assert target.session_webhook is None
    [deliver] = robot.heard(1, Deliver)
    assert deliver.inbound.session_webhook is not None


def test_no_secret_way_to_a_conversation_shows_when_a_word_is_logged(robot: RecordedRobot) -> None:
    robot.say("hello")
    [deliver] = robot.heard(1, Deliver)
    webhook = deliver.inbound.session_webhook
    assert webhook is not None
    send = SendMessage(Outbound("m1", Target(session_webhook=webhook), "hi"), Purpose.REPLY, "s1")
    assert webhook.url not in repr([deliver, send])


def test_a_command_is_carried_out_only_once_it_is_on_the_disk_that_it_may_have_been(
    robot: RecordedRobot,
) -> None:
    robot.slow = True
    key = robot.say("/clear")
    assert robot.heard(1, CarryOut) == []
    robot.catch_up()
    assert robot.written[-1] == inbox.Routed(key, "s2")
    assert [order.again for order in robot.heard(1, CarryOut)] == [False]


def test_a_message_does_not_overtake_the_command_before_it(robot: RecordedRobot) -> None:
    robot.slow = True
    robot.say("/clear")
    robot.say("first in the empty session")
    robot.say("/where")
    robot.say("after that")
    robot.catch_up()
    told = [one for one in robot.told[1] if isinstance(one, CarryOut | Deliver)]
    assert [one.inbound.text for one in told] == [
        "/clear",
        "first in the empty session",
        "/where",
        "after that",
    ]


def test_messages_that_come_together_are_all_brought_although_one_cannot_be(
    robot: RecordedRobot,
) -> None:
    batch = [received(name, name, SINGLE, "zhangsan", NOW) for name in ("one", "two", "three")]
    broken = structs.replace(batch[1], inbound=None)
    robot.hub._router.arrived([batch[0], broken, batch[2]])  # a defect of ours, in one place
    assert [text for _, text, _ in robot.delivered(1)] == ["one", "three"]


def test_what_an_editor_has_put_into_its_transcript_is_done(robot: RecordedRobot) -> None:
    key = robot.say("hello")
    assert inbox.Handed(key) not in robot.written
    robot.ask(1, InTranscript(key))
    robot.ask(1, InTranscript(key))
    assert robot.written.count(inbox.Handed(key)) == 1
    robot.hub.leave(1)
    assert robot.delivered(OWN) == []


def test_what_an_editor_did_not_put_into_its_transcript_goes_to_another_when_it_leaves(
    robot: RecordedRobot,
) -> None:
    key = robot.say("one")
    robot.ask(1, InTranscript(key))
    robot.say("two")
    robot.say("three")
    robot.hub.leave(1)
    # To the same session: it may stand in that transcript already.
    assert robot.delivered(OWN) == [("s2", "two", True), ("s2", "three", True)]


def test_a_message_is_asked_about_once_that_is_on_the_disk(robot: RecordedRobot) -> None:
    key = robot.say("hello")
    robot.slow = True
    robot.ask(OWN, Asking(key, "program"))  # another one has it
    robot.ask(1, Asking(key, "program"))
    assert robot.heard(1, MayAsk) == []
    robot.catch_up()
    assert robot.heard(1, MayAsk) == [MayAsk(key)]
    assert robot.heard(OWN, MayAsk) == []
    assert inbox.Asked(key, "s2", "program") in robot.written


def test_what_a_program_was_asked_about_goes_to_no_other_editor(robot: RecordedRobot) -> None:
    by_program, by_function = robot.say("one"), robot.say("two")
    robot.ask(1, Asking(by_program, "program"))
    robot.ask(1, Asking(by_function, "function"))
    robot.hub.leave(1)
    assert robot.delivered(OWN) == []
    assert [(lost.key, lost.session) for lost in robot.heard(OWN, ProgramAnswerLost)] == [
        (by_program, "s2")
    ]
    assert inbox.Handed(by_function) in robot.written
    assert inbox.Handed(by_program) not in robot.written


@pytest.mark.parametrize("has_answered", [False, True])
def test_a_new_owner_has_it_told_that_an_answer_is_lost_unless_it_is_in_the_outbox(
    has_answered: bool,
) -> None:
    box = Outbox()
    answer = inbox.answer_id(inbox.message_id("a"))
    if has_answered:
        box.apply(Queued(ROBOT, Outbound(answer, TARGET, "the answer"), Purpose.REPLY, "s1", NOW))
    robot = RecordedRobot(bindings(Binding("s1", ROBOT, "First", "/p", 1)), box)
    robot.hub.start(
        {
            "a": OpenMessage(received("a", "question", at=NOW - 10), "s1", "program"),
            "b": OpenMessage(received("b", "of a function", at=NOW - 9), "s1", "function"),
            "c": OpenMessage(received("c", "asked about by nobody", at=NOW - 8), "s1"),
        }
    )
    robot.join(OWN, "/p")
    robot.hub.settled()
    assert [lost.key for lost in robot.heard(OWN, ProgramAnswerLost)] == (
        [] if has_answered else ["a"]
    )
    assert (inbox.Handed("a") in robot.written) == has_answered
    assert inbox.Handed("b") in robot.written
    assert robot.delivered(OWN) == [("s1", "asked about by nobody", True)]


def test_an_editor_that_leaves_while_a_command_is_written_down_takes_nothing_along(
    robot: RecordedRobot,
) -> None:
    robot.slow = True
    robot.say("/where")
    robot.say("hello")
    robot.hub.leave(1)
    robot.catch_up()
    assert [order.again for order in robot.heard(OWN, CarryOut)] == [False]
    assert robot.delivered(OWN) == [("s2", "hello", False)]


def test_when_everybody_leaves_a_message_waits_for_the_next_editor(robot: RecordedRobot) -> None:
    robot.slow = True
    robot.say("hello")
    robot.hub.leave(1)
    robot.hub.leave(OWN)
    robot.catch_up()
    robot.join(2, "/two")
    assert robot.delivered(2) == [("s2", "hello", True)]


def test_what_the_last_editor_had_not_put_into_its_transcript_goes_to_the_next_one(
    robot: RecordedRobot,
) -> None:
    robot.hub.leave(OWN)
    written_down = robot.say("written down")
    robot.say("hello")
    robot.ask(1, InTranscript(written_down))
    robot.hub.leave(1)
    robot.join(2, "/two")
    assert robot.delivered(2) == [("s2", "hello", True)]


def test_a_new_owner_hands_over_what_the_old_one_had_received() -> None:
    robot = RecordedRobot(bindings(Binding("s1", ROBOT, "First", "/p", 1)))
    robot.time += 60
    open_ = {
        "a": OpenMessage(received("a", "never routed", at=NOW - 10)),
        "b": OpenMessage(received("b", "routed", at=NOW - 9), "s1"),
        "c": OpenMessage(received("c", "to a closed session", at=NOW - 8), "s9"),
    }
    robot.hub.start(open_)
    assert robot.told == {}
    robot.join(OWN, "/p")
    robot.hub.settled()
    assert sorted(robot.delivered(OWN)) == [
        ("s1", "never routed", False),
        ("s1", "routed", True),
        ("s9", "to a closed session", True),
    ]


def test_a_new_owner_waits_a_while_for_the_editor_that_a_message_is_meant_for() -> None:
    state = State(
        bindings={name: Binding(name, ROBOT, name, f"/{name}", 1) for name in ("s1", "s2")},
        conversations={f"{ROBOT}/{SINGLE.id}": "s2"},
    )
    robot = RecordedRobot(state)
    robot.hub.start({"a": OpenMessage(received("a", "routed", at=NOW - 10), "s2")})
    robot.join(OWN, bound="s1")
    robot.say("for the other one")
    assert robot.delivered(OWN) == []
    robot.join(1, bound="s2")
    assert robot.delivered(1) == [("s2", "routed", True), ("s2", "for the other one", False)]
    robot.hub.settled()
    assert robot.delivered(OWN) == []


def test_an_editor_that_does_not_come_back_to_a_new_owner_gives_way_to_another() -> None:
    state = State(
        bindings={name: Binding(name, ROBOT, name, f"/{name}", 1) for name in ("s1", "s2")},
        conversations={f"{ROBOT}/{SINGLE.id}": "s2"},
    )
    robot = RecordedRobot(state)
    robot.hub.start({"a": OpenMessage(received("a", "routed", at=NOW - 10), "s2")})
    robot.join(OWN, bound="s1")
    robot.say("for anybody who is there")
    robot.hub.settled()
    # What was routed may stand in that transcript already and goes to no other one.
    assert robot.delivered(OWN) == [
        ("s2", "routed", True),
        ("s1", "for anybody who is there", False),
    ]


def test_what_an_old_owner_had_received_waits_until_a_session_is_bound() -> None:
    robot = RecordedRobot()
    robot.hub.start({"a": OpenMessage(received("a", "patient", at=NOW - 10))})
    robot.join(OWN, "/p")
    assert robot.delivered(OWN) == []
    assert robot.answers() == []
    robot.ask(OWN, Bind("s1", "First", "/p"))
    assert robot.delivered(OWN) == [("s1", "patient", False)]
    robot.join(1, "/q", bound="s2")
    assert robot.delivered(1) == []


def test_what_came_while_no_editor_was_there_waits_until_a_session_is_bound(
    robot: RecordedRobot,
) -> None:
    robot.hub.leave(OWN)
    robot.hub.leave(1)
    robot.say("is anybody there?")
    robot.join(7, "/elsewhere")
    assert robot.answers() == []
    robot.ask(7, Bind("s7", "Seventh", "/elsewhere"))
    assert robot.delivered(7) == [("s7", "is anybody there?", False)]


def test_without_a_bound_session_the_sender_is_told_so(robot: RecordedRobot) -> None:
    robot.ask(OWN, Unbind("s1"))
    robot.ask(1, Unbind("s2"))
    key = robot.say("anybody?")
    [answer] = robot.answers()
    assert "No session is bound" in answer
    assert inbox.Handed(key) in robot.written
