"""Reads files below a session's project folder, and nothing else on the disk.

A path comes from a chat. Its spelling is checked, then links are resolved. Then the result is
opened from the folder down without following links, so that a link created in between has no
effect. The opened file must be a regular one. Hard links cannot be detected.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import paths
from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.commands.remote_commands import MOST_LINES
from dingbridge.core.errors import BridgeError
from dingbridge.core.secrets.excerpts import LINES_BEFORE

MOST_BYTES = 16_000
"""Most bytes of a file that are shown at once."""

SEARCHED_BYTES = 64 * 1024 * 1024
"""Bytes of a file that are searched for a line."""

_BLOCK = 64 * 1024
_MOST_BEFORE = 1024 * 1024
_LOOKED_AT = 8192
"""Bytes at a file's start that decide whether it is text."""


def inside(cwd: str, path: str) -> Path:
    """The regular file at `path`, relative to the folder `cwd`, with links resolved.

    Raises `BridgeError`, with a text for the chat, if it is outside of the folder, not a regular
    file, or named like a secret. The error does not reveal whether something exists outside. A
    folder that is a whole disk is refused, and so are hidden files in a home folder.
    """
    root, parts = _found(cwd, path)
    return root.joinpath(*parts)


def relative(cwd: str, path: str) -> str:
    """`path` relative to the folder `cwd`, with `/`.

    Makes the checks of `inside`, but the file need not exist: it may have been deleted. Raises
    `BridgeError`.
    """
    return PurePosixPath(*_resolved(cwd, path)[1]).as_posix()


def read_lines(
    cwd: str,
    path: str,
    first: int,
    last: int,
    most_lines: int = MOST_LINES,
    most_bytes: int = MOST_BYTES,
) -> Lines:
    """Lines `first` to `last` (1-based, inclusive) of a text file. Uses little memory.

    Raises `BridgeError` as `inside` does, for a binary file, and if there is no line `first`.
    """
    root, parts = _found(cwd, path)
    wanted = min(last - first + 1, most_lines)
    try:
        descriptor = _open(root, parts)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BridgeError(say.NOT_A_FILE())
            data, more = _slice(descriptor, first, wanted, most_bytes)
            os.lseek(descriptor, 0, os.SEEK_SET)
            before = _before(descriptor, first)
        finally:
            os.close(descriptor)
    except OSError as cause:
        raise BridgeError(say.FILE_UNREADABLE()) from cause
    if b"\0" in data:
        raise BridgeError(say.BINARY())
    cut = len(data) > most_bytes
    # Only whole lines: half a secret would not be recognised.
    whole_lines = data.rfind(b"\n", 0, most_bytes)
    data = data[: whole_lines if cut and whole_lines > 0 else most_bytes]
    shown = PurePosixPath(*parts).as_posix()
    last = first + data.count(b"\n")
    return Lines(shown, first, last, _decoded(data, cut=cut), more, cut, before)


def _found(cwd: str, path: str) -> tuple[Path, Sequence[str]]:
    root, parts = _resolved(cwd, path)
    try:
        mode = root.joinpath(*parts).lstat().st_mode
    except (FileNotFoundError, NotADirectoryError) as cause:
        raise BridgeError(say.NO_FILE()) from cause
    except OSError as cause:
        raise BridgeError(say.FILE_UNREADABLE()) from cause
    if not stat.S_ISREG(mode):
        raise BridgeError(say.NOT_A_FILE())
    return root, parts


def _resolved(cwd: str, path: str) -> tuple[Path, Sequence[str]]:
    """The folder, and the path components from it to the file, with links resolved."""
    paths.check(path, drives=sys.platform == "win32")
    if sys.platform == "win32" and _is_odd_on_windows(path):
        raise BridgeError(say.OUTSIDE())
    root = _root(cwd)
    try:
        found = Path(os.path.realpath(root / path))
    except (OSError, ValueError) as cause:
        raise BridgeError(say.FILE_UNREADABLE()) from cause
    if not found.is_relative_to(root):
        raise BridgeError(say.OUTSIDE())
    parts = found.relative_to(root).parts
    hidden_at_home = parts and parts[0].startswith(".") and root == _home()
    if hidden_at_home or paths.is_secret(parts):
        raise BridgeError(say.HIDDEN())
    return root, parts


def _is_odd_on_windows(path: str) -> bool:
    """Whether the path depends on a drive's current folder, or names an alternate data stream."""
    named = PureWindowsPath(path)
    return (bool(named.drive) and not named.root) or ":" in path[len(named.drive) :]


def _root(cwd: str) -> Path:
    try:
        root = Path(os.path.realpath(cwd, strict=True))
    except (OSError, ValueError) as cause:
        raise BridgeError(say.NO_FOLDER()) from cause
    if not cwd or not root.is_dir() or root == root.parent:
        raise BridgeError(say.NO_FOLDER())
    return root


def _home() -> Path:
    return Path(os.path.realpath(os.path.expanduser("~")))


def _open(root: Path, parts: Sequence[str]) -> int:
    """A file descriptor, opened without following links below the folder."""
    if sys.platform == "win32":
        whole = root.joinpath(*parts)
        descriptor = os.open(whole, os.O_RDONLY | os.O_BINARY)
        same = os.path.samestat(os.fstat(descriptor), os.stat(whole))
        if not same or Path(os.path.realpath(whole)) != whole:
            os.close(descriptor)
            raise BridgeError(say.OUTSIDE())
        return descriptor
    # Non-blocking, in case the file was replaced by a pipe.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for number, part in enumerate(parts, 1):
        of_this = flags if number == len(parts) else flags | os.O_DIRECTORY
        try:
            below = os.open(part, of_this, dir_fd=at)
        finally:
            os.close(at)
        at = below
    return at


def _slice(descriptor: int, first: int, wanted: int, most_bytes: int) -> tuple[bytes, bool]:
    """The `wanted` lines from `first` on, without the last line end, and whether more follow.

    The result may exceed `most_bytes` by one block.
    """
    line, searched, kept = 1, 0, bytearray()
    ends_line = True
    while block := os.read(descriptor, _BLOCK):
        if not searched and b"\0" in block[:_LOOKED_AT]:
            raise BridgeError(say.BINARY())
        searched += len(block)
        ends_line = block.endswith(b"\n")
        if line < first:
            line, block = _passed(block, line, first)
        kept += block
        if kept.count(b"\n") >= wanted or len(kept) > most_bytes:
            break
        if searched > SEARCHED_BYTES:
            raise BridgeError(say.TOO_FAR())
    if not kept:
        lines = line - 1 if ends_line else line
        raise BridgeError(say.FEWER_LINES(count=lines))
    pieces = kept.split(b"\n", wanted)
    if len(pieces) > wanted:
        more = bool(pieces.pop()) or bool(os.read(descriptor, 1))
        return b"\n".join(pieces), more
    return bytes(kept.removesuffix(b"\n")), False


def _before(descriptor: int, first: int) -> str:
    """Some lines before line `first`, as context for masking."""
    if first == 1:
        return ""
    start = max(1, first - LINES_BEFORE)
    data, _ = _slice(descriptor, start, first - start, _MOST_BEFORE)
    return data.decode("utf-8", "replace")


def _passed(block: bytes, line: int, first: int) -> tuple[int, bytes]:
    """The part of a block, which starts in `line`, from the beginning of line `first` on."""
    ends = block.count(b"\n")
    if line + ends < first:
        return line + ends, b""
    start = 0
    for _ in range(first - line):
        start = block.index(b"\n", start) + 1
    return first, block[start:]


def _decoded(data: bytes, *, cut: bool) -> str:
    for encoding in ("utf-8", "gb18030"):
        for missing in range(4 if cut else 1):
            try:
                text = data[: len(data) - missing].decode(encoding)
            except UnicodeDecodeError:
                continue
            return text.removeprefix("\ufeff")
    return data.decode("utf-8", "replace")
