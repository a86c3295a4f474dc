"""A copy of the plugin that is upgraded while it runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.editor import ROOT


def copy(folder: Path) -> Path:
    """Copy the plugin to a folder and return the copy."""
    for part in ("dingbridge", "lua", "rplugin"):
        shutil.copytree(
            ROOT / part, folder / part, ignore=shutil.ignore_patterns("sandbox", "demo")
        )
    return folder


def renew(plugin: Path) -> None:
    """Upgrade the copy: add a file, whose modification time counts."""
    newer = plugin / "dingbridge" / "newer.py"
    newer.write_text(newer.read_text() + "\n" if newer.exists() else "")
