"""Asks DingTalk about an app: its credentials, Stream Mode, permissions and robot.

    with AppChecks(options) as checks:
        error = checks.token()            # None: the credentials are right
        error = checks.registration()     # None: published, and in Stream Mode
        for answer in checks.scopes():    # PermissionAnswer(scope, is_granted, ...)
            ...

Nobody sees anything of it in DingTalk. Each question takes at most about `SECONDS`, so it is for a
thread or process of its own. `registration` opens no connection, but counts as an attempt to open
one: once a minute is enough. `scopes` and `robot` take two calls of the month's quota together.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from types import TracebackType

from dingbridge import __version__
from dingbridge.core.dingtalk import permissions, request_bodies, responses
from dingbridge.core.dingtalk.robot_codes import own_code
from dingbridge.core.doctor.platform_facts import AppFacts, PermissionAnswer, Proxy, Reached
from dingbridge.core.errors import BridgeError, DeliveryError
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.card_requests import CardRequests
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.http.reach import proxy_of, reach
from dingbridge.edges.dingtalk.openapi import AccessToken, OpenApi, RobotClient

SECONDS = 8.0
"""The deadline of each step: to connect, and to answer."""

_LACKING = "accesstokenpermissiondenied"
_PASSING = ("qpslimit", "qpmlimit", "apicountlimit")
"""Parts of codes that say nothing about the permission."""


class AppChecks:
    """Questions about the app of these options. Used by one thread."""

    def __init__(self, options: Options, seconds: float = SECONDS) -> None:
        self._options = options
        self._seconds = seconds
        self._http = Http(options.proxy, connect_timeout=seconds, read_timeout=seconds)
        self._client = RobotClient(options, self._http, AccessToken())
        self._api = OpenApi(self._client, logging.getLogger(__name__))
        self._sent: tuple[BridgeError | None] | None = None

    def __enter__(self) -> AppChecks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def facts(self, *, is_linked: bool) -> AppFacts:
        """The answers to all questions. With `is_linked` a connection is open, so that it is not
        asked whether one may be opened."""
        options = self._options
        token = self.token()
        if token is not None:
            return AppFacts(options.app_key, True, token)
        return AppFacts(
            options.app_key,
            True,
            None,
            None if is_linked else self.registration(),
            self.robot(),
            self.scopes(),
        )

    def proxy(self) -> Proxy:
        """The proxy of requests to the OpenAPI."""
        return proxy_of(self._options.endpoint_api, self._options.proxy)

    def reached(self) -> tuple[Reached, ...]:
        """How far the way to each host of the settings leads."""
        urls = dict.fromkeys((self._options.endpoint_api, self._options.endpoint_oapi))
        return tuple(reach(url, self._options.proxy, self._seconds) for url in urls)

    def token(self) -> BridgeError | None:
        """Fetch an access token. Returns why that is refused, or None."""
        return _error_of(lambda: self._api.access_token())

    def registration(self) -> BridgeError | None:
        """Ask for a stream connection, as the link does, and do not open it."""
        options = self._options
        body = request_bodies.open_connection_body(options.app_key, options.app_secret, __version__)
        url = f"{options.endpoint_api}/v1.0/gateway/connections/open"
        return _error_of(lambda: responses.read_connection(self._http.post(url, body)))

    def robot(self) -> BridgeError | None:
        """The refusal of the robot code, or None; the other answers belong to `scopes`."""
        error = self._send_to_nobody()
        code = error.code.casefold() if error is not None else ""
        return error if code.startswith("invalidparameter.robotcode") else None

    def scopes(self) -> tuple[PermissionAnswer, ...]:
        """Whether the app has each of `permissions.PERMISSIONS`.

        No call tells which permissions an app has. So each is used for something that DingTalk
        refuses for another reason once the permission is there: a message to nobody, and a change
        of a card that does not exist.
        """
        return (
            _answer(permissions.SEND, self._send_to_nobody()),
            _answer(permissions.CARDS, self._change_no_card()),
        )

    def _send_to_nobody(self) -> BridgeError | None:
        """The refusal of a message to nobody, which is sent once."""
        if self._sent is None:
            self._sent = (self._ask_to_send(),)
        return self._sent[0]

    def _ask_to_send(self) -> BridgeError | None:
        options = self._options
        body = request_bodies.send_to_people(own_code(options), (), "text", "", "-")
        url = f"{options.endpoint_api}/v1.0/robot/oToMessages/batchSend"
        return _error_of(
            lambda: responses.read_send(self._http.post(url, body, self._api.headers()))
        )

    def _change_no_card(self) -> BridgeError | None:
        requests = CardRequests(self._client, self._http)
        return _error_of(lambda: requests.end(f"doctor-{secrets.token_hex(8)}", "-"))


def _answer(scope: permissions.Permission, error: BridgeError | None) -> PermissionAnswer:
    code = error.code.casefold() if error is not None else ""
    if isinstance(error, DeliveryError) and code.endswith(_LACKING):
        return PermissionAnswer(scope, False, error, error.scopes or (scope.name,))
    is_told = error is None or (bool(code) and not any(part in code for part in _PASSING))
    return PermissionAnswer(scope, True if is_told else None, error)


def _error_of(question: Callable[[], object]) -> BridgeError | None:
    try:
        question()
    except BridgeError as error:
        return error
    return None
