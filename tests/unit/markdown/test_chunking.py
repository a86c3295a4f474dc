"""A long text goes out in pieces: nothing is lost, every piece fits, and cuts fall well."""

import json
import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.chunking import (
    LARGEST_CODE_POINT,
    LONGEST_HEAD,
    Cutter,
    encoded_size,
    marker,
    split,
)
from dingbridge.core.markdown.cut_points import best_cut
from dingbridge.core.markdown.fences import fences
from tests.support.growth import assert_in_proportion
from tests.support.pieces import counts, joined

# --- texts of any kind, and Markdown as it is written ---------------------------------------------

PARTS = st.one_of(
    st.text(),
    st.sampled_from(
        [
            *("\n", "\n\n", "\r\n", "\r\n\r\n", " ", "\t", "\n```python\n", "\n```\n", "\n~~~~\n"),
            *("中文句子。", "真的吗？！", "A sentence. ", '"quoted" \\ ', "\x00\x1f\x7f", "…"),
            *("👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "e\u0301", "❤\ufe0f", "\u200d", "\ud83d"),
            *("x" * 300, "长" * 200, "word " * 60, "line\n" * 40, "\n\n" * 30),
            *("# a\n", "\n| a | b |\n|---|---|\n", "| 1 | 2 |\n" * 9, "[a](http://b/c)", "&amp;"),
            *("> ", "- item\n", "`" * 70, "\n" + "~" * 50 + "\n", "> ```\n", "](", "— 1/2"),
        ]
    ),
)
TEXTS = st.lists(PARTS, max_size=30).map("".join)
LIMITS = st.tuples(st.integers(1, 400), st.integers(LARGEST_CODE_POINT, 800))

WORDS = st.sampled_from(
    [
        *(
            "word",
            "and",
            "some",
            "more",
            "3.14",
            "x" * 40,
            "`code span`",
            "**bold text**",
            "~~no~~",
        ),
        *("你好，世界。", "真的吗？！", "汉字" * 20, "it's done.", "- ", "# no", "| a", "1. one"),
        *(
            "👩\u200d👩\u200d👧\u200d👦",
            "🇩🇪🇫🇷🇨🇳",
            "👍🏽",
            "e\u0301\u0302",
            "❤\ufe0f",
            "한글",
            "क्षि",
        ),
        *("[a link](https://example.com/a_(b)?q=1)", "![图 片](https://e.cn/x.png)", "a ``` b"),
        *(
            "<https://example.com/path>",
            "https://e.cn/?a=1&b=2",
            "\\*no\\*",
            "&lt;b&gt;",
            "&#8212;",
        ),
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=25).map(" ".join).map(str.strip)
CODE_LINES = st.lists(
    st.sampled_from(
        ["def f():", "    return 1", "", "# comment", "| a | b |", "- x", "中文" * 9, "y" * 90]
    ),
    min_size=1,
    max_size=30,
).map("\n".join)
LANGUAGES = st.sampled_from(["", "python", "c++", "sh -x"])


def fenced(code: str, language: str, mark: str, lead: str) -> str:
    inner = {"````": "```\ninner\n```\n", "~~~": "```\n", "```": ""}[mark]
    lines = f"{mark}{language}\n{inner}{code}\n{mark}".split("\n")
    return "\n".join(lead + line for line in lines)


def table(rows: list[str]) -> str:
    return "\n".join(["| name | 数量 |", "| --- | ---: |", *(f"| {row} | 1 |" for row in rows)])


HEADINGS = st.tuples(st.integers(1, 6), st.sampled_from(["Title", "第一章 开始", "A b c"])).map(
    lambda drawn: f"{'#' * drawn[0]} {drawn[1]}"
)
PARAGRAPHS = st.lists(LINES, min_size=1, max_size=4).map("\n".join)
LISTS = st.lists(
    st.tuples(st.sampled_from(["- ", "  - ", "1. ", "    * "]), LINES).map("".join),
    min_size=1,
    max_size=12,
).map("\n".join)
FENCES = st.builds(
    fenced, CODE_LINES, LANGUAGES, st.sampled_from(["```", "````", "~~~"]), st.just("")
)
QUOTES = st.one_of(
    st.builds(fenced, CODE_LINES, LANGUAGES, st.just("```"), st.just("> ")),
    PARAGRAPHS.map(lambda text: "> " + text.replace("\n", "\n> ")),
)
TABLES = st.lists(st.sampled_from(["a", "一二三", "long cell " * 4]), max_size=25).map(table)
LONG_LINES = st.sampled_from(["word " * 60, "长" * 300, "x" * 900, "👩\u200d👩\u200d👧" * 60])
BLOCKS = st.one_of(HEADINGS, PARAGRAPHS, LISTS, FENCES, QUOTES, TABLES, LONG_LINES)
# A fence or table that is cut must begin as one, so whatever was before it has ended.
DOCUMENTS = st.lists(BLOCKS, min_size=1, max_size=14).map("\n\n".join)
SIZES = st.tuples(st.integers(200, 900), st.integers(500, 2000))


COSTLY_EXAMPLES = settings(max_examples=50)
"""For properties of which one example takes ten milliseconds and more."""


def pieces(text: str, size: tuple[int, int]) -> list[str]:
    """The pieces of the text itself, without what is added to them."""
    return [text[start:end] for start, end in Cutter(Blocks(text), *size).pieces()]


def cuts(text: str, size: tuple[int, int]) -> list[int]:
    """Where the text is cut."""
    return [end for _, end in Cutter(Blocks(text), *size).pieces()][:-1]


@given(st.text())
def test_the_encoded_size_is_what_the_json_encoders_write(text: str) -> None:
    assert encoded_size(text) == len(msgspec.json.encode(text)) - 2
    assert encoded_size(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2


# --- nothing is lost, everything fits -------------------------------------------------------------


@given(TEXTS, LIMITS)
def test_pieces_join_to_the_text_and_each_fits(text: str, limits: tuple[int, int]) -> None:
    characters, encoded_bytes = limits
    cutter = Cutter(Blocks(text), characters, encoded_bytes)
    ranges = cutter.pieces()
    assert "".join(text[start:end] for start, end in ranges) == text
    for number, (start, end) in enumerate(ranges, start=1):
        assert start < end
        sent = cutter.sent(start, end, number, len(ranges))
        assert text[start:end] in sent
        assert len(sent) <= characters
        assert encoded_size(sent) <= encoded_bytes


@COSTLY_EXAMPLES
@given(DOCUMENTS, SIZES)
def test_markdown_is_sent_in_pieces_that_fit_and_that_are_the_text_when_put_together(
    text: str, size: tuple[int, int]
) -> None:
    texts = split(text, *size)
    assert joined(texts) == text
    for number, sent in enumerate(texts, start=1):
        assert sent.encode().decode() == sent
        assert len(sent) <= size[0]
        assert encoded_size(sent) <= size[1]
        if len(texts) > 1:
            assert sent.endswith((f"\n\n— {number}/{len(texts)}", f"\n\n— {number}/{len(texts)} …"))


@COSTLY_EXAMPLES
@given(DOCUMENTS, SIZES)
def test_code_that_is_cut_is_closed_and_opened_again_in_its_language(
    text: str, size: tuple[int, int]
) -> None:
    texts = split(text, *size)
    for sent in texts:
        for block in fences(sent):
            assert block.code_end < block.end, "closed by its own mark"
            assert "\n\n— " not in sent[block.start : block.end]
    languages = {text[block.start : block.code_start].strip("> \n") for block in fences(text)}
    for sent in texts:
        for block in fences(sent):
            assert sent[block.start : block.code_start].strip("> \n") in languages


@COSTLY_EXAMPLES
@given(DOCUMENTS, SIZES)
def test_no_piece_of_code_is_lost_or_becomes_prose(text: str, size: tuple[int, int]) -> None:
    def code_of(texts: list[str]) -> str:
        blocks = ((sent, block) for sent in texts for block in fences(sent))
        return "".join(sent[block.code_start : block.code_end] for sent, block in blocks)

    # A line of code that is cut gets a line end, and lines of a quote their marks.
    def without_line_ends(code: str) -> str:
        return re.sub(r"[\n> ]", "", code)

    assert without_line_ends(code_of(split(text, *size))) == without_line_ends(code_of([text]))


@COSTLY_EXAMPLES
@given(TEXTS, LIMITS)
def test_no_piece_but_the_last_is_tiny_for_nothing(text: str, limits: tuple[int, int]) -> None:
    assume(not re.search(r"[^\x00-\u2fff\u4e00-\u9fff]|[\u0300-\u036f\u200d]", text))
    assume(not re.search(r"[\[<`~\\&/|#]", text))
    characters, encoded_bytes = limits
    for piece, following in pairwise(pieces(text, limits)):
        longer = piece + following
        fitting = max(
            end
            for end in range(len(longer) + 1)
            if end <= characters and encoded_size(longer[:end]) <= encoded_bytes
        )
        # Half of a message may be left for a marker, and the end of a word for the next piece.
        assert len(piece) * 6 >= fitting - 60


@COSTLY_EXAMPLES
@given(DOCUMENTS, SIZES)
def test_the_rest_is_cut_the_same_wherever_sending_goes_on(
    text: str, size: tuple[int, int]
) -> None:
    cutter = Cutter(Blocks(text), *size)
    ranges = cutter.pieces()
    for position in range(1, len(ranges)):
        assert cutter.pieces(ranges[position][0]) == ranges[position:]


@given(TEXTS)
def test_halves_join_to_the_text_and_both_are_substantial(text: str) -> None:
    assume(len(text) > 1)
    cut = Cutter(Blocks(text), 20_000, 20_000).middle(0, len(text))
    assert 0 < cut < len(text)
    larger = max(encoded_size(text[:cut]), encoded_size(text[cut:]))
    if encoded_size(text) > 1000 and not re.search(r"[\u0300-\u036f\u200d`<\[#|~/]", text):
        assert larger <= encoded_size(text) * 0.7


# --- where it is cut ------------------------------------------------------------------------------


@given(DOCUMENTS, SIZES)
def test_a_heading_is_never_the_end_of_a_piece(text: str, size: tuple[int, int]) -> None:
    for position in cuts(text, size):
        last_line = text[:position].rstrip().rpartition("\n")[2]
        inside_code = Blocks(text).code_at(position)
        assert inside_code or not re.match(r"#{1,6} (Title|第一章|A b c)", last_line)


INDIVISIBLE = re.compile(
    r"!?\[[^\]]+\]\([^ ]+\)|<https:[^>]+>|https://[!-~]+|\\.|&[#0-9a-z]+;|`code span`"
)


@COSTLY_EXAMPLES
@given(DOCUMENTS, SIZES)
def test_links_entities_and_escapes_stay_whole(text: str, size: tuple[int, int]) -> None:
    parted = set(cuts(text, size))
    for match in INDIVISIBLE.finditer(text):
        assert not parted.intersection(range(match.start() + 1, match.end())), match[0]


@given(DOCUMENTS, SIZES)
def test_what_a_reader_sees_as_one_character_stays_whole(text: str, size: tuple[int, int]) -> None:
    position, boundaries = 0, set()
    for cluster in iter_graphemes(text):
        position += len(cluster)
        boundaries.add(position)
    assert boundaries.issuperset(cuts(text, size))


@COSTLY_EXAMPLES
@given(DOCUMENTS, SIZES)
def test_a_table_that_is_cut_shows_its_head_again(text: str, size: tuple[int, int]) -> None:
    cutter = Cutter(Blocks(text), *size)
    for start, end in cutter.pieces()[1:]:
        row = text[start:end].partition("\n")[0]
        inside_code = Blocks(text).code_at(start)
        if re.fullmatch(r"\| .* \| 1 \|", row) and not inside_code and text[start - 1] == "\n":
            sent = cutter.sent(start, end, 2, 3)
            assert sent.startswith(f"| name | 数量 |\n| --- | ---: |\n{row}")


@given(TEXTS, st.integers(30, 400), st.integers(300, 800))
def test_a_carriage_return_stays_with_its_line_feed(text: str, most: int, size: int) -> None:
    for piece, following in pairwise(pieces(text, (most, size))):
        assert not (piece.endswith("\r") and following.startswith("\n"))


@given(st.lists(st.text("ab c", min_size=1, max_size=15), min_size=2, max_size=30))
def test_paragraphs_stay_whole_where_they_fit(paragraphs: list[str]) -> None:
    paragraphs = [f"x{paragraph}x\n\n" for paragraph in paragraphs]
    # Three times the longest paragraph, and the marker.
    for piece in pieces("".join(paragraphs), (60 + 15, 1000)):
        assert piece.endswith("\n\n")


@given(st.sampled_from(["中", "\\", "\x01", "😀", "x"]), st.integers(30_000, 40_000))
@settings(max_examples=10, deadline=None)
def test_a_line_of_thirty_thousand_characters_fills_its_pieces(unit: str, count: int) -> None:
    texts = split(unit * count, 20_000, 18_000)
    fullest = min(20_000, 18_000 // encoded_size(unit))
    assert joined(texts) == unit * count
    assert all(len(text) > fullest - 40 for text in texts[:-1])


@given(st.sampled_from(["中", "word ", "x"]), st.integers(14_000, 40_000))
@settings(max_examples=10, deadline=None)
def test_only_a_link_longer_than_a_message_is_cut(unit: str, count: int) -> None:
    before, link = "x" * 3000, f"[{unit * 90}](https://e.cn/{'a' * (count - 6000)})"
    texts = split(f"{before} {link} and after", 20_000, 18_000)
    assert joined(texts) == f"{before} {link} and after"
    size, is_whole = encoded_size(link), link in joined(texts[1:2]) + "".join(texts)
    # Between the two the numbers of the pieces decide.
    assert is_whole == (size < 17_900) or 17_900 <= size < 18_000


def first_piece(text: str, characters: int) -> str:
    """The piece of at most so many characters that a text begins with."""
    return text[: best_cut(Blocks(text), 0, -(-characters // 3), characters, characters)]


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
        ("intro words\n\n# Head\n\npara one\n\nmore of it here", 36, "intro words\n\n"),
        ("intro words\n\npara\n\n# Head\n\nmore of it here", 32, "intro words\n\npara\n\n"),
        ("words of it\n# Head\n## Sub\n\ntext text text text", 32, "words of it\n"),
        ("one two\n- item a\n- item b\n  more b and on\n", 34, "one two\n- item a\n"),
        ("- a a a\n  - inner a\n  - inner b and more\n", 28, "- a a a\n  - inner a\n"),
        ("- a a a a\n\n  more a\n- b b b b b b b b\n", 26, "- a a a a\n\n  more a\n"),
        ("one\none one\n\n- item a\n- item b b b b b\n", 32, "one\none one\n\n"),
        ("see the [link text](http://x.y/z) there", 30, "see the "),
        ("see `some code` and <https://e.cn/a b", 32, "see `some code` and "),
        ("xxxxxxxxxx&amp;yyyyyyyyyyyy", 13, "xxxxxxxxxx"),
        ("xxxxxxxxxxx\\*yyyyyyyyyyyy", 12, "xxxxxxxxxxx"),
        ("aaaaaaaaaa 1. bbbbbbbbbbbb", 12, "aaaaaaaaaa 1"),
        ("aaaaaaaaaa \u0301bbbbbbbbb", 11, "aaaaaaaaaa"),
        ("aaaaaaaaaaa```bbbbbbbbb", 11, "aaaaaaaaaa"),
        ("intro it\n| a |\n|---|\n| 1 |\n", 18, "intro it\n"),
        ("| a |\n|---|\n| 1 |\n| 2 |\nplain\nplain", 31, "| a |\n|---|\n| 1 |\n"),
        ("a a\n```sh\nx\n\ny\n# note\nz z z z\n```\n", 32, "a a\n```sh\nx\n\n"),
        ("🇩🇪" * 100, 131, "🇩🇪" * 65),
    ],
)
def test_a_cut_falls_at_the_best_boundary(text: str, characters: int, first: str) -> None:
    assert first_piece(text, characters) == first


CODE = "a a a\n```py\nx = 1\n\ny = 2\nz = 3\nw = 4\n```\nafter it\n"


@pytest.mark.parametrize(
    ("characters", "first"),
    [
        (45, "a a a\n```py\nx = 1\n\ny = 2\nz = 3\nw = 4\n```\n"),
        (40, "a a a\n```py\nx = 1\n\n"),
        (36, "a a a\n```py\nx = 1\n\n"),
        (15, "a a a\n"),
    ],
)
def test_code_is_cut_before_it_after_it_or_at_its_blank_lines(characters: int, first: str) -> None:
    assert first_piece(CODE, characters) == first


def test_a_piece_of_code_is_whole_by_itself() -> None:
    text = "```python title\n" + "a = 1\n" * 12 + "```\nend"
    first, second = split(text, 85, 1000)
    assert first == "```python title\n" + "a = 1\n" * 9 + "```\n\n— 1/2"
    assert second == "```python title\n" + "a = 1\n" * 3 + "```\nend\n\n— 2/2"


def test_a_line_of_code_that_is_cut_says_that_it_goes_on() -> None:
    texts = split("> ~~~sh\n> " + "x" * 100 + "\n> ~~~\n", 100, 1000)
    assert texts[0].endswith("x\n> ~~~\n\n— 1/2 …")
    assert texts[1].startswith("> ~~~sh\nx")


def test_code_without_an_end_is_closed_in_each_piece() -> None:
    texts = split("```\n" + "line\n" * 30, 100, 1000)
    assert texts[-1].endswith(f"line\n\n```\n\n— {len(texts)}/{len(texts)} …")
    assert joined(texts) == "```\n" + "line\n" * 30


def test_a_fence_in_a_list_is_opened_again_as_one() -> None:
    texts = split("10. ```py\n" + "    a = 1\n" * 12 + "    ```\n", 100, 1000)
    assert [sent.partition("\n")[0] for sent in texts] == ["10. ```py", "   ```py"]


def test_a_table_is_cut_between_its_rows_under_its_head() -> None:
    head = "| a | b |\n|---|---|\n"
    rows = [f"| {n} | x |\n" for n in range(10, 25)]
    texts = split(head + "".join(rows), 100, 1000)
    assert len(texts) == 3
    assert all(text.startswith(head + "| ") for text in texts)
    assert joined(texts) == head + "".join(rows)


@pytest.mark.parametrize(
    ("cell", "size"),
    [("a" * LONGEST_HEAD, (20_000, 9000)), ("a" * 100, (400, 9000)), ("a" * 100, (9000, 400))],
)
def test_a_head_too_long_to_be_repeated_is_shown_once(cell: str, size: tuple[int, int]) -> None:
    head = f"| {cell} | b |\n|---|---|\n"
    texts = split(head + "| 1 | 2 |\n" * 900, *size)
    assert len(texts) > 1
    assert sum("aaa" in text for text in texts) == 1


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
    assert Cutter(Blocks(text), 1000, 1000).middle(0, len(text)) == len(first)


@pytest.mark.parametrize("text", ["", "x", "中"])
def test_a_single_character_cannot_be_halved(text: str) -> None:
    with pytest.raises(ValueError, match="less than two"):
        Cutter(Blocks(text), 100, 100).middle(0, len(text))


# --- the marker -----------------------------------------------------------------------------------


def test_a_text_that_fits_is_sent_as_it_is() -> None:
    assert split("```\nunclosed", 100, 100) == ["```\nunclosed"]


def test_the_pieces_are_counted_at_their_end() -> None:
    texts = split("para\n\n" * 30, 100, 1000)
    assert counts(texts) == [(n, len(texts)) for n in range(1, len(texts) + 1)]
    assert texts[0].endswith("para\n\n\n\n— 1/3")
    assert marker(2, 3) == "\n\n— 2/3"


def test_white_space_alone_is_no_piece_and_is_not_counted() -> None:
    assert split("hello" + "\n" * 500, 100, 1000) == ["hello" + "\n" * 82]
    assert split(" " * 500, 100, 1000) == []


def test_messages_too_small_for_fences_and_marker_are_sent_without() -> None:
    assert split("word " * 4, 10, 100) == ["word word "] * 2
    small = split("```python\n" + "a\n" * 20 + "```\n", 40, 1000)
    assert len(small) > 1
    assert sum(text.count("```python") for text in small) == 1
    assert counts(small)


def test_the_empty_text_has_no_pieces() -> None:
    assert split("", 10, 10) == []


@pytest.mark.parametrize(
    ("characters", "encoded_bytes"), [(0, 100), (-1, 100), (10, LARGEST_CODE_POINT - 1)]
)
def test_limits_that_hold_no_character_are_refused(characters: int, encoded_bytes: int) -> None:
    with pytest.raises(ValueError, match="at least 1 and 6"):
        split("text", characters, encoded_bytes)


# --- fences ---------------------------------------------------------------------------------------


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
        ("> ```\n> a\n\n```\nb\n```", ["> a\n", "b\n"]),
        ("> > ```\n> > a\n> b\n> > ```\n> > c", ["> > a\n", "> > c"]),
        (">```\n> a\n> ```", ["> a\n"]),
    ],
)
def test_fenced_code_is_found_as_a_reader_finds_it(text: str, code: list[str]) -> None:
    assert [text[block.code_start : block.code_end] for block in fences(text)] == code


# --- how long it takes ----------------------------------------------------------------------------

COSTLY = [
    *("中文句子", "!", "\n", "```\nx\n\n```\n", "🇩", "\u0301", ' "', "para\n\n", "。”", "\ud83d"),
    *("# a\n", "```\n", "> ```\n", ">" * 10_000 + "\n", "|", "|-\n", "| a | b |\n|-|-|\n", "`a"),
    *("[a](", "![a]", "[", f"[a](http://b/{'x' * 30_000})\n", "<http:", "https://", "\\", "&a"),
    *("- item\n", "# h\n\n\n   \n", " " * 3000 + ":", "a\n\n\n", "~" * 9),
]


@pytest.mark.parametrize("unit", COSTLY, ids=lambda unit: ascii(unit[:12]))
def test_ten_times_the_text_takes_about_ten_times_as_long(unit: str) -> None:
    def work(text: str) -> None:
        split(text, 2000, 1800)
        Cutter(Blocks(text), 2000, 1800).middle(0, len(text))

    assert_in_proportion(work, unit, 40_000)
