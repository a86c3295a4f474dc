"""What the editor itself answers to people on DingTalk, and that its user notices nothing of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

CODE = """\
local M = {}

function M.outer(list)
  local inner = function()
    return 1
  end
  each(list, function()
    return inner()
  end)
end

return M
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with some files."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.lua").write_text(CODE, "utf-8")
    (folder / "src" / "b.txt").write_text("\n".join(f"line {n}" for n in range(1, 201)), "utf-8")
    (folder / "c.c").write_text("static char *name(int x) {\n  return 0;\n}\n", "utf-8")
    (folder / "v.vim").write_text("function! s:Act() abort\n  return 1\nendfunction\n", "utf-8")
    (tmp_path / "outside.txt").write_text("outside\n", "utf-8")
    return folder


def look(editor: Editor, what: str, cwd: Path | str, **more: Any) -> dict[str, Any]:
    request = {"what": what, "cwd": str(cwd), **more}
    return dict(editor.lua("return require('dingbridge.editor_queries').query(...)", request))


def edit(editor: Editor, path: Path, line: int = 1, column: int = 0) -> None:
    editor.lua("vim.cmd.edit(vim.fn.fnameescape(...))", str(path))
    editor.lua("vim.api.nvim_win_set_cursor(0, { ... })", line, column)


def make_chat(editor: Editor) -> None:
    """A chat as the plugin makes one, in a window of its own with the focus in it."""
    editor.nvim.command("botright vsplit")
    editor.lua("""
        local buffer = require('dingbridge.buffers').make('s1', 'transcript')
        vim.api.nvim_win_set_buf(0, buffer)
    """)


# --- where ----------------------------------------------------------------------------------------


def test_where_tells_file_line_column_function_type_and_unsaved_changes(
    editor: Editor, project: Path
) -> None:
    edit(editor, project / "src" / "a.lua", 5, 4)
    assert look(editor, "where", project) == {
        "file": "src/a.lua",
        "line": 5,
        "column": 5,
        "function": "inner",
        "filetype": "lua",
        "modified": False,
    }
    editor.nvim.current.line = "    return '编辑', 2"
    editor.lua("vim.api.nvim_win_set_cursor(0, { 5, 16 })")
    found = look(editor, "where", project)
    assert (found["column"], found["modified"]) == (14, True)


@pytest.mark.parametrize(
    ("file", "line", "column", "function"),
    [
        ("src/a.lua", 1, 0, None),
        ("src/a.lua", 3, 0, "M.outer"),
        ("src/a.lua", 4, 0, "M.outer"),
        ("src/a.lua", 8, 4, "M.outer"),
        ("src/a.lua", 12, 0, None),
        ("c.c", 2, 2, "name"),
        ("c.c", 1, 16, "name"),
        ("v.vim", 2, 2, "s:Act"),
        ("src/b.txt", 3, 0, None),
    ],
)
def test_where_names_the_function_around_the_cursor_if_there_is_a_parser(
    editor: Editor, project: Path, file: str, line: int, column: int, function: str | None
) -> None:
    edit(editor, project / file, line, column)
    assert look(editor, "where", project).get("function") == function


def test_where_speaks_of_the_last_file_while_the_focus_is_in_the_chat(
    editor: Editor, project: Path
) -> None:
    edit(editor, project / "c.c")
    editor.nvim.command("split")
    edit(editor, project / "src" / "b.txt", 7)
    make_chat(editor)
    found = look(editor, "where", project)
    assert (found["file"], found["line"]) == ("src/b.txt", 7)


def test_where_shows_no_path_from_outside_the_project_folder(
    editor: Editor, project: Path, tmp_path: Path
) -> None:
    edit(editor, tmp_path / "outside.txt")
    assert look(editor, "where", project)["file"] == "outside.txt"
    (project / "link.txt").symlink_to(tmp_path / "outside.txt")
    editor.nvim.command("bwipeout")
    edit(editor, project / "link.txt")
    assert look(editor, "where", project)["file"] in ("link.txt", "outside.txt")
    beside = tmp_path / "project-secret"
    beside.mkdir()
    edit(editor, beside / "new.txt")
    assert look(editor, "where", project)["file"] == "new.txt"
    assert look(editor, "where", "")["file"] == "new.txt"


def test_where_knows_a_project_folder_by_a_link_to_it(
    editor: Editor, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(project)
    edit(editor, tmp_path / "alias" / "src" / "not yet there.txt")
    assert look(editor, "where", project)["file"] == "src/not yet there.txt"
    assert look(editor, "where", tmp_path / "alias")["file"] == "src/not yet there.txt"


@pytest.mark.usefixtures("start_editor")
def test_where_says_so_when_no_file_is_open(editor: Editor, project: Path) -> None:
    make_chat(editor)
    editor.nvim.command("only | split | terminal cat")
    assert "No file is open" in look(editor, "where", project)["error"]


def test_a_huge_buffer_is_not_parsed_for_the_sake_of_a_question(
    editor: Editor, project: Path
) -> None:
    # What highlights a file parses all of it, sooner or later.
    editor.nvim.command("filetype plugin off")
    (project / "huge.lua").write_text("function f()\n" + "  x = 1\n" * 40_000 + "end\n", "utf-8")
    edit(editor, project / "huge.lua", 20_000)
    found = look(editor, "where", project)
    assert (found["line"], found.get("function")) == (20_000, None)


# --- diagnostics and quickfix ---------------------------------------------------------------------

DIAGNOSTICS = """
local name, diagnostics = ...
local space = vim.api.nvim_create_namespace('test')
local buffer = vim.fn.bufadd(name)
vim.fn.bufload(buffer)
vim.diagnostic.set(space, buffer, diagnostics)
return buffer
"""


def diagnostic(line: int, severity: int, message: str) -> dict[str, Any]:
    return {"lnum": line - 1, "col": 0, "severity": severity, "message": message}


def test_diagnostics_come_worst_first_with_file_and_line(editor: Editor, project: Path) -> None:
    some = [diagnostic(9, 2, "a warning"), diagnostic(3, 4, "a hint")]
    editor.lua(DIAGNOSTICS, str(project / "src" / "a.lua"), some)
    editor.lua(DIAGNOSTICS, str(project / "c.c"), [diagnostic(2, 1, "an error\nwith more")])
    found = look(editor, "diag", project)
    assert found == {
        "total": 3,
        "errors": 1,
        "warnings": 1,
        "items": [
            {"file": "c.c", "line": 2, "severity": "error", "message": "an error"},
            {"file": "src/a.lua", "line": 9, "severity": "warn", "message": "a warning"},
            {"file": "src/a.lua", "line": 3, "severity": "hint", "message": "a hint"},
        ],
    }
    assert [each["message"] for each in look(editor, "diag", project, level="error")["items"]] == [
        "an error"
    ]
    assert look(editor, "diag", project, level="warn")["total"] == 2


def test_diagnostics_of_other_folders_stay_in_the_editor(
    editor: Editor, project: Path, tmp_path: Path
) -> None:
    editor.lua(DIAGNOSTICS, str(tmp_path / "outside.txt"), [diagnostic(1, 1, "private")])
    assert look(editor, "diag", project) == {"total": 0, "errors": 0, "warnings": 0, "items": []}


def test_of_many_long_diagnostics_twenty_are_told_in_part(editor: Editor, project: Path) -> None:
    many = [diagnostic(line, 1, "错" * 5000) for line in range(1, 31)]
    editor.lua(DIAGNOSTICS, str(project / "src" / "b.txt"), many)
    found = look(editor, "diag", project)
    assert (found["total"], len(found["items"])) == (30, 20)
    assert found["items"][19] == {
        "file": "src/b.txt",
        "line": 20,
        "severity": "error",
        "message": "错" * 200,
    }


def test_the_quickfix_list_comes_in_its_order_without_what_is_outside(
    editor: Editor, project: Path, tmp_path: Path
) -> None:
    editor.lua(
        "vim.fn.setqflist(...)",
        [
            {"filename": str(project / "src" / "a.lua"), "lnum": 4, "text": "second", "type": "W"},
            {"filename": str(tmp_path / "outside.txt"), "lnum": 1, "text": "private"},
            {"text": "make: *** [all] Error 1"},
            {"filename": str(project / "c.c"), "lnum": 1, "text": "first"},
        ],
    )
    assert look(editor, "qf", project) == {
        "total": 2,
        "items": [
            {"file": "src/a.lua", "line": 4, "severity": "warn", "message": "second"},
            {"file": "c.c", "line": 1, "severity": "", "message": "first"},
        ],
    }


def test_an_empty_quickfix_list_is_empty(editor: Editor, project: Path) -> None:
    assert look(editor, "qf", project) == {"total": 0, "items": []}


def test_a_large_quickfix_list_is_counted_and_twenty_entries_are_told(
    editor: Editor, project: Path
) -> None:
    editor.lua(
        """
        local name, list = ..., {}
        for number = 1, 50000 do
          list[number] = { filename = name, lnum = number, text = 'entry' }
        end
        vim.fn.setqflist(list)
        """,
        str(project / "src" / "b.txt"),
    )
    found = look(editor, "qf", project)
    assert (found["total"], len(found["items"])) == (50_000, 20)


# --- open -----------------------------------------------------------------------------------------

STATE = """
local window = vim.api.nvim_get_current_win()
return {
  window = window,
  buffer = vim.api.nvim_get_current_buf(),
  mode = vim.api.nvim_get_mode().mode,
  cursor = vim.api.nvim_win_get_cursor(window),
  visual = vim.fn.getpos('v'),
  register = vim.fn.getreg('"'),
  line = vim.api.nvim_get_current_line(),
  messages = vim.fn.execute('messages'),
  modeline = vim.go.modeline,
}
"""
SHOWN = """
return vim.tbl_map(function(window)
  local buffer = vim.api.nvim_win_get_buf(window)
  return {
    vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':t'),
    vim.api.nvim_win_get_cursor(window)[1],
  }
end, vim.api.nvim_tabpage_list_wins(0))
"""


def shown(editor: Editor) -> list[tuple[str, int]]:
    """The file's name and the cursor's line of each window."""
    return sorted((name, line) for name, line in editor.lua(SHOWN))


@pytest.mark.parametrize("keys", ["", "i", "v", "V", "R", "A text", ":echo", "d", "<C-v>j"])
@pytest.mark.parametrize("windows", [1, 2])
def test_opening_a_file_leaves_focus_mode_cursor_and_selection_alone(
    editor: Editor, project: Path, keys: str, windows: int
) -> None:
    edit(editor, project / "src" / "a.lua", 3, 2)
    if windows == 2:
        editor.nvim.command("split c.c | wincmd p")
    editor.nvim.input(keys)
    editor.until(lambda: keys == "" or editor.nvim.api.get_mode()["mode"] != "n")
    blocked = editor.nvim.api.get_mode()["blocking"]
    before = None if blocked else editor.lua(STATE)
    mode = editor.nvim.api.get_mode()
    request = {"what": "open", "cwd": str(project), "path": str(project / "src" / "b.txt")}
    editor.nvim.exec_lua(
        "_G.found = require('dingbridge.editor_queries').query(...)",
        {**request, "line": 88},
        async_=True,
    )
    assert editor.nvim.api.get_mode()["mode"] == mode["mode"]
    if blocked:
        # An operator waits for its motion, and everything else waits with it.
        editor.nvim.input("<Esc>")
        editor.until_lua("_G.found ~= nil")
    else:
        editor.until_lua("_G.found ~= nil")
        assert editor.lua(STATE) == before
    assert dict(editor.lua("return _G.found")) == {"file": "src/b.txt", "line": 88}
    assert ("b.txt", 88) in shown(editor)
    assert editor.windows() == 2


def test_a_file_opens_in_a_window_that_has_no_changes_and_is_no_chat(
    editor: Editor, project: Path
) -> None:
    edit(editor, project / "c.c")
    make_chat(editor)
    look(editor, "open", project, path=str(project / "src" / "b.txt"), line=5)
    assert shown(editor) == [("b.txt", 5), ("s1", 1)]
    look(editor, "open", project, path=str(project / "src" / "b.txt"), line=100)
    assert shown(editor) == [("b.txt", 100), ("s1", 1)]


def test_a_file_with_changes_stays_where_it_is_and_a_window_is_added(
    editor: Editor, project: Path
) -> None:
    edit(editor, project / "c.c")
    editor.nvim.current.line = "changed"
    make_chat(editor)
    look(editor, "open", project, path=str(project / "src" / "b.txt"), line=5)
    assert shown(editor) == [("b.txt", 5), ("c.c", 1), ("s1", 1)]
    assert editor.lua("return vim.fn.bufname()") == "chat://s1"


def test_the_file_the_user_is_in_is_shown_a_second_time(editor: Editor, project: Path) -> None:
    edit(editor, project / "src" / "b.txt", 150)
    look(editor, "open", project, path=str(project / "src" / "b.txt"), line=5)
    assert shown(editor) == [("b.txt", 5), ("b.txt", 150)]
    assert editor.nvim.current.window.cursor[0] == 150


@pytest.mark.parametrize(("line", "shows"), [(0, 1), (-3, 1), (10_000, 200)])
def test_a_line_beyond_the_file_is_the_nearest_one(
    editor: Editor, project: Path, line: int, shows: int
) -> None:
    found = look(editor, "open", project, path=str(project / "src" / "b.txt"), line=line)
    assert found == {"file": "src/b.txt", "line": shows}


def test_a_modeline_of_an_opened_file_does_nothing(editor: Editor, project: Path) -> None:
    (project / "m.txt").write_text("x\nvim: set tabstop=3 foldmethod=expr:\n", "utf-8")
    editor.nvim.command("set modeline")
    look(editor, "open", project, path=str(project / "m.txt"))
    assert editor.lua("return vim.bo[vim.fn.bufnr('m.txt')].tabstop") == 8
    assert editor.lua("return vim.wo[vim.fn.bufwinid('m.txt')].foldmethod") == "manual"
    assert editor.lua("return vim.go.modeline") is True
    edit(editor, project / "m.txt")
    editor.nvim.command("edit")
    assert editor.lua("return vim.bo.tabstop") == 3


def test_a_file_that_another_editor_has_open_asks_the_user_nothing(
    start_editor: StartEditor, editor: Editor, project: Path, tmp_path: Path
) -> None:
    other = start_editor("other")
    for each in (other, editor):
        each.lua("vim.o.directory, vim.o.swapfile, vim.o.updatecount = ..., true, 1", str(tmp_path))
    edit(other, project / "c.c")
    other.nvim.current.line = "changed"
    other.nvim.command("preserve")
    assert list(tmp_path.glob("*.sw?"))
    found = look(editor, "open", project, path=str(project / "c.c"))
    assert found == {"file": "c.c", "line": 1}, editor.said()
    assert editor.lua("return vim.bo[vim.fn.bufnr('c.c')].readonly") is True
    assert editor.lua("return vim.fn.getbufline('c.c', 1, '$')") == [
        "static char *name(int x) {",
        "  return 0;",
        "}",
    ]
    assert editor.nvim.api.get_mode() == {"mode": "n", "blocking": False}


@pytest.mark.parametrize("event", ["BufNew", "BufAdd", "BufWinEnter", "WinNew"])
def test_an_autocommand_that_takes_the_focus_does_not_keep_it(
    editor: Editor, project: Path, event: str
) -> None:
    edit(editor, project / "c.c")
    editor.nvim.current.line = "changed"
    editor.nvim.command("split")
    edit(editor, project / "src" / "a.lua")
    window = editor.nvim.current.window
    editor.nvim.command(f"autocmd {event} * wincmd b")
    look(editor, "open", project, path=str(project / "src" / "b.txt"))
    assert shown(editor) == [("a.lua", 1), ("b.txt", 1), ("c.c", 1)]
    assert editor.nvim.current.window == window


def test_an_autocommand_that_fails_is_told_to_the_user_and_the_settings_come_back(
    editor: Editor, project: Path
) -> None:
    editor.nvim.command("set modeline")
    editor.nvim.command("autocmd BufReadPost b.txt lua error('my own mistake')")
    found = look(editor, "open", project, path=str(project / "src" / "b.txt"))
    assert "could not answer" in found["error"]
    assert str(project) not in found["error"]
    assert "my own mistake" in editor.until_said("/open from DingTalk failed")
    assert editor.lua("return vim.go.modeline") is True


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_what_lies_outside_or_behind_a_link_is_not_opened(
    editor: Editor, project: Path, tmp_path: Path
) -> None:
    (project / "link.txt").symlink_to(tmp_path / "outside.txt")
    (project / "inner.txt").symlink_to(project / "c.c")
    (project / "folder").symlink_to(tmp_path)
    for path in (
        tmp_path / "outside.txt",
        project / "link.txt",
        project / "inner.txt",
        project / "folder" / "outside.txt",
        project / ".." / "outside.txt",
        project / "src",
        project / "missing.txt",
        tmp_path / "project-not" / "x",
    ):
        found = look(editor, "open", project, path=str(path))
        assert "not inside" in found["error"], path
    assert "not inside" in look(editor, "open", "", path=str(project / "c.c"))["error"]
    assert shown(editor) == [("", 1)]


def test_a_very_large_file_is_not_opened(editor: Editor, project: Path) -> None:
    with (project / "large.txt").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    found = look(editor, "open", project, path=str(project / "large.txt"))
    assert "too large" in found["error"]


@pytest.mark.usefixtures("start_editor")
def test_nothing_opens_while_the_user_is_in_the_command_line_window(
    editor: Editor, project: Path
) -> None:
    editor.nvim.input("q:")
    editor.until_lua("vim.fn.getcmdwintype() ~= ''")
    found = look(editor, "open", project, path=str(project / "c.c"))
    assert "command-line window" in found["error"]
    assert editor.lua("return vim.fn.getcmdwintype()") == ":"


def test_without_room_for_a_window_the_answer_says_so(editor: Editor, project: Path) -> None:
    edit(editor, project / "src" / "a.lua")
    editor.nvim.command("set laststatus=0 winminheight=1 winheight=1 lines=2")
    editor.nvim.current.line = "changed"
    found = look(editor, "open", project, path=str(project / "c.c"))
    assert "no room" in found["error"]


def test_a_floating_window_with_the_focus_keeps_it(editor: Editor, project: Path) -> None:
    edit(editor, project / "src" / "a.lua")
    editor.nvim.current.line = "changed"
    editor.lua("""
        local buffer = vim.api.nvim_create_buf(false, true)
        vim.api.nvim_open_win(buffer, true, {
          relative = 'editor', row = 1, col = 1, width = 20, height = 3,
        })
    """)
    before = editor.lua(STATE)
    look(editor, "open", project, path=str(project / "c.c"))
    assert editor.lua(STATE) == before
    assert ("c.c", 1) in shown(editor)


# --- answers --------------------------------------------------------------------------------------

TOLD = """
_G.told = {}
require('dingbridge.host').tell = function(name, payload)
  table.insert(_G.told, { name = name, payload = payload })
end
"""


def test_an_answer_goes_to_the_host_under_the_request_it_belongs_to(
    editor: Editor, project: Path
) -> None:
    editor.lua(TOLD)
    answer = "require('dingbridge.editor_queries').answer(...)"
    edit(editor, project / "c.c")
    editor.lua(answer, {"request": "r1", "what": "qf", "cwd": str(project)})
    editor.lua(answer, {"request": "r2", "what": "reboot", "cwd": str(project)})
    first, second = editor.lua("return _G.told")
    assert first == {
        "name": "looked",
        "payload": {"request": "r1", "found": {"total": 0, "items": []}},
    }
    assert second["name"] == "looked"
    assert second["payload"]["request"] == "r2"
    assert "does not know" in second["payload"]["failure"]
