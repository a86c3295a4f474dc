"""Finds installed fonts to draw code with, including Chinese ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from PIL import ImageFont
from wcwidth import wcwidth

from dingbridge.core.catalogue import files as say

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_MONOSPACED: Final = (
    ("jetbrainsmono-regular.ttf", "jetbrainsmono-bold.ttf"),
    ("dejavusansmono.ttf", "dejavusansmono-bold.ttf"),
    ("notosansmono-regular.ttf", "notosansmono-bold.ttf"),
    ("liberationmono-regular.ttf", "liberationmono-bold.ttf"),
    ("ubuntumono-r.ttf", "ubuntumono-b.ttf"),
    ("menlo.ttc", "menlo.ttc"),
    ("monaco.ttf", "monaco.ttf"),
    ("consola.ttf", "consolab.ttf"),
    ("cour.ttf", "courbd.ttf"),
)
"""File names in lower case, regular and bold; the first that is installed is used."""

_OTHERS: Final = (
    "notosansmonocjksc-regular.otf",
    "notosanscjk-regular.ttc",
    "notosanscjksc-regular.otf",
    "notosanssc-regular.otf",
    "notosanssc-regular.ttf",
    "sourcehansanssc-regular.otf",
    "sourcehansanscn-regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "droidsansfallbackfull.ttf",
    "droidsansfallback.ttf",
    "pingfang.ttc",
    "hiragino sans gb.ttc",
    "stheiti light.ttc",
    "msyh.ttc",
    "simhei.ttf",
    "simsun.ttc",
    "arial unicode.ttf",
    "arialuni.ttf",
    "symbola.ttf",
    "seguisym.ttf",
    "dejavusans.ttf",
)
"""Fallback fonts, Chinese first; all that are installed are used."""

_NOBODY_HAS: Final = "\U0010ffff"


class Fonts:
    """Fonts of one size, for a grid in which each character takes one or two cells."""

    def __init__(self, regular: Font, bold: Font, others: Sequence[Font]) -> None:
        self._regular = regular
        self._bold = bold
        self._others = others
        self._chosen: dict[tuple[str, bool], Font] = {}
        self._missing: dict[str, None] = {}
        self.cell = round(regular.getlength("0" * 10) / 10) or 1
        # Whether plain text lines up with the cells without help.
        self.even = all(
            font.getlength(sample * 10) == 10 * self.cell
            for font in (regular, bold)
            for sample in "iM"
        )

    def clusters(self, text: str) -> Iterator[tuple[str, int]]:
        """Visible characters with the number of cells that each takes (1 or 2)."""
        cluster, width = "", 0
        joined = False
        for character in text:
            wide = max(0, wcwidth(character))
            if cluster and (wide == 0 or joined):
                cluster += character
            else:
                if cluster:
                    yield cluster, width
                cluster, width = character, max(1, wide)
            joined = character == "\u200d"
        if cluster:
            yield cluster, width

    def font(self, cluster: str, bold: bool) -> Font:
        """The font for a visible character: the first that has its first code point."""
        first = cluster[0]
        if (first, bold) not in self._chosen:
            self._chosen[first, bold] = self._find(first, bold)
        return self._chosen[first, bold]

    def note(self) -> str:
        """A sentence about characters that could not be drawn so far; empty without any."""
        if not self._missing:
            return ""
        shown = "".join(list(self._missing)[:10])
        return say.NO_FONT(characters=shown)

    def _find(self, character: str, bold: bool) -> Font:
        usual = self._bold if bold else self._regular
        for font in (usual, self._regular, *self._others):
            if _has(font, character):
                return font
        self._missing[character] = None
        return usual


def find(size: int, folders: Sequence[Path] | None = None) -> Fonts:
    """The fonts to draw with, at `size` pixels. Without any, Pillow's own, which has Latin letters
    only.
    """
    files = _files(_system_folders() if folders is None else folders)
    others = [font for name in _OTHERS if (font := _open(files.get(name), size))]
    for regular_name, bold_name in _MONOSPACED:
        regular = _open(files.get(regular_name), size)
        if regular is not None:
            return Fonts(regular, _open(files.get(bold_name), size) or regular, others)
    own = ImageFont.load_default(size)
    return Fonts(own, own, others)


def _has(font: Font, character: str) -> bool:
    """Whether the font has the character; if not, it draws the box of an unassigned one."""
    if character.isspace():
        return True
    drawn, box = font.getmask(character), font.getmask(_NOBODY_HAS)
    return drawn.size != box.size or bytes(drawn) != bytes(box)


def _open(path: Path | None, size: int) -> Font | None:
    if path is None:
        return None
    try:
        # Not ImageFont.truetype, which searches other folders for a file that it cannot read.
        # The basic layout is enough for code, and the same on all machines.
        return ImageFont.FreeTypeFont(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        # A broken file, or a format that Pillow cannot read: use another font.
        return None


def _files(folders: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in names:
                found.setdefault(name.lower(), Path(where, name))
    return found


def _system_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", r"C:\Windows"))
        local = Path(os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local")))
        return [local / "Microsoft" / "Windows" / "Fonts", windows / "Fonts"]
    if sys.platform == "darwin":
        return [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    shared = [Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]
    return [data / "fonts", home / ".fonts", *shared]
