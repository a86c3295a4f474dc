"""JSON from and to the platform: reads anything, writes UTF-8 without escapes."""

from __future__ import annotations

import contextlib
import json
import math
from typing import TypeVar

import msgspec

from dingbridge.core.catalogue import files as say

T = TypeVar("T")


class NotReadable(ValueError):
    """A text that is not JSON, or not of the expected form. The message quotes nothing of it."""


def decode(data: str | bytes, kind: type[T], *, strict: bool = True) -> T:
    """Read `data` as `kind`; raise `NotReadable` for everything that cannot be read as one.

    Tolerates broken UTF-8, a byte order mark, lone surrogates, raw control characters in strings,
    and invalid numbers (read as `null`): one bad character must not cost a message. Without
    `strict` a number may come as a string.
    """
    with contextlib.suppress(ValueError, RecursionError):
        return msgspec.json.decode(data, type=kind, strict=strict)
    # Repair what can be repaired, then decode again.
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    text = text.removeprefix("\ufeff")
    try:
        return _decode(text, kind, strict)
    except msgspec.ValidationError as error:
        raise NotReadable(str(error)) from error
    except RecursionError as error:
        raise NotReadable(say.TOO_DEEP()) from error
    except ValueError as error:
        reason = str(error)
    try:
        repaired = json.dumps(
            json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_number),
            ensure_ascii=False,
        )
        return _decode(repaired, kind, strict)
    except (ValueError, RecursionError) as error:
        raise NotReadable(reason) from error


def _number(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _decode(text: str, kind: type[T], strict: bool) -> T:
    return msgspec.json.decode(_utf_8(text), type=kind, strict=strict)


def encode(value: object) -> bytes:
    """JSON of dicts, lists, strings and numbers, as UTF-8 without `\\u` escapes.

    A lone surrogate, which UTF-8 cannot encode, becomes U+FFFD.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return _utf_8(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _utf_8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # UTF-16 joins the halves of a pair and replaces a lone surrogate.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def text_of(value: object) -> str:
    """The stripped text of a JSON scalar, for fields that may be strings or numbers.

    `0` and `"0"` are equal. Anything but a string or number is an empty text.
    """
    return value.strip() if isinstance(value, str) else id_of(value)


def id_of(value: object) -> str:
    """The text of a JSON scalar, not stripped: ids that differ in a blank are different.

    Anything but a string or number is an empty text.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return ""
