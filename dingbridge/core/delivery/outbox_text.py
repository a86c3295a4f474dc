"""The outbox in words, for `:Chat outbox` and `dingbridge outbox`."""

from __future__ import annotations

from itertools import islice

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.delivery.outbox import Outbox, QueuedMessage
from dingbridge.core.markdown import code_blocks
from dingbridge.core.sessions import destinations

SHOWN = 50
"""Most waiting messages, and most failed ones, that are shown."""


def describe(outbox: Outbox, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """Pairs of a line and the id of its message: a summary, then waiting and failed messages.

    Of each kind the first `SHOWN` are listed. `prefix` is put before every id.
    """
    waiting, dead = outbox.waiting.values(), outbox.dead.values()
    if not waiting and not dead:
        return ((say.OUTBOX_EMPTY(), ""),)
    lines = [(say.OUTBOX(waiting=len(waiting), failed=len(dead)), "")]
    for one in islice(waiting, SHOWN):
        shown = f"{prefix}{one.id}"
        lines.append((say.WAITING(id=shown, message=_line(one)), shown))
        if words := doubt(one):
            lines.append((f"         {words}", shown))
    lines.extend(_more(len(waiting), say.MORE_WAITING))
    for letter in islice(dead, SHOWN):
        shown = f"{prefix}{letter.waiting.id}"
        lines.append((say.FAILED(id=shown, message=_line(letter.waiting)), shown))
        lines.append((f"         {letter.reason}", shown))
    lines.extend(_more(len(dead), say.MORE_FAILED))
    return tuple(lines)


def doubt(whole: QueuedMessage) -> str:
    """A note on a waiting message that may have arrived already."""
    return say.UNANSWERED() if whole.may_have_arrived else ""


def _line(waiting: QueuedMessage) -> str:
    """A message in the outbox: its beginning and its destination."""
    outbound = waiting.outbound
    place = destinations.name(outbound.target)
    return (
        f"{code_blocks.title(outbound.text)}  → {place}"
        if place
        else code_blocks.title(outbound.text)
    )


def _more(count: int, more: Sentence) -> list[tuple[str, str]]:
    return [(f"         {more(count=count - SHOWN)}", "")] if count > SHOWN else []
