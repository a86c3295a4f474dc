"""Draws code as a picture, for phones, where code does not wrap well. Needs the extra `images`.

Pygments highlights, but its `ImageFormatter` is not used. It has only one font: characters that the
font lacks silently become boxes, wide characters do not take two cells, and long lines are not
wrapped.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import Refused
from dingbridge.core.text import shorten

if TYPE_CHECKING:
    from dingbridge.edges.picture.fonts import Fonts

ROWS = 200
"""Most rows of a picture. A long line takes several."""

COLUMNS = 100
"""Columns of a row, without the line number. Longer lines are wrapped."""

TITLE_COLUMNS = 80
FONT_SIZE = 26
STYLE = "friendly"
TAB = 4

_INK = "#333333"
_NAMES = {
    "javascriptreact": "jsx",
    "typescriptreact": "tsx",
    "sh": "bash",
    "cs": "csharp",
    "vimwiki": "markdown",
    "help": "text",
    "tex": "latex",
    "dosbatch": "bat",
    "make": "makefile",
    "gitcommit": "text",
    "objc": "objective-c",
    "viml": "vim",
}
"""Pygments' names for Neovim filetypes that differ."""


class Picture(Struct, frozen=True):
    """A PNG. `note` names characters that no installed font has; empty without any."""

    data: bytes
    width: int
    height: int
    note: str = ""

    def __repr__(self) -> str:
        return f"Picture({self.width}×{self.height}, <{len(self.data)} bytes>, note={self.note!r})"


Run = tuple[str, str, bool]
"""Text of one style: the text, its colour, and whether it is bold."""


def render(
    code: str,
    filetype: str = "",
    first_line: int = 1,
    title: str = "",
    *,
    font_folders: Sequence[Path] | None = None,
) -> Picture:
    """Draw `code` with line numbers.

    Nothing is left out: long lines are wrapped, and control characters become visible signs. Takes
    up to some seconds, so never call it on a loop.

    - `filetype` is Neovim's name of the language, `first_line` the first line number.
    - `title` is drawn above the code.
    - `font_folders` are searched for fonts; by default those of the system.

    Raises `Refused` if the code is empty or too long, or if packages are missing.
    """
    lines = _shown(code).split("\n")
    if not any(line.strip() for line in lines):
        raise Refused(say.NO_CODE())
    if sum(max(1, -(-len(line) // COLUMNS)) for line in lines) > ROWS:
        raise _too_long(len(lines))
    try:
        from dingbridge.edges.picture.drawing import draw
        from dingbridge.edges.picture.fonts import find
    except ImportError as cause:
        raise Refused(
            say.PACKAGES_MISSING(package=cause.name or cause),
            fix=say.INSTALL_IMAGES(),
        ) from cause
    fonts = find(FONT_SIZE, font_folders)
    rows = [
        (first_line + number if not part else None, row)
        for number, runs in enumerate(_highlighted(lines, filetype))
        for part, row in enumerate(_wrapped(runs, fonts))
    ]
    if len(rows) > ROWS:
        raise _too_long(len(lines))
    image = draw(rows, shorten(_shown(title), TITLE_COLUMNS) if title.strip() else "", fonts)
    target = io.BytesIO()
    image.save(target, "PNG", compress_level=6)
    return Picture(target.getvalue(), image.width, image.height, fonts.note())


def _too_long(lines: int) -> Refused:
    return Refused(
        say.TOO_MANY_LINES(count=lines, rows=ROWS, columns=COLUMNS),
        fix=say.SELECT_LESS(),
    )


def _shown(code: str) -> str:
    """The code with tabs as spaces and a sign for each control character, which could hide code."""
    text = unicodedata.normalize("NFC", code)
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return "".join(map(_sign, "\n".join(line.expandtabs(TAB) for line in text.split("\n"))))


def _sign(character: str) -> str:
    if character == "\n" or character.isprintable():
        return character
    # Joiners are part of emoji and several scripts; other blanks look like a space.
    if character in "\u200c\u200d" or unicodedata.category(character) == "Zs":
        return character if character in "\u200c\u200d" else " "
    return "\ufffd"


def _highlighted(lines: Sequence[str], filetype: str) -> Iterator[list[Run]]:
    """The runs of each line, as many as there are lines."""
    from pygments.lexers import get_lexer_by_name
    from pygments.lexers.special import TextLexer
    from pygments.styles import get_style_by_name
    from pygments.util import ClassNotFound

    # A filetype may be two ("yaml.ansible"): the first is the language.
    name = filetype.lower().partition(".")[0]
    try:
        lexer = get_lexer_by_name(_NAMES.get(name, name), stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    style = get_style_by_name(STYLE)
    line: list[Run] = []
    count = 0
    for token, text in lexer.get_tokens("\n".join(lines)):
        look = style.style_for_token(token)
        colour = f"#{look['color']}" if look["color"] else _INK
        first, *others = text.split("\n")
        line.append((first, colour, bool(look["bold"])))
        for other in others:
            yield line
            count += 1
            line = [(other, colour, bool(look["bold"]))]
    yield line


def _wrapped(runs: Sequence[Run], fonts: Fonts) -> Iterator[list[Run]]:
    """A line as rows of at most `COLUMNS` columns, cut between visible characters."""
    row: list[Run] = []
    column = 0
    for text, colour, bold in runs:
        piece = ""
        for cluster, width in fonts.clusters(text):
            if column + width > COLUMNS:
                row.append((piece, colour, bold))
                yield row
                row, piece, column = [], "", 0
            piece += cluster
            column += width
        row.append((piece, colour, bold))
    yield row
