"""What a message says, per msgtype, as Markdown with its attachments (protocol section 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct, structs

from dingbridge.core.attachments import words
from dingbridge.core.fences import backticks
from dingbridge.core.fields import duration_of, first, list_of, number_of, object_of
from dingbridge.core.messages import Attachment
from dingbridge.core.text import clean, clean_name, tame, whole_character

INBOUND_CHARACTERS: Final = 2_000_000
"""Longest text of one message, in code points: a megabyte of anything fits. The rest is cut off,
and a line says so; nobody types that much, and DingTalk itself allows far less."""

ATTACHMENTS: Final = 20
"""Most attachments that one message may bring; further ones are named but not fetched."""

RECORDS: Final = 200
"""Most entries of a forwarded chat record that are shown."""

_LINK_CHARACTERS: Final = 2000
_MOST_BYTES: Final = 1 << 50
_FILE_NAME_CHARACTERS: Final = 255

_PLACE: Final = "\ufffc"
"""Holds the place of a part while the text around it is cleaned; foreign text never has one."""

# The client ends a mention it completed with U+2005, and then the name may contain spaces.
_MENTION: Final = re.compile("@(?:[^@\u2005\r\n]{1,64}\u2005|[^@\\s]+(?=\\s|$))")

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

_SURROUNDED: Final = {"bold": "**", "italic": "*", "strikethrough": "~~"}


class Words(Struct, frozen=True):
    """Words of ours in a message's text, such as `[card]`; what people wrote is kept apart."""

    text: str


Part = str | Words | Attachment
"""A piece of a message: what somebody wrote, words of ours, or an attachment."""


class Content(Struct, frozen=True):
    """A message's text as Markdown, and the attachments that have their places in it."""

    text: str
    attachments: tuple[Attachment, ...] = ()


def parts_of(msgtype: str, text: object, content: object) -> Iterator[Part]:
    """The pieces of a message: `text` and `content` are its two payload fields, of any type."""
    body = object_of(content)
    if msgtype == "text":
        yield first(text, "content") or first(body, "content", "text")
    elif msgtype == "markdown":
        yield first(body, "text", "content") or first(text, "content")
    elif msgtype == "richText":
        yield from _rich_text(body)
    elif msgtype == "audio":
        yield from _spoken(body)
    elif msgtype in _KINDS:
        yield _attachment(_KINDS[msgtype], body)
    elif msgtype == "chatRecord":
        yield from _chat_record(body)
    elif msgtype == "interactiveCard":
        yield from _card(body, text)
    else:
        yield from _unknown(msgtype, body, text)


def put_together(
    parts: Iterable[Part], *, addressed: bool = False, most: int = INBOUND_CHARACTERS
) -> Content:
    """The pieces as one harmless text, with a place for each attachment; nothing is at its ends.

    `addressed` takes away the mention that the text may start with. What is longer than `most` code
    points is cut there, with a line that says so. Attachments after the first `ATTACHMENTS`, and
    those without a download code, are words only.
    """
    placed: list[Words | Attachment] = []
    pieces: list[str] = []
    room = ATTACHMENTS
    for part in parts:
        if isinstance(part, str):
            pieces.append(part.replace(_PLACE, "\ufffd"))
            continue
        pieces.append(_PLACE)
        if isinstance(part, Attachment) and (room <= 0 or not part.download_code):
            part = _only_named(part)
        room -= isinstance(part, Attachment)
        placed.append(part)
    # What is taken out must not bring a place and its neighbour together: first clean, then part.
    text = _apart(tame("".join(pieces)))
    text = without_mention(text) if addressed else text.strip()
    end = whole_character(text, 0, most) if len(text) > most else len(text)
    return _with_places(text[:end], placed, len(text) - end)


def without_mention(text: str) -> str:
    """`text` without the one mention it may start with, and without white space around it.

    A text that starts with a space had its mention removed by the platform already (section 5.1).
    """
    found = _MENTION.match(text)
    return text[found.end() :].strip() if found else text.strip()


def _with_places(text: str, placed: list[Words | Attachment], cut: int) -> Content:
    pieces: list[str] = []
    attachments: list[Attachment] = []
    length = 0
    between = text.split(_PLACE)
    for number, piece in enumerate(between):
        pieces.append(piece)
        length += len(piece)
        if number == len(between) - 1:
            break
        part = placed[number]
        shown = part.text if isinstance(part, Words) else words(part)
        if isinstance(part, Attachment):
            end = length + len(shown)
            attachments.append(structs.replace(part, start=length, end=end))
        pieces.append(shown)
        length += len(shown)
    # What was cut off with its place is not fetched: nothing says who would want it.
    if cut > 0:
        pieces.append(f"\n\n[… {cut:,} more characters were cut off]")
    return Content("".join(pieces), tuple(attachments))


def _apart(text: str) -> str:
    """Sets what stands for a part apart from words beside it, which could make it a link."""
    text = re.sub(rf"(?<=[^\s{_PLACE}]){_PLACE}|(?<={_PLACE}){_PLACE}", f" {_PLACE}", text)
    return re.sub(rf"{_PLACE}(?=[^\s{_PLACE}])", f"{_PLACE} ", text)


def _only_named(attachment: Attachment) -> Words:
    shown = words(attachment)
    if attachment.download_code:
        shown += f" (not fetched: a message may bring {ATTACHMENTS} attachments)"
    return Words(shown)


# --- kinds of message ---------------------------------------------------------------------------


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


def _spoken(body: dict[str, Any]) -> Iterator[Part]:
    """What DingTalk understood of a voice message, and the voice itself."""
    recognised = first(body, "recognition").strip()
    if recognised:
        yield f"{recognised}\n\n"
    yield _attachment("audio", body)


def _card(body: dict[str, Any], text: object) -> Iterator[Part]:
    title = first(body, "title", "summary") or first(text, "title")
    yield Words(_labelled("card", title))
    said = first(body, "text", "content") or first(text, "content")
    if said:
        yield f"\n\n{said}"
    link = _link(first(body, "biz_custom_action_url", "url"))
    if link:
        yield f"\n\n<{link}>"


def _unknown(msgtype: str, body: dict[str, Any], text: object) -> Iterator[Part]:
    name = first(body, "unknownMsgType") if msgtype == "unknownMsgType" else msgtype
    yield Words(f"[message of type {clean_name(name or msgtype)}, not supported yet]")
    said = first(text, "content") or first(body, "text", "content", "title")
    if said:
        yield f"\n\n{said}"
    if _code(body):
        yield "\n\n"
        yield _attachment("file", body)


def _labelled(what: str, detail: str) -> str:
    return f"[{what}: {clean_name(detail)}]" if detail.strip() else f"[{what}]"


# --- rich text ----------------------------------------------------------------------------------


def _rich_text(body: dict[str, Any]) -> Iterator[Part]:
    items = body.get("richText", body.get("rich_text"))
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            yield from _rich_item(item)
        elif isinstance(item, str):
            yield item


def _rich_item(item: dict[str, Any]) -> Iterator[Part]:
    kind = first(item, "type", "msgType")
    said = clean(first(item, "text", "content"))
    if kind in _KINDS:
        yield _attachment(_KINDS[kind], item)
    elif kind == "at":
        name = first(item, "atName").strip()
        yield f"@{clean_name(name)}\u2005" if name else said
    elif kind in _SURROUNDED:
        yield _surrounded(said, _SURROUNDED[kind])
    elif kind == "inlineCode":
        yield _inline_code(said)
    elif kind == "pre":
        yield _code_block(said)
    elif said:
        yield said
    elif kind == "emoji":
        yield first(item, "emoji", "name") or Words("[emoji]")
    elif kind and kind != "text":
        yield Words(f"[{clean_name(kind)}]")


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


def _chat_record(body: dict[str, Any]) -> Iterator[Part]:
    """A forwarded chat: its title, then who said what, each as a quote."""
    yield Words(_labelled("chat record", first(body, "title")))
    entries = [entry for entry in list_of(body.get("chatRecord")) if isinstance(entry, dict)]
    if not entries:
        summary = [line for line in list_of(body.get("summary")) if isinstance(line, str)]
        said = "\n".join(summary) or first(body, "summary")
        if said.strip() not in ("", "[]"):
            yield from _as_quote([said])
    for entry in entries[:RECORDS]:
        yield from _entry(entry)
    if len(entries) > RECORDS:
        yield "\n\n"
        yield Words(f"[… {len(entries) - RECORDS:,} more messages are not shown]")


def _entry(entry: dict[str, Any]) -> Iterator[Part]:
    author = first(entry, "senderNick", "senderName")
    said: list[Part] = [f"**{clean_name(author)}**\n"] if author.strip() else []
    kind = first(entry, "msgType", "msgtype") or "text"
    content = entry.get("content")
    if kind == "chatRecord":
        said.append(Words("[chat record]"))
    elif kind in ("text", "markdown") and isinstance(content, str):
        said.append(content)
    else:
        said.extend(parts_of(kind, entry.get("text"), entry | object_of(content)))
    yield from _as_quote(said)


def _as_quote(parts: list[Part]) -> Iterator[Part]:
    yield "\n\n> "
    for part in parts:
        yield clean(part).replace("\n", "\n> ") if isinstance(part, str) else part


def _link(url: str) -> str:
    """A link that may be shown in angle brackets: http, https or DingTalk's own, else nothing."""
    if len(url) > _LINK_CHARACTERS or not re.fullmatch(r"[!-;=?-~]+", url):
        return ""
    return url if re.match(r"(?:https?|dingtalk)://", url) else ""
