"""A turn of an agent: what it says and does arrives as events, in order and once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.file_diffs import described
from dingbridge.core.agents.turn_events import (
    AgentGone,
    AgentStarted,
    FileDiff,
    PermissionAsked,
    PermissionGone,
    PermissionOption,
    PlanChanged,
    PlanEntry,
    TextAdded,
    ThoughtAdded,
    ToolCall,
    ToolChanged,
    TurnEnded,
)
from tests.support.agents import Agents
from tests.support.scripted_agent import Steps

EDIT = {"toolCallId": "t1", "title": "Edit notes.txt", "kind": "edit"}
DIFF = {"type": "diff", "path": "/notes.txt", "oldText": "a", "newText": "b"}


def text(words: str) -> dict[str, Any]:
    return {"type": "content", "content": {"type": "text", "text": words}}


def test_an_answer_arrives_in_pieces_and_then_its_end(agents: Agents) -> None:
    request = agents.ask(agents.program([["text", "Hello"], ["text", ", 世界"]]))
    assert agents.end(request) == TurnEnded(request, "end_turn")
    assert agents.seen == [
        AgentStarted("chat", "scripted-1", "Scripted Agent", "1.2.3"),
        TextAdded(request, "Hello"),
        TextAdded(request, ", 世界"),
        TurnEnded(request, "end_turn"),
    ]


def test_a_thousand_pieces_arrive_in_the_order_in_which_they_were_said(agents: Agents) -> None:
    steps = [["text", f"{number} "] for number in range(1000)]
    assert agents.run(agents.program(steps)).split() == [str(number) for number in range(1000)]


def test_a_second_turn_goes_to_the_same_agent(agents: Agents) -> None:
    program = agents.program([["text", "one"]], [["text", "two"]])
    assert agents.run(program) == "one"
    assert agents.run(program) == "two"
    assert len(agents.of(AgentStarted)) == 1


def test_turns_of_one_session_run_one_after_the_other(agents: Agents) -> None:
    program = agents.program([["text", "one"]], [["text", "two"]])
    first, second = agents.ask(program), agents.ask(program)
    agents.end(second)
    ends = [event for event in agents.seen if isinstance(event, TurnEnded | TextAdded)]
    assert [each.request for each in ends] == [first, first, second, second]


def test_two_sessions_have_two_agents(agents: Agents) -> None:
    program = agents.program([["wait"]])
    waiting = agents.ask(program, session="one")
    agents.next(AgentStarted)
    other = agents.program([["text", "here"]])
    assert agents.run(other, session="two") == "here"
    agents.thread.cancel("one")
    assert agents.end(waiting) == TurnEnded(waiting, "cancelled")


def test_a_prompt_for_another_program_starts_that(agents: Agents) -> None:
    assert agents.run(agents.program([["text", "one"]])) == "one"
    assert agents.run(agents.program([["text", "other"]])) == "other"
    assert len(agents.of(AgentStarted)) == 2
    assert agents.of(AgentGone) == [AgentGone("chat")]


def test_thoughts_and_the_plan_are_told_apart_from_the_answer(agents: Agents) -> None:
    entries = [
        {"content": "read", "priority": "high", "status": "completed"},
        {"content": "write", "priority": "low", "status": "in_progress"},
    ]
    plan = {"sessionUpdate": "plan", "entries": entries}
    request = agents.ask(agents.program([["thought", "hm"], ["update", plan], ["text", "so"]]))
    agents.end(request)
    assert agents.of(ThoughtAdded) == [ThoughtAdded(request, "hm")]
    steps = (PlanEntry("read", "done"), PlanEntry("write", "running"))
    assert agents.of(PlanChanged) == [PlanChanged(request, steps)]
    assert agents.answer(request) == "so"


def test_a_tool_call_is_told_as_a_whole_each_time_it_changes(agents: Agents) -> None:
    begun = {**EDIT, "sessionUpdate": "tool_call", "status": "pending", "rawInput": {"to": "b"}}
    changed = {"toolCallId": "t1", "sessionUpdate": "tool_call_update"}
    steps = [
        ["update", begun],
        ["update", {**changed, "status": "in_progress", "content": [DIFF]}],
        ["update", {**changed, "status": "completed", "content": [DIFF, text("1 line")]}],
    ]
    request = agents.ask(agents.program(steps))
    agents.end(request)
    arguments = '```json\n{\n  "to": "b"\n}\n```'
    call = ToolCall("t1", "Edit notes.txt", "edit", "pending", arguments)
    diffs = (described(FileDiff("/notes.txt", "a", "b")),)
    assert [each.call for each in agents.of(ToolChanged)] == [
        call,
        ToolCall("t1", "Edit notes.txt", "edit", "running", arguments, diffs),
        ToolCall("t1", "Edit notes.txt", "edit", "done", f"{arguments}\n\n1 line", diffs),
    ]


def test_a_new_file_has_nothing_before_it(agents: Agents) -> None:
    new = {"type": "diff", "path": "/new", "newText": "x"}
    agents.run(
        agents.program([["update", {**EDIT, "sessionUpdate": "tool_call", "content": [new]}]])
    )
    assert agents.of(ToolChanged)[0].call.diffs == (described(FileDiff("/new", None, "x")),)


def test_only_the_end_of_a_long_output_is_kept_and_all_of_the_arguments(agents: Agents) -> None:
    call = {
        **EDIT,
        "sessionUpdate": "tool_call",
        "rawInput": {"text": "a" * 50_000},
        "content": [text("b" * 50_000 + "end")],
    }
    agents.run(agents.program([["update", call]]))
    detail = agents.of(ToolChanged)[0].call.detail
    assert "a" * 50_000 in detail
    assert detail.endswith("bend")
    assert detail.count("b") < 21_000


# --- permissions ----------------------------------------------------------------------------------

ASKS: Steps = [
    ["ask", {**EDIT, "content": [DIFF]}],
    ["allowed", [["text", "yes"]], [["text", "no"]]],
]


def asked(agents: Agents, *steps: list[Any], **script: Any) -> PermissionAsked:
    agents.ask(agents.program(list(steps), **script))
    return agents.next(PermissionAsked)


@pytest.mark.parametrize(("option", "said"), [("yes", "yes"), ("no", "no"), (None, "no")])
def test_an_agent_waits_for_a_permission_and_gets_the_answer(
    agents: Agents, option: str | None, said: str
) -> None:
    question = asked(agents, *ASKS)
    assert question.call.title == "Edit notes.txt"
    assert question.call.diffs == (described(FileDiff("/notes.txt", "a", "b")),)
    assert question.options == (
        PermissionOption("yes", "Allow", "allow_once"),
        PermissionOption("always", "Always allow", "allow_always"),
        PermissionOption("no", "Reject", "reject_once"),
    )
    agents.thread.decide(question.permission, option)
    assert agents.end(question.request) == TurnEnded(question.request, "end_turn")
    assert agents.answer(question.request) == said
    assert agents.of(PermissionGone) == []


def heard(path: Path, number: int) -> list[dict[str, Any]]:
    """What the agent got as answers to its request."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if line.get("id") == number and "method" not in line]


def test_an_option_that_was_not_offered_is_no_answer(agents: Agents, tmp_path: Path) -> None:
    question = asked(agents, *ASKS, heard=str(tmp_path / "heard"))
    agents.thread.decide(question.permission, "everything")
    agents.end(question.request)
    [answer] = heard(tmp_path / "heard", 1001)
    assert answer["result"] == {"outcome": {"outcome": "cancelled"}}


def test_only_the_first_answer_counts(agents: Agents, tmp_path: Path) -> None:
    question = asked(agents, *ASKS, ["ask", EDIT], heard=str(tmp_path / "heard"))
    agents.thread.decide(question.permission, "no")
    agents.thread.decide(question.permission, "yes")
    second = agents.next(PermissionAsked)
    assert second.permission != question.permission
    agents.thread.decide(second.permission, "yes")
    agents.end(question.request)
    assert [each["result"]["outcome"]["optionId"] for each in heard(tmp_path / "heard", 1001)] == [
        "no"
    ]


def test_two_permissions_may_be_open_at_once(agents: Agents) -> None:
    call = {**EDIT, "toolCallId": "t2", "title": "Run make"}
    first = asked(agents, ["ask_only", EDIT], ["ask_only", call], ["answers", 2])
    second = agents.next(PermissionAsked)
    assert (first.call.title, second.call.title) == ("Edit notes.txt", "Run make")
    agents.thread.decide(second.permission, "no")
    agents.thread.decide(first.permission, "yes")
    agents.end(first.request)
    assert agents.answer(first.request) == "1002:no 1001:yes "


def test_a_permission_that_the_agent_withdraws_is_gone(agents: Agents) -> None:
    request = agents.ask(agents.program([["ask_only", EDIT], ["withdraw"]]))
    agents.end(request)
    [question] = agents.of(PermissionAsked)
    assert agents.of(PermissionGone) == [PermissionGone(request, question.permission)]
    assert json.loads(agents.answer(request))["error"]["code"] == -32800


def test_a_permission_that_is_open_at_the_end_of_the_turn_is_gone(agents: Agents) -> None:
    request = agents.ask(agents.program([["ask_only", EDIT]]))
    agents.end(request)
    [question] = agents.of(PermissionAsked)
    assert agents.of(PermissionGone) == [PermissionGone(request, question.permission)]
    assert isinstance(agents.seen[-1], TurnEnded)
