"""Code as a picture: complete, numbered, and honest about what it cannot show."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from dingbridge.core.errors import Refused
from dingbridge.edges.picture import COLUMNS, ROWS, render
from tests.support.processes import run

NO_FONTS: tuple[Path, ...] = ()
"""No folder to look in: Pillow's own font then is the same on every machine."""


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def is_colourful(data: bytes) -> bool:
    """Whether anything on it is more than black, white and grey."""
    _, saturation, _ = opened(data).convert("HSV").split()
    strongest = saturation.getextrema()[1]
    assert isinstance(strongest, int)
    return strongest > 100


def test_code_becomes_a_png_of_the_size_it_says() -> None:
    picture = render("int x = 1;", "c", font_folders=NO_FONTS)
    assert picture.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert opened(picture.data).size == (picture.width, picture.height)
    assert picture.note == ""


def test_each_line_has_a_row_and_a_title_has_a_bar() -> None:
    heights = [
        render("\n".join(["x"] * count), font_folders=NO_FONTS).height for count in (1, 2, 3)
    ]
    row = heights[1] - heights[0]
    assert heights[2] - heights[1] == row > 0
    assert render("x", title="a.py", font_folders=NO_FONTS).height > heights[0]


def test_a_filetype_is_highlighted_and_an_unknown_one_is_plain() -> None:
    code = "def f():\n    return 'text'  # why"
    known = render(code, "python", font_folders=NO_FONTS)
    unknown = render(code, "no such type", font_folders=NO_FONTS)
    assert is_colourful(known.data)
    assert not is_colourful(unknown.data)
    assert render(code, "python.test", font_folders=NO_FONTS).data == known.data


def test_line_numbers_begin_where_the_selection_does() -> None:
    one, other = (render("x", first_line=at, font_folders=NO_FONTS) for at in (1, 2))
    assert one.data != other.data
    assert render("x", first_line=1000, font_folders=NO_FONTS).width > one.width


def test_an_empty_line_at_the_start_keeps_its_number() -> None:
    assert render("\n\nx", font_folders=NO_FONTS).height > render("x", font_folders=NO_FONTS).height


def test_a_long_line_goes_on_in_the_next_row() -> None:
    short = render("x" * COLUMNS, font_folders=NO_FONTS)
    longer = render("x" * (COLUMNS + 1), font_folders=NO_FONTS)
    assert longer.width == short.width
    assert longer.height > short.height


def test_a_wide_character_takes_two_columns() -> None:
    one = render("中" * (COLUMNS // 2), font_folders=NO_FONTS)
    two = render("中" * (COLUMNS // 2 + 1), font_folders=NO_FONTS)
    assert one.width == render("x" * COLUMNS, font_folders=NO_FONTS).width
    assert two.height > one.height


def test_characters_that_no_font_has_are_named() -> None:
    note = render("x = '中文'", "python", font_folders=NO_FONTS).note
    assert "中文" in note
    assert "Noto Sans CJK" in note


def test_what_hides_code_is_shown_as_a_sign() -> None:
    hidden = render("a\u202eb", font_folders=NO_FONTS)
    assert hidden.width > render("ab", font_folders=NO_FONTS).width


@pytest.mark.parametrize("code", ["x\n" * (ROWS + 1), "x" * (ROWS * COLUMNS + 1)])
def test_too_much_code_is_refused_and_nothing_is_left_out(code: str) -> None:
    with pytest.raises(Refused, match="too much for one picture"):
        render(code, font_folders=NO_FONTS)


def test_wide_characters_count_for_the_limit_as_they_are_drawn() -> None:
    with pytest.raises(Refused, match="too much"):
        render("中" * (ROWS * COLUMNS // 2 + 1), font_folders=NO_FONTS)


@pytest.mark.parametrize("code", ["", "\n\n", " \t"])
def test_nothing_is_no_picture(code: str) -> None:
    with pytest.raises(Refused, match="no code"):
        render(code, font_folders=NO_FONTS)


def test_a_broken_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "DejaVuSansMono.ttf").write_bytes(b"no font")
    assert render("x", font_folders=[tmp_path]).data == render("x", font_folders=NO_FONTS).data


def test_without_the_packages_it_is_said_how_to_get_them() -> None:
    program = (
        "import sys; sys.modules['PIL'] = None\n"
        "from dingbridge.edges.picture import render\n"
        "try: render('x')\n"
        "except Exception as error: print(type(error).__name__, error, error.fix)\n"
    )
    done = run([sys.executable, "-c", program], text=True, seconds=30, check=True)
    assert done.stdout.startswith("Refused Pictures need packages that are not installed: PIL")
    assert ":Chat install images" in done.stdout
