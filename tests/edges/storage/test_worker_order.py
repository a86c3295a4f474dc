"""The disk thread works in order, tries again what may not be lost, and tells what failed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest

from dingbridge.core.errors import BridgeError
from dingbridge.edges.storage.worker import Worker


class Loop:
    """Collects what the disk thread posts, to run it here."""

    def __init__(self) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.errors: list[Exception] = []
        self.refusals: list[Exception | None] = []
        self.disk = Worker(self.posted.put, self.errors.append, self.refusals.append)
        self.disk.start()

    def finish(self) -> None:
        """Wait for the disk and run everything it posted."""
        assert self.disk.finish(10)
        while not self.posted.empty():
            self.posted.get()()


def test_file_work_is_done_in_order_and_its_results_come_back_in_order() -> None:
    loop = Loop()
    done: list[int] = []
    results: list[int] = []

    def work(n: int) -> int:
        done.append(n)
        return n * n

    for n in range(50):
        loop.disk.do(lambda n=n: work(n), results.append)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    loop.finish()
    assert done == list(range(50))
    assert results == [n * n for n in range(50)]


def test_work_for_later_is_done_in_its_time_although_nothing_else_is_asked_for() -> None:
    loop = Loop()
    loop.disk.later("state", 0.05, lambda: loop.posted.put(lambda: None))
    loop.posted.get(timeout=10)
    loop.finish()


def test_work_for_later_is_done_once_and_at_the_end_at_the_latest() -> None:
    loop = Loop()
    done: list[str] = []
    for _ in range(100):
        loop.disk.later("state", 3600.0, lambda: done.append("later"))
    loop.disk.do(lambda: done.append("now"))
    loop.finish()
    assert done == ["now", "later"]


def test_a_disk_that_is_never_idle_does_its_work_for_later_all_the_same() -> None:
    loop = Loop()
    done = threading.Event()

    def again() -> None:
        if not done.is_set():
            loop.disk.do(again)

    loop.disk.do(again)
    loop.disk.later("state", 0.01, done.set)
    assert done.wait(10)
    loop.finish()


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), BridgeError("refused"), ValueError("a defect")],
)
def test_failed_file_work_is_told_and_the_next_goes_on(error: Exception) -> None:
    loop = Loop()
    results: list[str] = []

    def fail() -> str:
        raise error

    loop.disk.do(fail, results.append)
    loop.disk.do(lambda: "next", results.append)
    loop.finish()
    assert loop.errors == [error]
    assert results == ["next"]


def test_another_thread_waits_for_its_turn_and_gets_the_result() -> None:
    loop = Loop()
    done: list[str] = []
    loop.disk.do(lambda: done.append("before"))
    assert loop.disk.wait(lambda: list(done)) == ["before"]
    loop.finish()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("a defect")])
def test_a_thread_that_waits_is_told_what_went_wrong(error: Exception) -> None:
    loop = Loop()

    def fail() -> str:
        raise error

    with pytest.raises(type(error)) as raised:
        loop.disk.wait(fail)
    assert raised.value is error
    assert loop.disk.wait(lambda: "next") == "next"
    loop.finish()
    assert loop.errors == []


class Refusing:
    """A disk that refuses until it has room."""

    def __init__(self) -> None:
        self.has_room = False
        self.error: Exception = OSError(28, "No space left on device")
        self.written: list[str] = []

    def write(self, text: str) -> str:
        if not self.has_room:
            raise self.error
        self.written.append(text)
        return text


@pytest.mark.parametrize("error", [OSError(28, "No space"), BridgeError("somebody has it")])
def test_what_may_not_be_lost_is_tried_again_in_its_order_until_the_disk_takes_it(
    error: Exception,
) -> None:
    loop, file = Loop(), Refusing()
    file.error = error
    results: list[str] = []
    loop.disk.submit_durable("file", lambda: file.write("one"), results.append)
    loop.disk.submit_durable("file", lambda: file.write("two"), results.append)
    loop.disk.submit_durable("another", lambda: results.append("not held up"))
    assert loop.disk.wait(lambda: list(results)) == ["not held up"]
    file.has_room = True
    while len(results) < 3:
        loop.posted.get(timeout=10)()
    assert loop.errors == [error]
    assert file.written == ["one", "two"]
    assert results == ["not held up", "one", "two"]
    loop.finish()


def test_that_the_disk_refuses_something_is_told_until_it_has_taken_all_of_it() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.submit_durable("another", lambda: file.write("two"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    while len(loop.refusals) < 2:
        loop.posted.get(timeout=10)()
    assert loop.refusals == [loop.errors[0], None]
    loop.finish()


def test_what_the_disk_refused_is_done_at_once_with_the_next_of_its_kind() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    loop.disk.submit_durable("file", lambda: file.write("two"))
    assert loop.disk.wait(lambda: list(file.written)) == ["one", "two"]
    loop.finish()


def test_what_the_disk_refused_is_tried_once_more_when_leaving() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    assert loop.disk.finish(10)
    assert file.written == ["one"]


def test_what_the_disk_refuses_to_the_end_does_not_count_as_done_when_leaving() -> None:
    loop, file = Loop(), Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    assert not loop.disk.finish(0.3)


def test_what_the_disk_refuses_while_neovim_is_closed_is_tried_until_it_is_done() -> None:
    loop, file = Loop(), Refusing()
    tries: list[str] = []

    def write() -> None:
        tries.append("again")
        file.has_room = len(tries) > 4
        file.write("one")

    loop.disk.submit_durable("file", write)
    assert loop.disk.finish(10)
    assert file.written == ["one"]


@pytest.mark.parametrize("first", [OSError(28, "No space"), ValueError("a defect")])
def test_a_defect_is_told_and_not_tried_again(first: Exception) -> None:
    loop, file = Loop(), Refusing()
    file.error = first
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.wait(lambda: None)
    file.error = ValueError("another defect")
    loop.disk.submit_durable("file", lambda: file.write("two"))
    loop.disk.wait(lambda: None)
    file.has_room = True
    loop.disk.submit_durable("file", lambda: file.write("three"))
    loop.finish()
    assert file.written == ["three"]
    assert loop.errors[0] == first
    assert len(loop.errors) >= 2


def test_what_is_read_holds_what_was_written_before_even_if_the_disk_refused_it_first() -> None:
    loop, file = Loop(), Refusing()
    read: list[list[str]] = []
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.after("file", lambda: list(file.written), read.append)
    loop.disk.wait(lambda: None)
    file.has_room = True
    while not read:
        loop.posted.get(timeout=10)()
    assert read == [["one"]]
    loop.finish()


def test_what_cannot_be_read_holds_up_nothing_that_is_written_after_it() -> None:
    loop, file = Loop(), Refusing()
    unreadable = Refusing()
    loop.disk.submit_durable("file", lambda: file.write("one"))
    loop.disk.after("file", lambda: unreadable.write("never"), lambda _: None)
    loop.disk.wait(lambda: None)
    file.has_room = True
    loop.disk.submit_durable("file", lambda: file.write("two"))
    assert loop.disk.wait(lambda: list(file.written)) == ["one", "two"]
    loop.finish()


def test_leaving_does_not_wait_for_a_disk_that_hangs() -> None:
    loop = Loop()
    hang = threading.Event()
    loop.disk.do(hang.wait)
    assert not loop.disk.finish(0.01)
    hang.set()
    assert loop.disk.finish(10)
