"""DingTalk's official SDK for Node, from the npm registry.

It is not ours to copy: `make dev` fetches it into the environment that runs the tests
(`python -m tests.node_sdk`). Where there is no Node, or no registry, its tests are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "dingtalk-stream"
VERSION = "2.1.5"
SECONDS = 120


def folder() -> Path | None:
    """Where its `node_modules` are; None where it cannot be run."""
    place = _place()
    fetched = (place / "node_modules" / PACKAGE / "package.json").is_file()
    return place if fetched and shutil.which("node") else None


def _place() -> Path:
    return Path(sys.prefix) / "share" / "node" / f"{PACKAGE}-{VERSION}"


def fetch() -> str:
    """Put it where `folder` finds it, unless it is there; why not, if that fails."""
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm"
    if folder() is not None:
        return ""
    place = _place()
    place.mkdir(parents=True, exist_ok=True)
    options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    options += ["--fetch-retries=0", "--fetch-timeout=30000"]
    command = [npm, "install", "--prefix", str(place), *options, f"{PACKAGE}@{VERSION}"]
    try:
        subprocess.run(command, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as problem:
        shutil.rmtree(place, ignore_errors=True)
        return str(problem)
    return ""


if __name__ == "__main__":
    reason = fetch()
    if reason:
        sys.stdout.write(f"The SDK for Node is not here, its tests will be skipped: {reason}\n")
