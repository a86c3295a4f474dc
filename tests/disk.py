"""Trouble with the disk, as tests make it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
