"""Recalls sent messages of a robot from DingTalk."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery import recall
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery
from dingbridge.service.robots.delivery_updates import DeliveryUpdates
from dingbridge.service.robots.robot_news import Notice
from dingbridge.service.robots.robot_ports import Recalls
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.runtime import Runtime


class MessageRecalls:
    """Service loop only. The state remembers by which keys DingTalk recalls a message."""

    def __init__(
        self,
        robot: str,
        cache: StateCache,
        runtime: Runtime,
        requests: Recalls,
        updates: DeliveryUpdates,
    ) -> None:
        self._robot = robot
        self._cache = cache
        self._runtime = runtime
        self._requests = requests
        self._updates = updates

    def recall(self, message: str, show: Callable[[Notice], None]) -> None:
        """Recall a message. Its transcript and all editors show it then; `show` gets the reason if
        it cannot be recalled."""
        chunks = recall.find(self._cache.state.sent_keys.get(self._robot, ()), message)
        try:
            calls = recall.calls(chunks, message, self._runtime.now())
        except BridgeError as error:
            show(Notice(error.message, "error"))
            return
        session = chunks[0].session

        def ended(problem: str) -> None:
            if problem:
                show(Notice(say.NOT_RECALLED(id=message, reason=problem), "error"))
                return
            self._updates.write(message, session, Delivery.RECALLED, "")
            self._updates.set(message, session, Delivery.RECALLED)
            if not session:
                show(Notice(say.RECALLED(id=message)))

        self._requests.recall(calls, ended)
