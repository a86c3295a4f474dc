"""What a robot's sender tells, brought to the loop in batches."""

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
"""Seconds for which more news is gathered: each wakes the loop, and holds up the sender."""

SenderReport = SenderEvent | OutboxRecord


class SenderBatches:
    """Hands over all that was told since the last time, in order.

    What tells no end waits for what comes next, or `LOOK_AFTER`: a message that leaves at once is
    one piece of news. Of many in a row the first is told at once, and then all that came within
    `GATHER`. `is_sending` says whether something is under way. Loop only, but for `notify`.
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
        """Whether what is told now waits for a turn that comes anyway."""
        return self._is_posted

    def notify(self, event: SenderReport) -> None:
        """For the sender's threads."""
        self._events.append(event)
        if not self._is_posted and not _can_wait(event):
            self._is_posted = True
            self._post(self.take)

    def take(self) -> None:
        """Hand over what there is."""
        # Before the events are taken: what comes meanwhile may post again, but is not forgotten.
        self._is_posted = False
        events = [self._events.popleft() for _ in range(len(self._events))]
        if events:
            self._is_posted = True
            asyncio.get_running_loop().call_later(GATHER, self.take)
            self._hear(events)
        self.expect()

    def expect(self) -> None:
        """A message may be under way: look in a moment."""
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
