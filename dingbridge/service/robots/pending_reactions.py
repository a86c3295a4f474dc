"""The messages being worked on: each shows the reaction until it was answered, or never will be.

An unanswered message shows it as long as an editor has its session bound.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.delivery.reactions import Reaction
from dingbridge.core.delivery.routing import reply_target
from dingbridge.core.messages import Inbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.service.robots.robot_ports import Reactions
from dingbridge.service.runtime import Runtime

MOST_MESSAGES = 200
"""Messages that show a reaction at the same time; the oldest loses it to a new one."""


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
        name = self._options().reaction
        if not name or inbound.id in self._open or self._is_short():
            return
        if len(self._open) == MOST_MESSAGES:
            self._close(next(iter(self._open)))
        place = _place(reply_target(inbound))
        self._open[inbound.id] = _Open(session, place, self._runtime.now())
        conversation = inbound.conversation.id
        self._reactions.react(Reaction(inbound.robot_code, conversation, inbound.id, name))

    def ended(self, whole: QueuedMessage) -> None:
        """A message was sent or failed: a reply ends the work on what came before it there."""
        if whole.kind is Purpose.REPLY:
            self._end(lambda one: one.time <= whole.time and _answers(whole, one))

    def left(self, session: str, *, nobody_is_left: bool = False) -> None:
        """No editor has the session bound any more: nobody works on its messages. Any editor may
        answer in a session that was created on demand, while one is left."""
        self._end(lambda one: nobody_is_left or one.session == session)

    def _end(self, is_over: Callable[[_Open], bool]) -> None:
        for message in [message for message, one in self._open.items() if is_over(one)]:
            self._close(message)

    def _close(self, message: str) -> None:
        del self._open[message]
        self._reactions.unreact(message)


def _answers(whole: QueuedMessage, one: _Open) -> bool:
    target = whole.outbound.target
    is_there = _place(target) == one.place
    if target.conversation_id or target.user_id:
        return is_there
    # Only its session webhook reaches a person from outside, and each message has another one.
    return is_there or bool(whole.session and whole.session == one.session)


def _place(target: Target) -> str:
    webhook = target.session_webhook
    return target.conversation_id or target.user_id or (webhook.url if webhook is not None else "")
