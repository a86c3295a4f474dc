"""Takes the pictures of the documents: `python -m tests.screens [NAME …]`, into doc/images."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

from tests.screens import beside
from tests.screens.page import PAGES
from tests.screens.pictures import PICTURES
from tests.screens.terminal import missing, x_server
from tests.support import chromium
from tests.support.editor import ROOT

BESIDE = "beside"
IMAGES = ROOT / "doc" / "images"


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    """Take the pictures of these names, or all."""
    known = [*PICTURES, *PAGES, BESIDE]
    unknown = [name for name in names if name not in known]
    if unknown:
        _say(f"There is no picture {', '.join(unknown)}, but {', '.join(known)}.")
        return 2
    wanted = names or known
    of_terminals = [name for name in wanted if name not in PAGES]
    of_pages = [name for name in wanted if name not in PICTURES]
    lacking = [missing() if of_terminals else "", chromium.missing() if of_pages else ""]
    if any(lacking):
        _say("\n".join(filter(None, lacking)))
        return 1
    with x_server() if of_terminals else nullcontext("") as display:
        for name in of_terminals:
            PICTURES.get(name, beside.take)(display, _file(name))
            _taken(name)
    for name in PAGES.keys() & of_pages:
        PAGES[name](_file(name))
        _taken(name)
    return 0


def _file(name: str) -> Path:
    return IMAGES / f"{name}.png"


def _taken(name: str) -> None:
    file = _file(name)
    _say(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
