"""The pieces of a message, read per msgtype (protocol section 5.2). None is dropped silently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.catalogue import received as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.dingtalk import chat_record
from dingbridge.core.dingtalk.json_fields import (
    duration_of,
    first,
    list_of,
    number_of,
    object_of,
    said_in,
)
from dingbridge.core.markdown.fences import backticks
from dingbridge.core.messages import Attachment
from dingbridge.core.text import clean, clean_name

RECORDS: Final = 200
"""Most entries of a forwarded chat record that are shown."""

_LINK_CHARACTERS: Final = 2000
_MOST_BYTES: Final = 1 << 50
_FILE_NAME_CHARACTERS: Final = 255

_KINDS: Final = {
    "picture": "picture",
    "image": "picture",
    "audio": "audio",
    "voice": "audio",
    "video": "video",
    "file": "file",
}
KINDS: Final = ("text", "markdown", "richText", "chatRecord", "interactiveCard", *_KINDS)
"""The msgtypes that can be read."""

_TELLING: Final = (
    ("richText", "richText"),
    ("recognition", "audio"),
    ("videoType", "video"),
    ("fileName", "file"),
    ("downloadCode", "picture"),
    ("pictureDownloadCode", "picture"),
    ("chatRecord", "chatRecord"),
    ("summary", "chatRecord"),
)
_SURROUNDED: Final = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_CARD_WORDS: Final = ("content", "markdown", "msgContent", "staticMsgContent", "text", "title")


class OwnWords(Struct, frozen=True):
    """Words of ours in a message's text, such as `[card]`; what people wrote is kept apart."""

    text: str


class Mention(Struct, frozen=True):
    """Somebody who is mentioned by an item of its own; each of both may be empty."""

    name: str
    id: str


MessagePart = str | OwnWords | Attachment | Mention
"""A piece of a message: what somebody wrote, words of ours, an attachment or a mention."""


def parts_of(msgtype: str, text: object, content: object) -> Iterator[MessagePart]:
    """The pieces of a message: `text` and `content` are its two payload fields, of any type."""
    body = object_of(content)
    if msgtype in ("text", "markdown"):
        yield from _plain(text, content, body)
    elif msgtype == "richText":
        yield from _rich_text(text, body)
    elif msgtype in _KINDS:
        yield from _media(msgtype, text, body)
    elif msgtype == "chatRecord":
        yield from _chat_record(body)
    elif msgtype == "interactiveCard":
        yield from _card(text, body)
    else:
        yield from _unknown(msgtype, text, body)


def kind_in(body: dict[str, Any]) -> str:
    """The msgtype that a payload shows when none, or a wrong one, is named with it."""
    return next((kind for field, kind in _TELLING if field in body), "text")


def attachment_in(body: dict[str, Any], otherwise: str = "picture") -> Attachment | None:
    """What can be fetched by a payload or an item, whatever its type says; None without a code.
    `otherwise` is its kind when nothing tells one."""
    told = (
        kind for field, kind in _TELLING if field in body and kind in ("audio", "video", "file")
    )
    return _attachment(next(told, otherwise), body) if _code(body) else None


def card_words(body: dict[str, Any]) -> str:
    """What a card says, as far as the platform sent it along."""
    card = object_of(body.get("cardData"))
    variables = object_of(card.get("cardParamMap")) or object_of(body.get("cardParamMap"))
    return first(body, "text", "content") or first(variables, *_CARD_WORDS)


# --- kinds of message ---------------------------------------------------------------------------


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


def _attachment(kind: Any, body: dict[str, Any]) -> Attachment:
    name = " ".join(clean(first(body, "fileName", "name")).split())
    return Attachment(
        kind=kind,
        download_code=_code(body),
        file_name=name[-_FILE_NAME_CHARACTERS:] if kind == "file" else "",
        size=int(number_of(body, _MOST_BYTES, "fileSize", "size")),
        duration=duration_of(body) if kind in ("audio", "video") else 0.0,
    )


def _code(body: dict[str, Any]) -> str:
    code = first(body, "downloadCode", "pictureDownloadCode").strip()
    return code if code.isprintable() else ""


def _media(msgtype: str, text: object, body: dict[str, Any]) -> Iterator[MessagePart]:
    """A picture, file, voice message or video, and what is said with it: first what DingTalk
    understood of a voice."""
    kind = _KINDS[msgtype]
    recognised = first(body, "recognition").strip() if kind == "audio" else ""
    if recognised:
        yield f"{recognised}\n\n"
    yield _attachment(kind, body)
    said = first(body, "text", "content", "caption") or said_in(text, "content")
    if said:
        yield f"\n\n{said}"


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
    """A link that may be shown in angle brackets: http, https or DingTalk's own, else nothing."""
    if len(url) > _LINK_CHARACTERS or not re.fullmatch(r"[!-;=?-~]+", url):
        return ""
    return url if re.match(r"(?:https?|dingtalk)://", url) else ""


# --- rich text ----------------------------------------------------------------------------------


def _rich_text(text: object, body: dict[str, Any]) -> Iterator[MessagePart]:
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
    if kind in _KINDS:
        yield from _media(kind, None, item)
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
    """Each line between signs, without the white space at its ends, where they would be no sign."""

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


# --- forwarded chats ----------------------------------------------------------------------------


def _chat_record(body: dict[str, Any]) -> Iterator[MessagePart]:
    """A forwarded chat: its title, then who said what, each as a quote."""
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
