"""Journals, damage to them, and processes that write them."""

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
    """Overwrite the end of a file with NULs, as some file systems do after a power cut."""
    size = path.stat().st_size
    os.truncate(path, start)
    os.truncate(path, size)


class Neovim01:
    """A Neovim with 0.1, which locks and opens the file for each operation. A rewrite has two
    steps, with anything in between."""

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
