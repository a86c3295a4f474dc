"""A process that has imported the service and forks services: `python -m tests.faults.template`.

A fork costs a tenth of a start and runs the same code from `main` on. Each service has a layer of
its own (`tests.faults.layer`).
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from dingbridge.core import timeouts
from dingbridge.core.delivery import rate_limit
from dingbridge.core.dingtalk import limits
from dingbridge.core.sessions import state
from dingbridge.edges.storage import robot_files
from tests.faults import layer, mutations
from tests.faults.layer import Fault, Layer
from tests.support.processes import Child

UNLIMITED = 10**9
COMPACTS_AFTER = 6
SECONDS = 3600.0
"""What one template may take."""
ARM, REST = signal.SIGUSR1, signal.SIGUSR2
"""Signals to a service: faults may come from now on, or no more."""


class Start(Struct, frozen=True):
    """A request for a service.

    - `armed`: faults may come at once; otherwise after the signal `ARM`.
    - `compacts`: it compacts its journals after a few records.
    - `mutation` names the defect planted in it; see `mutations`.
    """

    data: str
    log: str
    environ: dict[str, str]
    faults: tuple[Fault, ...]
    seed: int
    report: str
    kept: str
    errors: str
    armed: bool
    compacts: bool = False
    mutation: str = ""


class Made(Struct, frozen=True, tag="made"):
    """The reply: the service's process."""

    pid: int


class Ended(Struct, frozen=True, tag="ended"):
    """A service has ended. `code` is negative after a signal."""

    pid: int
    code: int


Told = Made | Ended


class Template:
    """The template process, for the one that controls it. A context manager."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = Child(
                [sys.executable, "-m", "tests.faults.template", str(theirs.fileno())],
                seconds=SECONDS,
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[2],
            )
        self._rest = b""
        self._ended: dict[int, int] = {}

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.wait(10)
        self._process.end()

    def start(self, wanted: Start) -> int:
        """Start a service and return its process id."""
        self._socket.setblocking(True)
        self._socket.sendall(msgspec.json.encode(wanted) + b"\n")
        while not (made := self._read()):
            pass
        return made[0]

    def ended(self, pid: int) -> int | None:
        """How a service ended; None while it runs."""
        if pid not in self._ended:
            self._socket.setblocking(False)
            try:
                self._read()
            except BlockingIOError:
                return None
        return self._ended.get(pid)

    def _read(self) -> list[int]:
        """Read replies. Returns the services that were started."""
        data = self._socket.recv(65536)
        if not data:
            raise EOFError("the template has ended")
        *lines, self._rest = (self._rest + data).split(b"\n")
        made = []
        for line in lines:
            told = msgspec.json.decode(line, type=Told)
            if isinstance(told, Ended):
                self._ended[told.pid] = told.code
            else:
                # The process id may have been reused.
                self._ended.pop(told.pid, None)
                made.append(told.pid)
        return made


IMPORTED = (
    *("service.main", "service.editors.editors"),
    *("edges.dingtalk.stream.stream_thread", "edges.dingtalk.sender.sender_thread"),
)
"""What a service imports late, so that each that is made here has it."""


def main() -> None:
    """Fork services until standard input ends."""
    wire = socket.socket(fileno=int(sys.argv[1]))
    # What would make messages wait for minutes, or go in another order.
    setattr(rate_limit, "ROBOT_MESSAGES", UNLIMITED)  # noqa: B010 - it is the one of `limits` there
    limits.ROBOT_MESSAGES = rate_limit.CALLS_AT_ONCE = UNLIMITED
    state.OPENINGS = UNLIMITED
    timeouts.DISK_PAUSE = 0.5
    # Those that come before a service can hear them wait for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, (ARM, REST))
    for name in IMPORTED:
        importlib.import_module(f"dingbridge.{name}")
    layer.install()
    gc.collect()
    gc.freeze()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: set[int] = set()
    rest = b""
    while True:
        ready, _, _ = select.select([wire, reader], [], [])
        if reader in ready:
            reader.recv(4096)
            for told in _reaped(running):
                wire.sendall(msgspec.json.encode(told) + b"\n")
        if wire not in ready:
            continue
        data = wire.recv(1 << 20)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                for one in (wire, reader, writer):
                    one.close()
                _serve(msgspec.json.decode(line, type=Start))
            running.add(pid)
            wire.sendall(msgspec.json.encode(Made(pid)) + b"\n")
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _reaped(running: set[int]) -> Iterator[Ended]:
    for pid in list(running):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            running.discard(pid)
            yield Ended(pid, os.waitstatus_to_exitcode(status))


def _serve(wanted: Start) -> None:
    """Run a service to its end."""
    os.setsid()
    os.chdir("/")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    errors = os.open(wanted.errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, file in enumerate((nowhere, nowhere, errors)):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(wanted.environ)
    below = Layer(
        Path(wanted.data), wanted.faults, wanted.seed, Path(wanted.report), Path(wanted.kept)
    )
    signal.signal(ARM, lambda *_: below.arm())
    signal.signal(REST, lambda *_: below.rest())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (ARM, REST))
    if wanted.armed:
        below.arm()
    code = 0
    try:
        if wanted.compacts:
            robot_files.COMPACT_AFTER = COMPACTS_AFTER
        if wanted.mutation:
            mutations.BY_NAME[wanted.mutation](below)
        layer.begin(below)
        from dingbridge.service.main import main as service

        service((wanted.data, wanted.log))
    except SystemExit as end:
        if end.code:
            os.write(2, f"{end.code}\n".encode())
            code = 1
    except BaseException:  # noqa: BLE001 - nothing below a forked process reports it
        import traceback

        os.write(2, traceback.format_exc().encode())
        code = 2
    below.end()
    os._exit(code)


if __name__ == "__main__":
    main()
