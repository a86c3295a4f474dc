"""Completes the targets of messages before they are queued."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.service.robots.conversations import Conversations
from dingbridge.service.robots.robot_ports import Queue


class AddressedQueue:
    """A send queue that completes targets.

    A target may be incomplete when the message is accepted, or in a journal that another editor
    wrote.
    """

    def __init__(self, queue: Queue, conversations: Conversations) -> None:
        self._queue = queue
        self._conversations = conversations
        self.drop = queue.drop
        self.hurry = queue.hurry

    def put(self, waiting: QueuedMessage) -> None:
        """Complete the target, and queue the message."""
        outbound = self._conversations.addressed(waiting.outbound, waiting.session)
        self._queue.put(structs.replace(waiting, outbound=outbound))
