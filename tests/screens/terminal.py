"""A terminal on a screen that nobody sees: xterm in Xvfb, and pictures of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from tests.support.processes import Child, run

PROGRAMS = {"Xvfb": "xvfb", "xterm": "xterm", "import": "imagemagick", "fc-list": "fontconfig"}
"""The programs that are needed, and Debian's packages of them."""
FONTS = {"DejaVu Sans Mono": "fonts-dejavu-core", "Noto Sans Mono CJK SC": "fonts-noto-cjk"}
"""The fonts, of which the second has the Chinese characters, two columns wide."""
SCREEN = "2400x1600x24"
"""Large enough for a window whose upper left corner is at the pointer, in the middle: a terminal
under the pointer has the focus, and a filled cursor."""
CORNER = "+1190+790"
LIFE = 300.0
"""Seconds after which screen and terminal are ended."""
COLOURS = "48"
"""Colours of a picture: few enough for a small file, and enough for smooth letters."""


class Look(Struct, frozen=True):
    """The terminal's colours: those of Neovim's own colour scheme."""

    name: str
    foreground: str
    background: str


DARK = Look("dark", "#e0e2ea", "#14161b")
LIGHT = Look("light", "#14161b", "#e0e2ea")


def missing() -> str:
    """What has to be installed before a picture can be taken, in words; empty if all is there."""
    wanted = {name: package for name, package in PROGRAMS.items() if not shutil.which(name)}
    if "fc-list" not in wanted:
        there = run(["fc-list", ":", "family"], text=True).stdout
        wanted |= {name: package for name, package in FONTS.items() if name not in there}
    if not wanted:
        return ""
    return (
        f"Pictures need {', '.join(wanted)}. "
        f"On Debian and Ubuntu: apt install {' '.join(dict.fromkeys(wanted.values()))}"
    )


@contextmanager
def x_server() -> Iterator[str]:
    """An X server with a display number of its own, such as `:7`."""
    reads, writes = os.pipe()
    server = Child(
        ["Xvfb", "-displayfd", str(writes), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        seconds=LIFE,
        pass_fds=[writes],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writes)
    with server, os.fdopen(reads) as number:
        yield f":{number.readline().strip()}"


def xterm(display: str, columns: int, lines: int, look: Look) -> tuple[str, ...]:
    """The arguments that run a program in a terminal of that size."""
    plain, chinese = FONTS
    return (
        *(
            "xterm",
            "-display",
            display,
            "-geometry",
            f"{columns}x{lines}{CORNER}",
            "-b",
            "12",
            "+sb",
        ),
        *("-fa", plain, "-fd", chinese, "-fs", "11", "-u8", "-tn", "xterm-256color"),
        *("-fg", look.foreground, "-bg", look.background, "-cr", look.foreground),
        *("-xrm", "XTerm*borderWidth: 0", "-xrm", "XTerm*VT100.cjkWidth: false", "-e"),
    )


def take(display: str, window: str, file: Path) -> None:
    """Take a picture of a window. It holds neither the time nor anything else of the machine."""
    run(
        [
            *("import", "-display", display, "-window", window, "-strip", "+dither"),
            *("-colors", COLOURS, "-define", "png:compression-level=9"),
            *("-define", "png:exclude-chunks=date,time", f"PNG8:{file}"),
        ],
        check=True,
    )
