"""The parts of a received message, read by msgtype (doc/dingtalk.md §5.2).

No part is dropped silently: what cannot be shown is named in words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dingbridge.core import json_wire
from dingbridge.core.catalogue import received as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.dingtalk import chat_record
from dingbridge.core.dingtalk.json_fields import (
    first,
    list_of,
    object_of,
    said_in,
)
from dingbridge.core.dingtalk.media_parts import MEDIA_KINDS, attachment_in, kind_in, media
from dingbridge.core.dingtalk.part_kinds import MessagePart, OwnWords
from dingbridge.core.dingtalk.rich_text import rich_text
from dingbridge.core.text import clean, clean_name

RECORDS: Final = 200
"""Most entries of a forwarded chat that are shown."""

_LINK_CHARACTERS: Final = 2000
KINDS: Final = ("text", "markdown", "richText", "chatRecord", "interactiveCard", *MEDIA_KINDS)
"""The msgtypes that can be read."""
_CARD_WORDS: Final = ("content", "markdown", "msgContent", "staticMsgContent", "text", "title")


def parts_of(msgtype: str, text: object, content: object) -> Iterator[MessagePart]:
    """The parts of a message. `text` and `content` are its payload fields, of any type."""
    body = object_of(content)
    if msgtype in ("text", "markdown"):
        yield from _plain(text, content, body)
    elif msgtype == "richText":
        yield from rich_text(text, body)
    elif msgtype in MEDIA_KINDS:
        yield from media(msgtype, text, body)
    elif msgtype == "chatRecord":
        yield from _chat_record(body)
    elif msgtype == "interactiveCard":
        yield from _card(text, body)
    else:
        yield from _unknown(msgtype, text, body)


def card_words(body: dict[str, Any]) -> str:
    """The text of a card, as far as the platform sent it."""
    card = object_of(body.get("cardData"))
    variables = object_of(card.get("cardParamMap")) or object_of(body.get("cardParamMap"))
    return first(body, "text", "content") or first(variables, *_CARD_WORDS)


def _plain(text: object, content: object, body: dict[str, Any]) -> Iterator[MessagePart]:
    said = said_in(text, "content", "text") or said_in(content, "text", "content", "title")
    yield said
    if not body:
        return
    shown = kind_in(body)
    if not said and shown != "text":
        yield from parts_of(shown, None, body)
    elif found := attachment_in(body):
        yield "\n\n"
        yield found


def _card(text: object, body: dict[str, Any]) -> Iterator[MessagePart]:
    title = first(body, "title", "summary") or first(text, "title")
    yield OwnWords(_labelled(say.CARD, say.CARD_TITLED, title))
    said = card_words(body) or said_in(text, "content")
    if said:
        yield f"\n\n{said}"
    address = first(body, "biz_custom_action_url", "url")
    link = _link(address)
    if link:
        yield f"\n\n<{link}>"
    elif address:
        yield "\n\n"
        yield OwnWords(say.UNSHOWN_LINK())


def _unknown(msgtype: str, text: object, body: dict[str, Any]) -> Iterator[MessagePart]:
    name = first(body, "unknownMsgType") if msgtype == "unknownMsgType" else msgtype
    yield OwnWords(say.UNSUPPORTED(kind=clean_name(name or msgtype)))
    said = said_in(text, "content") or first(body, "text", "content", "title")
    if said:
        yield f"\n\n{said}"
    if found := attachment_in(body, "file"):
        yield "\n\n"
        yield found


def _labelled(bare: Sentence, titled: Sentence, title: str) -> str:
    return titled(title=clean_name(title)) if title.strip() else bare()


def _link(url: str) -> str:
    """The URL if it may be shown in angle brackets (http, https or dingtalk), else empty."""
    if len(url) > _LINK_CHARACTERS or not re.fullmatch(r"[!-;=?-~]+", url):
        return ""
    return url if re.match(r"(?:https?|dingtalk)://", url) else ""


# --- forwarded chats ----------------------------------------------------------------------------


def _chat_record(body: dict[str, Any]) -> Iterator[MessagePart]:
    """A forwarded chat: its title, then each entry as a quote with its author."""
    yield OwnWords(_labelled(say.RECORD, say.RECORD_TITLED, first(body, "title")))
    entries = list_of(body.get("chatRecord"))
    if not entries:
        lines = chat_record.summary_lines(body.get("summary"))
        said = "\n".join(lines) or first(body, "summary", "text", "content")
        if said.strip() not in ("", "[]"):
            yield from _as_quote([said])
        elif first(body, "chatRecord").strip() not in ("", "[]"):
            yield "\n\n"
            yield OwnWords(say.RECORD_UNREADABLE())
    authors = chat_record.authors(entries, body.get("summary"))
    for entry, author in list(zip(entries, authors, strict=True))[:RECORDS]:
        yield from _as_quote([*_entry(entry, author)])
    if len(entries) > RECORDS:
        yield "\n\n"
        yield OwnWords(say.RECORD_LONGER(count=len(entries) - RECORDS))


def _entry(entry: object, author: str) -> Iterator[MessagePart]:
    if not isinstance(entry, dict):
        yield json_wire.id_of(entry) or OwnWords(say.UNKNOWN_PART())
        return
    if author.strip():
        yield f"**{clean_name(author)}**\n"
    kind = first(entry, "msgType", "msgtype") or "text"
    content = entry.get("content")
    if kind == "chatRecord":
        yield OwnWords(_labelled(say.RECORD, say.RECORD_TITLED, first(object_of(content), "title")))
        return
    said = [*parts_of(kind, entry.get("text"), content)]
    if not any(said):
        said = [*parts_of(kind, None, entry)]
    yield from said if any(said) else [OwnWords(say.WITHOUT_TEXT())]


def _as_quote(parts: list[MessagePart]) -> Iterator[MessagePart]:
    yield "\n\n> "
    for part in parts:
        yield clean(part).replace("\n", "\n> ") if isinstance(part, str) else part
