"""Every way to install the plugin works from an empty home.

`DINGBRIDGE_MANAGERS` names a folder with checkouts of `lazy.nvim`, `mini.deps`, `vim-plug` and
`lualine.nvim`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.editor.test_starting import write_program
from tests.project.test_install import BASE
from tests.support.editor import ROOT, environment
from tests.support.neovim import find_neovim
from tests.support.processes import run
from tests.support.wheels import write_wheels

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.name != "posix", reason="writes shell scripts"),
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]

LOOK = """
local function find()
  vim.cmd('Chat new works')
  vim.wait(40000, function() return #require('dingbridge').sessions() == 1 end, 20)
  vim.cmd('Chat help bridge')
  local options = require('dingbridge.host_settings').options()
  local found = {
    sessions = vim.tbl_map(function(one) return one.title end, require('dingbridge').sessions()),
    help = vim.api.nvim_get_current_line(),
    webhook = options.webhook ~= nil,
    place = vim.fn.resolve(require('dingbridge.python').FOLDER),
    said = vim.tbl_map(function(one) return one.text end, require('dingbridge.notice').said),
  }
  vim.fn.writefile({ vim.json.encode(found) }, vim.env.RESULT)
end
local function look()
  local ok, problem = pcall(find) -- Neovim would stay
  if not ok then io.stderr:write(problem) end
  vim.cmd('qall!')
end
"""
OPTIONS = "{ webhook = 'https://oapi.dingtalk.com/robot/send?access_token=a' }"


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """The address of a repository with the present files."""
    folder = tmp_path / "repositories" / "dingbridge"
    listed = run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, text=True)
    for name in listed.stdout.split("\0"):
        top = name.partition("/")[0]
        if (ROOT / name).is_file() and top in ("dingbridge", "lua", "rplugin", "doc", name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    who = ("user.name=a", "user.email=a@example.com", "commit.gpgsign=false")
    git = ["git", *(word for each in who for word in ("-c", each))]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        done = run([*git, *words], cwd=folder, text=True)
        assert done.returncode == 0, done.stderr
    return f"file://{folder}"


def manager(name: str) -> Path:
    """The checkout of a plugin manager."""
    folder = Path(os.environ.get("DINGBRIDGE_MANAGERS", "/nowhere"), name)
    if not folder.is_dir():
        pytest.skip(f"DINGBRIDGE_MANAGERS names no folder with {name}")
    return folder


def start(home: Path, init: str, python: Path, **environ: str) -> dict[str, Any]:
    """What is there after a start with these settings, which call `look` at the end."""
    result = home / "result.json"
    programs = home / "programs"
    programs.mkdir(parents=True)
    write_program(programs / "python3", f'#!/bin/sh\nexec "{python}" "$@"\n')
    (home / "init.lua").write_text(LOOK + init, "utf-8")
    done = run(
        [find_neovim(), "--headless", "-u", str(home / "init.lua")],
        seconds=200,
        text=True,
        cwd=home,
        env={
            **environment(home),
            "HOME": str(home),
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "RESULT": str(result),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            **environ,
        },
    )
    assert result.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return found


def check(found: dict[str, Any], home: Path) -> None:
    """The plugin works, from its copy in that home, with the options."""
    assert found["sessions"] == ["works"], found
    assert "*:Chat-bridge*" in found["help"]
    assert found["webhook"]
    assert Path(found["place"]).is_relative_to(home.resolve())


@pytest.mark.slow
def test_lazy_nvim_needs_the_address_and_the_options_alone_and_brings_the_packages(
    tmp_path: Path, repository: str
) -> None:
    folder = manager("lazy.nvim")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheels(wheels)
    init = f"""
        vim.opt.rtp:prepend('{folder}')
        require('lazy').setup({{
          spec = {{ {{ url = '{repository}', opts = {OPTIONS} }} }},
          rocks = {{ enabled = false }},
        }})
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    found = start(tmp_path / "home", init, BASE, PIP_FIND_LINKS=str(wheels))
    check(found, tmp_path / "home")
    assert (Path(found["place"]) / ".venv" / ".ready").exists()


def test_lazy_nvim_sets_it_up_when_it_has_the_address_alone(
    tmp_path: Path, repository: str
) -> None:
    folder = manager("lazy.nvim")
    init = f"""
        vim.opt.rtp:prepend('{folder}')
        require('lazy').setup({{
          spec = {{ {{ url = '{repository}', build = false }} }},
          rocks = {{ enabled = false }},
        }})
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    found = start(tmp_path / "home", init, Path(sys.executable))
    assert (found["sessions"], found["webhook"]) == (["works"], False)


def test_lazy_nvim_loads_it_with_a_command_or_a_key(tmp_path: Path, repository: str) -> None:
    folder = manager("lazy.nvim")
    init = f"""
        vim.opt.rtp:prepend('{folder}')
        local keys = {{ {{ '<leader>c', '<Cmd>Chat<CR>' }} }}
        require('lazy').setup({{
          spec = {{
            {{ url = '{repository}', opts = {OPTIONS}, cmd = 'Chat', keys = keys, build = false }},
          }},
          rocks = {{ enabled = false }},
        }})
        assert(not package.loaded['dingbridge'])
        assert(vim.fn.maparg('<leader>c', 'n') ~= '')
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    check(start(tmp_path / "home", init, Path(sys.executable)), tmp_path / "home")


def test_vim_pack_installs_it(tmp_path: Path, repository: str) -> None:
    program = [find_neovim(), "--clean", "--headless", "-l", "/dev/stdin"]
    if run([*program], given="os.exit(vim.pack and 0 or 1)", text=True).returncode != 0:
        pytest.skip("this Neovim is older than 0.12, which brings vim.pack")
    init = f"""
        vim.pack.add({{ {{ src = '{repository}', version = 'main' }} }}, {{ confirm = false }})
        require('dingbridge').setup({OPTIONS})
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    check(start(tmp_path / "home", init, Path(sys.executable)), tmp_path / "home")


def test_mini_deps_installs_it(tmp_path: Path, repository: str) -> None:
    folder = manager("mini.deps")
    init = f"""
        vim.opt.rtp:prepend('{folder}')
        require('mini.deps').setup()
        require('mini.deps').add({{ source = '{repository}', name = 'dingbridge' }})
        require('dingbridge').setup({OPTIONS})
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    check(start(tmp_path / "home", init, Path(sys.executable)), tmp_path / "home")


def test_vim_plug_installs_it(tmp_path: Path, repository: str) -> None:
    folder = manager("vim-plug")
    init = f"""
        vim.cmd.source('{folder}/plug.vim')
        local function plug()
          vim.fn['plug#begin']('{tmp_path}/home/plugged')
          vim.fn['plug#']('{repository}')
          vim.fn['plug#end']()
        end
        plug()
        vim.cmd('PlugInstall --sync')
        plug()
        require('dingbridge').setup({OPTIONS})
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    check(start(tmp_path / "home", init, Path(sys.executable)), tmp_path / "home")


def test_neovims_own_packages_need_a_clone_alone(tmp_path: Path, repository: str) -> None:
    place = tmp_path / "home" / "data" / "nvim" / "site" / "pack" / "dingbridge" / "start"
    place.mkdir(parents=True)
    done = run(["git", "clone", "-q", repository, "dingbridge"], cwd=place, text=True)
    assert done.returncode == 0, done.stderr
    init = f"""
        require('dingbridge').setup({OPTIONS})
        vim.api.nvim_create_autocmd('VimEnter', {{ callback = vim.schedule_wrap(look) }})
    """
    check(start(tmp_path / "home", init, Path(sys.executable)), tmp_path / "home")


def test_lualine_shows_the_component(tmp_path: Path) -> None:
    folder = manager("lualine.nvim")
    script = f"""
        vim.opt.rtp:prepend({{ '{folder}', '{ROOT}' }})
        require('dingbridge').setup({OPTIONS})
        require('lualine').setup({{ sections = {{ lualine_x = {{ 'dingbridge' }} }} }})
        io.write(require('lualine').statusline(true))
    """
    (tmp_path / "script.lua").write_text(script, "utf-8")
    words = [find_neovim(), "--clean", "--headless", "-l", str(tmp_path / "script.lua")]
    done = run(words, text=True, env=environment(tmp_path / "home"))
    assert "DingTalk one-way" in done.stdout
