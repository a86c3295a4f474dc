"""A layer below a process that numbers its system calls on files and sockets, and injects faults.

It knows nothing of the code above except the names of files. Every write, sync, rename and removal
in the data folder, and every send on a socket, is a *step* with a name, such as "sync outbox" or
"send ack". At a chosen step the process is killed, before, after or within it; or the disk is full
for some steps; or the power fails. A power cut may lose what was not synced, as ext4 does: a file's
unsynced tail is missing, partly there, or zeros; a rename in an unsynced folder is undone.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
import socket
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

How = Literal["before", "after", "within", "full"]
"""When the process is killed, or that the disk is full from this step on."""

LAST_NAMES = 8
"""Changed names that a power cut may undo: ext4 commits all of them every few seconds."""
LATE = 0.1
"""Seconds by which something is late on purpose."""
LAST_STEPS = 400
"""Number of steps to report at the end of a process."""

_FILES = {
    "chat-dingtalk-inbox.jsonl": "inbox",
    "chat-dingtalk-outbox.jsonl": "outbox",
    "chat-dingtalk-state.json": "state",
}
_real_write, _real_writev, _real_open = os.write, os.writev, os.open
_real_fsync, _real_fdatasync, _real_ftruncate = os.fsync, os.fdatasync, os.ftruncate
_real_replace, _real_rename, _real_unlink = os.replace, os.rename, os.unlink
_real_io_open = io.open
_real_send, _real_sendall = socket.socket.send, socket.socket.sendall
_real_sendmsg, _real_recv = socket.socket.sendmsg, socket.socket.recv


class Fault(Struct, frozen=True):
    """A fault at step number `nth` of that name, or of any name.

    `cut`: the power fails with the kill. `steps`: for how many steps the disk is full.
    """

    step: str
    nth: int
    how: How
    cut: bool = False
    steps: int = 0

    def __str__(self) -> str:
        if self.how == "full":
            return f"disk full for {self.steps} steps from {self.step} {self.nth} on"
        return f"{'power cut' if self.cut else 'kill'} {self.how} {self.step} {self.nth}"


class Undo(Struct, frozen=True):
    """A changed name and its former content (None: it did not exist)."""

    path: str
    content: bytes | None


class Unsynced(Struct):
    """What a power cut may take.

    `safe` has the number of safe bytes by path, -1 if not even the name is safe. `names` are the
    changed names, in order.
    """

    safe: dict[str, int] = {}
    names: list[Undo] = []


class Ended(Struct, frozen=True):
    """The end of a process: the fault that caused it, if any, and its last steps."""

    fault: Fault | None
    steps: list[str]
    was_full: bool
    counts: dict[str, int]


class Layer:
    """The layer of a process whose files are below `data`.

    resting ──arm()──▶ armed ──a fault's step──▶ ended (killed), or full for some steps ──▶ armed

    `report` gets the end of the process. `kept` has what is not synced yet, for the next process.
    """

    def __init__(
        self, data: Path, faults: tuple[Fault, ...], seed: int, report: Path, kept: Path
    ) -> None:
        self._data = f"{data}{os.sep}"
        self._waiting = list(faults)
        self._random = Random(seed)
        self._report = report
        self._kept = kept
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._all: Counter[str] = Counter()
        self._last: deque[str] = deque(maxlen=LAST_STEPS)
        self._under_way = 0
        self._full = 0
        self._was_full = False
        self._ended = False
        self._safe: dict[int, int] = {}
        self._names: deque[tuple[str, bytes | None, int]] = deque(maxlen=LAST_NAMES)
        self.is_armed = False
        self.late: dict[str, Later] = {}
        """Files whose writes are delayed on purpose, by their name in steps."""
        self.unsynced: set[str] = set()
        """Files whose syncs are skipped on purpose."""
        self._read_kept()

    def arm(self) -> None:
        """Allow faults from now on."""
        self.is_armed = True

    def rest(self) -> None:
        """Stop faults; the disk has room again."""
        self.is_armed = False
        self._full = 0

    # --- steps ------------------------------------------------------------------------------------

    def name_of(self, descriptor: int) -> str:
        """The name of a descriptor's file in steps; empty if it is not watched."""
        try:
            return self.name(os.readlink(f"/proc/self/fd/{descriptor}"))
        except OSError:
            return ""

    def name(self, path: str) -> str:
        """The name of a path in steps; empty if it is not watched."""
        if not f"{path}{os.sep}".startswith(self._data):
            return ""
        if os.path.isdir(path):
            return "folder"
        folder, _, file = path.rpartition(os.sep)
        if file.endswith(".lock") or "owner-" in file or file.startswith("service-"):
            return ""
        for name, called in _FILES.items():
            if name in file:
                return called
        return "transcript" if folder.endswith("sessions") else folder.rpartition(os.sep)[2]

    def step(
        self,
        name: str,
        act: Callable[[], T],
        within: Callable[[], object] | None = None,
        *,
        grows: bool = False,
    ) -> T:
        """Do `act`, unless the process ends here. `within` does part of it. `grows`: it needs
        room."""
        fault, is_full = self._begin(name, grows=grows)
        try:
            if is_full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if fault is None:
                return act()
            if fault.how == "full":
                if within is not None:
                    self._note("  a part")
                    return within()  # type: ignore[return-value]  # how much was written
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if fault.how == "after":
                act()
            elif fault.how == "within" and within is not None:
                within()
            self._die(fault)
            raise AssertionError("the process is dead")
        finally:
            with self._lock:
                self._under_way -= 1

    def _begin(self, name: str, *, grows: bool) -> tuple[Fault | None, bool]:
        with self._lock:
            if self._ended:
                # The process is being killed: nothing of it may get out any more.
                self._lock.release()
                threading.Event().wait()
            self._under_way += 1
            self._all[name] += 1
            self._note(name)
            if not self.is_armed:
                return None, False
            self._counts[name] += 1
            self._counts["any"] += 1
            if self._full and grows:
                self._full -= 1
                return None, True
            for fault in self._waiting:
                if fault.step in (name, "any") and self._counts[fault.step] == fault.nth:
                    if fault.how == "full" and not grows:
                        continue
                    self._waiting.remove(fault)
                    if fault.how == "full":
                        self._full, self._was_full = fault.steps, True
                    return fault, False
            return None, False

    def _note(self, words: str) -> None:
        self._last.append(f"{threading.current_thread().name}: {words}")

    # --- the end ----------------------------------------------------------------------------------

    def _die(self, fault: Fault) -> None:
        with self._lock:
            self._ended = True
        pause = threading.Event()
        for _ in range(200):
            # Other threads may or may not finish what they are doing.
            if self._under_way <= 1:
                break
            pause.wait(0.001)
        if fault.cut:
            self._note(str(fault))
            self._cut()
        self.end(fault)
        os.kill(os.getpid(), signal.SIGKILL)

    def end(self, fault: Fault | None = None) -> None:
        """Report how the process ended."""
        self._write_kept()
        told = Ended(fault, list(self._last), self._was_full, dict(self._all))
        self._put(self._report, msgspec.json.encode(told))

    @staticmethod
    def _put(path: Path, data: bytes) -> None:
        descriptor = _real_open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _real_write(descriptor, data)
        os.close(descriptor)

    # --- what a power cut takes -------------------------------------------------------------------

    def written(self, descriptor: int) -> None:
        """Before a write: remember how many bytes are safe."""
        status = os.fstat(descriptor)
        self._safe.setdefault(status.st_ino, status.st_size or -1)

    def synced(self, descriptor: int) -> None:
        """A file or folder was synced, with its content at the start of the sync."""
        status = os.fstat(descriptor)
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if os.path.isdir(path):
            self._keep(lambda one: os.path.dirname(one[0]) != path)
        else:
            self._safe[status.st_ino] = status.st_size
            # ext4 syncs a file's name with the file.
            self._keep(lambda one: one[2] != status.st_ino)

    def _keep(self, wanted: Callable[[tuple[str, bytes | None, int]], bool]) -> None:
        self._names = deque(filter(wanted, self._names), LAST_NAMES)

    def renamed(self, path: str, number: int) -> None:
        """Before a name changes to the file of that number, or to nothing (0)."""
        try:
            old = os.stat(path)
            with _real_io_open(path, "rb") as file:
                content: bytes | None = file.read()
            self._safe.pop(old.st_ino, None)
        except OSError:
            content = None
        self._names.append((path, content, number))

    def _files(self) -> list[str]:
        found = []
        for folder, _, files in os.walk(self._data):
            found += [path for file in files if self.name(path := os.path.join(folder, file))]
        return sorted(found)

    def _cut(self) -> None:
        """Lose what was not synced, at random."""
        random = self._random
        for path in self._files():
            status = os.stat(path)
            safe = self._safe.get(status.st_ino, status.st_size)
            if status.st_size > max(safe, 0):
                self._lose(path, safe, status.st_size, random.choice(("all", "part", "zeros", "")))
        kept = random.randint(0, len(self._names))
        for path, content, _ in reversed(list(self._names)[kept:]):
            self._note(f"  {self.name(path)}: its name is what it was")
            if content is None:
                if os.path.exists(path):
                    _real_unlink(path)
            else:
                self._put(Path(path), content)
        self._names.clear()
        self._safe = {}

    def _lose(self, path: str, safe: int, size: int, what: str) -> None:
        self._note(
            f"  {self.name(path)}: {size} bytes, {safe} of them safe, lost: {what or 'none'}"
        )
        if what == "all" and safe < 0 and self._random.random() < 0.5:
            _real_unlink(path)
            return
        safe = max(safe, 0)
        descriptor = _real_open(path, os.O_RDWR)
        if what == "all":
            _real_ftruncate(descriptor, safe)
        elif what == "part":
            _real_ftruncate(descriptor, self._random.randint(safe, size))
        elif what == "zeros":
            begin = self._random.randint(safe, size)
            os.pwrite(descriptor, bytes(size - begin), begin)
        os.close(descriptor)

    def _read_kept(self) -> None:
        if not self._kept.exists():
            return
        left = msgspec.msgpack.decode(self._kept.read_bytes(), type=Unsynced)
        for path, safe in left.safe.items():
            if os.path.exists(path):
                self._safe[os.stat(path).st_ino] = safe
        self._names.extend((one.path, one.content, 0) for one in left.names)

    def _write_kept(self) -> None:
        numbers = {os.stat(path).st_ino: path for path in self._files()}
        safe = {numbers[one]: size for one, size in self._safe.items() if one in numbers}
        names = [Undo(path, content) for path, content, _ in self._names]
        self._put(self._kept, msgspec.msgpack.encode(Unsynced(safe, names)))


_layer: Layer | None = None


def begin(layer: Layer) -> None:
    """Use this layer for this process, after `install`."""
    global _layer
    _layer = layer


def install() -> None:
    """Patch the system calls; does nothing before `begin`."""
    if sys.platform != "linux":
        raise NotImplementedError("only Linux tells what a descriptor is")
    for owner, name, hook in (
        (os, "write", _write),
        (os, "writev", _writev),
        (os, "fsync", lambda file: _sync(file, _real_fsync)),
        (os, "fdatasync", lambda file: _sync(file, _real_fdatasync)),
        (os, "ftruncate", _ftruncate),
        (os, "replace", _replace),
        (os, "rename", _replace),
        (os, "unlink", _unlink),
        (os, "remove", _unlink),
        (os, "open", _open),
        (io, "open", _io_open),
        (builtins, "open", _io_open),
        (socket.socket, "send", _send),
        (socket.socket, "sendall", _sendall),
        (socket.socket, "sendmsg", _sendmsg),
        (socket.socket, "recv", _recv),
    ):
        setattr(owner, name, hook)


# --- files ----------------------------------------------------------------------------------------


class Later(threading.Thread):
    """Delays writes, in order."""

    def __init__(self) -> None:
        super().__init__(name="later", daemon=True)
        self._given: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
        self.start()

    def write(self, descriptor: int, data: bytes) -> int:
        """Pretend to write."""
        self._given.put((os.dup(descriptor), data))
        return len(data)

    def run(self) -> None:
        """Write."""
        pause = threading.Event()
        while True:
            descriptor, data = self._given.get()
            pause.wait(LATE)
            _real_write(descriptor, data)
            os.close(descriptor)


def _put(layer: Layer, descriptor: int, name: str, data: Any, write: Callable[[Any], int]) -> int:
    view = memoryview(data).cast("B")
    if name in layer.late:
        return layer.late[name].write(descriptor, bytes(view))

    def act(end: int) -> int:
        layer.written(descriptor)
        return write(view[:end])

    length = len(view)
    part = lambda: act(max(1, length // 2)) if length else 0  # noqa: E731 - one word of many
    return layer.step(f"write {name}", lambda: act(length), part, grows=True)


def _write(descriptor: int, data: Any) -> int:
    layer, name = _layer, _layer.name_of(descriptor) if _layer else ""
    if layer is None or not name:
        return _real_write(descriptor, data)
    return _put(layer, descriptor, name, data, lambda part: _real_write(descriptor, part))


def _writev(descriptor: int, pieces: Any) -> int:
    if _layer is None or not _layer.name_of(descriptor):
        return _real_writev(descriptor, pieces)
    return _write(descriptor, b"".join(pieces))


class _File(io.FileIO):
    """The unbuffered file below Python's file objects."""

    def write(self, data: Any) -> int:
        layer, name = _layer, _layer.name_of(self.fileno()) if _layer else ""
        if layer is None or not name:
            return super().write(data)
        return _put(layer, self.fileno(), name, data, super().write)

    def truncate(self, size: int | None = None) -> int:
        layer, name = _layer, _layer.name_of(self.fileno()) if _layer else ""
        if layer is None or not name:
            return super().truncate(size)
        return layer.step(f"truncate {name}", lambda: io.FileIO.truncate(self, size))


def _io_open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    layer = _layer
    is_text = "b" not in mode
    is_ours = layer is not None and bool(set(mode) & set("wax+"))
    if layer is not None and is_ours:
        named = layer.name_of(file) if isinstance(file, int) else layer.name(os.path.abspath(file))
        is_ours = bool(named)
    if not is_ours or (buffering == 0 and is_text):
        return _real_io_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    raw = _File(file, mode.replace("b", "").replace("t", ""), closefd, opener)
    if buffering == 0:
        return raw
    if "+" in mode:
        binary: Any = io.BufferedRandom(raw)
    else:
        binary = io.BufferedWriter(raw)
    if not is_text:
        return binary
    return io.TextIOWrapper(binary, encoding, errors, newline, buffering == 1)


def _sync(file: Any, sync: Callable[[Any], None]) -> None:
    layer = _layer
    descriptor = file if isinstance(file, int) else file.fileno()
    name = layer.name_of(descriptor) if layer else ""
    if layer is None or not name:
        sync(file)
        return

    def act() -> None:
        if name not in layer.unsynced:
            sync(file)
            layer.synced(descriptor)

    layer.step(f"sync {name}", act)


def _ftruncate(descriptor: int, size: int) -> None:
    layer, name = _layer, _layer.name_of(descriptor) if _layer else ""
    if layer is None or not name:
        _real_ftruncate(descriptor, size)
    else:
        layer.step(f"truncate {name}", lambda: _real_ftruncate(descriptor, size))


def _replace(source: Any, target: Any, **more: Any) -> None:
    layer, path = _layer, os.path.abspath(target)
    name = layer.name(path) if layer else ""
    if layer is None or not name:
        _real_replace(source, target, **more)
        return

    def act() -> None:
        layer.renamed(path, os.stat(source).st_ino)
        _real_replace(source, target, **more)

    layer.step(f"replace {name}", act)


def _unlink(path: Any, **more: Any) -> None:
    layer = _layer
    name = layer.name(os.path.abspath(path)) if layer and not more else ""
    if layer is None or not name:
        _real_unlink(path, **more)
        return

    def act() -> None:
        layer.renamed(os.path.abspath(path), 0)
        _real_unlink(path)

    layer.step(f"unlink {name}", act)


def _open(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
    layer = _layer
    makes = flags & os.O_CREAT and not more and not os.path.exists(path)
    name = layer.name(os.path.abspath(path)) if layer and makes else ""
    if layer is None or not name:
        return _real_open(path, flags, mode, **more)
    return layer.step(f"make {name}", lambda: _real_open(path, flags, mode), grows=True)


# --- sockets --------------------------------------------------------------------------------------

_HEARTBEAT = b"\xff\xff\xff\xff"
_VERBS = (b"POST ", b"GET ", b"PUT ")


def _said(connection: socket.socket, data: Any) -> str:
    """The name of a send in steps; empty for a wake-up."""
    head = bytes(memoryview(data).cast("B")[:5])
    if connection.family == socket.AF_UNIX:
        # A thread wakes another one.
        return "post" if head == b"\0" else "" if head == _HEARTBEAT else "send editor"
    # A frame of text from a client; everything else on this wire is HTTP.
    return "send ack" if head[:1] == b"\x81" else "send request"


def _pass(connection: socket.socket, data: Any, send: Callable[[Any], T]) -> T:
    layer, name = _layer, _said(connection, data) if _layer else ""
    if layer is None or not name:
        return send(data)
    # No view may remain when it raises: the caller continues with the buffer.
    length = memoryview(data).nbytes
    half = lambda: send(bytes(data)[: max(1, length // 2)])  # noqa: E731 - one word of many
    return layer.step(name, lambda: send(data), half)


def _send(self: socket.socket, data: Any, *flags: int) -> int:
    return _pass(self, data, lambda part: _real_send(self, part, *flags))


def _sendall(self: socket.socket, data: Any, *flags: int) -> None:
    _pass(self, data, lambda part: _real_sendall(self, part, *flags))


def _sendmsg(self: socket.socket, pieces: Any, *more: Any) -> int:
    if more:
        return _real_sendmsg(self, pieces, *more)
    return _send(self, b"".join(pieces))


def _recv(self: socket.socket, size: int, *flags: int) -> bytes:
    data = _real_recv(self, size, *flags)
    layer = _layer
    if layer is None or self.family != socket.AF_UNIX or len(data) < 5:
        return data
    # The process may end with received bytes that nobody has seen.
    return layer.step("read editor", lambda: data)
