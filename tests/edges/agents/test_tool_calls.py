"""What an agent reports about its tool calls is shown as it is."""

from __future__ import annotations

from acp import schema

from dingbridge.edges.agents.tool_calls import ToolCalls


def report(**fields: object) -> schema.ToolCallStart:
    given = {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "Do it", **fields}
    return schema.ToolCallStart.model_validate(given)


def test_a_switch_of_the_mode_is_a_kind_of_its_own() -> None:
    assert ToolCalls().report(report(kind="switch_mode")).kind == "switch_mode"
    assert ToolCalls().report(report()).kind == "other"
