"""Quotes: the message that a message answers, read from its payload and shown above the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dingbridge.core import json_wire
from dingbridge.core.catalogue import received as say
from dingbridge.core.dingtalk.json_fields import first, object_of, said_in, said_true, seconds_of
from dingbridge.core.dingtalk.media_parts import attachment_in, kind_in
from dingbridge.core.dingtalk.message_content import put_together
from dingbridge.core.dingtalk.message_parts import KINDS, card_words, parts_of
from dingbridge.core.dingtalk.part_kinds import MessagePart
from dingbridge.core.messages import Quoted
from dingbridge.core.text import clean_name, visible

QUOTE_CHARACTERS: Final = 2_000
"""Longest text of a quoted message that is stored, in code points."""

QUOTE_LINES: Final = 30
"""Most lines of a quoted message that are shown."""

# The platform's text instead of a card's content, which it does not send.
_NO_CONTENT: Final = ("[interactive card message]", "[interactivecard]", "[卡片消息]")

_OFTEN_WITHOUT_CONTENT: Final = ("interactiveCard", "unknownMsgType")


def read(
    payloads: tuple[object, ...],
    *,
    older: object = None,
    message_id: str = "",
    key: str = "",
    robot: str = "",
    person: tuple[str, str] = ("", ""),
) -> Quoted | None:
    """The quoted message, or None when the message answers none (doc/dingtalk.md §5.3).

    `payloads` are the message's `text` and `content`, `older` its `quoteMessage`, of any type;
    `message_id` and `key` its `originalMsgId` and `originalProcessQueryKey`. `robot` is the robot's
    own `senderId`, and `person` that of the sender with the sender's name.
    """
    if older is None and not message_id and not key and not any(map(_may_answer, payloads)):
        return None  # as most do
    said = _quoted(payloads, older)
    if not said and not message_id and not key and not any(map(_answers, payloads)):
        return None
    author = json_wire.id_of(said.get("senderId"))
    nick = first(said, "senderNick", "senderName").strip()
    if not nick and author and author == person[0]:
        nick = person[1]
    content = put_together(_parts(said), most=QUOTE_CHARACTERS)
    known = visible(content.text) and content.text.lower() not in _NO_CONTENT
    return Quoted(
        text=content.text if known else "",
        author=clean_name(nick) if nick else "",
        ours=bool(key) or (bool(author) and author == robot),
        message_id=json_wire.id_of(said.get("msgId")) or message_id,
        key=key,
        created=seconds_of(said.get("createdAt")),
        attachments=content.attachments if known else (),
    )


def above(quote: Quoted, text: str, words: str = "") -> str:
    """`text` below the quote that it answers, which is shortened to `QUOTE_LINES` lines.

    `words` replace the quote's own text: the stored text of a message of ours, or the text with the
    paths of its attachments.
    """
    shown = words.strip() or quote.text
    if quote.ours:
        answers, unseen = say.ANSWERS_OURS, say.ANSWERS_OURS_UNSEEN
    elif quote.author:
        answers, unseen = say.ANSWERS, say.ANSWERS_UNSEEN
    else:
        answers, unseen = say.ANSWERS_SOMEBODY, say.ANSWERS_SOMEBODY_UNSEEN
    head = (answers if shown else unseen)(author=quote.author)
    lines = [head, "", *_clipped(shown)] if shown else [head]
    block = "\n".join(f"> {line}".rstrip() for line in lines)
    return f"{block}\n\n{text}" if text else block


def _clipped(text: str) -> list[str]:
    lines = text[: 2 * QUOTE_CHARACTERS].split("\n")
    if len(lines) <= QUOTE_LINES and len(text) <= 2 * QUOTE_CHARACTERS:
        return lines
    return [*lines[:QUOTE_LINES], "…"]


def _quoted(payloads: tuple[object, ...], older: object) -> dict[str, Any]:
    for payload in payloads:
        said = object_of(object_of(payload).get("repliedMsg"))
        if said:
            return said
    return object_of(older)


def _may_answer(payload: object) -> bool:
    if isinstance(payload, dict):
        return "repliedMsg" in payload or "isReplyMsg" in payload
    return payload is not None


def _answers(payload: object) -> bool:
    return said_true(object_of(payload).get("isReplyMsg"))


def _parts(said: dict[str, Any]) -> Iterable[MessagePart]:
    """The parts of the quoted message; none when the platform sent only its type."""
    content = said.get("content")
    body = object_of(content)
    if isinstance(content, str) and not body:
        return [content]
    kind = first(said, "msgType", "msgtype") or kind_in(body)
    text = said.get("text")
    if kind in ("unknownMsgType", "interactiveCard") and first(body, "fileName"):
        kind = "file"
    if kind in _OFTEN_WITHOUT_CONTENT or kind not in KINDS:
        words = card_words(body) or first(body, "title", "summary") or said_in(text, "content")
        found = attachment_in(body)
        return [words, "\n\n", found] if found else [words]
    return parts_of(kind, text, body)
