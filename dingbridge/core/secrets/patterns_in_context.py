"""The shapes of secrets that are recognised by their context: assignments, headers, logins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dingbridge.core.regex import regex
from dingbridge.core.secrets.heuristics import (
    is_chosen,
    is_credential,
    is_login,
    is_password,
    is_random,
    is_stand_in,
)
from dingbridge.core.secrets.patterns import KNOWN, Shape


def _folded(
    kind: str, hint: str, pattern: str, accepts: Callable[[str], bool] | None = None
) -> Shape:
    return Shape(kind, hint, regex(pattern), folded=True, accepts=accepts)


_LETTER: Final = "[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/]"
"""Four characters of base64 that encode three ASCII characters, none a space or control."""

_SPACE: Final = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
r"""The characters of `\s`, listed: `re` compiles a set of them to a table, which is faster."""
_UNQUOTED: Final = rf"[^{_SPACE}\"'`\\<>;&#]"
_BEHIND_UNQUOTED: Final = r"[\s;&#\"']|$"
_WORD: Final = rf"[^{_SPACE}\"'`\\<>(){{}}\[\],;&]"
_BEHIND_WORD: Final = r"[\s;,&]|$"

_LONGEST: Final = 100
"""Characters of the longest password that is masked."""


def _assigned(character: str, end: str) -> str:
    """A pattern for a value of 8 to `_LONGEST` characters, as the last group, and then `end`.

    `end` never matches `character`, so a longer value does not match. To stay linear, the pattern
    skips 200 characters of a very long value at once, with an empty group, which is not a secret:
    otherwise each name inside a long run would read the same characters again.
    """
    return (
        rf"(?:{character}{{200}}(?={character}{{120}})()"
        rf"|(?!{character}{{{_LONGEST + 1}}})({character}{{8,{_LONGEST}}})(?={end}))"
    )


_SYMBOL: Final = regex(r"[^A-Za-z0-9_./:-]")


def _is_url_password(value: str) -> bool:
    # "http://host:8080,@somebody" has a port and no password.
    return not is_stand_in(value) and not re.fullmatch(r"[0-9]{1,5}\W*", value)


def _is_cookie(value: str) -> bool:
    # "lang=zh-hans-cn" opens nothing.
    found = [part.partition("=")[2] for part in value.split(";")]
    return any(is_credential(each) and len(each) >= 8 for each in found)


def _has_symbol(value: str) -> bool:
    return bool(_SYMBOL.search(value)) and is_password(value)


_VALUE: Final = r"[a-z0-9+/_.~-]"
_BEHIND: Final = r"\\?[\"']?\]?\s{0,3}(?:=>|:=|:\s?str(?:ing)?\s?=|[:=>：＝])\s{0,3}"
"""The separator of a name and its value: an equals sign or a colon, with quotation marks."""
_KEYS: Final = "|".join(
    f"(?<={word}{between}key)"
    for word in (
        *("api", "app", "access", "secret", "private", "encryption", "signing", "master"),
        *("account", "client", "auth", "admin", "deploy", "service", "subscription", "license"),
        *("shared", "storage"),
    )
    for between in ("", "_", "-")
)
_TOLD: Final = r"\s{0,3}(?:[:：=＝是为]|是[:：])\s{0,3}[\"'“‘「`]?"
"""The separator of a word and its value in Chinese."""
_NOT_A_PLACE: Final = "".join(
    f"(?<!{word}{between}token)"
    for word in (
        *("next", "page", "pagination", "continuation", "lock", "change", "sync", "resume"),
        *("idempotency", "csrf", "clientrequest"),
    )
    for between in ("", "_", "-")
)
"""Tokens that are no secrets: for pagination and idempotency."""

_IN_CONTEXT: Final = (
    Shape(
        "password in a URL",
        "://",
        regex(
            r"://[^\s/?#@:\"'<>]{0,100}:([^\s/?#@\"'<>]{3,200})@"
            r"(?!(?:[a-z0-9-]{1,40}\.){0,3}example\.(?:com|org|net))[A-Za-z0-9\[]"
        ),
        accepts=_is_url_password,
    ),
    _folded(
        "password for curl",
        "curl ",
        r"curl (?:(?!curl )[^\n]){0,300}?(?<= )(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,60}:"
        r"([^\s\"']{4,200})",
    ),
    Shape(
        "password in .netrc",
        "machine ",
        regex(
            r"machine\s{1,4}[^\s]{1,100}\s{1,4}login\s{1,4}[^\s]{1,100}\s{1,4}password\s{1,4}"
            r"[\"']?([^\s\"'{}<>]{4,200})"
        ),
    ),
    _folded(
        "authorization header",
        "authorization",
        r"authorization\\?[\"']?\s{0,3}[:=,]\s{0,3}\\?[\"']?(?:basic|bearer|token|apikey)\s{1,3}"
        rf"({_VALUE}{{8,}}={{0,2}})",
        is_credential,
    ),
    Shape(
        "cookie",
        "ookie",
        regex(
            r"[Cc]ookie\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?"
            r"([A-Za-z0-9_.-]{1,60}=[^\s;\"'\\]{8,2000}"
            r"(?:; ?[A-Za-z0-9_.-]{1,60}=[^\s;\"'\\]{1,2000}){0,50})"
        ),
        accepts=_is_cookie,
    ),
    *(
        Shape(
            "password of a program",
            hint,
            regex(rf"{hint}[^\n]{{0,60}}? {option}([^\s\"'\\;|&<>()]{{4,100}})"),
            accepts=is_chosen,
        )
        for hint, option in (
            *((program, "-p") for program in ("mysql", "mariadb")),
            ("sshpass", "-p ?[\"']?"),
            ("redis-cli", "-a ?[\"']?"),
        )
    ),
    Shape(
        "password in .pgpass",
        ":",
        regex(
            r"^[^\s:/]{1,100}:(?:[0-9]{2,5}|\*):[A-Za-z_*][^\s:]{0,60}:[A-Za-z_*][^\s:]{0,60}:"
            r"([^\s:]{4,100})$",
            re.MULTILINE,
        ),
        accepts=is_chosen,
        sign=regex(r":(?:[0-9]{2,5}|\*):[A-Za-z_*]"),
    ),
    Shape(
        "password hash",
        "$",
        regex(r"(\$(?:apr1|2[abxy]|1|5|6|y|7|argon2(?:id?|d)|scrypt)\$[A-Za-z0-9./$=,+]{20,200})"),
    ),
    Shape("password hash", "SHA}", regex(r"\{S?SHA\}([A-Za-z0-9+/]{20,60}={0,2})")),
    Shape(
        "JSON web key",
        '"kty',
        regex(r"\"(?:d|k|p|q|dp|dq|qi)\\?\"\s{0,3}:\s{0,3}\\?\"([A-Za-z0-9_-]{20,})"),
    ),
    _folded(
        "client key",
        "client-key-data",
        rf"client-key-data{_BEHIND}\\?[\"']?([a-z0-9+/]{{16,}}={{0,2}})",
    ),
    Shape(
        "encoded login",
        "",
        regex(
            rf"({_LETTER}(?<![A-Za-z0-9+/=_.-].{{4}}){_LETTER}"
            r"[A-Za-z0-9+/]{2,392}={0,2})(?![A-Za-z0-9+/=_-])"
        ),
        accepts=is_login,
    ),
    *(
        Shape(
            "assigned password",
            hint,
            regex(rf"{hint}{_TOLD}([!-&(-9;-~:]{{6,100}})(?=[\s\"'”’」`，。；]|$)"),
            accepts=is_chosen,
        )
        for hint in ("密码", "口令")
    ),
    *(
        Shape(
            "assigned secret",
            hint,
            regex(rf"{hint}{_TOLD}([A-Za-z0-9+/_.~-]{{16,}}={{0,2}})"),
            accepts=is_random,
        )
        for hint in ("密钥", "秘钥", "令牌")
    ),
    _folded(
        "bearer token",
        "bearer",
        rf"bearer\s{{1,3}}({_VALUE}{{15,}}[a-z0-9_~+/-]={{0,2}})",
        is_random,
    ),
    *(
        _folded(
            "assigned secret",
            hint,
            rf"{hint}{condition}{_BEHIND}(?:\\?[\"'`])?({_VALUE}{{16,}}={{0,2}})",
            is_random,
        )
        for hint, condition in (
            ("token", _NOT_A_PLACE),
            # The name of an AWS secret is not secret: arn:aws:secretsmanager:…:secret:name
            ("secret", "(?<!:secret)"),
            ("key", f"(?:{_KEYS})"),
        )
    ),
    *(
        _folded(
            "assigned password",
            hint,
            rf"{hint}{_BEHIND}\\?[\"'`]([^{_SPACE}\"'`\\<>]{{8,100}})\\?[\"'`]",
            is_password,
        )
        for hint in ("password", "passwd", "passphrase", "pwd")
    ),
    *(
        _folded(
            "assigned password",
            hint,
            rf"{hint}{_BEHIND}{_assigned(_WORD, _BEHIND_WORD)}",
            _has_symbol,
        )
        for hint in ("password", "passwd", "passphrase", "pwd")
    ),
    *(
        Shape(
            "assigned password",
            hint,
            regex(rf"{re.escape(hint)}={_assigned(_UNQUOTED, _BEHIND_UNQUOTED)}"),
            accepts=is_password,
        )
        for hint in ("PASSWORD", "PASS", "Password", "Pwd", "&password", "?password")
    ),
)

SHAPES: Final = (*KNOWN, *_IN_CONTEXT)
"""All shapes, more specific ones first."""
