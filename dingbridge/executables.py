"""Finds programs on the PATH, and never one of the current folder.

An older Python than the one that is needed must be able to read this file.
"""

import os
import sys
from collections.abc import Iterator, Sequence

OLDEST = (3, 10)
NEWEST = (3, 14)
"""The versions of Python that are supported."""

_IS_WINDOWS = sys.platform == "win32"


def find_program(name: str, folders: "Sequence[str]") -> "str | None":
    """The program of that name in the first absolute one of the `folders` that has it.

    Never one in the current folder: relative entries of the PATH are skipped, and Windows, which
    looks there first, is not asked.
    """
    names = (name + ".exe", name) if _IS_WINDOWS else (name,)
    for folder in folders:
        for found in (os.path.join(folder, each) for each in names):
            if os.path.isabs(folder) and os.path.isfile(found) and os.access(found, os.X_OK):
                return found
    return None


def interpreters(project: str) -> "Iterator[str]":
    """Every `python3`, and those that are named by a supported version, that the PATH has; the
    latest first after `python3`. A virtual environment below the folder `project` has none."""
    newest = range(NEWEST[1], OLDEST[1] - 1, -1)
    names = ["python3"] + ["python3." + str(minor) for minor in newest]
    inside = os.path.join(os.path.realpath(project), "")
    for name in [*names, "python"] if _IS_WINDOWS else names:
        for folder in os.get_exec_path():
            environment = os.path.dirname(os.path.realpath(folder))
            is_environment = os.path.isfile(os.path.join(environment, "pyvenv.cfg"))
            found = find_program(name, [folder])
            if found and not (is_environment and environment.startswith(inside)):
                yield found
