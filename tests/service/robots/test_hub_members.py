"""Editors join a robot's hub, bind sessions, hear of each other's changes, and leave."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.catalogue import remote as remote_words
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.messages import Delivery, Message, Role, Target
from dingbridge.core.options.settings import read
from dingbridge.core.sessions import inbox, robot_state
from dingbridge.core.sessions.state import Binding
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.robot_news import (
    AnswerInstead,
    AnswerWithdrawn,
    Arrived,
    CarryOut,
    Deliver,
    LinkNews,
    Notice,
    RestoreBinding,
    Unbound,
)
from dingbridge.service.robots.robot_requests import (
    Answers,
    Bind,
    InSession,
    InTranscript,
    QueryDeliveries,
    Retitle,
    Unbind,
)
from tests.support.hub import NOW, OWN, ROBOT, RecordedRobot, bindings, question


def test_an_editor_that_joins_learns_how_the_link_is_and_what_is_queued() -> None:
    robot = RecordedRobot()
    robot.join(OWN)
    robot.send(OWN, "m1")
    robot.join(1)
    assert robot.heard(1, RestoreBinding) == [RestoreBinding()]
    assert [news.link for news in robot.heard(1, LinkNews)] == ["off"]
    assert robot.heard(1, robot_state.RobotState)[-1].queued == 1


def test_who_has_not_said_hello_is_not_listened_to(robot: RecordedRobot) -> None:
    robot.send(7, "m1")
    robot.ask(7, Bind("s9", "Title", "/"))
    assert robot.queue == []
    assert "s9" not in robot.state.bindings
    robot.hub.leave(7)


def test_the_link_is_open_as_long_as_an_editor_has_a_session_bound() -> None:
    robot = RecordedRobot()
    robot.join(OWN)
    assert not robot.linked
    robot.ask(OWN, Bind("s1", "First", "/p"))
    assert robot.linked
    robot.join(1, bound="s2")
    robot.ask(OWN, Unbind("s1"))
    assert robot.linked
    robot.hub.leave(1)
    assert not robot.linked


def test_a_new_title_of_a_bound_session_is_stored_and_that_of_another_one_is_not(
    robot: RecordedRobot,
) -> None:
    robot.ask(OWN, Bind("s1", "Before", "/p"))
    before = robot.state.bindings["s1"]
    for member in (OWN, 1):
        robot.ask(member, Retitle("s1", "After"))
    robot.ask(OWN, Retitle("s9", "Elsewhere"))
    assert robot.state.bindings["s1"] == structs.replace(before, title="After")
    assert "s9" not in robot.state.bindings


def test_without_an_app_no_link_is_opened() -> None:
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"
    robot = RecordedRobot()
    robot.join(OWN, bound="s1")
    assert robot.linked
    robot.hub.configure(read({"webhook": webhook}, {}))
    assert not robot.linked


def test_a_link_that_is_no_longer_held_is_told_as_off(robot: RecordedRobot) -> None:
    robot.hub.health.link_changed(LinkState.CONNECTED, "", "")
    assert [news.link for news in robot.heard(1, LinkNews)] == ["connected"]
    robot.ask(OWN, Unbind("s1"))
    robot.ask(1, Unbind("s2"))
    assert [news.link for news in robot.heard(1, LinkNews)] == ["connected", "off"]


def test_every_editor_takes_up_the_latest_binding_of_its_project_folder() -> None:
    robot = RecordedRobot(
        bindings(
            Binding("old", ROBOT, cwd="/p", time=1),
            Binding("new", ROBOT, cwd="/p", time=2, user_id="lisi", label="Li Si"),
            Binding("elsewhere", ROBOT, cwd="/q", time=9),
            Binding("other app", "another robot", cwd="/p", time=9),
        )
    )
    robot.join(OWN, "/p")
    robot.join(1, "/p")
    robot.join(2, "/r")
    assert robot.heard(OWN, RestoreBinding) == [
        RestoreBinding("new", Target(user_id="lisi", label="Li Si"))
    ]
    assert robot.heard(1, RestoreBinding) == robot.heard(OWN, RestoreBinding)
    assert robot.heard(2, RestoreBinding) == [RestoreBinding()]
    assert robot.heard(2, robot_state.RobotState)[-1].bound == ("new",)
    assert robot.linked


def test_an_editor_that_has_a_session_bound_already_keeps_it() -> None:
    robot = RecordedRobot(bindings(Binding("s1", ROBOT, "Kept", "/p", 1, user_id="lisi")))
    robot.join(1, "/p", bound="s1")
    assert robot.heard(1, RestoreBinding) == []
    assert robot.state.bindings["s1"].user_id == "lisi"


def test_a_session_can_be_bound_in_two_editors_and_what_comes_is_for_the_one_used_last(
    robot: RecordedRobot,
) -> None:
    robot.ask(1, Bind("s1", "First", "/two"))
    assert set(robot.state.bindings) == {"s1"}
    for last, other in ((OWN, 1), (1, OWN)):
        robot.active = {last: 2.0, other: 1.0}
        robot.forget()
        robot.say("hello")
        assert robot.delivered(last) == [("s1", "hello", False)]
        assert robot.delivered(other) == []


def test_a_session_that_is_new_in_one_editor_does_not_release_what_another_one_has_bound(
    robot: RecordedRobot,
) -> None:
    robot.ask(1, Bind("s1", "First", "/two"))
    robot.ask(1, Bind("s3", "Third", "/two"))
    assert robot.heard(OWN, robot_state.RobotState)[-1].bound == ("s1", "s3")
    assert set(robot.state.bindings) == {"s1", "s3"}


def test_a_session_that_is_released_in_one_editor_is_released_in_all(robot: RecordedRobot) -> None:
    robot.ask(1, Bind("s1", "First", "/two"))
    robot.ask(OWN, Unbind("s1"))
    assert robot.heard(1, Unbound) == [Unbound("s1", 100)]
    assert robot.heard(OWN, Unbound) == []
    assert robot.heard(1, robot_state.RobotState)[-1].bound == ()
    assert robot.state.bindings == {}
    assert not robot.linked


def test_what_is_to_be_answered_goes_to_the_editor_with_a_responder(robot: RecordedRobot) -> None:
    robot.ask(1, Bind("s1", "First", "/two"))
    robot.ask(OWN, Answers(True))
    robot.active = {1: 2.0}
    robot.say("hello")
    robot.say("/where")
    assert robot.delivered(OWN) == [("s1", "hello", False)]
    assert [order.inbound.text for order in robot.heard(1, CarryOut)] == ["/where"]


def test_a_question_that_an_editor_does_not_take_up_goes_to_another_with_its_session(
    robot: RecordedRobot,
) -> None:
    robot.ask(OWN, Answers(True))
    robot.ask(1, Answers(True), robot_requests.Unanswered(question(), left=False))
    # The first one has the session bound; the second shows it.
    assert robot.heard(OWN, AnswerInstead) == [
        AnswerInstead(structs.replace(question(), tried=(1,)))
    ]
    assert robot.heard(1, AnswerWithdrawn) == [AnswerWithdrawn("q1")]
    again = robot.heard(OWN, AnswerInstead)[0].turn
    robot.ask(OWN, robot_requests.Unanswered(again, left=False))
    assert robot.heard(OWN, AnswerWithdrawn) == []
    assert robot.answers() == []


def test_who_asked_is_told_when_the_editor_leaves_and_no_other_can_answer(
    robot: RecordedRobot,
) -> None:
    # It has a responder, but neither bound nor shows the session: it may know nothing of it.
    robot.ask(1, Answers(True))
    robot.ask(OWN, robot_requests.Unanswered(question(), left=True))
    assert robot.heard(1, AnswerInstead) == []
    assert robot.answers() == [remote_words.CLOSED()]
    robot.shown.add((1, "s1"))
    robot.ask(OWN, robot_requests.Unanswered(question(), left=True))
    assert robot.heard(1, AnswerInstead) == [
        AnswerInstead(structs.replace(question(), tried=(OWN,)))
    ]
    assert robot.answers() == [remote_words.CLOSED()]


def test_a_command_that_an_editor_does_not_answer_is_carried_out_by_another_with_its_session(
    robot: RecordedRobot,
) -> None:
    robot.ask(1, Bind("s1", "First", "/two"))
    robot.active = {1: 2.0}
    robot.say("/where")
    [order] = robot.heard(1, CarryOut)
    robot.ask(1, robot_requests.PassOn(order))
    assert robot.heard(1, AnswerWithdrawn) == [AnswerWithdrawn(order.key)]
    [passed] = robot.heard(OWN, CarryOut)
    assert passed == structs.replace(order, tried=(1,))
    # Nobody is left: it may yet answer.
    robot.ask(OWN, robot_requests.PassOn(passed))
    assert robot.heard(OWN, AnswerWithdrawn) == []
    robot.ask(OWN, InTranscript(order.key))
    assert inbox.Handed(order.key) in robot.written


def test_what_is_new_in_a_session_is_told_to_all_other_editors(robot: RecordedRobot) -> None:
    robot.say("hello")
    [given] = robot.heard(1, Deliver)
    message = Message("m1", Role.DINGTALK, "Zhangsan", "hello", NOW)
    arrived = Arrived(given.inbound, given.session, message)
    robot.ask(1, InSession(arrived))
    assert robot.heard(OWN, Arrived) == [arrived]
    assert robot.heard(1, Arrived) == []


def test_what_an_editor_hands_over_while_it_is_looked_for_is_not_told_as_never_left(
    robot: RecordedRobot,
) -> None:
    robot.slow = True
    robot.ask(OWN, QueryDeliveries("s1", ("m1",)))
    robot.send(OWN, "m1")
    robot.catch_up()
    assert robot.fates_of(OWN, "m1") == [(Delivery.QUEUED, "")]


def test_what_an_editor_that_was_left_still_takes_in_is_given_to_no_other(
    robot: RecordedRobot,
) -> None:
    key = robot.say("hello")
    [given] = robot.heard(1, Deliver)
    robot.hub.retire(1)
    assert robot.delivered(OWN) == []
    message = Message("m1", Role.DINGTALK, "Zhangsan", "hello", NOW)
    robot.ask(1, InSession(Arrived(given.inbound, given.session, message)))
    robot.ask(1, InTranscript(key))
    robot.hub.leave(1)
    assert robot.delivered(OWN) == []
    assert [arrived.message for arrived in robot.heard(OWN, Arrived)] == [message]


def test_what_an_editor_that_was_left_did_not_take_in_after_all_goes_to_another(
    robot: RecordedRobot,
) -> None:
    robot.say("hello")
    robot.hub.retire(1)
    robot.hub.leave(1)
    assert [text for _, text, _ in robot.delivered(OWN)] == ["hello"]


def test_a_warning_pops_up_in_the_editor_that_was_used_last(robot: RecordedRobot) -> None:
    for last, other in ((OWN, 1), (1, OWN)):
        robot.active = {last: 2.0, other: 1.0}
        robot.forget()
        robot.hub.health.trouble("something is wrong", "")
        assert [words.text for words in robot.heard(last, Notice)] == ["something is wrong"]
        assert robot.heard(other, Notice) == []


def test_binding_another_session_in_the_same_editor_takes_the_conversations_along(
    robot: RecordedRobot,
) -> None:
    robot.say("/session s1")
    robot.ask(OWN, Bind("s3", "Third", "/one"))
    assert set(robot.state.bindings) == {"s2", "s3"}
    # Of those who speak to nobody, the session that was bound last hears.
    robot.time += 1
    robot.ask(1, Bind("s2", "Second", "/two"))
    robot.say("hello")
    assert robot.delivered(OWN) == [("s3", "hello", False)]


def test_an_editor_that_joins_while_the_link_waits_learns_why() -> None:
    robot = RecordedRobot()
    robot.join(1)
    robot.ask(1, Bind("s1", "One", "/p"))
    robot.hub.health.link_changed(LinkState.WAITING, "no answer", "check the network", 12.0)
    robot.join(2)
    assert robot.heard(2, LinkNews) == [
        LinkNews("waiting", "no answer", "check the network", NOW + 12)
    ]
    robot.hub.health.link_changed(LinkState.CONNECTED, "", "")
    assert robot.heard(2, LinkNews)[-1] == LinkNews("connected")
