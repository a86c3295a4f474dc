"""Looks up what settings keep outside of them: runs the commands they name, reads their `env_file`.

No shell is involved. What was found is a secret: it is neither logged nor part of any sentence, and
neither is what a command complains about.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from dotenv.parser import parse_stream

from dingbridge.core.outside import SPACE, Argv, Found, Wants

COMMAND_WITHIN = 30.0
"""Seconds a command may take, which is enough to type a passphrase into a window."""

LINE_BYTES = 65_536
"""What is read of a command's output at most."""

FILE_BYTES = 1_000_000
"""Size that an `env_file` may have."""

_STOP_NOTICED_WITHIN = 0.1  # seconds


def look_up(wants: Wants, cwd: str, stop: threading.Event | None = None) -> Found:
    """All that `wants` names, one after the other; takes as long as its commands, never raises.

    `cwd` is where commands start and where a relative path begins. Once `stop` is set, running
    commands are ended and further ones are not started.
    """
    stop = stop or threading.Event()
    outputs: dict[Argv, str] = {}
    failures: dict[Argv, str] = {}
    for argv in wants.commands:
        output, failure = _run(argv, cwd, stop)
        if failure:
            failures[argv] = failure
        else:
            outputs[argv] = output
    if not wants.env_file:
        return Found(outputs=outputs, failures=failures)
    variables, problem, warnings = _file(Path(cwd, os.path.expanduser(wants.env_file)))
    return Found(
        variables=variables,
        file_problem=problem,
        outputs=outputs,
        failures=failures,
        warnings=warnings,
    )


def _run(argv: Argv, cwd: str, stop: threading.Event) -> tuple[str, str]:
    """The first line that a program says, or in words why there is none."""
    if stop.is_set():
        return "", "was not started"
    try:
        process = subprocess.Popen(  # noqa: S603 - a list from the user's own settings, no shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=cwd,
            start_new_session=os.name == "posix",
        )
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "bad arguments"
        return "", f"cannot be started ({reason})"
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    reader = _Reader(process.stdout)
    reader.start()
    ended = _wait(process, stop)
    if not ended:
        _kill(process)
        process.wait()
        return "", "was stopped" if stop.is_set() else f"took longer than {COMMAND_WITHIN:g} s"
    # What the program left running may hold the pipe open for ever.
    reader.join(1.0)
    if process.returncode != 0:
        return "", f"ended with exit code {process.returncode}"
    return _first_line(bytes(reader.kept))


def _wait(process: subprocess.Popen[bytes], stop: threading.Event) -> bool:
    """Whether the program ended by itself and in time."""
    until = time.monotonic() + COMMAND_WITHIN
    while not stop.is_set() and time.monotonic() < until:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_NOTICED_WITHIN)
            return True
    return False


class _Reader(threading.Thread):
    """Reads a pipe to its end, so that the program never waits, and keeps the beginning."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(name="dingbridge-secret", daemon=True)
        self._pipe = pipe
        self.kept = bytearray()

    def run(self) -> None:
        with self._pipe:
            while part := os.read(self._pipe.fileno(), LINE_BYTES):
                self.kept += part[: LINE_BYTES - len(self.kept)]


def _first_line(output: bytes) -> tuple[str, str]:
    try:
        text = output.decode("utf-8").strip(SPACE)
    except UnicodeDecodeError:
        return "", "said something that is no text"
    lines = text.splitlines()
    return (lines[0].strip(SPACE), "") if lines else ("", "said nothing")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _file(path: Path) -> tuple[dict[str, str] | None, str, tuple[str, ...]]:
    """The variables in a file, or in a few words why there are none; and warnings."""
    try:
        status = path.stat()
        # A pipe or a device would keep the reader waiting, or never end.
        if not stat.S_ISREG(status.st_mode):
            return None, "not a file", ()
        if status.st_size > FILE_BYTES:
            return None, f"larger than {FILE_BYTES} bytes", ()
        with path.open("rb") as file:
            text = file.read(FILE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, "no UTF-8 text", ()
    except (OSError, ValueError) as cause:
        return None, (isinstance(cause, OSError) and cause.strerror) or "no such path", ()
    held: dict[str, str] = {}
    warnings: list[str] = []
    # The parser alone: `$NAME` in a value is text, as it is in the environment.
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            warnings.append(f"line {line.original.line} of {path} is not NAME=text")
        elif line.key is not None and line.value is not None:
            held[line.key] = line.value
    if os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warnings.append(f"others can read {path}, which may hold secrets; chmod 600 keeps them out")
    return held, "", tuple(warnings)
