"""The queue of a robot, for messages whose address may not have been known."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.service.ports import Queue
from dingbridge.service.robots.conversations import Conversations


class AddressedQueue:
    """The queue, before which a message gets the address that was not known when it was accepted:
    another editor wrote it down, or it failed for want of one."""

    def __init__(self, queue: Queue, conversations: Conversations) -> None:
        self._queue = queue
        self._conversations = conversations
        self.drop = queue.drop

    def put(self, waiting: QueuedMessage) -> None:
        """Queue the message, addressed."""
        outbound = self._conversations.addressed(waiting.outbound, waiting.session)
        self._queue.put(structs.replace(waiting, outbound=outbound))
