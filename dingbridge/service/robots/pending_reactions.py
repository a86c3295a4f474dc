"""The messages being worked on: each shows the reaction until it was answered, or never will be.

An unanswered message shows it as long as an editor has its session bound. What is left when the
owner ends is removed by the next one.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.reaction_calls import reaction_to
from dingbridge.core.delivery.reactions import MOST_OUTSTANDING
from dingbridge.core.delivery.routing import reply_target
from dingbridge.core.messages import Inbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.service.ports import Reactions, Runtime


class _Open(Struct, frozen=True):
    """A message that is worked on since `time` (Unix seconds). `place` is where its answer goes."""

    session: str
    place: str
    time: float


class PendingReactions:
    """Service loop only. `is_short`: whether the month's quota is short."""

    def __init__(
        self,
        reactions: Reactions,
        runtime: Runtime,
        options: Callable[[], Options],
        is_short: Callable[[], bool],
    ) -> None:
        self._reactions = reactions
        self._runtime = runtime
        self._options = options
        self._is_short = is_short
        # By the id of the message, the oldest first.
        self._open: dict[str, _Open] = {}

    def worked_on(self, inbound: Inbound, session: str) -> None:
        """A message goes to a session. A second call does nothing."""
        reaction = reaction_to(inbound, self._options().reaction)
        if reaction is None or inbound.id in self._open:
            return
        if len(self._open) == MOST_OUTSTANDING:
            del self._open[next(iter(self._open))]
        place = _place(reply_target(inbound))
        self._open[inbound.id] = _Open(session, place, self._runtime.now())
        self._reactions.react(reaction, short=self._is_short())

    def ended(self, whole: QueuedMessage) -> None:
        """A message was sent or failed: a reply ends the work on what came before it there."""
        if whole.kind is not Purpose.REPLY:
            return
        self._end(lambda one: one.time <= whole.time and _answers(whole, one))

    def left(self, session: str) -> None:
        """No editor has the session bound any more: nobody works on its messages."""
        self._end(lambda one: one.session == session)

    def member_left(self, session: str, *, is_last: bool) -> None:
        """The editor that had the session bound, if any, is gone.

        Any editor can answer in a session created on demand, so for those only the last one counts.
        """
        self._end(lambda one: is_last or one.session == session)

    def _end(self, is_over: Callable[[_Open], bool]) -> None:
        for message in [message for message, one in self._open.items() if is_over(one)]:
            del self._open[message]
            self._reactions.unreact(message)

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to be sent."""
        self._reactions.idle(idle=idle)


def _answers(whole: QueuedMessage, one: _Open) -> bool:
    target = whole.outbound.target
    if target.conversation_id or target.user_id:
        return _place(target) == one.place
    # Only its session webhook reaches a person from outside, and each message has another one.
    return _place(target) == one.place or bool(whole.session and whole.session == one.session)


def _place(target: Target) -> str:
    webhook = target.session_webhook
    return target.conversation_id or target.user_id or (webhook.url if webhook is not None else "")
