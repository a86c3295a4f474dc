"""HTTP to DingTalk: the one module that opens HTTP connections."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests
from requests import exceptions as foreign

from dingbridge.core.answers import Answer
from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable
from dingbridge.core.limits import CONNECT_TIMEOUT, READ_TIMEOUT
from dingbridge.core.patience import ANSWER_BYTES, IDLE_CONNECTION


class Http:
    """Sends requests and returns the answers, whatever their status. One per thread.

    `proxy` is a proxy's URL; empty means the environment's own setting.
    """

    def __init__(self, proxy: str = "") -> None:
        self._session = requests.Session()
        self._last_used = time.monotonic()
        if proxy:
            self._session.trust_env = False
            self._session.proxies = {"http": proxy, "https": proxy}

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a JSON body. Redirects are not followed: an answer's address is not ours to trust.

        Raises `Unreachable` when nothing left this machine, `Retryable` when the connection broke
        or no answer came in time, `Refused` for an address that cannot be used.
        """
        self._drop_idle_connections()
        all_headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            **(headers or {}),
        }
        try:
            with self._session.post(
                url,
                data=body,
                headers=all_headers,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, _read_bounded(response))
        except foreign.RequestException as cause:
            raise translated(cause) from cause

    def close(self) -> None:
        """Drop the connections."""
        self._session.close()

    def _drop_idle_connections(self) -> None:
        """A server may have closed a connection that lay idle, and then nobody can tell whether
        the request arrived. A fresh connection has no such doubt."""
        now = time.monotonic()
        if now - self._last_used > IDLE_CONNECTION:
            self._session.close()
        self._last_used = now


def _read_bounded(response: requests.Response) -> bytes:
    body = b""
    for part in response.iter_content(65536):
        body += part
        if len(body) > ANSWER_BYTES:
            break
    return body[:ANSWER_BYTES]


def translated(cause: foreign.RequestException) -> DeliveryError:
    """Our error for one of requests' own. Its text never holds the URL, which may be a secret."""
    match cause:
        case foreign.ConnectTimeout():
            return Unreachable("DingTalk did not answer the connection in time")
        case foreign.ProxyError():
            return Unreachable(
                "the proxy did not let us through",
                fix="check the option `proxy` or the variable HTTPS_PROXY",
            )
        case foreign.SSLError():
            return Unreachable(
                "the certificate of the other side could not be verified",
                fix="check the clock, and REQUESTS_CA_BUNDLE if a proxy signs by itself",
            )
        case foreign.ReadTimeout():
            return Retryable("no answer within the time limit", may_have_arrived=True)
        case foreign.ConnectionError() if _never_connected(cause):
            return Unreachable("no connection to DingTalk", fix="check the network")
        case (
            foreign.ConnectionError()
            | foreign.ChunkedEncodingError()
            | foreign.ContentDecodingError()
        ):
            return Retryable("the connection broke before the answer", may_have_arrived=True)
        case (
            foreign.InvalidURL()
            | foreign.InvalidSchema()
            | foreign.MissingSchema()
            | foreign.InvalidHeader()
            | foreign.UnrewindableBodyError()
            | foreign.InvalidProxyURL()
        ):
            return Refused(
                "the address cannot be used", fix="check `webhook`, `endpoint` and `proxy`"
            )
        case _:
            return Retryable(f"the request failed ({type(cause).__name__})", may_have_arrived=True)


def _never_connected(cause: BaseException) -> bool:
    """Whether the connection was never made, told by urllib3's own reason."""
    from urllib3 import exceptions as below

    seen: BaseException | None = cause
    while seen is not None:
        reason = getattr(seen, "reason", None)
        for candidate in (seen, reason, *seen.args):
            if isinstance(candidate, below.NewConnectionError | below.ConnectTimeoutError):
                return True
            if isinstance(candidate, below.MaxRetryError) and isinstance(
                candidate.reason, below.NewConnectionError | below.ConnectTimeoutError
            ):
                return True
        seen = seen.__cause__ or seen.__context__
    return False
