"""What an agent sends besides answers: updates of its session, and requests to us."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pydantic
from acp import schema

from dingbridge.edges.agents.message_stream import RawMessage
from dingbridge.edges.agents.opened_session import OpenedSession
from dingbridge.edges.agents.prompted_turn import PromptedTurn, TakeEvent

log = logging.getLogger(__name__)


class IncomingMessages:
    """Passes them to the turn of a chat session, or answers them.

    `agent` and `turn` return those that run, or None.
    """

    def __init__(
        self,
        session: str,
        notify: TakeEvent,
        agent: Callable[[], OpenedSession | None],
        turn: Callable[[], PromptedTurn | None],
    ) -> None:
        self._session = session
        self._notify = notify
        self._agent = agent
        self._turn = turn
        self._unknown = 0

    def take(self, message: RawMessage) -> None:
        """A request or a notification has come."""
        method, params = message["method"], message.get("params")
        given = params if isinstance(params, dict) else {}
        if "id" in message:
            self._requested(message["id"], str(method), given)
        elif method == "session/update":
            self._updated(given)
        elif method == "$/cancel_request":
            asked, turn, agent = given.get("requestId"), self._turn(), self._agent()
            if turn is not None and turn.withdrawn(asked) and agent:
                agent.connection.withdrawn(asked)

    def _requested(self, message_id: object, method: str, params: dict[str, Any]) -> None:
        turn, agent = self._turn(), self._agent()
        if method == "session/request_permission":
            if turn is None:
                self.answer(message_id, None)
                return
            try:
                turn.ask(message_id, params)
                return
            except pydantic.ValidationError:
                self.answer(message_id, None)
        elif agent is not None:
            agent.connection.refuse(message_id, method)
        if turn is not None:
            turn.unanswered(method)

    def _updated(self, params: dict[str, Any]) -> None:
        try:
            notification = schema.SessionNotification.model_validate(params)
        except pydantic.ValidationError:
            self._unknown += 1
            return
        turn, agent = self._turn(), self._agent()
        if agent is None or notification.session_id != agent.id:
            return
        if agent.has_set(notification.update):
            self._notify(agent.settings(self._session))
        elif turn is not None:
            turn.update(notification.update)

    def answer(self, message_id: object, option: str | None) -> None:
        """Answer a permission; None: as cancelled."""
        agent = self._agent()
        if agent is not None:
            selected = {"outcome": "selected", "optionId": option}
            outcome = {"outcome": "cancelled"} if option is None else selected
            agent.connection.answer(message_id, {"outcome": outcome})

    def report_unknown(self) -> None:
        """Log how many updates were passed over since the last call."""
        if self._unknown:
            log.info("an agent has sent %d updates of unknown kinds", self._unknown)
            self._unknown = 0
