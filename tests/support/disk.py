"""Disk errors for tests."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

import pytest

from dingbridge.edges.storage import own_files

if sys.platform == "linux":
    import resource

T = TypeVar("T")

_HERE, _EXCHANGE = -100, 2
"""Of Linux's `renameat2`: paths are relative to the working directory; both are kept."""


def noted_syncs(monkeypatch: pytest.MonkeyPatch, note: Callable[[], T]) -> list[T]:
    """Collect what `note` returns at each sync of one of our files."""
    noted: list[T] = []
    sync = own_files.sync_file

    def noting(descriptor: int) -> None:
        noted.append(note())
        sync(descriptor)

    monkeypatch.setattr(own_files, "sync_file", noting)
    return noted


@contextmanager
def out_of_reach(path: Path) -> Iterator[None]:
    """Make a file unreadable and unwritable: a folder stands in its place.

    Both change places in one step where the system can do that: a program that tries again would
    create a new file in an empty place.
    """
    kept = path.with_suffix(".kept")
    there = path.exists()
    (kept if there else path).mkdir()
    if there:
        exchange(path, kept)
    yield
    if there:
        exchange(path, kept)
    (kept if there else path).rmdir()


class Refusals:
    """Makes files unreadable and unwritable for all processes, for a while. Linux only: elsewhere
    nothing happens.

    A folder and the file are exchanged in one step, so that nobody finds the place empty and
    creates a new file. A process that has the file open can still write to it. `aside` is a folder
    on the same disk that holds the files meanwhile.
    """

    def __init__(self, aside: Path) -> None:
        self._aside = aside
        self._kept: dict[Path, Path | None] = {}
        self._lock = Lock()

    def begin(self, *paths: Path) -> bool:
        """Start refusing these files. Returns whether that is possible here."""
        if sys.platform != "linux":
            return False
        self._aside.mkdir(exist_ok=True)
        with self._lock:
            for path in paths:
                if path not in self._kept:
                    self._kept[path] = self._refuse(path)
        return True

    def end(self) -> None:
        """Put all files back."""
        with self._lock:
            for path, kept in self._kept.items():
                if kept is not None:
                    exchange(path, kept)
                    kept.rmdir()
                else:
                    path.rmdir()
            self._kept.clear()

    def read(self, path: Path) -> bytes:
        """The content of a file, refused or not; empty if it does not exist."""
        with self._lock:
            where = self._kept.get(path, path)
            return where.read_bytes() if where is not None and where.exists() else b""

    def _refuse(self, path: Path) -> Path | None:
        try:
            path.mkdir()
        except FileExistsError:
            kept = self._aside / path.name
            kept.mkdir()
            exchange(path, kept)
            return kept
        return None


def exchange(one: Path, other: Path) -> None:
    """Exchange two paths, on Linux in one step."""
    if sys.platform != "linux":
        aside = one.with_suffix(".aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_HERE, bytes(one), _HERE, bytes(other), _EXCHANGE):
        raise OSError(ctypes.get_errno(), "two paths cannot change places", str(one))


def fill(process: int) -> Callable[[], None]:
    """Limit the file size of a process, as on a full disk. Returns a function that lifts the limit.
    Linux only: elsewhere nothing happens."""
    if sys.platform != "linux" or not process:
        return lambda: None
    most = resource.prlimit(process, resource.RLIMIT_FSIZE)[1]

    def limit(size: int) -> None:
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))

    limit(0)
    return lambda: limit(most)
