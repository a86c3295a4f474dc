"""Draws rows of coloured text on an image, each character in its cell."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from dingbridge.edges.picture.fonts import Fonts

_PAPER = "#ffffff"
_INK = "#333333"
_GREY = "#9a9a9a"
_BAR = "#ececec"
_MARGIN = 20
_GAP = 2

Rows = Sequence[tuple[int | None, Sequence[tuple[str, str, bool]]]]


def draw(rows: Rows, title: str, fonts: Fonts) -> Image.Image:
    """An image of the rows below a bar with the title.

    Each row has a line number, or None where a line continues, and its runs of text.
    """
    numbers = max(len(str(number)) for number, _ in rows if number is not None)
    columns = max(_columns(runs, fonts) for _, runs in rows)
    title_columns = sum(width for _, width in fonts.clusters(title))
    wide = max(numbers + _GAP + columns, title_columns)
    step = round(fonts.cell * 2.2)
    bar = step + _MARGIN if title else 0
    size = (2 * _MARGIN + wide * fonts.cell, bar + 2 * _MARGIN + len(rows) * step)
    image = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(image)
    if title:
        pen.rectangle((0, 0, size[0], bar), fill=_BAR)
        _text(pen, _MARGIN, _MARGIN // 2, [(title, _INK, True)], fonts)
    for row, (number, runs) in enumerate(rows):
        top = bar + _MARGIN + row * step
        if number is not None:
            _text(pen, _MARGIN, top, [(str(number).rjust(numbers), _GREY, False)], fonts)
        _text(pen, _MARGIN + (numbers + _GAP) * fonts.cell, top, runs, fonts)
    # Text needs few colours, and with a palette the file is a third as large.
    return image.quantize(128)


def _columns(runs: Sequence[tuple[str, str, bool]], fonts: Fonts) -> int:
    return sum(width for text, _, _ in runs for _, width in fonts.clusters(text))


def _text(
    pen: ImageDraw.ImageDraw,
    left: int,
    top: int,
    runs: Sequence[tuple[str, str, bool]],
    fonts: Fonts,
) -> None:
    column = 0
    for text, colour, bold in runs:
        if fonts.even and text.isascii():
            # Ten times as fast, and almost all of any code.
            if text.strip():
                pen.text((left + column * fonts.cell, top), text, colour, fonts.font("0", bold))
            column += len(text)
            continue
        for cluster, width in fonts.clusters(text):
            if not cluster.isspace():
                font = fonts.font(cluster, bold)
                # Centred in its cells, whatever its width in the font is.
                spare = (width * fonts.cell - font.getlength(cluster)) / 2
                pen.text((left + column * fonts.cell + spare, top), cluster, colour, font)
            column += width
