"""A long text leaves in chunks that fit the route, each of them once."""

from __future__ import annotations

from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.messages import DeliveryReport, Target
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import ROBOT, TEAM, RunningSender, StartSender
from tests.support.pieces import joined


def test_a_long_text_leaves_in_chunks_under_the_ceilings(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    text = "\n\n".join(f"第{n}段 " + "漢字🙂" * 300 for n in range(40))
    assert isinstance(sending.send(text, Target(conversation_id=TEAM)), Done)
    arrived = sandbox.client.arrived()
    assert len(arrived) > 5
    assert joined([a.text for a in arrived]) == text
    assert max(a.param_size for a in arrived) <= 14_000
    counts = [(r.sent_chunks, r.chunks) for r in sending.all(DeliveryReport)]
    assert counts[0] == (0, len(arrived))
    assert counts[-1] == (len(arrived), len(arrived))


def test_chunks_of_the_webhook_stay_under_its_body_limit(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    text = "汉" * 50_000
    assert isinstance(start_sender().send(text, Target()), Done)
    arrived = sandbox.client.arrived()
    assert joined([a.text for a in arrived]) == text
    assert max(a.size for a in arrived) <= 18_000


def test_the_character_limit_holds_as_well(start_sender: StartSender, sandbox: Sandbox) -> None:
    text = "word " * 100
    assert isinstance(start_sender(text_chunk_limit=100).send(text, Target()), Done)
    texts = [each.text for each in sandbox.client.arrived()]
    assert 6 <= len(texts) <= 8
    assert max(map(len, texts)) <= 100
    assert joined(texts).split() == text.split()


def test_too_long_is_split_again_and_goes_on_in_order(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 460101, "message too long", times=2))
    text = "\n\n".join(f"part {n} " + "x" * 900 for n in range(12))
    assert isinstance(sending.send(text, Target()), Done)
    arrived = [a.text for a in sandbox.client.arrived()]
    assert len(arrived) == 3
    assert joined(arrived) == text


def test_a_server_error_is_tried_again_with_the_same_key(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error"))
    message = sending.put("again", Target())
    assert sending.until_retrying(message).reason
    assert isinstance(sending.until_end(message), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["again"]


def test_what_the_webhook_took_without_answering_is_not_delivered_twice(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    assert isinstance(sending.send("once", Target()), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["once"]
    assert len(sandbox.client.calls(ROBOT)) == 2
