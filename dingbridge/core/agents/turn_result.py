"""How a turn ended, in words: the answer, or why there is none or only a part of one."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.agents.turn_events import StopReason, TurnEnded, TurnFailed
from dingbridge.core.agents.turn_record import TurnRecord
from dingbridge.core.agents.turn_steps import TurnStep
from dingbridge.core.catalogue import remote
from dingbridge.core.catalogue import turns as say
from dingbridge.core.text import shorten, tame

REASON_CHARACTERS = 500
"""Longest detail of a failure that a session shows."""


class TurnResult(Struct, frozen=True):
    """The end of a turn.

    - `text`: the answer, never empty: with a remark about its end if need be
    - `agent`: who answered, for the heading
    - `problem`: what the session shows besides, in the agent's words; empty without a problem
    """

    text: str
    agent: str
    steps: tuple[TurnStep, ...] = ()
    problem: str = ""


class FailureWords(Struct, frozen=True):
    """Why a turn failed, and what can be done about it; no sentence has the agent's own words."""

    reason: str
    remedy: str


def ended(record: TurnRecord, agent: str, end: TurnEnded) -> TurnResult:
    """The result of a turn that the agent has ended."""
    text = record.text.strip()
    steps = record.steps
    remarks = [say.CUT()] if record.is_cut else []
    if end.reason != "end_turn":
        remarks.append(_remark(end.reason, agent))
    elif not text and steps:
        remarks.append(say.EMPTY_AFTER(agent=agent, count=len(steps)))
    elif not text:
        remarks.append(say.EMPTY(agent=agent))
    return TurnResult(_together(text, *remarks), agent, steps)


def failed(record: TurnRecord, agent: str, failure: TurnFailed, words: FailureWords) -> TurnResult:
    """The result of a turn that failed."""
    text = record.text.strip()
    sentence = say.FAILED_AFTER if text else say.FAILED
    remark = sentence(reason=words.reason, remedy=words.remedy)
    detail = shorten(tame(failure.detail), REASON_CHARACTERS)
    problem = say.FAILED_BECAUSE(agent=agent, detail=detail) if detail else ""
    return TurnResult(_together(text, remark), agent, record.steps, problem)


def _remark(reason: StopReason, agent: str) -> str:
    match reason:
        case "max_tokens":
            return say.OUT_OF_TOKENS(agent=agent)
        case "max_turn_requests":
            return say.OUT_OF_REQUESTS(agent=agent)
        case "refusal":
            return say.REFUSED(agent=agent)
        case "cancelled":
            return remote.STOPPED()
        case "end_turn":
            return ""


def _together(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
