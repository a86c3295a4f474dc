"""The outbox in words, for `:Chat outbox` and `dingbridge outbox`."""

from __future__ import annotations

from itertools import islice

from dingbridge.core import destinations, markdown
from dingbridge.core.outbox import Outbox, Waiting

SHOWN = 50
"""Messages that wait, and as many that failed, that are shown."""


def describe(outbox: Outbox, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """What waits and what failed, a line or two each with the id it is about.

    Of many the first ones are shown. `prefix` stands before every id. The first line sums up.
    """
    waiting, dead = outbox.waiting.values(), outbox.dead.values()
    if not waiting and not dead:
        return (("the outbox is empty", ""),)
    counts = f"waiting: {len(waiting)}, failed: {len(dead)}"
    lines = [(f"{counts}; :Chat retry [id] tries again, :Chat drop {{id}} gives up", "")]
    for one in islice(waiting, SHOWN):
        shown = f"{prefix}{one.id}"
        lines.append((f"waiting  {shown}  {_line(one)}", shown))
        if words := doubt(one):
            lines.append((f"         {words}", shown))
    lines.extend(_more(len(waiting), "waiting"))
    for letter in islice(dead, SHOWN):
        shown = f"{prefix}{letter.waiting.id}"
        lines.append((f"failed   {shown}  {_line(letter.waiting)}", shown))
        lines.append((f"         {letter.reason}", shown))
    lines.extend(_more(len(dead), "failed"))
    return tuple(lines)


def doubt(whole: Waiting) -> str:
    """What is said of a message that waits, when it may be there already."""
    return "an attempt was not answered: it may have arrived" if whole.may_have_arrived else ""


def _line(waiting: Waiting) -> str:
    """A message in the outbox: how it begins, and where it goes."""
    outbound = waiting.outbound
    place = destinations.name(outbound.target)
    return f"{markdown.title(outbound.text)}  → {place}" if place else markdown.title(outbound.text)


def _more(count: int, what: str) -> list[tuple[str, str]]:
    return [(f"         … and {count - SHOWN} more {what}", "")] if count > SHOWN else []
