"""HTTP to DingTalk: the one module that opens HTTP connections."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests
from requests import exceptions as foreign
from urllib3 import exceptions as below

from dingbridge.core.answers import Answer
from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable
from dingbridge.core.limits import CONNECT_TIMEOUT, READ_TIMEOUT
from dingbridge.core.patience import ANSWER_BYTES, IDLE_CONNECTION


class Http:
    """Sends requests and returns the answers, whatever their status. One per thread.

    `proxy` is a proxy's URL; empty means the environment's own setting. All times are seconds:
    `connect_timeout` for a connection, `read_timeout` for each part of the answer, and
    `idle_connection` is how long a connection may lie idle and be used again.
    """

    def __init__(
        self,
        proxy: str = "",
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        idle_connection: float = IDLE_CONNECTION,
    ) -> None:
        self._session = _Session()
        # Otherwise a password from ~/.netrc would go out with the requests.
        self._session.auth = _no_login
        # Given with each request, because those of a session give way to the environment.
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._timeouts = (connect_timeout, read_timeout)
        self._idle_connection = idle_connection
        self._last_used = time.monotonic()

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
                timeout=self._timeouts,
                proxies=dict(self._proxies),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, _read_bounded(response))
        # Not all that goes wrong below arrives as an error of requests.
        except (foreign.RequestException, below.HTTPError, OSError, ValueError) as cause:
            raise translated(cause) from cause

    def close(self) -> None:
        """Drop the connections."""
        self._session.close()

    def _drop_idle_connections(self) -> None:
        """A server may have closed a connection that lay idle, and then nobody can tell whether
        the request arrived. A fresh connection has no such doubt."""
        now = time.monotonic()
        if now - self._last_used >= self._idle_connection:
            self._session.close()
        self._last_used = now


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even for a redirect that is not followed, requests would read the whole answer
        and take its address apart, which fails on a broken one."""


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read_bounded(response: requests.Response) -> bytes:
    body = b""
    try:
        for part in response.iter_content(65536):
            body += part
            if len(body) > ANSWER_BYTES:
                break
    except (foreign.RequestException, below.HTTPError, OSError) as cause:
        # Whatever it is, an answer had begun: the request arrived.
        raise _broke() from cause
    return body[:ANSWER_BYTES]


def translated(cause: Exception) -> DeliveryError:
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
        case foreign.Timeout():
            return Retryable(
                "no answer came within the time limit, so it may have arrived or not",
                may_have_arrived=True,
            )
        case foreign.ConnectionError() if _proxy_refused(cause):
            return translated(foreign.ProxyError())
        case foreign.ConnectionError() if _never_connected(cause):
            return Unreachable("no connection to DingTalk", fix="check the network")
        case (
            foreign.ConnectionError()
            | foreign.ChunkedEncodingError()
            | foreign.ContentDecodingError()
        ):
            return _broke()
        case (
            foreign.InvalidURL()
            | foreign.InvalidSchema()
            | foreign.MissingSchema()
            | foreign.URLRequired()
            | foreign.InvalidHeader()
            | foreign.UnrewindableBodyError()
            | below.LocationValueError()
        ):
            return _unusable()
        case foreign.RequestException() | below.HTTPError():
            return Retryable(f"the request failed ({type(cause).__name__})", may_have_arrived=True)
        case ValueError():
            return _unusable()
        case _:
            return Unreachable(
                "the certificates to check the other side with cannot be read",
                fix="check the variable REQUESTS_CA_BUNDLE",
            )


def _broke() -> Retryable:
    return Retryable(
        "the connection broke before the answer, so it may have arrived or not",
        may_have_arrived=True,
    )


def _unusable() -> Refused:
    return Refused("the address cannot be used", fix="check `webhook`, `endpoint` and `proxy`")


def _proxy_refused(cause: BaseException) -> bool:
    """Whether a proxy that was reached would not make the tunnel, told by http.client's words."""
    return any(
        isinstance(reason, OSError) and str(reason).startswith("Tunnel connection failed")
        for reason in _reasons(cause)
    )


def _never_connected(cause: BaseException) -> bool:
    """Whether the connection was never made, told by urllib3's own reason."""
    return any(
        isinstance(reason, below.NewConnectionError | below.ConnectTimeoutError)
        for reason in _reasons(cause)
    )


def _reasons(cause: BaseException) -> list[object]:
    """The error and all that led to it: requests and urllib3 wrap one another's errors."""
    found: list[object] = []
    seen: BaseException | None = cause
    while seen is not None:
        for candidate in (seen, getattr(seen, "reason", None), *seen.args):
            found += [candidate, getattr(candidate, "reason", None)]
        seen = seen.__cause__ or seen.__context__
    return found
