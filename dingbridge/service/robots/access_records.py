"""What the state file knows about access to a robot: pairings, requests, and answers to
refusals."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.access import first_message, pairing, pairing_state, pairing_text
from dingbridge.core.catalogue import access as say
from dingbridge.core.messages import Inbound, SessionWebhook
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.state import pairings_of, with_pairings, with_refused
from dingbridge.core.timeouts import REFUSAL_EVERY
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.runtime import Runtime


class AccessRecords:
    """Keeps the pairings in the state file. Service loop only."""

    def __init__(self, robot: str, cache: StateCache, runtime: Runtime) -> None:
        self._robot = robot
        self._cache = cache
        self._runtime = runtime
        # By pairing code. In memory only: a session webhook is a secret.
        self._webhooks: dict[str, SessionWebhook] = {}

    def now(self) -> float:
        """Unix seconds."""
        return self._runtime.now()

    @property
    def pairings(self) -> pairing_state.Pairings:
        """All pairings, including expired ones."""
        return pairings_of(self._cache.state, self._robot)

    @property
    def current(self) -> pairing_state.Pairings:
        """The pairings that have not expired."""
        return pairing_state.current(self.pairings, self.now())

    def keep(self, pairings: pairing_state.Pairings) -> None:
        """Replace the pairings."""
        if pairings != self.pairings:
            robot = self._robot
            self._cache.change(lambda state: with_pairings(state, robot, pairings))

    def when_written(self, then: Callable[[], None]) -> None:
        """Call `then` once all earlier changes are on disk."""
        self._cache.when_written(then)

    def drop_expired(self) -> None:
        """Drop expired requests and the messages kept for them."""
        self.keep(self.current)

    def request(
        self, received: Received
    ) -> pairing.TellCode | pairing.SayNothing | pairing.TooMany:
        """Add a request by the sender of a message, and keep the message."""
        inbound = received.inbound
        first = first_message.kept(received)
        pairings, answer = pairing.ask(
            self.pairings, inbound, self.now(), self._runtime.below, first
        )
        self.keep(pairings)
        if isinstance(answer, pairing.TellCode) and answer.is_new:
            self._keep_webhook(answer.request, inbound.session_webhook)
        return answer

    def _keep_webhook(
        self, request: pairing_state.AccessRequest, webhook: SessionWebhook | None
    ) -> None:
        """Keep the session webhook, the only way to answer somebody without a staff id."""
        open_ = {one.code for one in self.pairings.requests}
        self._webhooks = {code: one for code, one in self._webhooks.items() if code in open_}
        if webhook is not None:
            self._webhooks[request.code] = webhook

    def take_webhook(self, request: pairing_state.AccessRequest) -> SessionWebhook | None:
        """Remove and return the session webhook of a request."""
        return self._webhooks.pop(request.code, None)

    def may_tell_refusal(self, inbound: Inbound) -> bool:
        """Whether to answer this refused message: at most once per conversation in `REFUSAL_EVERY`.
        Per conversation, because the answer in a group contains the group's id."""
        now = self.now()
        about = f"{self._robot}/{inbound.sender.identity}/{inbound.conversation.id}"
        if self._cache.state.refused.get(about, 0.0) > now - REFUSAL_EVERY:
            return False
        self._cache.change(lambda state: with_refused(state, about, now))
        return True

    def report(self) -> robot_news.PairingsReport:
        """The open requests, and all pairings in words."""
        pairings = self.current
        asking = tuple((one.code, pairing_text.who(one)) for one in pairings.requests)
        lines = pairing_text.describe(pairings, self.now())
        return robot_news.PairingsReport(asking, "\n".join(lines) or say.NOBODY_AT_ALL())

    def changes(self) -> robot_news.AccessChanged:
        """The open requests, and the paired ids."""
        pairings = self.current
        return robot_news.AccessChanged(
            tuple((one.code, pairing_text.who(one)) for one in pairings.requests),
            tuple((one.id, one.label) for one in pairings.paired),
        )
