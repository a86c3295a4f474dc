"""Announces the robot messages that have arrived in a session, to the editor's own scripts."""

from __future__ import annotations

from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots import robot_news


class ArrivalEvents:
    """Triggers `DingbridgeReceived`. Service loop only."""

    def __init__(self, editor: Screen, accounts: Accounts) -> None:
        self._editor = editor
        self._accounts = accounts

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
