"""The offer to install, and what is shown meanwhile, with an interpreter that installs nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import StartEditor
from tests.editor.test_starting import write_program
from tests.support.editor import DEADLINE, ROOT, Editor

pytestmark = pytest.mark.skipif(os.name != "posix", reason="writes shell scripts")

SCRIPT = f"""#!/bin/sh
cd "$(dirname "$0")"
echo "$2" >> asked
if [ "$2" != install ]; then
  [ -e packages ] && exec "{sys.executable}" "$@"
  echo 'missing: msgspec' >&2
  exit 1
fi
echo 'dingbridge: looking around'
until [ -e go ]; do sleep 0.05; done
echo 'dingbridge: a step that is longer than the line for messages, so a key is needed: its end'
[ -e packages ] && exit 0
echo 'dingbridge: the disk is full' >&2
exit 1
"""
"""An interpreter that has no packages until there is a file of that name, and waits for `go`."""
ANSWER = """
local choice = ...
_G.asked = 0
vim.ui.select = function(items, _, done)
  _G.asked = _G.asked + 1
  done(items[choice], choice)
end
local echo = vim.api.nvim_echo
_G.shown = {}
vim.api.nvim_echo = function(chunks, history, opts)
  table.insert(_G.shown, { chunks[1][1], opts.status or '' })
  return echo(chunks, history, opts)
end
"""
TYPED = """
local select = vim.ui.select
vim.ui.select = function(...)
  vim.api.nvim_input('1<CR>')
  select(...)
end
"""
"""Answers the question of Neovim's own `vim.ui.select`."""
BUILD = """
local steps = {}
local ok, problem = pcall(
  require('dingbridge.install').build,
  function(line) steps[#steps + 1] = line end,
  function() vim.wait(20) end
)
return { ok, problem or '', steps }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the interpreter."""
    (tmp_path / "bin").mkdir()
    write_program(tmp_path / "bin" / "python3", SCRIPT)
    return tmp_path / "bin"


@pytest.fixture
def editor(folder: Path, tmp_path: Path, start_editor: StartEditor) -> Editor:
    """An editor with a screen of 60 columns, and with a copy of the plugin that has no environment
    of its own."""
    editor = start_editor(environ={"PATH": f"{folder}:/usr/bin:/bin"})
    for name in ("dingbridge", "lua", "rplugin"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / "copy" / name, ignore=ignored)
    editor.lua(
        "local ours, copy = ...; vim.opt.rtp:remove(ours); vim.opt.rtp:append(copy)",
        str(ROOT),
        str(tmp_path / "copy"),
    )
    editor.nvim.ui_attach(60, 20)
    return editor


def asked(folder: Path, part: str) -> int:
    """How often the interpreter was asked for this part."""
    return (folder / "asked").read_text().split().count(part)


def offer(editor: Editor, choice: int) -> None:
    """The first command, of which one hears that packages are missing."""
    editor.lua(ANSWER, choice)
    editor.setup({})
    editor.chat("new works")
    editor.until(lambda: editor.lua("return _G.asked") == 1)


def test_each_step_is_shown_on_one_line_and_the_command_is_carried_out_at_the_end(
    editor: Editor, folder: Path
) -> None:
    offer(editor, 1)
    editor.until(lambda: ["dingbridge: looking around", ""] in _shown(editor))
    assert "Python packages are missing" in editor.said()[0]
    (folder / "packages").touch()
    (folder / "go").touch()
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["works"])
    lines = [line for line, _ in _shown(editor)]
    [long] = [line for line in lines if "its end" in line]
    assert "…" in long
    assert long.endswith("needed: its end")
    assert editor.lua("return vim.api.nvim_strwidth(...)", long) < 60
    assert editor.nvim.api.get_mode() == {"mode": "n", "blocking": False}
    ended = [status for line, status in _shown(editor) if "everything is installed" in line]
    # The last one is `vim.notify`, whose output is captured.
    assert ended == (["success", ""] if has_progress(editor) else [""])


def has_progress(editor: Editor) -> bool:
    """Whether this Neovim has progress messages, which need to be ended."""
    return bool(editor.lua("return vim.fn.has('nvim-0.12') == 1"))


def _shown(editor: Editor) -> list[list[str]]:
    return [
        [line, "" if status == "running" else status]
        for line, status in editor.lua("return _G.shown")
    ]


@pytest.mark.parametrize("cmdheight", [0, 1])
def test_the_answer_to_the_offer_is_the_only_key_press(
    editor: Editor, folder: Path, cmdheight: int
) -> None:
    editor.lua(TYPED)
    editor.nvim.options["cmdheight"] = cmdheight
    editor.setup({})
    editor.nvim.input(":Chat<CR>")
    ending = time.monotonic() + DEADLINE
    while not (folder / "asked").exists() or asked(folder, "install") == 0:
        assert time.monotonic() < ending
        mode(editor)  # the only request that a question does not hold up
    assert mode(editor) == {"mode": "n", "blocking": False}
    (folder / "go").touch()
    editor.until_said("the disk is full")
    assert mode(editor) == {"mode": "n", "blocking": False}


def mode(editor: Editor) -> dict[str, object]:
    return dict(editor.nvim.api.get_mode())


def test_what_was_wanted_before_a_failure_is_not_carried_out_later(
    editor: Editor, folder: Path
) -> None:
    (folder / "go").touch()
    offer(editor, 1)
    editor.until_said("the disk is full")
    lines = editor.nvim.current.buffer[:]
    assert lines[:2] == ["the disk is full", ""]
    assert "dingbridge: looking around" in lines
    assert (["the disk is full", "failed"] in _shown(editor)) == has_progress(editor)
    (folder / "packages").touch()
    editor.chat("install")
    editor.until_said("everything is installed")
    assert asked(folder, "host") == 1
    assert editor.lua("return require('dingbridge.host').is_running()") is False


def test_what_was_wanted_is_carried_out_once(editor: Editor, folder: Path) -> None:
    offer(editor, 1)
    (folder / "packages").touch()
    (folder / "go").touch()
    editor.until(editor.sessions)
    editor.lua("require('dingbridge.host').stop()")
    editor.begin_anew()
    editor.chat("install")
    editor.until_said("everything is installed")
    assert editor.lua("return require('dingbridge.host').is_running()") is False


def test_a_command_that_was_given_again_meanwhile_is_carried_out_once(
    editor: Editor, folder: Path
) -> None:
    offer(editor, 1)
    editor.until(lambda: asked(folder, "install") == 1)
    (folder / "packages").touch()
    editor.chat("new works")
    editor.until(editor.sessions)
    (folder / "go").touch()
    editor.until_said("Neovim uses it when it is started again")
    editor.chat("new another")
    editor.until(lambda: len(editor.sessions()) > 1)
    assert sorted(row["title"] for row in editor.sessions()) == ["another", "works"]


def test_while_packages_are_being_installed_nothing_is_offered(
    editor: Editor, folder: Path
) -> None:
    offer(editor, 1)
    editor.until(lambda: asked(folder, "install") == 1)
    editor.chat("new again")
    editor.until_said("cannot start")
    editor.chat("install")
    editor.until_said("the installation is under way")
    assert editor.lua("return _G.asked") == 1
    assert asked(folder, "install") == 1
    (folder / "go").touch()
    editor.until_said("the disk is full")


def test_who_declines_is_not_asked_to_wait(editor: Editor, folder: Path) -> None:
    offer(editor, 2)
    assert asked(folder, "host") == 1
    assert "install" not in (folder / "asked").read_text()
    assert "Python packages are missing" in editor.said()[0]


def test_what_starts_by_itself_offers_nothing(editor: Editor, folder: Path) -> None:
    editor.lua(ANSWER, 1)
    editor.setup({})
    editor.lua("require('dingbridge.host').start_unasked()")
    editor.until_said("cannot start")
    assert editor.lua("return _G.asked") == 0


def test_without_a_screen_nobody_is_asked(editor: Editor) -> None:
    editor.lua(ANSWER, 1)
    editor.nvim.ui_detach()
    editor.setup({})
    editor.chat("new works")
    assert "Run :Chat install" in editor.until_said("cannot start")
    assert editor.lua("return _G.asked") == 0


def test_a_plugin_manager_gets_each_step_and_the_reason_of_a_failure(
    editor: Editor, folder: Path
) -> None:
    (folder / "go").touch()
    ok, problem, steps = editor.lua(BUILD)
    assert (ok, problem, len(steps)) == (False, "the disk is full", 2)
    (folder / "packages").touch()
    ok, problem, steps = editor.lua(BUILD)
    assert (ok, problem, len(steps)) == (True, "", 2)
    assert steps[0] == "dingbridge: looking around"


def test_an_interpreter_that_does_not_run_gives_way_to_the_next_one(
    editor: Editor, folder: Path
) -> None:
    (folder / "packages").touch()
    (folder / "go").touch()
    (folder / "python3").rename(folder / "python3.14")
    shim = "#!/bin/sh\necho 'no version is set' >&2\nexit 127\n"
    write_program(folder / "python3", shim)
    ok, problem, steps = editor.lua(BUILD)
    assert (ok, problem, len(steps)) == (True, "", 2)
