"""Text from outside cannot act on an editor, and nothing readable is lost on the way in."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dingbridge.core.text import (
    NAME_CHARACTERS,
    clean,
    clean_name,
    shorten,
    visible,
    whole_character,
)

ANYTHING = st.text(st.characters())
"""Any code points, lone surrogates included."""

SPIKED = st.lists(
    st.one_of(
        ANYTHING,
        st.sampled_from(
            [
                *("\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b\\", "\x9b", "\x9d", "\x9c", "\x07"),
                *("31m", ";", "\r", "\n", "\r\n", "\u2028", "\u202e", "\u2066", "\ud83d", "\ude00"),
                *("\u200d", "\ufe0f", "👩", "🇩", "👍🏽", "\u0301", "中文"),
            ]
        ),
    )
).map("".join)

BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
FAMILY = "👩\u200d👩\u200d👧"
FLAG = "🇩🇪"


@given(SPIKED)
def test_nothing_that_acts_on_an_editor_or_terminal_is_left(text: str) -> None:
    for character in clean(text):
        category = unicodedata.category(character)
        assert category != "Cs"
        assert category != "Cc" or character in "\n\t"
        assert unicodedata.bidirectional(character) not in BIDI_CONTROLS
        assert character not in "\u200e\u200f\u061c\u2028\u2029"


@given(SPIKED)
def test_cleaning_clean_text_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])))
def test_text_without_controls_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(SPIKED)
def test_only_escape_sequences_take_readable_characters_away(text: str) -> None:
    readable = re.sub(r"[\x1b\x80-\x9f]", "", text)
    joined = readable.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = [c for c in joined if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    left = [c for c in clean(readable) if unicodedata.category(c) not in ("Cc", "Cf")]
    assert left == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d\u2029e\nf", "a\nb\nc\nd\ne\nf"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b[31", ""),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]52;c;Y2F0\x1b\\clipboard", "clipboard"),
        ("\x9d0;owned\x9ctitle", "title"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1b]0;never closed\nnext", "0;never closed\nnext"),
        ("\x1bcreset", "reset"),
        ("\x1b(Bcharset", "charset"),
        ("progress\r\x1b[K\ndone", "progress\ndone"),
        ("nul\x00 bell\x07 del\x7f\ttab", "nul bell del\ttab"),
        ("evil\u202etxt.exe\u2066", "eviltxt.exe"),
        ("\ud83d\ude00 \ud83d!", "😀 \ufffd!"),
        (FAMILY + "❤\ufe0f" + "می\u200cخواهم", FAMILY + "❤\ufe0f" + "می\u200cخواهم"),
    ],
)
def test_outside_text_becomes_plain_text(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(SPIKED)
@example("\u3164\u2800")
def test_a_name_is_one_short_visible_line(text: str) -> None:
    name = clean_name(text)
    assert 1 <= len(name) <= NAME_CHARACTERS
    assert name == " ".join(name.split())
    assert visible(name)
    assert not re.search("[\u200b-\u200f\u2060\ufeff\ufe00-\ufe0f]", name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  张三 \n", "张三"),
        ("Ann\u200b\u2060Lee", "AnnLee"),
        ("two\nlines", "two lines"),
        ("\u200b\ufeff", "?"),
        ("", "?"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ("x" * 38 + FLAG + "x", "x" * 38 + "…"),
    ],
)
def test_names_are_trimmed_and_shortened(text: str, expected: str) -> None:
    assert clean_name(text) == expected


@given(SPIKED, st.integers(1, 30))
def test_a_shortened_line_fits_and_is_the_beginning_of_the_text(text: str, characters: int) -> None:
    line = " ".join(text.split())
    short = shorten(text, characters)
    assert len(short) <= characters
    assert short == line or (short[-1] == "…" and line.startswith(short[:-1]))
    assert (short == line) == (len(line) <= characters) or line.startswith("…")


@pytest.mark.parametrize(
    "character",
    [FAMILY, FLAG, "👍🏽", "e\u0301", "1\ufe0f\u20e3", "\r\n", "🏴\U000e0067\U000e0062\U000e007f"],
)
def test_no_cut_falls_inside_what_a_reader_sees_as_one_character(character: str) -> None:
    text = "ab" + character * 3
    ends = [2 + len(character) * count for count in range(4)]
    for position in range(2, len(text) + 1):
        expected = max(end for end in ends if end <= position)
        assert whole_character(text, 0, position) == expected


def test_a_visible_character_without_end_is_cut_after_all() -> None:
    assert whole_character("e" + "\u0301" * 500, 0, 300) == 300
