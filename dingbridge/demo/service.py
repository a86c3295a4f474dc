"""The demo's own service, which ends with the demo."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dingbridge.edges.programs.process_identity import is_same
from dingbridge.edges.storage.card import read_card

ENDED_WITHIN = 5.0
"""Seconds that the service may take to end."""


@contextmanager
def ended_at_last(home: Path) -> Iterator[None]:
    """At the end, have the service of this home end at once: it would stay for a while, for the
    next Neovim."""
    try:
        yield
    finally:
        card = read_card(home / "data" / "nvim" / "dingbridge", "service")
        if is_same(card.pid, card.born):
            with suppress(ProcessLookupError):
                os.kill(card.pid, signal.SIGTERM)
        end, pause = time.monotonic() + ENDED_WITHIN, threading.Event()
        while is_same(card.pid, card.born) and time.monotonic() < end:
            pause.wait(0.02)
