"""One turn of an agent while it runs: shows it as it grows, and asks for approvals."""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.agents import asked_call
from dingbridge.core.agents.known_agents import AgentChoice, title
from dingbridge.core.agents.turn_events import (
    AskedUnknown,
    PermissionAsked,
    PermissionGone,
    PermissionKind,
    PlanChanged,
    RefusedBecause,
    TextAdded,
    ThoughtAdded,
    ToolChanged,
)
from dingbridge.core.agents.turn_record import TurnRecord
from dingbridge.core.agents.turn_result import TurnResult
from dingbridge.core.approvals.approval import ApprovalRequest, Decision
from dingbridge.core.catalogue import turns as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.markdown.code_blocks import code_span
from dingbridge.core.messages import Message, Role
from dingbridge.protocol import updates
from dingbridge.service.agents.agent_ports import AgentPorts, AgentRunner
from dingbridge.service.sessions.live_turns import LiveTurns

log = logging.getLogger(__name__)

SHOWN_EVERY = 0.04
"""Seconds between two updates of a turn that grows."""

REPORTED_AFTER = (3, 10, 30)
"""Minutes after which the one who asked hears that the agent still works."""

MOST_REPORTS = 30
"""How often that is said in a turn, at most."""

MANY_CALLS = 35
"""Messages of a turn, with questions about approvals and what was decided, after which a word warns
of the quota. Its answer takes up to 15 more."""

ONLY_ONCE = frozenset({"other", "switch_mode"})
"""Kinds of tools that cannot be allowed always: the first says nothing about what is allowed, and
another mode may end the agent's questions."""

TurnEvent = (
    TextAdded
    | ThoughtAdded
    | ToolChanged
    | PlanChanged
    | PermissionAsked
    | PermissionGone
    | AskedUnknown
)


_REFUSED: dict[RefusedBecause, Sentence] = {
    "unknown": say.ASKED_UNKNOWN,
    "ambiguous": say.ASKED_AMBIGUOUS,
    "long": say.ASKED_TOO_LONG,
    "many": say.ASKED_TOO_MANY,
}


class AgentQuestion(Struct, frozen=True, kw_only=True):
    """One question to an agent.

    - `request`: the id of the message; `text` and `files` are the prompt
    - `asker`: the identity of the person who asked, and `robot` theirs; both empty for the
      editor's user
    - `progress`: minutes between two words about it; 0: after 3, 10 and 30 minutes
    - `report`: says something to the one who asked; `ended` gets the result, once
    """

    request: str
    session: str
    agent: AgentChoice
    text: str
    files: tuple[str, ...]
    instructions: str
    model: str
    silence: float
    asker: str
    robot: str
    progress: int
    report: Callable[[str], None]
    ended: Callable[[TurnResult], None]


class TurnPorts(Struct, frozen=True):
    """What a running turn needs."""

    runner: AgentRunner
    live: LiveTurns
    outside: AgentPorts


class RunningTurn:
    """Service loop only.

    running ──end()──▶ over
    """

    def __init__(self, turn: AgentQuestion, ports: TurnPorts) -> None:
        self.turn = turn
        self.record = TurnRecord()
        self._ports = ports
        self._began = ports.outside.runtime.now()
        self._is_over = False
        self._is_due = False
        # The codes of approvals, and the tool calls that wait for them, by permission.
        self._codes: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._reported = 0
        self._spent = 0
        self._message = Message(
            f"turn-{turn.request}", Role.RESPONDER, title(turn.agent.name), "", self._began
        )
        ports.live.begin(turn.session, self._so_far)
        self._report_later()

    def _so_far(self) -> updates.ShowTurn:
        record, message = self.record, self._message
        whole = Message(
            message.id,
            message.role,
            message.author,
            record.text,
            message.time,
            steps=record.steps,
        )
        return updates.ShowTurn(self.turn.session, whole, record.planned)

    # --- what the agent does ----------------------------------------------------------------------

    def heard(self, event: TurnEvent) -> None:
        """Something has happened in the turn."""
        match event:
            case TextAdded(text=text):
                self.record.add_text(text)
            case ThoughtAdded(text=text):
                self.record.add_thought(text)
            case ToolChanged(call=call):
                self.record.change_tool(call)
            case PlanChanged(entries=entries):
                self.record.change_plan(entries)
            case PermissionAsked(permission=permission):
                try:
                    self._ask(event)
                except Exception:  # any defect: the agent waits for an answer
                    log.exception("an approval could not be asked for")
                    self._ports.runner.decide(permission, None)
                    self._withdraw(permission)
            case PermissionGone(permission=permission):
                self._withdraw(permission)
            case AskedUnknown(what=what, why=why):
                self.record.refuse(_REFUSED[why](), what)
        self._show_soon()

    def _show_soon(self) -> None:
        if not self._is_due and not self._is_over:
            self._is_due = True
            self._ports.outside.later(SHOWN_EVERY, self._show)

    def _show(self) -> None:
        self._is_due = False
        growth = None if self._is_over else self.record.take_growth()
        if growth is not None:
            session, message = self.turn.session, self._message.id
            self._ports.live.grew(
                session,
                updates.TurnGrew(session, message, growth.text, growth.steps, growth.plan),
            )

    # --- approvals --------------------------------------------------------------------------------

    def _ask(self, asked: PermissionAsked) -> None:
        turn, call = self.turn, asked.call
        kinds = {option.kind: option.id for option in reversed(asked.options)}

        def decided(decision: Decision | None) -> None:
            self._codes.pop(asked.permission, None)
            self._waiting.pop(asked.permission, None)
            self._show_code(call.id)
            self._ports.runner.decide(asked.permission, chosen(kinds, decision or "reject"))
            self._show_soon()

        self.record.change_tool(call)
        self._waiting[asked.permission] = call.id
        code = self._ports.outside.approvals.ask(
            ApprovalRequest(
                session=turn.session,
                source=title(turn.agent.name),
                title=asked_call.title(call),
                kind=call.kind,
                detail=asked_call.detail(call),
                robot=turn.robot,
                asker=turn.asker,
                can_always=call.kind not in ONLY_ONCE,
            ),
            decided,
        )
        if code and turn.robot:
            self._spend(2)  # the question, and what was decided
        if code and asked.permission in self._waiting:
            self._codes[asked.permission] = code
            self._show_code(call.id)

    def _withdraw(self, permission: str) -> None:
        code = self._codes.pop(permission, "")
        call = self._waiting.pop(permission, "")
        if code:
            self._ports.outside.approvals.withdraw(code)
            self._show_code(call)

    def _show_code(self, call: str) -> None:
        """Show the code of the oldest approval that a tool call waits for, if it does."""
        waiting = (each for each, waits in self._waiting.items() if waits == call)
        codes = (self._codes.get(each, "") for each in waiting)
        self.record.wait(call, next(filter(None, codes), ""))

    # --- the one who asked ------------------------------------------------------------------------

    def _report_later(self) -> None:
        every = self.turn.progress
        if self._reported >= MOST_REPORTS or (not every and self._reported >= len(REPORTED_AFTER)):
            return
        minutes = every * (self._reported + 1) if every else REPORTED_AFTER[self._reported]
        since = (self._ports.outside.runtime.now() - self._began) / 60
        self._ports.outside.later(max(0.0, minutes - since) * 60, lambda: self._report(minutes))

    def _report(self, minutes: int) -> None:
        if self._is_over:
            return
        self._reported += 1
        self._spend(1)
        # Untrusted, and read as Markdown.
        step, code = self.record.latest, self.record.waits_for
        step = code_span(step) if step else ""
        if code:
            words = say.STILL_WAITING(code=code, minutes=minutes, step=step)
        elif step:
            words = say.STILL_WORKING_ON(minutes=minutes, step=step)
        else:
            words = say.STILL_WORKING(minutes=minutes)
        self.turn.report(words)
        self._report_later()

    def _spend(self, messages: int) -> None:
        """So many more messages of this turn leave."""
        before, self._spent = self._spent, self._spent + messages
        if before < MANY_CALLS <= self._spent:
            self.record.remark(say.MANY_MESSAGES(count=self._spent))
            self.turn.report(say.MANY_CALLS(count=self._spent))

    # --- its end ----------------------------------------------------------------------------------

    def end(self, result: Callable[[TurnRecord], TurnResult]) -> None:
        """The turn is over: close what waits, and pass the result on."""
        if self._is_over:
            return
        self._is_over = True
        try:
            self._ports.live.over(self.turn.session, self._message.id)
            for permission in tuple(self._waiting):
                self._withdraw(permission)
        finally:
            self.record.end()
            self.turn.ended(result(self.record))


def chosen(options: dict[PermissionKind, str], decision: Decision) -> str | None:
    """The id of the option that a decision means; None cancels the request.

    "Always" allows once: this service remembers it, so that it covers what was shown, no more than
    the one who said it may allow, and can be taken back.

    >>> chosen({"allow_once": "a", "reject_once": "r"}, "always")
    'a'
    """
    wanted: dict[Decision, tuple[PermissionKind, ...]] = {
        "allow": ("allow_once",),
        "always": ("allow_once",),
        "reject": ("reject_once", "reject_always"),
    }
    return next((options[kind] for kind in wanted[decision] if kind in options), None)
