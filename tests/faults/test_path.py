"""A fixed choice of histories of a message's path, with kills between its steps, and planted
defects that must be found. `python -m tests.faults.path N` runs any number of others."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults import layer, mutations, path
from tests.faults.layer import Fault, Layer
from tests.faults.operations import Await, Say
from tests.faults.path_histories import Flood, Hand, PathHistory, history
from tests.faults.template import Template

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layer needs Linux")

SEEDS = range(1, 5)
"""Chosen by nobody: the first ones."""
FOUND = (41, 42, 2144, 2393)
"""Histories that once failed."""


@pytest.fixture(scope="module")
def services() -> Iterator[Template]:
    """A template for services."""
    with Template() as template:
        yield template


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*SEEDS, *FOUND])
def test_nothing_is_lost_between_the_steps_of_the_path(
    seed: int, services: Template, tmp_path: Path
) -> None:
    outcome = path.run(history(seed), tmp_path / "home", services)
    assert not outcome.report, outcome.report


FLOOD = Flood(tuple(Say(number, group=number % 2 == 0) for number in range(1, 9)))
IN = (FLOOD, Await("acked"))
OUT = (Hand(1, tuple((number, 1, "") for number in range(1, 9))), Await("accepted"))
PLANTED = {
    "an ack comes before the record": (IN, "send ack", 1, False),
    "a message is reported as queued before the record": (OUT, "send editor", 3, False),
    "what is acked is not synced": (IN, "send ack", 1, True),
    "what is queued is not synced": (OUT, "send editor", 3, True),
    "a message is reported as delivered before it is sent": (OUT, "send editor", 4, False),
}
"""What happens, after which step of which number the process is killed at the earliest, and whether
the power fails with it."""


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("defect", list(mutations.BY_NAME))
def test_a_planted_defect_is_found(defect: str, services: Template, tmp_path: Path) -> None:
    operations, step, first, cut = PLANTED[defect]
    # Simultaneous events may form one step, so a busy machine may not reach the later ones.
    for nth in range(first, first + 24):
        planted = PathHistory(
            seed=nth,
            mode="webhook" if operations is OUT else "group",
            delivery="at_least_once",
            scope="bound",
            editors=1,
            lives=((Fault(step, first + (nth - first) % 8, "after", cut=cut),),),
            operations=operations,
            compacts=False,
        )
        outcome = path.run(planted, tmp_path / f"{nth}", services, defect)
        assert "broke off" not in outcome.kinds, outcome.report
        if outcome.kinds:
            return
    raise AssertionError(f"nobody noticed that {defect}")


def test_a_seed_gives_the_same_history_of_the_path_each_time() -> None:
    assert history(7) == history(7)
    assert history(7) != history(8)


def test_the_histories_hold_kills_before_after_and_within_every_step_of_the_path() -> None:
    faults = {
        (fault.how, fault.step)
        for seed in range(1500)
        for life in history(seed).lives
        for fault in life
    }
    steps = ["write inbox", "sync inbox", "send ack", "post", "write transcript"]
    steps += ["sync transcript", "read editor", "write outbox", "sync outbox", "send request"]
    for step in (*steps, "send editor"):
        assert {how for how, name in faults if name == step} >= {"before", "after", "within"}
    full = {name for how, name in faults if how == "full"}
    assert full == {"write inbox", "write outbox", "write transcript", "write state"}


# --- what a power cut takes -----------------------------------------------------------------------


def cut(folder: Path, act: Callable[[Path], None], *, times: int = 40) -> set[bytes | None]:
    """The possible contents of `file` when the power fails after `act` ran with the layer."""
    found: set[bytes | None] = set()
    data = folder / "data"
    for seed in range(times):
        data.mkdir()
        child = os.fork()
        if not child:
            _act_and_die(folder, seed, act)
        os.waitpid(child, 0)
        file = data / "file"
        found.add(file.read_bytes() if file.exists() else None)
        for left in data.iterdir():
            left.unlink()
        data.rmdir()
        (folder / "kept").unlink(missing_ok=True)
    return found


def _act_and_die(folder: Path, seed: int, act: Callable[[Path], None]) -> None:
    try:
        layer.install()
        below = Layer(
            folder / "data",
            (Fault("any", 1, "before", cut=True),),
            seed,
            folder / "report",
            folder / "kept",
        )
        layer.begin(below)
        act(folder / "data" / "file")
        below.arm()
        (folder / "data" / "end").write_bytes(b"x")
    finally:
        os._exit(1)


def written(path: Path, data: bytes, *, sync: bool) -> None:
    """Append to a file."""
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def test_a_power_cut_takes_nothing_that_was_synced(tmp_path: Path) -> None:
    assert cut(tmp_path, lambda file: written(file, b"kept", sync=True)) == {b"kept"}


def test_a_power_cut_takes_the_end_of_a_file_or_zeros_it_but_not_what_stood_before(
    tmp_path: Path,
) -> None:
    def act(file: Path) -> None:
        written(file, b"kept", sync=True)
        written(file, b"lost", sync=False)

    found = cut(tmp_path, act)
    assert all(one is not None and one.startswith(b"kept") for one in found)
    assert {b"kept", b"keptlost", b"kept\0\0\0\0"} <= found


def test_a_power_cut_gives_a_file_back_whose_folder_was_not_synced(tmp_path: Path) -> None:
    def act(file: Path) -> None:
        written(file, b"old", sync=True)
        written(file.with_name("new"), b"new", sync=True)
        os.replace(file.with_name("new"), file)

    assert cut(tmp_path, act) == {b"old", b"new"}


def test_a_power_cut_leaves_a_file_whose_folder_was_synced(tmp_path: Path) -> None:
    def act(file: Path) -> None:
        written(file, b"old", sync=True)
        written(file.with_name("new"), b"new", sync=True)
        os.replace(file.with_name("new"), file)
        folder = os.open(file.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    assert cut(tmp_path, act) == {b"new"}
