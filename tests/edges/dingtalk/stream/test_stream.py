"""The stream connection against the sandbox: real sockets, real frames."""

from __future__ import annotations

import gc
import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from filelock import FileLock
from msgspec import structs

from dingbridge.core.dingtalk.keepalive import KeepAliveTiming, LinkState
from dingbridge.core.dingtalk.limits import RATE_PAUSE
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.stream import (
    LinkChanged,
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
    Trouble,
    sockets,
)
from dingbridge.edges.storage import robot_files as storage
from dingbridge.edges.storage.robot_files import SharedFiles, files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.disk import noted_syncs
from tests.support.flood import header_id, message, packed

CALM = KeepAliveTiming(look_every=0.05, ping_after=0.2, pong_within=10.0)
"""A pong may be late on a busy machine."""
QUICK = structs.replace(CALM, pong_within=0.3)
"""For a socket from which no pong comes."""
OPEN = "/v1.0/gateway/connections/open"

E = TypeVar("E")


class Gate:
    """Lets everything through unless told otherwise, and keeps what was written down."""

    def __init__(
        self,
        waits: Iterable[float] = (),
        refusals: Iterable[OSError] = (),
        defects: Iterable[Exception] = (),
    ) -> None:
        self.waits = list(waits)
        self.defects = list(defects)
        self.refusals = list(refusals)
        self.asked = 0
        self.written: list[Received] = []

    def may_open(self) -> float:
        self.asked += 1
        if self.defects:
            raise self.defects.pop(0)
        return self.waits.pop(0) if self.waits else 0.0

    def record(self, batch: Sequence[Received]) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.written += batch


class FileGate(Gate):
    """Keeps in files what is written down, as the service does."""

    def __init__(self, files: SharedFiles) -> None:
        super().__init__()
        self._files = storage.StreamGate(files)

    def record(self, batch: Sequence[Received]) -> None:
        self._files.record(batch)


class Listener:
    """A running stream and everything it told."""

    def __init__(self, settings: StreamSettings, seen: SeenIds, gate: Gate) -> None:
        self.gate = gate
        self.told: queue.Queue[StreamEvent | Received] = queue.Queue()
        self.all: list[StreamEvent | Received] = []
        self.batches: list[int] = []
        self.stream = StreamThread(settings, Http(), seen, gate, self._hear)
        self.stream.start()

    def _hear(self, event: StreamEvent) -> None:
        if not isinstance(event, MessagesReceived):
            self.told.put(event)
            return
        self.batches.append(len(event.batch))
        for received in event.batch:
            self.told.put(received)

    def until(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of that kind that fits; fails after ten seconds."""
        end = time.monotonic() + 10
        while True:
            try:
                event = self.told.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__}; told so far: {self.all}") from None
            self.all.append(event)
            if isinstance(event, kind) and where(event):
                return event

    def until_link(self, state: LinkState) -> LinkChanged:
        return self.until(LinkChanged, lambda event: event.state is state)


Listen = Callable[..., Listener]


@pytest.fixture
def listen(sandbox: Sandbox) -> Iterator[Listen]:
    started: list[Listener] = []

    def start(
        *,
        secret: str = "",
        api: str = "",
        pace: KeepAliveTiming = CALM,
        seen: SeenIds | None = None,
        gate: Gate | None = None,
    ) -> Listener:
        settings = StreamSettings(
            client_id=sandbox.client_id,
            client_secret=secret or sandbox.client_secret,
            api=api or sandbox.url,
            trusted_origins=(sandbox.url,),
            timing=pace,
        )
        started.append(Listener(settings, seen or SeenIds(), gate or Gate()))
        return started[-1]

    yield start
    for listener in started:
        listener.stream.stop()
        listener.stream.join(15)
        assert not listener.stream.is_alive()


@pytest.fixture
def linked(listen: Listen) -> Listener:
    listener = listen()
    listener.until_link(LinkState.CONNECTED)
    return listener


def test_a_link_is_told_as_connecting_before_it_is_connected(listen: Listen) -> None:
    listener = listen()
    listener.until_link(LinkState.CONNECTED)
    states = [told.state for told in listener.all if isinstance(told, LinkChanged)]
    assert states == [LinkState.CONNECTING, LinkState.CONNECTED]


def test_a_link_that_is_over_leaves_no_socket_to_be_collected(
    listen: Listen, sandbox: Sandbox
) -> None:
    gc.collect()  # what tests before this one left
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        listener = listen(pace=QUICK)
        listener.until_link(LinkState.CONNECTED)
        sandbox.client.half_open()
        listener.until_link(LinkState.WAITING)
        listener.until_link(LinkState.CONNECTED)
        listener.stream.stop()
        listener.stream.join(15)
        gc.collect()
    assert [str(each.message) for each in warned if "socket" in str(each.message)] == []


def test_a_message_is_acked_and_told(linked: Listener, sandbox: Sandbox) -> None:
    said = sandbox.client.say("hello", user="zhangsan")
    inbound = linked.until(Received).inbound
    assert inbound.text == "hello"
    assert inbound.sender.staff_id == "zhangsan"
    assert inbound.session_webhook is not None
    assert sandbox.client.wait_ack(said.header_id).code == 200


def test_a_message_is_written_down_before_it_is_acked(linked: Listener, sandbox: Sandbox) -> None:
    said = sandbox.client.say("keep this", user="zhangsan")
    sandbox.client.wait_ack(said.header_id)
    [written] = linked.gate.written
    assert written.inbound.text == "keep this"
    assert written.robot == sandbox.client_id
    assert linked.until(Received) == written


def test_a_message_that_cannot_be_written_down_is_not_acked_and_taken_when_it_comes_again(
    listen: Listen, sandbox: Sandbox
) -> None:
    listener = listen(gate=Gate(refusals=[OSError(28, "No space left on device")]))
    listener.until_link(LinkState.CONNECTED)
    first = sandbox.client.say("too much", user="zhangsan")
    assert "No space left on device" in listener.until(Trouble).sentence
    again = sandbox.client.say(message_id=first.message_id, repeat=True)
    assert listener.until(Received).inbound.text == "too much"
    assert sandbox.client.wait_ack(again.header_id).code == 200
    assert first.header_id not in {ack.message_id for ack in sandbox.client.acks()}


def test_a_connection_is_opened_no_sooner_than_it_may_be(listen: Listen, sandbox: Sandbox) -> None:
    listener = listen(gate=Gate(waits=[0.2, 0.1]))
    waiting = listener.until_link(LinkState.WAITING)
    assert waiting.retry_in == 0.2
    assert sandbox.client.connections().total == 0
    listener.until_link(LinkState.CONNECTED)
    assert listener.gate.asked == 3


def test_stopping_before_a_connection_may_be_opened_opens_none(
    listen: Listen, sandbox: Sandbox
) -> None:
    listener = listen(gate=Gate(waits=[3600.0]))
    listener.until_link(LinkState.WAITING)
    listener.stream.stop()
    listener.stream.join(15)
    assert not listener.stream.is_alive()
    assert sandbox.client.connections().total == 0


def test_stopping_while_a_connection_is_asked_for_opens_none(
    listen: Listen, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(OPEN, "after"))
    listener = listen()
    sandbox.client.wait_hanging(1)
    listener.stream.stop()
    sandbox.client.release()
    listener.stream.join(15)
    assert not listener.stream.is_alive()
    assert sandbox.client.connections().total == 0


def test_after_a_defect_the_link_comes_back(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    listener = listen(gate=Gate(defects=[ValueError("of the gate")]))
    assert "a defect" in listener.until_link(LinkState.WAITING).reason
    listener.until_link(LinkState.CONNECTED)
    assert "a defect in the link" in caplog.text


def test_a_message_that_comes_twice_is_told_once_and_acked_twice(
    linked: Listener, sandbox: Sandbox
) -> None:
    first = sandbox.client.say("once", user="zhangsan")
    again = sandbox.client.say(message_id=first.message_id, repeat=True)
    sandbox.client.say("another", user="zhangsan")
    assert again.header_id != first.header_id
    assert linked.until(Received).inbound.text == "once"
    assert linked.until(Received).inbound.text == "another"
    assert sandbox.client.wait_ack(again.header_id).code == 200


def test_a_message_known_from_before_a_restart_is_not_told(
    listen: Listen, sandbox: Sandbox
) -> None:
    first = listen()
    first.until_link(LinkState.CONNECTED)
    said = sandbox.client.say("old", user="zhangsan")
    key = first.until(Received).key
    first.stream.stop()
    first.until_link(LinkState.OFF)
    sandbox.client.wait_connections(0)

    second = listen(seen=SeenIds({key: time.time()}))
    second.until_link(LinkState.CONNECTED)
    sandbox.client.say(message_id=said.message_id, repeat=True)
    sandbox.client.say("new", user="zhangsan")
    assert second.until(Received).inbound.text == "new"


def test_a_ping_frame_gets_its_own_data_back(linked: Listener, sandbox: Sandbox) -> None:
    [header_id] = sandbox.client.send_ping()
    ack = sandbox.client.wait_ack(header_id)
    assert ack.code == 200
    assert "opaque" in str(ack.data)


def test_after_a_disconnect_frame_the_new_socket_opens_before_the_old_one_closes(
    linked: Listener, sandbox: Sandbox
) -> None:
    sandbox.client.disconnect()
    linked.until_link(LinkState.CONNECTED)
    connections = sandbox.client.wait_connections(1, total=2)
    old, new = connections.all
    assert old.closed is not None
    assert new.opened <= old.closed
    assert not [
        e for e in linked.all if isinstance(e, LinkChanged) and e.state is LinkState.WAITING
    ]
    sandbox.client.say("still here", user="zhangsan")
    assert linked.until(Received).inbound.text == "still here"


def test_a_dropped_socket_is_opened_again(linked: Listener, sandbox: Sandbox) -> None:
    sandbox.client.abort()
    waiting = linked.until_link(LinkState.WAITING)
    assert waiting.reason
    assert 0 < waiting.retry_in < 2
    linked.until_link(LinkState.CONNECTED)
    sandbox.client.say("back", user="zhangsan")
    assert linked.until(Received).inbound.text == "back"


def test_a_socket_that_answers_no_ping_counts_as_dead(listen: Listen, sandbox: Sandbox) -> None:
    listener = listen(pace=QUICK)
    listener.until_link(LinkState.CONNECTED)
    sandbox.client.half_open()
    waiting = listener.until_link(LinkState.WAITING)
    assert "silent" in waiting.reason
    listener.until_link(LinkState.CONNECTED)


def test_a_quiet_socket_that_answers_pings_stays_open(listen: Listen, sandbox: Sandbox) -> None:
    listener = listen(pace=KeepAliveTiming(look_every=0.01, ping_after=0.0, pong_within=5.0))
    listener.until_link(LinkState.CONNECTED)
    for number in range(30):
        sandbox.client.say(f"alive {number}", user="zhangsan")
        assert listener.until(Received).inbound.text == f"alive {number}"
    assert sandbox.client.connections().total == 1


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ('{"specVersion":"1.0","type":"CALLBACK","headers":{"topic":"/v1.0/im', "cannot be read"),
        ("{}", "type"),
        ('{"type":"CALLBACK","headers":{"topic":"/v1.0/im/bot/messages/get","messageId":"1"}}', ""),
        ("[1, 2, 3]", ""),
    ],
    ids=["half a frame", "no fields", "no data", "a list"],
)
def test_what_cannot_be_read_is_told_in_one_line_and_the_link_stays_up(
    linked: Listener, sandbox: Sandbox, frame: str, words: str
) -> None:
    sandbox.client.raw_frame(frame)
    trouble = linked.until(Trouble)
    assert words in trouble.sentence
    assert "\n" not in trouble.sentence
    sandbox.client.say("after", user="zhangsan")
    assert linked.until(Received).inbound.text == "after"
    assert sandbox.client.connections().total == 1


def test_broken_utf8_in_a_frame_does_not_cost_the_link(linked: Listener, sandbox: Sandbox) -> None:
    payload = b'{"type":"CALLBACK","headers":{"topic":"x\xff\xfe"}}'
    text_frame = bytes([0x81, len(payload)]) + payload
    sandbox.client.raw_frame(text_frame, wire=True)
    sandbox.client.say("after", user="zhangsan")
    assert linked.until(Received).inbound.text == "after"
    assert sandbox.client.connections().total == 1


def test_bytes_that_are_no_frame_cost_the_socket_but_not_the_link(
    listen: Listen, sandbox: Sandbox
) -> None:
    # Read as a frame, they say that more bytes follow: pongs are lost in it.
    listener = listen(pace=QUICK)
    listener.until_link(LinkState.CONNECTED)
    sandbox.client.raw_frame(b"HTTP/1.1 500 Oops\r\n\r\n", wire=True)
    listener.until_link(LinkState.WAITING)
    listener.until_link(LinkState.CONNECTED)


def test_a_message_of_a_megabyte_arrives_whole(linked: Listener, sandbox: Sandbox) -> None:
    text = "长" * 350_000
    sandbox.client.say(text, user="zhangsan")
    assert linked.until(Received).inbound.text == text


def test_a_used_up_quota_is_told_as_such(linked: Listener, sandbox: Sandbox) -> None:
    sandbox.client.say(extra={"text": None, "errorCode": 20001, "errorMessage": "no quota"})
    trouble = linked.until(Trouble)
    assert "quota" in trouble.sentence
    assert trouble.code == "20001"
    assert linked.gate.written == []


def test_an_unknown_topic_is_acked_as_unknown(linked: Listener, sandbox: Sandbox) -> None:
    sandbox.client.raw_frame(
        '{"type":"CALLBACK","headers":{"topic":"/v1.0/other","messageId":"m-7"},"data":"{}"}'
    )
    assert sandbox.client.wait_ack("m-7").code == 404


def test_wrong_credentials_are_told_with_a_fix_and_tried_again_slowly(listen: Listen) -> None:
    waiting = listen(secret="wrong").until_link(LinkState.WAITING)
    assert "app_secret" in waiting.fix
    assert waiting.retry_in >= 45


def test_a_gateway_that_is_down_is_asked_again(listen: Listen, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.html(OPEN, status=502))
    listener = listen()
    assert listener.until_link(LinkState.WAITING).retry_in < 2
    listener.until_link(LinkState.CONNECTED)


def test_a_link_that_was_stable_makes_the_failures_before_it_forgotten(
    listen: Listen, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.html(OPEN, status=502, times=2))
    listener = listen(pace=structs.replace(CALM, stable=0.0))
    listener.until_link(LinkState.CONNECTED)
    sandbox.client.abort()
    assert listener.until_link(LinkState.WAITING).retry_in <= 1


def test_a_link_that_was_hardly_there_does_not_make_the_next_pause_shorter(
    listen: Listen, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.html(OPEN, status=502, times=2))
    listener = listen()
    listener.until_link(LinkState.CONNECTED)
    sandbox.client.abort()
    waits = [each.retry_in for each in listener.all if isinstance(each, LinkChanged)]
    assert listener.until_link(LinkState.WAITING).retry_in > max(waits)


def test_a_gateway_that_asks_for_a_pause_gets_it(listen: Listen, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.ip_ban(OPEN))
    assert listen().until_link(LinkState.WAITING).retry_in >= RATE_PAUSE


def test_nobody_listening_at_the_address_is_a_passing_failure(listen: Listen) -> None:
    waiting = listen(api="http://127.0.0.1:1").until_link(LinkState.WAITING)
    assert "no connection" in waiting.reason


def test_stopping_says_goodbye_to_the_server_at_once(linked: Listener, sandbox: Sandbox) -> None:
    linked.stream.stop()
    linked.stream.join(5)
    assert not linked.stream.is_alive()
    assert sandbox.client.wait_connections(0).total == 1
    assert linked.until(LinkChanged).state is LinkState.OFF


def test_stopping_during_a_pause_does_not_wait_for_its_end(listen: Listen) -> None:
    listener = listen(secret="wrong")
    listener.until_link(LinkState.WAITING)
    listener.stream.stop()
    listener.stream.join(15)
    assert not listener.stream.is_alive()


def test_no_secret_is_told_or_logged(
    listen: Listen, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "dingbridge")
    listener = listen()
    listener.until_link(LinkState.CONNECTED)
    sandbox.client.abort()
    listener.until_link(LinkState.WAITING)
    listener.until_link(LinkState.CONNECTED)
    everything = caplog.text + repr(listener.all) + repr(listener.stream.__dict__)
    assert "ticket=" not in everything.replace("ticket='***'", "")
    assert sandbox.client_secret not in everything


def test_an_outage_of_many_attempts_is_one_line_at_its_start_and_one_at_its_end(
    listen: Listen, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "dingbridge.edges.dingtalk.stream")
    sandbox.client.fault(Fault.html(OPEN, status=502, times=2))
    listen().until_link(LinkState.CONNECTED)
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "link lost" in line]) == 1
    assert [line for line in lines if "connected" in line] == [
        "DingTalk channel connected via Stream Mode again, after 2 failed attempts"
    ]


@pytest.fixture
def files(tmp_path: Path) -> Iterator[SharedFiles]:
    disk = Worker(lambda work: work(), lambda error: None)
    disk.start()
    yield files_in(tmp_path, disk)
    disk.finish(5)


@pytest.mark.parametrize(("count", "most"), [(1, 1), (500, 50)])
def test_what_comes_together_costs_few_syncs_answers_and_words_to_the_loop(
    listen: Listen,
    sandbox: Sandbox,
    files: SharedFiles,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    most: int,
) -> None:
    listener = listen(gate=FileGate(files), pace=KeepAliveTiming())
    listener.until_link(LinkState.CONNECTED)
    syncs = noted_syncs(monkeypatch, lambda: None)
    answers = 0
    send = sockets.send

    def counted(*arguments: Any) -> None:
        nonlocal answers
        answers += 1
        send(*arguments)

    monkeypatch.setattr(sockets, "send", counted)
    sandbox.client.raw_frame(packed(message(number) for number in range(count)), wire=True)
    texts = [listener.until(Received).inbound.text for _ in range(count)]
    assert texts == [f"message {number}" for number in range(count)]
    sandbox.client.wait_ack(header_id(count - 1))
    assert {ack.message_id for ack in sandbox.client.acks()} == set(map(header_id, range(count)))
    assert sum(listener.batches) == count
    assert max(len(syncs), answers, len(listener.batches)) <= most
    records, damaged = files.inbox.read(inbox.decode)
    assert [record.key for record in records if isinstance(record, Received)] == [
        f"robot/msg-{n}" for n in range(count)
    ]
    assert damaged == 0


def test_what_was_acked_is_handed_on_though_the_link_breaks_right_behind_it(
    linked: Listener, sandbox: Sandbox
) -> None:
    close = packed([b"\x03\xe8"], 8)
    sandbox.client.raw_frame(packed(message(number) for number in range(100)) + close, wire=True)
    texts = [linked.until(Received).inbound.text for _ in range(100)]
    assert texts == [f"message {number}" for number in range(100)]
    linked.until_link(LinkState.WAITING)
    assert len(sandbox.client.acks()) == 100


def test_an_ack_waits_for_no_other_work_with_files_and_for_no_other_process(
    listen: Listen, sandbox: Sandbox, files: SharedFiles, tmp_path: Path
) -> None:
    listener = listen(gate=FileGate(files))
    listener.until_link(LinkState.CONNECTED)
    busy = threading.Event()
    files.disk.do(busy.wait)
    with ExitStack() as held:
        for name in (storage.INBOX_FILE, storage.OUTBOX_FILE, storage.STATE_FILE):
            held.enter_context(FileLock(f"{tmp_path / name}.lock"))
        said = sandbox.client.say("at once", user="zhangsan")
        assert sandbox.client.wait_ack(said.header_id).code == 200
        assert listener.until(Received).inbound.text == "at once"
    busy.set()
