"""Starts a program that outlives this process, in its own session.

It inherits none of our file descriptors, has no standard input, and its standard error goes to a
file. Its environment contains only `ALLOWED` variables, so that no secret of the user's shell stays
in memory while it runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from dingbridge.edges.storage import own_files

ALLOWED = re.compile(
    r"HOME|PATH|LANG|LC_\w+|LANGUAGE|TZ|TZDIR|USER|LOGNAME|TMPDIR|XDG_\w+"
    r"|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL|WEBSOCKET_CLIENT)_CA_BUNDLE"
    # Proxies and certificates, to reach DingTalk.
    r"|(?i:(HTTPS?|ALL|NO)_PROXY)"
    # Windows: programs need these to find libraries and the user's folders.
    r"|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|TEMP|TMP|APPDATA|LOCALAPPDATA|USERPROFILE|USERNAME"
)
"""Matches the names of the variables that a background process inherits."""

FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""Makes glibc return unused memory to the system; ignored elsewhere."""

WORKS, NEEDLESS = b"1", b"0"
Outcome = Literal["starting", "works", "needless", "failed"]

COMPLAINT_BYTES, COMPLAINT_LINES = 2000, 5
"""Most bytes and lines of a program's standard error that are read, from its end."""


def allowed(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a background process inherits.

    >>> allowed({"HOME": "/home/me", "DINGTALK_CLIENT_SECRET": "s", "NVIM": "/run/nvim"})
    {'HOME': '/home/me'}
    """
    return {name: text for name, text in environ.items() if ALLOWED.fullmatch(name)}


class Background:
    """A started program, and the outcome of its start.

    It detaches from us, because Neovim kills all child processes of a host when it exits. So it
    reports on its standard output that it `WORKS`, or that it is `NEEDLESS` because another one
    works already, and then closes it.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._told = b""
        self._has_told = threading.Event()
        # A thread, because not every system can wait for a pipe with a timeout.
        threading.Thread(target=self._read, name="dingbridge-start", daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was started with one
        with self._process.stdout as pipe:
            self._told = pipe.read(1)
        self._process.wait()
        self._has_told.set()

    def outcome(self, seconds: float) -> Outcome:
        """The outcome so far, after waiting at most `seconds` for it."""
        if not self._has_told.wait(seconds):
            return "starting"
        if self._told == WORKS:
            return "works"
        return "needless" if self._told == NEEDLESS else "failed"


def start(argv: Sequence[str], environ: Mapping[str, str], complaints: Path) -> Background:
    """Start a program, which must call `detach` and later `notify`.

    Its standard error goes to the file `complaints`. Raises `OSError`.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    with os.fdopen(own_files.open_file(complaints, flags), "wb") as said:
        process = subprocess.Popen(  # noqa: S603 - words of ours
            argv,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=os.path.abspath(os.sep),
            env={**allowed(environ), **FRUGAL},
            close_fds=True,
            start_new_session=os.name == "posix",
            creationflags=_FLAGS,
        )
    return Background(process)


def detach() -> None:
    """Detach this process from its parent, so that it is not killed with it.

    Must be its first step, while it has one thread.
    """
    if os.name == "posix":
        if os.fork():
            os._exit(0)
    elif sys.argv[-1] != _DETACHED:  # untested on Windows, which has no fork: start it once more
        words = [sys.executable, *sys.argv, _DETACHED]
        subprocess.Popen(words, stdin=0, stdout=1, stderr=2, creationflags=_FLAGS)  # noqa: S603 - words of ours
        os._exit(0)


def notify(word: bytes) -> None:
    """Report to the process that started this one that it `WORKS` or is `NEEDLESS`.

    Nothing may be printed before; later output is discarded.
    """
    with contextlib.suppress(OSError):  # that process has ended
        os.write(1, word)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def complaint(path: Path) -> str:
    """The last lines of a program's standard error; empty without any."""
    try:
        text = path.read_bytes()[-COMPLAINT_BYTES:]
    except OSError:
        return ""
    return "\n".join(text.decode("utf-8", "replace").strip().splitlines()[-COMPLAINT_LINES:])


_DETACHED = "detached"
"""Last argument of a process that was started by `detach`."""

_FLAGS = (
    getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    if sys.platform == "win32"  # untested there
    else 0
)
