"""What OpenAPI calls of one app have in common: its access token, and the robot code they name."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar

from dingbridge.core import answers, payloads
from dingbridge.core.answers import Answer
from dingbridge.core.errors import DeliveryError, Retryable
from dingbridge.core.robot_codes import RobotCodes
from dingbridge.core.settings import Options
from dingbridge.core.token import HeldToken, held

_TOKEN: Final = "/v1.0/oauth2/accessToken"  # noqa: S105 - a path

T = TypeVar("T")


class Poster(Protocol):
    """What OpenAPI calls need of HTTP."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a JSON body."""
        ...


class OpenApi:
    """The access token and the robot codes of one app. Used by one thread only."""

    def __init__(self, options: Options, http: Poster, log: logging.Logger) -> None:
        self._options = options
        self._http = http
        self._log = log
        self._token = HeldToken()
        self._codes = RobotCodes()

    def access_token(self) -> str:
        """The token, fetched when there is none that can be used. Raises `DeliveryError`."""
        asked = time.monotonic()
        if not self._token.usable(asked):
            try:
                answer = self._http.post(
                    f"{self._options.endpoint_api}{_TOKEN}",
                    payloads.token_body(self._options.app_key, self._options.app_secret),
                )
                self._token = held(answers.read_token(answer), asked)
            except Retryable as error:
                if not error.may_have_arrived:
                    raise
                # Only the request for a token may have arrived, and that delivers nothing.
                raise Retryable(error.message, code=error.code, fix=error.fix) from error
            self._log.debug("%s", self._token.told(asked))
        return self._token.value

    def drop_token(self) -> None:
        """Fetch another token for the next call: DingTalk refused this one."""
        self._token = HeldToken()

    def headers(self) -> dict[str, str]:
        """What a call proves itself by (protocol section 2). Raises `DeliveryError`."""
        return {"x-acs-dingtalk-access-token": self.access_token()}

    def call(self, given: str, request: Callable[[str], T]) -> T:
        """The result of `request`, which is passed the robot code to name. `given` is the code that
        came with the message in question, or empty.

        A code that DingTalk does not know is followed by one more attempt with that of the
        settings. Raises the `DeliveryError` of the last attempt.
        """
        try:
            return request(self._codes.named(given, self._options))
        except DeliveryError as error:
            if not self._codes.may_try_again(given, self._options, error):
                raise
            self._log.info("the robot code %s is refused (%s)", given, error.code)
        return request(self._codes.named(given, self._options))
