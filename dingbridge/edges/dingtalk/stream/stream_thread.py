"""The thread that holds the link.

It owns the socket and is the only one to reconnect: register, connect, read until it fails,
wait, and again, for ever. What it learns leaves as immutable values through `notify`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote, urlsplit

import websocket
from msgspec import Struct
from websocket import ABNF

from dingbridge import __version__
from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk import request_bodies, responses
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.keepalive import (
    Check,
    KeepAliveTiming,
    LinkState,
    Reconnect,
    Watchdog,
)
from dingbridge.core.dingtalk.responses import HttpAnswer, Ticket
from dingbridge.core.errors import (
    BridgeError,
    DeliveryError,
    LinkError,
    LinkLost,
    LinkRefused,
    RetryAfter,
)
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.stream import sockets
from dingbridge.edges.dingtalk.stream.link_settings import StreamSettings
from dingbridge.edges.dingtalk.stream.reading import FrameReader, is_message
from dingbridge.edges.dingtalk.stream.receiving import Gate, Receiver, Trouble

FOLLOW_WITHIN = 5.0
"""Seconds that a stream waits for the one before it to close; one in an HTTP call takes longer, but
opens nothing any more."""


MANY = 32
"""Messages (a count) in a batch behind which more are about to come. What is shown waits for them:
the work on it would make their acks wait."""

QUIET = 0.005
"""Seconds without a message after which what was acked is handed on in any case."""

HELD_MOST = 0.5
"""Seconds after which the first of them is handed on whatever comes behind it."""


class LinkChanged(Struct, frozen=True):
    """The link's new state. `reason` says why in words; `retry_in` is seconds, or 0."""

    state: LinkState
    reason: str = ""
    fix: str = ""
    retry_in: float = 0.0


class MessagesReceived(Struct, frozen=True):
    """Robot messages, in the order in which they came, that are on the disk, were acked and had not
    been seen before. At least one."""

    batch: tuple[Received, ...]


StreamEvent = LinkChanged | MessagesReceived | Trouble


class RegistrationHttp(Protocol):
    """What the stream needs of HTTP."""

    def post(self, url: str, body: bytes) -> HttpAnswer:
        """POST a JSON body."""
        ...


class StreamThread(threading.Thread):
    """Keeps one stream connection of an app open until it is told to stop.

    `after` is the stream that this one follows: it opens nothing before that one has closed.
    """

    def __init__(
        self,
        settings: StreamSettings,
        http: RegistrationHttp,
        seen: SeenIds,
        gate: Gate,
        notify: Callable[[StreamEvent], None],
        pace: KeepAliveTiming = KeepAliveTiming(),
        after: threading.Thread | None = None,
    ) -> None:
        super().__init__(name="dingbridge-stream", daemon=True)
        self._log = logging.getLogger(f"{__package__}.{settings.account}")
        self._settings = settings
        self._http = http
        self._gate = gate
        self._receiver = Receiver(settings, seen, gate, self._log)
        self._notify = notify
        self._pace = pace
        self._after = after
        self._stopping = threading.Event()
        self._socket: websocket.WebSocket | None = None
        self._reconnect = Reconnect(pace)
        self._failures = 0
        self._acked: list[Received] = []
        self._acked_since = 0.0

    def stop(self) -> None:
        """End the thread soon: it wakes from whatever it waits for."""
        self._stopping.set()
        current = self._socket
        if current is not None:
            sockets.wake(current)

    def run(self) -> None:
        """Register, connect, read until it fails, wait."""
        if self._after is not None:
            self._after.join(FOLLOW_WITHIN)
            self._after = None
        self._log.info("Channel started (Stream Mode)")
        self._notify(LinkChanged(LinkState.CONNECTING))
        while not self._stopping.is_set():
            error, lasted = self._hold_one()
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
        """One line for the end of an outage, however many attempts it took."""
        again = f" again, after {self._failures} failed attempts" if self._failures else ""
        self._log.info("DingTalk channel connected via Stream Mode%s", again)
        self._failures = 0
        self._notify(LinkChanged(LinkState.CONNECTED))

    def _hold_one(self) -> tuple[LinkError, float]:
        """Hold connections, each following the last without a gap, until one is lost.

        Returns why, and how many seconds the last one lived.
        """
        opened = time.monotonic()
        try:
            self._socket = self._open()
            self._unless_stopped()
            while True:
                opened = time.monotonic()
                self._connected()
                reason = self._read_until_told_to_move(self._socket)
                self._hand_on()
                self._log.info("the server asks for a new connection: %s", reason)
                # Connect first, close second: messages go to the new socket from now on.
                old, self._socket = self._socket, self._open()
                sockets.close(old)
                self._unless_stopped()
        except LinkError as error:
            return error, time.monotonic() - opened
        except Exception as cause:  # noqa: BLE001 - whatever it is, the link must come back
            self._log.exception("a defect in the link")
            return LinkLost(say.DEFECT(error=type(cause).__name__)), time.monotonic() - opened
        finally:
            self._hand_on()
            last, self._socket = self._socket, None
            if last is not None:
                sockets.close(last)

    def _unless_stopped(self) -> None:
        """To be asked after the socket was noted: `stop` either saw it or is seen here."""
        if self._stopping.is_set():
            raise LinkLost("stopped")

    def _open(self) -> websocket.WebSocket:
        self._wait_for_the_gate()
        settings = self._settings
        body = request_bodies.open_connection_body(
            settings.client_id, settings.client_secret, __version__
        )
        try:
            answer = self._http.post(f"{settings.api}/v1.0/gateway/connections/open", body)
            ticket = responses.read_connection(answer)
            self._unless_stopped()
        except DeliveryError as error:
            seconds = error.seconds if isinstance(error, RetryAfter) else 0.0
            raise LinkLost(
                error.message, code=error.code, fix=error.fix, seconds=seconds
            ) from error
        return self._connect(ticket)

    def _wait_for_the_gate(self) -> None:
        """Many connections in quick succession can stop DingTalk's routing for a long time."""
        while (seconds := self._may_open()) > 0:
            self._log.info("the next connection may be opened in %.1f s", seconds)
            self._notify(LinkChanged(LinkState.WAITING, say.OPENED_TOO_OFTEN(), "", seconds))
            if self._stopping.wait(seconds):
                raise LinkLost("stopped")

    def _may_open(self) -> float:
        try:
            return self._gate.may_open()
        except (OSError, BridgeError) as cause:
            # Being connected matters more than the count of openings that cannot be kept.
            self._log.warning("the openings cannot be counted (%s)", type(cause).__name__)
            return 0.0

    def _connect(self, ticket: Ticket) -> websocket.WebSocket:
        endpoint = urlsplit(ticket.endpoint)
        if endpoint.scheme != "wss" and urlsplit(self._settings.api).scheme == "https":
            raise LinkRefused(say.NOT_ENCRYPTED())
        began = time.monotonic()
        url = f"{ticket.endpoint}?ticket={quote(ticket.ticket, safe='')}"
        try:
            connection = sockets.connect(url, self._settings.proxy)
        except (websocket.WebSocketException, OSError, ValueError) as cause:
            raise LinkLost(say.SOCKET_REFUSED(reason=sockets.words(cause))) from cause
        took = 1000 * (time.monotonic() - began)
        self._log.debug("socket to %s open in %.0f ms", quoted(ticket.endpoint), took)
        if self._stopping.is_set():
            sockets.close(connection)
            raise LinkLost("stopped")
        return connection

    def _read_until_told_to_move(self, connection: websocket.WebSocket) -> str:
        """Take in what comes until a `disconnect` frame; return its reason. Raise `LinkLost` when
        the connection is dead."""
        watchdog = Watchdog(time.monotonic(), time.time(), self._pace)
        incoming = FrameReader(connection)
        while True:
            wait = watchdog.wait(time.monotonic())
            batch = incoming.batch(min(QUIET, wait) if self._acked else wait)
            self._unless_stopped()
            if batch:
                watchdog.heard(time.monotonic())
            match watchdog.check(time.monotonic(), time.time()):
                case Check.DEAD:
                    raise LinkLost(say.SOCKET_SILENT())
                case Check.PING:
                    self._log.debug("the socket is quiet: a ping is sent")
                    self._send(connection, [ABNF.create_frame(b"", ABNF.OPCODE_PING)])
                case Check.FINE:
                    pass
            reason = self._take(connection, batch)
            if len(batch) < MANY or time.monotonic() >= self._acked_since + HELD_MOST:
                self._hand_on()
            if reason is not None:
                return reason

    def _take(self, connection: websocket.WebSocket, batch: list[ABNF]) -> str | None:
        """Write messages down, then ack them. What came behind a `disconnect` frame is taken in as
        well; its reason is returned."""
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
            # It is ours once it is written down, even if the socket broke under the ack.
            if not self._acked:
                self._acked_since = time.monotonic()
            self._acked += taken.arrived
            for trouble in taken.troubles:
                self._notify(trouble)
        if any(frame.opcode == ABNF.OPCODE_CLOSE for frame in batch):
            raise LinkLost(say.SERVER_CLOSED())
        return taken.disconnect

    def _hand_on(self) -> None:
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
