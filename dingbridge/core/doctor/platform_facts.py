"""What was found out about DingTalk and the way to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge.core.dingtalk.permissions import Permission
from dingbridge.core.errors import BridgeError


class Reached(Struct, frozen=True):
    """An attempt to reach one host of DingTalk.

    - `failed`: the step that failed, empty if an answer came; `error` is why
    - `addresses`: what its name resolves to; empty behind a proxy, which resolves it
    - `is_encrypted`: whether the connection uses TLS
    - `ahead`: seconds that DingTalk's clock is ahead of this computer's; None if it told no time
    - `seconds`: how long the answer took
    """

    host: str
    failed: Literal["", "name", "connection", "certificate"] = ""
    error: BridgeError | None = None
    addresses: tuple[str, ...] = ()
    is_encrypted: bool = True
    ahead: float | None = None
    seconds: float = 0.0


class Proxy(Struct, frozen=True):
    """The proxy that requests to DingTalk take, without its password; `origin` is the option or
    variable that names it. Both are empty without one."""

    address: str = ""
    origin: str = ""


class PermissionAnswer(Struct, frozen=True):
    """Whether an app has a permission.

    None means that the question got another answer, `error`. `lacking` are the permissions that
    DingTalk named.
    """

    scope: Permission
    is_granted: bool | None
    error: BridgeError | None = None
    lacking: tuple[str, ...] = ()


class AppFacts(Struct, frozen=True):
    """What DingTalk answers about an app.

    - `token`, `registration`: the error of the request for an access token, and of the one to open
      a stream connection; None if it was accepted. None was made if `is_asked` is false.
    - `robot`: the error about the robot code; None if there was none
    """

    app_key: str
    is_asked: bool = False
    token: BridgeError | None = None
    registration: BridgeError | None = None
    robot: BridgeError | None = None
    scopes: tuple[PermissionAnswer, ...] = ()
