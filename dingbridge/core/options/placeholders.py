"""Option values that stand for something else: placeholders, variables, values not looked up."""

from __future__ import annotations

import re
from enum import Enum

from dingbridge.core.options.lookups import SPACE


class UnknownValue(Enum):
    """The type of `UNKNOWN`, which stands for a value that was not looked up."""

    UNKNOWN = "unknown"


UNKNOWN = UnknownValue.UNKNOWN

PLACEHOLDERS = (
    "app_key",
    "app_secret",
    "client_id",
    "client_secret",
    "your_app_key",
    "your_app_secret",
    "your_client_id",
    "your_client_secret",
    "your_conversation_id",
    "your_robot_code",
    "your_staff_id",
    "your_user_id",
)
"""Placeholders in lower case, with `-` as `_`. A value of only `x` (also after `ding`), or in angle
brackets, is one as well."""

_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_PLACEHOLDER_FORM = re.compile(r"(?:[Dd][Ii][Nn][Gg])?[Xx]{3,}|<[A-Za-z _-]+>")


def is_placeholder(text: str) -> bool:
    """Whether `text` is a placeholder from an example."""
    if not text.isascii():
        return False
    return text.lower().replace("-", "_") in PLACEHOLDERS or bool(_PLACEHOLDER_FORM.fullmatch(text))


def variable_in(value: object) -> str:
    """The name in `$NAME` or `${NAME}`; empty for anything else."""
    match = _VARIABLE.fullmatch(value.strip(SPACE)) if isinstance(value, str) else None
    return (match.group(1) or match.group(2)) if match else ""
