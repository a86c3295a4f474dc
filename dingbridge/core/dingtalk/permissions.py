"""The permissions that an app needs on DingTalk, and where to apply for one (§8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from dingbridge.core.catalogue import doctor as say


class Permission(Struct, frozen=True):
    """A permission: its name on the platform, what the bridge needs it for, and whether it works
    without."""

    name: str
    needed_for: Callable[[], str]
    is_optional: bool = False


SEND: Final = Permission("qyapi_robot_sendmsg", say.SCOPE_SENDS)
CARDS: Final = Permission("Card.Instance.Write", say.SCOPE_CARDS, is_optional=True)
PERMISSIONS: Final = (SEND, CARDS)


def apply_link(app_key: str, scope: str) -> str:
    """The page of DingTalk's console that grants a permission to an app.

    >>> apply_link("dingabc", "Card.Instance.Write")
    'https://open-dev.dingtalk.com/appscope/apply?content=dingabc%23Card.Instance.Write'
    """
    wanted = quote(f"{app_key}#{scope}", safe="")
    return f"https://open-dev.dingtalk.com/appscope/apply?content={wanted}"
