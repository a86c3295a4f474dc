"""Remembers who wrote in which conversation, so that answers can mention them."""

from __future__ import annotations

from collections import OrderedDict

from dingbridge.core.delivery import mentions
from dingbridge.core.messages import At, Inbound, Sender

CONVERSATIONS = 200
PEOPLE = 500
"""Maximum number of conversations, and of people in each; the oldest are forgotten."""


class Speakers:
    """People who wrote since the editor started. Service loop only."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, OrderedDict[str, Sender]] = OrderedDict()
        self._askers: dict[str, At] = {}

    def met(self, inbound: Inbound) -> None:
        """Remember the sender of a message."""
        conversation = inbound.conversation.id
        heard = self._heard.setdefault(conversation, OrderedDict())
        self._heard.move_to_end(conversation)
        heard[inbound.sender.identity] = inbound.sender
        heard.move_to_end(inbound.sender.identity)
        while len(heard) > PEOPLE:
            heard.popitem(last=False)
        self._askers[conversation] = mentions.asker(inbound)
        while len(self._heard) > CONVERSATIONS:
            oldest, _ = self._heard.popitem(last=False)
            self._askers.pop(oldest, None)

    def members(self, conversation: str) -> dict[str, str]:
        """Staff ids by name, without names that are ambiguous."""
        return mentions.members(self._heard.get(conversation, {}).values())

    def asker(self, conversation: str) -> At:
        """The person who wrote last, if the conversation is a group."""
        return self._askers.get(conversation, At())
