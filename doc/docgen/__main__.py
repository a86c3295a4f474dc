"""The command line: `make doc` writes the generated files, `--check` lists stale ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from docgen.generated import stale, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 1 when `--check` finds a stale file."""
    parser = argparse.ArgumentParser(prog="python -m docgen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, list stale files")
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(__file__).resolve().parents[2],
        help="the project's folder",
    )
    asked = parser.parse_args(arguments)
    if not asked.check:
        for name in write(asked.root):
            sys.stdout.write(f"wrote {name}\n")
        return 0
    names = stale(asked.root)
    for name in names:
        sys.stderr.write(f"stale: {name} (run `make doc`)\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
