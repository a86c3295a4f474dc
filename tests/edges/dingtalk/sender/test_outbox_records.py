"""The sender writes each step of a message to the outbox before and after it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Done, Purpose, Queued, Sent
from dingbridge.core.delivery.rate_limit import Hold, Paced, RateLimit
from dingbridge.core.delivery.send_queue import SEPARATOR
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.http import Http
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.disk import out_of_reach
from tests.support.message_sender import (
    GROUP,
    ROBOT,
    TEAM,
    RunningSender,
    StartSender,
    client,
    until_half_is_there,
)
from tests.support.pieces import joined


def test_a_chunk_is_written_down_before_it_leaves_and_after_it_was_taken(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    text = "\n\n".join("x" * 5000 for _ in range(4))
    sending.send(text, Target(conversation_id=TEAM))
    chunks = len(sandbox.client.arrived())
    assert chunks > 1
    records = sending.attempts.read()[1:]
    # The message's end answers for its last chunk.
    assert [type(record) for record in records] == [*([Attempted, Sent] * chunks)[:-1], Done]
    ends = [
        (r.end, s.end)
        for r, s in zip(records[::2], records[1::2], strict=True)
        if isinstance(r, Attempted) and isinstance(s, Sent)
    ]
    assert len(ends) == chunks - 1
    assert all(tried == sent for tried, sent in ends)
    last = records[-2]
    assert isinstance(last, Attempted)
    assert last.end == len(text)


def test_a_short_message_is_written_down_twice_on_its_way(sending: RunningSender) -> None:
    sending.send("short", Target())
    assert [type(record) for record in sending.attempts.read()] == [Queued, Attempted, Done]


def test_an_attempt_is_synced_before_the_request_only_where_it_must_not_be_made_twice(
    start_sender: StartSender,
) -> None:
    usual = start_sender()
    usual.send("usual", Target())
    assert usual.attempts.synced == []
    usual.stop()
    careful = start_sender(delivery="at_most_once")
    careful.count = 1
    careful.send("careful", Target())
    assert [type(record) for record in careful.attempts.synced] == [Attempted]


def test_a_message_that_was_interrupted_goes_on_where_it_was(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    text = "\n\n".join(f"{n} " + "x" * 5000 for n in range(6))
    first = start_sender()
    until_half_is_there(first, sandbox, text)
    first.stop()
    second = start_sender()
    assert second.take_up() == ["m1"]
    assert isinstance(second.until_end("m1"), Done)
    assert joined([a.text for a in sandbox.client.arrived()]) == text


def test_what_the_webhook_took_before_a_crash_is_sent_again_with_the_same_key(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    first = make_sender()
    first.put("once", Target())
    first.start()
    first.until(Done)
    first.stop()
    # What a crash between the answer and the journal leaves: the chunk's fate is not known.
    journal = first.attempts.journal
    journal.rewrite(lambda lines: lines[:2])
    second = make_sender()
    assert second.take_up() == ["m1"]
    second.start()
    assert isinstance(second.until_end("m1"), Done)
    assert len(sandbox.client.calls(ROBOT)) == 2
    assert [a.text for a in sandbox.client.arrived()] == ["once"]


def test_at_most_once_what_may_have_arrived_becomes_a_dead_letter_that_can_be_sent_again(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = start_sender(delivery="at_most_once")
    sandbox.client.fault(Fault.drop(GROUP, when="after"))
    assert "may have arrived" in sending.fails("careful", Target(conversation_id=TEAM))
    assert len(sandbox.client.calls(GROUP)) == 1
    sending.attempts.journal.append(outbox_records.encode(outbox_records.Retried("m1")))
    assert sending.take_up() == ["m1"]
    assert isinstance(sending.until_end("m1"), Done)


def test_at_most_once_what_was_refused_for_now_is_sent_by_the_next_owner(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 403, "Forbidden.AccessDenied.QpsLimitForApi", times=1))
    first = start_sender(delivery="at_most_once")
    first.until_retrying(first.put("later", Target(conversation_id=TEAM)))
    first.stop()
    second = start_sender(delivery="at_most_once")
    assert second.take_up() == ["m1"]
    assert isinstance(second.until_end("m1"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["later"]


def test_nothing_leaves_while_the_outbox_cannot_be_written_and_all_of_it_later(
    start_sender: StartSender, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sending = start_sender()
    sending.send("before", Target())
    sending.stop()
    sending = start_sender()
    sending.count = 1
    message = Outbound("m2", Target(), "meanwhile", "title")
    journal = sending.attempts.journal
    journal.append(outbox_records.encode(Queued("robot", message, Purpose.REPLY, "", time.time())))
    with out_of_reach(sending.attempts.path):
        sending.sender.put(QueuedMessage("robot", message, Purpose.REPLY, "", time.time()))
        assert "the outbox cannot be written" in sending.until_retrying("m2").reason
        assert [a.text for a in sandbox.client.arrived()] == ["before"]
    sending.count = 2
    assert isinstance(sending.send("after", Target()), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["before", "meanwhile", "after"]
    assert "the outbox cannot be written" in caplog.text


def test_notifications_that_cannot_be_written_down_as_one_lose_nothing(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    holds = {"webhook": Hold(time.time(), 0.7, "sent too fast")}
    nearly_spent = Paced({"webhook": (time.time(),) * 19}, holds)
    sending = make_sender(RateLimit.restore(nearly_spent, lambda: 0.0))
    sending.start()
    sending.send("a message that is longer than the others", Target(user_id="zhangsan"))
    waiting = []
    for n in range(3):
        message = Outbound(f"n{n}", Target(), f"note {n}", "title")
        put = Queued("robot", message, Purpose.NOTIFICATION, "", time.time())
        sending.attempts.journal.append(outbox_records.encode(put))
        waiting.append(QueuedMessage("robot", message, Purpose.NOTIFICATION, "", time.time()))
    with out_of_reach(sending.attempts.path):
        for one in waiting:
            sending.sender.put(one)
        sending.until_retrying("n0")
    sending.sender.drop("nothing")
    sending.until(Done, lambda done: "+" in done.id)
    assert sandbox.client.arrived()[-1].text == SEPARATOR.join(f"note {n}" for n in range(3))


def test_a_defect_costs_one_message_which_is_told_and_none_behind_it(
    start_sender: StartSender, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Http):
        def post(
            self, url: str, body: bytes, headers: Mapping[str, str] | None = None
        ) -> HttpAnswer:
            if b"poison" in body:
                raise LookupError("a defect")
            return super().post(url, body, headers)

    sending = start_sender()
    options = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read(options, {}), Broken()))
    assert ":Chat log" in sending.fails("poison", Target())
    assert isinstance(sending.send("fine", Target()), Done)
    assert "a defect in sending" in caplog.text
