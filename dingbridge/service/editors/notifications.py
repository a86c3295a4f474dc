"""Notifications by `:Chat notify`: they belong to no session, so a notice shows their delivery."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.core.secrets.excerpts import Around
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.sending import Sending


class Notifications:
    """Sends notifications and shows their delivery. Service loop only."""

    def __init__(self, editor: Screen, sending: Sending) -> None:
        self._editor = editor
        self._sending = sending
        # The target's name for each notification under way, by message id.
        self._targets: dict[str, str] = {}

    def send(self, message: str, text: str, to: str, around: Around) -> None:
        """Send a notification; see `Sending.notify`."""
        self._targets[message] = self._sending.notify(message, text, to=to, around=around)

    def reported(self, report: DeliveryReport) -> None:
        """The delivery of a message has changed."""
        if report.delivery not in (Delivery.SENT, Delivery.FAILED):
            return
        target = self._targets.pop(report.message_id, "")
        if not target or report.delivery is Delivery.FAILED:
            return
        if report.reason:
            words = say.NOTIFIED_PERHAPS(place=target, doubt=report.reason)
            self._editor.show(updates.ShowNotice(words, "warn"))
        else:
            self._editor.show(updates.ShowNotice(say.NOTIFIED(place=target)))
