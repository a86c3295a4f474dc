"""Where the files are when no editor says so: the folders that Neovim itself would use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import appdirs


def neovim_name() -> str:
    """Neovim's folder name, which `NVIM_APPNAME` changes."""
    return os.environ.get("NVIM_APPNAME") or "nvim"


def data_folder() -> Path:
    """`stdpath('data')`, honouring `XDG_DATA_HOME` and `NVIM_APPNAME`."""
    return _folder("XDG_DATA_HOME", "data", appdirs.user_data_dir)


def log_folder() -> Path:
    """`stdpath('log')`, honouring `XDG_STATE_HOME` and `NVIM_APPNAME`."""
    return _folder("XDG_STATE_HOME", "state", appdirs.user_state_dir)


def robots_folder() -> Path:
    """Where a user's services tell each other which robots they hold: the same for all of Neovim's
    folder names."""
    return _base("XDG_STATE_HOME", "state", appdirs.user_state_dir) / "dingbridge" / "robots"


def _folder(variable: str, kind: str, of_the_system: Callable[[], str]) -> Path:
    """Neovim's own folder; on Windows it appends `-data`."""
    name = f"{neovim_name()}-data" if sys.platform == "win32" else neovim_name()
    return _base(variable, kind, of_the_system) / name


def _base(variable: str, kind: str, of_the_system: Callable[[], str]) -> Path:
    """Neovim uses the XDG folders on macOS as well."""
    chosen = os.environ.get(variable)
    if not chosen:
        # Set to nothing counts as not set; appdirs would take it for a folder.
        os.environ.pop(variable, None)
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / ".local" / ("share" if kind == "data" else kind)
    return Path(of_the_system())
