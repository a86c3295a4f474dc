"""The robot's stream connection while the setup waits for the first message."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterator, Sequence

from dingbridge.core.catalogue import setup as say
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.errors import LinkLost, LinkRefused
from dingbridge.core.messages import Inbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.stream import (
    LinkChanged,
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
    Trouble,
)


class _NoInbox:
    """The port `Gate`: nothing is written down, as the setup only shows a message."""

    def may_open(self) -> float:
        """Now."""
        return 0.0

    def record(self, batch: Sequence[Received]) -> None:
        """Not at all."""


class Listening:
    """One stream connection, for one thread. Close it."""

    def __init__(self, options: Options) -> None:
        self._events: queue.SimpleQueue[StreamEvent] = queue.SimpleQueue()
        self._came: list[Inbound] = []
        settings = StreamSettings.of(options)
        http = Http(options.proxy)
        self._stream = StreamThread(settings, http, SeenIds(), _NoInbox(), self._events.put)
        self._stream.start()

    def wait_until_open(self, seconds: float) -> None:
        """Return once the connection is open. Raises `LinkRefused` with the reason if the first
        attempt fails, `LinkLost` after `seconds`."""
        for event in self._until(seconds):
            if isinstance(event, LinkChanged) and event.state is LinkState.CONNECTED:
                return
            if isinstance(event, LinkChanged) and event.state is LinkState.WAITING:
                raise LinkRefused(event.reason, fix=event.fix)
        raise LinkLost(say.NO_LINK(seconds=seconds))

    def message(self, seconds: float) -> Inbound | None:
        """The next message of somebody; None if there is none within `seconds`. Raises
        `LinkRefused` for one that cannot be used."""
        if self._came:
            return self._came.pop(0)
        for event in self._until(seconds):
            match event:
                case MessagesReceived(batch=batch):
                    self._came += [each.inbound for each in batch]
                    return self._came.pop(0)
                case Trouble(sentence=sentence):
                    raise LinkRefused(sentence)
                case _:
                    pass
        return None

    def _until(self, seconds: float) -> Iterator[StreamEvent]:
        end = time.monotonic() + seconds
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._events.get(timeout=max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """End the connection."""
        self._stream.stop()
