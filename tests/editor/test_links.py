"""Links in a transcript: what they are, where they lead, and that nothing else is opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

FILL = """
local text = ...
require('dingbridge.updates').apply({
  { kind = 'sessions', list = { { id = 's', title = 's', created = 0, bound = false } } },
  { kind = 'messages', id = 's', reset = true, list = { {
    id = 'one', role = 'dingtalk', author = 'zhangsan', text = text, time = 0,
    delivery = '', reason = '', target = '', target_name = '',
  } } },
  { kind = 'open', id = 's' },
})
local window = vim.fn.win_findbuf(require('dingbridge.buffers').get('s', 'transcript'))[1]
vim.api.nvim_set_current_win(window)
"""
OPENED = """
_G.opened = {}
vim.ui.open = function(target)
  table.insert(_G.opened, target)
end
"""
MARKS = """
local space = vim.api.nvim_get_namespaces().dingbridge_links
local buffer = require('dingbridge.buffers').get('s', 'transcript')
local marks = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })
return vim.tbl_map(function(mark)
  local line = vim.api.nvim_buf_get_lines(buffer, mark[2], mark[2] + 1, false)[1]
  return { mark[4].url, line:sub(mark[3] + 1, mark[4].end_col) }
end, vim.tbl_filter(function(mark) return mark[4].url ~= nil end, marks))
"""
FIRST = 2
"""The line on which a message's text begins."""

FOUND = [
    ("[docs](https://example.com/a)", [("[docs](https://example.com/a)", "https://example.com/a")]),
    ("see [a](<x y>) and [b](c 'title')", [("[a](<x y>)", "x y"), ("[b](c 'title')", "c")]),
    ("![p](/media/x.png)", [("![p](/media/x.png)", "/media/x.png")]),
    ("[a](b(c)d)", [("[a](b(c)d)", "b(c)d")]),
    (r"[a](<x\>y>)", [(r"[a](<x\>y>)", "x>y")]),
    (r"[a](<x\\>)", [(r"[a](<x\\>)", "x\\")]),
    (r"[a \[1\]](b)", [(r"[a \[1\]](b)", "b")]),
    ("<https://a.b/c>", [("https://a.b/c", "https://a.b/c")]),
    ("见https://a.b/c。谢谢", [("https://a.b/c", "https://a.b/c")]),
    ("(https://a.b/c_(d)), yes", [("https://a.b/c_(d)", "https://a.b/c_(d)")]),
    ("https://a.b/?x=1&amp;y.", [("https://a.b/?x=1&amp;y", "https://a.b/?x=1&amp;y")]),
    ("write mailto:a@b.c!", [("mailto:a@b.c", "mailto:a@b.c")]),
    ("[a](https://a.b) https://c.d", [("[a](https://a.b)", "https://a.b"), ("https://c.d",) * 2]),
    ("[a]() [b] (c) http:// xhttps://a dtmd://a javascript:a file:///a", []),
    ("[a](b", []),
    ("a](b)", []),
]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An editor that only parses."""
    editor = Editor(tmp_path_factory.mktemp("links") / "home")
    yield editor
    editor.close()


def found(editor: Editor, line: str) -> list[tuple[str, str]]:
    rows = editor.lua("return require('dingbridge.links').find(...)", line)
    data = line.encode()
    return [(data[row["first"] - 1 : row["last"]].decode(), row["target"]) for row in rows]


@pytest.mark.parametrize(("line", "links"), FOUND)
def test_links_are_found_with_what_they_lead_to(
    quiet: Editor, line: str, links: list[tuple[str, str]]
) -> None:
    assert found(quiet, line) == links


PIECES = st.sampled_from(
    ["[", "]", "(", ")", "](", "<", ">", "\\", "https://a.b", "mailto:x", " ", "字", ".", "!", "a:"]
)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_line_breaks_the_search_and_links_stand_in_it_in_order(quiet: Editor, line: str) -> None:
    rows = quiet.lua("return require('dingbridge.links').find(...)", line)
    size = len(line.encode())
    assert all(1 <= row["first"] <= row["last"] <= size and row["target"] for row in rows)
    assert [row["first"] for row in rows] == sorted(row["first"] for row in rows)


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("](" * 1000, 3_000_000),
        ("[](" * 700, 3_000_000),
        ("[](<" * 500, 3_000_000),
        ("https://a" + ")" * 1990, 200_000),
    ],
)
def test_a_line_that_was_made_to_take_long_does_not(quiet: Editor, line: str, steps: int) -> None:
    """Counted in steps of the search, not in seconds: Lua is stopped after too many."""
    assert quiet.lua(
        """
        local line, steps = ...
        jit.off()
        debug.sethook(function() error('too many steps') end, '', steps)
        local ok = pcall(require('dingbridge.links').find, line)
        debug.sethook()
        jit.on()
        return ok
        """,
        line,
        steps,
    )


def test_a_word_without_end_is_looked_at_once(quiet: Editor) -> None:
    """With the square of its length this would take minutes, and Neovim has no answer for long."""
    search = "for _ = 1, 200 do require('dingbridge.links').find(...) end"
    quiet.lua(search, "a" * 20_000 + ":")


@pytest.fixture
def reading(start_editor: StartEditor, tmp_path: Path) -> Editor:
    """An editor in a project of its own, which hands addresses to a list."""
    project = tmp_path / "project"
    project.mkdir()
    editor = start_editor()
    editor.execute("cd", project)
    editor.setup({})
    editor.lua(OPENED)
    return editor


def keys(editor: Editor, text: str, typed: str) -> None:
    editor.lua(FILL, text)
    editor.nvim.command(f"call cursor({FIRST}, 1)")
    editor.nvim.feedkeys(editor.nvim.replace_termcodes(typed), "xt")


@pytest.mark.parametrize("key", ["<CR>", "gx"])
@pytest.mark.parametrize(
    "target", ["https://example.com/a?b=1&c", "HTTP://example.com", "mailto:a@example.com"]
)
def test_addresses_of_the_web_and_of_mail_are_handed_on(
    reading: Editor, key: str, target: str
) -> None:
    keys(reading, f"[docs]({target})", key)
    assert reading.lua("return _G.opened") == [target]


@pytest.mark.parametrize("key", ["<CR>", "gx"])
@pytest.mark.parametrize(
    "target",
    [
        "dtmd://dingtalkclient/sendMessage?content=%2Fclear",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/etc/passwd",
        "../outside.txt",
        "ssh://host",
        "vscode://x",
        "https://a.b/|calc",
        "https://a.b/%22^&calc\u0007",
        "//host/share/x.png",
        "run.exe",
        "link.png",
        "no such file",
    ],
)
def test_anything_else_is_shown_and_never_opened(
    reading: Editor, tmp_path: Path, key: str, target: str
) -> None:
    (tmp_path / "outside.txt").write_text("outside")
    (tmp_path / "outside.png").write_bytes(b"outside")
    (tmp_path / "project" / "run.exe").write_bytes(b"MZ\0\0")
    (tmp_path / "project" / "link.png").symlink_to(tmp_path / "outside.png")
    windows = reading.windows()
    keys(reading, f"[docs](<{target}>)", key)
    assert target.replace("\u0007", " ") in reading.until(reading.said)[-1]
    assert reading.lua("return _G.opened") == []
    assert reading.windows() == windows + 1  # the draft
    assert reading.nvim.current.buffer.name == "chat://s"


def test_a_received_picture_is_handed_on_and_a_received_text_opens_here(reading: Editor) -> None:
    media = reading.data / "dingbridge" / "media" / "2026"
    media.mkdir(parents=True)
    picture, text = media / "a b.png", media / "notes.txt"
    picture.write_bytes(b"\x89PNG\0")
    text.write_text("words")
    keys(reading, f"![picture](<{picture}>)", "<CR>")
    assert reading.lua("return _G.opened") == [str(picture)]
    keys(reading, f"[notes]({text})", "<CR>")
    assert reading.nvim.current.buffer[:] == ["words"]
    assert reading.lua("return _G.opened") == [str(picture)]


@pytest.mark.parametrize(
    ("words", "line"),
    [("[main](src/main.py)", 1), ("see src/main.py:3 there", 3), ("[main](src/main.py:2)", 2)],
)
def test_gf_opens_a_file_of_the_project_in_another_window(
    reading: Editor, tmp_path: Path, words: str, line: int
) -> None:
    source = tmp_path / "project" / "src" / "main.py"
    source.parent.mkdir()
    source.write_text("one\ntwo\nthree\n")
    keys(reading, words, "fsgf" if words.startswith("see") else "gf")
    assert reading.nvim.current.buffer.name == str(source)
    assert reading.nvim.current.window.cursor == (line, 0)
    assert [window for window in reading.nvim.windows if window.buffer.name == "chat://s"]


@pytest.mark.parametrize("key", ["<CR>", "gx"])
def test_the_only_link_of_a_message_opens_from_its_heading(reading: Editor, key: str) -> None:
    keys(reading, f"words\n\n[docs](https://a.b/{LONG})\n\nmore", f"k{key}")
    assert reading.lua("return _G.opened") == [f"https://a.b/{LONG}"]


def test_the_only_link_of_a_message_opens_from_the_blank_line_behind_it(reading: Editor) -> None:
    keys(reading, "[docs](https://a.b)\n\nmore", "G<CR>")
    assert reading.lua("return _G.opened") == ["https://a.b"]


def test_gf_on_a_heading_opens_the_only_link_of_the_message(
    reading: Editor, tmp_path: Path
) -> None:
    source = tmp_path / "project" / "main.py"
    source.write_text("one\n")
    keys(reading, "words", "kgf")
    assert reading.said()[-1] == "there is no link on this line"
    keys(reading, "[main](main.py)", "kgf")
    assert reading.nvim.current.buffer.name == str(source)


def test_of_several_links_of_a_message_none_opens_from_its_heading(reading: Editor) -> None:
    keys(reading, "https://a.b and https://c.d\n\nhttps://e.f", "k<CR>")
    assert reading.said()[-1] == "this message has 3 links: put the cursor on the line of one"
    assert reading.lua("return _G.opened") == []


def test_k_shows_where_a_link_leads(reading: Editor) -> None:
    keys(reading, "[harmless](dtmd://evil)", "K")
    assert reading.until(reading.said) == ["dtmd://evil"]
    keys(reading, "nothing", "<CR>")
    assert reading.said()[-1] == "there is no link on this line"
    keys(reading, "nothing", "K")
    assert reading.said()[-1].startswith("received from DingTalk")


LONG = "a" * 200


@pytest.mark.parametrize("key", ["<CR>", "gx"])
@pytest.mark.parametrize("column", [0, 4, 32])
def test_an_address_that_is_left_out_of_a_long_line_opens_whole(
    reading: Editor, key: str, column: int
) -> None:
    text = (
        f"[one](https://a.b/{LONG}?x=(1)) 和 [![two](https://c.d/{LONG})](https://e.f/{LONG}) end"
    )
    reading.lua(FILL, text)
    reading.until(lambda: "[one](…) 和 [![two](…)](…) end" in reading.chat_lines("s"))
    reading.lua(OPENED)
    reading.nvim.command(f"call cursor({FIRST}, {column + 1})")
    reading.nvim.input(key)
    want = {
        0: f"https://a.b/{LONG}?x=(1)",
        4: f"https://a.b/{LONG}?x=(1)",
        32: f"https://e.f/{LONG}",
    }
    assert reading.until_lua("_G.opened") == [want[column]]


def test_k_shows_an_address_that_is_left_out_of_a_long_line(reading: Editor) -> None:
    keys(reading, f"See [harmless](dtmd://evil/{LONG})", "K")
    assert reading.until(reading.said) == [f"dtmd://evil/{LONG}"]


def test_the_terminal_gets_addresses_and_nothing_else(reading: Editor) -> None:
    text = "[docs](https://a.b/c) [x](dtmd://evil) file:///etc/passwd [y](javascript:a) http://d.e!"
    reading.lua(FILL, text)
    assert reading.until(lambda: reading.lua(MARKS)) == [
        ["https://a.b/c", "[docs](…)"],
        ["http://d.e", "http://d.e"],
    ]


def test_what_is_concealed_shows_on_the_line_of_the_cursor(reading: Editor) -> None:
    reading.lua(FILL, "words")
    assert reading.nvim.current.window.options["concealcursor"] == ""


def test_without_a_program_that_opens_it_a_sentence_says_so(reading: Editor) -> None:
    reading.lua(
        "vim.ui.open = function() return nil, 'vim.ui.open: no handler found (tried: \"x\")' end"
    )
    keys(reading, "https://a.b", "<CR>")
    assert reading.until_said("https://a.b") == (
        "https://a.b\nis not opened: this machine has no program for it; K shows the address"
    )
    reading.lua("vim.ui.open = function() return nil, 'it is odd' end")
    keys(reading, "https://a.b", "<CR>")
    reading.until_said("https://a.b\nit is odd")


SYSTEM_OPENER = """#!/bin/sh
echo "$1" >> "$OPENED_FILE"
exit "$OPENER_ENDS_WITH"
"""


@pytest.fixture
def opener(start_editor: StartEditor, tmp_path: Path) -> Callable[[int], Editor]:
    """An editor in a project whose system has an `xdg-open` that ends with this exit code."""
    if sys.platform != "linux":
        pytest.skip("other systems have other programs")

    def start(code: int) -> Editor:
        program = tmp_path / "bin" / "xdg-open"
        program.parent.mkdir()
        program.write_text(SYSTEM_OPENER)
        program.chmod(0o755)
        project = tmp_path / "project"
        project.mkdir()
        editor = start_editor(
            environ={
                "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
                "OPENED_FILE": str(tmp_path / "opened"),
                "OPENER_ENDS_WITH": str(code),
            }
        )
        editor.execute("cd", project)
        editor.setup({})
        return editor

    return start


def test_a_picture_that_the_systems_program_cannot_open_is_named_with_its_path(
    opener: Callable[[int], Editor], tmp_path: Path
) -> None:
    editor = opener(3)
    picture = tmp_path / "project" / "a b.png"
    picture.write_bytes(b"\x89PNG\0")
    keys(editor, "![picture](<a b.png>)", "<CR>")
    assert editor.until_said("exit code") == (
        f"{picture}\nis not opened: xdg-open ended with exit code 3. Set a program for it on this"
        " machine, or open the above by other means"
    )
    assert (tmp_path / "opened").read_text() == f"{picture}\n"


def test_an_address_that_the_systems_program_opens_is_not_spoken_of(
    opener: Callable[[int], Editor], tmp_path: Path
) -> None:
    editor = opener(0)
    editor.lua("""
        _G.looked = 0
        local system = vim.system
        vim.system = function(...)
          local program = system(...)
          local wait = program.wait
          program.wait = function(...)
            local result = wait(...)
            _G.looked = _G.looked + 1
            return result
          end
          return program
        end
    """)
    keys(editor, "https://a.b", "gx")
    editor.until_lua("_G.looked == 1")
    assert (tmp_path / "opened").read_text() == "https://a.b\n"
    assert editor.said() == []


def test_a_neovim_with_an_opener_of_its_own_opens_as_before(reading: Editor) -> None:
    reading.lua("vim.ui.open = function() return { cmd = { 'mine' } } end")
    keys(reading, "https://a.b", "<CR>")
    assert reading.said() == []
