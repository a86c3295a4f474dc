"""The fault machine takes down what happened, and nothing that did not happen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import Entry, SessionInfo
from tests.faults import check, evidence
from tests.faults.check import Row
from tests.faults.editors import Seat
from tests.faults.histories import History
from tests.faults.machine import Machine, running, settings
from tests.faults.operations import Send
from tests.faults.shots import Shot

MESSAGE = Message("id", Role.EDITOR, "You", "text", 1.0, delivery=Delivery.SENT)


class LateSeat(Seat):
    """An editor whose message is written, shown and told while the machine looks whether all is
    settled: between its look at the transcripts and the one at what was accepted."""

    _is_due = _is_done = False

    @property
    def is_running(self) -> bool:
        return True

    def send(self, message: int, text: str, *, notify: bool = False) -> bool:
        self.project.session = "s"
        self._write(transcript.encode(Entry(session=SessionInfo("s", "Session", 1.0))))
        return True

    def status(self) -> dict[str, Any]:
        self._is_due = True
        return {}

    def accepted(self) -> tuple[int, ...]:
        if self._is_due and not self._is_done:
            self._is_done = True
            self._write(transcript.encode(Entry(message=MESSAGE)))
        return (1,) if self._is_done else ()

    def ended(self) -> tuple[int, ...]:
        return (1,) if self._is_done else ()

    def shown(self) -> tuple[Row, ...]:
        return (("id", "text", "sent"),) if self._is_done else ()

    def chat(self) -> None:
        pass

    def take_up_binding(self, *, alone: bool) -> None:
        pass

    def quit(self) -> None:
        pass

    def _write(self, line: bytes) -> None:
        path = self.data / "dingbridge" / "sessions" / "s.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line)


def late(machine: Machine) -> LateSeat:
    """The same place, with such an editor."""
    seat = machine.seats[1]
    return LateSeat(1, seat.project, seat.install)


def test_what_an_editor_shows_is_looked_at_once_nothing_more_will_come(tmp_path: Path) -> None:
    history = History(seed=1, mode="group", editors=1, operations=(Send(1, 1, lines=0),))
    with running(history, tmp_path) as machine:
        machine.seats[1] = late(machine)
        records = machine.run()
    assert [one.rows for one in records.shown] == [(("id", "text", "sent"),)]
    assert check.judge(records) == []


def test_a_service_that_another_history_left_behind_can_send_nothing_here() -> None:
    histories = (History(seed, mode="both", editors=1, operations=()) for seed in (1, 2))
    one, other = map(settings, histories)
    assert one.client_secret != other.client_secret
    assert not set(one.robots).intersection(other.robots)


def test_a_message_that_two_editors_announce_counts_once_and_one_that_an_editor_repeats_twice(
    tmp_path: Path,
) -> None:
    history = History(seed=1, mode="group", editors=2, operations=())
    with running(history, tmp_path) as machine:
        one, other = machine.seats.values()
        for seat, texts in ((one, ("i1", "i2")), (other, ("i1", "i3", "i3"))):
            Path(seat.records[1]).write_text("".join(f'"{text}"\n' for text in texts))
        assert sorted(evidence.announced((one, other))) == ["i1", "i2", "i3", "i3"]


def test_what_a_script_hears_of_an_editor_s_messages_is_not_taken_for_told_to_the_editor(
    tmp_path: Path,
) -> None:
    history = History(seed=1, mode="group", editors=1, operations=())
    with running(history, tmp_path) as machine:
        seat = machine.seats[1]
        shot = Shot(seat, 2, "text", session=False)
        theirs, its = seat.records, shot.records
    assert its[0] == theirs[0]  # what it could not hand over, the next editor there does
    assert not set(its[1:]).intersection(theirs)
