"""Notices about a robot's link: an outage shows once when it begins and once when it ends.

It ends when a connection has lived for `LINK_LIVES` seconds, so repeated breaks are one outage.
"""

from __future__ import annotations

from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.errors import in_words, without_stop
from dingbridge.core.timeouts import LINK_LIVES
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.runtime import Later


class LinkStatus:
    """The state of one account's link, as its robot reports it. Service loop only.

    off ──▶ connected ──breaks──▶ outage ──a connection lives──▶ connected ──▶ off

    - `trouble` says why it is down; empty if it is not.
    - `next_try` is in Unix seconds, 0 if unknown.
    """

    def __init__(self, editor: Screen, account: str, later: Later) -> None:
        self._editor = editor
        self._account = account
        self._later = later
        self._in_outage = False
        self._is_told = False
        self._connections = 0
        self.state = LinkState.OFF
        self.trouble = ""
        self.next_try = 0.0

    def come_back(self) -> None:
        """An earlier service has announced the connection already."""
        self._is_told = True

    def changed(
        self, name: str, state: LinkState, reason: str, fix: str, next_try: float = 0.0
    ) -> None:
        """The link's state changed. `name` is the robot's name for the user."""
        before, self.state = self.state, state
        self.trouble = without_stop(in_words(reason, fix)) if state is LinkState.WAITING else ""
        self.next_try = next_try
        if state is LinkState.CONNECTED and before is not LinkState.CONNECTED:
            self._connections += 1
            connection = self._connections
            if self._in_outage:
                self._later(LINK_LIVES, lambda: self._lives(name, connection))
                return
            if not self._is_told:
                self._editor.show(updates.ShowNotice(say.CONNECTED(name=name)))
            self._is_told = True
            self._event("DingbridgeConnected")
        elif state is LinkState.WAITING and not self._in_outage:
            self._in_outage = True
            words = in_words(say.NOT_CONNECTED(name=name, reason=reason), fix)
            words = in_words(without_stop(words), say.TRYING_AGAIN())
            self._editor.show(updates.ShowNotice(words, "warn"))
            self._event("DingbridgeDisconnected", reason=reason)
        elif state is LinkState.OFF and before is not LinkState.OFF:
            was_told = self._is_told and not self._in_outage
            self._is_told = self._in_outage = False
            if was_told:
                self._event("DingbridgeDisconnected", reason=reason or say.RELEASED())

    def _lives(self, name: str, connection: int) -> None:
        is_another = connection != self._connections or self.state is not LinkState.CONNECTED
        if is_another or not self._in_outage:
            return
        connected = say.CONNECTED_AGAIN if self._is_told else say.CONNECTED
        self._in_outage = False
        self._is_told = True
        self._editor.show(updates.ShowNotice(connected(name=name)))
        self._event("DingbridgeConnected")

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, {"account": self._account, **data}))
