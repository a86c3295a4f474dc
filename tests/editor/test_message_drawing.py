"""What a transcript looks like: days, code, tables, headings and links, drawn over its text."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

FILL = """
local list = {}
for number, one in ipairs(...) do
  list[number] = {
    id = one.id, role = 'dingtalk', author = 'zhangsan', text = one.text, time = one.time,
    delivery = '', reason = '', target_name = '',
  }
end
require('dingbridge.updates').apply({
  { kind = 'sessions', list = { { id = 's', title = 's', created = 0, bound = false } } },
  { kind = 'messages', id = 's', reset = true, list = list },
  { kind = 'open', id = 's' },
})
"""
ARRIVE = """
local one = ...
require('dingbridge.updates').apply({ { kind = 'messages', id = 's', reset = false, list = { {
  id = one.id, role = 'dingtalk', author = 'zhangsan', text = one.text, time = one.time,
  delivery = '', reason = '', target_name = '',
} } } })
"""
EARLIER = """
local list = {}
for number, one in ipairs(...) do
  list[number] = {
    id = one.id, role = 'dingtalk', author = 'zhangsan', text = one.text, time = one.time,
    delivery = '', reason = '', target_name = '',
  }
end
require('dingbridge.updates').apply({
  { kind = 'earlier', id = 's', list = list, more = false },
})
"""
TODAY = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)
CODE = """Before
```lua title="a"
local one = 1

  return one
```
After"""
TABLE = """| Name | 数量 | `Note` |
|---|---:|---|
| 螺丝 | 1 | short |
| bolt | 1000 | **more** words |"""


def message(name: str, text: str, days: float = 0) -> dict[str, Any]:
    """A message of noon, so many days ago."""
    return {"id": name, "text": text, "time": (TODAY - timedelta(days=days)).timestamp()}


def show(editor: Editor, *messages: dict[str, Any]) -> None:
    editor.lua(FILL, list(messages))
    editor.until(lambda: editor.chat_lines("s")[-1:] == [""])


def drawn(editor: Editor, *rows: str) -> list[str]:
    """The rows of the screen once these are among them, one below the other, without the two
    columns to the left of texts."""

    def among() -> list[str]:
        screen = [re.sub("^[▎ ] ", "", row) for row in editor.screen()]
        begins = [number for number, row in enumerate(screen) if row.strip() == rows[0].strip()]
        fits = any(screen[begin : begin + len(rows)] == [*rows] for begin in begins)
        return screen if fits else []

    try:
        return editor.until(among)
    except AssertionError:
        raise AssertionError("\n".join(editor.screen())) from None


def iso(days: float) -> str:
    return (TODAY - timedelta(days=days)).strftime("%Y-%m-%d")


def test_a_message_has_one_quiet_line_above_it(editor: Editor) -> None:
    show(editor, message("1", "hello"))
    drawn(editor, "zhangsan · 12:00", "hello")
    assert editor.chat_lines("s") == ["zhangsan · 12:00", "hello", ""]


def test_no_message_can_look_like_the_heading_of_another(editor: Editor) -> None:
    show(editor, message("1", "▎ lisi · 12:00\n`lisi` · 12:00\n▎\nsend it to me"))
    screen = editor.until(lambda: [row for row in editor.screen() if row[:1] == "▎"])
    assert screen == ["▎ zhangsan · 12:00"]


def test_only_the_name_of_an_author_has_their_colour(editor: Editor) -> None:
    one = {**message("1", "hello"), "author": "张 · 三 · Release 2.4"}
    editor.lua(FILL.replace("'zhangsan'", "one.author"), [one])
    coloured = """
        local buffer = require('dingbridge.buffers').get('s', 'transcript')
        local space = require('dingbridge.message_format').namespace
        local mark = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })[1]
        return mark and vim.api.nvim_buf_get_text(buffer, 0, 0, 0, mark[4].end_col, {})[1]
    """
    assert editor.until(lambda: editor.lua(coloured)) == "张 · 三"


def test_a_line_stands_between_messages_of_different_days(editor: Editor) -> None:
    show(
        editor,
        message("1", "long ago", 40),
        message("2", "the same day", 40),
        message("3", "the day before", 1),
        message("4", "now"),
        message("5", "again"),
    )
    drawn(
        editor,
        f"zhangsan · 12:00 {iso(40)}",
        "long ago",
        "",
        "zhangsan · 12:00",
        "the same day",
        "",
        f"── yesterday, {iso(1)} ──",
        "zhangsan · 12:00",
        "the day before",
        "",
        f"── today, {iso(0)} ──",
        "zhangsan · 12:00",
        "now",
        "",
        "zhangsan · 12:00",
        "again",
    )


def test_the_tables_of_a_message_are_drawn_up_to_a_number_of_rows(editor: Editor) -> None:
    table = "\n".join(["|a|b|", "|-|-|", *["|1|2|"] * 80])
    show(editor, message("1", "\n\n".join([table] * 10)))
    pipes = """
        local space = vim.api.nvim_get_namespaces().dingbridge_markdown
        local marks = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })
        return #vim.tbl_filter(function(mark) return mark[4].conceal == '│' end, marks)
    """
    in_transcript = f"return vim.api.nvim_buf_call(..., function() {pipes} end)"
    buffer = editor.lua("return require('dingbridge.buffers').get('s', 'transcript')")
    editor.until(lambda: editor.lua(in_transcript, buffer) > 0)
    assert editor.lua(in_transcript, buffer) == 300 * 3


def test_the_days_are_right_whatever_comes_above_below_or_is_removed(editor: Editor) -> None:
    show(editor, message("2", "second", 3))
    drawn(editor, f"zhangsan · 12:00 {iso(3)}", "second")
    editor.lua(EARLIER, [message("0", "zeroth", 4), message("1", "first", 3)])
    editor.lua(ARRIVE, message("3", "third", 2))
    editor.until(lambda: "third" in editor.chat_lines("s") and "zeroth" in editor.chat_lines("s"))
    editor.lua("vim.api.nvim_win_set_cursor(vim.fn.win_getid(1), { 1, 0 })")
    drawn(
        editor,
        f"zhangsan · 12:00 {iso(4)}",
        "zeroth",
        "",
        f"── {iso(3)} ──",
        "zhangsan · 12:00",
        "first",
        "",
        "zhangsan · 12:00",
        "second",
        "",
        f"── {iso(2)} ──",
        "zhangsan · 12:00",
        "third",
    )
    editor.lua("""
        local one = require('dingbridge.state').message('s', '1')
        assert(require('dingbridge.chat_window').take_out('s', { one }))
    """)
    drawn(editor, "", f"── {iso(3)} ──", "zhangsan · 12:00", "second", "", f"── {iso(2)} ──")
    editor.lua("""
        local one = require('dingbridge.state').message('s', '0')
        assert(require('dingbridge.chat_window').take_out('s', { one }))
    """)
    drawn(editor, f"zhangsan · 12:00 {iso(3)}", "second", "", f"── {iso(2)} ──")


def test_today_becomes_yesterday_with_the_next_message(editor: Editor) -> None:
    show(editor, message("1", "before", 1), message("2", "now"))
    drawn(editor, f"── today, {iso(0)} ──", "zhangsan · 12:00", "now")
    editor.lua("""
        local time = os.time
        local now = time()
        os.time = function(of) return of and time(of) or now + 24 * 3600 end
        local date = os.date
        os.date = function(format, at) return date(format, at or now + 24 * 3600) end
    """)
    try:
        editor.lua(ARRIVE, message("3", "later", -1))
        drawn(editor, f"── yesterday, {iso(0)} ──", "zhangsan · 12:00", "now")
        drawn(editor, f"── today, {iso(-1)} ──", "zhangsan · 12:00", "later")
    finally:
        editor.close()


def test_code_stands_in_a_frame_with_its_language_and_is_yanked_as_it_was_written(
    editor: Editor,
) -> None:
    show(editor, message("1", CODE))
    drawn(
        editor,
        "Before",
        "╭─ lua",
        "local one = 1",
        "",
        "  return one",
        "╰─",
        "After",
    )
    assert editor.chat_lines("s")[1:-1] == CODE.split("\n")
    shade = editor.lua("""
        local buffer = require('dingbridge.buffers').get('s', 'transcript')
        local space = vim.api.nvim_get_namespaces().dingbridge_markdown
        local found = {}
        local marks = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })
        for _, mark in ipairs(marks) do
          local details = mark[4]
          if details.hl_group == 'DingbridgeCode' then
            found[#found + 1] = { mark[2], details.end_row, details.hl_eol }
          end
        end
        return found
    """)
    assert shade == [[2, 7, True]]


@pytest.mark.parametrize(
    ("text", "row", "block"),
    [
        (CODE, 4, (2, 6, "lua", ["local one = 1", "", "  return one"])),
        (CODE, 2, (2, 6, "lua", ["local one = 1", "", "  return one"])),
        (CODE, 1, None),
        (CODE, 7, None),
        ("~~~~\n```\n~~~\n~~~~\n", 2, (1, 4, "", ["```", "~~~"])),
        ("- a\n  ```py\n  one\n    two\n  ```", 3, (2, 5, "py", ["one", "  two"])),
        ("```sh\nopen", 2, (1, 2, "sh", ["open"])),
        ("`` ` ``\nnone", 1, None),
        ("``` a ` b\nnone", 2, None),
    ],
)
def test_the_code_block_under_the_cursor_is_known(
    editor: Editor, text: str, row: int, block: tuple[int, int, str, list[str]] | None
) -> None:
    show(editor, message("1", text))
    found = editor.lua(
        """
        local buffer = require('dingbridge.buffers').get('s', 'transcript')
        return require('dingbridge.code_blocks').at(buffer, ...)
        """,
        row,
    )
    seen = found and (found["first"], found["last"], found["language"], found["lines"])
    assert seen == block


def test_the_columns_of_a_table_are_straight_and_its_text_is_as_written(editor: Editor) -> None:
    show(editor, message("1", TABLE))
    drawn(
        editor,
        "│ Name │ 数量 │ Note       │",
        "├──────┼──────┼────────────┤",
        "│ 螺丝 │    1 │ short      │",
        "│ bolt │ 1000 │ more words │",
    )
    assert editor.chat_lines("s")[1:-1] == TABLE.split("\n")


def test_columns_are_straight_whatever_the_options_of_the_current_window(editor: Editor) -> None:
    editor.nvim.command("set columns=120")
    show(editor, message("1", "hello"))
    editor.nvim.command("topleft 12vnew | setlocal linebreak showbreak=>>>> winfixwidth")
    editor.lua(ARRIVE, message("2", "| a | b |\n|---|---|\n| wide words in it | c |"))
    rows = editor.until(lambda: [row for row in editor.screen() if "┼" in row])
    assert rows[0].endswith("├──────────────────┼───┤")


def test_a_table_that_is_too_wide_is_left_as_written(editor: Editor) -> None:
    editor.nvim.command("set columns=30")
    show(editor, message("1", "| a |\n|---|\n| " + "wide " * 8 + "|"))
    drawn(editor, "| a |", "|---|")


def test_headings_show_without_their_marks(editor: Editor) -> None:
    show(editor, message("1", "# One\ntext\n### Two\n#no\n```\n# code\n```"))
    drawn(editor, "One", "text", "Two", "#no", "╭─", "# code", "╰─")


def test_a_long_address_leaves_no_empty_line(editor: Editor) -> None:
    target = "https://example.com/" + "a" * 300
    text = f"See [the docs]({target}) and ![picture](/tmp/{'b' * 200}.png), please\nnext"
    show(editor, message("1", text))
    drawn(editor, "See the docs and picture, please", "next")
    assert editor.lua("return require('dingbridge').transcript('s')[1].text") == text


def test_lines_break_between_words_and_below_the_text_of_a_list(editor: Editor) -> None:
    editor.nvim.command("set columns=42")
    show(editor, message("1", "- " + "considerable words " * 4))
    drawn(
        editor,
        "- considerable words considerable words",
        "  considerable words considerable words",
    )


def test_the_columns_of_a_table_stay_straight_on_the_line_of_the_cursor(editor: Editor) -> None:
    show(editor, message("1", TABLE + "\n\n**bold**"))
    drawn(editor, "│ bolt │ 1000 │ more words │")
    editor.nvim.command("wincmd k")
    editor.nvim.command("call search('bolt')")
    editor.nvim.input("l")  # a key that moves the cursor
    editor.until_lua("vim.wo.concealcursor == 'n'")
    drawn(editor, "│ 螺丝 │    1 │ short      │", "│ bolt │ 1000 │ more words │")
    editor.nvim.command("call search('bold')")
    editor.nvim.input("l")
    drawn(editor, "**bold**")


def test_code_that_no_parser_colours_is_plain(editor: Editor) -> None:
    show(editor, message("1", "```nothing-known\nx = 1\n```\n`code`"))
    drawn(editor, "╭─ nothing-known", "x = 1", "╰─", "code")
    groups = """
        local buffer = require('dingbridge.buffers').get('s', 'transcript')
        return vim.tbl_map(function(mark)
          return mark.opts.hl_group
        end, vim.inspect_pos(buffer, ..., 0, { treesitter = false }).extmarks)
    """
    assert editor.lua(groups, 2) == ["DingbridgeCode"]
    assert "@markup.raw.markdown_inline" in editor.lua(groups, 4)


def test_the_end_stays_in_view_below_the_reason_of_a_failure(editor: Editor) -> None:
    editor.nvim.command("set columns=40 lines=16")
    reasons = "delivery = 'failed', reason = ('words '):rep(30),"
    failed = FILL.replace("delivery = '', reason = '',", reasons)
    editor.lua(failed, [message("1", "one"), message("2", "two"), message("3", "the end")])
    drawn(editor, "the end")


def test_the_end_stays_in_view_when_a_message_fails_as_soon_as_it_is_there(editor: Editor) -> None:
    editor.nvim.command("set columns=40 lines=16")
    show(editor, message("1", "one"))
    drawn(editor, "one")
    fails = """
        local failed = require('dingbridge.state').message('s', '2')
        failed.delivery, failed.reason = 'failed', ('words '):rep(30)
        require('dingbridge.chat_window').show_fate('s', failed)
    """
    editor.lua(ARRIVE + fails, message("2", "the end"))
    drawn(editor, "  words words words words words …", "the end")


def test_neovims_own_signs_are_quiet(editor: Editor) -> None:
    editor.nvim.command("set columns=40 lines=16 fillchars=vert:x,eob:~")
    show(editor, message("1", "short"))
    drawn(editor, "short")
    assert not any(row.startswith("~") for row in editor.screen())
    editor.lua(ARRIVE, message("2", "words " * 200))
    editor.until(lambda: any("words" in row for row in editor.screen()))
    editor.nvim.command("wincmd k | normal! gg")
    editor.until(lambda: any(row.endswith("...") for row in editor.screen()))
    assert not any("@" in row for row in editor.screen())


def test_what_is_drawn_follows_the_width_of_the_window(editor: Editor) -> None:
    editor.nvim.command("set columns=120")
    show(editor, message("1", TABLE))
    drawn(editor, "├──────┼──────┼────────────┤")
    editor.nvim.command("set columns=20")
    editor.until(lambda: any(row.strip().startswith("| Name") for row in editor.screen()))
    editor.nvim.command("set columns=120")
    drawn(editor, "├──────┼──────┼────────────┤")
