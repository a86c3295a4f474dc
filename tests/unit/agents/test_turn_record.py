"""What an agent has done in a turn, and what of it is new."""

from __future__ import annotations

import random

from dingbridge.core.agents import asked_call, file_diffs, turn_record
from dingbridge.core.agents.turn_events import FileDiff, PlanEntry, ToolCall
from dingbridge.core.agents.turn_record import Growth, TurnRecord
from dingbridge.core.agents.turn_steps import TurnStep


def test_only_what_is_new_is_taken() -> None:
    record = TurnRecord()
    record.add_text("Look")
    record.add_text("ing")
    assert record.take_growth() == Growth("Looking")
    assert record.take_growth() is None
    record.add_text(" on")
    assert record.take_growth() == Growth(" on")
    assert record.text == "Looking on"


def test_a_tool_call_is_one_step_whose_state_changes() -> None:
    record = TurnRecord()
    record.change_tool(ToolCall("t1", "Read\na.py", "read"))
    record.change_tool(ToolCall("t2", "Run", "execute", "running"))
    record.take_growth()
    record.change_tool(ToolCall("t1", "Read a.py", "read", "done", "12 lines"))
    growth = record.take_growth()
    assert growth is not None
    [change] = growth.steps
    assert (change.index, change.step.state, change.step.title) == (0, "done", "Read a.py")
    assert [step.state for step in record.steps] == ["done", "running"]
    assert record.latest == "Run"


def test_texts_around_a_tool_call_are_paragraphs() -> None:
    record = TurnRecord()
    record.add_text("I look.")
    record.change_tool(ToolCall("t", "Look"))
    record.add_text("Found it.")
    record.add_text(" Done.")
    assert record.text == "I look.\n\nFound it. Done."


def test_thoughts_are_one_step_until_something_else_comes() -> None:
    record = TurnRecord()
    record.add_thought("hm")
    record.add_thought(", well")
    assert record.steps == (TurnStep("thought", "thoughts", "running", "hm, well"),)
    record.change_tool(ToolCall("t", "Look", "read", "done"))
    record.add_thought("so")
    record.add_text("The answer")
    assert [(step.kind, step.state) for step in record.steps] == [
        ("thought", "done"),
        ("read", "done"),
        ("thought", "done"),
    ]


def test_the_plan_stands_below_the_other_steps() -> None:
    record = TurnRecord()
    record.change_plan([PlanEntry("read", "running"), PlanEntry("write", "pending")])
    record.change_tool(ToolCall("t", "Look", "read"))
    assert [step.title for step in record.steps] == ["Look", "read", "write"]
    record.take_growth()
    record.change_plan([PlanEntry("read", "done")])
    growth = record.take_growth()
    assert growth is not None
    assert growth.plan == (TurnStep("plan", "read", "done"),)


def test_a_step_shows_the_approval_that_it_waits_for_until_it_is_decided() -> None:
    record = TurnRecord()
    call = ToolCall("t", "Write a.py", "edit")
    record.change_tool(call)
    record.wait(call.id, "K7QD")
    assert record.steps[0].approval == "K7QD"
    record.change_tool(call)
    assert record.steps[0].approval == "K7QD"
    record.wait("t", "")
    assert record.steps[0].approval == ""


def test_nothing_runs_any_more_when_the_turn_has_ended() -> None:
    record = TurnRecord()
    record.change_tool(ToolCall("a", "Write", "edit"))
    record.wait("a", "K7QD")
    record.change_tool(ToolCall("b", "Run", "execute", "done"))
    record.add_thought("hm")
    record.change_plan([PlanEntry("write", "running")])
    record.end()
    assert [(one.state, one.approval) for one in record.steps] == [
        ("failed", ""),
        ("done", ""),
        ("done", ""),
        ("pending", ""),
    ]


def test_what_the_agent_says_is_tamed_and_bounded() -> None:
    record = TurnRecord()
    record.add_text("red \x1b[31m" + "x" * turn_record.TEXT_CHARACTERS)
    assert record.is_cut
    assert len(record.text) == turn_record.TEXT_CHARACTERS
    assert "\x1b" not in record.text
    record.change_tool(ToolCall("t", "\x1b[2J\n" + "y" * 1000, detail="z" * 10_000))
    [step] = record.steps
    assert len(step.title) == asked_call.TITLE_CHARACTERS
    assert len(step.detail) == turn_record.DETAIL_CHARACTERS
    for number in range(1000):
        record.change_tool(ToolCall(str(number), "more"))
    assert len(record.steps) == turn_record.MOST_STEPS


def test_the_whole_diff_is_described_in_a_block_that_it_cannot_leave() -> None:
    diff = FileDiff("a.md", "1\n2\n", "1\n```\n3\n")
    assert asked_call.detail(
        ToolCall("t", "Write", "edit", diffs=(file_diffs.described(diff),))
    ) == ("````diff\n--- a.md\n+++ a.md\n@@ -1,2 +1,3 @@\n 1\n-2\n+```\n+3\n````")


def _applied(before: str, patch: str) -> str:
    """The result of a unified diff without the file's names."""
    lines, result, at = before.splitlines(), [], 0
    for line in patch.splitlines()[3:-1]:
        if line.startswith("@@"):
            old = line.split()[1][1:]
            first, count = map(int, old.split(","))
            start = first - (count > 0)
            result += lines[at:start]
            at = start
        elif line.startswith("+"):
            result.append(line[1:])
        else:
            assert lines[at] == line[1:]
            at += 1
            if line.startswith(" "):
                result.append(line[1:])
    return "\n".join(result + lines[at:])


def test_the_diff_that_is_shown_makes_the_new_file_of_the_old_one() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        before = [chance.choice("abc") for _ in range(chance.randrange(40))]
        after = [line for line in before if chance.random() > 0.2]
        for _ in range(chance.randrange(4)):
            after.insert(chance.randrange(len(after) + 1), "new")
        diff = FileDiff("f", "\n".join(before), "\n".join(after))
        patch = asked_call.detail(ToolCall("t", "Write", diffs=(file_diffs.described(diff),)))
        assert _applied(diff.before or "", patch) == diff.after, seed


def test_a_change_that_takes_long_to_compare_is_shown_as_a_whole() -> None:
    blank = "\n" * 2000
    lines = _patch(f"a\n{blank}b", f"c\n{blank}d")
    assert [line for line in lines if line.startswith("@@")] == ["@@ -1,2002 +1,2002 @@"]
    # All that is equal in these is lines that are everywhere.
    lines = _patch("a\n\n" * 300, "\nb\n" * 300)
    assert sum(line.startswith(" ") for line in lines) < 10


def _patch(before: str, after: str) -> list[str]:
    call = ToolCall("t", "Write", diffs=(file_diffs.described(FileDiff("f", before, after)),))
    return asked_call.detail(call).splitlines()
