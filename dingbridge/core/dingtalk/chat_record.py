"""The authors in a forwarded chat, from its entries or its summary."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dingbridge.core.dingtalk.json_fields import first, list_of, object_of, said_in

_CUT = ("…", "...")
_PARTED = re.compile(r"\s*[:：]\s*")


def summary_lines(summary: object) -> list[str]:
    """The lines of a summary, which is a list or JSON of one: `甲: see you`."""
    return [line for line in list_of(summary) if isinstance(line, str)]


def authors(entries: Sequence[object], summary: object) -> list[str]:
    """The author's name of each entry, empty where unknown.

    An entry's own name takes precedence; the summary is used if it has a line for each entry, and
    each text matches its line.
    """
    named = [first(entry, "senderNick", "senderName") for entry in entries]
    lines = list_of(summary)
    if all(named) or len(lines) != len(entries):
        return named
    found = [_author(entry, line) for entry, line in zip(entries, lines, strict=True)]
    texts = [name for name, entry in zip(found, entries, strict=True) if _text(entry)]
    if not any(texts) or None in found:
        return named
    return [name or other or "" for name, other in zip(named, found, strict=True)]


def _author(entry: object, line: object) -> str | None:
    """The name before the text of the entry; None if the line is about something else."""
    if not isinstance(line, str):
        return None
    line, said = " ".join(line.split()), " ".join(_text(entry).split())
    if said and line.endswith(said):
        name = _PARTED.sub("", line[: -len(said)][::-1], count=1)[::-1]
        return name if name != line[: -len(said)] else None
    name, *rest = _PARTED.split(line, maxsplit=1)
    if not rest:
        return None
    if not said:
        return name  # a picture, for example: the summary describes it in its own words
    end = next((mark for mark in _CUT if rest[0].endswith(mark)), "")
    shown = rest[0].removesuffix(end)
    return name if end and shown and said.startswith(shown) else None


def _text(entry: object) -> str:
    if not isinstance(entry, dict) or first(entry, "msgType", "msgtype") not in ("", "text"):
        return ""
    content = entry.get("content")
    return said_in(content, "text", "content") or first(object_of(entry.get("text")), "content")
