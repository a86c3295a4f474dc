"""The steps of a delivery plan: what the sender does next."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.delivery.routing import Route
from dingbridge.core.errors import (
    DeliveryError,
)


class Chunk(Struct, frozen=True):
    """The piece of the message from `start` to `end`.

    `text` is what is sent for it: the piece, and what the cut made necessary (`Cutter.sent`). `key`
    is the same each time the piece is sent.
    """

    start: int
    end: int
    key: str
    text: str


class PostChunk(Struct, frozen=True):
    """Step: send this chunk by this route."""

    route: Route
    chunk: Chunk


class Wait(Struct, frozen=True):
    """Step: wait for `seconds`, then ask again. `reason` is shown to the person waiting."""

    seconds: float
    reason: str


class Finished(Struct, frozen=True):
    """Step: nothing more to do. `error` is None if every chunk was accepted.

    `uncertain`: a failed message may have arrived all the same, an accepted one may be there twice.
    """

    error: DeliveryError | None = None
    uncertain: bool = False
