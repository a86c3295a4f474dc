"""What an agent asks for is asked of people only if they can allow exactly that."""

from __future__ import annotations

import pytest
from acp import schema

from dingbridge.core.agents.turn_events import AgentEvent, AskedUnknown, PermissionAsked
from dingbridge.edges.agents.prompted_turn import MOST_CHARACTERS, MOST_OPEN, PromptedTurn
from dingbridge.edges.agents.tool_calls import KEPT_CHARACTERS


@pytest.mark.parametrize(
    ("kinds", "is_asked"),
    [
        (("allow_once", "reject_once"), True),
        (("allow_once",), True),
        (("allow_always", "reject_once"), False),
        (("reject_once",), False),
    ],
)
def test_a_request_that_cannot_be_allowed_once_is_refused_with_words(
    kinds: tuple[str, ...], is_asked: bool
) -> None:
    seen: list[AgentEvent] = []
    answers: list[tuple[object, str | None]] = []
    turn = PromptedTurn("r", seen.append, lambda id, option: answers.append((id, option)))
    options = [{"optionId": kind, "name": kind, "kind": kind} for kind in kinds]
    call = {"toolCallId": "t", "title": "Write a.py", "kind": "edit"}
    turn.ask(7, {"sessionId": "own", "toolCall": call, "options": options})
    [event] = seen
    if is_asked:
        assert isinstance(event, PermissionAsked)
        assert answers == []
    else:
        assert event == AskedUnknown("r", "Write a.py")
        assert answers == [(7, None)]


def ask(turn: PromptedTurn, number: int, *options: str, **call: object) -> None:
    given = {"toolCallId": f"t{number}", "title": "Write a.py", **call}
    kinds = [{"optionId": one, "name": one, "kind": "allow_once"} for one in options]
    turn.ask(number, {"sessionId": "own", "toolCall": given, "options": kinds})


def test_answers_that_cannot_be_told_apart_are_refused_with_words() -> None:
    seen: list[AgentEvent] = []
    answers: list[tuple[object, str | None]] = []
    turn = PromptedTurn("r", seen.append, lambda id, option: answers.append((id, option)))
    call = {"toolCallId": "t", "title": "Write"}
    options = [
        {"optionId": "same", "name": "No", "kind": "reject_once"},
        {"optionId": "same", "name": "Yes", "kind": "allow_once"},
    ]
    turn.ask(7, {"sessionId": "own", "toolCall": call, "options": options})
    options[0]["kind"] = "of_tomorrow"
    turn.ask(8, {"sessionId": "own", "toolCall": call, "options": options})
    assert seen == [AskedUnknown("r", "Write", "ambiguous")] * 2
    assert answers == [(7, None), (8, None)]


def test_what_nobody_can_read_is_refused_with_words() -> None:
    seen: list[AgentEvent] = []
    answers: list[tuple[object, str | None]] = []
    turn = PromptedTurn("r", seen.append, lambda id, option: answers.append((id, option)))
    ask(turn, 1, "ok", rawInput="x" * (MOST_CHARACTERS - 100))
    ask(turn, 2, "ok", rawInput="x" * MOST_CHARACTERS)
    ask(turn, 3, "ok", title="x" * MOST_CHARACTERS)
    assert [getattr(event, "why", None) for event in seen] == [None, "long", "long"]
    assert answers == [(2, None), (3, None)]


def test_more_questions_at_a_time_than_anybody_reads_are_refused_with_words() -> None:
    seen: list[AgentEvent] = []
    answers: list[tuple[object, str | None]] = []
    turn = PromptedTurn("r", seen.append, lambda id, option: answers.append((id, option)))
    for number in range(MOST_OPEN + 1):
        ask(turn, number, "ok")
    assert seen[-1] == AskedUnknown("r", "Write a.py", "many")
    assert answers == [(MOST_OPEN, None)]
    turn.decide("r/1", "ok")
    ask(turn, 99, "ok")
    assert isinstance(seen[-1], PermissionAsked)


def test_what_is_not_known_in_full_any_more_is_not_asked_about() -> None:
    seen: list[AgentEvent] = []
    answers: list[tuple[object, str | None]] = []
    turn = PromptedTurn("r", seen.append, lambda id, option: answers.append((id, option)))
    text = "x" * (MOST_CHARACTERS // 2)
    for number in range(KEPT_CHARACTERS // len(text) + 1):
        given = {"toolCallId": f"t{number}", "title": "Write a.py", "rawInput": text}
        turn.update(schema.ToolCallStart.model_validate({"sessionUpdate": "tool_call", **given}))
    ask(turn, 0, "ok")
    assert seen[-1] == AskedUnknown("r", "Write a.py", "long")
    assert answers == [(0, None)]
