"""The age of the installed code, independent of its version."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def newest() -> float:
    """When the newest file of our code or its Python environment was written (Unix seconds).

    Takes some milliseconds.
    """
    times = [_written(Path(sys.prefix, "pyvenv.cfg"))]
    for folder, folders, files in os.walk(PACKAGE):
        folders[:] = [name for name in folders if name != "__pycache__"]
        times += [_written(Path(folder, name)) for name in files if name.endswith(".py")]
    return max(times)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
