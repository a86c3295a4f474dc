"""The user's decisions about pairing codes: accept, deny, revoke."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.access import pairing, pairing_text, refusal_texts
from dingbridge.core.catalogue import access as say
from dingbridge.core.messages import SessionWebhook, Target
from dingbridge.core.sessions.inbox import Received
from dingbridge.service.robots.access_records import AccessRecords
from dingbridge.service.robots.robot_news import News, Notice
from dingbridge.service.robots.robot_requests import Deny, Pair, Revoke, ShowPairings

PairingRequest = ShowPairings | Pair | Deny | Revoke


class PairingCommands:
    """Carries out decisions and answers the member that made them. Service loop only.

    - `reply` sends a text to a conversation.
    - `changed` is called when the pairings have changed.
    - `receive` handles the message that was kept with a request as if it had just arrived.
    - `notify` sends news to one member.
    """

    def __init__(
        self,
        records: AccessRecords,
        reply: Callable[[Target, str], None],
        changed: Callable[[], None],
        receive: Callable[[Received], None],
        notify: Callable[[int, News], None],
    ) -> None:
        self._records = records
        self._reply = reply
        self._changed = changed
        self._receive = receive
        self._notify = notify

    def carry_out(self, member: int, request: PairingRequest) -> None:
        """Carry out a member's request."""
        match request:
            case ShowPairings():
                self._notify(member, self._records.report())
            case Pair(code=code, once=once):
                self._answer(member, *self._pair(code, once=once))
            case Deny(code=code):
                self._answer(member, *self._deny(code))
            case Revoke(id=name):
                self._answer(member, *self._revoke(name))

    def _answer(self, member: int, words: str, has_succeeded: bool) -> None:
        """Answer once the decision is durable."""
        answer = Notice(words, "info" if has_succeeded else "error")
        self._records.when_written(lambda: self._notify(member, answer))

    def _pair(self, code: str, *, once: bool) -> tuple[str, bool]:
        """Give access to the person or group of a code, for an hour if `once`."""
        records = self._records
        pairings, answer = pairing.accept(records.pairings, code, records.now(), once=once)
        webhook = None
        if isinstance(answer, pairing.Accepted):
            webhook = records.take_webhook(answer.request)
            # Before the request is removed: a crash in between must not lose the message.
            self._receive_first(answer.request.first, webhook)
        records.keep(pairings)
        self._changed()
        if isinstance(answer, pairing.Problem):
            return answer.sentence, False
        target = structs.replace(answer.request.target, session_webhook=webhook)
        self._reply(target, refusal_texts.accepted_told(answer.request, once=once))
        let_in = say.LET_IN_ONCE if once else say.LET_IN
        return let_in(who=pairing_text.who(answer.request)), True

    def _receive_first(self, first: Received | None, webhook: SessionWebhook | None) -> None:
        if first is not None:
            inbound = structs.replace(first.inbound, session_webhook=webhook, was_kept=True)
            self._receive(structs.replace(first, inbound=inbound))

    def _deny(self, code: str) -> tuple[str, bool]:
        """Refuse access to the person or group of a code."""
        records = self._records
        pairings, answer = pairing.deny(records.pairings, code, records.now())
        records.keep(pairings)
        self._changed()
        if isinstance(answer, pairing.Problem):
            return answer.sentence, False
        self._reply(answer.target, refusal_texts.denied_told(answer))
        return say.NOT_LET_IN(who=pairing_text.who(answer)), True

    def _revoke(self, id: str) -> tuple[str, bool]:
        """End the access that a code gave to this person or group."""
        records = self._records
        pairings, revoked = pairing.revoke(records.pairings, id, records.now())
        records.keep(pairings)
        self._changed()
        if not revoked:
            return say.NO_SUCH_ID(id=id), False
        return "; ".join(say.REVOKED(who=pairing_text.who(one)) for one in revoked), True
