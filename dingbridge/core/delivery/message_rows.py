"""Messages in words, among which the user chooses one for `:Chat retry`, `drop` or `recall`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.delivery import recall
from dingbridge.core.delivery.outbox import DeadLetter, Outbox, QueuedMessage
from dingbridge.core.delivery.outbox_text import SHOWN
from dingbridge.core.delivery.sent_messages import SentChunk
from dingbridge.core.markdown import code_blocks
from dingbridge.core.sessions import destinations

MessageRow = tuple[str, str]
"""The id of a message, and when it was written, its beginning and its destination in words."""


def of_outbox(outbox: Outbox) -> tuple[MessageRow, ...]:
    """What failed and what waits; of each the latest `SHOWN`, newest first."""
    waiting = islice(reversed(outbox.waiting.values()), SHOWN)
    return (
        *failed(islice(reversed(outbox.dead.values()), SHOWN)),
        *(_queued(one, say.ROW_WAITING) for one in waiting),
    )


def failed(letters: Iterable[DeadLetter]) -> tuple[MessageRow, ...]:
    """Messages that failed."""
    return tuple(_queued(one.waiting, say.ROW_FAILED) for one in letters)


def sent(chunks: Iterable[SentChunk]) -> tuple[MessageRow, ...]:
    """Messages that were sent, by their first chunks."""
    return tuple(
        (one.message, _row(say.ROW_SENT, one.time, recall.words(one), one.name or one.place))
        for one in chunks
    )


def _queued(message: QueuedMessage, sentence: Sentence) -> MessageRow:
    outbound = message.outbound
    place = destinations.name(outbound.target)
    return message.id, _row(sentence, message.time, code_blocks.title(outbound.text), place)


def _row(sentence: Sentence, time: float, text: str, place: str) -> str:
    return sentence(time=datetime.fromtimestamp(time), text=text, place=place)
