"""Whatever users type, undo and choose, no text arrives but where its bar pointed."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dingbridge.sandbox.server import Sandbox
from tests.support.drafts import GROUP, LISI, TEAM, ZHANGSAN, bar, keys, say, where
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

WHO = {"张三 (1:1)": ZHANGSAN, "李四 (1:1)": LISI, f"{GROUP} (group)": TEAM}
SAID = {"zhang": ("zhangsan", None), "li": ("lisi", None), "group": ("lisi", GROUP)}
CURRENT = "return require('dingbridge.state').current"
NUMBERS = itertools.count(1)
KEYS = {
    "type": "A{token}<C-g>u",
    "type on": "A more",
    "send": "<C-s>",
    "empty": "<Esc>ggdG",
    "leave": "<Esc>",
    "undo": "<Esc>u",
    "redo": "<Esc><C-r>",
    "answer": "<C-t>",
}
STEPS = [
    *(("say", who) for who in SAID),
    *(("keys", "type"), ("keys", "send"), ("keys", "undo")) * 2,
    *(("keys", name) for name in KEYS),
    *(("to", who) for who in ("张三 (1:1)", "李四 (1:1)")),
]
"""What may happen, some of it more often."""
BACK_OR_FORTH = {("keys", "undo"), ("keys", "redo")}
MOVES = {("keys", "answer"), *(("to", who) for who in WHO)}


def pointed_at(editor: Editor) -> str:
    """The conversation that the bar names."""
    name = bar(editor).strip().removeprefix("Draft → ")
    return next((place for who, place in WHO.items() if name.startswith(who)), "")


def token_of(text: str) -> str:
    """What a text was begun with: letters and digits only, which no message form changes."""
    return next(iter(re.findall(r"qt\d+q", text)), "")


def settle(editor: Editor) -> None:
    """Wait until the host has carried out all that was asked of it so far."""
    editor.lua("require('dingbridge.notice').said = {}")
    editor.chat("stop")
    editor.until_said("no answer is being worked on")


def draft(editor: Editor) -> str:
    """What is in the draft."""
    return "\n".join(editor.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))


@pytest.mark.timeout(300)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(STEPS), min_size=8, max_size=20))
@example(
    [
        *(("keys", "type"), ("say", "zhang"), ("keys", "send"), ("keys", "answer")),
        *(
            ("keys", "undo"),
            ("keys", "undo"),
            ("keys", "send"),
            ("keys", "answer"),
            ("keys", "send"),
        ),
    ]
)
def test_no_text_ever_arrives_but_where_its_bar_pointed(
    chat: Editor, sandbox: Sandbox, steps: list[tuple[str, str]]
) -> None:
    # In a session of its own, where nobody has spoken, each example begins anew.
    keys(chat, "<Esc>")
    before = chat.lua(CURRENT)
    chat.chat("new")
    chat.until(lambda: chat.lua(CURRENT) != before, "a new session")
    chat.chat("bridge dingtalk")
    chat.until(lambda: chat.status()["session"] == chat.lua(CURRENT), "bound")
    chat.lua("vim.ui.select = function(_, _, choose) choose(nil) end")
    pointed: dict[str, str] = {}
    sent: defaultdict[str, set[str]] = defaultdict(set)
    for kind, what in steps:
        begun = token_of(draft(chat))
        if (kind, what) == ("keys", "send"):
            sent[begun].add(pointed_at(chat))
        if kind == "say":
            say(chat, sandbox, f"words {next(NUMBERS)}", *SAID[what])
        elif kind == "to":
            chat.chat(f"to {what}")
        else:
            keys(chat, KEYS[what].format(token=f"qt{next(NUMBERS)}q"))
        settle(chat)
        now = token_of(draft(chat))
        if now in pointed and (kind, what) not in {*MOVES, *BACK_OR_FORTH}:
            # A begun draft stays where it was, even if others write. Undo may restore it as it was
            # before it was moved.
            assert pointed_at(chat) == pointed[now], (kind, what, steps)
        if now:
            pointed[now] = pointed_at(chat)
    # More than twenty in a minute wait for the next one.
    chat.until(lambda: chat.status()["queued"] == 0, "all is sent", seconds=90)
    for one in sandbox.client.arrived():
        token = token_of(one.text)
        assert token not in pointed or where(one) in sent[token], (one.text, steps)
