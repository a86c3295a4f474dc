"""What the user is told of a robot's link: an outage once when it begins and once when it ends."""

from __future__ import annotations

from dingbridge.bridge import updates
from dingbridge.bridge.ports import Editor
from dingbridge.core.catalogue import link as say
from dingbridge.core.errors import in_words
from dingbridge.core.link import LinkState


class Link:
    """How the link of one account is, as its owner says. Service loop only.

    `trouble` says in words why it is down, empty while it is not; `next_try` is when it is tried
    again, in Unix seconds, 0 when that is not known.
    """

    def __init__(self, editor: Editor, account: str) -> None:
        self._editor = editor
        self._account = account
        self._in_outage = False
        self.state = LinkState.OFF
        self.trouble = ""
        self.next_try = 0.0

    def changed(
        self, name: str, state: LinkState, reason: str, fix: str, next_try: float = 0.0
    ) -> None:
        """News of the stream connection of the robot that the user is shown as `name`."""
        before, self.state = self.state, state
        self.trouble = in_words(reason, fix).rstrip(".") if state is LinkState.WAITING else ""
        self.next_try = next_try
        if state is LinkState.CONNECTED and before is not LinkState.CONNECTED:
            connected = say.CONNECTED_AGAIN if self._in_outage else say.CONNECTED
            self._editor.show(updates.Say(connected(name=name)))
            self._in_outage = False
            self._event("DingbridgeConnected")
        elif state is LinkState.WAITING and not self._in_outage:
            self._in_outage = True
            words = in_words(say.NOT_CONNECTED(name=name, reason=reason), fix)
            words = in_words(words.rstrip("."), say.TRYING_AGAIN())
            self._editor.show(updates.Say(words, "warn"))
            self._event("DingbridgeDisconnected", reason=reason)
        elif state is LinkState.OFF:
            self._in_outage = False
            if before is LinkState.CONNECTED:
                self._event("DingbridgeDisconnected", reason=reason or say.RELEASED())

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.Event(name, {"account": self._account, **data}))
