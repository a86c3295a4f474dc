"""Finds out how far the way to a host of DingTalk leads: name, connection, certificate, clock."""

from __future__ import annotations

import socket
import threading
import time
from datetime import datetime, timezone
from urllib.parse import urlsplit

import requests
from requests import exceptions as foreign

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.catalogue import link
from dingbridge.core.doctor.platform_facts import Proxy, Reached
from dingbridge.core.errors import Unreachable
from dingbridge.edges.dingtalk.http.failures import FOREIGN, translated


def proxy_of(url: str, proxy: str) -> Proxy:
    """The proxy of a request to `url`; `proxy` is that of the settings, or empty."""
    if proxy:
        return Proxy(_without_password(proxy), "proxy")
    with requests.Session() as session:
        environ = session.merge_environment_settings(url, {}, False, None, None)["proxies"]
    for name in (urlsplit(url).scheme, "all"):
        if environ.get(name):
            return Proxy(_without_password(environ[name]), f"{name}_proxy".upper())
    return Proxy()


def _without_password(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def reach(url: str, proxy: str, seconds: float) -> Reached:
    """Send a GET without anything of ours to a host, and read the time of its answer.

    Each step has a deadline of `seconds`. Never raises.
    """
    parts = urlsplit(url)
    host, is_encrypted = parts.hostname or "", parts.scheme == "https"
    addresses: tuple[str, ...] = ()
    if not proxy_of(url, proxy).address:
        found = _resolved(host, seconds)
        if isinstance(found, str):
            error = Unreachable(say.NAME_UNKNOWN(host=host, reason=found), fix=link.CHECK_NETWORK())
            return Reached(host, "name", error, is_encrypted=is_encrypted)
        addresses = found
    began = time.monotonic()
    try:
        with requests.Session() as session:
            # Otherwise requests would send a password from ~/.netrc.
            session.auth = lambda request: request
            with session.get(
                url,
                timeout=(seconds, seconds),
                proxies={"http": proxy, "https": proxy} if proxy else {},
                allow_redirects=False,
                stream=True,
            ) as response:
                told, now = response.headers.get("Date", ""), time.time()
    except FOREIGN as cause:
        is_about_tls = isinstance(cause, foreign.SSLError)
        return Reached(
            host,
            "certificate" if is_about_tls else "connection",
            translated(cause),
            addresses,
            is_encrypted,
        )
    took = time.monotonic() - began
    return Reached(host, "", None, addresses, is_encrypted, _ahead(told, now), took)


def _ahead(told: str, now: float) -> float | None:
    """Seconds that a `Date` header is ahead of `now`. It has no fractions: half a second is the
    middle of what it may mean."""
    try:
        date = datetime.strptime(told, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return date.timestamp() + 0.5 - now


def _resolved(host: str, seconds: float) -> tuple[str, ...] | str:
    """The addresses of a name, or why there are none. The system's resolver has no deadline of its
    own, so a thread waits for it."""
    result: list[tuple[str, ...] | str] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            result.append(tuple(dict.fromkeys(str(each[4][0]) for each in found)))
        except (OSError, UnicodeError) as cause:
            result.append(getattr(cause, "strerror", None) or type(cause).__name__)

    thread = threading.Thread(target=look_up, name="dingbridge-name", daemon=True)
    thread.start()
    thread.join(seconds)
    return result[0] if result else link.TIMED_OUT()
