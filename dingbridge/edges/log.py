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
"""A log file of this size is set aside as `.1`, and the one before it dropped."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What could begin a line of its own, or act on the screen of who reads the log."""

_handler: RotatingLog | None = None


class RotatingLog(logging.handlers.RotatingFileHandler):
    """A log file that only its owner can read."""

    _size = 0
    is_held = False
    """Whether lines wait for `flush`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, in a new file when this one is full. The stock handler makes and masks each
        line twice, to know its length first."""
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
        """Say nothing: the standard way is to print the line, unmasked, where the user sees it."""


class Masking(logging.Formatter):
    """Masks the given secrets and whatever looks like one, in traces as well."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redaction = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """The finished line without a secret in it."""
        return self._redaction.of(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line of the message itself: one, whatever is in it. A trace has more."""
        if not record.message.isprintable():
            record.message = _CONTROLS.sub(_escaped, record.message)
        return super().formatMessage(record)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Hand all lines that are logged meanwhile to the system at once."""
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
    """Log to `path`: info and above, or everything when `verbose`. May be called again.

    Raises `OSError` when it cannot be opened; nothing is logged then until another call can."""
    global _handler
    # No line says where in the code it was written, so nothing looks through the stack for that.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger("dingbridge")
    # Nothing goes further up, also without a file: other handlers mask nothing.
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
