"""Coding agents from the npm registry, which tests run against a model on loopback.

They are large (half a gigabyte), so nothing fetches them unasked. They go into the folder that the
variable `DINGBRIDGE_AGENTS` names, outside of the project:

    DINGBRIDGE_AGENTS=~/.cache/dingbridge-agents python -m tests.node_agents

Without the variable, Node or the registry, their tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "DINGBRIDGE_AGENTS"
PACKAGES = {"qwen": "@qwen-code/qwen-code@0.24.4", "opencode": "opencode-ai@1.18.33"}
SECONDS = 300


def program(name: str) -> str | None:
    """The path of an agent; None where it cannot be run."""
    place = _place()
    if place is None or shutil.which("node") is None:
        return None
    modules = place / "node_modules"
    # opencode's own program is put into its place by a script of its package, which is not run.
    # Its package for processors without AVX2, which runs on all, comes first.
    found = [modules / ".bin" / name] if name == "qwen" else []
    found += sorted(modules.glob(f"{name}-*-baseline/bin/{name}"))
    found += sorted(modules.glob(f"{name}-*/bin/{name}"))
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)


def _place() -> Path | None:
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else None


def fetch() -> str:
    """Put them where `program` finds them, unless they are there; why not, if that fails."""
    place, npm = _place(), shutil.which("npm")
    if place is None:
        return f"{VARIABLE} names no folder"
    if npm is None:
        return "there is no npm"
    if all(program(name) for name in PACKAGES):
        return ""
    place.mkdir(parents=True, exist_ok=True)
    options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    options += ["--fetch-retries=1", "--fetch-timeout=60000"]
    command = [npm, "install", "--prefix", str(place), *options, *PACKAGES.values()]
    try:
        subprocess.run(command, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as problem:
        return str(problem)
    return ""


if __name__ == "__main__":
    reason = fetch()
    if reason:
        sys.stdout.write(f"The agents are not here, their tests will be skipped: {reason}\n")
