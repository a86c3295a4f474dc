"""The owner's door: who is let in, who is refused and told why, and who is let in by a code."""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec import structs

from dingbridge.core.access import (
    first_message,
    pairing,
    pairing_state,
    pairing_text,
    policy,
    refusal_texts,
)
from dingbridge.core.access.policy import Admitted, MayPair, NotForUs
from dingbridge.core.catalogue import access as say
from dingbridge.core.messages import Inbound, SessionWebhook, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.state import pairings_of, with_pairings, with_refused
from dingbridge.core.timeouts import REFUSAL_EVERY
from dingbridge.service.ports import Runtime
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.state_cache import StateCache

log = logging.getLogger(__name__)


class AccessControl:
    """Decides on every message, and keeps the pairings. Service loop only.

    `answer` says something in a conversation, `call` tells the editors, `changed` is called when
    the counts are new. `receive` takes the message with which somebody asked, once they are let in.
    """

    def __init__(
        self,
        robot: str,
        remembered: StateCache,
        chance: Runtime,
        options: Callable[[], Options],
        answer: Callable[[Target, str], None],
        call: Callable[[News], None],
        changed: Callable[[], None],
        receive: Callable[[Received], None],
    ) -> None:
        self._robot = robot
        self._remembered = remembered
        self._chance = chance
        self._options = options
        self._answer = answer
        self._call = call
        self._changed = changed
        self._receive = receive
        self._webhooks: dict[str, SessionWebhook] = {}
        self.refused = 0

    @property
    def asking(self) -> int:
        """How many ask to be let in."""
        return len(pairing_state.current(self._pairings, self._chance.now()).requests)

    def describe(self) -> str:
        """Who is let in, in words."""
        paired = pairing_state.current(self._pairings, self._chance.now()).paired
        return policy.describe(policy.rules_of(self._options()), len(paired))

    def verdict(self, received: Received, target: Target) -> Admitted | None:
        """Whether the message is let in. Who is not is told why, once in a while."""
        inbound = received.inbound
        self.drop_expired()
        now = self._chance.now()
        rules = policy.rules_of(self._options())
        match policy.admit(inbound, rules, self._pairings, now):
            case Admitted() as admitted:
                log.debug("%s is let in", inbound.sender.identity)
                return admitted
            case NotForUs(reason=reason):
                log.debug("passed over: %s", reason)
            case MayPair() as may:
                self._ask_owner(received, target, may)
            case stranger:
                self._refuse(inbound, target, stranger.refusal, stranger.reason)
        return None

    def _ask_owner(self, received: Received, target: Target, may: MayPair) -> None:
        inbound = received.inbound
        now = self._chance.now()
        self.refused += 1
        pairings, answer = pairing.ask(
            self._pairings, inbound, now, self._chance.below, first_message.kept(received)
        )
        self._keep(pairings)
        match answer:
            case pairing.TellCode(request=request, is_new=is_new):
                log.info("%s %s asks to be let in", request.kind.value, request.id)
                self._answer(target, refusal_texts.code_told(inbound, request, now))
                if is_new:
                    self._keep_webhook(request, inbound.session_webhook)
                    who = pairing_text.who(request)
                    self._call(
                        robot_news.PairingRequested(
                            request.code, request.id, request.kind.value, who
                        )
                    )
            case pairing.SayNothing(reason=reason):
                log.info("not answered: %s", reason)
            case pairing.TooMany():
                self.refused -= 1
                self._refuse(inbound, target, may.refusal, may.reason)
        self._changed()

    def _refuse(self, inbound: Inbound, target: Target, refusal: str, reason: str) -> None:
        identity = inbound.sender.identity
        now = self._chance.now()
        self.refused += 1
        log.warning("refused %s: %s", identity, reason)
        # Told once in a while for each conversation: in a group the id of the group is news too.
        about = f"{self._robot}/{identity}/{inbound.conversation.id}"
        if self._remembered.state.refused.get(about, 0.0) <= now - REFUSAL_EVERY:
            self._remembered.change(lambda state: with_refused(state, about, now))
            self._answer(target, refusal)
        self._changed()

    # --- codes ----------------------------------------------------------------------------------

    def pair(self, code: str, *, once: bool) -> tuple[str, bool]:
        """Let in whom the code belongs to. Returns what came of it, and whether it went well."""
        pairings, answer = pairing.accept(self._pairings, code, self._chance.now(), once=once)
        webhook = None
        if isinstance(answer, pairing.Accepted):
            webhook = self._webhooks.pop(answer.request.code, None)
            # Before the request goes, so that a crash between the two loses nothing.
            self._show_first(answer.request.first, webhook)
        self._keep(pairings)
        self._changed()
        if isinstance(answer, pairing.Problem):
            return answer.sentence, False
        target = structs.replace(answer.request.target, session_webhook=webhook)
        self._answer(target, refusal_texts.accepted_told(answer.request, once=once))
        let_in = say.LET_IN_ONCE if once else say.LET_IN
        return let_in(who=pairing_text.who(answer.request)), True

    def _show_first(self, first: Received | None, webhook: SessionWebhook | None) -> None:
        """Pass on the message that was kept with the request, as if it had just arrived."""
        if first is not None:
            inbound = structs.replace(first.inbound, session_webhook=webhook)
            self._receive(structs.replace(first, inbound=inbound))

    def _keep_webhook(
        self, request: pairing_state.AccessRequest, webhook: SessionWebhook | None
    ) -> None:
        """Remember how to answer somebody without a staff id while their request is open. In memory
        only: the webhook is a secret."""
        open_ = {one.code for one in self._pairings.requests}
        self._webhooks = {code: one for code, one in self._webhooks.items() if code in open_}
        if webhook is not None:
            self._webhooks[request.code] = webhook

    def deny(self, code: str) -> tuple[str, bool]:
        """Refuse whom the code belongs to. Returns what came of it, and whether it went well."""
        pairings, answer = pairing.deny(self._pairings, code, self._chance.now())
        self._keep(pairings)
        self._changed()
        if isinstance(answer, pairing.Problem):
            return answer.sentence, False
        self._answer(answer.target, refusal_texts.denied_told(answer))
        return say.NOT_LET_IN(who=pairing_text.who(answer)), True

    def revoke(self, id: str) -> tuple[str, bool]:
        """Take back what a code allowed. Returns what came of it, and whether it went well."""
        pairings, revoked = pairing.revoke(self._pairings, id, self._chance.now())
        self._keep(pairings)
        self._changed()
        if not revoked:
            return say.NO_SUCH_ID(id=id), False
        return "; ".join(say.REVOKED(who=pairing_text.who(one)) for one in revoked), True

    def list(self) -> robot_news.PairingsReport:
        """Who asks, and all there is to tell."""
        now = self._chance.now()
        pairings = pairing_state.current(self._pairings, now)
        asking = tuple((one.code, pairing_text.who(one)) for one in pairings.requests)
        lines = pairing_text.describe(pairings, now)
        return robot_news.PairingsReport(asking, "\n".join(lines) or say.NOBODY_AT_ALL())

    def let_in(self) -> robot_news.AccessChanged:
        """Who asks, and whom a code let in."""
        pairings = pairing_state.current(self._pairings, self._chance.now())
        return robot_news.AccessChanged(
            tuple((one.code, pairing_text.who(one)) for one in pairings.requests),
            tuple((one.id, one.label) for one in pairings.paired),
        )

    def drop_expired(self) -> None:
        """Drop the requests that have expired, with the messages kept for them."""
        self._keep(pairing_state.current(self._pairings, self._chance.now()))

    @property
    def _pairings(self) -> pairing_state.Pairings:
        return pairings_of(self._remembered.state, self._robot)

    def _keep(self, pairings: pairing_state.Pairings) -> None:
        if pairings != self._pairings:
            robot = self._robot
            self._remembered.change(lambda state: with_pairings(state, robot, pairings))
