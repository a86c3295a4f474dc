"""The send queue of a robot, for messages whose target may need to be completed."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.service.ports import Queue
from dingbridge.service.robots.conversations import Conversations


class AddressedQueue:
    """Completes the target of each message before it is queued: it may have been unknown when the
    message was accepted, or when it was written into the journal by another editor."""

    def __init__(self, queue: Queue, conversations: Conversations) -> None:
        self._queue = queue
        self._conversations = conversations
        self.drop = queue.drop

    def put(self, waiting: QueuedMessage) -> None:
        """Complete the target, and queue the message."""
        outbound = self._conversations.addressed(waiting.outbound, waiting.session)
        self._queue.put(structs.replace(waiting, outbound=outbound))
