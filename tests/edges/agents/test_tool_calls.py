"""What an agent reports about its tool calls is shown as it is."""

from __future__ import annotations

from acp import schema

from dingbridge.edges.agents.tool_calls import OUTPUT_CHARACTERS, ToolCalls


def report(**fields: object) -> schema.ToolCallStart:
    given = {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "Do it", **fields}
    return schema.ToolCallStart.model_validate(given)


def test_a_switch_of_the_mode_is_a_kind_of_its_own() -> None:
    assert ToolCalls().report(report(kind="switch_mode")).kind == "switch_mode"
    assert ToolCalls().report(report()).kind == "other"


def test_what_is_asked_about_is_complete_and_the_output_of_a_call_says_that_it_is_cut() -> None:
    text = "first\n" + "x" * OUTPUT_CHARACTERS
    content = [{"type": "content", "content": {"type": "text", "text": text}}]
    calls = ToolCalls()
    assert calls.report(report(content=content), complete=True).detail == f"```\n{text}\n```"
    detail = calls.report(report(content=content)).detail
    assert len(detail) == OUTPUT_CHARACTERS
    assert detail.startswith("…x")
