"""The reactions of a robot: stores them, and makes their requests one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from dingbridge.core.delivery.reactions import MessageReactions, Reaction, ReactionCall
from dingbridge.core.errors import DeliveryError
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.state import State, with_reactions
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.reaction_requests import ReactionRequests
from dingbridge.edges.storage.robot_records import RobotRecords
from dingbridge.service.robots.request_thread import RequestThread
from dingbridge.service.robots.robot_resources import RobotResources

log = logging.getLogger(__name__)

CALL_TIMEOUT = 3.0
"""Timeout of a request in seconds; our choice, DingTalk publishes none."""


class RobotReactions:
    """The port `Reactions`. Service loop only.

    - `counted` gets the number of calls that succeeded, and the platform's code if it refused one.
    """

    def __init__(
        self,
        options: Options,
        resources: RobotResources,
        records: RobotRecords,
        counted: Callable[[int, str], None],
    ) -> None:
        self._post = resources.post
        self._records = records
        self._counted = counted
        self._reactions = MessageReactions()
        self._stored = 0

        def make(options: Options) -> ReactionRequests:
            http = Http(options.proxy, connect_timeout=CALL_TIMEOUT, read_timeout=CALL_TIMEOUT)
            return ReactionRequests(resources.client(options, http))

        self._thread = RequestThread("dingbridge-reactions", options, make, resources.post)
        self._timer: asyncio.TimerHandle | None = None
        self._is_idle = True
        self._is_due = False
        self._is_stopped = False
        self._has_failed = False

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._thread.configure(options)

    def restore(self, left: tuple[Reaction, ...]) -> None:
        """Remove the reactions that an earlier service has left at messages."""
        self._reactions, self._stored = MessageReactions(left, _now()), len(left)
        self._proceed_soon()

    def react(self, reaction: Reaction) -> None:
        """Show a reaction at a message."""
        self._reactions.show(reaction, _now())
        self._proceed_soon()

    def unreact(self, message_id: str) -> None:
        """Remove the reaction at a message."""
        self._reactions.remove(message_id, _now())
        self._proceed_soon()

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to be sent."""
        if idle and not self._is_idle:
            self._proceed_soon()
        self._is_idle = idle

    def stop(self) -> None:
        """Make no more requests; one that is under way is not interrupted."""
        self._is_stopped = True
        self._thread.stop()

    def _proceed_soon(self) -> None:
        """Proceed once for all messages of a turn."""
        if not self._is_due:
            self._is_due = True
            self._post(self._proceed)

    def _proceed_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._post, self._proceed)

    def _proceed(self) -> None:
        self._is_due = False
        if self._is_stopped:
            return
        stored = self._reactions.stored()
        if len(stored) < self._stored:
            self._records.soon(self._storing(stored))
        step = self._reactions.next_step(_now()) if self._is_idle else None
        at = self._reactions.next_at() if self._is_idle else None
        if isinstance(step, ReactionCall):
            self._call(step)
        elif step is not None:
            self._records.change(self._storing(step.reactions), lambda: self._ended(None))
        elif at is not None:
            self._proceed_in(max(0.0, at - _now()))

    def _storing(self, reactions: tuple[Reaction, ...]) -> Callable[[State], State]:
        self._stored = len(reactions)
        return lambda state: with_reactions(state, self._records.robot, reactions)

    def _call(self, call: ReactionCall) -> None:
        self._thread.run(lambda requests: requests.run(call), self._called)

    def _called(self, error: DeliveryError | None) -> None:
        if error is None:
            self._counted(1, "")
        else:
            level = logging.DEBUG if self._has_failed else logging.INFO
            self._has_failed = True
            log.log(level, "no reaction: %s %s", error.code, error.message)
            self._counted(0, error.code)
        self._ended(error)

    def _ended(self, error: DeliveryError | None) -> None:
        self._reactions.ended(error, _now())
        self._proceed()


def _now() -> float:
    return asyncio.get_running_loop().time()
