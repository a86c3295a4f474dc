"""Fields of a robot message; each may be missing or of any type (doc/dingtalk.md §5)."""

from __future__ import annotations

from typing import Any, Final

from dingbridge.core import json_wire

_LATEST: Final = 1e14
"""Milliseconds; later times (after the year 5000) are invalid."""

_LONGEST: Final = 86_400.0
"""Seconds; longer durations of voice messages and videos are invalid."""

_MILLISECONDS_FROM: Final = 1000


def first(container: object, *keys: str) -> str:
    """The text of the first of these fields that has any; empty without one."""
    if isinstance(container, dict):
        for key in keys:
            value = container.get(key)
            found = value if isinstance(value, str) else json_wire.text_of(value)
            if found:
                return found
    return ""


def said_in(container: object, *keys: str) -> str:
    """The same for a container that may also be JSON in a string, or just the text itself."""
    found = object_of(container)
    if isinstance(container, str) and not found:
        return container
    return first(found, *keys)


def object_of(value: object) -> dict[str, Any]:
    """An object, or the one in a string of JSON; empty for anything else."""
    found = _read(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def list_of(value: object) -> list[Any]:
    """A list, or the one in a string of JSON; empty for anything else."""
    found = _read(value) if isinstance(value, str) else value
    return found if isinstance(found, list) else []


def _read(text: str) -> object:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json_wire.decode(text, object)
    except json_wire.NotReadable:
        return None


def number_of(container: object, most: float, *keys: str) -> float:
    """A number (or its text) above 0 and below `most`; 0 for anything else."""
    try:
        number = float(first(container, *keys) or 0)
    except ValueError:
        return 0.0
    return number if 0 < number < most else 0.0


def duration_of(container: object) -> float:
    """Seconds. The unit is undocumented: values above a quarter of an hour are milliseconds."""
    number = number_of(container, _LONGEST * 1000, "duration")
    return number / 1000 if number >= _MILLISECONDS_FROM else number


def seconds_of(value: object) -> float:
    """Milliseconds, as number or text, in seconds; 0 for anything else."""
    try:
        milliseconds = float(json_wire.text_of(value))
    except ValueError:
        return 0.0
    return milliseconds / 1000 if 0 < milliseconds < _LATEST else 0.0


def said_true(value: object) -> bool:
    """Whether the field is true, in any form."""
    return value is True or json_wire.text_of(value).lower() in ("true", "1")
