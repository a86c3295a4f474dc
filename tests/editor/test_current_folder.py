"""Whatever lies in the current folder, nothing of it is imported or run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dingbridge.edges.programs.process import Bounds, ProcessNotStarted, Runner
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.sandbox.test_demo import Terminal, needs_proc, open_terminal
from tests.support.editor import ROOT
from tests.support.processes import run

__all__ = ["open_terminal"]  # a fixture

MODULES = {
    *sys.stdlib_module_names,
    *("appdirs", "dotenv", "filelock", "greenlet", "markdown_it", "msgpack", "msgspec", "neovim"),
    *("pynvim", "requests", "sitecustomize", "urllib3", "usercustomize", "wcwidth", "websocket"),
}
PACKAGES = ("-c", "aiohttp", "dingbridge", "host", "rplugin", "tests")
PROGRAMS = ("git", "nvim", "python", "python3", "answer")
COMMAND = Path(sys.executable).with_name("dingbridge")

posix = pytest.mark.skipif(os.name != "posix", reason="the traps are shell scripts")


class Trap:
    """A folder in which every name that a process may look for is taken."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "hostile"
        self._sprung = home / "sprung"
        note = f"open({str(self._sprung)!r}, 'a').write(__name__ + '\\n')\n"
        self.folder.mkdir()
        for name in MODULES:
            (self.folder / f"{name}.py").write_text(note)
        for name in PACKAGES:
            (self.folder / name).mkdir()
            (self.folder / name / "__init__.py").write_text(note)
        for place in (self.folder, self.folder / ".venv" / "bin"):
            place.mkdir(parents=True, exist_ok=True)
            for name in PROGRAMS:
                program = place / name
                program.write_text(f"#!/bin/sh\necho program {name} >> '{self._sprung}'\n")
                program.chmod(0o755)

        (self.folder / ".venv" / "pyvenv.cfg").write_text("version = 3.12.1\n")

    def sprung(self) -> list[str]:
        """What was imported or run of it."""
        return self._sprung.read_text().split("\n") if self._sprung.exists() else []


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


@posix
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"PYTHONPATH": os.pathsep},
        {"PYTHONPATH": ":."},
        {"PATH": f":.:.venv/bin:{os.environ['PATH']}"},
    ],
    ids=["plain", "empty PYTHONPATH", "relative PYTHONPATH", "relative PATH"],
)
def test_the_host_takes_nothing_from_the_folder_neovim_was_started_in(
    trap: Trap,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
) -> None:
    monkeypatch.chdir(trap.folder)
    editor = start_editor(environ=variables)
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello", user="zhangsan")
    editor.until(lambda: [row["text"] for row in editor.transcript()] == ["hello"])
    assert trap.sprung() == []


@posix
def test_the_host_takes_nothing_from_a_folder_entered_later(
    trap: Trap, start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.setup(webhook_options)
    editor.chat("new before")
    editor.until(editor.sessions)
    editor.nvim.command(f"cd {trap.folder}")
    # The first message and the first file bring modules that the start did not need.
    editor.chat("notify after")
    sandbox.client.wait_arrived(1, timeout=20)
    editor.kill_host()
    editor.until_said("the host ended")
    editor.chat("notify again")
    sandbox.client.wait_arrived(2, timeout=20)
    assert trap.sprung() == []


@posix
def test_checkhealth_takes_nothing_from_the_current_folder(
    trap: Trap, start_editor: StartEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trap.folder)
    editor = start_editor(environ={"PYTHONPATH": ":", "PATH": f".:{os.environ['PATH']}"})
    editor.setup({"app_key": "dingabcdef", "app_secret": {"cmd": ["answer"]}})
    editor.nvim.command("checkhealth dingbridge")
    shown = "\n".join(editor.nvim.current.buffer[:])
    assert "All Python packages that are needed are there" in shown
    assert "the program `answer` cannot be run" in shown
    assert trap.sprung() == []


@posix
def test_the_host_of_the_manifest_takes_nothing_from_the_current_folder(
    trap: Trap,
    start_editor: StartEditor,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = tmp_path / "rplugin.vim"
    environ = {
        "NVIM_RPLUGIN_MANIFEST": str(manifest),
        "DINGTALK_WEBHOOK": sandbox.webhook_url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
    }
    monkeypatch.chdir(trap.folder)
    # What Neovim's own provider imports, and loads for a plugin, is not in our hands.
    (trap.folder / "-c" / "__init__.py").unlink()
    for name in sys.stdlib_module_names - {"json", "queue", "random", "socket", "token"}:
        (trap.folder / f"{name}.py").unlink()
    editor = start_editor(environ=environ)
    editor.lua("vim.g.python3_host_prog = ...", sys.executable)
    editor.lua("vim.g.loaded_remote_plugins = ...", str(manifest))
    editor.nvim.command("UpdateRemotePlugins")
    editor.nvim.command(f"source {manifest}")
    editor.nvim.command("Chat notify by manifest")
    sandbox.client.wait_arrived(1, timeout=20)
    assert trap.sprung() == []


@posix
@pytest.mark.parametrize("words", [["notify", "hello"], ["--help"], ["sandbox", "--port", "99999"]])
def test_the_shell_command_takes_nothing_from_the_current_folder(
    trap: Trap, sandbox: Sandbox, words: list[str]
) -> None:
    options = {"webhook": sandbox.webhook_url, "endpoint": sandbox.settings()["endpoint"]}
    config = trap.folder / "config"
    config.write_text(json.dumps(options))
    config.chmod(0o600)
    if words[0] == "notify":
        words = [*words, "--config", str(config)]
    done = run([str(COMMAND), *words], cwd=trap.folder, text=True)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2)
    assert trap.sprung() == []


@posix
@needs_proc
def test_the_demo_takes_nothing_from_the_current_folder(
    trap: Trap, open_terminal: Callable[..., Terminal]
) -> None:
    terminal = open_terminal(120, 40, command=[str(COMMAND), "demo"], cwd=trap.folder)
    terminal.until(lambda: len(terminal.transcript()) == 1)
    terminal.until(lambda: "能看到我吗" in terminal.phone())
    assert trap.sprung() == []


@posix
def test_a_program_that_is_named_alone_is_never_the_one_in_the_current_folder(
    trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = Bounds(10, 1000)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(Path(".venv", "bin"))]))
    with pytest.raises(ProcessNotStarted):
        Runner().run(("answer",), bounds, cwd=str(trap.folder))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "answer").write_text("#!/bin/sh\necho mine\n")
    (mine / "answer").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(mine)]))
    ended = Runner().run(("answer",), bounds, cwd=str(trap.folder))
    assert (ended.output, trap.sprung()) == (b"mine\n", [])


@posix
@pytest.mark.parametrize("wanted", [".venv/bin/python", "./python", "python3"])
def test_no_interpreter_of_the_current_folder_is_chosen(
    trap: Trap, start_editor: StartEditor, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.chdir(trap.folder)
    path = f"{trap.folder}/.venv/bin:.:{Path(sys.executable).parent}"
    editor = start_editor(environ={"PATH": path})
    editor.setup({"python": wanted})
    program = editor.lua("return require('dingbridge.host').python().program")
    assert program is None or not program.startswith((str(trap.folder), "."))
    editor.chat("new x")
    if "/" in wanted:
        editor.until_said("an absolute path")
    else:
        editor.until(editor.sessions)
    assert trap.sprung() == []


@pytest.mark.parametrize("path", sorted((ROOT / "lua").rglob("*.lua")), ids=lambda path: path.name)
def test_lua_looks_for_no_module_that_may_be_missing(path: Path) -> None:
    """What Neovim does not find elsewhere is looked for in the current folder (`./?.lua`)."""
    assert "pcall(require" not in path.read_text("utf-8")
