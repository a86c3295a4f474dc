"""Addresses of conversations as users write them: `dingtalk:<id>` and `dingtalk:<account>:<id>`."""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Target
from dingbridge.core.places import ACCOUNT_NAME

SCHEME = "dingtalk:"

_GROUP = re.compile(r"cid[A-Za-z0-9+/=_-]{5,}")
"""What the id of a group's conversation looks like (protocol section 5.1); a staff id is anything
else."""

_LEADING = re.compile(r"(dingtalk:\S+)\s+(\S.*)", re.DOTALL)


class Address(Struct, frozen=True):
    """A conversation by its id: a group's conversation id or a person's staff id. An empty
    `account` is the default one."""

    account: str
    id: str

    @property
    def target(self) -> Target:
        """The place to send to."""
        if _GROUP.fullmatch(self.id):
            return Target(conversation_id=self.id, label=self.id)
        return Target(user_id=self.id, label=self.id)


def read(text: str, accounts: Collection[str]) -> Address:
    """The address in `text`. Raises `BridgeError` when it is none.

    What stands before a second colon is an account: no staff id and no conversation id holds one,
    and a name that is wrong must not become a person's. A sender's id does (`$:…`), and is left to
    the platform to refuse.
    """
    rest = text.strip().removeprefix(SCHEME)
    if rest == text.strip() or not rest or not rest.isprintable() or " " in rest:
        raise BridgeError(
            "not a target of DingTalk",
            fix="write dingtalk:<conversation_id>, dingtalk:<user_id> or dingtalk:<account>:<id>",
        )
    account, colon, id = rest.partition(":")
    if colon and id and account in accounts:
        return Address(account, id)
    if colon and id and ACCOUNT_NAME.fullmatch(account):
        known = ", ".join(accounts)
        raise BridgeError(f"there is no account {account}", fix=f"known are {known}")
    return Address("", rest)


def leading(text: str) -> tuple[str, str]:
    """The address that a text begins with, or an empty one, and the rest of the text."""
    found = _LEADING.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)
