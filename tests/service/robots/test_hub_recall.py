"""A hub recalls what it has sent: it makes the calls, then every editor and the disk know it."""

from __future__ import annotations

from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.delivery.sent_messages import SentChunk
from dingbridge.core.messages import Delivery
from dingbridge.core.sessions.robot_state import RobotState
from dingbridge.service.robots.robot_news import MessageChoice, Notice
from dingbridge.service.robots.robot_requests import ListMessages, RecallMessage
from tests.support.hub import NOW, RecordedRobot


def sent(robot: RecordedRobot, message: str, key: str = "k1", session: str = "s1") -> None:
    """A message of an editor was sent."""
    robot.send(1, message, session)
    robot.hub.sent(SentChunk(message, "", "hello", NOW, key, "zhangsan", robot_code="ding1"))
    robot.hub.outgoing.heard((Done(message, NOW),))


def joined() -> RecordedRobot:
    robot = RecordedRobot()
    robot.join(1)
    robot.join(2)
    return robot


def notices(robot: RecordedRobot, member: int) -> list[str]:
    return [news.text for news in robot.heard(member, Notice)]


def test_what_was_recalled_is_told_to_every_editor_and_to_the_disk() -> None:
    robot = joined()
    sent(robot, "m1")
    robot.ask(1, RecallMessage("m1"))
    [(calls, then)] = robot.recalls
    assert calls == (RecallCall("ding1", "", ("k1",)),)
    robot.forget()
    then("")
    for member in (1, 2):
        assert robot.fates_of(member, "m1") == [(Delivery.RECALLED, "")]
    assert robot.told_fates[-1] == ("s1", "m1", Delivery.RECALLED, "")
    assert notices(robot, 1) == []


def test_a_notification_outside_of_sessions_is_recalled_with_a_notice() -> None:
    robot = joined()
    sent(robot, "m1", session="")
    robot.ask(1, RecallMessage("m1"))
    robot.recalls[0][1]("")
    assert notices(robot, 1) == ["“hello” was recalled"]


def test_a_refusal_is_told_to_the_one_who_asked_alone() -> None:
    robot = joined()
    sent(robot, "m1")
    robot.ask(1, RecallMessage("m1"))
    robot.forget()
    robot.recalls[0][1]("too late")
    assert notices(robot, 1) == ["“hello” was not recalled: too late"]
    assert (robot.told.get(2), robot.fates_of(1, "m1")) == (None, [])


def test_what_cannot_be_recalled_makes_no_call() -> None:
    robot = joined()
    sent(robot, "m1", key="")
    robot.send(1, "m2")
    for message in ("m1", "m2", "unknown"):
        robot.ask(1, RecallMessage(message))
    assert robot.recalls == []
    answer, waits, unknown = notices(robot, 1)
    assert answer.startswith(
        "“hello” cannot be recalled: it answered somebody who had just written"
    )
    assert waits == "message m2 was not sent yet; :Chat drop m2 gives it up"
    assert unknown.startswith("no message unknown was sent")
    assert "webhook" not in answer + unknown


def test_a_message_that_went_with_others_says_so() -> None:
    robot = joined()
    sent(robot, "m1")
    robot.send(1, "m2", "s1")
    robot.hub.outgoing.heard((Done("m2", NOW),))
    robot.ask(1, RecallMessage("m2"))
    assert notices(robot, 1)[-1].startswith("message m2 cannot be recalled: it went as one message")


def test_what_a_groups_own_robot_has_sent_says_that_it_stays() -> None:
    robot = joined()
    robot.send(1, "m1", "s1")
    robot.hub.outgoing.heard((Done("m1", NOW),))
    robot.ask(1, RecallMessage("m1"))
    assert "nothing that a group's own robot" in notices(robot, 1)[-1]


def test_the_list_to_choose_from_has_what_can_be_recalled_with_text_time_and_destination() -> None:
    robot = joined()
    sent(robot, "m1")
    sent(robot, "m2", key="")
    assert robot.heard(1, RobotState)[-1].recallable_ids == ("m1",)
    robot.ask(1, ListMessages("recall"))
    [choice] = robot.heard(1, MessageChoice)
    assert choice == MessageChoice("recall", (("m1", choice.rows[0][1]),))
    assert choice.rows[0][1].endswith("  hello → zhangsan")
    robot.ask(1, RecallMessage("m1"))
    robot.recalls[0][1]("")
    robot.ask(1, ListMessages("recall"))
    assert notices(robot, 1)[-1].startswith("nothing can be recalled")
    assert robot.heard(1, RobotState)[-1].recallable_ids == ()
    robot.ask(1, RecallMessage("m1"))
    assert notices(robot, 1)[-1].startswith("“hello” is recalled already")
