"""Three editors, one service: whatever is killed, messages continue without loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from tests.faults import check, soak
from tests.faults.editors import Seat, wait
from tests.faults.histories import History
from tests.faults.machine import END, Machine, running
from tests.faults.operations import KillService, Say

MESSAGES = 300
KILLS = 4
"""With the first link that makes five, of the six that a minute may have."""
EVERY = 0.035
"""Seconds from one message to the next: the stream is longer than all kills together."""


class Speaker(Thread):
    """Says one message after the other, and repeats unacked ones, as the platform does."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(name="speaker", daemon=True)
        self._machine = machine
        self._stopped = Event()
        self.said = 0

    def run(self) -> None:
        """Say everything."""
        people = ("zhangsan", "lisi")
        for number in range(1, MESSAGES + 1):
            say = Say(number, people[number % 2], group=number % 5 == 0)
            self._machine.people.say(say)
            self._machine.people.push_what_is_not_acked()
            self.said = number
            if self._stopped.wait(EVERY):
                return

    def stop(self) -> None:
        """Stop; returns after the current message."""
        self._stopped.set()
        self.join(END)


@pytest.fixture
def speaker(machine: Machine) -> Iterator[Speaker]:
    """A speaker that runs until the test ends."""
    speaker = Speaker(machine)
    yield speaker
    if speaker.is_alive():
        speaker.stop()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Three editors with bound sessions."""
    home = tmp_path / "home"
    home.mkdir()
    with running(History(seed=1, mode="group", editors=3, operations=()), home) as made:
        try:
            for seat in made.seats.values():
                seat.start()
            yield made
        finally:
            made.end_all()


def kill(seat: Seat, how: str) -> None:
    """`kill -9` of the host, of the editor, or of both."""
    if how == "host":
        seat.kill_host()
    else:
        seat.kill(host=how == "both")


def come_back(seat: Seat) -> None:
    """The user continues in an editor whose host was killed, or restarts it."""
    if seat.is_running:
        seat.chat()
    else:
        seat.start()
    seat.take_up_binding(alone=False)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_services_and_editors_are_killed_and_every_message_is_heard_once(
    machine: Machine, speaker: Speaker
) -> None:
    random = Random(20)
    connections = machine.sandbox.client.connections
    speaker.start()
    for number in range(1, KILLS + 1):
        point = MESSAGES * number // (KILLS + 1) + random.randint(-15, 15)
        assert wait(lambda point=point: speaker.said >= point, END)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        # The link survives the end of any editor.
        seat = machine.seats[random.randint(1, 3)]
        kill(seat, random.choice(("host", "editor", "both")))
        come_back(seat)
        assert connections().total == number
        machine.carry_out(KillService())
        assert wait(lambda number=number: connections().total > number, END)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    speaker.join(END)
    assert speaker.said == MESSAGES
    wait(machine.all_heard, END, 0.05)
    machine.quit_all()

    records = machine.records()
    violations = check.judge(records)
    assert not violations, soak.report(machine, records, violations)
    # The first link, and one for each killed service; none for an editor.
    assert len(records.links) == KILLS + 1
