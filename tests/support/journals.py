"""Journals, what damages them, and processes that write them."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock

from dingbridge.edges.storage.journal import Journal

MEGABYTE = 1024 * 1024


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
