"""Three editors, one app: whoever is killed, another one takes over and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from dingbridge.core.state import OPENINGS
from tests.faults import check, soak
from tests.faults.check import Link
from tests.faults.editors import Seat, wait
from tests.faults.histories import History
from tests.faults.machine import END, Machine, running
from tests.faults.operations import Say

MESSAGES = 300
KILLS = 4
"""With the first link that makes five, of the six that a minute may have."""
TAKEOVER = 3.0
"""Seconds within which another editor has the link."""
EVERY = 0.035
"""Seconds from one message to the next: the stream is longer than all kills together."""


class Speaker(Thread):
    """Says one message after the other, and again what nobody acked, as the platform does."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(name="speaker", daemon=True)
        self._machine = machine
        self._stopped = Event()
        self.said = 0

    def run(self) -> None:
        """Say all."""
        people = ("zhangsan", "lisi")
        for number in range(1, MESSAGES + 1):
            say = Say(number, people[number % 2], group=number % 5 == 0)
            self._machine.people.say(say)
            self._machine.people.push_what_is_not_acked()
            self.said = number
            if self._stopped.wait(EVERY):
                return

    def stop(self) -> None:
        """Fall silent; after the last message nothing is left to stop."""
        self._stopped.set()
        self.join(END)


@pytest.fixture
def speaker(machine: Machine) -> Iterator[Speaker]:
    """Somebody who speaks until the test ends."""
    speaker = Speaker(machine)
    yield speaker
    if speaker.is_alive():
        speaker.stop()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Three editors with their sessions bound, one of which holds the link."""
    home = tmp_path / "home"
    home.mkdir()
    with running(History(seed=1, mode="group", editors=3, operations=()), home) as made:
        try:
            for seat in made.seats.values():
                seat.start()
            yield made
        finally:
            made.end_all()


def owner(machine: Machine) -> Seat:
    """The editor that holds the link, as soon as one does."""
    owners = wait(lambda: [each for each in machine.seats.values() if each.owns_link()], TAKEOVER)
    assert owners, [each.status() for each in machine.seats.values()]
    return machine.seats[owners[0].number]


def kill(seat: Seat, how: str) -> None:
    """`kill -9` of the host, of the editor, or of both."""
    if how == "host":
        seat.kill_host()
    else:
        seat.kill(host=how == "both")


def come_back(seat: Seat) -> None:
    """The user goes on in an editor whose host was killed, or starts it again."""
    if seat.is_running:
        seat.chat()
    else:
        seat.start()
    seat.take_up_binding(alone=False)


def gaps(links: tuple[Link, ...]) -> list[float]:
    """Seconds without a link, between one and the next."""
    in_order = sorted(links, key=lambda link: link.opened)
    return [later.opened - earlier.closed for earlier, later in pairwise(in_order)]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_owners_are_killed_and_every_message_is_heard_once(
    machine: Machine, speaker: Speaker
) -> None:
    random = Random(20)
    assert owner(machine)
    speaker.start()
    for number in range(1, KILLS + 1):
        point = MESSAGES * number // (KILLS + 1) + random.randint(-15, 15)
        assert wait(lambda point=point: speaker.said >= point, END)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        killed = owner(machine)
        kill(killed, random.choice(("host", "editor", "both")))
        # Its editor may not have noticed yet that the host is gone.
        assert wait(lambda seat=killed: not seat.owns_link(), TAKEOVER)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert owner(machine) is not killed
        come_back(killed)
    speaker.join(END)
    assert speaker.said == MESSAGES
    wait(machine.all_heard, END, 0.05)
    machine.quit_all()

    records = machine.records()
    violations = check.judge(records)
    assert not violations, soak.report(machine, records, violations)
    # At the end the editors quit one after the other, and each time another takes over.
    assert KILLS + 1 <= len(records.links) <= OPENINGS
    assert max(gaps(records.links)[:KILLS]) < TAKEOVER, gaps(records.links)
