"""Reads and writes the user's files, on the editor's side."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk.media import amount, parcel
from dingbridge.core.errors import BridgeError
from dingbridge.core.user_file import LOAD_BYTES, UserFile
from dingbridge.edges.storage import own_files


def open_to_read(file: UserFile) -> tuple[BinaryIO, int]:
    """A file to send or load, open for reading, and its size in bytes.

    Raises `BridgeError` if it is unreadable, too large, or (to be sent) empty.
    """
    path = Path(file.path)
    if file.use == "send":
        opened, size = own_files.open_whole(path)
        try:
            parcel(path.name, size)
        except BridgeError:
            opened.close()
            raise
        return opened, size
    try:
        opened = own_files.reading(path, of_anybody=True)
    except OSError as cause:
        raise BridgeError(say.UNREADABLE(path=path, reason=cause.strerror)) from cause
    size = os.fstat(opened.fileno()).st_size
    if size > LOAD_BYTES:
        opened.close()
        reason = say.LARGER_THAN(most=amount(LOAD_BYTES))
        raise BridgeError(say.UNREADABLE(path=path, reason=reason))
    return opened, size


def write_new(file: UserFile, data: bytes) -> None:
    """Create a private file at a path of the user's choice, which must not exist.

    Raises `BridgeError`; then no file is left.
    """
    path = Path(file.path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    is_made = False
    try:
        with os.fdopen(os.open(path, flags, 0o600), "wb") as opened:
            is_made = True
            opened.write(data)
    except FileExistsError as cause:
        raise BridgeError(say.EXISTS(path=path), fix=say.OTHER_NAME()) from cause
    except (OSError, ValueError) as cause:
        if is_made:
            with contextlib.suppress(OSError):
                path.unlink()
        reason = getattr(cause, "strerror", None) or type(cause).__name__
        raise BridgeError(say.UNWRITABLE(path=path, reason=reason)) from cause
