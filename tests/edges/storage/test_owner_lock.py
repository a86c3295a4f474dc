"""The lock of a robot, and the card of who holds it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
from tests.support.storage import StartProcess

HOLD = """
import sys
from pathlib import Path
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
lock = OwnerLock(Path(sys.argv[1]), "app")
print(lock.acquire(), flush=True)
lock.write_card(OwnerCard(7, "/socket", "a-secret"))
print("written", flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


def test_a_second_process_does_not_get_the_lock_but_learns_who_has_it(
    tmp_path: Path, start_process: StartProcess
) -> None:
    holder = start_process(HOLD, tmp_path)
    assert [holder.line(), holder.line()] == ["True", "written"]
    lock = OwnerLock(tmp_path, "app")
    assert not lock.acquire()
    assert lock.read_card() == OwnerCard(7, "/socket", "a-secret")
    holder.go()
    assert holder.line() == "released"
    assert lock.acquire()


def test_when_the_holder_is_killed_the_lock_is_free(
    tmp_path: Path, start_process: StartProcess
) -> None:
    holder = start_process(HOLD, tmp_path)
    assert [holder.line(), holder.line()] == ["True", "written"]
    holder.popen.kill()
    holder.end()
    assert OwnerLock(tmp_path, "app").acquire()


def test_a_lock_may_be_taken_by_one_thread_and_given_back_by_another(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path, "app")
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(lock.acquire()))
    thread.start()
    thread.join(10)
    assert taken == [True]
    assert not OwnerLock(tmp_path, "app").acquire()
    lock.release()
    assert OwnerLock(tmp_path, "app").acquire()


def test_giving_back_what_is_not_ours_changes_nothing(tmp_path: Path) -> None:
    holder, other = OwnerLock(tmp_path, "app"), OwnerLock(tmp_path, "app")
    assert holder.acquire()
    assert not other.acquire()
    other.release()
    assert not other.acquire()


def test_a_lock_that_was_given_back_is_not_taken_by_an_attempt_that_comes_late(
    tmp_path: Path,
) -> None:
    lock = OwnerLock(tmp_path, "app")
    lock.release()
    assert not lock.acquire()
    assert OwnerLock(tmp_path, "app").acquire()


@pytest.mark.parametrize(
    "card", [b"", b"{", b"\xff", b'{"pid": "x"}', b'{"secret": "\xff"}', b"[" * 100_000, None]
)
def test_a_damaged_card_of_the_holder_says_nothing(tmp_path: Path, card: bytes | None) -> None:
    lock = OwnerLock(tmp_path, "app")
    lock.write_card(OwnerCard(1, "/socket", "a-secret"))
    [path] = tmp_path.glob("owner-*.json")
    if card is None:
        path.unlink()
    else:
        path.write_bytes(card)
    assert lock.read_card() == OwnerCard()


def test_locks_are_held_one_by_one(tmp_path: Path) -> None:
    locks = [OwnerLock(tmp_path, app) for app in ("app1", "app2")]
    assert [lock.acquire() for lock in locks] == [True, True]
    locks[0].write_card(OwnerCard(1, data="/data"))
    assert locks[1].read_card() == OwnerCard()


def test_the_secret_of_a_card_shows_in_no_repr() -> None:
    assert "a-secret" not in repr(OwnerCard(1, "/socket", "a-secret"))
