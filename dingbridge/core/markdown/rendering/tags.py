"""Neutralises HTML, so that no client renders or hides it."""

from __future__ import annotations

import re

from markdown_it.token import Token

from dingbridge.core.regex import replaced_in

_NAMES = (
    "a abbr article aside audio b base big blockquote body br button canvas center code col dd del "
    "details dialog div dl dt em embed fieldset figure font footer form frame frameset h1 h2 h3 h4 "
    "h5 h6 head header hr html i iframe img input ins kbd label legend li link main marquee meta "
    "nav noscript ol optgroup option p param picture pre q s samp script section select small "
    "source span strike strong style sub summary sup svg table tbody td template textarea tfoot th "
    "thead title tr tt u ul video"
)
_ELEMENTS = "|".join(_NAMES.split())
# No text needs as much as the longest, and `replaced_in` looks no further.
_AFTER_NAME = r"(?=\s{0,300}/?>|\s{1,300}[\w@:.-]{1,300}\s{0,300}(?:=|/?>))"
_DRAWN = re.compile(
    rf"<(?=/?(?:{_ELEMENTS}|{_ELEMENTS.upper()}){_AFTER_NAME}|!--|!doctype\s|!DOCTYPE\s)"
)
_ELEMENT = re.compile(rf"</?(?:{_ELEMENTS}){_AFTER_NAME}[^<>]*>|<!--.*?-->", re.I | re.DOTALL)
_MEANT = re.compile(r"[\\`*_\[\]~]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_ZERO_WIDTH_SPACE = "\u200b"


def harmless(code: str) -> str:
    """Return `code` with a zero-width space after each `<` that begins an HTML element.

    Some clients render elements even inside code, others show an empty message, and others show
    escapes literally (§9). Only real elements, comments and doctypes are changed: `Vec<u8>` and
    `#include <stdio.h>` stay as they are. Idempotent.
    """
    return replaced_in(_DRAWN, f"<{_ZERO_WIDTH_SPACE}", code)


def literal(text: str) -> str:
    """Markdown that shows `text` verbatim, without tags or marks."""
    text = _ENTITY.sub("&amp;", text)
    return _MEANT.sub(r"\\\g<0>", text).replace("<", "&lt;")


def without(text: str) -> str:
    """Raw HTML without elements and comments."""
    return _ELEMENT.sub("", text)


def is_element(token: Token) -> bool:
    """Whether a span is a start or end tag of HTML, or a comment."""
    return token.type == "html_inline" and _ELEMENT.fullmatch(token.content) is not None
