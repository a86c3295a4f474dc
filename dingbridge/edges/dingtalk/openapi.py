"""What OpenAPI calls of one app share: its access token, and the robot code.

All threads of a process share one token for each app; each thread has its own `OpenApi`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar

from msgspec import Struct

from dingbridge.core.dingtalk import request_bodies, responses
from dingbridge.core.dingtalk.access_token import HeldToken, held
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.robot_codes import RobotCodes
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.options.declarations import Options

_TOKEN: Final = "/v1.0/oauth2/accessToken"  # noqa: S105 - a path

T = TypeVar("T")


class OpenApiHttp(Protocol):
    """The HTTP method for OpenAPI calls."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST a JSON body."""
        ...


class AccessToken:
    """The access token of one app, for all threads.

    The first thread that needs it fetches it, with its own HTTP and timeouts, while the others
    wait. If that fails, only this thread gets the error; the next one tries itself.
    """

    def __init__(self) -> None:
        self._held = HeldToken()
        self._lock = threading.Lock()

    def get(self, fetch: Callable[[], HeldToken]) -> str:
        """The token; fetched if there is no valid one. Raises what `fetch` raises."""
        with self._lock:
            if not self._held.usable(time.monotonic()):
                self._held = fetch()
            return self._held.value

    def refused(self, value: str) -> None:
        """DingTalk refused this token: drop it, unless it was replaced meanwhile."""
        with self._lock:
            if self._held.value == value:
                self._held = HeldToken()


class AccessTokens:
    """The access tokens of all apps of a process, for all threads."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], tuple[str, AccessToken]] = {}
        self._lock = threading.Lock()

    def of(self, options: Options) -> AccessToken:
        """The token of the app in these settings; a new one if its secret changed."""
        app = options.endpoint_api, options.app_key
        with self._lock:
            secret, token = self._tokens.get(app, ("", None))
            if token is None or secret != options.app_secret:
                token = AccessToken()
                self._tokens[app] = options.app_secret, token
            return token


class RobotClient(Struct, frozen=True):
    """Settings, HTTP and token for the calls of one robot. Each thread has its own."""

    options: Options
    http: OpenApiHttp
    token: AccessToken


class OpenApi:
    """The calls of one app, with its token and robot code. Used by one thread only."""

    def __init__(self, client: RobotClient, log: logging.Logger) -> None:
        self._client = client
        self._log = log
        self._used = ""
        self._codes = RobotCodes()

    def access_token(self) -> str:
        """The token; fetched if there is no valid one. Raises `DeliveryError`."""
        self._used = self._client.token.get(self._fetch)
        return self._used

    def _fetch(self) -> HeldToken:
        options = self._client.options
        asked = time.monotonic()
        try:
            answer = self._client.http.post(
                f"{options.endpoint_api}{_TOKEN}",
                request_bodies.token_body(options.app_key, options.app_secret),
            )
            token = held(responses.read_token(answer), asked)
        except Retryable as error:
            if not error.may_have_arrived:
                raise
            # Only the request for a token may have arrived, and that delivers nothing.
            raise Retryable(error.message, code=error.code, fix=error.fix) from error
        self._log.debug("%s", token.told(asked))
        return token

    def drop_token(self) -> None:
        """DingTalk refused the token of the last call: fetch a new one for the next call."""
        self._client.token.refused(self._used)

    def headers(self) -> dict[str, str]:
        """The headers with the token (doc/dingtalk.md §2). Raises `DeliveryError`."""
        return {"x-acs-dingtalk-access-token": self.access_token()}

    def call(self, given: str, request: Callable[[str], T]) -> T:
        """The result of `request`, which is called with the robot code.

        `given` is the code that came with the message in question, or empty. If DingTalk does not
        know it, there is one more attempt with that of the settings. Raises the `DeliveryError` of
        the last attempt.
        """
        try:
            return request(self._codes.named(given, self._client.options))
        except DeliveryError as error:
            if not self._codes.may_try_again(given, self._client.options, error):
                raise
            self._log.info("the robot code %s is refused (%s)", given, error.code)
        return request(self._codes.named(given, self._client.options))
