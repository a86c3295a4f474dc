"""Opens and writes our own files and folders: private to the user, and replaced atomically.

Anything else at such a path (a pipe, a device, another user's file) is refused with an `OSError`
that says why: a pipe could block a reader, and another user's file is not what we wrote.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from dingbridge.core.catalogue import files as say
from dingbridge.core.catalogue import values
from dingbridge.core.errors import Refused

if sys.platform == "darwin":
    import fcntl

log = logging.getLogger(__name__)


_KINDS = {
    stat.S_IFDIR: say.FOLDER,
    stat.S_IFIFO: say.NAMED_PIPE,
    stat.S_IFSOCK: say.SOCKET,
    stat.S_IFCHR: say.DEVICE,
    stat.S_IFBLK: say.DEVICE,
    stat.S_IFREG: say.FILE,
}
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_AS_IT_IS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_file(path: Path, flags: int, *, of_anybody: bool = False) -> int:
    """Open a file of ours, or with `of_anybody` of any user. Returns a descriptor; never blocks.

    A new file (`O_CREAT` in `flags`) has mode 0600. Raises `OSError`.
    """
    _need_file(path, _found(path), of_anybody=of_anybody)
    descriptor = os.open(path, flags | _NEVER_WAIT | _AS_IT_IS, 0o600)
    try:
        # Checked on the descriptor: the path may have been replaced since.
        _need_file(path, os.fstat(descriptor), of_anybody=of_anybody)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def reading(path: Path, *, of_anybody: bool = False) -> BinaryIO:
    """The same as a file object for reading. Raises `FileNotFoundError` if it does not exist."""
    return os.fdopen(open_file(path, os.O_RDONLY, of_anybody=of_anybody), "rb")


def open_whole(path: Path) -> tuple[BinaryIO, int]:
    """A file, open for reading, and its size in bytes. Raises `Refused` unless it is a readable
    regular file."""
    try:
        # Checked first: opening a pipe blocks, and a device may have no end.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise _not_a_file(path)
        file = path.open("rb")
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or say.NO_SUCH_FILE()
        raise Refused(say.UNREADABLE(path=path, reason=reason)) from cause
    opened = os.fstat(file.fileno())
    if not stat.S_ISREG(opened.st_mode):
        file.close()
        raise _not_a_file(path)
    return file, opened.st_size


def _not_a_file(path: Path) -> Refused:
    return Refused(say.NOT_A_FILE(path=path), fix=say.SINGLE_FILE())


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _need_file(path: Path, found: os.stat_result | None, *, of_anybody: bool) -> None:
    if found is None:
        return
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), values.SOMETHING_ELSE)()
        raise OSError(errno.EINVAL, say.NO_FILE(kind=kind), str(path))
    if not of_anybody:
        _need_owner(path, found)


def _need_owner(path: Path, found: os.stat_result) -> None:
    # Files of root are accepted: root needs no attack.
    if os.name == "posix" and found.st_uid not in (os.geteuid(), 0):
        raise PermissionError(errno.EPERM, say.OF_ANOTHER_USER(), str(path))


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, private to the user whatever the umask is.

    Existing folders are not changed.
    """
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = _found(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            mode = stat.S_IFMT(found.st_mode) if found else 0
            words = say.NO_FOLDER(kind=_KINDS.get(mode, values.SOMETHING_ELSE)())
            raise NotADirectoryError(errno.ENOTDIR, words, str(path)) from None


def make_own_folder(path: Path) -> None:
    """The same for a folder that only we use: removes other users' permissions from an existing
    one, and refuses another user's with an `OSError`."""
    make_folder(path)
    if os.name != "posix":
        return
    found = path.stat()
    _need_owner(path, found)
    if stat.S_IMODE(found.st_mode) & 0o077:
        log.warning("%s was open to other users", path)
        path.chmod(0o700)


FileFault = Literal["missing", "no_folder", "of_another_user", "open"]
"""Why a folder is not private; `open`: other users have permissions."""


def fault(folder: Path) -> FileFault | None:
    """Why a folder is not private; None if it is."""
    try:
        found = folder.lstat()
    except OSError:
        return "missing"
    if not stat.S_ISDIR(found.st_mode):
        return "no_folder"
    if found.st_uid != os.geteuid():
        return "of_another_user"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return "open"
    return None


def may_be_changed(folder: Path) -> Literal["by_its_owner", "by_others"] | None:
    """Who else can replace files in a shared folder; None for nobody.

    Read permissions are not checked: they are the user's decision.
    """
    found = _found(folder)
    if os.name != "posix" or found is None:
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return "by_its_owner"
    return "by_others" if stat.S_IMODE(found.st_mode) & 0o022 else None


def write_whole(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Replace a file's content atomically. Without `sync`, a power cut may leave an empty file."""
    with replacing(path, sync=sync) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """A context manager: yields a new file (mode 0600) that replaces `path` atomically at the end
    of the block, unless that raises. `sync` is as for `write_whole`."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    # Created with 0600, which the rename keeps.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _AS_IT_IS, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            if sync:
                file.flush()
                sync_file(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def sync_file(descriptor: int) -> None:
    """Make a file's content durable against power cuts, as far as the system can.

    Uses `fdatasync` (which omits the time stamps), on macOS `F_FULLFSYNC` (where `fsync` leaves
    data in the drive's cache), on Windows `FlushFileBuffers`.
    """
    if sys.platform == "darwin":
        # Some file systems, for example network ones, do not support it.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    if sys.platform in ("darwin", "win32"):
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def sync(path: Path) -> None:
    """The same by path."""
    descriptor = open_file(path, os.O_RDWR)
    try:
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: otherwise a power cut may restore an old file."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Added(NamedTuple):
    """An append to a file: the file's inode, and the byte range."""

    file: int
    begin: int
    end: int


def append_lines(path: Path, lines: bytes, *, sync: bool = False) -> Added:
    """Append lines to a file, which is created (mode 0600) if needed.

    With `sync` they are durable when this returns. If it raises `OSError`, nothing was appended.
    """
    descriptor = open_file(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    with os.fdopen(descriptor, "ab+", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                # A crash truncated the last line; the new one must not become part of it.
                lines = b"\n" + lines
        left = memoryview(lines)
        try:
            while left:
                left = left[file.write(left) :]
            if sync:
                sync_file(file.fileno())
        except BaseException:
            # Remove what a full disk accepted: the lines will be appended again.
            with contextlib.suppress(OSError):
                file.truncate(size)
            raise
        return Added(os.fstat(descriptor).st_ino, size, size + len(lines))


def set_aside(path: Path) -> Path:
    """Rename a damaged file to `<name>.bad-<time>`, overwriting nothing; return the new path."""
    time = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
    kept = path.with_name(f"{path.name}.bad-{time}")
    os.replace(path, kept)
    log.error("%s could not be read and was set aside as %s", path.name, kept.name)
    return kept
