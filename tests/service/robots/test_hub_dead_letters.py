"""Dead letters, and messages that may have arrived, are sent again or dropped by the user."""

from __future__ import annotations

import pytest
from msgspec import structs

from dingbridge.core.catalogue import link
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_records import Done, Dropped, Failed, Merged, Purpose, Retried
from dingbridge.core.delivery.routing import Route
from dingbridge.core.messages import Delivery, Outbound
from dingbridge.core.sessions import robot_state
from dingbridge.service.robots.robot_news import (
    DeliveryUpdate,
    MessageChoice,
    Notice,
    OutboxLines,
)
from dingbridge.service.robots.robot_requests import (
    Drop,
    ListMessages,
    QueryDeliveries,
    Retry,
    SendMessage,
    ShowOutbox,
)
from tests.support.hub import DROPPED, NOW, OWN, TARGET, RecordedRobot, lost, received

NO_SESSION_WEBHOOK = link.NO_SESSION_WEBHOOK()


def fail(robot: RecordedRobot, *messages: str) -> None:
    for message in messages:
        robot.send(1, message, "s2")
        robot.hub.outgoing.heard((Failed(message, "no permission", NOW),))
    robot.queue.clear()
    robot.forget()


def test_a_dead_letter_is_queued_again_once_that_is_on_the_disk(robot: RecordedRobot) -> None:
    fail(robot, "m1", "m2")
    robot.slow = True
    robot.ask(OWN, Retry("m1"))
    assert robot.queue == []
    robot.catch_up()
    assert robot.written[-1] == Retried("m1")
    assert [waiting.id for waiting in robot.queue] == ["m1"]
    assert robot.fates_of(1, "m1") == [(Delivery.QUEUED, "")]
    assert robot.heard(1, robot_state.RobotState)[-1].failed == 1


def test_all_dead_letters_are_queued_again_in_their_order(robot: RecordedRobot) -> None:
    fail(robot, "m1", "m2", "m3")
    robot.slow = True
    robot.ask(OWN, Retry(""), Retry(""))
    robot.catch_up()
    assert [waiting.id for waiting in robot.queue] == ["m1", "m2", "m3"]


def test_what_may_have_arrived_is_sent_again_by_its_name_only(robot: RecordedRobot) -> None:
    fail(robot, "m1")
    lost(robot, "m2", "m3")
    robot.ask(OWN, Retry(""))
    assert [waiting.id for waiting in robot.queue] == ["m1"]
    [said] = robot.heard(OWN, Notice)
    assert said.level == "warn"
    assert "may have arrived: 2" in said.text
    [choice] = robot.heard(OWN, MessageChoice)
    assert (choice.command, [id for id, _ in choice.rows]) == ("retry", ["m2", "m3"])


def test_a_retry_tries_what_waits_now(robot: RecordedRobot) -> None:
    robot.send(OWN, "m1")
    robot.pauses = True
    robot.ask(OWN, Retry(""), Retry("m1"))
    assert robot.hurried == 2
    assert [said.text for said in robot.heard(OWN, Notice)] == ["what waits is tried now"] * 2
    robot.pauses = False
    robot.ask(OWN, Retry(""))
    assert "leaves by itself" in robot.heard(OWN, Notice)[-1].text
    robot.ask(OWN, Retry("m9"))
    assert robot.heard(OWN, Notice)[-1].text.startswith("there is no failed message m9")


def test_the_list_to_drop_from_has_what_failed_and_what_waits(robot: RecordedRobot) -> None:
    robot.ask(OWN, ListMessages("drop"))
    assert robot.heard(OWN, Notice)[-1].text == "no message waits, and none has failed"
    fail(robot, "m1")
    robot.send(OWN, "m2")
    robot.ask(OWN, ListMessages("drop"))
    [choice] = robot.heard(OWN, MessageChoice)
    assert [(id, words.split()[2]) for id, words in choice.rows] == [
        ("m1", "failed"),
        ("m2", "waits"),
    ]


def test_what_may_have_arrived_and_is_sent_again_is_told_until_its_end(
    robot: RecordedRobot,
) -> None:
    lost(robot, "m2")
    robot.ask(OWN, Retry("m2"))
    [waiting] = robot.queue
    assert waiting.may_have_arrived
    assert "may be there twice" in robot.heard(OWN, Notice)[-1].text
    assert "may have arrived" in robot.fates_of(1, "m2")[-1][1]
    _, _, (shown, about) = robot.hub.outgoing.describe("")
    assert (about, "may have arrived" in shown) == ("m2", True)
    robot.hub.outgoing.heard((Done("m2", NOW, uncertain=True),))
    fate, reason = robot.fates_of(1, "m2")[-1]
    assert (fate, "may be there twice" in reason) == (Delivery.SENT, True)
    assert robot.told_fates[-1] == ("s2", "m2", fate, reason)
    robot.ask(1, QueryDeliveries("s2", ("m2",)))
    assert robot.fates_of(1, "m2")[-1] == (fate, reason)


def test_who_asks_about_a_message_that_may_have_arrived_hears_that(robot: RecordedRobot) -> None:
    lost(robot, "m2")
    robot.ask(OWN, Retry("m2"))
    robot.forget()
    robot.ask(1, QueryDeliveries("s2", ("m2",)))
    [(fate, reason)] = robot.fates_of(1, "m2")
    assert (fate, "may have arrived" in reason) == (Delivery.QUEUED, True)


def test_what_was_dropped_on_its_way_may_have_arrived(robot: RecordedRobot) -> None:
    robot.send(1, "m2", "s2")
    robot.hub.outgoing.heard((Attempted("m2", 0, 5, Route.SINGLE),))
    robot.hub.outgoing.heard((Dropped("m2", NOW),))
    fate, reason = robot.fates_of(1, "m2")[-1]
    assert fate is Delivery.FAILED
    assert reason.startswith(DROPPED)
    assert "may have arrived" in reason
    robot.ask(1, QueryDeliveries("s2", ("m2",)))
    assert robot.fates_of(1, "m2")[-1] == (fate, reason)
    told = [news.report for news in robot.heard(1, DeliveryUpdate) if news.report.reason == reason]
    assert [(one.dropped, one.may_have_arrived) for one in told] == [(True, True)] * 2


def test_that_dingtalk_sends_no_session_webhook_is_told_once_and_stays_in_the_status(
    robot: RecordedRobot, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("k1", "k2", "k3"):
        one = received(key)
        inbound = structs.replace(one.inbound, session_webhook=None)
        robot.hub.arrived([structs.replace(one, inbound=inbound)])
    assert [words.text for words in robot.heard(1, Notice)] == [NO_SESSION_WEBHOOK]
    assert robot.heard(1, robot_state.RobotState)[-1].last_error == NO_SESSION_WEBHOOK
    assert caplog.text.count("No sessionWebhook in a message") == 1
    assert "permissions" in NO_SESSION_WEBHOOK


def test_without_such_a_letter_only_who_asked_is_told(robot: RecordedRobot) -> None:
    robot.ask(OWN, Retry("m9"), Retry(""), Drop("m9"))
    assert [news.level for news in robot.heard(OWN, Notice)] == ["error"] * 3
    assert all(":Chat outbox" in news.text for news in robot.heard(OWN, Notice))
    assert robot.heard(1, Notice) == []


def test_a_dropped_message_is_taken_out_of_the_queue_and_told_as_such(robot: RecordedRobot) -> None:
    robot.send(1, "m1", "s2")
    robot.ask(OWN, Drop("m1"))
    assert robot.let_go == ["m1"]
    assert robot.written[-1] == Dropped("m1", robot.time)
    assert robot.told_fates == [("s2", "m1", Delivery.FAILED, DROPPED)]
    assert robot.fates_of(1, "m1")[-1] == (Delivery.FAILED, DROPPED)
    assert robot.heard(1, robot_state.RobotState)[-1].queued == 0
    robot.send(1, "m1", "s2")
    assert len(robot.queue) == 1


def test_a_dead_letter_can_be_dropped(robot: RecordedRobot) -> None:
    fail(robot, "m1")
    # The queue has let go of it before.
    robot.let_go.append("m1")
    robot.ask(OWN, Drop("m1"))
    assert robot.heard(1, robot_state.RobotState)[-1].failed == 0
    robot.ask(OWN, Retry("m1"))
    assert robot.queue == []


@pytest.mark.parametrize(
    ("end", "forgotten"),
    [(Done("m1", NOW), ["m1"]), (Dropped("m1", NOW), ["m1"]), (Failed("m1", "no", NOW), [])],
    ids=["delivered", "given up", "failed"],
)
def test_the_copy_of_a_file_is_kept_while_it_may_be_sent_again(
    robot: RecordedRobot, end: Done | Dropped | Failed, forgotten: list[str]
) -> None:
    file = Outbound("m1", TARGET, "a.png", file="/kept/a.png", file_name="a.png")
    robot.ask(1, SendMessage(file, Purpose.REPLY, "s1"))
    robot.hub.outgoing.heard((end,))
    assert robot.forgotten == forgotten


def test_a_message_that_left_before_it_could_be_dropped_is_told_as_sent(
    robot: RecordedRobot,
) -> None:
    robot.send(1, "m1", "s2")
    robot.under_way.add("m1")
    robot.ask(OWN, Drop("m1"))
    robot.hub.outgoing.heard((Done("m1", NOW),))
    assert robot.told_fates == [("s2", "m1", Delivery.SENT, "")]
    assert not [record for record in robot.written if isinstance(record, Dropped)]


def test_a_message_that_is_let_go_of_on_its_way_is_told_as_dropped_by_then(
    robot: RecordedRobot,
) -> None:
    robot.send(1, "m1", "s2")
    robot.under_way.add("m1")
    robot.ask(OWN, Drop("m1"))
    assert robot.let_go == ["m1"]
    assert robot.told_fates == []
    robot.hub.outgoing.heard((Dropped("m1", NOW),))
    assert robot.told_fates == [("s2", "m1", Delivery.FAILED, DROPPED)]
    assert robot.heard(1, robot_state.RobotState)[-1].queued == 0


def test_a_message_that_was_dropped_on_its_way_is_not_sent_after_a_kill(
    robot: RecordedRobot,
) -> None:
    for name in ("m1", "m2"):
        robot.send(1, name, "s2")
    robot.under_way.add("m1")
    robot.written.append(Attempted("m1", 0, 5, Route.SINGLE))
    robot.ask(OWN, Drop("m1"))
    later = robot.of_disk()
    later.hub.start({})
    assert [waiting.id for waiting in later.queue] == ["m2"]
    [(session, message, delivery, reason)] = later.told_fates
    assert (session, message, delivery) == ("s2", "m1", Delivery.FAILED)
    assert "may have arrived" in reason
    assert later.written == [Dropped("m1", NOW)]


def test_what_was_dropped_on_its_way_and_failed_can_be_sent_again(robot: RecordedRobot) -> None:
    robot.send(1, "m1", "s2")
    robot.under_way.add("m1")
    robot.ask(OWN, Drop("m1"))
    failed = Failed("m1", "a defect", NOW)
    robot.written.append(failed)
    robot.hub.outgoing.heard((failed,))
    robot.ask(OWN, Retry("m1"))
    assert [waiting.id for waiting in robot.queue] == ["m1", "m1"]
    later = robot.of_disk()
    later.hub.start({})
    assert [waiting.id for waiting in later.queue] == ["m1"]


def test_a_part_of_a_message_that_goes_out_as_one_cannot_be_dropped_and_who_asks_is_told(
    robot: RecordedRobot,
) -> None:
    robot.send(1, "m1", "s2")
    robot.send(1, "m2", "s2")
    robot.hub.outgoing.heard((Merged(("m1", "m2"), Outbound("m1+2", TARGET, "both")),))
    robot.ask(OWN, Drop("m2"))
    assert [news.text for news in robot.heard(OWN, Notice)] == [
        "message m2 goes out as one with others, as m1+2"
    ]
    assert robot.let_go == []
    robot.ask(OWN, Drop("m1+2"))
    told = [("s2", name, Delivery.FAILED, DROPPED) for name in ("m1", "m2")]
    assert robot.told_fates == told
    robot.ask(1, QueryDeliveries("s2", ("m2",)))
    assert robot.fates_of(1, "m2")[-1] == (Delivery.FAILED, DROPPED)


def test_a_dead_letter_that_is_being_tried_again_is_not_dropped_meanwhile(
    robot: RecordedRobot,
) -> None:
    fail(robot, "m1")
    robot.slow = True
    robot.ask(OWN, Retry("m1"), Drop("m1"))
    assert "is being tried again" in robot.heard(OWN, Notice)[-1].text
    robot.catch_up()
    assert [waiting.id for waiting in robot.queue] == ["m1"]
    _, (shown, _) = robot.of_disk().hub.outgoing.describe("")
    assert shown.split()[:2] == ["waiting", "m1"]
    robot.ask(OWN, Drop("m1"))
    robot.catch_up()
    assert robot.fates_of(1, "m1")[-1] == (Delivery.FAILED, DROPPED)


def test_dropping_twice_at_once_is_told_once(robot: RecordedRobot) -> None:
    robot.send(1, "m1", "s2")
    robot.slow = True
    robot.ask(OWN, Drop("m1"))
    robot.ask(1, Drop("m1"))
    assert robot.told_fates == []
    robot.catch_up()
    assert robot.told_fates == [("s2", "m1", Delivery.FAILED, DROPPED)]


def test_the_outbox_is_shown_to_who_asks_with_ids_and_reasons(robot: RecordedRobot) -> None:
    robot.ask(1, ShowOutbox())
    assert [news.lines for news in robot.heard(1, OutboxLines)] == [(("the outbox is empty", ""),)]
    fail(robot, "m1")
    robot.send(1, "m2", "s2", "deploy is done")
    robot.ask(1, ShowOutbox())
    [letters] = robot.heard(1, OutboxLines)
    summary, *lines = letters.lines
    assert [(text.split(maxsplit=2), message) for text, message in lines] == [
        (["waiting", "m2", "deploy is done  → zhangsan (1:1)"], "m2"),
        (["failed", "m1", "hello  → zhangsan (1:1)"], "m1"),
        (["no", "permission"], "m1"),
    ]
    assert summary[0].startswith("waiting: 1, failed: 1; ")
    assert ":Chat retry" in summary[0]
    assert ":Chat drop" in summary[0]
    assert robot.heard(OWN, OutboxLines) == []


def test_of_a_full_outbox_the_first_are_shown_and_the_rest_are_counted(
    robot: RecordedRobot,
) -> None:
    fail(robot, *(f"dead{n}" for n in range(60)))
    for n in range(10_000):
        robot.send(1, f"m{n}", "s2")
    lines = robot.hub.outgoing.describe("")
    assert len(lines) == 1 + 50 + 1 + 2 * 50 + 1
    assert lines[0][0].startswith("waiting: 10000, failed: 60; ")
    assert lines[50][0].split()[:2] == ["waiting", "m49"]
    assert lines[51][0].strip() == "… and 9950 more waiting"
    assert lines[-1][0].strip() == "… and 10 more failed"
    state = robot.heard(1, robot_state.RobotState)[-1]
    assert state.failed_ids == tuple(f"dead{n}" for n in range(59, 29, -1))
    assert state.waiting_ids == tuple(f"m{n}" for n in range(9_999, 9_969, -1))


def test_who_drops_a_message_again_hears_no_complaint(robot: RecordedRobot) -> None:
    robot.send(1, "m1")
    robot.ask(1, Drop("m1"))
    told = len(robot.heard(1, Notice))
    robot.ask(1, Drop("m1"))
    assert len(robot.heard(1, Notice)) == told
