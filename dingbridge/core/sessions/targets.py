"""Addresses of conversations, as users write them.

`dingtalk:<id>`, optionally with an account and the kind of the id: `dingtalk:<account>:user:<id>`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from dingbridge.core.catalogue import delivery
from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.listing import comma_list
from dingbridge.core.messages import ACCOUNT_NAME, PLATFORM, Target

SCHEME = f"{PLATFORM}:"

KINDS = ("user", "group", "private", "robot")
"""The kinds of id, as in `Target.key`. Users write the first two. The others occur in addresses
from the bridge: a 1:1 chat with somebody outside the organisation, and a custom robot's group."""

_GROUP = re.compile(r"cid[A-Za-z0-9+/=_-]{5,}")
"""The form of a conversation id (doc/dingtalk.md §5.1); any other id is a staff id. Known ids
override the form: see `Target.guessed`."""

_LEADING = re.compile(rf"({SCHEME}\S+)\s+(\S.*)", re.DOTALL)


class Address(Struct, frozen=True):
    """A conversation by its id.

    An empty `account` is the default one; without a `kind` the id may be a group's conversation id
    or a person's staff id.
    """

    account: str
    id: str
    kind: str = ""

    @property
    def target(self) -> Target:
        """The target of the address."""
        match self.kind:
            case "user":
                return Target(user_id=self.id, label=self.id)
            case "group":
                return Target(conversation_id=self.id, label=self.id)
            case "private":
                return Target(private=self.id)
            case "robot":
                return Target(custom_robot=self.id, label=delivery.ROBOTS_GROUP())
            case _ if _GROUP.fullmatch(self.id):
                return Target(conversation_id=self.id, label=self.id, guessed=True)
            case _:
                return Target(user_id=self.id, label=self.id, guessed=True)


def read(text: str, accounts: Collection[str]) -> Address:
    """The address in `text`. Raises `BridgeError` for anything else.

    Words before a colon must be an account or a kind, so that a misspelt account does not become
    part of a person's id: staff ids and conversation ids contain no colon. A sender id (`$:…`)
    does, but the platform refuses it.
    """
    rest = text.strip().removeprefix(SCHEME)
    if rest == text.strip() or not rest or not rest.isprintable() or " " in rest:
        raise BridgeError(
            say.NO_TARGET(),
            fix=say.HOW_TARGETS_ARE_WRITTEN(),
        )
    first, colon, more = rest.partition(":")
    kind, id = _with_kind(more)
    if first in accounts and kind:
        return Address(first, id, kind)
    if first in KINDS and first in accounts and more:
        raise BridgeError(
            say.KIND_AND_ACCOUNT(name=first),
            fix=say.WRITE_ACCOUNT_AND_KIND(name=first),
        )
    if first in KINDS and more:
        return Address("", more, first)
    if colon and more and first in accounts:
        return Address(first, more)
    if colon and more and ACCOUNT_NAME.fullmatch(first):
        known = comma_list(accounts)
        raise BridgeError(say.NO_ACCOUNT(name=first), fix=say.KNOWN_ARE(known=known))
    return Address("", rest)


def _with_kind(text: str) -> tuple[str, str]:
    """The kind before an id, or an empty one, and the id."""
    kind, _, id = text.partition(":")
    return (kind, id) if kind in KINDS and id else ("", text)


def written(account: str, target: Target) -> str:
    """The address of a target; `read` parses it."""
    return with_key(account, target.key)


def with_key(account: str, key: str) -> str:
    """The address of the target with this `Target.key`; empty without one."""
    return f"{SCHEME}{account}:{key}" if key else ""


def whole(text: str) -> Address:
    """The address in a result of `written`. Raises `BridgeError` for anything else."""
    return read(text, (text.removeprefix(SCHEME).partition(":")[0],))


def leading(text: str) -> tuple[str, str]:
    """The address at the start of a text, or an empty one, and the rest of the text."""
    found = _LEADING.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)
