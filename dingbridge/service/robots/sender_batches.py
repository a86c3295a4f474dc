"""Passes the sender's reports to the loop in batches."""

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
"""Seconds until a message under way is shown as being sent."""

GATHER = 0.01
"""Seconds to gather reports: each post wakes the loop and delays the sender."""

SenderReport = SenderEvent | OutboxRecord


class SenderBatches:
    """Batches reports, in order. Loop only, except `notify`.

    A report that is not final waits for the next one, or for `LOOK_AFTER`: a quick message makes
    one batch. In a series, the first report is passed on at once, then a batch every `GATHER`.
    `is_sending` tells whether a message is under way.
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

    def notify(self, event: SenderReport) -> None:
        """Add a report. For the sender's threads."""
        self._events.append(event)
        if not self._is_posted and not _can_wait(event):
            self._is_posted = True
            self._post(self.take)

    def take(self) -> None:
        """Pass on all reports so far."""
        # Reset first: a report that arrives meanwhile schedules another call.
        self._is_posted = False
        events = [self._events.popleft() for _ in range(len(self._events))]
        if events:
            self._is_posted = True
            asyncio.get_running_loop().call_later(GATHER, self.take)
            self._hear(events)
        self.expect()

    def expect(self) -> None:
        """A message may be under way: check after `LOOK_AFTER`."""
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
