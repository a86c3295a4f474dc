"""Notices to the user's phone while they are away: what is done, waits, or is stuck."""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import notify_when
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery, DeliveryReport
from dingbridge.protocol import updates
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.sending import Sending
from dingbridge.service.presence import DeskPresence
from dingbridge.service.robots import robot_requests
from dingbridge.service.runtime import Runtime

log = logging.getLogger(__name__)


class AwayNotices:
    """Sends notices for one editor, and withdraws those that have not left when the user comes
    back. Service loop only.

    submitted ──sent or failed──▶ ended
        └──the user comes back──▶ withdrawn, unless it is on its way
    """

    def __init__(
        self,
        editor: Screen,
        runtime: Runtime,
        accounts: Accounts,
        sending: Sending,
        presence: DeskPresence,
    ) -> None:
        self._editor = editor
        self._runtime = runtime
        self._accounts = accounts
        self._sending = sending
        self._presence = presence
        # The account of each notice that may still wait, by message id.
        self._waiting: dict[str, str] = {}
        self._has_left = False
        presence.returned = self._withdraw

    def user_is(self, *, away: bool) -> None:
        """The user has left this editor, or is back. Ignored once the editor leaves."""
        if not self._has_left:
            self._presence.changed(is_here=not away)

    def leave(self) -> None:
        """The editor is closed: the user is not there, however long its questions go on."""
        self.user_is(away=True)
        self._has_left = True

    def gone(self) -> None:
        """Nothing of the editor is under way any more."""
        self._presence.left()

    def send(self, message: str, text: str, title: str = "", to: str = "") -> bool:
        """Send a notice to the address `to`, by default to the configured target, unless settings,
        presence or `/mute` hold it back. Returns whether it goes out. Raises `BridgeError` if there
        is no target."""
        account = self._accounts.addressed(to)[0] if to else self._accounts.default
        now = self._runtime.now()
        local = datetime.fromtimestamp(now)
        options = account.options
        if not notify_when.may_leave(
            options.notify_when,
            is_away=self._presence.is_away,
            is_muted=account.state.muted_until > now,
            is_quiet=notify_when.is_quiet(options.quiet_hours, local.hour * 60 + local.minute),
        ):
            log.debug("a notice is held back: the user is here, or does not want it now")
            self._editor.show(updates.Confirmed(message))
            return False
        self._sending.notify(message, text, title, to=to)
        self._waiting[message] = account.name
        return True

    def notify(self, words: str) -> None:
        """Send a notice to the configured target, if there is one."""
        with contextlib.suppress(BridgeError):  # nobody is configured to hear it
            self.send(self._runtime.new_id(), words)

    def mute(self, span: str) -> None:
        """Hold notices of the default account back for a time span; `off` ends it, an empty one
        only says how it is. Raises `BridgeError` for another text."""
        account = self._accounts.default
        account.settings.need_mode()
        until, seconds = account.state.muted_until, notify_when.seconds_of(span)
        if span.strip() == "off":
            until = 0.0
        elif seconds is not None:
            until = self._runtime.now() + seconds
        elif span:
            raise BridgeError(say.NO_SPAN(span=span), fix=say.SPANS())
        if span:
            account.member.notify(robot_requests.HoldNotices(until))
        words = say.MUTED(time=datetime.fromtimestamp(until)) if until else say.NOT_MUTED()
        self._editor.show(updates.ShowNotice(words))

    def reported(self, report: DeliveryReport) -> None:
        """The delivery of a message has changed."""
        if report.delivery in (Delivery.SENT, Delivery.FAILED):
            self._waiting.pop(report.message_id, None)
            self._sending.withdrawn.discard(report.message_id)

    def _withdraw(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for message, name in waiting.items():
            account = self._accounts.find(name)
            if account is not None:
                self._sending.withdrawn.add(message)
                account.member.notify(robot_requests.Withdraw(message))
