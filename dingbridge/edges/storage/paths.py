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


def _folder(variable: str, kind: str, of_the_system: Callable[[], str]) -> Path:
    """Neovim uses the XDG folders on macOS as well, and appends `-data` on Windows."""
    chosen = os.environ.get(variable)
    if not chosen:
        # Set to nothing counts as not set; appdirs would take it for a folder.
        os.environ.pop(variable, None)
    if sys.platform == "win32":
        base = Path(chosen or of_the_system())
        return base / f"{neovim_name()}-data"
    if chosen:
        base = Path(chosen)
    elif sys.platform == "darwin":
        base = Path.home() / ".local" / ("share" if kind == "data" else kind)
    else:
        base = Path(of_the_system())
    return base / neovim_name()
