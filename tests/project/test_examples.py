"""The examples in the documents work as they stand, but for what their reader has to fill in."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.errors import BadOptions
from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.options.settings import Configuration, read_all, wants
from dingbridge.sandbox.server import Sandbox
from tests.support import processes
from tests.support.documents import CHINESE, MANUAL, ROOT, WHOLE, blocks, languages
from tests.support.neovim import find_neovim

pytestmark = pytest.mark.environment

PLACEHOLDERS = {
    "YOUR_APP_KEY": "dingabcdef123456",
    "YOUR_APP_SECRET": "s3cret-of-the-example",
    "YOUR_CONVERSATION_ID": "cidA1b2C3==",
    "YOUR_USER_ID": "manager01",
    "YOUR_STAFF_ID": "manager01",
    "XXX": "0123456789abcdef",
}
ENVIRONMENT = {
    "DINGTALK_WEBHOOK": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
    "DINGTALK_SECRET": "SEC0123456789abcdef",
    "DINGTALK_CLIENT_ID": "dingabcdef123456",
    "DINGTALK_CLIENT_SECRET": "s3cret-of-the-example",
    "WORK_APP_KEY": "dingwork",
    "WORK_APP_SECRET": "s3cret-of-work",
    "HOME_APP_KEY": "dinghome",
    "HOME_APP_SECRET": "s3cret-of-home",
}
RUN = """
vim.opt.runtimepath:prepend(arg[1])
local function configure(specs)
  for _, spec in ipairs(specs) do
    if spec.config then
      spec.config()
    elseif spec.opts then
      require('dingbridge').setup(spec.opts)
    end
  end
end
-- What users of plugin managers have: they call `config`, or `setup` with `opts`.
package.preload['packer'] = function()
  return { startup = function(declare) declare(function(spec) configure({ spec }) end) end }
end
local nothing = function() end
package.preload['mini.deps'] = function() return { add = nothing } end
package.preload['blink.cmp'] = function() return { setup = nothing } end
package.preload['cmp'] = function() return { setup = { filetype = nothing } } end
package.preload['lualine'] = function() return { setup = nothing } end
vim.pack = { add = nothing }
local file = assert(io.open(arg[2], 'rb'))
local returned = assert(loadstring(file:read('*a')))()
if type(returned) == 'table' then
  configure(returned)
end
io.write(vim.json.encode({
  said = vim.tbl_map(function(line) return line.text end, require('dingbridge.notice').said),
  settings = require('dingbridge.host_settings').new_settings(),
  commands = vim.tbl_keys(vim.api.nvim_get_commands({})),
}))
"""
COMMAND = """
vim.opt.runtimepath:prepend(arg[1])
require('dingbridge').setup({ webhook = 'https://oapi.dingtalk.com/robot/send?access_token=a' })
io.write(vim.json.encode(vim.api.nvim_parse_cmd(arg[2], {})))
"""

EXAMPLES = {
    f"{name} {number}": code
    for name in (*MANUAL, CHINESE)
    for number, code in enumerate(blocks(name, "lua"), 1)
}
"""Every Lua example, named by its file and place in it."""
OURS = ("require('dingbridge').setup({", "require('chat').setup({")
SETTING_UP = {name: code for name, code in EXAMPLES.items() if any(one in code for one in OURS)}
SHELL = {
    f"{name} {number}": code
    for name in (*MANUAL, CHINESE)
    for number, code in enumerate(blocks(name, "sh"), 1)
}


def variables(code: str) -> dict[str, str]:
    """The environment variables that the example names, and no others."""
    return {
        name: value for name, value in ENVIRONMENT.items() if re.search(rf"\${name}['\"]", code)
    }


def run(folder: Path, code: str) -> dict[str, Any]:
    """What a Neovim with nothing but the plugin and these settings says to the example."""
    (folder / "run.lua").write_text(RUN, "utf-8")
    (folder / "example.lua").write_text(code, "utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DINGTALK_")}
    done = processes.run(
        [find_neovim(), "--clean", "--headless", "-l", "run.lua", str(ROOT), "example.lua"],
        cwd=folder,
        env={**kept, **variables(code), "NVIM_LOG_FILE": str(folder / "nvim.log")},
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def read_whole(raw: Any, code: str) -> Configuration:
    """What the host makes of the options, if every program says the secret of the examples."""
    environ = variables(code)
    wanted = wants(raw, environ)
    outputs = dict.fromkeys(wanted.commands, ENVIRONMENT["DINGTALK_CLIENT_SECRET"])
    return read_all(raw, environ, LookupResults(variables={}, outputs=outputs))


def filled_in(code: str) -> str:
    """The example with every placeholder replaced, as its reader would do it."""
    for placeholder, value in PLACEHOLDERS.items():
        code = re.sub(rf"\b{placeholder}\b", value, code)
    return code


def test_every_language_of_an_example_has_a_test() -> None:
    for name in (*MANUAL, CHINESE):
        # What Python there is drives a sandbox, and runs where that is tested.
        assert languages(name) <= {"lua", "sh", "json", "vim", "text", "python"}, name


# --- Lua ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", EXAMPLES)
def test_every_lua_example_runs_without_a_complaint(place: str, tmp_path: Path) -> None:
    assert run(tmp_path, filled_in(EXAMPLES[place]))["said"] == []


@pytest.mark.parametrize("place", SETTING_UP)
def test_the_host_accepts_every_configuration_that_is_shown(place: str, tmp_path: Path) -> None:
    code = SETTING_UP[place]
    found = run(tmp_path, filled_in(code))
    accounts = read_whole(found["settings"]["options"], code).accounts
    assert found["settings"]["options"]
    for account in accounts.values():
        assert account.mode == ("webhook" if "webhook =" in code else "api")
        assert account.responder == (
            ("my-assistant", "--plain") if "my-assistant" in code
            else "lua" if "responder = function" in code else None
        )  # fmt: skip
    assert ([*accounts] != ["default"]) == ("accounts =" in code or "['my-" in code)
    assert {"Chat", "DingTalk"} <= {*found["commands"]}


def test_an_example_shows_each_of_these_at_work() -> None:
    shown = "\n".join(SETTING_UP.values())
    for needed in ("require('chat').setup({\n", "webhook = 'https://", "app_key = 'YOUR_APP_KEY'",
                   "responder = function", "responder = { '", "['*'] = {", "admins = {",
                   "jobs = {", "require_mention = false", "tools = {", "accounts = {",
                   "type = 'dingtalk'", "env_file = '", "{ cmd = {",
                   "session_scope = '", "instructions = '"):  # fmt: skip
        assert needed in shown, needed


@pytest.mark.parametrize(
    "place", [place for place in SETTING_UP if filled_in(SETTING_UP[place]) != SETTING_UP[place]]
)
def test_an_example_left_as_it_is_gets_its_placeholders_named(place: str, tmp_path: Path) -> None:
    code = SETTING_UP[place]
    found = run(tmp_path, code)
    [said] = found["said"]
    for placeholder in PLACEHOLDERS:
        assert (f'"{placeholder}" is a placeholder' in said) == (placeholder in code)
    with pytest.raises(BadOptions, match="is a placeholder"):
        read_whole(found["settings"]["options"], code)


# --- commands, JSON, shell ----------------------------------------------------------------------


def test_every_command_line_that_is_shown_is_one_of_ours(tmp_path: Path) -> None:
    lines = [line for name in MANUAL for code in blocks(name, "vim") for line in code.splitlines()]
    assert lines
    (tmp_path / "command.lua").write_text(COMMAND, "utf-8")
    for line in lines:
        done = processes.run(
            [find_neovim(), "--clean", "--headless", "-l", "command.lua", str(ROOT), line],
            cwd=tmp_path,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["cmd"] in ("Chat", "DingTalk")


def test_every_configuration_file_that_is_shown_can_be_read() -> None:
    files = [code for name in MANUAL for code in blocks(name, "json")]
    assert files
    for code in files:
        [account] = read_whole(json.loads(code), code).accounts.values()
        assert account.mode == "webhook"


@pytest.mark.skipif(not shutil.which("sh"), reason="needs a shell")
@pytest.mark.parametrize("place", SHELL)
def test_every_shell_example_can_be_read_by_a_shell(place: str) -> None:
    done = processes.run(["sh", "-n", "-c", SHELL[place]], encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"^make (?:-C \S+ )?([a-z]+)", SHELL[place], re.MULTILINE)
    assert {*named} <= {*targets}


@pytest.mark.skipif(not shutil.which("sh"), reason="needs a shell")
@pytest.mark.parametrize(
    ("name", "arrives"),
    [
        ("doc/cli.md", [("", "The build is green"), ("Build log", "built")]),
        ("doc/recipes.md", [("Tests failed", "broken")]),
    ],
)
def test_the_messages_that_the_shell_examples_send_arrive(
    sandbox: Sandbox, tmp_path: Path, name: str, arrives: list[tuple[str, str]]
) -> None:
    [code] = [code for code in blocks(name, "sh") if "dingbridge notify" in code]
    (tmp_path / "Makefile").write_text("all:\n\t@echo built\ntest:\n\t@echo broken; false\n")
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("DINGTALK_", "MAKE", "MFLAGS"))
    }
    done = processes.run(
        ["sh", "-e", "-c", code],
        cwd=tmp_path,
        env={
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DINGTALK_WEBHOOK": sandbox.webhook_url,
            "DINGTALK_OAPI_ENDPOINT": sandbox.url,
            "no_proxy": "*",
        },
        encoding="utf-8",
        seconds=50,
    )
    assert done.returncode == 0, done.stderr
    arrived = sandbox.client.arrived()
    assert len(arrived) == len(arrives)
    for message, (title, text) in zip(arrived, arrives, strict=True):
        assert text in message.text
        assert title in message.title


def test_no_example_names_a_placeholder_that_is_not_refused() -> None:
    assert {*re.findall(r"\bYOUR_\w+", WHOLE)} <= {*PLACEHOLDERS}
