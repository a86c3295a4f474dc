"""Files of ours on disk: written whole and at once, readable by their owner only."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path

log = logging.getLogger(__name__)


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file's content: afterwards it is either the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file 0600, which the rename keeps.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def append_line(path: Path, line: bytes, *, sync: bool = False) -> None:
    """Add a line to the file's end, making the file, 0600, when it is not there. With `sync` it is
    on the disk when this returns."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                # A crash tore the last line: this one must not become a part of it.
                line = b"\n" + line
        file.write(line)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def lines_with(path: Path, part: bytes, within: int | None) -> list[bytes]:
    """The lines with `part` in the last `within` bytes of the file, or in all of it for None. A
    crash may have torn any of them."""
    try:
        with path.open("rb") as file:
            if within is not None:
                file.seek(max(0, file.seek(0, os.SEEK_END) - within))
            return [line for line in file if part in line]
    except FileNotFoundError:
        return []


def set_aside(path: Path) -> Path:
    """Rename a damaged file to `<name>.bad-<time>`, which nothing overwrites; return that path."""
    time = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
    kept = path.with_name(f"{path.name}.bad-{time}")
    os.replace(path, kept)
    log.error("%s could not be read and was set aside as %s", path.name, kept.name)
    return kept
