"""The thread that keeps the link of a robot: connect, read until that fails, wait, repeat.

It owns the socket, and nothing else reconnects. It reports everything as immutable values through
`notify`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

import websocket
from websocket import ABNF

from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk.keepalive import (
    Check,
    LinkState,
    Reconnect,
    Watchdog,
)
from dingbridge.core.errors import (
    LinkError,
    LinkLost,
)
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.stream import sockets
from dingbridge.edges.dingtalk.stream.link_settings import StreamSettings
from dingbridge.edges.dingtalk.stream.opening import ConnectionOpener, RegistrationHttp
from dingbridge.edges.dingtalk.stream.reading import FrameReader, is_message
from dingbridge.edges.dingtalk.stream.receiving import Gate, Receiver
from dingbridge.edges.dingtalk.stream.stream_events import (
    LinkChanged,
    MessagesReceived,
    StreamEvent,
)

FOLLOW_WITHIN = 5.0
"""Seconds to wait for the predecessor to close. In an HTTP call it takes longer, but then it opens
nothing any more."""


MANY = 32
"""Size of a batch after which more messages are expected at once. Then nothing is passed on yet:
the work on it would delay their acks."""

QUIET = 0.005
"""Seconds without a message after which the acknowledged ones are passed on."""

PASSED_ON_WITHIN = 0.5
"""Seconds that an acknowledged message waits at most until it is passed on."""


class StreamThread(threading.Thread):
    """Keeps one stream connection of an app open until `stop`.

    States of the link, which `LinkChanged` reports::

        CONNECTING --opened--> CONNECTED --lost--> WAITING --back-off over--> (connects again)
             |                  |     ^               ^
             |                  +-----+               |
             |          disconnect frame: opens       |
             |          the next, closes this one     |
             +----refused, or opened too often--------+

        any state --stop--> OFF

    - `gate` limits how often a connection is opened, and writes messages down.
    - `seen` knows the messages that arrived before.
    """

    def __init__(
        self,
        settings: StreamSettings,
        http: RegistrationHttp,
        seen: SeenIds,
        gate: Gate,
        notify: Callable[[StreamEvent], None],
    ) -> None:
        super().__init__(name="dingbridge-stream", daemon=True)
        self._log = logging.getLogger(f"{__package__}.{settings.account}")
        self._receiver = Receiver(settings, seen, gate, self._log)
        self._notify = notify
        self._timing = settings.timing
        self._predecessor: threading.Thread | None = None
        self._stopping = threading.Event()
        self._opener = ConnectionOpener(settings, http, gate, notify, self._stopping)
        self._socket: websocket.WebSocket | None = None
        self._reconnect = Reconnect(self._timing)
        self._failures = 0
        self._acked: list[Received] = []
        self._acked_since = 0.0
        self._heard: float | None = None

    @property
    def silent(self) -> float | None:
        """Seconds since something came on the connection; None without one. Thread-safe."""
        heard = self._heard
        return time.monotonic() - heard if heard is not None else None

    def follow(self, predecessor: threading.Thread | None) -> None:
        """Open nothing before that stream, which was stopped, has closed. To be called before
        `start`."""
        self._predecessor = predecessor

    def stop(self) -> None:
        """End the thread soon: this ends every wait, also that for data."""
        self._stopping.set()
        current = self._socket
        if current is not None:
            sockets.wake(current)

    def run(self) -> None:
        """Loop: connect, read until that fails, wait."""
        if self._predecessor is not None:
            self._predecessor.join(FOLLOW_WITHIN)
            self._predecessor = None
        self._log.info("Channel started (Stream Mode)")
        self._notify(LinkChanged(LinkState.CONNECTING))
        while not self._stopping.is_set():
            error, lasted = self._keep_connected()
            if self._stopping.is_set():
                break
            self._reconnect.lasted(lasted)
            chance = random.random()
            pause = self._reconnect.wait(chance, error)
            if isinstance(error, LinkLost):
                pause = max(pause, error.seconds)
            if not self._failures:
                self._log.warning("link lost: %s; trying again until it is back", error.message)
            self._failures += 1
            self._log.debug("attempt %d: %s; next in %.1f s", self._failures, error.message, pause)
            self._notify(LinkChanged(LinkState.WAITING, error.message, error.fix, pause))
            self._stopping.wait(pause)
        self._notify(LinkChanged(LinkState.OFF))

    def _connected(self) -> None:
        """Log one line for the end of an outage, not one for each attempt."""
        again = f" again, after {self._failures} failed attempts" if self._failures else ""
        self._log.info("DingTalk channel connected via Stream Mode%s", again)
        self._failures = 0
        self._notify(LinkChanged(LinkState.CONNECTED))

    def _keep_connected(self) -> tuple[LinkError, float]:
        """Keep a connection, replacing it without a gap when the server asks, until one is lost.

        Returns the reason, and how many seconds the last one lived.
        """
        opened = time.monotonic()
        try:
            self._socket = self._opener.open()
            self._opener.check_stopped()
            while True:
                opened = time.monotonic()
                self._connected()
                reason = self._read_until_disconnect(self._socket)
                self._pass_on()
                self._log.info("the server asks for a new connection: %s", reason)
                # Connect first, close second: no message falls into a gap.
                old, self._socket = self._socket, self._opener.open()
                sockets.close(old)
                self._opener.check_stopped()
        except LinkError as error:
            return error, time.monotonic() - opened
        except Exception as cause:  # noqa: BLE001 - whatever it is, the link must come back
            self._log.exception("a defect in the link")
            return LinkLost(say.DEFECT(error=type(cause).__name__)), time.monotonic() - opened
        finally:
            self._heard = None
            self._pass_on()
            last, self._socket = self._socket, None
            if last is not None:
                sockets.close(last)

    def _read_until_disconnect(self, connection: websocket.WebSocket) -> str:
        """Read until a `disconnect` frame; return its reason. Raises `LinkLost` when the connection
        is lost or silent for too long."""
        self._heard = time.monotonic()
        watchdog = Watchdog(self._heard, time.time(), self._timing)
        incoming = FrameReader(connection)
        while True:
            wait = watchdog.wait(time.monotonic())
            batch = incoming.batch(min(QUIET, wait) if self._acked else wait)
            self._opener.check_stopped()
            if batch:
                self._heard = time.monotonic()
                watchdog.heard(self._heard)
            match watchdog.check(time.monotonic(), time.time()):
                case Check.DEAD:
                    raise LinkLost(say.SOCKET_SILENT())
                case Check.PING:
                    self._log.debug("the socket is quiet: a ping is sent")
                    self._send(connection, [ABNF.create_frame(b"", ABNF.OPCODE_PING)])
                case Check.FINE:
                    pass
            reason = self._take(connection, batch)
            if len(batch) < MANY or time.monotonic() >= self._acked_since + PASSED_ON_WITHIN:
                self._pass_on()
            if reason is not None:
                return reason

    def _take(self, connection: websocket.WebSocket, batch: list[ABNF]) -> str | None:
        """Write messages down, then acknowledge them, also those behind a `disconnect` frame.
        Returns the reason in that frame, if there is one."""
        taken = self._receiver.take([frame.data for frame in batch if is_message(frame)])
        answers = [
            ABNF.create_frame(frame.data, ABNF.OPCODE_PONG)
            for frame in batch
            if frame.opcode == ABNF.OPCODE_PING
        ]
        answers += [ABNF.create_frame(ack, ABNF.OPCODE_TEXT) for ack in taken.acks]
        try:
            self._send(connection, answers)
        finally:
            # Durable messages are ours, even if the socket broke during the ack.
            if not self._acked:
                self._acked_since = time.monotonic()
            self._acked += taken.arrived
            for pressed in taken.pressed:
                self._notify(pressed)
            for trouble in taken.troubles:
                self._notify(trouble)
        if any(frame.opcode == ABNF.OPCODE_CLOSE for frame in batch):
            raise LinkLost(say.SERVER_CLOSED())
        return taken.disconnect

    def _pass_on(self) -> None:
        if self._acked:
            acked, self._acked = tuple(self._acked), []
            self._notify(MessagesReceived(acked))

    def _send(self, connection: websocket.WebSocket, outgoing: list[ABNF]) -> None:
        if not outgoing:
            return
        try:
            sockets.send(connection, outgoing)
        except (websocket.WebSocketException, OSError) as cause:
            raise LinkLost(say.SOCKET_BROKE(reason=sockets.words(cause))) from cause
        if self._log.isEnabledFor(logging.DEBUG):
            self._log.debug("answered: %d frames", len(outgoing))
