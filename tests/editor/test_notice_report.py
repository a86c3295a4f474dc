"""Every notice can be read again, and an error is not gone before the user has come back."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.editor.test_notices import SHOW, floating, mode, with_screen
from tests.editor.test_report import press, report, until_shown
from tests.support.editor import ROOT, Editor

pytestmark = pytest.mark.shared_editor


@pytest.fixture(autouse=True)
def _set_up(editor: Editor) -> None:
    editor.setup({})


AT_ONCE = """
local later = vim.defer_fn
vim.defer_fn = function(act) return later(act, 0) end
_G.closed = 0
vim.api.nvim_create_autocmd('WinClosed', { callback = function() _G.closed = _G.closed + 1 end })
"""
HISTORY = "return vim.api.nvim_exec2('messages', { output = true }).output"


def test_all_notices_can_be_read_again_with_time_and_level(editor: Editor) -> None:
    editor.lua(SHOW, "all is well")
    editor.lua(SHOW, "nearly used up", "warn")
    editor.lua(SHOW, "refused\nand why", "error")
    editor.chat("messages")
    shown = until_shown(editor, "refused")
    time = r"\d\d:\d\d:\d\d"
    assert len(shown["lines"]) == 4
    for line, words in zip(
        shown["lines"],
        [
            f"{time}  info  all is well",
            f"{time}  warning  nearly used up",
            f"{time}  ERROR  refused",
            "    and why",
        ],
        strict=True,
    ):
        assert re.fullmatch(words, line)
    assert "messages" in shown["bar"]
    assert editor.lua("return vim.fn.line('.')") == 4
    press(editor, "/nearly\ryy")
    assert editor.lua("return vim.fn.getreg('\"')").endswith("nearly used up\n")


def test_the_list_of_notices_is_refreshed_and_is_no_notice_itself(editor: Editor) -> None:
    editor.chat("messages")
    until_shown(editor, "no notice has been shown yet")
    editor.lua(SHOW, "and now")
    press(editor, "R")
    assert len(until_shown(editor, "and now")["lines"]) == 1
    press(editor, "R")
    assert len(report(editor)["lines"]) == 1
    press(editor, "q")
    assert report(editor) == {}


def test_reports_are_not_listed_as_notices(editor: Editor) -> None:
    editor.chat("status")
    until_shown(editor, "mode: off")
    editor.lua(SHOW, "a notice")
    editor.chat("messages")
    assert len(until_shown(editor, "a notice")["lines"]) == 1


def test_the_list_takes_no_argument(editor: Editor) -> None:
    editor.chat("messages all")
    editor.until_said(":Chat messages takes no argument")
    assert report(editor) == {}


def test_an_error_stands_among_the_messages_of_neovim_and_asks_for_no_key(editor: Editor) -> None:
    with_screen(editor, 1)
    long = "长" * 200
    for words in ("first\nsecond", long, "third"):
        editor.lua(SHOW, words, "error")
    editor.lua(SHOW, "no error", "warn")
    editor.until(lambda: "third" in editor.lua(HISTORY))
    history = editor.lua(HISTORY)
    assert mode(editor) == {"mode": "n", "blocking": False}
    lines = [line for line in history.splitlines() if line.startswith("dingbridge: ")]
    assert lines[-3] == "dingbridge: first"
    assert lines[-2].endswith("长…")
    assert "no error" not in history


def test_an_error_stays_in_the_corner_until_a_key_was_pressed(editor: Editor) -> None:
    with_screen(editor, 1)
    editor.lua(AT_ONCE)
    editor.lua(SHOW, "an error", "error")
    editor.until(lambda: " an error" in floating(editor))
    editor.lua("vim.wait(50)")
    assert floating(editor) == [" an error"]
    footer = editor.lua("""
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          local footer = vim.api.nvim_win_get_config(window).footer
          if footer then return footer[1][1] end
        end
    """)
    assert footer == " :Chat messages "
    editor.nvim.input("l")
    editor.until_lua("_G.closed == 1")
    editor.lua(SHOW, "only a notice")
    editor.until_lua("_G.closed == 2")


@pytest.mark.parametrize(
    ("command", "tag"),
    [
        ("help", "dingbridge"),
        ("help bridge", ":Chat-bridge"),
        ("help install", ":Chat-install"),
        ("help pairing", "dingbridge-pairing"),
        ("help dingbridge-pairing", "dingbridge-pairing"),
        ("help allow_from", "dingbridge-option-allow_from"),
    ],
)
def test_the_manual_opens_at_what_was_asked_for(editor: Editor, command: str, tag: str) -> None:
    editor.chat(command)
    assert editor.lua("return vim.bo.filetype") == "help"
    assert f"*{tag}*" in editor.nvim.current.line


@pytest.mark.parametrize("action", ["reply", "yank_code", "switch"])
def test_the_manual_opens_at_the_keys_for_what_a_key_does(editor: Editor, action: str) -> None:
    complete = "return vim.fn.getcompletion('Chat help ' .. ..., 'cmdline')"
    assert action in editor.lua(complete, action)
    editor.chat(f"help {action}")
    editor.until_lua("vim.bo.filetype == 'help'")
    assert "*dingbridge-keys*" in editor.nvim.current.line


def test_the_manual_of_a_chat_opens_at_its_chapter(editor: Editor) -> None:
    editor.chat("new mine")
    editor.until_lua("(vim.b.dingbridge_session or '') ~= ''")
    editor.chat("help")
    assert "*dingbridge-editor*" in editor.nvim.current.line


def test_a_topic_that_there_is_not_is_named_and_those_that_there_are_complete(
    editor: Editor,
) -> None:
    editor.chat("help nonsense")
    editor.until_said("there is no help on nonsense")
    complete = "return vim.fn.getcompletion('Chat help ' .. ..., 'cmdline')"
    assert editor.lua(complete, "unbr") == ["unbridge"]
    assert "pairing" in editor.lua(complete, "pai")


@pytest.mark.parametrize("tags", ["none", "old", "not writable"])
def test_the_tags_of_a_manual_that_was_updated_are_made_anew(tmp_path: Path, tags: str) -> None:
    doc = tmp_path / "plugin" / "doc"
    doc.mkdir(parents=True)
    shutil.copytree(ROOT / "lua", tmp_path / "plugin" / "lua")
    shutil.copy(ROOT / "doc" / "dingbridge.txt", doc)
    if tags == "old":
        (doc / "tags").write_text("dingbridge\tdingbridge.txt\t/*dingbridge*\n", "utf-8")
    elif tags == "not writable":
        (doc / "tags").mkdir()
    if tags != "none":
        os.utime(doc / "tags", (0, 0))
    editor = Editor(tmp_path / "home", plugin=tmp_path / "plugin")
    try:
        editor.setup({})
        editor.chat("help allow_from")
        if tags == "not writable":
            editor.until_said("there is no help on allow_from")
            assert [*(doc / "tags").iterdir()] == []
            assert editor.nvim.vvars["errmsg"] == ""
        else:
            assert "*dingbridge-option-allow_from*" in editor.nvim.current.line
    finally:
        editor.close()
