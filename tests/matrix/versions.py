"""`python -m tests.matrix.versions`: the versions of the Neovim and the CPython that tests use."""

from __future__ import annotations

import platform
import sys

from tests.support.neovim import find_neovim
from tests.support.processes import run

if __name__ == "__main__":
    shown = run([find_neovim(), "--version"], text=True, check=True)
    version = shown.stdout.splitlines()[0].removeprefix("NVIM v")
    sys.stdout.write(f"{version} {platform.python_version()}\n")
