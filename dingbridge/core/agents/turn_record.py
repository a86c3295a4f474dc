"""What an agent has done in a turn so far, and what of it is new for those who watch.

All texts are untrusted: they are tamed here, and bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from dingbridge.core.agents import asked_call
from dingbridge.core.agents.turn_events import PlanEntry, ToolCall
from dingbridge.core.agents.turn_steps import StepChange, TurnStep
from dingbridge.core.catalogue import turns as say
from dingbridge.core.text import shorten, tame

TEXT_CHARACTERS = 100_000
"""Longest answer of a turn; the rest is dropped. It leaves in 15 messages at most, unless
`text_chunk_limit` is small."""

DETAIL_CHARACTERS = 4000
"""Longest detail of a step that is kept, in code points."""

MOST_STEPS = 500
"""Steps of a turn that are kept; the later ones are counted only."""

MOST_PLANNED = 50
"""Entries of a plan that are kept."""


class Growth(Struct, frozen=True):
    """What is new in a turn: more text, steps, and the whole plan if it changed."""

    text: str = ""
    steps: tuple[StepChange, ...] = ()
    plan: tuple[TurnStep, ...] | None = None


class TurnRecord:
    """The record of one turn: the text of the answer, and the steps.

    record.add_text("Looking")
    record.take_growth()  # Growth(text="Looking")
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0
        self._is_cut = False
        self._steps: list[TurnStep] = []
        self._tools: dict[str, int] = {}
        self._thought = -1
        self._plan: tuple[TurnStep, ...] = ()
        self._has_broken = False
        # What `take_growth` returns next.
        self._new_text: list[str] = []
        self._changed: dict[int, None] = {}
        self._is_replanned = False

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._text)

    @property
    def is_cut(self) -> bool:
        """Whether the answer was longer than `TEXT_CHARACTERS`."""
        return self._is_cut

    @property
    def steps(self) -> tuple[TurnStep, ...]:
        """The steps so far, then the entries of the plan."""
        return (*self._steps, *self._plan)

    @property
    def planned(self) -> int:
        """How many of the steps, the last, are the plan."""
        return len(self._plan)

    @property
    def waits_for(self) -> str:
        """The code of an approval that a step waits for; empty without one."""
        return next((step.approval for step in self._steps if step.approval), "")

    @property
    def latest(self) -> str:
        """The title of the tool that runs, or ran last; empty before the first one."""
        tools = [step for step in self._steps if step.kind != "thought"]
        running = [step for step in tools if step.state in ("pending", "running")]
        return (running or tools or [TurnStep("", "", "done")])[-1].title

    def add_text(self, text: str) -> None:
        """More of the answer."""
        self._end_thought()
        text = tame(text)
        if self._has_broken and self._text and not self._text[-1].endswith("\n"):
            text = f"\n\n{text.lstrip()}" if text.strip() else ""
        if not text:
            return
        self._has_broken = False
        room = TEXT_CHARACTERS - self._length
        self._is_cut = self._is_cut or len(text) > room
        text = text[:room]
        if text:
            self._length += len(text)
            self._text.append(text)
            self._new_text.append(text)

    def add_thought(self, text: str) -> None:
        """More of what the agent thinks."""
        text = tame(text)
        if self._thought >= 0:
            before = self._steps[self._thought]
            if len(before.detail) < DETAIL_CHARACTERS:
                detail = _bounded(before.detail + text)
                self._put(self._thought, structs.replace(before, detail=detail))
        elif text.strip():
            self._thought = self._append(
                TurnStep("thought", say.THOUGHT(), "running", _bounded(text))
            )

    def change_tool(self, call: ToolCall) -> None:
        """A tool call began or changed."""
        self._end_thought()
        step = TurnStep(call.kind, asked_call.title(call), call.state, _bounded(_described(call)))
        index = self._tools.get(call.id)
        if index is None:
            self._tools[call.id] = self._append(step)
            self._has_broken = True
        elif index >= 0:
            approval = self._steps[index].approval if step.state == "pending" else ""
            self._put(index, structs.replace(step, approval=approval))

    def wait(self, call: str, code: str) -> None:
        """The tool call with this id waits for the approval with this code; empty: for none any
        more."""
        index = self._tools.get(call, -1)
        if index >= 0 and self._steps[index].approval != code:
            self._put(index, structs.replace(self._steps[index], approval=code))

    def refuse(self, title: str, detail: str) -> None:
        """Something that the agent wanted and did not get."""
        self._append(TurnStep("other", title, "failed", _bounded(tame(detail))))

    def remark(self, title: str) -> None:
        """Something about the turn that the agent did not do."""
        self._append(TurnStep("other", title, "done"))

    def change_plan(self, entries: Sequence[PlanEntry]) -> None:
        """The plan, complete."""
        plan = tuple(
            TurnStep("plan", shorten(tame(one.text), asked_call.TITLE_CHARACTERS) or "…", one.state)
            for one in entries[:MOST_PLANNED]
        )
        self._is_replanned = self._is_replanned or plan != self._plan
        self._plan = plan

    def end(self) -> None:
        """The turn is over: nothing runs any more. What did not end has failed."""
        self._end_thought()
        for index, step in enumerate(self._steps):
            if step.state in ("pending", "running"):
                self._put(index, structs.replace(step, state="failed", approval=""))
            elif step.approval:
                self._put(index, structs.replace(step, approval=""))
        self._plan = tuple(
            structs.replace(step, state="pending") if step.state == "running" else step
            for step in self._plan
        )

    def take_growth(self) -> Growth | None:
        """What is new since the last call; None for nothing."""
        if not self._new_text and not self._changed and not self._is_replanned:
            return None
        growth = Growth(
            "".join(self._new_text),
            tuple(StepChange(index, self._steps[index]) for index in self._changed),
            self._plan if self._is_replanned else None,
        )
        self._new_text, self._changed, self._is_replanned = [], {}, False
        return growth

    def _end_thought(self) -> None:
        if self._thought >= 0:
            done = structs.replace(self._steps[self._thought], state="done")
            self._put(self._thought, done)
            self._thought = -1

    def _append(self, step: TurnStep) -> int:
        """Add a step and return its index; -1 if there are too many."""
        if len(self._steps) >= MOST_STEPS:
            return -1
        self._steps.append(step)
        self._changed[len(self._steps) - 1] = None
        return len(self._steps) - 1

    def _put(self, index: int, step: TurnStep) -> None:
        if self._steps[index] != step:
            self._steps[index] = step
            self._changed[index] = None


def _described(call: ToolCall) -> str:
    """A tool call's arguments, output and diffs as Markdown, complete."""
    parts = [tame(call.detail).strip(), *call.diffs]
    return "\n\n".join(part for part in parts if part)


def _bounded(detail: str) -> str:
    if len(detail) <= DETAIL_CHARACTERS:
        return detail
    return f"{detail[: DETAIL_CHARACTERS - 2]}\n…"
