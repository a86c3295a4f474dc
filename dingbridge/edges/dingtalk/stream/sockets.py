"""Stream sockets: connecting, through a proxy too, saying goodbye, and ending a blocked read."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import websocket
from websocket import ABNF

from dingbridge.core.dingtalk.limits import CONNECT_TIMEOUT
from dingbridge.core.timeouts import STOP_WITHIN

log = logging.getLogger(__name__)


def connect(url: str, proxy: str) -> websocket.WebSocket:
    """Open a socket. `proxy` is a URL or empty. Raises what websocket-client raises."""
    return websocket.create_connection(
        url, timeout=CONNECT_TIMEOUT, skip_utf8_validation=True, **_proxy_arguments(proxy)
    )


def words(cause: BaseException) -> str:
    """The type of a foreign error; its text may quote the URL with the ticket."""
    status = getattr(cause, "status_code", None)
    return f"{type(cause).__name__} {status}" if status else type(cause).__name__


def _proxy_arguments(proxy: str) -> dict[str, Any]:
    """websocket-client's arguments for a proxy URL; without one it reads the environment."""
    if not proxy:
        return {}
    parts = urlsplit(proxy)
    arguments: dict[str, Any] = {
        "http_proxy_host": parts.hostname,
        "http_proxy_port": parts.port or 80,
        "proxy_type": parts.scheme if parts.scheme.startswith("socks") else "http",
    }
    if parts.username:
        arguments["http_proxy_auth"] = (parts.username, parts.password or "")
    return arguments


def send(connection: websocket.WebSocket, outgoing: Iterable[ABNF]) -> None:
    """Send frames with one write. Raises `OSError` or what websocket-client raises."""
    data = b"".join(frame.format() for frame in outgoing)
    with connection.lock:
        raw = connection.sock
        if raw is None:
            raise websocket.WebSocketConnectionClosedException("closed")
        raw.sendall(data)


def wake(connection: websocket.WebSocket) -> None:
    """Send a close frame and end a blocked read, which from another thread only a shutdown of the
    raw socket does."""
    raw = connection.sock
    if raw is None:
        return
    try:
        connection.send_close()
        raw.shutdown(socket.SHUT_RDWR)
    except (websocket.WebSocketException, OSError):
        log.debug("the socket was closed already")


def close(connection: websocket.WebSocket) -> None:
    """Send a close frame, so that the server stops routing to this socket, without waiting."""
    try:
        connection.settimeout(STOP_WITHIN)
        connection.send_close()
    except (websocket.WebSocketException, OSError):
        log.debug("the socket was closed already")
    connection.shutdown()  # type: ignore[no-untyped-call]  # websocket-client left it untyped
