"""Takes the pictures of the documents: `python -m tests.screens [NAME …]`, into doc/images."""

from __future__ import annotations

import sys

from tests.screens.pictures import PICTURES
from tests.screens.terminal import missing, x_server
from tests.support.editor import ROOT

IMAGES = ROOT / "doc" / "images"


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    """Take the pictures of these names, or all."""
    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        _say(f"There is no picture {', '.join(unknown)}, but {', '.join(PICTURES)}.")
        return 2
    if lacking := missing():
        _say(lacking)
        return 1
    with x_server() as display:
        for name in names or PICTURES:
            file = IMAGES / f"{name}.png"
            PICTURES[name](display, file)
            _say(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
