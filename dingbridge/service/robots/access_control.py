"""Checks who may write to a robot, and answers those who are refused."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.core.access import pairing, pairing_state, pairing_text, policy, refusal_texts
from dingbridge.core.access.policy import Admitted, MayPair, NotForUs, Stranger
from dingbridge.core.catalogue import access as say
from dingbridge.core.messages import Inbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.inbox import Received
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.access_records import AccessRecords

log = logging.getLogger(__name__)


class AccessControl:
    """Applies the access policy to each message. Service loop only.

    - `reply` sends a text to a conversation.
    - `notify` reports a request for access, or the first refusal, to an editor.
    - `changed` is called when the counts have changed.
    """

    def __init__(
        self,
        records: AccessRecords,
        options: Callable[[], Options],
        reply: Callable[[Target, str], None],
        notify: Callable[[robot_news.PairingRequested | robot_news.Notice], None],
        changed: Callable[[], None],
    ) -> None:
        self._records = records
        self._options = options
        self._reply = reply
        self._notify = notify
        self._changed = changed
        self._has_told = False
        self.refused = 0
        """Messages that were refused since the robot is served (a count)."""

    @property
    def asking(self) -> int:
        """Number of open requests for access."""
        return len(self._records.current.requests)

    def describe(self) -> str:
        """Who may write, in words."""
        rules = policy.rules_of(self._options())
        return policy.describe(rules, len(self._records.current.paired))

    def verdict(self, received: Received, target: Target) -> Admitted | None:
        """Whether the message is admitted. A refused sender gets an answer, but not for every
        message; see `AccessRecords.may_tell_refusal`."""
        inbound = received.inbound
        self._records.drop_expired()
        rules = policy.rules_of(self._options())
        match policy.admit(inbound, rules, self._records.pairings, self._records.now()):
            case Admitted() as admitted:
                log.debug("%s has access", inbound.sender.identity)
                return admitted
            case NotForUs(reason=reason):
                log.debug("passed over: %s", reason)
            case MayPair() as may:
                self._request_access(received, target, may)
            case stranger:
                self._refuse(inbound, target, stranger)
        return None

    def admits(self, inbound: Inbound) -> Admitted | None:
        """Whether the person of a message has access; answers nobody."""
        rules = policy.rules_of(self._options())
        verdict = policy.admit(inbound, rules, self._records.pairings, self._records.now())
        return verdict if isinstance(verdict, Admitted) else None

    def _request_access(self, received: Received, target: Target, may: MayPair) -> None:
        inbound = received.inbound
        self.refused += 1
        match self._records.request(received):
            case pairing.TellCode(request=request, is_new=is_new):
                log.info("%s %s asks for access", request.kind.value, request.id)
                text = refusal_texts.code_told(inbound, request, self._records.now())
                self._reply(target, text)
                if is_new:
                    self._notify(_requested(request))
            case pairing.SayNothing(reason=reason):
                log.info("not answered: %s", reason)
            case pairing.TooMany():
                self.refused -= 1
                self._refuse(inbound, target, may)
        self._changed()

    def _refuse(self, inbound: Inbound, target: Target, stranger: Stranger | MayPair) -> None:
        self.refused += 1
        log.warning("refused %s: %s", inbound.sender.identity, stranger.reason)
        if self._records.may_tell_refusal(inbound):
            self._reply(target, stranger.refusal)
        if not self._has_told:
            # Only the first: strangers must not be able to fill the screen.
            self._has_told = True
            who = say.PERSON(id=inbound.sender.identity, name=inbound.sender.nick)
            self._notify(robot_news.Notice(say.FIRST_REFUSED(who=who, setting=stranger.setting)))
        self._changed()


def _requested(request: pairing_state.AccessRequest) -> robot_news.PairingRequested:
    who = pairing_text.who(request)
    return robot_news.PairingRequested(request.code, request.id, request.kind.value, who)
