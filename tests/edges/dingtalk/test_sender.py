"""The send queue against the sandbox: routes, order, fates and failures."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from msgspec import structs

from dingbridge.core.delivery import outbox, outbox_records
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import (
    Done,
    Dropped,
    Failed,
    Merged,
    OutboxRecord,
    Purpose,
    Queued,
    Sent,
    Unmerged,
)
from dingbridge.core.delivery.rate_limit import Hold, Paced, RateLimit
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route, custom_robot
from dingbridge.core.delivery.send_queue import SEPARATOR
from dingbridge.core.delivery.sender_events import CoolDown, Counted, SenderEvent
from dingbridge.core.dingtalk.access_token import HeldToken, held
from dingbridge.core.dingtalk.responses import HttpAnswer, Token
from dingbridge.core.errors import Refused
from dingbridge.core.messages import (
    At,
    Delivery,
    DeliveryReport,
    Outbound,
    SessionWebhook,
    Target,
)
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.core.timeouts import AT_ONCE
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessToken
from dingbridge.edges.dingtalk.sender import OpenApiHttp, RobotClient, RobotSender
from dingbridge.edges.dingtalk.stream import (
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
)
from dingbridge.edges.storage.journal import Journal
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import CustomRobot, Person
from tests.support.disk import out_of_reach
from tests.support.pieces import joined
from tests.support.processes import until

ROBOT = "/robot/send"
SESSION = "/robot/sendBySession"
SINGLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
TOKEN = "/v1.0/oauth2/accessToken"
TEAM = "cidTEAM=="

E = TypeVar("E")


def client(options: Options, http: OpenApiHttp | None = None) -> RobotClient:
    """A robot with a token of its own."""
    return RobotClient(options, http or Http(), AccessToken())


class Journalled:
    """A ledger on disk that also tells each record."""

    def __init__(self, path: Path, notify: Callable[[OutboxRecord], None]) -> None:
        self.path = path
        self.journal = Journal(path)
        self._notify = notify
        self.synced: list[OutboxRecord] = []

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        if sync:
            self.synced.append(record)
        self.journal.append(outbox_records.encode(record), sync=sync)
        self._notify(record)

    def read(self) -> list[OutboxRecord]:
        """What is on the disk."""
        records, damaged = self.journal.read(outbox_records.decode)
        assert damaged == 0
        return records


class Queue:
    """A running sender, what it told, and the journal of its outbox."""

    def __init__(self, options: dict[str, Any], path: Path, pace: RateLimit) -> None:
        self.told: queue.Queue[SenderEvent | OutboxRecord] = queue.Queue()
        self.seen: list[SenderEvent | OutboxRecord] = []
        self.ledger = Journalled(path, self.told.put)
        options = {key: value for key, value in options.items() if value}
        self.sender = RobotSender(
            lambda: client(read(options, {})), self.told.put, self.ledger, pace
        )
        self.started = False
        self.count = 0

    def start(self) -> None:
        self.started = True
        self.sender.start()

    def put(
        self,
        text: str,
        target: Target,
        kind: Purpose = Purpose.REPLY,
        title: str = "title",
        **more: Any,
    ) -> str:
        """Hand a message over as the owner does: written down, then queued."""
        self.count += 1
        message = Outbound(f"m{self.count}", target, text, title, **more)
        self.ledger.journal.append(
            outbox_records.encode(Queued("robot", message, kind, "", time.time()))
        )
        self.sender.put(QueuedMessage("robot", message, kind, "", time.time()))
        return message.id

    def take_up(self) -> list[str]:
        """Queue what an earlier sender left, as a new owner does."""
        waiting = outbox.fold(self.ledger.read()).waiting
        for one in waiting.values():
            self.sender.put(one)
        return list(waiting)

    def until(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event or record of that kind that fits; fails after ten seconds."""
        end = time.monotonic() + 10
        while True:
            try:
                event = self.told.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"told so far: {self.seen}") from None
            self.seen.append(event)
            if isinstance(event, kind) and where(event):
                return event

    def until_retrying(self, message: str) -> DeliveryReport:
        return self.until(
            DeliveryReport,
            lambda report: report.message_id == message and report.delivery is Delivery.RETRYING,
        )

    def until_end(self, message: str) -> Done | Failed:
        """The record of the message's end."""
        end = self.until(
            object, lambda event: isinstance(event, Done | Failed) and event.id == message
        )
        assert isinstance(end, Done | Failed)
        return end

    def send(self, text: str, target: Target, **more: Any) -> Done | Failed:
        """Send one message and wait for the end of its way."""
        return self.until_end(self.put(text, target, **more))

    def fails(self, text: str, target: Target, **more: Any) -> str:
        """Send one message, which fails; returns why."""
        end = self.send(text, target, **more)
        assert isinstance(end, Failed)
        return end.reason

    def stop(self) -> None:
        self.sender.stop()
        if self.started:
            self.sender.join(5)
            assert not self.sender.is_alive()

    def all(self, kind: type[E]) -> list[E]:
        """Everything of that kind so far."""
        while not self.told.empty():
            self.seen.append(self.told.get())
        return [event for event in self.seen if isinstance(event, kind)]


StartQueue = Callable[..., Queue]


@pytest.fixture
def make_queue(sandbox: Sandbox, tmp_path: Path) -> Iterator[StartQueue]:
    """Make senders that share one journal; they are started by hand."""
    made: list[Queue] = []

    def make(pace: RateLimit | None = None, **changes: Any) -> Queue:
        options = {**sandbox.settings(), **changes}
        made.append(Queue(options, tmp_path / "outbox.jsonl", pace or RateLimit(lambda: 0.0)))
        return made[-1]

    yield make
    for running in made:
        running.stop()


@pytest.fixture
def start_queue(make_queue: StartQueue) -> StartQueue:
    def start(**changes: Any) -> Queue:
        made = make_queue(**changes)
        made.start()
        return made

    return start


@pytest.fixture
def sending(start_queue: StartQueue) -> Queue:
    return start_queue()


class OpenGate:
    """Lets a stream do everything."""

    def may_open(self) -> float:
        return 0.0

    def record(self, batch: Sequence[Received]) -> None:
        """Keep nothing."""


@pytest.fixture
def session(sandbox: Sandbox) -> SessionWebhook:
    """The session webhook that DingTalk sent along with a message."""
    arrived: queue.Queue[StreamEvent] = queue.Queue()
    settings = StreamSettings(sandbox.client_id, sandbox.client_secret, sandbox.url, (sandbox.url,))
    stream = StreamThread(settings, Http(), SeenIds(), OpenGate(), arrived.put)
    stream.start()
    sandbox.client.wait_connections(1)
    sandbox.client.say("hi", user="zhangsan")
    while not isinstance(event := arrived.get(timeout=10), MessagesReceived):
        pass
    stream.stop()
    found = event.batch[0].inbound.session_webhook
    assert found is not None
    return found


def test_messages_leave_one_after_the_other_in_order(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(rate_per_minute=None)
    # More than 20 by the webhook would have to wait a minute.
    target = Target(user_id="zhangsan")
    names = [sending.put(f"number {n}", target) for n in range(50)]
    sending.until_end(names[-1])
    assert [a.text for a in sandbox.client.arrived()] == [f"number {n}" for n in range(50)]
    assert [done.id for done in sending.all(Done)] == names


def test_a_group_is_reached_by_its_conversation_id(sending: Queue, sandbox: Sandbox) -> None:
    assert isinstance(sending.send("to all", Target(conversation_id=TEAM)), Done)
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.conversation_id, arrived.text) == ("group", TEAM, "to all")


def test_a_person_is_reached_by_the_staff_id(sending: Queue, sandbox: Sandbox) -> None:
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.user_ids) == ("single", ("zhangsan",))


def test_a_reply_takes_the_session_webhook_while_it_is_valid(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    target = Target(user_id="zhangsan", session_webhook=session)
    assert isinstance(sending.send("reply", target), Done)
    assert [a.route for a in sandbox.client.arrived()] == ["session"]
    assert not sandbox.client.calls(TOKEN)


def test_an_expired_session_webhook_is_not_even_tried(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    expired = SessionWebhook(session.url, time.time() + 10)
    target = Target(conversation_id=TEAM, session_webhook=expired)
    assert isinstance(sending.send("reply", target), Done)
    assert [a.route for a in sandbox.client.arrived()] == ["group"]
    assert not sandbox.client.calls(SESSION)


def test_a_session_webhook_that_fails_midway_hands_over_to_openapi_in_order(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    text = "\n\n".join(f"{n} " + "字" * 4000 for n in range(6))
    target = Target(user_id="zhangsan", session_webhook=session)
    sandbox.client.fault(Fault.errcode(SESSION, 300001, "session 不存在", times=None))
    assert isinstance(sending.send(text, target), Done)
    arrived = sandbox.client.arrived()
    assert {a.route for a in arrived} == {"single"}
    assert joined([a.text for a in arrived]) == text


def test_without_openapi_a_dead_session_webhook_is_a_failure_with_its_reason(
    start_queue: StartQueue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending = start_queue(app_key="", app_secret="")
    target = Target(session_webhook=session)
    sandbox.client.expire_session_webhooks()
    assert sending.fails("reply", target)


def test_a_long_text_leaves_in_chunks_under_the_ceilings(sending: Queue, sandbox: Sandbox) -> None:
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
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    text = "汉" * 50_000
    assert isinstance(start_queue().send(text, Target()), Done)
    arrived = sandbox.client.arrived()
    assert joined([a.text for a in arrived]) == text
    assert max(a.size for a in arrived) <= 18_000


def test_the_character_limit_holds_as_well(start_queue: StartQueue, sandbox: Sandbox) -> None:
    text = "word " * 100
    assert isinstance(start_queue(text_chunk_limit=100).send(text, Target()), Done)
    texts = [each.text for each in sandbox.client.arrived()]
    assert 6 <= len(texts) <= 8
    assert max(map(len, texts)) <= 100
    assert joined(texts).split() == text.split()


def test_too_long_is_split_again_and_goes_on_in_order(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 460101, "message too long", times=2))
    text = "\n\n".join(f"part {n} " + "x" * 900 for n in range(12))
    assert isinstance(sending.send(text, Target()), Done)
    arrived = [a.text for a in sandbox.client.arrived()]
    assert len(arrived) == 3
    assert joined(arrived) == text


def test_a_server_error_is_tried_again_with_the_same_key(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error"))
    message = sending.put("again", Target())
    assert sending.until_retrying(message).reason
    assert isinstance(sending.until_end(message), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["again"]


def test_what_the_webhook_took_without_answering_is_not_delivered_twice(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    assert isinstance(sending.send("once", Target()), Done)
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
        assert isinstance(sending.send("hi", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2
    assert {call.status for call in sandbox.client.calls(GROUP)} == {200}


def test_a_token_whose_answer_has_no_lifetime_is_fetched_once(
    sending: Queue, sandbox: Sandbox
) -> None:
    credentials = {"appKey": sandbox.client_id, "appSecret": sandbox.client_secret}
    granted = requests.post(f"{sandbox.url}{TOKEN}", json=credentials, timeout=5).json()
    body = json.dumps({"accessToken": granted["accessToken"]})
    sandbox.client.fault(Fault(TOKEN, times=None, body=body))
    for _ in range(5):
        assert isinstance(sending.send("hi", Target(user_id="zhangsan")), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_a_refused_token_is_replaced_once_also_when_the_repeat_fails_for_another_reason(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 400, "InvalidAuthentication"))
    sandbox.client.fault(Fault.http(GROUP, 500, "system.error", times=2))
    assert isinstance(sending.send("hi", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_the_margin_of_a_token_is_five_minutes_or_half_its_life() -> None:
    assert held(Token("t", 7200.0), asked=100.0).until == 100 + 7200 - 300
    assert held(Token("t", 60.0), asked=100.0).until == 130
    assert not HeldToken().usable(0.0)
    assert "secret-token" not in repr(HeldToken("secret-token", 1.0))


def test_a_token_that_nobody_answered_for_is_asked_for_again_and_the_message_leaves_once(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    # The request for a token may have arrived, but the message has not left before.
    sandbox.client.fault(Fault.drop(TOKEN, when="after"))
    sending = start_queue(delivery="at_most_once")
    assert isinstance(sending.send("once", Target(user_id="zhangsan")), Done)
    assert [arrived.text for arrived in sandbox.client.arrived()] == ["once"]


def test_a_refused_token_is_replaced_once_and_the_message_goes_out(
    sending: Queue, sandbox: Sandbox
) -> None:
    sending.send("first", Target(conversation_id=TEAM))
    sandbox.client.revoke_tokens()
    assert isinstance(sending.send("second", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_an_unauthorised_answer_counts_as_a_refused_token(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http(GROUP, 401, "Unauthorized"))
    assert isinstance(sending.send("hi", Target(conversation_id=TEAM)), Done)
    assert len(sandbox.client.calls(TOKEN)) == 2


def test_a_token_refused_twice_is_asked_for_again_after_a_pause(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 400, "InvalidAuthentication", times=2))
    message = sending.put("hi", Target(conversation_id=TEAM))
    sending.until_retrying(message)
    assert isinstance(sending.until_end(message), Done)


def test_wrong_credentials_fail_with_what_to_do(start_queue: StartQueue) -> None:
    reason = start_queue(app_secret="wrong-secret").fails("hi", Target(user_id="zhangsan"))
    assert "app_secret" in reason
    assert "wrong-secret" not in reason


def test_a_missing_permission_is_named(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(missing_scopes=("qyapi_robot_sendmsg",))
    assert "qyapi_robot_sendmsg" in sending.fails("hi", Target(user_id="zhangsan"))


def test_a_person_that_cannot_be_reached_is_a_failure_though_the_answer_was_200(
    sending: Queue,
) -> None:
    assert sending.fails("hi", Target(user_id="nobody"))


def test_a_flow_controlled_person_is_written_to_later(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(flow_controlled=("zhangsan",))
    message = sending.put("hi", Target(user_id="zhangsan"))
    assert sending.until_retrying(message).reason


def test_a_burst_by_openapi_stays_within_what_an_app_may_call_in_a_second(
    sending: Queue, sandbox: Sandbox
) -> None:
    for count in range(45):
        sending.put(str(count), Target(conversation_id=TEAM))
    sandbox.client.wait_arrived(45)
    assert {call.status for call in sandbox.client.calls(GROUP)} == {200}


def test_too_many_messages_wait_instead_of_being_lost(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.configure(rate_per_minute=2)
    for _ in range(3):
        sending.put("hi", Target())
    assert sending.until_retrying("m3").reason
    assert len(sandbox.client.arrived()) == 2


def test_a_page_instead_of_an_answer_is_told_and_waits(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.ip_ban(ROBOT))
    sending.put("hi", Target())
    assert sending.until_retrying("m1").reason


def test_after_a_refusal_the_rest_of_the_message_stays_but_the_next_one_goes(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.put("word " * 8000, Target())
    sending.put("next", Target())
    assert isinstance(sending.until_end("m1"), Failed)
    assert isinstance(sending.until_end("m2"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["next"]


def test_while_nothing_can_be_reached_it_waits_and_new_settings_help_at_once(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = start_queue(endpoint={"api": "http://127.0.0.1:1", "oapi": sandbox.url})
    sending.put("patient", Target(user_id="zhangsan"))
    assert "no connection" in sending.until_retrying("m1").reason
    good = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read(good, {})))
    assert isinstance(sending.until_end("m1"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["patient"]


def test_stopping_during_a_pause_leaves_the_message_without_a_fate(
    start_queue: StartQueue,
) -> None:
    sending = start_queue(webhook="", endpoint={"api": "http://127.0.0.1:1"})
    sending.put("patient", Target(user_id="zhangsan"))
    sending.until_retrying("m1")
    sending.sender.stop()
    sending.sender.join(3)
    assert not sending.sender.is_alive()
    assert not [r for r in sending.ledger.read() if isinstance(r, Done | Failed)]


def test_a_signed_robot_takes_our_signature(start_queue: StartQueue, sandbox: Sandbox) -> None:
    sandbox.client.add_robot(CustomRobot("signed", secret="SECabc"))
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    sending = start_queue(webhook=webhook, secret="SECabc")
    assert isinstance(sending.send("signed", Target()), Done)


def test_a_wrong_signing_secret_is_told_with_the_setting(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.add_robot(CustomRobot("signed", secret="SECabc"))
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    assert "secret" in start_queue(webhook=webhook, secret="SECother").fails("x", Target())


def test_a_clock_that_is_off_is_told(start_queue: StartQueue, sandbox: Sandbox) -> None:
    sandbox.client.add_robot(CustomRobot("signed", secret="SECabc"))
    sandbox.client.advance(2 * 3600)
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    sending = start_queue(webhook=webhook, secret="SECabc")
    sending.put("late", Target())
    assert "clock" in sending.until_retrying("m1").reason.lower() + repr(sending.seen)


def test_the_keyword_is_put_in_front_when_it_is_missing(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.add_robot(CustomRobot("worded", keywords=("监控",)))
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
    assert "unknown-token" not in start_queue(webhook=webhook).fails("hi", Target())


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
    everything = caplog.text + repr(sending.all(object)) + repr(sending.sender.__dict__)
    everything += repr(target)
    for secret in (sandbox.client_secret, "access_token=", "?session="):
        assert secret not in everything


# --- the outbox -----------------------------------------------------------------------------------


def test_a_chunk_is_written_down_before_it_leaves_and_after_it_was_taken(
    sending: Queue, sandbox: Sandbox
) -> None:
    text = "\n\n".join("x" * 5000 for _ in range(4))
    sending.send(text, Target(conversation_id=TEAM))
    chunks = len(sandbox.client.arrived())
    assert chunks > 1
    records = sending.ledger.read()[1:]
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


def test_a_short_message_is_written_down_twice_on_its_way(sending: Queue) -> None:
    sending.send("short", Target())
    assert [type(record) for record in sending.ledger.read()] == [Queued, Attempted, Done]


def test_an_attempt_is_synced_before_the_request_only_where_it_must_not_be_made_twice(
    start_queue: StartQueue,
) -> None:
    usual = start_queue()
    usual.send("usual", Target())
    assert usual.ledger.synced == []
    usual.stop()
    careful = start_queue(delivery="at_most_once")
    careful.count = 1
    careful.send("careful", Target())
    assert [type(record) for record in careful.ledger.synced] == [Attempted]


def test_a_message_that_was_interrupted_goes_on_where_it_was(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    text = "\n\n".join(f"{n} " + "x" * 5000 for n in range(6))
    first = start_queue()
    until_half_is_there(first, sandbox, text)
    first.stop()
    second = start_queue()
    assert second.take_up() == ["m1"]
    assert isinstance(second.until_end("m1"), Done)
    assert joined([a.text for a in sandbox.client.arrived()]) == text


def test_what_the_webhook_took_before_a_crash_is_sent_again_with_the_same_key(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    first = make_queue()
    first.put("once", Target())
    first.start()
    first.until(Done)
    first.stop()
    # What a crash between the answer and the journal leaves: the chunk's fate is not known.
    journal = first.ledger.journal
    journal.rewrite(lambda lines: lines[:2])
    second = make_queue()
    assert second.take_up() == ["m1"]
    second.start()
    assert isinstance(second.until_end("m1"), Done)
    assert len(sandbox.client.calls(ROBOT)) == 2
    assert [a.text for a in sandbox.client.arrived()] == ["once"]


def test_at_most_once_what_may_have_arrived_becomes_a_dead_letter_that_can_be_sent_again(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = start_queue(delivery="at_most_once")
    sandbox.client.fault(Fault.drop(GROUP, when="after"))
    assert "may have arrived" in sending.fails("careful", Target(conversation_id=TEAM))
    assert len(sandbox.client.calls(GROUP)) == 1
    sending.ledger.journal.append(outbox_records.encode(outbox_records.Retried("m1")))
    assert sending.take_up() == ["m1"]
    assert isinstance(sending.until_end("m1"), Done)


def test_at_most_once_what_was_refused_for_now_is_sent_by_the_next_owner(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(GROUP, 403, "Forbidden.AccessDenied.QpsLimitForApi", times=1))
    first = start_queue(delivery="at_most_once")
    first.until_retrying(first.put("later", Target(conversation_id=TEAM)))
    first.stop()
    second = start_queue(delivery="at_most_once")
    assert second.take_up() == ["m1"]
    assert isinstance(second.until_end("m1"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["later"]


# --- pace -----------------------------------------------------------------------------------------


def spent(sent: int) -> RateLimit:
    """A robot whose webhook has taken so many messages just now."""
    return RateLimit.restore(Paced({"webhook": (time.time(),) * sent}), lambda: 0.0)


def on_hold(seconds: float) -> RateLimit:
    """A robot whose group has to wait for so long."""
    hold = Hold(time.time(), seconds, "sent too fast")
    return RateLimit.restore(Paced(holds={"webhook": hold}), lambda: 0.0)


def test_short_of_budget_replies_go_first_and_notifications_as_one(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = make_queue(spent(18))
    for n in range(5):
        sending.put(f"note {n}", Target(), Purpose.NOTIFICATION)
    sending.put("answer", Target())
    sending.start()
    whole = sending.until(Done, lambda done: "+" in done.id)
    assert [a.text for a in sandbox.client.arrived()] == [
        "answer",
        SEPARATOR.join(f"note {n}" for n in range(5)),
    ]
    box = outbox.fold(sending.ledger.read())
    assert not box.waiting
    assert set(box.done) == {whole.id, *(f"m{n}" for n in range(1, 7))}


def test_one_bad_notification_does_not_take_those_with_it_that_it_was_merged_with(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = make_queue(spent(17))
    for text in ("good", "bad words", "fine", "last"):
        sending.put(text, Target(), Purpose.NOTIFICATION)
    # The merged message, and then the second one alone.
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.start()
    sending.until(Unmerged)
    sending.until(Done, lambda done: done.id == "m1")
    box = outbox.fold(sending.ledger.read())
    assert not box.dead
    assert sandbox.client.arrived()[0].text == "good"
    assert set(box.waiting) | set(box.done) == {"m1", "m2", "m3", "m4"}


def test_each_of_the_parted_has_its_own_fate_also_after_a_crash(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = make_queue()
    texts = ("good", "bad words", "fine")
    for text in texts:
        sending.put(text, Target(), Purpose.NOTIFICATION)
    whole = Outbound("m1+3", Target(), SEPARATOR.join(texts), "title")
    sending.ledger.record(Merged(("m1", "m2", "m3"), whole))
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.stop()

    second = make_queue()
    assert second.take_up() == ["m1+3"]
    second.start()
    second.until(Unmerged)
    second.until_end("m3")
    assert [a.text for a in sandbox.client.arrived()] == list(texts)
    assert set(outbox.fold(second.ledger.read()).done) >= {"m1", "m2", "m3"}


@pytest.mark.parametrize(
    ("target", "path", "refusal"),
    [
        (Target(user_id="zhangsan"), SINGLE, None),
        (Target(), ROBOT, Fault.errcode(ROBOT, 430104, "improper content")),
    ],
    ids=["no answer", "no answer, then a refusal"],
)
def test_a_merged_message_that_may_have_arrived_is_not_sent_in_parts(
    make_queue: StartQueue, sandbox: Sandbox, target: Target, path: str, refusal: Fault | None
) -> None:
    sending = make_queue(delivery="at_most_once")
    for text in ("one", "two"):
        sending.put(text, target, Purpose.NOTIFICATION)
    whole = Outbound("m1+2", target, SEPARATOR.join(("one", "two")), "t")
    sending.ledger.record(Merged(("m1", "m2"), whole))
    sandbox.client.fault(Fault.drop(path, when="after"))
    if refusal is not None:
        sandbox.client.fault(refusal)
    second = make_queue(delivery="at_most_once")
    assert second.take_up() == ["m1+2"]
    second.start()
    assert isinstance(second.until_end("m1+2"), Failed)
    assert len(sandbox.client.arrived()) == 1
    assert second.all(Unmerged) == []


def test_a_pause_is_told_at_its_start_and_at_its_end(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = make_queue(on_hold(2.0))
    message = sending.put("patient", Target())
    sending.start()
    cooling = sending.until(CoolDown)
    assert cooling.until > time.time() - 1
    assert cooling.reason == "sent too fast"
    assert isinstance(sending.until_end(message), Done)
    assert sending.all(CoolDown)[-1].until == 0
    assert [a.text for a in sandbox.client.arrived()] == ["patient"]


def until_half_is_there(sending: Queue, sandbox: Sandbox, text: str) -> str:
    """Send a long message to the team, of which the second chunk is told to wait."""
    sandbox.client.fault(Fault.hang(GROUP))
    message = sending.put(text, Target(conversation_id=TEAM), Purpose.NOTIFICATION)
    sandbox.client.wait_hanging(1)
    sandbox.client.fault(Fault.qps(GROUP))
    sandbox.client.release()
    assert "calls" in sending.until_retrying(message).reason
    assert len(sandbox.client.arrived()) == 1
    return message


def test_a_group_that_is_told_to_wait_does_not_hold_up_a_person_and_the_pause_stays_visible(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 130101, "send too fast"))
    sending = start_queue()
    sending.until_retrying(sending.put("to the group", Target()))
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    assert isinstance(sending.send("to you too", Target(user_id="zhangsan")), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "to you too"]
    assert sending.all(CoolDown)[-1].until > time.time()


def test_after_another_pause_the_one_that_is_left_is_told_again(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 130101, "send too fast"))
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error"))
    sending = start_queue()
    sending.until_retrying(sending.put("to the group", Target()))
    message = sending.put("to you", Target(user_id="zhangsan"))
    sending.until(CoolDown, lambda told: 0 < told.until < time.time() + 30)
    sending.until(CoolDown, lambda told: told.until > time.time() + 30)
    assert isinstance(sending.until_end(message), Done)


def test_a_long_message_that_is_told_to_wait_goes_on_where_it_was(
    start_queue: StartQueue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending = start_queue()
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
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    sandbox.client.fault(Fault.qps(ROBOT))
    sending = start_queue(text_chunk_limit=400)
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
    start_queue: StartQueue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sandbox.client.fault(Fault.errcode(SESSION, 300001, "session 不存在", times=None))
    sandbox.client.fault(Fault.qps(GROUP))
    sending = start_queue()
    target = Target(conversation_id=TEAM, session_webhook=session)
    assert isinstance(sending.send("later", target), Done)
    assert len(sandbox.client.calls(SESSION)) == 1
    assert [a.text for a in sandbox.client.arrived()] == ["later"]


def test_at_most_once_what_is_told_to_wait_is_sent_when_it_may(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.qps(GROUP))
    sending = start_queue(delivery="at_most_once")
    assert isinstance(sending.send("later", Target(conversation_id=TEAM)), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["later"]


def test_stopping_leaves_what_was_told_to_wait_without_a_fate(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 130101, "send too fast"))
    sending = start_queue()
    sending.until_retrying(sending.put("to the group", Target()))
    sending.stop()
    assert list(outbox.fold(sending.ledger.read()).waiting) == ["m1"]


def test_what_was_told_to_wait_can_be_dropped(start_queue: StartQueue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.qps(GROUP))
    sending = start_queue()
    message = sending.put("regretted", Target(conversation_id=TEAM))
    sending.until_retrying(message)
    sending.sender.drop(message)
    assert isinstance(sending.send("stays", Target(conversation_id=TEAM)), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["stays"]


def test_a_group_that_has_to_wait_does_not_hold_up_a_person(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = make_queue(on_hold(3600))
    sending.put("to the group", Target())
    sending.put("to you", Target(user_id="zhangsan"))
    sending.start()
    assert isinstance(sending.until_end("m2"), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you"]


# --- several conversations ------------------------------------------------------------------------


def threads() -> int:
    """How many threads carry messages."""
    return sum(thread.name == "dingbridge-sender" for thread in threading.enumerate())


def test_a_slow_request_holds_up_its_own_conversation_alone(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(GROUP))
    sending.put("slow", Target(conversation_id=TEAM))
    sandbox.client.wait_hanging(1)
    behind = sending.put("behind it", Target(conversation_id=TEAM))
    for text in ("to you", "to you too"):
        assert isinstance(sending.send(text, Target(user_id="zhangsan")), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "to you too"]
    sandbox.client.release()
    assert isinstance(sending.until_end(behind), Done)
    assert [a.text for a in sandbox.client.arrived("group")] == ["slow", "behind it"]


def test_four_conversations_are_written_to_at_once_at_most(
    sending: Queue, sandbox: Sandbox
) -> None:
    people = [f"person{number}" for number in range(AT_ONCE + 2)]
    for staff_id in people:
        sandbox.client.add_person(Person(staff_id, staff_id=staff_id))
    sandbox.client.fault(Fault.hang(SINGLE, times=len(people)))
    for staff_id in people:
        sending.put(f"for {staff_id}", Target(user_id=staff_id))
    sandbox.client.wait_hanging(AT_ONCE)
    assert threads() == AT_ONCE
    sandbox.client.release()
    sandbox.client.wait_hanging(2)
    sandbox.client.release()
    for _ in people:
        sending.until(Done)
    assert {a.text for a in sandbox.client.arrived()} == {f"for {one}" for one in people}
    until(lambda: threads() == 1, "one thread is enough again")


def test_a_custom_robot_sends_one_at_a_time_and_holds_up_nobody_else(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(ROBOT))
    sending.put("first", Target())
    sandbox.client.wait_hanging(1)
    # The same robot, as another setting named it.
    robot = custom_robot(str(sandbox.settings()["webhook"]))
    second = sending.put("second", Target(custom_robot=robot))
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you"]
    sandbox.client.release()
    assert isinstance(sending.until_end(second), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "first", "second"]


def test_while_requests_are_quick_messages_leave_in_the_order_in_which_they_came(
    sending: Queue, sandbox: Sandbox
) -> None:
    targets = (Target(conversation_id=TEAM), Target(user_id="zhangsan"), Target())
    for number in range(12):
        sending.put(str(number), targets[number % 3])
    sending.until_end("m12")
    assert [a.text for a in sandbox.client.arrived()] == [str(number) for number in range(12)]


def test_while_one_waits_to_be_tried_again_no_other_conversation_is_begun(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error", times=2))
    first = sending.put("to you", Target(user_id="zhangsan"))
    sending.put("to the team", Target(conversation_id=TEAM))
    assert isinstance(sending.until_end(first), Done)
    sandbox.client.wait_arrived(2)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "to the team"]


def test_a_slow_message_that_is_dropped_is_let_go_while_others_go_beside_it(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(GROUP))
    slow = sending.put("slow", Target(conversation_id=TEAM))
    sandbox.client.wait_hanging(1)
    sandbox.client.fault(Fault.http(GROUP, 500, "system.error", times=None))
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    assert not sending.sender.drop(slow)
    assert sending.sender.given_up() == (slow,)
    sandbox.client.release()
    end = sending.until(object, lambda one: isinstance(one, Done | Dropped) and one.id == slow)
    assert isinstance(end, Done | Dropped)


# --- a disk that is full --------------------------------------------------------------------------


def test_nothing_leaves_while_the_outbox_cannot_be_written_and_all_of_it_later(
    start_queue: StartQueue, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sending = start_queue()
    sending.send("before", Target())
    sending.stop()
    sending = start_queue()
    sending.count = 1
    message = Outbound("m2", Target(), "meanwhile", "title")
    journal = sending.ledger.journal
    journal.append(outbox_records.encode(Queued("robot", message, Purpose.REPLY, "", time.time())))
    with out_of_reach(sending.ledger.path):
        sending.sender.put(QueuedMessage("robot", message, Purpose.REPLY, "", time.time()))
        assert "the outbox cannot be written" in sending.until_retrying("m2").reason
        assert [a.text for a in sandbox.client.arrived()] == ["before"]
    sending.count = 2
    assert isinstance(sending.send("after", Target()), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["before", "meanwhile", "after"]
    assert "the outbox cannot be written" in caplog.text


def test_notifications_that_cannot_be_written_down_as_one_lose_nothing(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    holds = {"webhook": Hold(time.time(), 0.7, "sent too fast")}
    nearly_spent = Paced({"webhook": (time.time(),) * 19}, holds)
    sending = make_queue(RateLimit.restore(nearly_spent, lambda: 0.0))
    sending.start()
    sending.send("a message that is longer than the others", Target(user_id="zhangsan"))
    waiting = []
    for n in range(3):
        message = Outbound(f"n{n}", Target(), f"note {n}", "title")
        put = Queued("robot", message, Purpose.NOTIFICATION, "", time.time())
        sending.ledger.journal.append(outbox_records.encode(put))
        waiting.append(QueuedMessage("robot", message, Purpose.NOTIFICATION, "", time.time()))
    with out_of_reach(sending.ledger.path):
        for one in waiting:
            sending.sender.put(one)
        sending.until_retrying("n0")
    sending.sender.drop("nothing")
    sending.until(Done, lambda done: "+" in done.id)
    assert sandbox.client.arrived()[-1].text == SEPARATOR.join(f"note {n}" for n in range(3))


def test_a_defect_costs_one_message_which_is_told_and_none_behind_it(
    start_queue: StartQueue, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Http):
        def post(
            self, url: str, body: bytes, headers: Mapping[str, str] | None = None
        ) -> HttpAnswer:
            if b"poison" in body:
                raise LookupError("a defect")
            return super().post(url, body, headers)

    sending = start_queue()
    options = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read(options, {}), Broken()))
    assert ":Chat log" in sending.fails("poison", Target())
    assert isinstance(sending.send("fine", Target()), Done)
    assert "a defect in sending" in caplog.text


# --- letting go -----------------------------------------------------------------------------------


def test_dropped_messages_do_not_leave_whether_they_wait_or_are_under_way(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error", times=None))
    sending = start_queue()
    first, second = sending.put("under way", Target()), sending.put("waits", Target())
    sending.until_retrying(first)
    # Both at once, while the first one pauses: neither may be forgotten over the other.
    sending.sender.drop(first)
    sending.sender.drop(second)
    sandbox.client.clear_faults()
    assert isinstance(sending.send("stays", Target()), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["stays"]


def test_what_goes_out_as_one_can_be_dropped_by_its_own_name_while_it_is_under_way(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error", times=None))
    sending = make_queue(spent(18))
    for n in range(4):
        sending.put(f"note {n}", Target(), Purpose.NOTIFICATION)
    sending.start()
    whole = sending.until(Merged).outbound.id
    sending.until_retrying(whole)
    assert not sending.sender.drop(whole)
    sending.until(Dropped, lambda dropped: dropped.id == whole)


# --- the count ------------------------------------------------------------------------------------


def test_calls_and_pushes_are_counted_by_what_the_platform_counts(
    sending: Queue, sandbox: Sandbox, session: SessionWebhook
) -> None:
    sending.send("webhook", Target())
    sending.send("to you", Target(user_id="zhangsan"))
    sending.send("reply", Target(user_id="zhangsan", session_webhook=session))
    counts = [(event.calls, event.pushes, event.code) for event in sending.all(Counted)]
    assert counts == [(0, 0, ""), (1, 0, ""), (0, 1, "")]


def test_the_code_of_a_refusal_is_told(sending: Queue, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.errcode(ROBOT, 430104, "improper content"))
    sending.fails("hi", Target())
    assert sending.all(Counted) == [Counted(code="430104")]


# --- what may have arrived ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "path", "refusal"),
    [
        (Target(user_id="zhangsan"), SINGLE, Fault.http(SINGLE, 400, "resource.unavailable")),
        (Target(conversation_id=TEAM), GROUP, Fault.http(GROUP, 400, "resource.unavailable")),
        (Target(), ROBOT, Fault.errcode(ROBOT, 430104, "improper content")),
    ],
    ids=["1:1", "group", "custom robot"],
)
def test_a_refusal_after_an_answer_that_was_lost_does_not_hide_that_it_may_have_arrived(
    sending: Queue, sandbox: Sandbox, target: Target, path: str, refusal: Fault
) -> None:
    sandbox.client.fault(Fault.drop(path, when="after"))
    sandbox.client.fault(refusal)
    assert "may have arrived" in sending.fails("answer", target)
    assert len(sandbox.client.arrived()) == 1
    [letter] = outbox.fold(sending.ledger.read()).dead.values()
    assert letter.waiting.may_have_arrived


def test_a_message_that_was_sent_again_without_an_answer_in_between_is_told_as_perhaps_twice(
    sending: Queue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(SINGLE, when="after"))
    end = sending.send("twice", Target(user_id="zhangsan"))
    assert isinstance(end, Done)
    assert end.uncertain
    assert [a.text for a in sandbox.client.arrived()] == ["twice", "twice"]
    end = sending.send("once", Target())
    assert isinstance(end, Done)
    assert not end.uncertain


def test_what_was_refused_before_a_crash_is_not_said_to_have_arrived_perhaps(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error"))
    first = start_queue()
    first.until_retrying(first.put("later", Target(user_id="zhangsan")))
    first.stop()
    assert not outbox.fold(first.ledger.read()).waiting["m1"].may_have_arrived


def test_what_was_under_way_when_the_editor_crashed_may_have_arrived_until_its_end(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    first = start_queue()
    first.put("once", Target(user_id="zhangsan"))
    first.until(Done)
    first.stop()
    first.ledger.journal.rewrite(lambda lines: lines[:2])
    sandbox.client.fault(Fault.http(SINGLE, 400, "resource.unavailable"))
    second = start_queue()
    assert second.take_up() == ["m1"]
    end = second.until_end("m1")
    assert isinstance(end, Failed)
    assert "may have arrived" in end.reason


def test_an_upload_that_fails_does_not_answer_for_an_attempt_before_it(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    target = Target(user_id="zhangsan")
    first = make_queue()
    first.put("once", target)
    first.ledger.record(Attempted("m1", 0, 4, Route.SINGLE))

    def cannot(*_: object) -> UploadedFile:
        raise Refused("the file is gone")

    options = {key: value for key, value in sandbox.settings().items() if value}
    sender = RobotSender(
        lambda: client(read(options, {})),
        first.told.put,
        first.ledger,
        RateLimit(lambda: 0.0),
        cannot,
    )
    [waiting] = outbox.fold(first.ledger.read()).waiting.values()
    file = structs.replace(waiting.outbound, file_name="a.txt")
    sender.put(structs.replace(waiting, outbound=file))
    sender.start()
    end = first.until_end("m1")
    sender.stop()
    assert isinstance(end, Failed)
    assert "may have arrived" in end.reason
    [letter] = outbox.fold(first.ledger.read()).dead.values()
    assert letter.waiting.may_have_arrived


def test_a_defect_after_a_lost_answer_does_not_hide_that_it_may_have_arrived(
    start_queue: StartQueue, sandbox: Sandbox
) -> None:
    class Broken(Http):
        has_posted = False

        def post(
            self, url: str, body: bytes, headers: Mapping[str, str] | None = None
        ) -> HttpAnswer:
            if self.has_posted:
                raise LookupError("a defect")
            self.has_posted = True
            return super().post(url, body, headers)

    sending = start_queue()
    options = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read(options, {}), Broken()))
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    reason = sending.fails("answer", Target())
    assert ":Chat log" in reason
    assert "may have arrived" in reason


def test_a_merged_message_whose_answer_was_lost_is_parted_with_the_doubt_about_each(
    make_queue: StartQueue, sandbox: Sandbox
) -> None:
    sending = make_queue()
    boss = Target(user_id="zhangsan")
    for text in ("one", "two"):
        sending.put(text, boss, Purpose.NOTIFICATION)
    sending.ledger.record(Merged(("m1", "m2"), Outbound("m1+2", boss, "one\n\n---\n\ntwo", "t")))
    sandbox.client.fault(Fault.drop(SINGLE, when="after"))
    sandbox.client.fault(Fault.http(SINGLE, 400, "resource.unavailable"))
    second = make_queue()
    second.take_up()
    second.start()
    ends = [second.until_end("m1"), second.until_end("m2")]
    assert [(type(end), getattr(end, "uncertain", False)) for end in ends] == [(Done, True)] * 2
