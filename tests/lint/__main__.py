"""`python -m tests.lint`: name what is wrong, a line each; exit with 1 if anything is."""

from __future__ import annotations

import sys

from tests.lint import lua, prose


def main() -> int:
    """What the process exits with."""
    found = [*lua.check(), *prose.check()]
    sys.stdout.write("\n".join([*found, f"Lua and prose: {len(found)} found."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
