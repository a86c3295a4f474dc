"""What a message says, whichever way it came."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Content(Struct, frozen=True):
    """What a message says. `media_id` is the upload it shows; `text` of a file is its name."""

    msgtype: str
    title: str
    text: str
    at: dict[str, Any] = {}
    media_id: str = ""
