"""Frames are read and taken in by the batch: none is lost, acked too early or waited for."""

from __future__ import annotations

import errno
import itertools
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
import websocket
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.errors import LinkLost
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.stream import StreamSettings
from dingbridge.edges.dingtalk.stream.reading import MOST, FrameReader
from dingbridge.edges.dingtalk.stream.receiving import Receiver
from tests.support.flood import header_id, message, packed
from tests.support.identity import IDENTITY

LONG = 60.0
"""Seconds that nothing here may wait."""

NO_ROOM = OSError(28, "No space left on device")
FULL = "No space left on device"


def bytes_of(frame: websocket.ABNF) -> bytes:
    assert isinstance(frame.data, bytes)
    return frame.data


class Pair:
    """A connection and the server's end of it."""

    def __init__(self, waits: float = LONG) -> None:
        here, self.server = socket.socketpair()
        self._begin(here, waits)

    def _begin(self, here: socket.socket, waits: float) -> None:
        self.waits = waits
        self.connection = websocket.WebSocket(skip_utf8_validation=True)
        self.connection.sock = here
        self.incoming = FrameReader(self.connection)

    def texts(self, count: int) -> list[bytes]:
        """The next messages, until there are so many."""
        found: list[bytes] = []
        while len(found) < count:
            found += [bytes_of(frame) for frame in self.incoming.batch(self.waits)]
        return found

    def close(self) -> None:
        self.server.close()
        self.connection.shutdown()  # type: ignore[no-untyped-call]  # websocket-client left it untyped


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def sent(server: socket.socket, *pieces: bytes) -> threading.Thread:
    """Send from a thread: the socket does not hold all of it."""

    def send() -> None:
        for piece in pieces:
            server.sendall(piece)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_all_that_is_there_is_one_batch_and_nothing_is_waited_for(pair: Pair) -> None:
    texts = [f"text {number}".encode() for number in range(20)]
    pair.server.sendall(packed(texts))
    assert [frame.data for frame in pair.incoming.batch(pair.waits)] == texts


def test_a_batch_has_an_end_and_the_next_one_goes_on_there(pair: Pair) -> None:
    texts = [b"%d" % number for number in range(MOST + 10)]
    pair.server.sendall(packed(texts))
    assert [frame.data for frame in pair.incoming.batch(pair.waits)] == texts[:MOST]
    assert [frame.data for frame in pair.incoming.batch(pair.waits)] == texts[MOST:]


def test_half_a_frame_keeps_nothing_before_it_waiting(pair: Pair) -> None:
    whole = packed([b"one", b"two" * 1000])
    pair.server.sendall(whole[:-1])
    assert [frame.data for frame in pair.incoming.batch(pair.waits)] == [b"one"]
    pair.server.sendall(whole[-1:])
    assert [frame.data for frame in pair.incoming.batch(pair.waits)] == [b"two" * 1000]


def test_a_quiet_connection_gives_nothing_after_a_while() -> None:
    pair = Pair(waits=0.01)
    assert pair.incoming.batch(pair.waits) == []
    pair.server.sendall(packed([b"one"])[:2])
    assert pair.incoming.batch(pair.waits) == []
    pair.close()


def test_what_came_before_the_connection_broke_is_given_first(pair: Pair) -> None:
    pair.server.sendall(packed([b"one", b"two"]) + packed([b"three"])[:3])
    pair.server.close()
    assert pair.texts(2) == [b"one", b"two"]
    for _ in range(2):
        with pytest.raises(LinkLost, match="closed"):
            pair.incoming.batch(pair.waits)


def test_what_came_before_bytes_that_are_no_frame_is_given_first(pair: Pair) -> None:
    pair.server.sendall(packed([b"one"]) + b"HTTP/1.1 500 Oops " * 9)
    assert pair.texts(1) == [b"one"]
    with pytest.raises(LinkLost, match="broke"):
        pair.incoming.batch(pair.waits)


def test_a_message_in_parts_is_one_and_a_ping_between_them_is_given_at_once(pair: Pair) -> None:
    begin, middle = packed([b"be"], fin=False), packed([b"gin"], 0, fin=False)
    pair.server.sendall(begin + packed([b"ping"], 9) + middle)
    assert pair.texts(1) == [b"ping"]
    pair.server.sendall(packed([b"ning"], 0))
    assert pair.texts(1) == [b"beginning"]


@given(
    st.lists(st.binary(max_size=40) | st.integers(100, 100_000), min_size=1, max_size=8),
    st.lists(st.floats(0, 1), max_size=20),
)
def test_frames_are_the_same_however_their_bytes_come(
    wanted: list[bytes | int], cuts: list[float]
) -> None:
    texts = [bytes(one) if isinstance(one, int) else one for one in wanted]
    data = packed(texts, 2)
    places = [0, *sorted(int(cut * len(data)) for cut in cuts), len(data)]
    pair = Pair()
    thread = sent(pair.server, *(data[a:b] for a, b in itertools.pairwise(places)))
    assert pair.texts(len(texts)) == texts
    thread.join()
    pair.close()


class TlsPair(Pair):
    """The same over TLS, which keeps bytes for itself that no `select` sees."""

    def __init__(self, identity: Path) -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(identity)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        here, there = socket.socketpair()
        ends: list[ssl.SSLSocket] = []
        thread = threading.Thread(
            target=lambda: ends.append(server.wrap_socket(there, server_side=True))
        )
        thread.start()
        wrapped = client.wrap_socket(here)
        thread.join()
        self.server = ends[0]
        self._begin(wrapped, LONG)


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    path = tmp_path / "identity.pem"
    path.write_text(IDENTITY)
    return path


def test_all_that_tls_holds_back_is_read_without_waiting(identity: Path) -> None:
    pair = TlsPair(identity)
    texts = [b"%d " % number * 300 for number in range(50)]
    pair.server.sendall(packed(texts))
    assert pair.texts(50) == texts
    large = [b"x" * 300_000, b"last"]
    thread = sent(pair.server, packed(large))
    assert pair.texts(2) == large
    thread.join()
    pair.close()


class Gate:
    """Writes down what it has room for."""

    def __init__(self, room: Callable[[Sequence[Received]], bool] = lambda _: True) -> None:
        self.room = room
        self.batches: list[list[str]] = []

    def may_open(self) -> float:
        return 0.0

    def record(self, batch: Sequence[Received]) -> None:
        if not self.room(batch):
            raise NO_ROOM
        self.batches.append([one.inbound.text for one in batch])


def receiver(gate: Gate, seen: SeenIds | None = None) -> Receiver:
    settings = StreamSettings("app", "secret", "http://127.0.0.1", ())
    return Receiver(settings, SeenIds() if seen is None else seen, gate, logging.getLogger("test"))


def acked(acks: Iterable[str]) -> list[int]:
    """The numbers of the messages that were acked."""
    return [
        number
        for ack in acks
        for number in range(40)
        if f'"messageId":"{header_id(number)}"' in ack
    ]


PING = '{"type":"SYSTEM","headers":{"topic":"ping","messageId":"ping"},"data":"{}"}'


def test_a_batch_is_written_down_at_once_and_answered_in_order() -> None:
    gate = Gate()
    taken = receiver(gate).take([message(1), PING, message(2), "no frame", message(3)])
    assert gate.batches == [["message 1", "message 2", "message 3"]]
    assert [one.inbound.text for one in taken.arrived] == gate.batches[0]
    assert acked(taken.acks) == [1, 2, 3]
    assert ["ping" in ack for ack in taken.acks] == [False, True, False, False]
    assert len(taken.troubles) == 1


def test_nothing_is_written_down_for_what_is_no_new_message() -> None:
    gate = Gate()
    one = receiver(gate)
    one.take([message(1)])
    taken = one.take([PING, message(2, message_id="msg-1"), "{}"])
    assert len(gate.batches) == 1
    assert acked(taken.acks) == [2]
    assert taken.arrived == ()


def test_the_repeat_of_a_message_in_one_batch_is_acked_with_it_and_not_before() -> None:
    for room, numbers in ((True, [1, 2, 3]), (False, [])):
        gate = Gate(lambda _, room=room: room)  # type: ignore[misc]  # no type for a default
        taken = receiver(gate).take([message(1), message(2, message_id="msg-1"), message(3)])
        assert acked(taken.acks) == numbers
        assert [one.inbound.text for one in taken.arrived] == ["message 1", "message 3"] * room


def test_what_the_disk_refuses_is_taken_when_it_comes_again_and_told_once() -> None:
    gate = Gate(lambda _: False)
    one = receiver(gate)
    batch = [message(number) for number in range(10)]
    taken = one.take([PING, *batch])
    assert len(taken.acks) == 1
    assert taken.arrived == ()
    assert [FULL in trouble.sentence for trouble in taken.troubles] == [True]
    gate.room = lambda _: True
    taken = one.take(batch)
    assert acked(taken.acks) == list(range(10))
    assert len(taken.arrived) == 10


def test_a_broken_disk_is_asked_once_for_a_batch() -> None:
    asked = 0

    def broken(batch: Sequence[Received]) -> bool:
        nonlocal asked
        asked += 1
        raise OSError(errno.EIO, "Input/output error")

    taken = receiver(Gate(broken)).take([message(number) for number in range(10)])
    assert (asked, taken.acks, taken.arrived) == (1, [], ())


def test_a_frame_that_meets_a_defect_is_not_acked_and_keeps_no_other_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(SeenIds):
        def knows(self, key: str, now: float) -> bool:
            if key.endswith("msg-2"):
                raise RuntimeError("of this message")
            return super().knows(key, now)

    gate = Gate()
    taken = receiver(gate, Broken()).take([message(1), message(2), message(3)])
    assert acked(taken.acks) == [1, 3]
    assert [one.inbound.text for one in taken.arrived] == ["message 1", "message 3"]
    assert len(taken.troubles) == 1
    assert "of this message" in caplog.text


def test_a_message_that_finds_no_room_keeps_no_smaller_one_out() -> None:
    gate = Gate(lambda batch: sum(len(one.inbound.text) for one in batch) < 200)
    taken = receiver(gate).take(
        [message(number, "x" * 1000 if number == 3 else "") for number in range(10)]
    )
    others = [number for number in range(10) if number != 3]
    assert acked(taken.acks) == others
    assert [one.inbound.text for one in taken.arrived] == [f"message {n}" for n in others]


def test_a_defect_while_a_message_is_written_down_does_not_make_it_count_as_seen() -> None:
    gate = Gate()
    one = receiver(gate)

    def broken(batch: Sequence[Received]) -> bool:
        raise RuntimeError("a defect")

    gate.room = broken
    with pytest.raises(RuntimeError, match="a defect"):
        one.take([message(1)])
    gate.room = lambda _: True
    assert len(one.take([message(1)]).arrived) == 1


def test_what_came_behind_the_word_to_connect_anew_is_taken_in() -> None:
    disconnect = (
        '{"type":"SYSTEM","headers":{"topic":"disconnect"},"data":"{\\"reason\\":\\"old\\"}"}'
    )
    taken = receiver(Gate()).take([message(1), disconnect, message(2)])
    assert taken.disconnect == "old"
    assert acked(taken.acks) == [1, 2]


ROOMS = st.lists(st.booleans(), min_size=1, max_size=8)


@given(st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=8), ROOMS)
def test_each_message_is_recorded_once_and_acked_only_when_it_is(
    batches: list[list[int]], rooms: list[bool]
) -> None:
    turns = 0
    recorded: list[str] = []

    class Moody(Gate):
        def record(self, batch: Sequence[Received]) -> None:
            nonlocal turns
            turns += 1
            if not rooms[turns % len(rooms)]:
                raise NO_ROOM
            recorded.extend(one.inbound.text for one in batch)

    one = receiver(Moody())
    arrived: list[str] = []
    for batch in batches:
        taken = one.take([message(number) for number in batch])
        arrived += [each.inbound.text for each in taken.arrived]
        texts = {f"message {number}" for number in acked(taken.acks)}
        assert texts <= set(recorded)
        assert {f"message {number}" for number in batch} & set(recorded) == texts
    assert arrived == recorded
    assert len(set(recorded)) == len(recorded)


def test_a_pressed_button_is_acked_in_its_batch_whatever_becomes_of_the_messages() -> None:
    headers = {"topic": "/v1.0/card/instances/callback", "messageId": "press"}
    content = {"cardPrivateData": {"actionIds": ["allow"]}}
    data = json.dumps({"outTrackId": "t1", "userId": "zhangsan", "content": content})
    frame = json.dumps({"type": "CALLBACK", "headers": headers, "data": data})
    unread = json.dumps({"type": "CALLBACK", "headers": headers, "data": "{}"})
    taken = receiver(Gate(lambda _: False)).take([frame, unread])
    assert taken.pressed == [CardPressed("t1", "allow", "zhangsan")]
    assert [json.loads(ack)["headers"]["messageId"] for ack in taken.acks] == ["press"] * 2
    assert len(taken.troubles) == 1
