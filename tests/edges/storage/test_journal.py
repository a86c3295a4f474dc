"""What was appended to a journal is read again after crashes, cuts and a full disk."""

from __future__ import annotations

import errno
import os
import stat
import threading
import tracemalloc
from pathlib import Path

import pytest

from dingbridge.edges.storage import journal as journals
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.journal_lines import LONGEST_LINE
from tests.support.disk import noted_syncs
from tests.support.journals import MEGABYTE, Neovim01, as_it_is, blank, cut, lines_of, number
from tests.support.processes import until

POSIX = os.name == "posix"
IO_OF_THIS_PROCESS = Path("/proc/self/io")


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
