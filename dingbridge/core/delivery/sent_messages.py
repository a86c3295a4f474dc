"""Sent chunks by key, so that quotes of them can be shown (doc/dingtalk.md §5.3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec import Struct, structs

from dingbridge.core.messages import ConversationKind, Inbound, Quoted
from dingbridge.core.text import shorten

KEPT: Final = 300
"""Chunks (a count) that are remembered for each robot; the oldest are removed."""

TEXT_CHARACTERS: Final = 300
"""Code points of a chunk's text that are kept, on one line."""

NEAR: Final = 5.0
"""Seconds by which our clock and the platform's may differ, to find a chunk without a key."""


class SentChunk(Struct, frozen=True):
    """One chunk that was sent.

    - `message`, `session`: the id of its message, and the session with it
    - `key`: the `processQueryKey` of the OpenAPI answer; empty after a session webhook, which gives
      none
    - `place`: the conversation's id, in a 1:1 chat the person's
    - `time`: Unix seconds
    - `is_group`: it went to a group by OpenAPI, whose robot was `robot_code`; both tell how to
      recall it
    - `name`: the conversation in words
    - `recalled`: it was removed from DingTalk
    """

    message: str
    session: str
    text: str
    time: float
    key: str = ""
    place: str = ""
    is_group: bool = False
    robot_code: str = ""
    name: str = ""
    recalled: bool = False


SentKeys = dict[str, tuple[SentChunk, ...]]
"""Sent chunks by robot, the oldest first."""


def remember(book: SentKeys, robot: str, sent: SentChunk) -> SentKeys:
    """`book` with one more chunk; its text is shortened, and the robot's oldest are removed."""
    short = structs.replace(sent, text=shorten(sent.text, TEXT_CHARACTERS))
    return {**book, robot: (*book.get(robot, ()), short)[-KEPT:]}


def recalled(book: SentKeys, robot: str, message: str) -> SentKeys:
    """`book` after a message was removed from DingTalk."""
    chunks = book.get(robot, ())
    return {
        **book,
        robot: tuple(
            structs.replace(one, recalled=True) if one.message == message else one for one in chunks
        ),
    }


def find(book: SentKeys, robot: str, quote: Quoted, places: Collection[str]) -> SentChunk | None:
    """The chunk that a quote is of, or None. `places` are the possible ids of the conversation.

    By its key; a chunk without one by its time in this conversation, if the quote is marked as ours
    and no other message of ours is as near.
    """
    entries = book.get(robot, ())
    if quote.key:
        for sent in reversed(entries):
            if sent.key == quote.key:
                return sent
    if not quote.ours or not quote.created:
        return None
    near = [
        sent
        for sent in entries
        if not sent.key and sent.place in places and abs(sent.time - quote.created) <= NEAR
    ]
    if len({sent.message for sent in near}) != 1:
        return None
    return min(near, key=lambda sent: abs(sent.time - quote.created))


def with_quote(book: SentKeys, robot: str, inbound: Inbound) -> Inbound:
    """`inbound` with the stored text, if it quotes a message of ours without its content."""
    quote = inbound.quote
    if quote is None or quote.text:
        return inbound
    places = {inbound.conversation.id}
    if inbound.conversation.kind is ConversationKind.SINGLE:
        places |= {inbound.sender.staff_id} - {""}
    found = find(book, robot, quote, places)
    if found is None:
        return inbound
    filled = structs.replace(quote, text=found.text, ours=True)
    return structs.replace(inbound, quote=filled)
