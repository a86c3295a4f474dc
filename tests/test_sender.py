"""The send queue against the sandbox: routes, order, fates and failures."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dingbridge.core.answers import Token
from dingbridge.core.messages import (
    At,
    Delivery,
    DeliveryReport,
    Outbound,
    SessionWebhook,
    Target,
)
from dingbridge.core.seen import Seen
from dingbridge.core.settings import read
from dingbridge.core.token import HeldToken, held
from dingbridge.edges.http import Http
from dingbridge.edges.sender import Sender
from dingbridge.edges.stream import Arrived, Stream, StreamEvent, StreamSettings
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Robot

ROBOT = "/robot/send"
SESSION = "/robot/sendBySession"
SINGLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
TOKEN = "/v1.0/oauth2/accessToken"
TEAM = "cidTEAM=="


class Queue:
    """A running sender and what it reported."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.reports: queue.Queue[DeliveryReport] = queue.Queue()
        self.seen: list[DeliveryReport] = []
        options = {key: value for key, value in options.items() if value}
        self.sender = Sender(read(options, {}), Http(), self.reports.put)
        self.sender.start()
        self.count = 0

    def put(self, text: str, target: Target, **more: Any) -> str:
        self.count += 1
        self.sender.put(Outbound(f"m{self.count}", target, text, "title", **more))
        return f"m{self.count}"

    def until(
        self, want: Callable[[DeliveryReport], bool], seconds: float = 10.0
    ) -> DeliveryReport:
        end = time.monotonic() + seconds
        while True:
            try:
                report = self.reports.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"reported so far: {self.seen}") from None
            self.seen.append(report)
            if want(report):
                return report

    def until_fate(self, message: str, fate: Delivery) -> DeliveryReport:
        return self.until(lambda report: (report.message_id, report.delivery) == (message, fate))

    def send(self, text: str, target: Target, **more: Any) -> DeliveryReport:
        """Send one message and wait for the end of its way."""
        message = self.put(text, target, **more)
        return self.until(
            lambda report: (
                report.message_id == message and report.delivery in (Delivery.SENT, Delivery.FAILED)
            )
        )


StartQueue = Callable[..., Queue]


@pytest.fixture
def start_queue(sandbox: Sandbox) -> Iterator[StartQueue]:
    started: list[Queue] = []

    def start(**changes: Any) -> Queue:
        started.append(Queue({**sandbox.settings(), **changes}))
        return started[-1]

    yield start
    for running in started:
        running.sender.stop()
        running.sender.join(5)
        assert not running.sender.is_alive()


@pytest.fixture
def sending(start_queue: StartQueue) -> Queue:
    return start_queue()


@pytest.fixture
def session(sandbox: Sandbox) -> SessionWebhook:
    """The session webhook that DingTalk sent along with a message."""
    arrived: queue.Queue[StreamEvent] = queue.Queue()
    settings = StreamSettings(sandbox.client_id, sandbox.client_secret, sandbox.url, (sandbox.url,))
    stream = Stream(settings, Http(), Seen(), arrived.put)
    stream.start()
    sandbox.client.wait_connections(1)
    sandbox.client.say("hi", user="zhangsan")
    while not isinstance(event := arrived.get(timeout=10), Arrived):
        pass
    stream.stop()
    assert event.inbound.session_webhook is not None
    return event.inbound.session_webhook


def test_messages_leave_one_after_the_other_in_order(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(rate_per_minute=None)
    names = [sending.put(f"number {n}", Target()) for n in range(50)]
    sending.until_fate(names[-1], Delivery.SENT)
    assert [a.text for a in sandbox.client.arrived()] == [f"number {n}" for n in range(50)]
    sent = [r.message_id for r in sending.seen if r.delivery is Delivery.SENT]
    assert sent == names


def test_a_group_is_reached_by_its_conversation_id(sending: Queue, sandbox: Sandbox) -> None:
    assert sending.send("to all", Target(conversation_id=TEAM)).delivery is Delivery.SENT
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.conversation_id, arrived.text) == ("group", TEAM, "to all")


def test_a_person_is_reached_by_the_staff_id(sending: Queue, sandbox: Sandbox) -> None:
    assert sending.send("to you", Target(user_id="zhangsan")).delivery is Delivery.SENT
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.user_ids) == ("single", ("zhangsan",))


def test_a_reply_takes_the_session_webhook_while_it_is_valid(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    target = Target(user_id="zhangsan", session_webhook=session)
    assert sending.send("reply", target).delivery is Delivery.SENT
    assert [a.route for a in sandbox.client.arrived()] == ["session"]
    assert not sandbox.client.calls(TOKEN)


def test_an_expired_session_webhook_is_not_even_tried(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    expired = SessionWebhook(session.url, time.time() + 10)
    target = Target(conversation_id=TEAM, session_webhook=expired)
    assert sending.send("reply", target).delivery is Delivery.SENT
    assert [a.route for a in sandbox.client.arrived()] == ["group"]
    assert not sandbox.client.calls(SESSION)


def test_a_session_webhook_that_fails_midway_hands_over_to_openapi_in_order(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    text = "\n\n".join(f"{n} " + "字" * 4000 for n in range(6))
    target = Target(user_id="zhangsan", session_webhook=session)
    sandbox.client.fault(Fault.errcode(SESSION, 300001, "session 不存在", times=None))
    assert sending.send(text, target).delivery is Delivery.SENT
    arrived = sandbox.client.arrived()
    assert {a.route for a in arrived} == {"single"}
    assert "".join(a.text for a in arrived) == text


def test_without_openapi_a_dead_session_webhook_is_a_failure_with_its_reason(
    start_queue: StartQueue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending = start_queue(app_key="", app_secret="")
    target = Target(session_webhook=session)
    sandbox.client.expire_session_webhooks()
    report = sending.send("reply", target)
    assert report.delivery is Delivery.FAILED
    assert report.reason


def test_a_long_text_leaves_in_chunks_under_the_ceilings(sending: Queue, sandbox: Sandbox) -> None:
    text = "\n\n".join(f"第{n}段 " + "漢字🙂" * 300 for n in range(40))
    assert sending.send(text, Target(conversation_id=TEAM)).delivery is Delivery.SENT
    arrived = sandbox.client.arrived()
    assert len(arrived) > 5
    assert "".join(a.text for a in arrived) == text
    assert max(a.param_size for a in arrived) <= 14_000
    counts = [(r.sent_chunks, r.chunks) for r in sending.seen]
    assert counts[0] == (0, len(arrived))
    assert counts[-1] == (len(arrived), len(arrived))


def test_chunks_of_the_webhook_stay_under_its_body_limit(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    text = "汉" * 50_000
    assert start_queue().send(text, Target()).delivery is Delivery.SENT
    arrived = sandbox.client.arrived()
    assert "".join(a.text for a in arrived) == text
    assert max(a.size for a in arrived) <= 18_000


def test_the_character_limit_holds_as_well(start_queue: StartQueue, sandbox: Sandbox) -> None:
    assert start_queue(text_chunk_limit=100).send("word " * 100, Target()).delivery is Delivery.SENT
    assert all(len(a.text) <= 100 for a in sandbox.client.arrived())


def test_too_long_is_split_again_and_goes_on_in_order(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 460101, "message too long", times=2))
    text = "\n\n".join(f"part {n} " + "x" * 900 for n in range(12))
    assert sending.send(text, Target()).delivery is Delivery.SENT
    arrived = [a.text for a in sandbox.client.arrived()]
    assert len(arrived) == 3
    assert "".join(arrived) == text


def test_a_server_error_is_tried_again_with_the_same_key(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error"))
    message = sending.put("again", Target())
    retrying = sending.until_fate(message, Delivery.RETRYING)
    assert retrying.reason
    sending.until_fate(message, Delivery.SENT)
    assert [a.text for a in sandbox.client.arrived()] == ["again"]


def test_what_the_webhook_took_without_answering_is_not_delivered_twice(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    assert sending.send("once", Target()).delivery is Delivery.SENT
    assert [a.text for a in sandbox.client.arrived()] == ["once"]
    assert len(sandbox.client.calls(ROBOT)) == 2


def test_the_token_is_fetched_once_and_used_for_many_messages(
    sending: Queue, sandbox: Sandbox
) -> None:
    for _ in range(3):
        sending.send("hi", Target(conversation_id=TEAM))
    assert len(sandbox.client.calls(TOKEN)) == 1


def test_a_token_is_replaced_before_its_end(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(token_lifetime=1)
    end = time.monotonic() + 10
    while len(sandbox.client.calls(TOKEN)) < 2 and time.monotonic() < end:
        assert sending.send("hi", Target(conversation_id=TEAM)).delivery is Delivery.SENT
    assert len(sandbox.client.calls(TOKEN)) == 2
    assert {call.status for call in sandbox.client.calls(GROUP)} == {200}


def test_the_margin_of_a_token_is_five_minutes_or_half_its_life() -> None:
    assert held(Token("t", 7200.0), asked=100.0).until == 100 + 7200 - 300
    assert held(Token("t", 60.0), asked=100.0).until == 130
    assert not HeldToken().usable(0.0)
    assert "secret-token" not in repr(HeldToken("secret-token", 1.0))


def test_a_refused_token_is_replaced_once_and_the_message_goes_out(
    sending: Queue, sandbox: Sandbox
) -> None:
    sending.send("first", Target(conversation_id=TEAM))
    sandbox.client.revoke_tokens()
    assert sending.send("second", Target(conversation_id=TEAM)).delivery is Delivery.SENT
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_an_unauthorised_answer_counts_as_a_refused_token(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http(GROUP, 401, "Unauthorized"))
    assert sending.send("hi", Target(conversation_id=TEAM)).delivery is Delivery.SENT
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_a_token_refused_twice_is_a_failure(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http(GROUP, 400, "InvalidAuthentication", times=2))
    assert sending.send("hi", Target(conversation_id=TEAM)).delivery is Delivery.FAILED


def test_wrong_credentials_fail_with_what_to_do(start_queue: StartQueue) -> None:
    report = start_queue(app_secret="wrong-secret").send("hi", Target(user_id="zhangsan"))
    assert report.delivery is Delivery.FAILED
    assert "app_secret" in report.reason
    assert "wrong-secret" not in report.reason


def test_a_missing_permission_is_named(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(missing_scopes=("qyapi_robot_sendmsg",))
    report = sending.send("hi", Target(user_id="zhangsan"))
    assert report.delivery is Delivery.FAILED
    assert "qyapi_robot_sendmsg" in report.reason


def test_a_person_that_cannot_be_reached_is_a_failure_though_the_answer_was_200(
    sending: Queue,
) -> None:
    report = sending.send("hi", Target(user_id="nobody"))
    assert report.delivery is Delivery.FAILED


def test_a_flow_controlled_person_is_written_to_later(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(flow_controlled=("zhangsan",))
    message = sending.put("hi", Target(user_id="zhangsan"))
    assert sending.until_fate(message, Delivery.RETRYING).reason


def test_too_many_messages_wait_instead_of_being_lost(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(rate_per_minute=2)
    for _ in range(3):
        sending.put("hi", Target())
    assert sending.until_fate("m3", Delivery.RETRYING).reason
    assert len(sandbox.client.arrived()) == 2


def test_a_page_instead_of_an_answer_is_told_and_waits(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.ip_ban(ROBOT))
    sending.put("hi", Target())
    assert sending.until_fate("m1", Delivery.RETRYING).reason


def test_after_a_refusal_the_rest_of_the_message_stays_but_the_next_one_goes(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.put("word " * 8000, Target())
    sending.put("next", Target())
    sending.until_fate("m1", Delivery.FAILED)
    sending.until_fate("m2", Delivery.SENT)
    assert [a.text for a in sandbox.client.arrived()] == ["next"]


def test_while_nothing_can_be_reached_it_waits_and_new_settings_help_at_once(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = start_queue(endpoint={"api": "http://127.0.0.1:1", "oapi": sandbox.url})
    sending.put("patient", Target(user_id="zhangsan"))
    assert "no connection" in sending.until_fate("m1", Delivery.RETRYING).reason
    good = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(read(good, {}), Http())
    sending.until_fate("m1", Delivery.SENT)
    assert [a.text for a in sandbox.client.arrived()] == ["patient"]


def test_stopping_during_a_pause_leaves_the_message_without_a_fate(
    start_queue: StartQueue,
) -> None:
    sending = start_queue(webhook="", endpoint={"api": "http://127.0.0.1:1"})
    sending.put("patient", Target(user_id="zhangsan"))
    sending.until_fate("m1", Delivery.RETRYING)
    sending.sender.stop()
    sending.sender.join(3)
    assert not sending.sender.is_alive()


def test_a_signed_robot_takes_our_signature(start_queue: StartQueue, sandbox: Sandbox) -> None:
    sandbox.client.add_robot(Robot("signed", secret="SECabc"))
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    sending = start_queue(webhook=webhook, secret="SECabc")
    assert sending.send("signed", Target()).delivery is Delivery.SENT


def test_a_wrong_signing_secret_is_told_with_the_setting(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.add_robot(Robot("signed", secret="SECabc"))
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    report = start_queue(webhook=webhook, secret="SECother").send("x", Target())
    assert report.delivery is Delivery.FAILED
    assert "secret" in report.reason


def test_a_clock_that_is_off_is_told(start_queue: StartQueue, sandbox: Sandbox) -> None:
    sandbox.client.add_robot(Robot("signed", secret="SECabc"))
    sandbox.client.advance(2 * 3600)
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    sending = start_queue(webhook=webhook, secret="SECabc")
    sending.put("late", Target())
    assert "clock" in sending.until_fate("m1", Delivery.RETRYING).reason.lower() + repr(
        sending.seen
    )


def test_the_keyword_is_put_in_front_when_it_is_missing(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.add_robot(Robot("worded", keywords=("监控",)))
    webhook = f"{sandbox.url}/robot/send?access_token=worded"
    sending = start_queue(webhook=webhook, keyword="监控")
    sending.send("build is green", Target())
    sending.send("监控: build is red", Target())
    first, second = [a.text for a in sandbox.client.arrived()]
    assert first.startswith("监控")
    assert first.endswith("build is green")
    assert second == "监控: build is red"


def test_people_are_mentioned_only_when_named(sending: Queue, sandbox: Sandbox) -> None:
    sending.send("plain @all", Target())
    sending.send("named", Target(), at=At(user_ids=("lisi",), mobiles=("13800000000",)))
    sending.send("everybody", Target(), at=At(all=True))
    plain, named, everybody = sandbox.client.arrived()
    assert not plain.at or not plain.at.get("isAtAll")
    assert named.at["atUserIds"] == ["lisi"]
    assert named.at["atMobiles"] == ["13800000000"]
    assert "@lisi" in named.text
    assert everybody.at["isAtAll"] is True


def test_msgtype_text_sends_plain_text(start_queue: StartQueue, sandbox: Sandbox) -> None:
    sending = start_queue(msgtype="text")
    sending.send("plain", Target())
    sending.send("plain too", Target(conversation_id=TEAM))
    assert [a.msgtype for a in sandbox.client.arrived()] == ["text", "sampleText"]


def test_a_wrong_robot_token_is_told(start_queue: StartQueue, sandbox: Sandbox) -> None:
    webhook = f"{sandbox.url}/robot/send?access_token=unknown-token"
    report = start_queue(webhook=webhook).send("hi", Target())
    assert report.delivery is Delivery.FAILED
    assert "unknown-token" not in report.reason


def test_no_secret_is_reported_or_logged(
    start_queue: StartQueue,
    sandbox: Sandbox,
    session: SessionWebhook,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "dingbridge")
    sending = start_queue()
    target = Target(user_id="zhangsan", session_webhook=session)
    sandbox.client.fault(Fault.http(SESSION, 500, "x"))
    sandbox.client.fault(Fault.http(ROBOT, 400, "x"))
    sending.send("a", target)
    sending.send("b", Target())
    everything = caplog.text + repr(sending.seen) + repr(sending.sender.__dict__) + repr(target)
    for secret in (sandbox.client_secret, "access_token=", "session="):
        assert secret not in everything
