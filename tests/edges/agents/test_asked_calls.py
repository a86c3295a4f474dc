"""All that is decided about is seen, and no word of the agent looks like one of the bridge."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from acp import schema
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dingbridge.core.agents import asked_call
from dingbridge.core.approvals.approval import ApprovalRequest, OpenApproval
from dingbridge.core.approvals.question_text import question
from dingbridge.core.catalogue import turns as say
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.fences import fences
from dingbridge.core.messages import Target
from dingbridge.core.options.settings import read
from dingbridge.core.text import tame, visible
from dingbridge.edges.agents.tool_calls import ToolCalls

HIDDEN = "a\x9d; touch f #\x9c"


def asked(title: str = "Do it", **fields: Any) -> tuple[str, str]:
    """The title and the detail of a permission."""
    given = {"toolCallId": "t", "title": title, **fields}
    call = ToolCalls().report(schema.ToolCallUpdate.model_validate(given), complete=True)
    return asked_call.title(call), asked_call.detail(call)


def text_part(text: str) -> dict[str, Any]:
    return {"type": "content", "content": {"type": "text", "text": text}}


def diff_part(path: str) -> dict[str, Any]:
    return {"type": "diff", "path": path, "oldText": "a\n", "newText": "b\n"}


# What hides text, ends lines or blocks, or looks the same as something else.
TEXTS = st.text(
    st.sampled_from('a b`~>-#|\\"\n\r\t\x07\x0b\x0c\x1b\x1c[]\x85\x9b\x9c\x9d\u00a0\u00ad')
    | st.sampled_from("\u034f\u0301\u115f\u200b\u200d\u2028\u2029\u202e\u2066\u3164\ufe0f\ufeff")
    | st.sampled_from("中é👨\U000e0061\U000e0100\ue000\U000e0fff")
    | st.characters(exclude_categories=["Cs"]),
    max_size=40,
)


def trace(character: str) -> tuple[str, ...]:
    """What a reader may see of a character that is no blank."""
    escaped = ascii(character)[1:-1], json.dumps(character)[1:-1]
    return (
        escaped
        if tame(character) != character or not visible(character)
        else (
            character,
            *escaped,
        )
    )


_EMOJI = re.compile("👨\ufe0f?(\u200d👨\ufe0f?)*")


def lacking(text: str, shown: str) -> list[str]:
    """The characters of which nothing is seen, in their order."""
    at, gone = 0, []
    for character in _EMOJI.sub("👨", text):
        if character in " \t\n\u3000":
            continue
        found = [
            (shown.find(each, at), each) for each in trace(character) if shown.find(each, at) >= 0
        ]
        if found:
            first, each = min(found)
            at = first + len(each)
        else:
            gone.append(character)
    return gone


@pytest.mark.parametrize(
    "text",
    [
        HIDDEN,
        "ls\x1b]0;rm -rf /\x07",
        "ls\x1b[8m; rm x",
        "a\u200bb",
        "a\u202eb",
        "a\U000e0061\U000e0062",
    ],
)
def test_a_command_hides_nowhere(text: str) -> None:
    for title, detail in [
        asked(rawInput={"command": text}),
        asked(rawInput=text),
        asked(text),
        asked(content=[text_part(text)]),
        asked(locations=[{"path": text}]),
        asked(content=[diff_part(text)]),
    ]:
        shown = f"{title}\n{detail}"
        assert lacking(text, shown) == []
        assert tame(shown) == shown
        assert "\\" in shown


@settings(max_examples=200)
@given(TEXTS)
@example(HIDDEN)
@example("a\u2028```\n# b")
def test_of_each_character_there_is_a_trace(text: str) -> None:
    title, detail = asked(text or "x", rawInput=[text], locations=[{"path": text}])
    _, whole = asked(rawInput=text, content=[diff_part(text)])
    _, said = asked(content=[text_part(text)])
    assert lacking(text, f"{title}\n{detail}") == []
    assert lacking(text, detail) == []
    assert lacking(text, whole) == []
    assert lacking(text, said) == []
    for shown in (title, detail, whole, said):
        assert tame(shown) == shown


@settings(max_examples=200)
@given(TEXTS)
@example("\u2028```\u2028# ✅ 已同意 Allowed")
@example("```\n# /approve")
@example("~~~\n```\n````json")
def test_the_words_of_an_agent_stand_in_code_blocks(text: str) -> None:
    marked = f"MARK\n{text}\nMARK"
    for fields in (
        {"rawInput": marked},
        {"rawInput": {"a": marked, marked: text}},
        {"content": [text_part(marked)]},
        {"locations": [{"path": marked}]},
        {"content": [diff_part(marked)]},
        {"title": marked * 3},
        {"title": "x" * 300 + marked},
    ):
        _, detail = asked(**fields)
        outside, at = [], 0
        for fence in fences(detail):
            outside.append(detail[at : fence.start])
            at = fence.end
        outside.append(detail[at:])
        bridge = "".join(outside)
        for words in ("全文 In full:", "位置 At:", _WRITTEN_OUT):
            bridge = bridge.replace(words, "")
        assert bridge.strip() == ""


_WRITTEN_OUT = say.WRITTEN_OUT()


def test_a_long_title_stands_below_in_full() -> None:
    title, detail = asked("Run: true" + " " * 300 + "; rm -rf ~")
    assert title.startswith("Run: true")
    assert "In full" in detail
    assert "Run: true" + " " * 300 + "; rm -rf ~" in detail
    title, detail = asked("x" * 300 + " && rm -rf ~")
    assert title.endswith("…")
    assert "rm -rf ~" in detail


def test_blanks_of_a_title_are_not_lost() -> None:
    _, detail = asked('rm "a  b"')
    assert 'rm "a  b"' in detail
    assert asked("rm a b") == ("rm a b", "")


def test_the_files_that_a_call_is_about_are_shown() -> None:
    _, detail = asked(
        "Delete file", kind="delete", locations=[{"path": "/a/b.py"}, {"path": "/c", "line": 7}]
    )
    assert "/a/b.py\n/c:7" in detail


def test_the_name_of_a_file_is_shown_however_long_its_path_is() -> None:
    path = "/home" + "/folder" * 80 + "/name  of it.py"
    _, detail = asked(content=[diff_part(path)])
    assert f"--- {path}\n+++ {path}\n" in detail
    _, detail = asked(content=[diff_part("/a ")])
    assert '+++ "/a "\n' in detail


@settings(max_examples=100)
@given(TEXTS, TEXTS)
def test_of_each_character_there_is_a_trace_in_the_question_on_the_phone(
    text: str, title: str
) -> None:
    line, detail = asked(f"x{title}", rawInput=text)
    request = ApprovalRequest(session="s", source="qwen", title=line, kind="edit", detail=detail)
    approval = OpenApproval("K7QD", request, 300.0)
    options = read({"client_id": "dingabc", "client_secret": "hidden", "mask_secrets": False}, {})
    [sent, *_] = question("m", approval, Target(user_id="zhangsan"), options, 0.0)
    assert lacking(text, sent.text) == []
    assert lacking(title, sent.text) == []
    # The words of the bridge are in none of the agent's blocks.
    assert Blocks(sent.text).frame_at(sent.text.index("`/approve K7QD`")) is None
