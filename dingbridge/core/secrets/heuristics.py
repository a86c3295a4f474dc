"""Distinguishes secrets from names, words, paths and examples that only look like one."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from dingbridge.core.regex import regex

LEAST_OWN: Final = 4
"""Characters of the shortest setting of ours that is masked. Shorter ones would match everywhere,
and masking ends only because a mask is shorter than what it hides."""

LEAST_VARIABLE: Final = 8
"""Characters of the shortest value of an environment variable that is masked."""

_SEPARATORS: Final = regex(r"[-_./+=~:%,]")
_DIGIT: Final = regex(r"[0-9]")
_CHANGE: Final = regex(
    r"(?<=[a-z])(?:[A-Z](?![a-z]{2})|[0-9])|(?<=[A-Z])[0-9]|(?<=[0-9])[A-Za-z]"
    r"|(?<=[A-Z])[A-Z](?=[a-z0-9])"
)
_NAMES: Final = regex(r"[#.]?[A-Za-z][A-Za-z0-9]*(?:[-_.:/][A-Za-z0-9]+)+")
_EXAMPLE: Final = regex(
    r"EXAMPLE|[Ee]xample|(?i:your[-_]|[-_]your|x{5}|placeholder|change_?me|redacted)|\*{3}"
)
_REFERENCE: Final = regex(
    r"\.\.\.|\$[{(]|\{\{|#\{|%\(|^\$(?:[A-Z_]|[a-z_]+$)|^%(?:[a-z]$|[A-Z_]+%$)|^[<{].*[>}]$|^&lt;"
)
_WORDS: Final = frozenset(
    {
        *("password", "passwd", "pass", "secret", "token", "user", "username", "test", "testing"),
        *("administrator", "anonymous", "localhost", "undefined", "disabled", "enabled"),
        *("required", "optional", "default", "development", "production", "staging"),
        *("keychain", "keyring", "osxkeychain", "libsecret", "wincred", "postgres", "postgresql"),
    }
)
_HEXADECIMAL: Final = regex(r"[0-9a-f]+|[0-9A-F]+")
_USER: Final = regex(r"[A-Za-z0-9_.@+-]{1,60}")
_PATH: Final = regex(r"(?:~|\.{1,2})?/|[A-Za-z]:[\\/]")


def is_stand_in(value: str) -> bool:
    """Whether `value` replaces a secret: an example, a placeholder, a reference."""
    return _is_example(value) or bool(_REFERENCE.search(value))


def _is_example(value: str) -> bool:
    # The keys in the manuals of AWS end in EXAMPLE and open nothing.
    if _EXAMPLE.search(value) or value.casefold() in _WORDS:
        return True
    longest = max(_SEPARATORS.split(value), key=len)
    return len(longest) >= 4 and len(set(longest[-16:].casefold())) <= 3


def is_random(value: str) -> bool:
    """Whether `value` looks machine-generated, not like a name in a program."""
    plain = _SEPARATORS.sub("", value)
    if is_stand_in(value) or len(plain) < 16 or not _DIGIT.search(plain):
        return False
    parts = [part for part in _SEPARATORS.split(value) if part]
    words = sum(len(part) for part in parts if len(part) > 2 and part.isalpha() and part.islower())
    if len(parts) > 2 and 2 * words >= len(plain):
        return False  # k8s-secret-name-v1-2024a
    # Names have a capital at the start of a word, so it does not count.
    changes = len(_CHANGE.findall(plain))
    return changes >= 0.2 * len(plain)


def is_password(value: str) -> bool:
    """Whether `value`, assigned to a password, is one: not a word, not a path of names."""
    kinds = [
        bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^A-Za-z0-9_.]")
    ]
    return sum(kinds) >= 3 and not _is_named(value) and not is_stand_in(value)


def is_chosen(value: str) -> bool:
    """Whether `value`, called a password by its context, is neither a word nor a placeholder."""
    kinds = [re.search(kind, value) for kind in ("[A-Za-z]", "[0-9]", r"[^A-Za-z0-9_.]")]
    several = sum(map(bool, kinds)) >= 2
    return several and not _is_named(value) and not is_stand_in(value)


def _is_named(value: str) -> bool:
    # A percentage is not part of a name and does not make it a secret.
    name = value.rstrip("%")
    return bool("passw" in value.casefold() or _NAMES.fullmatch(name) or _PATH.match(value))


def is_login(value: str) -> bool:
    """Whether `value` is base64 of a name, a colon and a password."""
    if len(value) % 4 or value.isalpha() or _HEXADECIMAL.fullmatch(value):
        return False
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode("ascii").partition(":")
    except ValueError:
        return False
    printable = all(" " < character < "\x7f" for character in secret)
    return bool(colon and _USER.fullmatch(name) and printable and is_chosen(secret))


def is_credential(value: str) -> bool:
    """Whether `value`, from an authorization header, is more than a word."""
    drawn = _DIGIT.search(value) or len(_CHANGE.findall(value)) >= 3
    if re.fullmatch(r"[a-z]+[0-9]{1,2}", value):
        return False  # a word of a sentence, with its number
    return bool(drawn) and not is_stand_in(value)


# --- values that are known ----------------------------------------------------------------------

_SECRET_NAME: Final = regex(
    r"(?:^|_)(?:[A-Z0-9]*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY)S?|KEYS?|PATS?|PASS|PWD"
    r"|CREDENTIALS?|WEBHOOK)(?:_?[0-9]+|_(?:BASE64|B64|VALUE|PROD|DEV|TEST|STAGING))?$"
    r"|PASSWORD(?!_(?:STORE|MANAGER|LENGTH|POLICY|PROMPT|FILE))",
    re.IGNORECASE,
)
_FOLDERS: Final = frozenset({"PWD", "OLDPWD"})
_STRONG: Final = regex(r"(?=[^/\\]*[a-z])(?=[^/\\]*[A-Z])(?=[^/\\]*[0-9])[^/\\]{12,}")


def secret_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The values of `environment` that are secrets, each with the name of its variable.

    They are recognised by name (`…_TOKEN`, `…_SECRET`, `…_KEY`, `…PASSWORD…`, `…_PAT`, …). Values
    that are short, a common word, one repeated character, or a path do not count.
    """
    found: dict[str, str] = {}
    for name, value in environment.items():
        if name.upper() in _FOLDERS or not _SECRET_NAME.search(name):
            continue
        value = value.strip()
        if len(value) >= LEAST_VARIABLE and not _is_example(value) and not _is_path(value):
            found.setdefault(value, name)
    return found


def _is_path(value: str) -> bool:
    # A key in base64 may begin with a slash, too, but no folder is called like a part of one.
    return bool(_PATH.match(value)) and not any(
        _STRONG.match(part) for part in re.split(r"[/\\]", value)
    )


@lru_cache(maxsize=256)
def spellings(value: str) -> frozenset[str]:
    """The forms in which `value` may be written: verbatim, in a URL, in JSON, in base64."""
    return frozenset(
        (
            value,
            quote(value, safe="", errors="replace"),
            quote_plus(value, errors="replace"),
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            *(_inside_base64(value.encode("utf-8", "replace"), before) for before in range(3)),
        )
    )


def _inside_base64(value: bytes, before: int) -> str:
    """The part of base64 that does not depend on the bytes around `value`.

    `before` is the number of bytes in front of it modulo 3, as in `user:value`.
    """
    encoded = base64.b64encode(bytes(before) + value).decode()
    start, bits = -(-8 * before // 6), 8 * (before + len(value))
    return encoded[start : bits // 6 if before else len(encoded.rstrip("="))]


def own_values(own: Collection[str]) -> list[str]:
    """The values of our settings that are long enough to mask, in a fixed order."""
    # A single secret passed as a plain string would otherwise be a collection of its letters.
    given = (own,) if isinstance(own, str) else own
    return sorted({value for value in given if len(value) >= LEAST_OWN})
