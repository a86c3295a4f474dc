"""Titles say what a message is about, and code from the editor arrives as it was."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dingbridge.core.dingtalk.limits import TITLE_CHARACTERS
from dingbridge.core.markdown.code_blocks import fenced, title
from dingbridge.core.markdown.fences import fences
from dingbridge.core.text import clean, visible

MARKED = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            [
                *("\n", "\n\n", "# ", "## ", "> ", "- ", "* ", "1. ", "- [ ] ", "**", "*", "__"),
                *("~~", "`", "```", "\n```py\n", "\n```\n", "---", "|", "|---|", "[", "](u)"),
                *(
                    "![",
                    "](",
                    ")",
                    "\\*",
                    "<https://a.b>",
                    "标题",
                    "👩\u200d👧",
                    "\u200b",
                    "\x1b[m",
                ),
            ]
        ),
    )
).map("".join)


def is_taken_from(short: str, text: str) -> bool:
    """Whether the visible characters of `short` stand in `text` in this order."""
    rest = iter(text)
    return all(character in rest for character in short if not character.isspace())


@given(MARKED)
@example("\u200b")
@example("\x1b[31m")
def test_a_title_is_one_short_visible_line_from_the_content(text: str) -> None:
    found = title(text)
    assert 1 <= len(found) <= TITLE_CHARACTERS
    assert found == " ".join(found.split())
    assert visible(found)
    assert found == clean(found)
    content = clean(text)
    assert (
        found == "Neovim"
        or is_taken_from(found, content)
        or (found[-1] == "…" and is_taken_from(found[:-1], content))
    )


@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=TITLE_CHARACTERS))
def test_a_short_plain_line_is_its_own_title_under_any_marks(words: str) -> None:
    for marked in (
        *(words, f"# {words}", f"### {words} ###", f"> {words}", f"- {words}", f"* {words}"),
        *(f"12. {words}", f"- [x] {words}", f"> - # {words}", f"**{words}**", f"_{words}_"),
        *(f"***{words}***", f"~~{words}~~", f"`{words}`", f"[{words}](https://a.b/(c))"),
        *(f"![{words}](@media)", f"[![{words}](i)](l)", f"| {words} |", f"## **[{words}](u)**"),
        *(f"\n---\n\n{words}\n===\nrest", f"```\ncode\n```\n{words}", f"**{words}"),
    ):
        assert title(marked) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## Build failed\n\nlog", "Build failed"),
        ("**注意**：`main.py` 出错", "注意：main.py 出错"),
        ("##标题", "标题"),
        ("#标题", "标题"),
        ("#hashtag", "#hashtag"),
        ("C# or F#", "C# or F#"),
        ("snake_case_name", "snake_case_name"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("`a*b*c`", "a*b*c"),
        (r"\*not emphasis\*", "*not emphasis*"),
        ("<https://x.y>", "https://x.y"),
        ("| a | b |\n|:--|--:|\n| 1 | 2 |", "a b"),
        (":--|--:\nwords", "words"),
        ("===\nwords", "words"),
        ("* * *\nwords", "words"),
        ("**bold *it* x**", "bold it x"),
        ("I like #", "I like #"),
        ("+1", "+1"),
        ("?", "?"),
        ("🎉 🎉\n\n部署完成", "部署完成"),
        ("修复完成。现在所有的测试都通过了，可以合并到主分支。", "修复完成"),
        ("Is it ready now? I would like to merge it today.", "Is it ready now?"),
        ("Done. All tests pass and the branch is merged.", "Done. All tests pas…"),
        ("<b>hi</b> List<String>", "hi List<String>"),
        ("[the log][1] says so\n\n[1]: https://a.b", "the log says so"),
        ("[INFO]: started", "[INFO]: started"),
        ("![](@media)", "Neovim"),
        ("```lua\n```", "lua"),
        ("", "Neovim"),
        ("\n\u200b\n---\n", "Neovim"),
        ("```\n```", "Neovim"),
        ("```py\n\nimport os\nos.exit()\n```", "import os"),
        ("```\n# not a heading\n```", "# not a heading"),
        ("```\nnever closed", "never closed"),
        ("看" * 20, "看" * 20),
        ("看" * 21, "看" * 19 + "…"),
        ("x" * 18 + "👩\u200d👧" * 2, "x" * 18 + "…"),
    ],
)
def test_the_title_is_the_first_line_that_says_something(text: str, expected: str) -> None:
    assert title(text) == expected


@pytest.mark.parametrize(
    "line",
    [
        *("![](" + "x" * 30_000, "[" * 30_000, "*a " * 10_000, ">" * 30_000, "-" * 30_000 + "x"),
        *("\n" * 30_000 + "x", "<!-- " * 10_000, "# " + "标" * 30_000, "|" * 30_000),
    ],
)
def test_a_line_of_thirty_kilobytes_has_a_title_too(line: str) -> None:
    assert 1 <= len(title(line)) <= TITLE_CHARACTERS


@given(
    st.text() | st.text("`~\n x", min_size=1),
    st.text(max_size=20) | st.sampled_from(["src/a.py", "a`b.md", "", "``"]),
    st.sampled_from(["python", "", "c++", "x`y", "objective-c", "a b\nc"]),
)
def test_a_sent_range_is_one_fenced_block_with_the_code_unchanged(
    code: str, name: str, language: str
) -> None:
    block = fenced(code, name, language, 3, 9)
    origin, _, rest = block.partition("\n")
    (found,) = fences(rest)
    assert (found.start, found.end) == (0, len(rest))
    inside = rest[found.code_start : found.code_end]
    assert inside in (code, code + "\n")
    assert "3-9" in origin
    assert not list(fences(origin))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("x = 1\n", "src/a.py", "python", 10, 20), "`src/a.py:10-20`\n```python\nx = 1\n```"),
        (("x = 1", "src/a.py", "", 7, 7), "`src/a.py:7`\n```\nx = 1\n```"),
        (("```\n", "a.md", "markdown", 1, 1), "`a.md:1`\n````markdown\n```\n````"),
        (("x", "", "", 1, 2), "`lines 1-2`\n```\nx\n```"),
        (("x", "", "", 1, 1), "`line 1`\n```\nx\n```"),
        (("x", "a`b", "", 1, 1), "`` a`b:1 ``\n```\nx\n```"),
        (("", "a", "", 1, 1), "`a:1`\n```\n```"),
    ],
)
def test_a_sent_range_names_its_file_and_lines(
    arguments: tuple[str, str, str, int, int], expected: str
) -> None:
    assert fenced(*arguments) == expected
