"""The spool file: what an editor saves on exit, because nobody confirmed it to be durable."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from dingbridge.core.timeouts import DONE_REMEMBERED

OF_MESSAGES = ("send", "notify", "command")
"""Names of requests that create messages."""


class SpoolRow(Struct, frozen=True):
    """One request of the editor, and the ids of the messages that it creates."""

    name: str
    payload: dict[str, Any]
    ids: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its name for the user."""
        found = (self.payload.get(key) for key in ("text", "file", "line"))
        return next((text for text in found if isinstance(text, str) and text), "")


class SpoolFile(Struct, frozen=True):
    """An editor's spool file.

    It holds its path, the editor's folder, a digest of its settings (`settings`), the time (Unix
    seconds) and the rows. `count` includes rows that cannot be read.
    """

    path: str
    cwd: str
    settings: str
    time: float
    count: int
    rows: tuple[SpoolRow, ...]

    def is_late(self, now: float) -> bool:
        """Whether it is too old to be sent: the record that it was sent may be gone."""
        return self.time < now - DONE_REMEMBERED


class _File(Struct, frozen=True):
    asked: list[Any]
    cwd: str = ""
    settings: str = ""
    time: float = 0.0


def decode(path: str, data: bytes) -> SpoolFile | None:
    """The content of a spool file; None if a crash truncated it."""
    try:
        # The editor writes bytes that are not UTF-8 unchanged.
        found = msgspec.convert(json.loads(data.decode("utf-8", "surrogateescape")), _File)
    except (ValueError, RecursionError):
        return None
    rows = tuple(row for row in map(_row, found.asked) if row is not None)
    return SpoolFile(path, found.cwd, found.settings, found.time, len(found.asked), rows)


def _row(found: Any) -> SpoolRow | None:
    if not isinstance(found, dict) or found.get("name") not in OF_MESSAGES:
        return None
    payload = found.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("id"), str):
        return None
    ids = tuple(one for one in (payload["id"], payload.get("file_id")) if isinstance(one, str))
    return SpoolRow(found["name"], payload, ids)
