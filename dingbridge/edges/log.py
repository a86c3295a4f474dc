"""The log file, with every secret masked before a line is written."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dingbridge.core.secrets.redaction import Redaction
from dingbridge.edges.storage import own_files

LOG_FILE = "dingbridge.log"
"""Its name in `stdpath('log')`."""

MAX_BYTES = 1_000_000
"""Size at which a log file is renamed to `.1`, replacing the previous one."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that could begin a new line, or act on a reader's terminal."""

_handler: RotatingLog | None = None


class RotatingLog(logging.handlers.RotatingFileHandler):
    """A log file that only its owner can read."""

    _size = 0
    is_held = False
    """Whether lines wait for `flush`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, in a new file if this one is full. The base class would format and mask
        each line twice, to know its length first."""
        try:
            line = f"{self.format(record)}{self.terminator}"
            size = len(line.encode("utf-8", "replace"))
            if self.maxBytes and self._size and self._size + size >= self.maxBytes:
                self.doRollover()
            self._size += size
            if self.stream is None:
                self.stream = self._open()  # type: ignore[no-untyped-call]  # as below
            self.stream.write(line)
            if not self.is_held:
                self.flush()
        except Exception:  # noqa: BLE001 - what cannot be logged stops nobody
            self.handleError(record)

    def _open(self):  # type: ignore[no-untyped-def]  # the type of the base class is a stub's secret
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        opened = own_files.open_file(Path(self.baseFilename), flags)
        self._size = os.fstat(opened).st_size
        return os.fdopen(opened, self.mode, encoding="utf-8", errors="replace")

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore the error: the base class would print the line, unmasked, to standard error."""


class Masking(logging.Formatter):
    """Masks the given secrets and everything that looks like one, also in tracebacks."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redaction = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """The complete line, masked."""
        return self._redaction.of(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The message on exactly one line; a traceback adds more."""
        if not record.message.isprintable():
            record.message = _CONTROLS.sub(_escaped, record.message)
        return super().formatMessage(record)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Write all lines that are logged in the block together."""
    handler = _handler
    if handler is None:
        yield
        return
    handler.is_held = True
    try:
        yield
    finally:
        handler.is_held = False
        with contextlib.suppress(OSError, ValueError):  # a full disk, or a log that was closed
            handler.flush()


def write_to(path: Path, *, verbose: bool, secrets: tuple[str, ...]) -> None:
    """Log to `path`: info and above, or everything if `verbose`. May be called again.

    Raises `OSError` if it cannot be opened; nothing is logged then until a later call succeeds.
    """
    global _handler
    # Lines do not name their place in the code, so logging need not search the stack.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger("dingbridge")
    # Never propagate, even without a file: other handlers do not mask.
    root.propagate = False
    if _handler is None or Path(_handler.baseFilename) != path.absolute():
        if _handler is not None:
            root.removeHandler(_handler)
            _handler.close()
            _handler = None
        own_files.make_folder(path.parent)
        _handler = RotatingLog(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
        root.addHandler(_handler)
    _handler.setFormatter(Masking(secrets))
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
