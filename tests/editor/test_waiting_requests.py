"""Requests while a service is gone keep their order, whether Lua or the host keeps them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dingbridge.editor.unconfirmed import UnconfirmedFrames
from dingbridge.editor.waiting_requests import WaitingRequests
from dingbridge.protocol.frames import EditorEvent, FromHost, RawSettings, RunCommand

SHOWN, WORKING = EditorEvent("shown", {"sessions": []}), EditorEvent("working", {"questions": []})


def message(name: str) -> EditorEvent:
    return EditorEvent("send", {"id": name, "text": name})


def command(name: str) -> RunCommand:
    return RunCommand(f"open {name}", {}, has_range=False)


def handed_over(waiting: WaitingRequests, *frames: FromHost) -> list[FromHost]:
    """What is sent when Lua hands these over."""
    return [each for frame in (SHOWN, *frames, WORKING) for each in waiting.pass_on(frame)]


def test_a_command_stays_between_the_messages_between_which_it_was_given() -> None:
    waiting = WaitingRequests()
    waiting.lost([message("one"), command("a")])
    waiting.put(message("two"))
    waiting.put(command("b"))
    assert waiting.take() == []
    # The service is there, but Lua does not know it yet.
    assert waiting.pass_on(message("three")) == []
    sent = handed_over(waiting, message("zero"), message("one"), message("two"), message("three"))
    wanted = [message("zero"), message("one"), command("a"), message("two"), command("b")]
    assert sent == [SHOWN, *wanted, message("three"), WORKING]
    assert waiting.pass_on(command("c")) == [command("c")]


def test_a_file_whose_text_is_not_handed_over_again_keeps_the_place_of_both() -> None:
    both = EditorEvent("send", {"id": "text", "file_id": "file", "text": "see"})
    waiting = WaitingRequests()
    waiting.lost([message("one"), both, command("a")])
    sent = handed_over(waiting, message("one"), message("file"))
    assert sent == [SHOWN, message("one"), message("file"), command("a"), WORKING]


def test_what_lua_does_not_hand_over_again_is_not_sent() -> None:
    waiting = WaitingRequests()
    waiting.lost([message("refused"), command("a"), message("sent")])
    assert handed_over(waiting, message("sent")) == [SHOWN, command("a"), message("sent"), WORKING]


def test_what_is_handed_over_goes_by_the_latest_settings() -> None:
    earlier, latest = (RawSettings({}, (), "/", number, 0.0, b"") for number in (1, 2))
    waiting = WaitingRequests()
    waiting.lost([])
    frames: tuple[FromHost, ...] = (earlier, message("one"), latest)
    for frame in frames:
        waiting.put(frame)
    sent = handed_over(waiting, message("zero"), message("one"))
    assert sent == [SHOWN, latest, message("zero"), message("one"), WORKING]


def test_before_the_first_service_everything_waits_in_its_order() -> None:
    waiting = WaitingRequests()
    waiting.put(message("one"))
    waiting.put(command("a"))
    assert waiting.take() == [message("one"), command("a")]
    assert waiting.pass_on(message("two")) == [message("two")]


@given(
    asked=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12),
    gone=st.integers(0, 12),
    back=st.integers(0, 12),
)
def test_whatever_waits_is_sent_once_and_in_the_order_in_which_it_was_asked_for(
    asked: list[tuple[bool, bool]], gone: int, back: int
) -> None:
    frames: list[tuple[FromHost, bool]] = [
        (message(str(number)) if makes_message else command(str(number)), is_wanted)
        for number, (makes_message, is_wanted) in enumerate(asked)
    ]
    gone = min(gone, len(frames))
    back = max(gone, min(back, len(frames)))
    waiting = WaitingRequests()
    waiting.lost([frame for frame, _ in frames[:gone]])
    for frame, _ in frames[gone:back]:
        waiting.put(frame)
    for frame, _ in frames[back:]:
        assert waiting.pass_on(frame) == []
    again = [frame for frame, wanted in frames if wanted and isinstance(frame, EditorEvent)]
    wanted = [frame for frame, wanted in frames if wanted or isinstance(frame, RunCommand)]
    assert handed_over(waiting, *again) == [SHOWN, *wanted, WORKING]


def test_a_hand_over_that_comes_too_late_for_its_service_changes_no_order() -> None:
    waiting = WaitingRequests()
    # The service had carried out "one" and "two", and was killed before they were durable.
    waiting.lost([])
    waiting.put(message("three"))
    assert waiting.take() == []
    # The next one is killed before Lua has handed them over; Lua does it all the same.
    waiting.lost([])
    for frame in (SHOWN, message("one"), message("two"), message("three"), WORKING):
        waiting.put(frame)
    assert waiting.take() == []
    wanted = [message("one"), message("two"), message("three")]
    sent = handed_over(waiting, *wanted)
    assert [each for each in sent if each not in (SHOWN, WORKING)] == wanted


class Chain:
    """Lua, a host and its services. What goes between Lua and host is on its way until the other
    one reads it."""

    def __init__(self) -> None:
        self._asked: list[str] = []
        self._to_host: deque[FromHost] = deque()
        self._to_lua: deque[str] = deque()
        self._waiting = WaitingRequests()
        self._under_way = UnconfirmedFrames()
        self._is_attached = self._was_attached = False
        self._received: deque[FromHost] = deque()
        self._not_durable: deque[str] = deque()
        self._count = self._done = 0
        self.durable: list[str] = []

    @property
    def is_at_rest(self) -> bool:
        return not (self._to_host or self._to_lua or self._received or self._not_durable)

    def ask(self) -> None:
        """The user sends a message."""
        self._asked.append(str(self._count))
        self._to_host.append(message(self._asked[-1]))
        self._count += 1

    def lua_reads(self) -> None:
        if not self._to_lua:
            return
        told = self._to_lua.popleft()
        if told == "back":
            self._to_host.extend([SHOWN, *map(message, self._asked), WORKING])
        elif told in self._asked:
            self._asked.remove(told)

    def host_reads(self) -> None:
        if not self._to_host:
            return
        frame = self._to_host.popleft()
        if self._is_attached:
            self._send(self._waiting.pass_on(frame))
        else:
            self._waiting.put(frame)

    def _send(self, frames: Sequence[FromHost]) -> None:
        for frame in frames:
            self._under_way.sent(frame)
            self._received.append(frame)

    def attach(self) -> None:
        if self._is_attached:
            return
        self._is_attached, self._done = True, 0
        self._under_way.begin()
        self._send(self._waiting.take())
        if self._was_attached:
            self._to_lua.append("back")
        self._was_attached = True

    def carry_out(self) -> None:
        """The service carries out a frame, and the host hears of it."""
        if not self._received:
            return
        frame = self._received.popleft()
        self._done += 1
        self._under_way.carried_out(self._done)
        if isinstance(frame, EditorEvent) and "id" in frame.payload:
            self._not_durable.append(frame.payload["id"])

    def write(self) -> None:
        """The service brings a message to disk; Lua forgets it when it hears of that."""
        if self._not_durable:
            name = self._not_durable.popleft()
            if name not in self.durable:
                self.durable.append(name)
            self._to_lua.append(name)

    def kill(self) -> None:
        if self._is_attached:
            self._is_attached = False
            self._received.clear()
            self._not_durable.clear()
            self._waiting.lost(self._under_way.lost()[0])


HISTORIES = 3000
"""About one in two hundred has a hand-over that comes too late and matters."""

STEPS = (
    Chain.ask,
    Chain.lua_reads,
    Chain.host_reads,
    Chain.attach,
    Chain.carry_out,
    Chain.write,
    Chain.kill,
)


def test_however_often_the_service_is_killed_the_messages_keep_their_order() -> None:
    for seed in range(HISTORIES):
        chance = random.Random(seed)
        weights = [chance.choice((1, 2, 4, 8)) for _ in STEPS]
        steps = chance.choices(STEPS, weights, k=chance.randint(5, 60))
        chain = Chain()
        for step in steps:
            step(chain)
        chain.attach()
        while not chain.is_at_rest:
            for step in STEPS[1:-1]:
                step(chain)
        asked = [str(number) for number in range(steps.count(Chain.ask))]
        assert chain.durable == asked, (seed, [step.__name__ for step in steps])
