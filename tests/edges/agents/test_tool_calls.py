"""What an agent reports about its tool calls is shown as it is."""

from __future__ import annotations

from acp import schema

from dingbridge.edges.agents.tool_calls import (
    BEGINNING,
    KEPT_CHARACTERS,
    OUTPUT_CHARACTERS,
    ToolCalls,
)


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


def test_of_many_calls_with_much_to_say_little_is_kept() -> None:
    calls = ToolCalls()
    for number in range(400):
        name, text = f"t{number}", "x" * 1_000_000
        diff = {"type": "diff", "path": "a", "oldText": None, "newText": text}
        calls.report(report(toolCallId=name, rawInput={"command": text}, content=[diff]))
        assert calls.size < 2 * KEPT_CHARACTERS
    again = calls.report(report(toolCallId="t0", title="Do it again"))
    assert (again.title, len(again.detail) < 2 * BEGINNING) == ("Do it again", True)
    assert calls.is_shortened("t0")
    assert not calls.is_shortened("t399")
    for number in range(300_000):
        calls.report(report(toolCallId=f"u{number}", title="x" * 30))
    assert calls.size <= KEPT_CHARACTERS
    # The first ones are forgotten: what is asked with nothing but their title may be of them.
    calls.report(report(toolCallId="t1"), complete=True)
    calls.report(report(toolCallId="t2", rawInput="ls"), complete=True)
    assert calls.is_shortened("t1")
    assert not calls.is_shortened("t2")
