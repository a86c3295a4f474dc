"""Sends the host's log records to the service, which alone writes the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.protocol.frames import LogLine


class LogForwarder(logging.Handler):
    """Passes each record to `notify`, with its traceback, on the logging thread."""

    def __init__(self, notify: Callable[[LogLine], None]) -> None:
        super().__init__()
        self._notify = notify

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        self._notify(LogLine(record.levelno, record.name, self.format(record)))


def forward(notify: Callable[[LogLine], None]) -> None:
    """Pass all log records of this package to `notify` from now on, and to no other handler."""
    ours = logging.getLogger("dingbridge")
    # Other handlers do not mask secrets.
    ours.propagate = False
    ours.setLevel(logging.INFO)
    ours.addHandler(LogForwarder(notify))
