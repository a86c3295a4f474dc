"""Starts a program that outlives this process: in a session of its own, and with little around it.

It gets none of our descriptors, reads nothing and writes only its complaints, to a file. Its
environment holds what a program needs to run at all (`ALLOWED`), so that no secret of a user's
shell stays in memory for as long as it runs.
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
    # By which way DingTalk is reached.
    r"|(?i:(HTTPS?|ALL|NO)_PROXY)"
    # Windows: without these no program finds its libraries or the user's folders.
    r"|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|TEMP|TMP|APPDATA|LOCALAPPDATA|USERPROFILE|USERNAME"
)
"""The variables that a background process gets."""

FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""Has glibc give memory back that was needed for a moment; other systems do not read it."""

WORKS, NEEDLESS = b"1", b"0"
Outcome = Literal["starting", "works", "needless", "failed"]

COMPLAINT_BYTES, COMPLAINT_LINES = 2000, 5
"""What is read of a program's complaints, from the end."""


def allowed(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a background process gets.

    >>> allowed({"HOME": "/home/me", "DINGTALK_CLIENT_SECRET": "s", "NVIM": "/run/nvim"})
    {'HOME': '/home/me'}
    """
    return {name: text for name, text in environ.items() if ALLOWED.fullmatch(name)}


class Background:
    """A program that was started: what it has told of its start so far.

    It is nobody's child: Neovim ends the whole tree of a host that it leaves. So it tells by its
    standard output whether it `WORKS` or is `NEEDLESS`, because another one works already, and lets
    go of that.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._told = b""
        self._has_told = threading.Event()
        # A thread, because not every system can wait for a pipe only for a while.
        threading.Thread(target=self._read, name="dingbridge-start", daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was started with one
        with self._process.stdout as pipe:
            self._told = pipe.read(1)
        self._process.wait()
        self._has_told.set()

    def outcome(self, seconds: float) -> Outcome:
        """How far it is, after waiting for news at most so long."""
        if not self._has_told.wait(seconds):
            return "starting"
        if self._told == WORKS:
            return "works"
        return "needless" if self._told == NEEDLESS else "failed"


def start(argv: Sequence[str], environ: Mapping[str, str], complaints: Path) -> Background:
    """Start a program, which calls `detach` and later `notify`. Its standard error goes to the
    file `complaints`. Raises `OSError`."""
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
    """Let this process be nobody's child, so that it does not end with a tree of others. Its first
    step, while it has one thread."""
    if os.name == "posix":
        if os.fork():
            os._exit(0)
    elif sys.argv[-1] != _DETACHED:  # untested on Windows, which has no fork: start it once more
        words = [sys.executable, *sys.argv, _DETACHED]
        subprocess.Popen(words, stdin=0, stdout=1, stderr=2, creationflags=_FLAGS)  # noqa: S603 - words of ours
        os._exit(0)


def notify(word: bytes) -> None:
    """Tell whoever started this process that it `WORKS` or is `NEEDLESS`. Nothing may be printed
    before, and what is printed afterwards goes nowhere."""
    with contextlib.suppress(OSError):  # whoever it was is gone
        os.write(1, word)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def complaint(path: Path) -> str:
    """The last lines of what a program complained of; empty when it did not."""
    try:
        text = path.read_bytes()[-COMPLAINT_BYTES:]
    except OSError:
        return ""
    return "\n".join(text.decode("utf-8", "replace").strip().splitlines()[-COMPLAINT_LINES:])


_DETACHED = "detached"
"""The last word of a process that `detach` has started."""

_FLAGS = (
    getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    if sys.platform == "win32"  # untested there
    else 0
)
