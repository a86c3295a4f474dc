"""The host's lines for the log, which only the service writes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.protocol.frames import LogLine


class LogForwarder(logging.Handler):
    """Gives each line away, with its trace if there is one. `notify` is called on any thread."""

    def __init__(self, notify: Callable[[LogLine], None]) -> None:
        super().__init__()
        self._notify = notify

    def emit(self, record: logging.LogRecord) -> None:
        """Give a line away."""
        self._notify(LogLine(record.levelno, record.name, self.format(record)))


def forward(notify: Callable[[LogLine], None]) -> None:
    """Give all lines of ours to `notify` from now on, and to nobody else."""
    ours = logging.getLogger("dingbridge")
    # Other handlers mask nothing.
    ours.propagate = False
    ours.setLevel(logging.INFO)
    ours.addHandler(LogForwarder(notify))
