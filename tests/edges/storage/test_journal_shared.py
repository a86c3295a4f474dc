"""Random histories, threads and processes that share a journal lose no line and invent none."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.edges.storage.journal import Journal
from tests.support.journals import MEGABYTE, Neovim01, as_it_is, blank, cut, lines_of
from tests.support.processes import Child

LINES = st.binary(min_size=1, max_size=12).filter(lambda line: not set(line) & set(b"\n\0"))


class Process:
    """Another Python with a journal, which starts its work on request."""

    HEAD = (
        "import sys; from pathlib import Path\n"
        "from dingbridge.edges.storage.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1])); name = sys.argv[2].encode()\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
    )

    def __init__(self, code: str, path: Path, name: str) -> None:
        self.popen = Child(
            [sys.executable, "-c", self.HEAD + code, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.line() == "ready"

    def go(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def line(self) -> str:
        """The next line it writes."""
        return self.popen.line()

    def kill(self) -> list[str]:
        """End it at once; the lines that it wrote before."""
        self.popen.kill()
        return str(self.popen.communicate()[0]).split()


StartProcess = Callable[[str, Path, str], Process]


@pytest.fixture
def start_process() -> Iterator[StartProcess]:
    started: list[Process] = []

    def start(code: str, path: Path, name: str) -> Process:
        started.append(Process(code, path, name))
        return started[-1]

    yield start
    for process in started:
        process.kill()


STEPS = st.one_of(
    st.tuples(st.just("append"), st.lists(LINES, min_size=1, max_size=3)),
    st.tuples(st.just("rewrite"), st.sets(st.integers(0, 20))),
    st.tuples(st.sampled_from(["cut", "blank"]), st.integers(1, 30)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_no_history_of_appends_rewrites_and_crashes_loses_or_invents_a_line(
    steps: list[tuple[str, object]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        journal = Journal(path)
        expected: list[bytes] = []
        for step in steps:
            match step:
                case ("append", list(lines)):
                    journal.append(*lines)
                    expected += lines
                case ("rewrite", set(dropped)):
                    journal.rewrite(
                        lambda lines, dropped=dropped: [  # type: ignore[misc]  # no type for a default
                            line for place, line in enumerate(lines) if place not in dropped
                        ]
                    )
                    expected = [x for place, x in enumerate(expected) if place not in dropped]
                case (kind, int(count)) if path.exists():
                    size = max(0, path.stat().st_size - count)
                    ends = whole_line_ends(path.read_bytes())
                    (cut if kind == "cut" else blank)(path, size)
                    expected = expected[: sum(end <= size for end in ends)]
            assert lines_of(Journal(path)) == expected
        journal.close()


TOGETHER = ["ours", "ours without sync", "theirs", "begin", "end", "rewrite", "look", "close"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TOGETHER), max_size=25))
def test_no_history_of_two_who_write_and_rewrite_loses_a_line_or_changes_the_order(
    steps: list[str],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        journal, other = Journal(path, lock_within=0.0), Neovim01(path)
        ours: list[bytes] = []
        theirs: list[bytes] = []
        under_way = False
        for number, step in enumerate(steps):
            match step:
                case "ours" | "ours without sync":
                    ours.append(b"ours %d" % number)
                    journal.append(ours[-1], sync=step == "ours")
                case "look":
                    assert journal._restore() is not (under_way and path.exists())
                case "begin" if not under_way:
                    other.begin_rewrite()
                    under_way = True
                case "end" if under_way:
                    other.end_rewrite()
                    under_way = False
                case "theirs" if not under_way:
                    theirs.append(b"theirs %d" % number)
                    other.append(theirs[-1])
                case "rewrite" if not under_way:
                    journal.rewrite(lambda lines: list(dict.fromkeys(lines)))
                case "close" if not under_way:
                    journal.close()
        if under_way:
            other.end_rewrite()
        journal.close()
        found, damaged = journal.read(as_it_is)
        assert damaged == 0
        for lines in (ours, theirs):
            assert list(dict.fromkeys(line for line in found if line in lines)) == lines


def whole_line_ends(data: bytes) -> list[int]:
    """Where each undamaged line ends."""
    places = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    starts = [0, *places]
    return [end for start, end in zip(starts, places, strict=False) if b"\0" not in data[start:end]]


def test_threads_that_share_a_journal_lose_nothing(path: Path) -> None:
    journal = Journal(path)

    def add(name: int) -> None:
        for count in range(20):
            journal.append(b"%d-%d" % (name, count))

    threads = [threading.Thread(target=add, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in range(3):
        own = [line for line in lines_of(journal) if line.startswith(b"%d-" % name)]
        assert own == [b"%d-%d" % (name, count) for count in range(20)]


APPEND_MANY = (
    "for n in range(100): journal.append(b'%s-%d' % (name, n), b'%s+%d' % (name, n))\n"
    "journal.close()\n"
)


def written_by(name: str) -> list[bytes]:
    return [f"{name}{sign}{n}".encode() for n in range(100) for sign in "-+"]


def test_two_processes_that_append_at_once_lose_nothing(
    path: Path, start_process: StartProcess
) -> None:
    processes = [start_process(APPEND_MANY, path, name) for name in "ab"]
    for process in processes:
        process.go()
    assert [process.popen.wait(30) for process in processes] == [0, 0]
    lines, damaged = Journal(path).read(as_it_is)
    assert damaged == 0
    for name in "ab":
        assert [x for x in lines if x.startswith(name.encode())] == written_by(name)


def test_a_rewrite_while_another_process_appends_loses_nothing(
    path: Path, start_process: StartProcess
) -> None:
    journal = Journal(path)
    journal.append(b"kept", b"drop me")
    process = start_process(APPEND_MANY, path, "a")
    process.go()
    rewrites = 0
    while process.popen.poll() is None:
        journal.append(b"drop me")
        journal.rewrite(lambda lines: [line for line in lines if line != b"drop me"])
        rewrites += 1
    assert process.popen.returncode == 0
    assert rewrites >= 1
    journal.close()
    read, damaged = journal.read(as_it_is)
    assert damaged == 0
    # What stood at the end may follow once more, but nothing is missing.
    assert [line for line in dict.fromkeys(read) if line != b"drop me"] == [
        b"kept",
        *written_by("a"),
    ]


LARGE = 16 * MEGABYTE
APPEND_UNTIL_KILLED = (
    f"filler = b'.' * {LARGE}; n = 0\n"
    "while True:\n"
    "    journal.append(b'%d' % n + filler, b'%d' % (n + 1)); n += 2\n"
    "    print(n, flush=True)\n"
)


@pytest.mark.parametrize("lines_before", [0, 1, 2])
def test_a_process_killed_while_it_appends_leaves_all_it_reported_and_at_most_one_torn_line(
    path: Path, start_process: StartProcess, lines_before: int
) -> None:
    process = start_process(APPEND_UNTIL_KILLED, path, "a")
    process.go()
    # In the middle of a long line, where the file shows how far the write has come.
    while not path.exists() or path.stat().st_size < lines_before * LARGE + LARGE // 8:
        assert process.popen.poll() is None
    reported = int(["0", *process.kill()][-1])
    journal = Journal(path)
    # Nothing waits for the lock of the dead.
    numbers, damaged = journal.read(lambda line: int(line.rstrip(b".")))
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= reported
    assert damaged <= 1
    journal.append(b"next")
    assert lines_of(journal)[-1] == b"next"
    assert len(lines_of(journal)) == len(numbers) + 1
