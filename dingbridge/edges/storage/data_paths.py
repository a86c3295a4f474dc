"""The folders that Neovim would use, for programs without an editor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import appdirs


def neovim_name() -> str:
    """Neovim's folder name: `NVIM_APPNAME`, or `nvim`."""
    return os.environ.get("NVIM_APPNAME") or "nvim"


def data_folder() -> Path:
    """`stdpath('data')`, honouring `XDG_DATA_HOME` and `NVIM_APPNAME`."""
    return _folder("XDG_DATA_HOME", "data", appdirs.user_data_dir)


def config_folder() -> Path:
    """`stdpath('config')`, honouring `XDG_CONFIG_HOME` and `NVIM_APPNAME`."""
    chosen = os.environ.get("XDG_CONFIG_HOME")
    if chosen:
        return Path(chosen) / neovim_name()
    if sys.platform == "win32":
        return Path(appdirs.user_data_dir()) / neovim_name()
    return Path.home() / ".config" / neovim_name()


def log_folder() -> Path:
    """`stdpath('log')`, honouring `XDG_STATE_HOME` and `NVIM_APPNAME`."""
    return _folder("XDG_STATE_HOME", "state", appdirs.user_state_dir)


def robots_folder() -> Path:
    """The folder with the locks of robots, shared by all of a user's services."""
    return _base("XDG_STATE_HOME", "state", appdirs.user_state_dir) / "dingbridge" / "robots"


def _folder(variable: str, kind: str, of_the_system: Callable[[], str]) -> Path:
    """Neovim's folder; on Windows its name ends in `-data`."""
    name = f"{neovim_name()}-data" if sys.platform == "win32" else neovim_name()
    return _base(variable, kind, of_the_system) / name


def _base(variable: str, kind: str, of_the_system: Callable[[], str]) -> Path:
    """The parent folder. Neovim uses the XDG folders on macOS as well."""
    chosen = os.environ.get(variable)
    if not chosen:
        # An empty variable counts as not set; appdirs would use it as a folder.
        os.environ.pop(variable, None)
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / ".local" / ("share" if kind == "data" else kind)
    return Path(of_the_system())
