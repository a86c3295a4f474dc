"""What was written to a journal is read again, whatever crashed, was cut off or came between."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.edges.storage import journal as journals
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.journal_lines import LONGEST_LINE
from tests.support.disk import noted_syncs
from tests.support.processes import Child, until

POSIX = os.name == "posix"
IO_OF_THIS_PROCESS = Path("/proc/self/io")
MEGABYTE = 1024 * 1024
LINES = st.binary(min_size=1, max_size=12).filter(lambda line: not set(line) & set(b"\n\0"))


def as_it_is(line: bytes) -> bytes:
    return line


def number(line: bytes) -> int:
    return int(line)


def lines_of(journal: Journal) -> list[bytes]:
    return journal.read(as_it_is)[0]


def cut(path: Path, size: int) -> None:
    os.truncate(path, size)


def blank(path: Path, start: int) -> None:
    """What some file systems leave of the last blocks after a power cut: the size, and NULs."""
    size = path.stat().st_size
    os.truncate(path, start)
    os.truncate(path, size)


class Process:
    """Another Python with a journal, which starts its work when it is told to."""

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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.jsonl"


def test_a_journal_that_was_never_written_is_empty(path: Path) -> None:
    assert Journal(path).read(as_it_is) == ([], 0)
    assert not path.exists()


def test_lines_are_read_in_the_order_in_which_they_were_written(path: Path) -> None:
    Journal(path).append(b"one", b"two")
    Journal(path).append()
    Journal(path).append(b"three")
    assert Journal(path).read(as_it_is) == ([b"one", b"two", b"three"], 0)


@pytest.mark.skipif(not POSIX, reason="Windows has no such modes")
def test_only_its_owner_may_read_a_journal_its_lock_and_what_replaces_it(path: Path) -> None:
    before = os.umask(0)
    try:
        journal = Journal(path)
        journal.append(b"secret", b"old")
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        journal.rewrite(lambda lines: lines[:1])
        modes |= {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}


@pytest.mark.parametrize("line", [b"", b"a\nb", b"a\n", b"a\0", b"x" * (LONGEST_LINE + 1)])
def test_what_could_not_be_read_again_is_refused_before_anything_is_written(
    path: Path, line: bytes
) -> None:
    journal = Journal(path)
    journal.append(b"here")
    with pytest.raises(ValueError, match="line"):
        journal.append(b"good", line)
    with pytest.raises(ValueError, match="line"):
        journal.rewrite(lambda lines: [line])
    assert path.read_bytes() == b"here\n"


def test_lines_that_the_reader_refuses_are_counted_and_passed_over(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1", b"two", b"3")
    assert journal.read(number) == ([1, 3], 1)


def test_a_file_cut_off_at_any_byte_keeps_all_lines_before_the_cut_and_takes_new_ones(
    path: Path,
) -> None:
    lines = [b"12", "你好".encode(), b"3", b"456"]
    journal = Journal(path)
    journal.append(*lines)
    whole = path.read_bytes()
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = lines[: whole[:size].count(b"\n")]
        torn = size > 0 and whole[size - 1 : size] != b"\n"
        assert journal.read(as_it_is) == (kept, int(torn)), size
        journal.append(b"new", b"newer")
        assert journal.read(as_it_is) == ([*kept, b"new", b"newer"], int(torn)), size


def test_a_line_that_lacked_only_its_end_does_not_come_alive_later(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1", b"23")
    cut(path, path.stat().st_size - 1)
    assert journal.read(number) == ([1], 1)
    journal.append(b"4")
    assert journal.read(number) == ([1, 4], 1)


def test_blocks_that_a_power_cut_left_unwritten_cost_no_other_line(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"before", b"x" * 5000)
    blank(path, len(b"before\n"))
    assert journal.read(as_it_is) == ([b"before"], 1)
    journal.append(b"after")
    assert journal.read(as_it_is) == ([b"before", b"after"], 1)


def test_a_line_beyond_all_measure_is_damage_and_is_not_held_in_memory(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"before")
    os.truncate(path, 5 * LONGEST_LINE)
    journal.append(b"after")
    tracemalloc.start()
    try:
        read = journal.read(as_it_is)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == ([b"before", b"after"], 1)
    assert peak < 3 * LONGEST_LINE


@pytest.mark.skipif(not IO_OF_THIS_PROCESS.exists(), reason="this system does not count reads")
def test_an_append_reads_as_little_of_a_large_journal_as_of_a_small_one(path: Path) -> None:
    def bytes_read() -> int:
        return int(IO_OF_THIS_PROCESS.read_text().split()[1])

    journal = Journal(path)
    journal.append(b"before")
    os.truncate(path, 1024 * MEGABYTE)
    before = bytes_read()
    journal.append(b"torn line closed")
    journal.append(b"after")
    assert bytes_read() - before < 64 * 1024
    with path.open("rb") as file:
        file.seek(1024 * MEGABYTE)
        assert file.read() == b"\0\ntorn line closed\nafter\n"


def test_what_a_full_disk_refused_is_not_read_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    journal.append(b"before")
    write = os.write

    def almost_full(descriptor: int, data: bytes) -> int:
        if len(data) <= 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:-4])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", almost_full)
        with pytest.raises(OSError, match="No space"):
            journal.append(b"one", b"two")
    assert path.read_bytes() == b"before\n"
    journal.append(b"after")
    assert journal.read(as_it_is) == ([b"before", b"after"], 0)


def test_a_short_write_is_carried_on_with(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    Journal(path).append(b"a long line", b"another")
    assert path.read_bytes() == b"a long line\nanother\n"


def test_lines_are_on_the_disk_before_append_comes_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = noted_syncs(monkeypatch, path.read_bytes)
    journal = Journal(path)
    journal.append(b"one")
    journal.append(b"two", b"three")
    assert synced == [b"one\n", b"one\ntwo\nthree\n"]


def test_lines_that_nobody_waits_for_are_on_the_disk_soon_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "SETTLED_AFTER", 0.05)
    synced = noted_syncs(monkeypatch, path.read_bytes)
    journal = Journal(path)
    journal.append(b"one", sync=False)
    journal.append(b"two", sync=False)
    until(lambda: synced == [b"one\ntwo\n"], "both are synced")
    journal.sync()
    assert len(synced) == 1, "there is nothing left to sync"


def test_a_sync_covers_what_was_appended_without_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = noted_syncs(monkeypatch, path.read_bytes)
    journal = Journal(path)
    journal.append(b"one", sync=False)
    assert synced == []
    journal.sync()
    journal.sync()
    assert synced == [b"one\n"]


def test_one_sync_is_enough_for_all_that_wait_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    syncs = 0
    sync = own_files.sync_file

    def slow(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        if syncs == 1:
            until(lambda: path.read_bytes().count(b"\n") == 5, "all are written")
        sync(descriptor)

    monkeypatch.setattr(own_files, "sync_file", slow)
    threads = [threading.Thread(target=journal.append, args=(b"%d" % n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert syncs == 2


def test_what_could_not_be_synced_is_not_read_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path)
    journal.append(b"before")

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(own_files, "sync_file", broken)
        with pytest.raises(OSError, match="Input/output error"):
            journal.append(b"one", b"two")
    journal.append(b"after")
    assert path.read_bytes() == b"before\nafter\n"


def test_a_rewrite_keeps_what_it_is_told_to_and_drops_damage(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1", b"2", b"3", b"torn")
    cut(path, path.stat().st_size - 1)
    journal.rewrite(lambda lines: [line for line in lines if line != b"2"])
    assert path.read_bytes() == b"1\n3\n"
    other = Journal(path)
    journal.rewrite(lambda lines: [b"0", *lines])
    other.append(b"4")
    assert journal.read(number) == ([0, 1, 3, 4], 0)


def test_a_rewrite_that_changes_nothing_leaves_the_file_alone(path: Path) -> None:
    journal = Journal(path)
    journal.rewrite(lambda lines: lines)
    assert not path.exists()
    journal.append(b"1", b"2")
    before = path.stat()
    journal.rewrite(lambda lines: lines)
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_rewrite_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1")

    def fail(lines: list[bytes]) -> list[bytes]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        journal.rewrite(fail)
    journal.append(b"2")
    assert lines_of(journal) == [b"1", b"2"]


def test_what_is_added_during_a_rewrite_waits_for_nothing_and_follows_what_is_kept(
    path: Path,
) -> None:
    journal = Journal(path)
    journal.append(b"1", b"2")

    def keep(lines: list[bytes]) -> list[bytes]:
        journal.append(b"3")
        Journal(path).append(b"4")
        return lines[1:]

    journal.rewrite(keep)
    journal.append(b"5")
    assert path.read_bytes() == b"2\n3\n4\n5\n"


def test_a_torn_line_before_a_rewrite_costs_nothing_that_is_added_meanwhile(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1", b"2", b"torn")
    cut(path, path.stat().st_size - 1)
    journal = Journal(path)

    def keep(lines: list[bytes]) -> list[bytes]:
        journal.append(b"3")
        return lines[1:]

    journal.rewrite(keep)
    assert lines_of(journal) == [b"2", b"3"]


def test_what_is_added_waits_for_no_other_process_and_the_rest_is_told_of_it(path: Path) -> None:
    with FileLock(f"{path}.lock", mode=0o600):
        journal = Journal(path, lock_within=0.01)
        journal.append(b"one")
        for attempt in (lambda: journal.read(bytes), lambda: journal.rewrite(list), journal.close):
            with pytest.raises(OSError, match="another process keeps it locked"):
                attempt()
        journal.append(b"two")
    assert journal.read(bytes) == ([b"one", b"two"], 0)


class Neovim01:
    """A Neovim that runs 0.1: it holds the lock for each operation and opens the file anew. A
    rewrite is in two steps here, between which anything may happen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock", mode=0o600)
        self._read = b""

    def append(self, line: bytes) -> None:
        with self._lock, self._path.open("ab") as file:
            file.write(line + b"\n")

    def begin_rewrite(self) -> None:
        self._lock.acquire(timeout=10)
        self._read = self._path.read_bytes() if self._path.exists() else b""

    def end_rewrite(self) -> None:
        new = self._path.with_suffix(".new")
        new.write_bytes(self._read)
        new.replace(self._path)
        self._lock.release()


def test_what_a_neovim_of_0_1_replaced_unseen_is_put_back_with_the_next_line(path: Path) -> None:
    path.parent.mkdir()
    journal, other = Journal(path), Neovim01(path)
    journal.append(b"1")
    other.begin_rewrite()
    journal.append(b"2")
    other.end_rewrite()
    other.append(b"theirs")
    journal.append(b"3")
    assert list(dict.fromkeys(lines_of(journal))) == [b"1", b"theirs", b"2", b"3"]


def test_what_a_neovim_of_0_1_replaced_unseen_is_read_all_the_same(path: Path) -> None:
    path.parent.mkdir()
    journal, other = Journal(path), Neovim01(path)
    journal.append(b"1")
    other.begin_rewrite()
    journal.append(b"2")
    other.end_rewrite()
    assert list(dict.fromkeys(lines_of(journal))) == [b"1", b"2"]


def test_a_disk_that_refuses_what_nobody_waits_for_is_told_of_once_and_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journals, "SETTLED_AFTER", 0.01)
    tries = 0
    sync = own_files.sync_file

    def broken(descriptor: int) -> None:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(own_files, "sync_file", broken)
    journal = Journal(path)
    journal.append(b"1", sync=False)
    until(lambda: tries == 4, "it is tried until the disk takes it")
    journal.close()
    assert caplog.text.count("Input/output error; trying again") == 1


def test_what_a_neovim_of_0_1_replaced_unseen_is_put_back_though_nothing_more_comes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "SETTLED_AFTER", 0.02)
    path.parent.mkdir()
    journal, other = Journal(path), Neovim01(path)
    journal.append(b"1")
    other.begin_rewrite()
    journal.append(b"2")
    looked = noted_looks(journal, monkeypatch)
    until(lambda: looked.count(False) >= 2, "it looked in vain")
    other.end_rewrite()
    until(lambda: looked[-1], "it looked again")
    assert list(dict.fromkeys(path.read_bytes().split())) == [b"1", b"2"]


def noted_looks(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What each look at the file finds from now on: whether all is settled."""
    found: list[bool] = []
    restore = journal._restore

    def noting() -> bool:
        is_settled = restore()
        found.append(is_settled)
        return is_settled

    monkeypatch.setattr(journal, "_restore", noting)
    return found


def test_what_is_settled_is_not_put_back_again(path: Path) -> None:
    path.parent.mkdir()
    journal, other = Journal(path), Neovim01(path)
    journal.append(b"1")
    assert journal._restore()
    other.begin_rewrite()
    other.end_rewrite()
    journal.append(b"2")
    assert path.read_bytes() == b"1\n2\n"


def test_a_line_goes_into_the_file_that_stands_there_when_another_was_removed(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1")
    path.unlink()
    journal.append(b"2")
    assert lines_of(Journal(path)) == [b"1", b"2"]


def test_what_another_file_has_no_room_for_is_refused_and_stands_nowhere(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    journal, other = Journal(path), Neovim01(path)
    journal.append(b"1")
    write = os.write
    full = False

    def almost_full(descriptor: int, data: bytes) -> int:
        nonlocal full
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        full = os.fstat(descriptor).st_ino == path.stat().st_ino
        return write(descriptor, data[:3] if full else data)

    other.begin_rewrite()
    other.end_rewrite()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", almost_full)
        with pytest.raises(OSError, match="No space"):
            journal.append(b"refused", b"as well")
    assert path.read_bytes() == b"1\n"
    journal.append(b"2")
    assert list(dict.fromkeys(lines_of(journal))) == [b"1", b"2"]


@pytest.mark.skipif(not POSIX or os.geteuid() == 0, reason="nobody keeps root from writing")
def test_a_folder_that_became_read_only_takes_lines_as_before(path: Path) -> None:
    journal = Journal(path)
    journal.append(b"1")
    path.parent.chmod(0o500)
    try:
        journal.append(b"2")
        Journal(path).append(b"3")
        path.parent.chmod(0o700)
        path.rename(path.with_suffix(".gone"))
        path.parent.chmod(0o500)
        with pytest.raises(PermissionError):
            journal.append(b"refused")
    finally:
        path.parent.chmod(0o700)
    journal.append(b"4")
    assert lines_of(Journal(path)) == [b"1", b"2", b"3", b"4"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file" / "journal").append(b"1")


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
