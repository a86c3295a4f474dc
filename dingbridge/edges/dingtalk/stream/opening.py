"""Opens a stream connection: register the app, then connect to the endpoint of the answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote, urlsplit

import websocket

from dingbridge import __version__
from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk import request_bodies, responses
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.dingtalk.responses import Ticket
from dingbridge.core.errors import BridgeError, DeliveryError, LinkLost, LinkRefused, RetryAfter
from dingbridge.edges.dingtalk.stream import sockets
from dingbridge.edges.dingtalk.stream.link_settings import StreamSettings
from dingbridge.edges.dingtalk.stream.receiving import Gate
from dingbridge.edges.dingtalk.stream.stream_events import LinkChanged


class RegistrationHttp(Protocol):
    """What the stream needs of HTTP."""

    def post(self, url: str, body: bytes) -> HttpAnswer:
        """POST a JSON body."""
        ...


class ConnectionOpener:
    """Opens the connections of one stream. Used by its thread only; `stopping` ends every wait."""

    def __init__(
        self,
        settings: StreamSettings,
        http: RegistrationHttp,
        gate: Gate,
        notify: Callable[[LinkChanged], None],
        stopping: threading.Event,
    ) -> None:
        self._log = logging.getLogger(f"{__package__}.{settings.account}")
        self._settings = settings
        self._http = http
        self._gate = gate
        self._notify = notify
        self._stopping = stopping

    def check_stopped(self) -> None:
        """Raise `LinkLost` when the stream is being stopped."""
        if self._stopping.is_set():
            raise LinkLost("stopped")

    def open(self) -> websocket.WebSocket:
        """Register and connect. Raises `LinkLost`, also when stopped, and `LinkRefused` for an
        endpoint without TLS."""
        self._wait_for_the_gate()
        settings = self._settings
        body = request_bodies.open_connection_body(
            settings.client_id, settings.client_secret, __version__
        )
        try:
            answer = self._http.post(f"{settings.api}/v1.0/gateway/connections/open", body)
            ticket = responses.read_connection(answer)
            self.check_stopped()
        except DeliveryError as error:
            seconds = error.seconds if isinstance(error, RetryAfter) else 0.0
            raise LinkLost(
                error.message, code=error.code, fix=error.fix, seconds=seconds
            ) from error
        return self._connect(ticket)

    def _wait_for_the_gate(self) -> None:
        """Wait until the gate allows a connection: many in quick succession can stop DingTalk's
        routing for a long time."""
        while (seconds := self._may_open()) > 0:
            self._log.info("the next connection may be opened in %.1f s", seconds)
            self._notify(LinkChanged(LinkState.WAITING, say.OPENED_TOO_OFTEN(), "", seconds))
            if self._stopping.wait(seconds):
                raise LinkLost("stopped")

    def _may_open(self) -> float:
        try:
            return self._gate.may_open()
        except (OSError, BridgeError) as cause:
            # Being connected matters more than a count of openings that cannot be stored.
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
