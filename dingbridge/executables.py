"""Finds programs on the PATH, but never in the current folder.

Must be valid for Python versions older than the required one.
"""

import os
import sys
from collections.abc import Iterator, Sequence

OLDEST = (3, 10)
NEWEST = (3, 14)
"""The latest supported version of Python."""

_IS_WINDOWS = sys.platform == "win32"


def find_program(name: str, folders: "Sequence[str]") -> "str | None":
    """The path of a program in the first absolute one of the `folders` that has it; None without.

    Skips relative entries, and does not use Windows' search, which starts in the current folder.
    """
    names = (name + ".exe", name) if _IS_WINDOWS else (name,)
    for folder in folders:
        for found in (os.path.join(folder, each) for each in names):
            if os.path.isabs(folder) and os.path.isfile(found) and os.access(found, os.X_OK):
                return found
    return None


def interpreters(project: str) -> "Iterator[str]":
    """Interpreters on the PATH: every `python3`, then those with a supported version in the name,
    the latest first.

    Skips virtual environments below the folder `project`.
    """
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
