"""Markdown reaches DingTalk in the few forms its clients draw, and nothing of it is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from wcwidth import wcswidth

from dingbridge.core.delivery.outgoing_text import may_link, may_show
from dingbridge.core.markdown import code_blocks, rendering
from dingbridge.core.markdown.plain import is_plain
from dingbridge.core.markdown.rendering import LARGEST, for_dingtalk, spans, tags, titles
from dingbridge.core.markdown.rendering.tables import Style
from dingbridge.core.regex import PIECE, REACH
from tests import commonmark
from tests.support.growth import assert_in_proportion

GOLDEN = Path(__file__).parents[2] / "golden" / "rendering"
STYLES: tuple[Style, ...] = get_args(Style)

READER = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
"""A client that knows all of Markdown, to compare what is shown before and after."""
WRITTEN_OUT = frozenset("☐☑◦▪‹✗›─\u200b[]")
"""What stands for a mark that DingTalk does not draw; and brackets, which around a link are words
as they cannot be one."""
LINE_BREAK = re.compile(r"<br\s*/?>")
TASK = re.compile(r"\A\[[ xX]\][ \t]")


# --- what a text shows ----------------------------------------------------------------------------


def shown(text: str) -> str:
    """All characters that a reader sees of a Markdown text, in order, without white space."""
    tokens = READER.parse(text)
    found = []
    for at, token in enumerate(tokens):
        if token.type == "inline":
            words = spans_shown(token)
            in_item = tokens[at - 2].type == "list_item_open"
            found.append(TASK.sub("", words) if in_item else words)
        elif token.type in {"fence", "code_block", "html_block"}:
            found.append(token.content)
    readable = LINE_BREAK.sub("", "".join(found))
    return "".join(c for c in readable if not c.isspace() and c not in WRITTEN_OUT)


def spans_shown(token: Token) -> str:
    children = token.children or ()
    return "".join(c.content if c.type != "image" else spans_shown(c) for c in children)


def is_within(short: str, text: str) -> bool:
    """Whether the characters of `short` stand in `text` in this order."""
    rest = iter(text)
    return all(character in rest for character in short)


def blocks_of_code(text: str) -> list[str]:
    blocks = (t.content for t in READER.parse(text) if t.type in {"fence", "code_block"})
    return [block.replace("\u200b", "").rstrip("\n") for block in blocks]


def are_among(some: list[str], blocks: list[str]) -> bool:
    rest = iter(blocks)
    return all(any(block == other for other in rest) for block in some)


def all_tokens(text: str) -> Iterator[Token]:
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


# --- generated texts ------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *(
            "word",
            "Two",
            "中文",
            "全角，标点。",
            "👩\u200d👩\u200d👧",
            "🇩🇪",
            "👍🏽",
            "e\u0301",
        ),
        *(
            "snake_case",
            "@张三",
            "2 < 3",
            "#tag",
            "C#",
            "a|b",
            "&amp;",
            r"\*",
            "3.",
            "https://a.b/c",
        ),
    ]
)
CODE = st.sampled_from(["x = 1", "<div>", "a`b", "List<T>", "中文", "  two", "*", "|"])
SPANS = st.one_of(
    WORDS,
    WORDS,
    st.builds("**{}**".format, WORDS),
    st.builds("*{}*".format, WORDS),
    st.builds("~~{}~~".format, WORDS),
    st.builds("`` {} ``".format, CODE),
    st.builds("[{}](https://a.b/c)".format, WORDS),
    st.builds("[{}]({})".format, WORDS, st.sampled_from(["a/b.py", "dtmd://x/y?z", "s", "//a_b"])),
    st.builds('![{}](@media "title")'.format, WORDS),
    st.builds("<b>{}</b>".format, WORDS),
    st.sampled_from(["<https://a.b>", "<br>", "[x] y", "<std::map>", "a  \nb", "c\\\nd"]),
)
LINES = st.lists(SPANS, min_size=1, max_size=4).map(" ".join)
PARAGRAPHS = st.lists(LINES, min_size=1, max_size=3).map("\n".join)
CODE_LINES = st.lists(
    st.sampled_from(
        ["x = 1", "", "    if y:", "\tz", "```", "~~~~", "# no", "- no", "> no", "<p>"]
    ),
    min_size=1,
    max_size=5,
).map("\n".join)


def indented(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(rest + line if line else "" for line in lines[1:])])


def table_of(cells: list[str]) -> str:
    cells = [cell.replace("|", r"\|").replace("\n", " ") for cell in cells]
    rows = [f"| {a} | {b} |" for a, b in zip(cells[::2], cells[1::2], strict=False)]
    return "\n".join([rows[0], "|:-:|---|", *rows[1:]])


LEAVES = st.one_of(
    PARAGRAPHS,
    PARAGRAPHS,
    st.builds("{} {}".format, st.sampled_from(["#", "##", "######"]), WORDS),
    st.builds("{}\n{}".format, WORDS, st.sampled_from(["===", "---"])),
    st.builds("`````{}\n{}\n`````".format, st.sampled_from(["", "python", " c++ "]), CODE_LINES),
    st.builds("~~~~~\n{}\n~~~~~".format, CODE_LINES),
    CODE_LINES.map(lambda code: indented(f"code\n{code}\nend", "    ", "    ")),
    st.sampled_from(
        ["---", "***", "<div>\n**a**\n</div>", "<!-- hidden -->", "[r]: /u", "[r] [s]"]
    ),
    st.lists(LINES, min_size=2, max_size=6).map(table_of),
)


def list_of(mark: str, items: list[str], between: str) -> str:
    return between.join(indented(item, f"{mark} ", " " * (len(mark) + 1)) for item in items)


def around(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(blocks, min_size=1, max_size=3)
    marks = st.sampled_from(["-", "*", "+", "1.", "7)", "- [ ]"])
    return st.one_of(
        several.map("\n\n".join),
        several.map("\n\n".join).map(lambda text: indented(text, "> ", "> ")),
        st.builds(list_of, marks, several, st.sampled_from(["\n", "\n\n"])),
    )


TEXTS = st.recursive(LEAVES, around, max_leaves=8)


# --- properties -----------------------------------------------------------------------------------


@given(TEXTS, st.sampled_from(STYLES))
def test_nothing_that_can_be_read_is_lost(text: str, style: Style) -> None:
    assert is_within(shown(text), shown(for_dingtalk(text, table=style)))


@given(TEXTS, st.sampled_from(STYLES))
def test_code_arrives_as_it_was(text: str, style: Style) -> None:
    assert are_among(blocks_of_code(text), blocks_of_code(for_dingtalk(text, table=style)))


@given(TEXTS, st.sampled_from(STYLES))
def test_rendering_what_is_rendered_changes_nothing(text: str, style: Style) -> None:
    once = for_dingtalk(text, table=style)
    assert for_dingtalk(once, table=style) == once


@given(TEXTS, st.sampled_from(STYLES))
def test_only_what_every_client_draws_is_left(text: str, style: Style) -> None:
    lists = 0
    for token in all_tokens(for_dingtalk(text, table=style)):
        assert token.type != "softbreak", "a line end that DingTalk swallows"
        assert token.type not in {"html_inline", "html_block", "code_block", "hr", "s_open"}
        assert token.type != "table_open" or style == "native"
        assert token.attrGet("title") is None
        assert token.type != "link_open" or may_link(str(token.attrs["href"]))
        assert token.type != "image" or may_show(str(token.attrs["src"]))
        lists += token.nesting if token.type.endswith("_list_open") else 0
        lists -= 1 if token.type.endswith("_list_close") else 0
        assert lists <= 1, "a list in a list"


@pytest.mark.timeout(180)
def test_the_examples_of_commonmark_pass_through() -> None:
    examples = commonmark.examples()
    assert len(examples) > 600
    for text in examples:
        for style in STYLES:
            once = for_dingtalk(text, table=style)
            assert is_within(shown(text), shown(once)), text
            assert are_among(blocks_of_code(text), blocks_of_code(once)), text
            assert for_dingtalk(once, table=style) == once, text


# --- examples -------------------------------------------------------------------------------------


def golden() -> Iterator[tuple[str, Style, str]]:
    for expected in sorted(GOLDEN.glob("*.out")):
        name, _, style = expected.name.removesuffix(".out").partition(".")
        yield name, next((known for known in STYLES if known == style), "auto"), expected.name


@pytest.mark.parametrize(("name", "style", "expected"), list(golden()))
def test_a_text_becomes_what_its_file_shows(name: str, style: Style, expected: str) -> None:
    text = (GOLDEN / f"{name}.md").read_text(encoding="utf-8")
    assert for_dingtalk(text, table=style) + "\n" == (GOLDEN / expected).read_text(encoding="utf-8")


def test_every_text_has_a_file_that_shows_what_it_becomes() -> None:
    names = {name for name, _, _ in golden()}
    assert names == {path.stem for path in GOLDEN.glob("*.md")}
    assert len(names) > 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n \n", ""),
        ("one line", "one line"),
        ("# Heading\n\nA paragraph with `code`.", "# Heading\n\nA paragraph with `code`."),
        ("a\r\nb", "a  \nb"),
        ("@张三 look\n@zhangsan", "@张三 look  \n@zhangsan"),
        ("*.py and *.js", "*.py and *.js"),
        (r"\*no\* \<b>", r"\*no\* \<b>"),
        ("a\n    # no heading", "a  \n    # no heading"),
        ("> a\n===", "> a  \n>     ==="),
        ("- - a", "- &nbsp;&nbsp;◦ a"),
        ("-", "-"),
        ("1. `a\n   - b`", "1. \\`a  \n   &nbsp;&nbsp;◦ b\\`"),
        ("* <br>**", "* &nbsp;**"),
        ("- a\n\n#\n\n- b", "- a\n\n&nbsp;\n\n- b"),
        ("999999999. a\n1. b", "999999999. a\n999999999. b"),
        ("- # a\n  - # b #", "- # a  \n  &nbsp;&nbsp;◦ b"),
        ("a #\n===", "# a # #"),
        ("~~~ a`b\nx\n~~~", "```ab\nx\n```"),
        ("```\n```", "```\n```"),
        ("`a\nb`", "`a b`"),
        ("`<script>` <script", "`<\u200bscript>` &lt;script"),
        ("[a](<b)c", r"[a]\(&lt;b)c"),
        ("[a](</b c>)", "a (/b%20c)"),
        ("[a](http://b/?c=1&copy=2 'd')", "[a](http://b/?c=1&copy=2)"),
        ("![a](data:image/png;base64,AAAA)", "🖼 a"),
        ("![[a](b)](http://c)", "![a](http://c)"),
        ("![a](b)", "🖼 a (b)"),
        ("*[a*](b)", r"*a\* (b)"),
        ("[[a](b)](c)", "a (b) (c)"),
        ("[a [b](c)](https://d)", "[a b (c)](https://d)"),
        ("[`a`](b)", "`a` (b)"),
        ("[^1]: note", "[^1]: note"),
        ("[a]: /b", r"\[a\]: /b"),
        ("[a]\n\n[a]: /b", "a (/b)"),
        ("[a]\n\n[a]: <https://b>", "[a](https://b)"),
        ("<br>", "&nbsp;"),
        ("<b *a*>", "&lt;b *a*>"),
        ('<a href="*x*">y', r'&lt;a href="\*x\*">y'),
        ("a ~~b~~\n~c~", "a ‹✗ b›  \n~c~"),
        ("mail <me@a.b>", "mail <me@a.b>"),
        ("<a+b:c>", "&lt;a+b:c>"),
        ("\u3000\u3000段落", "段落"),
        ("> ", ""),
    ],
)
def test_a_construct_gets_the_form_dingtalk_draws(text: str, expected: str) -> None:
    assert for_dingtalk(text) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("<div>", "<\u200bdiv>"),
        ("</p>", "<\u200b/p>"),
        ('<a href="x">', '<\u200ba href="x">'),
        ("<input disabled>", "<\u200binput disabled>"),
        ("<BR/>", "<\u200bBR/>"),
        ("<!-- x -->", "<\u200b!-- x -->"),
        ("<!doctype html>", "<\u200b!doctype html>"),
        ("#include <stdio.h>", "#include <stdio.h>"),
        ("Vec<u8> Map<K, V> List<Object>", "Vec<u8> Map<K, V> List<Object>"),
        ("a <b && c> d; x <= y; cat <<EOF", "a <b && c> d; x <= y; cat <<EOF"),
        ("&lt;", "&lt;"),
    ],
)
def test_only_real_elements_of_html_are_touched_in_code(code: str, expected: str) -> None:
    assert for_dingtalk(f"```\n{code}\n```") == f"```\n{expected}\n```"


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=2, max_size=5))
@example([("名", "a", "b"), ("x", "中文字", "👩\u200d👧")])
def test_the_columns_of_a_table_in_code_are_aligned(rows: list[tuple[str, str, str]]) -> None:
    rows = [(a[:50].replace("|", "/"), b[:50].replace("|", "/"), "end") for a, b, _ in rows]
    head, *body = (f"| {a} | {b} | {c} |" for a, b, c in rows)
    lines = for_dingtalk("\n".join([head, "|---|--:|---|", *body]), table="code").split("\n")
    assert len({wcswidth(line) for line in lines[1:-1]}) == 1
    assert all(line.endswith("  end") for line in [lines[1], *lines[3:-1]])


def test_only_who_asks_for_it_has_tables_drawn_by_dingtalk() -> None:
    table = "| a | b |\n|---|---|\n| many words | 很多文字 |"
    assert for_dingtalk(table).startswith("```\n")
    assert for_dingtalk(table, table="native").startswith("| a | b |\n| :--- | :--- |\n")
    linked = table.replace("many", "[many](https://a.b)")
    assert "[many](https://a.b)" in for_dingtalk(linked)


def test_cells_that_would_change_each_other_are_written_as_text() -> None:
    table = "| a `b | c** |\n|---|---|\n| d` | **e |"
    assert shown(for_dingtalk(table, table="text")) == "a`bc**d`**e"


@pytest.mark.parametrize(
    "piece",
    [
        *(">", "> ", "- ", "1. ", "[", "![", "](", "*", "**a", "_", "`", "``a", "~~", "<", "<a "),
        *("<!--", "&", "\\", "|", "|-", "#", "  ", "\t", "a\n", "\\\n", "<br>", "- a\n", "~~~\n"),
        *("[a]: b\n", "> a\n", "| a |\n|-|\n", "`a`\n", "[a](b", "(", "\n\n", "\u3000", "\0"),
    ],
)
def test_ten_times_the_marks_take_about_ten_times_as_long(piece: str) -> None:
    def work(text: str) -> None:
        assert "end" in for_dingtalk(text + "end")

    assert_in_proportion(work, piece, 15_000)


@pytest.mark.parametrize(
    "line", ["x" * 10_000, "中" * 10_000, "👩\u200d👧" * 3_300, "word `code` **b** " * 600]
)
@pytest.mark.parametrize(
    "form",
    ["{}", "# {}", "- {}", "- a\n  - {}", "> {}", "| {} |\n|-|\n| {} |", "```\n{}\n```", "[{}](u)"],
)
def test_a_line_of_ten_thousand_characters_is_kept_in_every_form(line: str, form: str) -> None:
    text = form.format(*[line] * form.count("{}"))
    assert is_within(shown(text), shown(for_dingtalk(text)))


def test_quotes_and_lists_nested_without_end_keep_their_text() -> None:
    for mark in ("> ", "- ", ">- ", "1. "):
        assert shown(for_dingtalk(mark * 10_000 + "deep")).endswith("deep")
    steps = "\n".join(f"{'  ' * depth}- step {depth}" for depth in range(300))
    assert is_within("step0step150step299", shown(for_dingtalk(steps)))


def test_a_text_too_large_to_parse_keeps_its_code_and_shows_its_line_ends() -> None:
    code = "```\nx\n  y\n```\n"
    text = "one\ntwo\n\n" + code + "<div>\n\n" + "word " * (LARGEST // 5)
    found = for_dingtalk(text)
    assert found.startswith("one  \ntwo\n\n" + code + "<\u200bdiv>\n\n")
    assert for_dingtalk(found) == found


def test_no_call_looks_at_much_of_a_text_too_large_to_parse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A call of `re` holds up every other thread until it returns.
    looked_at = []

    class Watched:
        def __init__(self, pattern: re.Pattern[str]) -> None:
            self._pattern = pattern

        def sub(self, replacement: str, text: str) -> str:
            looked_at.append(len(text))
            return self._pattern.sub(replacement, text)

        def finditer(self, text: str, start: int, *end: int) -> Iterator[re.Match[str]]:
            looked_at.append((end[0] if end else len(text)) - start)
            return self._pattern.finditer(text, start, *end)

    monkeypatch.setattr(rendering, "_LINE_END", Watched(rendering._LINE_END))
    monkeypatch.setattr(tags, "_DRAWN", Watched(tags._DRAWN))
    assert (
        for_dingtalk("one <b>\n" * LARGEST)
        == "one <\u200bb>  \n" * (LARGEST - 1) + "one <\u200bb>\n"
    )
    assert max(looked_at) <= PIECE + REACH


# --- lines that mean themselves -------------------------------------------------------------------

LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["word", "字", "Ünïcode", " ", ".", ":", "//", "www.", "1.", "(c)", "'", '"', "--", "%"]
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=12,
).map("".join)


@given(LINES)
@example("message 1")
@example("see www.example.com")
@example("ftp://example.com")
@example("Note: it works, doesn't it?")
@example("a. b")
@example("setext\n===")
def test_a_line_that_is_left_out_of_the_parser_means_the_same_to_it(line: str) -> None:
    if is_plain(line):
        assert for_dingtalk(line) == line
        assert titles.title(line) == code_blocks.title(line)
        assert shown(line) == "".join(line.split())


LINKS = st.lists(
    st.sampled_from(
        [
            *(
                "[a](https://e.com/x)",
                "[b *c](http://e.com?q=1&x=%20)",
                "[](https://e.com)",
                "word",
            ),
            *(
                "[a\nb](https://e.com)",
                "[x](e.com)",
                "[y](javascript://z)",
                "中文",
                " ",
                "\n",
                "&amp;",
            ),
            *(
                "!",
                "[",
                "]",
                "(",
                ")",
                "\\",
                "~~",
                "*",
                "_",
                "[z]",
                "(https://e.com)",
                "https://e.com",
            ),
        ]
    ),
    max_size=10,
).map("".join)


@given(LINKS)
@example("![a](https://e.com/x)")
@example("\\[a](https://e.com/x)")
@example("[[a](https://e.com/x)](dtmd://y)")
def test_a_plain_link_is_what_the_parser_finds(text: str) -> None:
    # Code always goes through the parser.
    found = spans.lines(f"{text} x", {"used": set()})
    assert spans.lines(f"{text} x\n`c`", {"used": set()}) == [*found, "`c`"]


def test_what_is_typed_in_a_chat_is_mostly_left_out_of_the_parser() -> None:
    assert all(
        map(is_plain, ("message 1", "Yes, that works.", "我明白了，谢谢！", "it's (almost) done"))
    )
    marked = (
        "*",
        "a * b",
        "1. one",
        "# x",
        "a`b`",
        "<b>",
        "a\nb",
        "a  b",
        "a ",
        "[x](y)",
        "a&amp;b",
    )
    assert not any(map(is_plain, marked))
