"""What is new in a sandbox, as server-sent events: each entry once, from its logs.

The id of an event says how far into each log it goes. A browser sends it when it connects again,
and gets what came since.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from dingbridge.sandbox.masking import without_secrets
from dingbridge.sandbox.page import from_cards, from_people, from_robots
from dingbridge.sandbox.page.status import status
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import Ack
from dingbridge.sandbox.state import World

SILENCE: Final = 15.0
"""Seconds after which a comment shows that the connection is alive."""
WIRE_SHOWN: Final = 300
"""Entries of the wire that a page gets at its beginning."""
LOGS: Final = (
    *("said", "arrived", "reacted", "recalled", "cards", "pressed"),
    *("calls", "frames", "acks"),
)
WIRE: Final = ("calls", "frames", "acks")

Positions = tuple[int, ...]


class Feed:
    """Tells pages what happens."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    async def follow(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        """Sends events until the page or the sandbox goes away: the status, then the news, of which
        the first may be empty."""
        response = web.StreamResponse(
            headers={**headers, hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8"}
        )
        await response.prepare(request)
        before = begin(self._world, request.headers.get("Last-Event-ID", ""))
        shown, first = b"", True
        try:
            while not self._platform.stopping:
                now = msgspec.json.encode(status(self._platform))
                after = positions(self._world)
                if now != shown:
                    await response.write(b"event: status\ndata: " + now + b"\n\n")
                    shown = now
                if after != before or first:
                    await response.write(event(self._world, before, after))
                    before, first = after, False
                if not await self._news(before, shown):
                    await response.write(b": still here\n\n")
        except ConnectionError:
            # The page is gone, as pages go.
            return response
        except asyncio.CancelledError:
            if not self._platform.stopping:
                raise
        return response

    async def _news(self, seen: Positions, shown: bytes) -> bool:
        """Waits until there is something that was not sent yet; False when all stays quiet."""
        platform = self._platform

        def holds() -> bool:
            changed = positions(self._world) != seen
            return changed or platform.stopping or msgspec.json.encode(status(platform)) != shown

        return await platform.changes.until(holds, SILENCE)


def logs(world: World) -> tuple[Sequence[Any], ...]:
    """All logs, in the order of `LOGS`."""
    return (
        *(world.said, world.arrived, world.reacted, world.recalled),
        *(world.card_versions, world.pressed, world.calls, world.frames, world.acks),
    )


def positions(world: World) -> Positions:
    """How long each log is."""
    return tuple(map(len, logs(world)))


def begin(world: World, last_event: str) -> Positions:
    """Where a page goes on; a new one gets the last entries of the wire only."""
    given = last_event.split("-")
    lengths = positions(world)
    if len(given) == len(LOGS) and all(each.isdecimal() for each in given):
        return tuple(min(int(each), most) for each, most in zip(given, lengths, strict=True))
    return tuple(
        max(0, length - WIRE_SHOWN) if name in WIRE else 0
        for name, length in zip(LOGS, lengths, strict=True)
    )


def event(world: World, before: Positions, after: Positions) -> bytes:
    """The event that holds what came between two positions."""
    between = zip(LOGS, logs(world), before, after, strict=True)
    new = {name: log[start:end] for name, log, start, end in between if end > start}
    shown: dict[str, Any] = {
        **new,
        "said": [one for each in new.get("said", ()) if (one := from_people.message(world, each))],
        "arrived": [from_robots.message(world, each) for each in new.get("arrived", ())],
        "cards": from_cards.cards(world, new.get("cards", ())),
        "acks": [acknowledgement(world, each) for each in new.get("acks", ())],
    }
    name = "-".join(map(str, after)).encode()
    return b"id: " + name + b"\nevent: news\ndata: " + encoded(shown) + b"\n\n"


def encoded(value: Any) -> bytes:
    """A value as JSON on one line; half a character, which a bridge may have sent, is escaped."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode()


def acknowledgement(world: World, ack: Ack) -> dict[str, Any]:
    """A frame of a client, with its secrets masked."""
    data = msgspec.json.encode(ack.data).decode() if ack.data is not None else ""
    return {
        "number": ack.number,
        "time": ack.time,
        "connection_id": ack.connection_id,
        "message_id": ack.message_id,
        "code": ack.code,
        "text": without_secrets(ack.raw or data, world.settings.body_characters),
    }
