"""The address of the local socket: a file that only the user can open, or a loopback port.

Systems without Unix sockets (Windows) get the loopback port; the secret guards both.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys
import time
from pathlib import Path

from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import BridgeError
from dingbridge.edges.storage import own_files

UNIX = hasattr(socket, "AF_UNIX") and os.name == "posix"
LONGEST_PATH = 103
"""Most bytes of a socket's path: macOS allows 104 with the closing zero, Linux 108."""

BACKLOG = 128
STALE_AFTER = 60.0
"""Seconds after which a socket file without a listener is considered left by a dead process."""

LOOPBACK = "127.0.0.1"
PREFIX, SUFFIX = "dingbridge-", ".sock"


class LocalSocketError(BridgeError):
    """The local socket cannot be opened safely, or a frame is too long for it."""


def listen(*, tcp: bool) -> tuple[socket.socket, str]:
    """A listening, non-blocking socket, and its address. Raises `LocalSocketError`."""
    try:
        return _listen_on_loopback() if tcp else _listen_in(_folder())
    except OSError as cause:
        raise LocalSocketError(say.NO_SOCKET(reason=os.strerror(cause.errno or 0))) from cause


def connect(address: str) -> socket.socket:
    """A non-blocking socket that is connecting to `address`. Raises `LocalSocketError`."""
    try:
        if UNIX and address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            target: str | tuple[str, int] = address
        else:
            host, _, port = address.rpartition(":")
            if host != LOOPBACK:
                raise LocalSocketError("this is no address of a local socket")
            connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            target = (host, int(port))
        try:
            prepare(connection)
            with contextlib.suppress(BlockingIOError):
                _connect(connection, target)
        except BaseException:
            connection.close()
            raise
    except (OSError, ValueError, OverflowError) as cause:
        raise LocalSocketError(f"nobody answers there ({type(cause).__name__})") from cause
    return connection


def _connect(connection: socket.socket, target: str | tuple[str, int]) -> None:
    try:
        connection.connect(target)
    except BlockingIOError as cause:
        # For loopback this means "in progress", for a Unix socket that the backlog is full.
        if isinstance(target, str):
            raise ConnectionRefusedError(errno.ECONNREFUSED, "busy") from cause
        raise


def prepare(connection: socket.socket) -> None:
    """Make the socket non-blocking, and switch off Nagle's algorithm."""
    connection.setblocking(False)
    if connection.family == socket.AF_INET:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def is_foreign(connection: socket.socket) -> bool:
    """Whether the system reports another user at the other end."""
    if not UNIX or connection.family != socket.AF_UNIX:
        return False
    try:
        uid = _uid(connection)
    except OSError:  # The other end has closed already.
        return True
    return uid is not None and uid != os.geteuid()


def _uid(connection: socket.socket) -> int | None:
    if sys.platform == "linux":
        # struct ucred: pid, uid, gid
        size = struct.calcsize("3i")
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        return int(struct.unpack("3i", found)[1])
    if sys.platform == "darwin":
        # struct xucred by SOL_LOCAL (0), LOCAL_PEERCRED (1): version, uid, number of groups, groups
        found = connection.getsockopt(0, 1, struct.calcsize("IIh16I"))
        return int(struct.unpack_from("II", found)[1])
    return None


def is_there(address: str) -> bool:
    """Whether the socket's file still exists: some systems remove its folder when the user logs
    out."""
    return not address.startswith("/") or os.path.exists(address)


def remove(address: str) -> None:
    """Remove the socket's file; a loopback port has none."""
    if address.startswith("/"):
        with contextlib.suppress(OSError):
            os.unlink(address)


def _listen_on_loopback() -> tuple[socket.socket, str]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # Otherwise another process could bind the same port and receive our connections.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind((LOOPBACK, 0))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener, f"{LOOPBACK}:{listener.getsockname()[1]}"


def _listen_in(folder: Path) -> tuple[socket.socket, str]:
    _sweep(folder)
    address = str(folder / f"{PREFIX}{os.urandom(4).hex()}{SUFFIX}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(address)
        # The folder is private, so there is no race; setting the umask would affect all threads.
        os.chmod(address, 0o600)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener, address


def _folder() -> Path:
    """A private folder with a path short enough for a socket. Raises `LocalSocketError`."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and _fits(Path(runtime)) and not own_files.fault(Path(runtime)):
        return Path(runtime)
    import tempfile  # imported late: few need it

    name = f"dingbridge-{os.geteuid()}"
    folder = Path(tempfile.gettempdir()).absolute() / name
    if not _fits(folder):
        folder = Path("/tmp") / name  # noqa: S108 - made 0700, refused unless it is ours
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if fault := own_files.fault(folder):
        raise LocalSocketError(_refused(folder, fault), fix=say.REMOVE_FOLDER(folder=folder))
    return folder


def _refused(folder: Path, fault: own_files.FileFault) -> str:
    match fault:
        case "missing":
            return say.FOLDER_MISSING(folder=folder)
        case "no_folder":
            return say.FOLDER_NO_FOLDER(folder=folder)
        case "of_another_user":
            return say.FOLDER_OF_ANOTHER(folder=folder)
        case "open":
            return say.FOLDER_OPEN(folder=folder)


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f"{PREFIX}12345678{SUFFIX}")) <= LONGEST_PATH


def _sweep(folder: Path) -> None:
    """Remove the socket files of killed processes."""
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with contextlib.suppress(OSError):
            # The process of a young one may be about to listen.
            if time.time() - path.lstat().st_mtime > STALE_AFTER and _is_dead(path):
                path.unlink()


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        return probe.connect_ex(str(path)) == errno.ECONNREFUSED
