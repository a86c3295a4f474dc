"""How new the code is that is installed, whatever its version says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def newest() -> float:
    """When the newest file of our code, or of the environment that it runs in, was written (Unix
    seconds). It takes some milliseconds."""
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
