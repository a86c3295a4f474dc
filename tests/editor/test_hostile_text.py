"""What is meant to disturb arrives, is shown, and disturbs nothing: a real editor all along."""

from __future__ import annotations

import re
import unicodedata

import pytest

from dingbridge.core.text import STACKED_MARKS
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

pytestmark = [pytest.mark.environment, pytest.mark.shared_editor]

_WATCH_PARSER = """
local make = vim.treesitter.get_string_parser
_G.parsed = 0
vim.treesitter.get_string_parser = function(text, ...)
  _G.parsed = _G.parsed + (text ~= '' and 1 or 0)
  return make(text, ...)
end
"""
_SCREEN = """
vim.cmd.redraw({ bang = true })
local rows = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do
    cells[column] = vim.fn.screenstring(row, column)
  end
  rows[row] = table.concat(cells)
end
return rows
"""

ACTING = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shown(editor: Editor, count: int = 1) -> list[str]:
    """The lines of the transcript once it has so many messages and was drawn."""
    editor.until(lambda: len(editor.transcript()) == count)
    session = editor.status()["session"]
    editor.until(
        lambda: editor.chat_lines(session)[-1:] == [""] and len(editor.headings(session)) == count
    )
    editor.lua("vim.cmd.redraw({ bang = true })")
    # The colours are set after the screen was drawn.
    editor.lua("vim.wait(50, function() return false end, 5)")
    return editor.chat_lines(session)


def check_alive(editor: Editor, sandbox: Sandbox, count: int = 1) -> None:
    """The editor answers, and what is said next arrives below."""
    assert editor.lua("return 1 + 1") == 2
    sandbox.client.say("and now?")
    assert shown(editor, count + 1)[-2] == "and now?"


def test_a_hundred_thousand_lines_are_shown_and_the_editor_goes_on(
    bound: Editor, sandbox: Sandbox
) -> None:
    text = "\n".join(f"line {number}" for number in range(100_000))
    sandbox.client.say(text)
    assert shown(bound)[1:-1] == text.split("\n")
    check_alive(bound, sandbox)


def test_a_line_of_a_megabyte_is_shown_in_pieces_that_can_be_drawn(
    bound: Editor, sandbox: Sandbox
) -> None:
    text = "字 x" * 200_000
    sandbox.client.say(text)
    lines = shown(bound)[1:-1]
    assert "".join(lines) == text
    assert max(len(line.encode()) for line in lines) <= 2003
    check_alive(bound, sandbox)


every_deep_text = pytest.mark.parametrize(
    "text",
    [
        ">" * 10_000 + " deep",
        "> " * 10_000 + "deep",
        "- " * 10_000 + "deep",
        "1. " * 10_000 + "deep",
        "```markdown\n" + ">" * 10_000 + " deep\n```",
        "\n".join(" " * 2 * depth + "- deep" for depth in range(300)),
        "\n".join("\t" * depth + "- deep" for depth in range(300)),
        "\n".join("> - " * depth + "deep" for depth in range(150)),
    ],
    ids=["quotes", "spaced", "list", "numbers", "in a fence", "indented", "by tabs", "mixed"],
)


@every_deep_text
def test_markdown_that_would_end_the_editor_is_shown_plain(
    bound: Editor, sandbox: Sandbox, text: str
) -> None:
    bound.lua(_WATCH_PARSER)
    sandbox.client.say(text)
    assert "deep" in "".join(shown(bound))
    assert bound.lua("return _G.parsed") == 0
    check_alive(bound, sandbox)


def colours(editor: Editor, buffer: int) -> set[str]:
    """The highlights of the Markdown in a buffer."""
    editor.lua("vim.cmd.redraw({ bang = true })")
    marks = """
        local space = vim.api.nvim_get_namespaces().dingbridge_markdown
        return vim.api.nvim_buf_get_extmarks(..., space, 0, -1, { details = true })
    """
    groups = (mark[3].get("hl_group") for mark in editor.lua(marks, buffer))
    return {str(group) for group in groups if group}


@every_deep_text
def test_markdown_that_would_end_the_editor_may_be_pasted_into_a_draft(
    editor: Editor, text: str
) -> None:
    editor.setup({})
    editor.chat("new Draft")
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    draft = editor.nvim.current.buffer
    editor.type_draft("**bold**")
    editor.until(lambda: "@markup.strong.markdown_inline" in colours(editor, draft.number))
    # As a terminal does: what comes before is on the screen, and being coloured.
    editor.nvim.api.paste("# A title\n\nwords\n\n" * 20, True, 1)
    editor.lua("vim.cmd.redraw({ bang = true })")
    editor.nvim.api.paste(text, True, 3)
    editor.until(lambda: colours(editor, draft.number) == set())
    assert "deep" in "".join(draft[:])
    editor.chat("status")
    editor.until_said("mode: off")
    editor.nvim.command("wincmd p")  # back from the report
    # And it has its colours again when the deep text is gone.
    editor.nvim.command("undo")
    editor.until(lambda: "@markup.strong.markdown_inline" in colours(editor, draft.number))


def test_flat_markdown_has_its_colours_as_ever(bound: Editor, sandbox: Sandbox) -> None:
    bound.lua(_WATCH_PARSER)
    depth = 30
    sandbox.client.say("> " * depth + "**bold**\n\n" + "-" * 200 + "\n\n1. a\n   - b\n\n## c")
    shown(bound)
    bound.until_lua("_G.parsed >= 1")
    view = bound.lua(
        "local session = require('dingbridge.state').current "
        "return require('dingbridge.buffers').get(session, 'transcript')"
    )
    groups = colours(bound, view)
    assert {"@markup.strong.markdown_inline", "@markup.heading.2.markdown"} <= groups


@pytest.mark.parametrize("piece", ["*a ", '"a\n', "{\n", "[a]("])
def test_markdown_that_takes_long_to_read_is_shown_plain(
    bound: Editor, sandbox: Sandbox, piece: str
) -> None:
    bound.lua(_WATCH_PARSER)
    sandbox.client.say("```lua\n" + piece * (40_000 // len(piece)))
    shown(bound)
    assert bound.lua("return _G.parsed") == 0
    check_alive(bound, sandbox)


def test_a_table_of_escaped_pipes_is_shown_at_once(bound: Editor, sandbox: Sandbox) -> None:
    row = "|" + "\\" * 1000 + "\\|" * 499
    sandbox.client.say("\n".join([row] * 40))
    assert shown(bound)[1] == row
    check_alive(bound, sandbox)


def test_the_end_of_a_draft_is_found_behind_any_number_of_blanks(editor: Editor) -> None:
    editor.setup({})
    editor.chat("new Draft")
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    text = "a" + " " * 500_000 + "b"
    editor.nvim.current.buffer[:] = [text + "  "]
    found = "return #require('dingbridge.drafts').text(vim.b.dingbridge_session)"
    assert editor.lua(found) == len(text)


def test_an_answer_of_ours_may_be_longer_and_has_its_colours(bound: Editor) -> None:
    bound.lua(_WATCH_PARSER)
    bound.lua("require('dingbridge').send(...)", "some **bold** words\n\n" * 1_000)
    shown(bound)
    bound.until_lua("_G.parsed == 1")


def test_nothing_that_acts_on_a_terminal_reaches_buffer_or_screen(
    bound: Editor, sandbox: Sandbox
) -> None:
    text = (
        "\x1b[2J\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x1b\\ \x9b31mred \x90q\x9c "
        "\u202egnp.exe\u202c \u2066x\u2069 \u061c\u200e\u200f bell\x07 back\x08 nul\x00 "
        "one\u2028two\u2029three\x85four\x0bfive\x0csix\rseven end"
    )
    sandbox.client.say(text, extra={"senderNick": "evil\x1b[31m\u202e\n### 名 · 12:00\u2066"})
    sandbox.client.say(
        "x",
        msgtype="file",
        content={"downloadCode": "c", "fileName": "a\x1b]0;t\x07\u202efdp.exe\n### b"},
        extra={"conversationTitle": "t\x1b[2J"},
    )
    lines = shown(bound, 2)
    screen = bound.lua(_SCREEN)
    assert any("end" in line for line in lines)
    assert any("end" in row for row in screen)
    assert not [line for line in lines + screen if ACTING.search(line)]
    said = [row["text"] for row in bound.transcript()]
    assert said[1].startswith("[file: afdp.exe ### b] (not fetched: ")
    assert bound.transcript()[0]["author"] == "evil ### 名·12:00"
    assert len(bound.headings(bound.status()["session"])) == 2


def test_stacked_marks_hidden_words_and_floods_of_selectors_are_taken_out(
    bound: Editor, sandbox: Sandbox
) -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "send me the keys")
    text = (
        "Z" + "\u0335\u0301" * 5_000 + "algo" + hidden + " 😀" + "\ufe0f\U000e0120" * 5_000 + " end"
    )
    sandbox.client.say(text)
    shown_text = "".join(shown(bound)[2:])
    assert len(shown_text) < 40
    marks = [letter for letter in shown_text if unicodedata.category(letter) == "Mn"]
    assert len(marks) <= STACKED_MARKS + 1
    assert not [letter for letter in shown_text if ord(letter) >= 0xE0000]
    check_alive(bound, sandbox)
