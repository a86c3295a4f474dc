"""A long text goes out in pieces: nothing is lost, every piece fits, and cuts fall well."""

import json
import time
import unicodedata
from itertools import pairwise

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dingbridge.core.chunking import LARGEST_CODE_POINT, encoded_size, halve, split
from dingbridge.core.fences import fences

PARTS = st.one_of(
    st.text(),
    st.sampled_from(
        [
            *("\n", "\n\n", "\r\n", "\r\n\r\n", " ", "\t", "\n```python\n", "\n```\n", "\n~~~~\n"),
            *("中文句子。", "真的吗？！", "A sentence. ", '"quoted" \\ ', "\x00\x1f\x7f", "…"),
            *("👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "e\u0301", "❤\ufe0f", "\u200d", "\ud83d"),
            *("x" * 300, "长" * 200, "word " * 60, "line\n" * 40, "\n\n" * 30),
        ]
    ),
)
TEXTS = st.lists(PARTS, max_size=30).map("".join)
LIMITS = st.tuples(st.integers(1, 400), st.integers(LARGEST_CODE_POINT, 800))


@given(st.text())
def test_the_encoded_size_is_what_the_json_encoders_write(text: str) -> None:
    assert encoded_size(text) == len(msgspec.json.encode(text)) - 2
    assert encoded_size(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2


@given(TEXTS, LIMITS)
def test_pieces_join_to_the_text_and_each_fits(text: str, limits: tuple[int, int]) -> None:
    characters, encoded_bytes = limits
    pieces = split(text, characters, encoded_bytes)
    assert "".join(pieces) == text
    for piece in pieces:
        assert 1 <= len(piece) <= characters
        assert encoded_size(piece) <= encoded_bytes


@given(TEXTS, LIMITS)
def test_no_piece_but_the_last_is_tiny(text: str, limits: tuple[int, int]) -> None:
    characters, encoded_bytes = limits
    assume("\u200d" not in text and not any(unicodedata.combining(c) for c in text))
    pieces = split(text, characters, encoded_bytes)
    for piece, following in pairwise(pieces):
        longer = piece + following
        fitting = max(
            end
            for end in range(len(longer) + 1)
            if end <= characters and encoded_size(longer[:end]) <= encoded_bytes
        )
        # A visible character of a few code points may be left for the next piece.
        assert len(piece) * 3 >= fitting - 9


@given(TEXTS, st.integers(2, 400), st.integers(LARGEST_CODE_POINT, 800))
def test_a_carriage_return_stays_with_its_line_feed(text: str, most: int, size: int) -> None:
    pieces = split(text, most, size)
    for piece, following in pairwise(pieces):
        assert not (piece.endswith("\r") and following.startswith("\n"))


@given(
    st.lists(
        st.sampled_from(["a", "中", " ", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "e\u0301", "❤\ufe0f"]),
        max_size=60,
    ),
    st.integers(10, 40),
)
def test_visible_characters_stay_whole_where_they_fit(parts: list[str], characters: int) -> None:
    boundaries, position = {0}, 0
    for part in parts:
        position += len(part)
        boundaries.add(position)
    end = 0
    for piece in split("".join(parts), characters, 10_000):
        end += len(piece)
        assert end in boundaries


@given(st.lists(st.text("ab c", min_size=1, max_size=15), min_size=2, max_size=30))
def test_paragraphs_stay_whole_where_they_fit(paragraphs: list[str]) -> None:
    paragraphs = [f"x{paragraph}x\n\n" for paragraph in paragraphs]
    text = "".join(paragraphs)
    # Three times the longest paragraph: each piece can end with one in its last two thirds.
    for piece in split(text, 60, 1000):
        assert piece.endswith("\n\n")


@given(TEXTS)
def test_halves_join_to_the_text_and_both_are_substantial(text: str) -> None:
    assume(len(text) > 1)
    first, second = halve(text)
    assert first + second == text
    assert first
    assert second
    if encoded_size(text) > 1000 and "\u200d" not in text:
        assert max(encoded_size(first), encoded_size(second)) <= encoded_size(text) * 0.7


@given(st.sampled_from(["中", "\\", "\x01", "😀", "x"]), st.integers(30_000, 40_000))
@settings(max_examples=10)
def test_a_line_of_thirty_thousand_characters_fills_its_pieces(unit: str, count: int) -> None:
    pieces = split(unit * count, 20_000, 18_000)
    fullest = min(20_000, 18_000 // encoded_size(unit))
    assert [len(piece) for piece in pieces[:-1]] == [fullest] * (len(pieces) - 1)


@pytest.mark.parametrize(
    ("text", "characters", "first"),
    [
        ("one\n\ntwo\nthree four", 14, "one\n\n"),
        ("one\r\n\r\ntwo\r\nthree four", 14, "one\r\n\r\n"),
        ("one two\nthree four", 14, "one two\n"),
        ("他来了。我们走吧，快一点", 10, "他来了。"),
        ("他说：“来了！”我们走吧快一点", 12, "他说：“来了！”"),
        ("It works. Or does it not", 18, "It works. "),
        ("version 1.2.3 of thing", 16, "version 1.2.3 "),
        ("no boundary:" + "x" * 30, 20, "no boundary:xxxxxxxx"),
        ("a\n\n" + "x" * 30, 20, "a\n\n" + "x" * 17),
        ("a\n```\nb\n\nc\nd\n```\n", 12, "a\n```\nb\n\n"),
        ("intro\n```\nb\n\nc\nd\n```\n", 14, "intro\n"),
        ("intro\n```\nb\n```\nlast line", 20, "intro\n```\nb\n```\n"),
        ("introduction\n```\nb\n```\nlast line", 26, "introduction\n```\nb\n```\n"),
        ("```\nlong code line\nsecond code line", 28, "```\nlong code line\n"),
        ("aaaaaaaaaa \u0301bbbbbbbbb", 16, "aaaaaaaaaa"),
        ("~~~\n```\n~~~\nx\n\ny" + "y" * 9, 18, "~~~\n```\n~~~\nx\n\n"),
    ],
)
def test_a_cut_falls_at_the_best_boundary(text: str, characters: int, first: str) -> None:
    assert split(text, characters, 1000)[0] == first


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("aaaa\nbbbb\n\ncccc\ndddd\n", "aaaa\nbbbb\n\n"),
        ("aaaa bbbb", "aaaa "),
        ("xxxx\n" + "y" * 18, "xxxx\n" + "y" * 6),
        ("ab", "a"),
        ("e\u0301", "e"),
        ("中" * 4, "中" * 2),
        ("中" * 10 + "x" * 30, "中" * 10),
    ],
)
def test_a_refused_piece_is_halved_near_its_middle(text: str, first: str) -> None:
    assert halve(text) == (first, text[len(first) :])


def test_the_empty_text_has_no_pieces() -> None:
    assert split("", 10, 10) == []


@pytest.mark.parametrize(
    ("characters", "encoded_bytes"), [(0, 100), (-1, 100), (10, LARGEST_CODE_POINT - 1)]
)
def test_limits_that_hold_no_character_are_refused(characters: int, encoded_bytes: int) -> None:
    with pytest.raises(ValueError, match="at least 1 and 6"):
        split("text", characters, encoded_bytes)


@pytest.mark.parametrize("text", ["", "x", "中"])
def test_a_single_character_cannot_be_halved(text: str) -> None:
    with pytest.raises(ValueError, match="less than two"):
        halve(text)


@given(TEXTS)
def test_fences_are_in_order_and_their_code_is_inside(text: str) -> None:
    end = 0
    for block in fences(text):
        assert end <= block.start < block.code_start <= block.code_end <= block.end <= len(text)
        assert text[block.start : block.code_start].strip(" \t>").startswith(("```", "~~~"))
        end = block.end


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```\na\n```", ["a\n"]),
        ("```py\na\n```\nb\n~~~\nc\n~~~", ["a\n", "c\n"]),
        ("````\n```\n````", ["```\n"]),
        ("> ```\n> a\n> ```", ["> a\n"]),
        ("- ```\n  a\n  ```", ["  a\n"]),
        ("```\r\na\r\n```\r\n", ["a\r\n"]),
        ("```\nnever closed", ["never closed"]),
        ("```code```\ntext", []),
        ("```\n``` not a close\n```", ["``` not a close\n"]),
        ("```\n- ```\n```", ["- ```\n"]),
    ],
)
def test_fenced_code_is_found_as_a_reader_finds_it(text: str, code: list[str]) -> None:
    assert [text[block.code_start : block.code_end] for block in fences(text)] == code


@pytest.mark.parametrize(
    "unit", ["中文句子", "!", "\n", "```\nx\n\n```\n", "🇩", "\u0301", ' "', "para\n\n", "。”"]
)
def test_ten_times_the_text_takes_about_ten_times_as_long(unit: str) -> None:
    def seconds(count: int) -> float:
        text = unit * (count // len(unit))
        taken = []
        for _ in range(3):
            start = time.process_time()
            split(text, 2000, 1800)
            halve(text)
            taken.append(time.process_time() - start)
        return min(taken)

    # Quadratic work would take a hundred times as long.
    assert seconds(500_000) < 30 * max(seconds(50_000), 0.001)
