"""The sender keeps to the rate limits: it merges, pauses, and counts calls."""

from __future__ import annotations

import time

import pytest
from msgspec import structs

from dingbridge.core.delivery import outbox
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_records import Done, Failed, Merged, Purpose, Unmerged
from dingbridge.core.delivery.rate_limit import Hold, Paced, RateLimit
from dingbridge.core.delivery.send_queue import SEPARATOR
from dingbridge.core.delivery.sender_events import CoolDown, Counted
from dingbridge.core.messages import DeliveryReport, Outbound, SessionWebhook, Target
from dingbridge.core.options.settings import read
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import (
    GROUP,
    ROBOT,
    SESSION,
    SINGLE,
    TEAM,
    RunningSender,
    StartSender,
    client,
    spent,
    until_half_is_there,
)
from tests.support.pieces import joined


def on_hold(seconds: float) -> RateLimit:
    """A robot whose group has to wait for so long."""
    hold = Hold(time.time(), seconds, "sent too fast")
    return RateLimit.restore(Paced(holds={"webhook": hold}), lambda: 0.0)


def test_short_of_budget_replies_go_first_and_notifications_as_one(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = make_sender(spent(18))
    for n in range(5):
        sending.put(f"note {n}", Target(), Purpose.NOTIFICATION)
    sending.put("answer", Target())
    sending.start()
    whole = sending.until(Done, lambda done: "+" in done.id)
    assert [a.text for a in sandbox.client.arrived()] == [
        "answer",
        SEPARATOR.join(f"note {n}" for n in range(5)),
    ]
    box = outbox.fold(sending.attempts.read())
    assert not box.waiting
    assert set(box.done) == {whole.id, *(f"m{n}" for n in range(1, 7))}


def test_one_bad_notification_does_not_take_those_with_it_that_it_was_merged_with(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = make_sender(spent(17))
    for text in ("good", "bad words", "fine", "last"):
        sending.put(text, Target(), Purpose.NOTIFICATION)
    # The merged message, and then the second one alone.
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.start()
    sending.until(Unmerged)
    sending.until(Done, lambda done: done.id == "m1")
    box = outbox.fold(sending.attempts.read())
    assert not box.dead
    assert sandbox.client.arrived()[0].text == "good"
    assert set(box.waiting) | set(box.done) == {"m1", "m2", "m3", "m4"}


def test_each_of_the_parted_has_its_own_fate_also_after_a_crash(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = make_sender()
    texts = ("good", "bad words", "fine")
    for text in texts:
        sending.put(text, Target(), Purpose.NOTIFICATION)
    whole = Outbound("m1+3", Target(), SEPARATOR.join(texts), "title")
    sending.attempts.record(Merged(("m1", "m2", "m3"), whole))
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.stop()

    second = make_sender()
    assert second.take_up() == ["m1+3"]
    second.start()
    second.until(Unmerged)
    second.until_end("m3")
    assert [a.text for a in sandbox.client.arrived()] == list(texts)
    assert set(outbox.fold(second.attempts.read()).done) >= {"m1", "m2", "m3"}


@pytest.mark.parametrize(
    ("target", "path", "refusal"),
    [
        (Target(user_id="zhangsan"), SINGLE, None),
        (Target(), ROBOT, Fault.errcode(ROBOT, 430104, "improper content")),
    ],
    ids=["no answer", "no answer, then a refusal"],
)
def test_a_merged_message_that_may_have_arrived_is_not_sent_in_parts(
    make_sender: StartSender, sandbox: Sandbox, target: Target, path: str, refusal: Fault | None
) -> None:
    sending = make_sender(delivery="at_most_once")
    for text in ("one", "two"):
        sending.put(text, target, Purpose.NOTIFICATION)
    whole = Outbound("m1+2", target, SEPARATOR.join(("one", "two")), "t")
    sending.attempts.record(Merged(("m1", "m2"), whole))
    sandbox.client.fault(Fault.drop(path, when="after"))
    if refusal is not None:
        sandbox.client.fault(refusal)
    second = make_sender(delivery="at_most_once")
    assert second.take_up() == ["m1+2"]
    second.start()
    assert isinstance(second.until_end("m1+2"), Failed)
    assert len(sandbox.client.arrived()) == 1
    assert second.all(Unmerged) == []


def test_a_pause_is_told_at_its_start_and_at_its_end(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = make_sender(on_hold(2.0))
    message = sending.put("patient", Target())
    sending.start()
    cooling = sending.until(CoolDown)
    assert cooling.until > time.time() - 1
    assert cooling.reason == "sent too fast"
    assert isinstance(sending.until_end(message), Done)
    assert sending.all(CoolDown)[-1].until == 0
    assert [a.text for a in sandbox.client.arrived()] == ["patient"]


def test_a_group_that_is_told_to_wait_does_not_hold_up_a_person_and_the_pause_stays_visible(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 130101, "send too fast"))
    sending = start_sender()
    sending.until_retrying(sending.put("to the group", Target()))
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    assert isinstance(sending.send("to you too", Target(user_id="zhangsan")), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "to you too"]
    assert sending.all(CoolDown)[-1].until > time.time()


def test_after_another_pause_the_one_that_is_left_is_told_again(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 130101, "send too fast"))
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error"))
    sending = start_sender()
    sending.until_retrying(sending.put("to the group", Target()))
    message = sending.put("to you", Target(user_id="zhangsan"))
    sending.until(CoolDown, lambda told: 0 < told.until < time.time() + 30)
    sending.until(CoolDown, lambda told: told.until > time.time() + 30)
    assert isinstance(sending.until_end(message), Done)


def test_a_long_message_that_is_told_to_wait_goes_on_where_it_was(
    start_sender: StartSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending = start_sender()
    text = "\n\n".join(f"{n} " + "x" * 5000 for n in range(6))
    message = until_half_is_there(sending, sandbox, text)
    # This one could go at once by its own way, but not between the pieces of the other.
    reply = Target(conversation_id=TEAM, session_webhook=session)
    sending.put("a reply", reply)
    assert isinstance(sending.until_end(message), Done)
    assert isinstance(sending.until_end("m2"), Done)
    *chunks, last = [a.text for a in sandbox.client.arrived()]
    assert joined(chunks) == text
    assert last == "a reply"


def test_what_the_webhook_may_have_taken_stays_the_same_chunk_when_it_is_told_to_wait(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    sandbox.client.fault(Fault.qps(ROBOT))
    sending = start_sender(text_chunk_limit=400)
    message = sending.put("x" * 500, Target())
    sending.until(
        DeliveryReport,
        lambda report: "calls" in report.reason and "may have arrived" in report.reason,
    )
    # A chunk that was cut anew would have another key, and DingTalk would not know it again.
    options = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read({**options, "text_chunk_limit": 300}, {})))
    assert isinstance(sending.until_end(message), Done)
    tried = [structs.replace(one, time=0.0) for one in sending.all(Attempted)]
    assert tried[0] == tried[1] == tried[2]
    assert len(set(tried)) == len(tried) - 2
    assert joined([a.text for a in sandbox.client.arrived()]) == "x" * 500


def test_what_has_to_wait_for_openapi_does_not_ask_a_dead_session_webhook_again(
    start_sender: StartSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sandbox.client.fault(Fault.errcode(SESSION, 300001, "session 不存在", times=None))
    sandbox.client.fault(Fault.qps(GROUP))
    sending = start_sender()
    target = Target(conversation_id=TEAM, session_webhook=session)
    assert isinstance(sending.send("later", target), Done)
    assert len(sandbox.client.calls(SESSION)) == 1
    assert [a.text for a in sandbox.client.arrived()] == ["later"]


def test_at_most_once_what_is_told_to_wait_is_sent_when_it_may(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.qps(GROUP))
    sending = start_sender(delivery="at_most_once")
    assert isinstance(sending.send("later", Target(conversation_id=TEAM)), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["later"]


def test_stopping_leaves_what_was_told_to_wait_without_a_fate(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 130101, "send too fast"))
    sending = start_sender()
    sending.until_retrying(sending.put("to the group", Target()))
    sending.stop()
    assert list(outbox.fold(sending.attempts.read()).waiting) == ["m1"]


def test_what_was_told_to_wait_can_be_dropped(start_sender: StartSender, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.qps(GROUP))
    sending = start_sender()
    message = sending.put("regretted", Target(conversation_id=TEAM))
    sending.until_retrying(message)
    sending.sender.drop(message)
    assert isinstance(sending.send("stays", Target(conversation_id=TEAM)), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["stays"]


def test_a_group_that_has_to_wait_does_not_hold_up_a_person(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = make_sender(on_hold(3600))
    sending.put("to the group", Target())
    sending.put("to you", Target(user_id="zhangsan"))
    sending.start()
    assert isinstance(sending.until_end("m2"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you"]


def test_calls_and_pushes_are_counted_by_what_the_platform_counts(
    sending: RunningSender, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending.send("webhook", Target())
    sending.send("to you", Target(user_id="zhangsan"))
    sending.send("reply", Target(user_id="zhangsan", session_webhook=session))
    counts = [(event.calls, event.pushes, event.code) for event in sending.all(Counted)]
    assert counts == [(0, 0, ""), (1, 0, ""), (0, 1, "")]


def test_the_code_of_a_refusal_is_told(sending: RunningSender, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.fails("hi", Target())
    assert sending.all(Counted) == [Counted(code="430104")]


def test_an_attempt_that_waits_out_a_back_off_is_made_when_it_is_hurried(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    # Their pauses together are longer than any wait of this test.
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error", times=4))
    sending = start_sender()
    assert not sending.sender.hurry()
    message = sending.put("patient", Target(user_id="zhangsan"))
    for _ in range(4):
        sending.until(CoolDown, lambda told: told.until > 0)
        assert sending.sender.hurry()
    assert isinstance(sending.until_end(message), Done)
    assert len(sandbox.client.calls(SINGLE)) == 5
    assert not sending.sender.hurry()
