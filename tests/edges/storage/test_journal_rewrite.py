"""Rewriting a journal, by this process or by another, loses no line that was appended meanwhile."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from filelock import FileLock

from dingbridge.edges.storage import journal as journals
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.journal import Journal
from tests.support.journals import Neovim01, cut, lines_of, number
from tests.support.processes import until


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
