"""A robot message that an account of this editor got to take in."""

from __future__ import annotations

from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.sessions import inbox
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.arrival_order import ConversationKey
from dingbridge.service.robots import robot_news


class DeliveredMessage:
    """What was delivered, and to which account."""

    def __init__(self, account: Account, deliver: robot_news.Deliver) -> None:
        self.account = account
        self.deliver = deliver
        self.robot = robot_name(account.options)
        """The robot that delivered it."""
        self.is_over = False
        """Whether somebody else takes it in."""
        self.id = inbox.message_id(deliver.key)
        """Its id in the transcript."""
        self.place: ConversationKey = (deliver.session, deliver.inbound.conversation.id)
        """Its session and its conversation, whose messages keep their order."""

    @property
    def is_here(self) -> bool:
        """Whether it is still ours to take in: a robot that the account has left gives it to
        others."""
        return robot_name(self.account.options) == self.robot
