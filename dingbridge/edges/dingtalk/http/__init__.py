"""HTTP to DingTalk: the one package that opens HTTP connections."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import requests

from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.limits import CONNECT_TIMEOUT, READ_TIMEOUT
from dingbridge.core.dingtalk.media import DOWNLOAD_BYTES, DOWNLOAD_WITHIN, PROGRESS_WITHIN
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.timeouts import ANSWER_BYTES, IDLE_CONNECTION
from dingbridge.edges.dingtalk.http.direct import Direct
from dingbridge.edges.dingtalk.http.download import Limits, Sink, receive
from dingbridge.edges.dingtalk.http.failures import FOREIGN, broke, translated
from dingbridge.edges.dingtalk.http.upload import Upload

__all__ = ["Http", "Upload", "translated"]

log = logging.getLogger(__name__)


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
        self._direct = Direct(self._session, self._proxies, self._timeouts)
        self._idle_connection = idle_connection
        self._last_used = time.monotonic()

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST a JSON body. Redirects are not followed: an answer's address is not ours to trust.

        Raises `Unreachable` when nothing left this machine, `Retryable` when the connection broke
        or no answer came in time, `Refused` for an address that cannot be used.
        """
        json = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return self._traced(url, lambda: self._exchange(url, body, json))

    def upload(self, url: str, body: Upload) -> HttpAnswer:
        """POST a file, piece by piece. An upload shows nothing to anybody, so that no failure of
        one may have arrived: each may simply be repeated.

        Raises as `post` does, `Refused` when the file cannot be read to its end, and `Retryable`
        when it was stopped or took too long.
        """
        try:
            headers = {"Content-Type": body.content_type}
            return self._traced(url, lambda: self._send_file(url, body, headers))
        except Retryable as error:
            error.may_have_arrived = False
            raise

    def download(
        self,
        url: str,
        part: Sink,
        *,
        most: int = DOWNLOAD_BYTES,
        within: float = DOWNLOAD_WITHIN,
        progress_within: float = PROGRESS_WITHIN,
        stop: threading.Event | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """GET a file and hand its bytes to `part`, piece by piece; returns how many there were.

        At most `most` bytes are taken, whatever the other side announces, in at most `within`
        seconds, and no fewer than `PROGRESS_BYTES` every `progress_within`. No header of ours goes
        along, redirects are not followed, and what `part` raises passes through. `progress` hears
        the bytes so far, and how many are announced or 0.

        Raises `Refused` when there is no such file (any more) or it is too large, `Retryable` when
        the connection broke, it took too long or was stopped, and as `post` does.
        """
        limits = Limits(most, within, progress_within)
        began = time.monotonic()
        try:
            taken = self._download(url, part, limits, stop or threading.Event(), progress)
        except DeliveryError as error:
            _trace("GET", url, began, error.message)
            raise
        _trace("GET", url, began, f"{taken} bytes")
        return taken

    def _download(
        self,
        url: str,
        part: Sink,
        limits: Limits,
        stop: threading.Event,
        progress: Callable[[int, int], None] | None,
    ) -> int:
        self._drop_idle_connections()
        try:
            response = self._session.get(
                url,
                headers={"Accept": "*/*", "Accept-Encoding": "identity"},
                timeout=self._timeouts,
                proxies=dict(self._proxies),
                allow_redirects=False,
                stream=True,
            )
        except FOREIGN as cause:
            error = translated(cause)
            if isinstance(error, Retryable):
                # What was asked for changes nothing there.
                error.may_have_arrived = False
            raise error from cause
        with response:
            return receive(
                response,
                part,
                limits=limits,
                stop=stop,
                progress=progress,
            )

    def _traced(self, url: str, exchange: Callable[[], HttpAnswer]) -> HttpAnswer:
        began = time.monotonic()
        try:
            answer = exchange()
        except DeliveryError as error:
            _trace("POST", url, began, error.message)
            raise
        _trace("POST", url, began, str(answer.status))
        return answer

    def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        self._drop_idle_connections()
        try:
            response = self._direct.post(url, body, {"Accept": "application/json", **headers})
        except FOREIGN as cause:
            raise translated(cause) from cause
        try:
            # Whatever it is, an answer has begun: the request arrived.
            answer = HttpAnswer(
                response.status, _bounded(response.stream(65536, decode_content=True))
            )
        except BaseException:
            response.close()
            raise
        if len(answer.body) < ANSWER_BYTES:
            response.release_conn()
        else:
            response.close()
        return answer

    def _send_file(self, url: str, body: Upload, headers: Mapping[str, str]) -> HttpAnswer:
        self._drop_idle_connections()
        try:
            with self._session.post(
                url,
                data=body,
                headers={"Accept": "application/json", **headers},
                timeout=self._timeouts,
                proxies=dict(self._proxies),
                allow_redirects=False,
                stream=True,
            ) as response:
                return HttpAnswer(response.status_code, _bounded(response.iter_content(65536)))
        except FOREIGN as cause:
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
            self._direct.forget()
        self._last_used = now


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even for a redirect that is not followed, requests would read the whole answer
        and take its address apart, which fails on a broken one."""


def _trace(method: str, url: str, began: float, outcome: str) -> None:
    """A line for those who want to see every step; the address without its query."""
    if log.isEnabledFor(logging.DEBUG):
        took = 1000 * (time.monotonic() - began)
        log.debug("%s %s: %s in %.0f ms", method, quoted(url), outcome, took)


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _bounded(parts: Iterator[bytes]) -> bytes:
    body = b""
    try:
        for part in parts:
            body += part
            if len(body) > ANSWER_BYTES:
                break
    except FOREIGN as cause:
        # Whatever it is, an answer had begun: the request arrived.
        raise broke() from cause
    return body[:ANSWER_BYTES]
