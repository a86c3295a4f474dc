"""Recalls sent messages of a robot from DingTalk."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.delivery import recall
from dingbridge.core.delivery.sent_messages import SentChunk
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery
from dingbridge.core.sessions.state import with_recalled
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

    @property
    def _sent(self) -> tuple[SentChunk, ...]:
        return self._cache.state.sent_keys.get(self._robot, ())

    def recallable(self) -> tuple[SentChunk, ...]:
        """The first chunk of each message that can be recalled now, the latest first."""
        return recall.recallable(self._sent, self._runtime.now())

    def recall(self, message: str, show: Callable[[Notice], None], *, known: bool) -> None:
        """Recall a message. Its transcript and all editors show it then; `show` gets the reason if
        it cannot be recalled. `known`: the robot has sent it."""
        chunks = recall.find(self._sent, message)
        if not chunks:
            show(Notice(self._why_not(known)(id=message), "error"))
            return
        try:
            calls = recall.calls(chunks, self._runtime.now())
        except BridgeError as error:
            show(Notice(error.message, "error"))
            return
        session, text = chunks[0].session, recall.words(chunks[0])

        def ended(problem: str) -> None:
            if problem:
                show(Notice(say.NOT_RECALLED(text=text, reason=problem), "error"))
                return
            self._cache.soon(lambda state: with_recalled(state, self._robot, message))
            self._updates.write(message, session, Delivery.RECALLED, "")
            self._updates.set(message, session, Delivery.RECALLED)
            self._updates.changed()
            if not session:
                show(Notice(say.RECALLED(text=text)))

        self._requests.recall(calls, ended)

    def _why_not(self, known: bool) -> Sentence:
        """Why a message without chunks cannot be recalled."""
        if not known:
            return say.RECALL_UNKNOWN
        # The chunks of a custom robot are not remembered.
        return say.RECALL_OF_MERGED if self._sent else say.RECALL_OF_GROUP_ROBOT
