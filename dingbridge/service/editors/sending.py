"""Composes and sends an editor's messages, and shows their delivery."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from msgspec import structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import compose, long_text, routing
from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.outgoing_text import characters
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At, Delivery, DeliveryReport, Message, Outbound, Role, Target
from dingbridge.core.secrets import excerpts, masking
from dingbridge.core.secrets.excerpts import Around, Mask
from dingbridge.core.secrets.heuristics import secret_variables
from dingbridge.core.secrets.masking import Finding, MaskedText
from dingbridge.core.sessions import targets
from dingbridge.core.text import well_formed
from dingbridge.protocol import updates
from dingbridge.service.editors import account_status
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.delivery_notices import not_delivered
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots import robot_requests
from dingbridge.service.runtime import Runtime

log = logging.getLogger(__name__)


class Sending:
    """Composes messages, submits them to the robots, and applies delivery updates. Service loop
    only.

    Secrets are masked in everything that it sends, if the settings say so.
    """

    def __init__(
        self,
        editor: Screen,
        runtime: Runtime,
        chats: Chats,
        environ: Mapping[str, str],
    ) -> None:
        self._editor = editor
        self._runtime = runtime
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        # Picked once: the environment is large and does not change.
        self._environ = {name: value for value, name in secret_variables(environ).items()}
        self.last_error = ""
        self.withdrawn: set[str] = set()
        """Messages that the bridge itself takes back, which is not worth a notice."""

    def notify(
        self,
        message_id: str,
        text: str,
        title: str = "",
        at: At = At(),
        to: str = "",
        around: Around = Around(),
    ) -> str:
        """Send a message outside any session. Returns the target's name.

        It goes to the address `to`, by default to the robot's group or the configured target.
        `around` is the context of an excerpt, for masking. Raises `BridgeError`.
        """
        text = filled(text)
        account = self._accounts.default
        if to:
            account, target = self._accounts.addressed(to)
        else:
            account.settings.need_mode()
            target = self._configured(account)
        outbound = self._written(
            account, message_id, text, target, title=title, at=at, around=around
        )
        self._put(account, outbound, Purpose.NOTIFICATION, "")
        return target.label

    def _configured(self, account: Account) -> Target:
        target = routing.notify_target(account.options)
        if target is None:
            raise BridgeError(say.NOBODY_TO_NOTIFY(), fix=say.SET_TARGET())
        return target

    def answer(
        self,
        account: Account,
        target: Target,
        text: str,
        kind: Purpose = Purpose.WORD,
        message_id: str = "",
    ) -> None:
        """Send a text of the bridge itself, which belongs to no session. One that may be repeated
        after a crash has a `message_id`."""
        if account.options.mode == "off":
            log.warning("%s is not set up any more: an answer stays unsaid", account.name)
            return
        outbound = self._written(account, message_id or self._runtime.new_id(), text, target)
        self._put(account, outbound, kind, "")

    def answer_excerpt(
        self, account: Account, target: Target, describe: Callable[[Mask], str]
    ) -> None:
        """Send part of a longer text. `describe` composes it and masks texts, with its argument,
        before it cuts them."""
        found: list[Collection[Finding]] = []

        def mask(text: str, around: Around) -> str:
            masked = self.masked(account, target, text, around)
            found.append(masked.found)
            return masked.text

        words = describe(mask)
        left = excerpts.those_in(words, masking.counted_together(*found))
        self._notify(compose.told(left, target))
        self.answer(account, target, words)

    def masked(
        self, account: Account, target: Target, text: str, around: Around = Around()
    ) -> MaskedText:
        """`text` without secrets, as far as the settings require that for this target."""
        options = account.options
        text = characters(text)
        if not options.mask_secrets or compose.is_excepted(options, target):
            return MaskedText(text)
        return excerpts.mask(text, around, self._accounts.secrets, self._environ)

    def add_and_send(
        self,
        account: Account | None,
        session: str,
        message: Message,
        target: Target | None,
        at: At = At(),
        around: Around = Around(),
    ) -> None:
        """Add the message to the transcript and send it to `target`. Without an account it stays in
        the editor; without a target it fails."""
        if account is not None and target is not None:
            message = account.destinations.marked(session, message, target)
        if account is None:
            self._sessions.add(session, message)
        elif target is None or account.options.mode == "off":
            self.add_unsent(account.name, session, message, account_status.why_no_target(account))
        else:
            self.last_error = ""
            self._sessions.add(session, structs.replace(message, delivery=Delivery.QUEUED))
            outbound = self._written(
                account, message.id, message.text, target, session, at=at, around=around
            )
            self._put(account, outbound, Purpose.REPLY, session)

    def add_unsent(self, account: str, session: str, message: Message, why_not: str) -> None:
        """Add the message to the transcript as failed, for the reason `why_not`."""
        failed = structs.replace(message, delivery=Delivery.FAILED, reason=why_not)
        self._sessions.add(session, failed)
        self.last_error = why_not
        self._event(
            "DingbridgeFailed",
            account=account,
            id=message.id,
            session=session,
            reason=why_not,
            target=message.target,
            target_name=message.target_name,
        )
        self._accounts.status_changed()

    def _written(
        self,
        account: Account,
        message_id: str,
        text: str,
        target: Target,
        session: str = "",
        *,
        title: str = "",
        at: At = At(),
        around: Around = Around(),
    ) -> Outbound:
        """Compose the message for sending, and show the user what was masked."""
        context = ComposeContext(
            self._accounts.secrets, self._environ, account.people.members(target.conversation_id)
        )
        options = account.options
        made = written(
            message_id, text, target, options, context, title=title, at=at, around=around
        )
        self._notify(compose.told(made.masked, target), session)
        return made.outbound

    def _notify(self, masked: str, session: str = "") -> None:
        if masked and session:
            self.notice(session, masked)
        elif masked:
            self._editor.show(updates.ShowNotice(masked, "warn"))

    def _put(self, account: Account, outbound: Outbound, kind: Purpose, session: str) -> None:
        now = self._runtime.now()
        for each in long_text.parted(account.options, outbound, now):
            if session and each.file_name:
                line = long_text.line(each, now)
                marked = account.destinations.marked(session, line, each.target)
                self._sessions.add(session, marked)
            account.member.send(robot_requests.SendMessage(each, kind, session))
        self.show_unsaved()
        self._accounts.status_changed()

    # --- delivery -------------------------------------------------------------------------------

    def show_delivery(self, account: Account, report: DeliveryReport, session: str) -> None:
        """Apply a delivery update: show it, and announce the acceptance and the final delivery
        once."""
        member = account.member
        message, delivery, reason = report.message_id, report.delivery, report.reason
        about = {
            "account": account.name,
            "id": message,
            "session": session,
            "target": targets.with_key(account.name, report.key),
            "target_name": report.place,
        }
        if member.answered(message):
            self._event("DingbridgeQueued", **about)
            # If the robot knew the message already, it sends no status.
            self._accounts.status_changed()
        if delivery is Delivery.SENDING and report.chunks > 1:
            reason = f"{report.sent_chunks}/{report.chunks}"
        if session in self._sessions:
            self._sessions.settle(session, message, delivery, reason)
        if delivery is Delivery.RECALLED:
            return
        if delivery not in (Delivery.SENT, Delivery.FAILED):
            member.goes_on(message)
            return
        # Every editor gets every update; it is announced where the message was sent or its session
        # is open.
        if not member.sent(message) and not self._sessions.is_used(session):
            return
        end = delivery, reason
        if member.perhaps_told(message, end) or not member.ended(message, end):
            return
        if delivery is Delivery.SENT:
            self._event("DingbridgeDelivered", **about, reason=reason)
        else:
            if not (report.dropped and message in self.withdrawn):
                shown_in = session if session in self._sessions else ""
                self._editor.show(not_delivered(report, shown_in))
            self._event("DingbridgeFailed", **about, reason=reason)

    def show_unsaved(self) -> None:
        """While the disk refuses writes, show that at messages that no robot has on disk yet."""
        trouble = self._sessions.store.trouble
        for account in self._accounts if trouble else ():
            for ask in account.member.unanswered:
                if ask.session in self._sessions:
                    self._sessions.settle(ask.session, ask.outbound.id, Delivery.UNSAVED, trouble)

    def expect(self, account: str, session: str, message: str) -> None:
        """The editor waits for the final delivery of a message from an earlier service: request
        it."""
        found = self._accounts.find(account)
        if found is not None:
            found.member.expect(message)
            found.member.notify(robot_requests.QueryDeliveries(session, (message,)))

    def written_down(self, asks: Mapping[str, Collection[robot_requests.SendMessage]]) -> None:
        """The editor leaves: these unanswered messages, by account, are in the journal."""
        for account in self._accounts:
            for ask in asks.get(account.name, ()):
                account.member.answered(ask.outbound.id)
                self._event("DingbridgeQueued", **account.about(ask))

    def notice(self, session: str, text: str) -> None:
        """Add a line of the bridge itself to a session; it is not sent."""
        self._sessions.add(
            session,
            Message(self._runtime.new_id(), Role.NOTICE, "dingbridge", text, self._runtime.now()),
        )

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, data))


def filled(text: str) -> str:
    """The text in a form that can be stored and sent. Raises `BridgeError` if it is empty."""
    text = well_formed(text)
    if not text.strip():
        raise BridgeError(say.NOTHING_TO_SEND())
    return text
