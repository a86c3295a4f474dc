"""Reads what comes from Lua, whose callers may pass anything."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import BridgeError

T = TypeVar("T")


def read_as(payload: object, kind: type[T], name: str) -> T:
    """What came from Lua, whose callers may pass anything, as a value of ours. Raises
    `BridgeError` when it is none."""
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as error:
        raise BridgeError(say.UNUSABLE_EVENT(name=name, reason=error)) from error
