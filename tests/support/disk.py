"""Trouble with the disk, as tests make it."""

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
    """What `note` gives at each sync of a file of ours from now on."""
    noted: list[T] = []
    sync = own_files.sync_file

    def noting(descriptor: int) -> None:
        noted.append(note())
        sync(descriptor)

    monkeypatch.setattr(own_files, "sync_file", noting)
    return noted


@contextmanager
def out_of_reach(path: Path) -> Iterator[None]:
    """A file that can be neither read nor written meanwhile: a folder stands in its place."""
    kept = path.with_suffix(".kept")
    if path.exists():
        path.rename(kept)
    path.mkdir()
    yield
    path.rmdir()
    if kept.exists():
        kept.rename(path)


class Refusals:
    """Files that the disk refuses, whoever asks, until they are given back.

    A folder and the file change places in one step, so that nobody meets the place empty and makes
    a new file there; who has the file open already goes on writing to it. Only Linux can do that:
    elsewhere nothing is refused. `aside`, a folder on the same disk, takes the files meanwhile.
    """

    def __init__(self, aside: Path) -> None:
        self._aside = aside
        self._kept: dict[Path, Path | None] = {}
        self._lock = Lock()

    def begin(self, *paths: Path) -> bool:
        """Refuse these files from now on. Returns whether it could be done."""
        if sys.platform != "linux":
            return False
        self._aside.mkdir(exist_ok=True)
        with self._lock:
            for path in paths:
                if path not in self._kept:
                    self._kept[path] = self._refuse(path)
        return True

    def end(self) -> None:
        """Give all of them back."""
        with self._lock:
            for path, kept in self._kept.items():
                if kept is not None:
                    _exchange(path, kept)
                    kept.rmdir()
                else:
                    path.rmdir()
            self._kept.clear()

    def read(self, path: Path) -> bytes:
        """What stands in a file, refused or not; nothing when it does not exist."""
        with self._lock:
            where = self._kept.get(path, path)
            return where.read_bytes() if where is not None and where.exists() else b""

    def _refuse(self, path: Path) -> Path | None:
        try:
            path.mkdir()
        except FileExistsError:
            kept = self._aside / path.name
            kept.mkdir()
            _exchange(path, kept)
            return kept
        return None


def _exchange(one: Path, other: Path) -> None:
    """Let two paths change places, in one step."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_HERE, bytes(one), _HERE, bytes(other), _EXCHANGE):
        raise OSError(ctypes.get_errno(), "two paths cannot change places", str(one))


def fill(process: int) -> Callable[[], None]:
    """Let every file be too large for a process to write to, as on a full disk. Returns what gives
    it room again. Only Linux can do that: elsewhere there is room all the time."""
    if sys.platform != "linux" or not process:
        return lambda: None
    most = resource.prlimit(process, resource.RLIMIT_FSIZE)[1]

    def limit(size: int) -> None:
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))

    limit(0)
    return lambda: limit(most)
