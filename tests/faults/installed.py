"""A copy of the plugin, in whose place newer code is installed while it runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.editor import ROOT


def copy(folder: Path) -> Path:
    """Install the plugin in a folder of its own, which is returned."""
    for part in ("dingbridge", "lua", "rplugin"):
        shutil.copytree(
            ROOT / part, folder / part, ignore=shutil.ignore_patterns("sandbox", "demo")
        )
    return folder


def renew(plugin: Path) -> None:
    """Install newer code: here one more file, whose time is what counts."""
    newer = plugin / "dingbridge" / "newer.py"
    newer.write_text(newer.read_text() + "\n" if newer.exists() else "")
