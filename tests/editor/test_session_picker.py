"""`:Chat list`: which session is which."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import Entry, SessionInfo
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor

YEARS_AGO = 1_600_000_000.0
DAY = 86_400.0
PICK = """
vim.ui.select = function(items, how, done)
  _G.kind, _G.shown = how.kind, vim.tbl_map(how.format_item, items)
  done(items[_G.choice or 99])
end
"""


def write(editor: Editor, session: str, title: str, text: str, time: float) -> None:
    """A session as an earlier Neovim left it."""
    folder = editor.data / "dingbridge" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    entries = (
        Entry(session=SessionInfo(session, title, 1.0)),
        Entry(message=Message("m", Role.DINGTALK, "李四", text, time)),
    )
    (folder / f"{session}.jsonl").write_bytes(b"".join(map(transcript.encode, entries)))


def listed(editor: Editor) -> list[str]:
    """The lines of the list."""
    editor.lua("_G.shown = nil")
    editor.chat("list")
    return list(editor.until_lua("_G.shown"))


@pytest.fixture
def desk(start_editor: StartEditor) -> Editor:
    editor = start_editor()
    write(editor, "a", "发布", "第一次\n发布的计划", YEARS_AGO)
    write(editor, "b", "发布", "第二次", YEARS_AGO + DAY)
    write(
        editor, "c", "A title that is longer than all of the others", "words " * 90, YEARS_AGO - DAY
    )
    editor.setup({})
    editor.lua(PICK)
    return editor


def test_sessions_are_listed_by_their_last_message_with_its_time_and_words(desk: Editor) -> None:
    second, first, long = listed(desk)
    assert re.fullmatch(r"发布 +2020-09-14 \d\d:\d\d +李四: 第二次", second)
    assert re.fullmatch(r"发布 +2020-09-13 \d\d:\d\d +李四: 第一次 发布的计划", first)
    assert re.fullmatch(r"A title that is longer .*… +2020-09-12 +李四: words .*…", long)
    assert desk.lua("return _G.kind") == "dingbridge_session"
    desk.lua("_G.choice = 2")
    listed(desk)
    desk.until_lua("require('dingbridge.state').current == 'a'")


def test_the_words_of_a_session_are_those_of_the_author_without_quotes_and_signs(
    start_editor: StartEditor,
) -> None:
    editor = start_editor()
    long = "> **张三**:\n>\n" + "> quoted\n" * 100
    write(editor, "a", "A", f"{long}\n**yes**, see [the docs](https://example.com/x)", YEARS_AGO)
    write(editor, "b", "B", "## Build\n```sh\nmake `all`\n```", YEARS_AGO - DAY)
    write(editor, "c", "C", "> only **this**", YEARS_AGO - 2 * DAY)
    editor.setup({})
    editor.lua(PICK)
    words = [line.rpartition("李四: ")[2] for line in listed(editor)]
    assert words == ["yes, see the docs", "Build make all", "only this"]


def test_the_latest_activity_comes_first_and_today_is_a_time(desk: Editor) -> None:
    desk.chat("open c")
    desk.until_lua("require('dingbridge.state').current == 'c'")
    desk.chat("send just now")
    desk.until(lambda: len(desk.transcript("c")) == 2)
    first = listed(desk)[0]
    assert re.search(r" \d\d:\d\d +You: just now$", first)


def test_an_author_who_is_the_title_is_not_named_again(desk: Editor) -> None:
    desk.chat("open a")
    desk.until_lua("require('dingbridge.state').current == 'a'")
    desk.chat("rename 李四")
    desk.until_lua("require('dingbridge.state').session('a').title == '李四'")
    [line] = [line for line in listed(desk) if line.startswith("李四")]
    assert re.search(r"\d  第一次 发布的计划$", line)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_every_line_fits_the_screen(desk: Editor, columns: int) -> None:
    desk.nvim.command(f"set columns={columns}")
    widths = [desk.nvim.funcs.strdisplaywidth(line) for line in listed(desk)]
    assert max(widths) <= columns - 8
    assert all("2020-09" in line for line in listed(desk))


def test_the_window_that_has_the_cursor_and_breaks_lines_at_words_changes_nothing(
    desk: Editor,
) -> None:
    desk.nvim.command("set columns=120 | vsplit | vertical resize 65 | setlocal nolinebreak")
    plain = listed(desk)
    desk.nvim.command("setlocal linebreak")
    assert listed(desk) == plain


def test_the_bound_session_and_what_is_new_are_marked(
    desk: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    desk.setup(api_options)
    desk.chat("new Private")
    desk.chat("bridge dingtalk")
    desk.until(lambda: [row for row in desk.sessions() if row["bound"]])
    assert "DingTalk" in listed(desk)[0]
    session = desk.sessions()[0]["id"]
    desk.lua("require('dingbridge.state').unread[...] = { count = 3, first = 'm' }", session)
    desk.lua("require('dingbridge.session_picker').pick({})")
    assert "  3 new  DingTalk" in desk.lua("return _G.shown")[0]
