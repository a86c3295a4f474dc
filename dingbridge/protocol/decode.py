"""Decodes values from Lua, whose callers may pass anything."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import BridgeError

T = TypeVar("T")


def read_as(payload: object, kind: type[T], name: str) -> T:
    """`payload` as a `kind`. Raises `BridgeError`, naming the call `name`, if it does not fit."""
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as error:
        raise BridgeError(say.UNUSABLE_EVENT(name=name, reason=error)) from error
