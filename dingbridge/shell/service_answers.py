"""Asks the service of a data folder about itself, and lets it await a ping."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path

from dingbridge.core.doctor.ping import PingStep
from dingbridge.core.doctor.service_facts import ServiceFacts
from dingbridge.core.doctor.service_findings import ServiceAbsence
from dingbridge.edges.ipc import Client, ClientEvent, ConnectionLost, Heard
from dingbridge.edges.storage.card import read_card
from dingbridge.protocol.frames import (
    VERSION,
    ToShell,
    Unfit,
    decode_for_shell,
    encode,
)
from dingbridge.protocol.shell_frames import (
    AwaitPing,
    NotServed,
    PingStepped,
    ReportAsked,
    ServiceReport,
)

ANSWERS_WITHIN = 5.0
"""Seconds in which the service must answer a question. An older one never does."""


def service_facts(data: Path) -> ServiceFacts | ServiceAbsence:
    """What the service of the data folder says about itself, or why it says nothing."""
    if not read_card(data / "dingbridge", "service").address:
        return "none"
    for frame in _frames(data, ReportAsked(VERSION), ANSWERS_WITHIN):
        if isinstance(frame, ServiceReport):
            return frame.facts
        if isinstance(frame, Unfit):
            return "unfit"
    return "silent"


def awaited_ping(data: Path, robot: str, digits: str, seconds: float) -> Iterator[PingStep]:
    """The steps of `ping DIGITS`, as they happen. Ends without a last step if no service has the
    robot, or if it ends meanwhile."""
    asked = AwaitPing(VERSION, robot, digits, seconds)
    # What DingTalk does with the answer may take as long as a request.
    for frame in _frames(data, asked, seconds + 60.0):
        if isinstance(frame, NotServed):
            return
        if isinstance(frame, PingStepped):
            yield frame.step
            if frame.step.step in ("answered", "failed", "missed"):
                return


def _frames(data: Path, asked: ReportAsked | AwaitPing, seconds: float) -> Iterator[ToShell]:
    """The frames of the service after a question, until it leaves or `seconds` have passed."""
    card = read_card(data / "dingbridge", "service")
    events: queue.SimpleQueue[ClientEvent] = queue.SimpleQueue()
    client = Client(card.address, card.secret, events.put)
    client.start()
    end = time.monotonic() + seconds
    try:
        client.send(encode(asked))
        while True:
            event = events.get(timeout=max(0.0, end - time.monotonic()))
            if isinstance(event, Heard):
                yield decode_for_shell(event.data)
            elif isinstance(event, ConnectionLost):
                return
    except (queue.Empty, ValueError):
        return
    finally:
        client.stop()
