"""HTTP to DingTalk. The only package that opens HTTP connections."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import requests

from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.limits import CONNECT_TIMEOUT, READ_TIMEOUT
from dingbridge.core.dingtalk.media import DOWNLOAD_WITHIN, PROGRESS_WITHIN
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.timeouts import ANSWER_BYTES, IDLE_CONNECTION
from dingbridge.edges.dingtalk.http.download import Limits, Sink, receive
from dingbridge.edges.dingtalk.http.failures import FOREIGN, broke, translated
from dingbridge.edges.dingtalk.http.fast_posts import FastPosts
from dingbridge.edges.dingtalk.http.upload import Upload

__all__ = ["Http", "Upload", "translated"]

log = logging.getLogger(__name__)


class Http:
    """Sends requests and returns the answers, whatever their status. One per thread.

    - `proxy`: a proxy's URL; empty for the environment's setting
    - `connect_timeout`: for a connection, in seconds
    - `read_timeout`: for each part of the answer, in seconds
    - `idle_connection`: how long an idle connection may be used again, in seconds
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
        # Otherwise requests would send a password from ~/.netrc.
        self._session.auth = _no_login
        # Passed with each request, because the environment overrides those of a session.
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._timeouts = (connect_timeout, read_timeout)
        self._fast_posts = FastPosts(self._session, self._proxies, self._timeouts)
        self._idle_connection = idle_connection
        self._last_used = time.monotonic()

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST a JSON body. Redirects are not followed.

        Raises `Unreachable` if nothing left this machine, `Retryable` if the connection broke or no
        answer came in time, `Refused` for an invalid URL.
        """
        json = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return self._traced(url, lambda: self._exchange(url, body, json))

    def put(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """PUT a JSON body. Raises as `post` does."""
        json = {"Content-Type": "application/json; charset=utf-8", **headers}
        return self._traced(url, lambda: self._send("PUT", url, body, json))

    def upload(self, url: str, body: Upload) -> HttpAnswer:
        """POST a file, piece by piece. Nobody sees an upload, so it can always be repeated.

        Raises as `post` does, `Refused` if the file cannot be read to its end, and `Retryable` if
        it was stopped or took too long.
        """
        try:
            headers = {"Content-Type": body.content_type}
            return self._traced(url, lambda: self._send("POST", url, body, headers))
        except Retryable as error:
            error.may_have_arrived = False
            raise

    def download(
        self,
        url: str,
        part: Sink,
        *,
        most: int,
        within: float = DOWNLOAD_WITHIN,
        progress_within: float = PROGRESS_WITHIN,
        stop: threading.Event | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """GET a file and pass its bytes to `part`, piece by piece. Returns the number of bytes.

        - `most`: largest file, in bytes
        - `within`: longest download, in seconds
        - `progress_within`: seconds in which at least `PROGRESS_BYTES` must arrive
        - `stop`: setting it ends the download
        - `progress`: called with the bytes so far, and the announced size or 0

        Sends no headers of ours and follows no redirects. Exceptions of `part` are not caught.

        Raises `Refused` if the file does not exist (any more) or is too large, `Retryable` if the
        connection broke, took too long or was stopped, and as `post` does.
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
                # A GET changes nothing there, so it cannot have had an effect.
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
            response = self._fast_posts.post(url, body, {"Accept": "application/json", **headers})
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

    def _send(
        self, method: str, url: str, body: Upload | bytes, headers: Mapping[str, str]
    ) -> HttpAnswer:
        self._drop_idle_connections()
        try:
            with self._session.request(
                method,
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
        """Close all connections."""
        self._session.close()

    def _drop_idle_connections(self) -> None:
        """Close connections that were idle for too long.

        The server may have closed them, and then it is unknown whether a request arrived.
        """
        now = time.monotonic()
        if now - self._last_used >= self._idle_connection:
            self._session.close()
            self._fast_posts.forget()
        self._last_used = now


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even for a redirect that is not followed, requests would read the whole answer and
        parse its URL, which raises for an invalid one."""


def _trace(method: str, url: str, began: float, outcome: str) -> None:
    """Log a request at debug level, with the URL but without its query."""
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
