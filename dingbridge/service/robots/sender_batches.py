"""The reports of a robot's sender, passed to the loop in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from dingbridge.core.delivery import sent_messages
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_records import OutboxRecord, Sent
from dingbridge.core.delivery.sender_events import Counted, SenderEvent
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.protocol.command_queue import Post

LOOK_AFTER = 0.25
"""Seconds after which a message that is still being sent is shown as that."""

GATHER = 0.01
"""Seconds for which reports are gathered: each post wakes the loop, and holds up the sender."""

SenderReport = SenderEvent | OutboxRecord


class SenderBatches:
    """Passes on all reports since the last time, in order.

    A report that is not an end waits for the next one, or `LOOK_AFTER`, so that a message that is
    sent quickly makes one batch. Of many in a row the first is passed on at once, then all that
    came within `GATHER`. Loop only, but for `notify`.

    - `is_sending` tells whether a message is under way.
    """

    def __init__(
        self,
        post: Post,
        hear: Callable[[Sequence[SenderReport]], None],
        is_sending: Callable[[], bool],
    ) -> None:
        self._post = post
        self._hear = hear
        self._is_sending = is_sending
        self._events: deque[SenderReport] = deque()
        self._is_posted = False
        self._looks = False

    @property
    def gathers(self) -> bool:
        """Whether a call of `take` is due already."""
        return self._is_posted

    def notify(self, event: SenderReport) -> None:
        """Add a report. For the sender's threads."""
        self._events.append(event)
        if not self._is_posted and not _can_wait(event):
            self._is_posted = True
            self._post(self.take)

    def take(self) -> None:
        """Pass on what there is."""
        # Before the events are taken: a report that comes meanwhile posts again, and is not lost.
        self._is_posted = False
        events = [self._events.popleft() for _ in range(len(self._events))]
        if events:
            self._is_posted = True
            asyncio.get_running_loop().call_later(GATHER, self.take)
            self._hear(events)
        self.expect()

    def expect(self) -> None:
        """A message may be under way: check in `LOOK_AFTER`."""
        if not self._looks and self._is_sending():
            self._looks = True
            asyncio.get_running_loop().call_later(LOOK_AFTER, self._look)

    def _look(self) -> None:
        self._looks = False
        self.take()


def _can_wait(event: SenderReport) -> bool:
    match event:
        case DeliveryReport(delivery=delivery):
            return delivery is Delivery.SENDING
        case Attempted() | Sent() | Counted() | sent_messages.SentChunk():
            return True
        case _:
            return False
