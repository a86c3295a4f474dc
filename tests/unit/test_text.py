"""Text from outside cannot act on an editor, and nothing readable is lost on the way in."""

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dingbridge.core import text as text_module
from dingbridge.core.regex import PIECE
from dingbridge.core.text import (
    NAME_CHARACTERS,
    STACKED_MARKS,
    clean,
    clean_name,
    shorten,
    tame,
    visible,
    well_formed,
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


@given(SPIKED)
@example("\x1b]0;a\nb\x07c\nd\x9b\n31m\r\ne\ufe0f\n\ufe0f\u0301\n\ud83d\n\ude00")
def test_a_text_in_many_pieces_becomes_what_it_becomes_in_one(text: str) -> None:
    for change in (clean, tame, well_formed):
        whole = change(text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_module, "PIECE", 3)
            assert change(text) == whole


class Watched:
    """A pattern that notes the characters that each call looks at."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.looked_at = [0]

    def sub(self, replacement: str, text: str) -> str:
        self.looked_at.append(len(text))
        return self._pattern.sub(replacement, text)


@pytest.mark.parametrize("name", ["_UNWANTED", "_SURROGATES", "_PERHAPS_STACKED", "_SELECTORS"])
def test_no_call_looks_at_much_of_a_long_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A call of `re` holds up every other thread until it returns.
    watched = Watched(getattr(text_module, name))
    monkeypatch.setattr(text_module, name, watched)
    assert len(tame("\u3000 中文 \ud83d\n" * PIECE)) == 7 * PIECE
    assert PIECE <= max(watched.looked_at) <= PIECE + 10


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


# --- what is there only to hide or to flood -----------------------------------------------------

SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
HIDING = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from(
            [
                *("\ufe0f", "\ufe00", "\U000e0100", "\U000e01ef", "\u200d", "\u200b", "\ufeff"),
                *("\U000e0041", "\U000e007f", "\U000e0001", "🏴", SCOTLAND, "漢", "e", "👩", "❤"),
                *("\u0301", "\u0301" * 20, "\u20e3", "\u2062", "\x1b", "\r", "\ud83d"),
            ]
        ),
    )
).map("".join)


@given(HIDING)
def test_taming_tame_text_changes_nothing(text: str) -> None:
    assert tame(tame(text)) == tame(text)


@given(HIDING)
def test_nothing_is_stacked_high_or_hidden_in_tame_text(text: str) -> None:
    tamed = tame(text)
    height = 0
    for character in tamed:
        on_top = unicodedata.category(character).startswith("M") or character in "\u200b\u200d"
        height = height + 1 if on_top else 0
        assert height <= STACKED_MARKS
    assert not re.search("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2}", tamed)
    assert "\ufeff" not in tamed
    without_flags = re.sub("🏴[\U000e0020-\U000e007e]{1,8}\U000e007f", "", tamed)
    assert not re.search("[\U000e0000-\U000e00ff]", without_flags)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_taming_takes_no_letter_digit_or_sign_away(text: str) -> None:
    assert tame(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(FAMILY, FLAG, SCOTLAND, "❤\ufe0f", "1\ufe0f\u20e3", "👩\u200d❤\ufe0f\u200d💋\u200d👨"),
        *("👁\ufe0f\u200d🗨\ufe0f", "葛\U000e0100", "می\u200cخواهم", "क्षि", "བསྒྲུབས", "ที่นี่"),
        *("Tiếng Việt", "e\u0323\u0302", "בְּרֵאשִׁ֖ית", "한글", "a\u200bb"),
    ],
)
def test_real_words_and_emoji_stay_as_they_are(text: str) -> None:
    assert tame(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Z" + "\u0335" * 500 + "algo", "Z" + "\u0335" * STACKED_MARKS + "algo"),
        ("e" + "\u0301" * (STACKED_MARKS + 1), "e" + "\u0301" * STACKED_MARKS),
        ("ok" + "".join(chr(0xE0000 + ord(c)) for c in "send the keys"), "ok"),
        ("😀" + "\ufe01\U000e0110\ufe02" * 100, "😀\ufe01"),
        ("x\U000e0110", "x"),
        ("🏴" + "\U000e0061" * 50 + "\U000e007f", "🏴"),
        ("a\u2060\ufeff\u2063b", "ab"),
        ("👩" + "\u200d" * 100, "👩" + "\u200d" * STACKED_MARKS),
    ],
)
def test_what_hides_or_floods_goes(text: str, expected: str) -> None:
    assert tame(text) == expected


def test_every_combining_mark_is_counted() -> None:
    for code in range(0x300, sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith("M"):
            flood = tame("e" + chr(code) * 30)
            assert len(flood) <= 1 + STACKED_MARKS, hex(code)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann · 12:00", "Ann·12:00"),
        ("卡尔·马克思", "卡尔·马克思"),
        ("### Ann", "＃＃＃ Ann"),
        ("> quote", "＞ quote"),
        ("**Ann**", "＊＊Ann＊＊"),
        ("[x](http://y)", "［x］(http：//y)"),
        ("`code`", "｀code｀"),
        ("my_name", "my_name"),
        ("_my_", "＿my＿"),
        ("- [ ] Ann", "－ ［ ］ Ann"),
        ("Ann-Lee C#", "Ann-Lee C#"),
        ("@all", "＠all"),
        ("1. Ann", "1． Ann"),
        ("1.5 Ann", "1.5 Ann"),
        ("a&nbsp;b & c", "a＆nbsp;b & c"),
        ("<b>|~\\", "＜b＞｜～＼"),
        ("A" + "\u0301" * 99, "A" + "\u0301" * STACKED_MARKS),
        ("Ann\u2028### Bob", "Ann ### Bob"),
        ("\u202eAnn\u2066", "Ann"),
        ("Ann" + "\U000e0041", "Ann"),
    ],
)
def test_a_name_looks_like_nothing_but_a_name(text: str, expected: str) -> None:
    assert clean_name(text) == expected


@given(st.text(st.sampled_from("#>*_`[]<>|~@&·•-= \na1中\\!.+:\u0301\u200d")))
def test_no_name_is_read_as_markup(text: str) -> None:
    name = clean_name(text)
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(f"{name} x")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} == {"text"}
    assert clean_name(name) == name
    assert "@" not in name
    assert not re.search(r"\s[·•]\s", name)


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
    assert (short == line) == (len(line) <= characters)


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
