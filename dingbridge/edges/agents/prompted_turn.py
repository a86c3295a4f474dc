"""One turn: what the agent reports in it becomes events, and it asks for permissions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from acp import schema

from dingbridge.core.agents import asked_call
from dingbridge.core.agents.turn_events import (
    AgentEvent,
    AskedUnknown,
    PermissionAsked,
    PermissionGone,
    PermissionOption,
    PlanChanged,
    PlanEntry,
    RefusedBecause,
    TextAdded,
    ThoughtAdded,
    ToolCall,
    ToolChanged,
)
from dingbridge.edges.agents.tool_calls import STATES, ToolCalls, block_text

KINDS = ("allow_once", "allow_always", "reject_once", "reject_always")

ASKS_PEOPLE = ("session/request_permission", "elicitation/create")
"""Requests of which people hear if they cannot be answered. Agents also ask for extensions of
their own, in each turn, and do without."""

TakeEvent = Callable[[AgentEvent], None]

MOST_OPEN = 20
"""Permissions of a turn that people are asked for at a time; more are refused."""

MOST_CHARACTERS = 500_000
"""Characters of what a permission is about, beyond which it is refused: nobody reads that on a
phone, and it would be kept, sent and shown several times."""

AnswerRequest = Callable[[object, str | None], None]
"""Answers the request with this id: with an option, or that it is cancelled."""


class PromptedTurn:
    """A turn from its prompt to its end. All permissions are settled at its end."""

    def __init__(self, request: str, notify: TakeEvent, answer: AnswerRequest) -> None:
        self.request = request
        self.is_asked = False
        """Whether the agent has been sent the prompt."""
        self.is_cancelled = False
        self.ended = asyncio.Event()
        """Set when the turn must not go on."""
        self._notify = notify
        self._answer = answer
        self._calls = ToolCalls()
        self._asked = 0
        self._open: dict[str, tuple[object, frozenset[str]]] = {}

    @property
    def waits_for_people(self) -> bool:
        """Whether a permission is open."""
        return bool(self._open)

    def update(self, update: object) -> None:
        """Report what the agent has just done."""
        match update:
            case schema.AgentMessageChunk():
                if text := block_text(update.content):
                    self._notify(TextAdded(self.request, text))
            case schema.AgentThoughtChunk():
                if text := block_text(update.content):
                    self._notify(ThoughtAdded(self.request, text))
            case schema.ToolCallStart() | schema.ToolCallProgress():
                self._notify(ToolChanged(self.request, self._calls.report(update)))
            case schema.AgentPlanUpdate():
                self._plan(update.entries)
            case schema.AgentPlanContentUpdate(plan=schema.PlanUpdateItems() as plan):
                self._plan(plan.entries)
            case schema.AgentPlanRemovedUpdate():
                self._plan([])
            case _:
                pass  # nothing that is shown: the user's own text again, what was used of the quota

    def _plan(self, entries: list[schema.PlanEntry]) -> None:
        steps = tuple(PlanEntry(entry.content, STATES[entry.status]) for entry in entries)
        self._notify(PlanChanged(self.request, steps))

    # --- permissions ------------------------------------------------------------------------------

    def ask(self, message_id: object, params: dict[str, Any]) -> None:
        """The agent asks for a permission. Raises `ValidationError` for what is none."""
        known = {**params, "options": _known(params)}
        asked = schema.RequestPermissionRequest.model_validate(known)
        call = self._calls.report(asked.tool_call, complete=True)
        if self.is_cancelled:
            self._answer(message_id, None)
            return
        if why := self._refused(asked.options, _ids(params), call):
            self._answer(message_id, None)
            self._notify(AskedUnknown(self.request, call.title, why))
            return
        self._asked += 1
        permission = f"{self.request}/{self._asked}"
        offered = tuple(
            PermissionOption(option.option_id, option.name, option.kind) for option in asked.options
        )
        self._open[permission] = (message_id, frozenset(option.id for option in offered))
        self._notify(PermissionAsked(self.request, permission, call, offered))

    def unanswered(self, method: str) -> None:
        """Report a request that could not be answered, if people have to hear of it."""
        if method in ASKS_PEOPLE:
            self._notify(AskedUnknown(self.request, method))

    def _refused(
        self, options: list[schema.PermissionOption], ids: list[object], call: ToolCall
    ) -> RefusedBecause | None:
        """Why people are not asked; None if they are."""
        # To allow once is all that people are asked for.
        if not any(option.kind == "allow_once" for option in options):
            return "unknown"
        if any(ids.count(each) > 1 for each in ids):
            return "ambiguous"
        if len(self._open) >= MOST_OPEN:
            return "many"
        if self._calls.is_shortened(call.id):
            return "long"
        is_long = len(call.title) + len(asked_call.detail(call)) > MOST_CHARACTERS
        return "long" if is_long else None

    def decide(self, permission: str, option: str | None) -> bool:
        """Answer a permission, with None or an option that was not offered as cancelled. Returns
        whether it is open here."""
        if permission not in self._open:
            return False
        message_id, offered = self._open.pop(permission)
        self._answer(message_id, option if option in offered else None)
        return True

    def withdrawn(self, message_id: object) -> bool:
        """The agent does not want the answer any more. Returns whether it had asked."""
        for permission, (asked, _) in self._open.items():
            if asked == message_id:
                del self._open[permission]
                self._notify(PermissionGone(self.request, permission))
                return True
        return False

    def settle(self) -> None:
        """Answer all open permissions as cancelled: the turn ends or is to end."""
        for permission, (message_id, _) in self._open.items():
            self._answer(message_id, None)
            self._notify(PermissionGone(self.request, permission))
        self._open.clear()


def _ids(params: dict[str, Any]) -> list[object]:
    """The ids of all options, also of those that are not known."""
    options = params.get("options")
    return [
        option.get("optionId")
        for option in (options if isinstance(options, list) else ())
        if isinstance(option, dict)
    ]


def _known(params: dict[str, Any]) -> list[Any]:
    """The options of kinds that the library knows: with another one it reads none."""
    options = params.get("options")
    return [
        option
        for option in (options if isinstance(options, list) else ())
        if isinstance(option, dict) and option.get("kind") in KINDS
    ]
