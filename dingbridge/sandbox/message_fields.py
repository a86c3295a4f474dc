"""The fields of a robot's message that are no text: buttons, entries, pictures (doc/dingtalk.md §1
and §3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from dingbridge.sandbox.links import TappableLink, links, read_address
from dingbridge.sandbox.records import ArrivedMessage

_SIX: Final = (("buttonTitle1", "buttonUrl1"), ("buttonTitle2", "buttonUrl2"))
_LISTED: Final = tuple((f"actionTitle{n}", f"actionURL{n}") for n in range(1, 6))
_BUTTONS: Final = (("singleTitle", "singleURL"), *_LISTED, *_SIX)
"""The names of a button's title and address in an action card."""


class FeedEntry(Struct, frozen=True):
    """An entry of a feed card, or a link message as a whole. `picture` is an address or a media id,
    `text` what a link message says besides."""

    title: str
    address: str
    picture: str = ""
    text: str = ""


def fields_of(message: ArrivedMessage) -> dict[str, Any]:
    """The message's own part of the request's body: what is below its msgtype, or `msgParam`."""
    param = message.body.get("msgParam")
    if isinstance(param, str):
        decoded = json.loads(param)
        return decoded if isinstance(decoded, dict) else {}
    part = message.body.get(message.msgtype)
    return part if isinstance(part, dict) else {}


def buttons(message: ArrivedMessage) -> list[TappableLink]:
    """The buttons of an action card, in their order."""
    fields = fields_of(message)
    listed = [(fields.get(title), fields.get(address)) for title, address in _BUTTONS]
    several = fields.get("btns")
    if isinstance(several, list):
        listed += [(each.get("title"), each.get("actionURL")) for each in several]
    return [
        TappableLink(title, read_address(address))
        for title, address in listed
        if isinstance(title, str) and isinstance(address, str) and title and address
    ]


def entries(message: ArrivedMessage) -> list[FeedEntry]:
    """The entries of a feed card; of a link message the link itself."""
    fields = fields_of(message)
    if isinstance(fields.get("messageUrl"), str):
        return [
            FeedEntry(
                message.title,
                read_address(fields["messageUrl"]),
                str(fields.get("picUrl", "")),
                message.text,
            )
        ]
    listed = fields.get("links")
    return [
        FeedEntry(each["title"], read_address(each["messageURL"]), str(each.get("picURL", "")))
        for each in (listed if isinstance(listed, list) else [])
    ]


def tappable(message: ArrivedMessage) -> Iterator[TappableLink]:
    """Everything in a message that can be tapped."""
    yield from links(message.text)
    yield from links(message.title)
    yield from buttons(message)
    yield from (TappableLink(each.title, each.address) for each in entries(message))
