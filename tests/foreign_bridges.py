"""Bridges of other projects to DingTalk, from their registries, which tests run on the sandbox.

Nothing fetches them unasked. They go into the folder that the variable `DINGBRIDGE_FOREIGN` names,
outside of the project:

    DINGBRIDGE_FOREIGN=~/.cache/foreign-bridges python -m tests.foreign_bridges

Without the variable, or without one of them in that folder, their tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "DINGBRIDGE_FOREIGN"
NANOBOT = ("nanobot-ai==0.3.5", "dingtalk-stream==0.24.3")
QWEN = "@qwen-code/channel-dingtalk@0.23.4"
SECONDS = 600


def place() -> Path | None:
    """The folder with all of them."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser().absolute() if named else None


def nanobot() -> Path | None:
    """A Python that has nanobot; None where there is none."""
    folder = place()
    found = folder / "nanobot" / "bin" / "python" if folder else None
    return found if found and found.is_file() else None


def qwen() -> Path | None:
    """The main module of Qwen Code's channel; None where there is none, or no Node."""
    folder = place()
    package = "node_modules/@qwen-code/channel-dingtalk/dist/index.js"
    found = folder / "qwen" / package if folder else None
    return found if found and found.is_file() and shutil.which("node") else None


def fetch(folder: Path) -> None:
    """Put into the folder those that are not there. Raises OSError or SubprocessError."""
    folder.mkdir(parents=True, exist_ok=True)
    if not nanobot():
        subprocess.run([sys.executable, "-m", "venv", folder / "nanobot"], check=True)
        pip = [str(folder / "nanobot" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *NANOBOT], check=True, timeout=SECONDS)
    if not qwen():
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        command = ["npm", "install", "--prefix", str(folder / "qwen"), *options, QWEN]
        subprocess.run(command, check=True, timeout=SECONDS)


if __name__ == "__main__":
    if (chosen := place()) is None:
        sys.exit(f"{VARIABLE} names no folder")
    fetch(chosen)
