"""Announces the robot messages that have arrived in a session: to the user, and to the editor's own
scripts."""

from __future__ import annotations

from dingbridge.core.messages import ConversationKind, Inbound, Message
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots import robot_news


class ArrivalEvents:
    """Asks for notices, and triggers `DingbridgeReceived`. Service loop only."""

    def __init__(self, editor: Screen, accounts: Accounts) -> None:
        self._editor = editor
        self._accounts = accounts
        self._arrived: list[updates.UnseenMessage] = []

    def appeared(self, session: str, message: Message, inbound: Inbound) -> None:
        """A message that this editor took in stands in a session. The user gets one notice for all
        of a turn, as far as `notify_on` says so."""
        wanted = self._accounts.default.options.notify_on
        is_single = inbound.conversation.kind is ConversationKind.SINGLE
        is_meant = is_single or inbound.mentioned
        if wanted == "all" or (wanted == "mention" and is_meant):
            self._arrived.append(updates.UnseenMessage(session, message.id))
            self._editor.show_latest(self._take_arrived)

    def _take_arrived(self) -> updates.NotifyArrivals:
        arrived, self._arrived = self._arrived, []
        return updates.NotifyArrivals(tuple(arrived))

    def received(self, account: Account, arrived: robot_news.Arrived) -> None:
        """A message is in a session, with its attachments."""
        inbound, message = arrived.inbound, arrived.message
        self._event(
            "DingbridgeReceived",
            id=message.id,
            session=arrived.session,
            account=account.name,
            author=inbound.sender.nick,
            user_id=inbound.sender.identity,
            conversation_id=inbound.conversation.id,
            text=message.text,
            files="\n".join(arrived.files),
            target=message.target,
            target_name=message.target_name,
        )
        self._accounts.status_changed()

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, data))
