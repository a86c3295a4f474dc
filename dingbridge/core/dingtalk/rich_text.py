"""The parts of a rich text message, with its styles as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dingbridge.core import json_wire
from dingbridge.core.catalogue import received as say
from dingbridge.core.dingtalk.json_fields import (
    first,
    list_of,
    said_in,
)
from dingbridge.core.dingtalk.media_parts import MEDIA_KINDS, attachment_in, media
from dingbridge.core.dingtalk.part_kinds import Mention, MessagePart, OwnWords
from dingbridge.core.markdown.fences import backticks
from dingbridge.core.text import clean, clean_name

_SURROUNDED: Final = {"bold": "**", "italic": "*", "strikethrough": "~~"}


def rich_text(text: object, body: dict[str, Any]) -> Iterator[MessagePart]:
    """The parts of a rich text; `body` is its `content` field, `text` its `text` field."""
    given = body.get("richText", body.get("rich_text"))
    items = list_of(given)
    if isinstance(given, str) and not items:
        yield given
    elif given and not items:
        yield OwnWords(say.UNKNOWN_PART())
    for item in items:
        if isinstance(item, dict):
            yield from _rich_item(item)
        else:
            yield (
                item
                if isinstance(item, str)
                else json_wire.id_of(item) or OwnWords(say.UNKNOWN_PART())
            )
    if not items:
        yield said_in(text, "content") or first(body, "text", "content", "title")
        if found := attachment_in(body):
            yield found


def _rich_item(item: dict[str, Any]) -> Iterator[MessagePart]:
    kind = first(item, "type", "msgType")
    said = clean(first(item, "text", "content") or said_in(item.get("text"), "content", "text"))
    if kind in MEDIA_KINDS:
        yield from media(kind, None, item)
    elif found := attachment_in(item):
        yield from filter(None, (said, found))
    elif kind == "at":
        yield Mention(first(item, "atName").strip() or said, json_wire.id_of(item.get("atUserId")))
    elif kind in _SURROUNDED:
        yield _surrounded(said, _SURROUNDED[kind])
    elif kind == "inlineCode":
        yield _inline_code(said)
    elif kind == "pre":
        yield _code_block(said)
    elif said:
        yield said
    elif kind == "emoji":
        yield first(item, "emoji", "name") or OwnWords(say.EMOJI())
    elif kind and kind != "text":
        yield OwnWords(f"[{clean_name(kind)}]")
    elif not isinstance(item.get("text", item.get("content")), str):
        yield OwnWords(say.UNKNOWN_PART())


def _surrounded(text: str, sign: str) -> str:
    """Put each line between marks, inside the white space at its ends.

    Next to white space the marks would not be Markdown.
    """

    def line(found: re.Match[str]) -> str:
        return f"{sign}{found[0]}{sign}"

    return re.sub(r"\S(?:[^\n]*\S)?", line, text)


def _inline_code(text: str) -> str:
    line = " ".join(text.split("\n"))
    if not line.strip():
        return line
    fence = backticks(line, 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _code_block(text: str) -> str:
    if not text.strip():
        return text
    fence = backticks(text, 3)
    return f"\n\n{fence}\n{text.strip(chr(10))}\n{fence}\n\n"
