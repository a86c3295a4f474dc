"""What is generated for the reader is up to date, and Markdown becomes help that can be read."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen import markdown
from docgen.__main__ import main
from docgen.generated import CHAT, CHINESE, DECLARED, ENGLISH, HELP, SENTENCES, TYPES, stale
from docgen.layout import WIDTH, aligned, fill, width
from docgen.tables import filled, tables
from docgen.vimhelp import page, row_name
from tests.support.documents import IN_CHINESE, MANUAL, ROOT, WHOLE
from tests.support.processes import run

LOOK = "lua/dingbridge/message_format.lua"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the documents and of what is generated."""
    lua = (CHAT, DECLARED, TYPES, SENTENCES, CHINESE, ENGLISH, LOOK)
    for name in (*MANUAL, *IN_CHINESE, HELP, *lua):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_files_in_the_project_are_up_to_date() -> None:
    assert stale(ROOT) == []


def test_the_check_runs_from_the_command_line() -> None:
    command = [sys.executable, "-m", "docgen", "--check"]
    assert run(command, cwd=ROOT / "doc").returncode == 0


@pytest.mark.parametrize(
    "help_altered", ["*dingbridge-option-webhook*", "*:DingTalk-stop*", "Nothing can come back."]
)
def test_altered_files_are_stale_until_they_are_written_again(
    project: Path, help_altered: str, capsys: pytest.CaptureFixture[str]
) -> None:
    altered = {
        "doc/configuration.md": "| `msgtype` |",
        "doc/editor.md": "| `:Chat open {id}` |",
        "doc/lua-api.md": "`DingbridgeQueued` | `id`, ",
        "doc/troubleshooting.md": "`*QpmLimit*`",
        "doc/remote-commands.md": "| `/stop` |",
        "doc/sandbox.md": "`errcode` 43002",
        "doc/zh/configuration.md": "| `msgtype` |",
        "doc/zh/remote-commands.md": "| `/stop` |",
        "doc/zh/troubleshooting.md": "钉钉繁忙。",
        HELP: help_altered,
        DECLARED: "'DINGTALK_SECRET'",
        TYPES: "---@field msgtype? ",
    }
    originals = {name: (project / name).read_bytes() for name in altered}
    for name, part in altered.items():
        assert part.encode() in originals[name]
        (project / name).write_bytes(originals[name].replace(part.encode(), b"other", 1))
    assert main(["--check", "--root", str(project)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert {*told} == {f"stale: {name} (run `make doc`)" for name in altered}
    assert main(["--root", str(project)]) == 0
    assert {*capsys.readouterr().out.splitlines()} == {f"wrote {name}" for name in altered}
    assert {name: (project / name).read_bytes() for name in altered} == originals
    assert main(["--check", "--root", str(project)]) == 0


def test_a_sentence_of_a_document_reaches_the_help(project: Path) -> None:
    readme = project / "README.md"
    readme.write_text(readme.read_text("utf-8") + "\nThe end 完\n", "utf-8")
    assert stale(project) == [HELP]
    main(["--root", str(project)])
    assert "\nThe end 完\n" in (project / HELP).read_text("utf-8")


def test_a_link_that_leads_nowhere_is_named(project: Path) -> None:
    path = project / "doc/cli.md"
    path.write_text(path.read_text("utf-8") + "\n[see](editor.md#nowhere)\n", "utf-8")
    with pytest.raises(
        ValueError, match=r"doc/cli\.md: no heading for the link editor\.md#nowhere"
    ):
        stale(project)


# --- tables -------------------------------------------------------------------------------------


def test_every_table_has_its_place_in_the_manual() -> None:
    for name in tables((ROOT / LOOK).read_text("utf-8")):
        assert WHOLE.count(f"<!-- {name}: generated -->") == 1, name
        assert WHOLE.count(f"<!-- {name}: end -->") == 1, name


def test_every_highlight_group_is_in_its_table() -> None:
    look = (ROOT / LOOK).read_text("utf-8")
    groups = look.partition("local LINKS = {\n")[2].partition("}")[0].splitlines()
    assert len(groups) > 5
    assert len(tables(look)["highlights"].splitlines()) == len(groups) + 2


def test_only_groups_of_the_table_colour_bars_notices_and_signs() -> None:
    look = (ROOT / LOOK).read_text("utf-8")
    groups = {*re.findall(r"^  (Dingbridge\w+) = '", look, re.MULTILINE)}
    for path in (ROOT / "lua" / "dingbridge").glob("*.lua"):
        code = path.read_text("utf-8")
        used = {*re.findall(r"%#(\w+)#", code), *re.findall(r"hl_group = '(\w+)'", code)}
        used |= {*re.findall(r"'(Dingbridge[A-Z]\w+)',? ?[}\n]", code)}
        assert used <= groups, path.name


def test_text_around_a_table_is_left_alone() -> None:
    text = "A\n<!-- x: generated -->\nold\n<!-- x: end -->\nB\n"
    new = filled(text, {"x": "| a |\n", "y": "unused"})
    assert new == "A\n<!-- x: generated -->\n\n| a |\n\n<!-- x: end -->\nB\n"
    assert filled(new, {"x": "| a |\n"}) == new


def test_a_lost_end_mark_is_named() -> None:
    with pytest.raises(ValueError, match="x: generated --> without <!-- x: end"):
        filled("<!-- x: generated -->\nand much text\n", {"x": "body"})


# --- Markdown to help ---------------------------------------------------------------------------


def shown(source: str) -> str:
    """The help of a piece of Markdown in which each link leads to a tag of the same name."""
    return "\n".join(
        page(markdown.parse(source), lambda address: address.replace("#", "|") + "|", {":Chat"})
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Some *words* and\n**more** `code`.", "Some words and more `code`."),
        ("[Look](#there).", "Look (|there|)."),
        ("[site](https://a.example)", "site <https://a.example|>"),
        ("Say `:Chat`.", "Say |:Chat|."),
        ("Say `:Chat status`.", "Say `:Chat status`."),
        ("- a\n- b\n  - c", "- a\n- b\n  - c"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("So:\n\n```lua\nlocal a\n```\n\nAnd", "So:\n>lua\n    local a\n<\nAnd"),
        ("- a\n\n```lua\nlocal a\n```", "- a\n\n>lua\n    local a\n<"),
        ("```\nplain\n```", ">\n    plain\n<"),
        ("- a\n\n  ```sh\n  ls\n  ```", "- a\n\n>sh\n      ls\n<"),
        ("| a | b |\n|---|---|\n| 一 | x |\n| c | y |", "    a   b ~\n    一  x\n    c   y"),
        ("| a \\| b |\n|---|\n| `*x*` |", "    a | b ~\n    `*x*`"),
        ("<!-- nothing -->\n\nText", "Text"),
    ],
)
def test_a_piece_of_markdown_in_help(source: str, text: str) -> None:
    assert shown(source) == text


def test_headings_have_their_tags_above_and_titles_a_rule() -> None:
    text = shown("# Title\n\n<!-- tag: a b -->\n## Some `code`\n\n### Some, code\n")
    assert text.splitlines() == [
        "=" * 78,
        f"TITLE{'*dingbridge-title*':>73}",
        "",
        f"{'*a* *b*':>78}",
        "Some code ~",
        "",
        f"{'*dingbridge-some-code-1*':>78}",
        "Some, code ~",
    ]


def test_rows_of_a_table_with_tags_are_entries() -> None:
    table = "| option | default | meaning |\n|---|---|---|\n| `a.{id}.b` | `1` | What it is. |\n"
    assert shown(f"<!-- tag: opt-* -->\n\n<!-- x: generated -->\n\n{table}").splitlines() == [
        f"{'*opt-a.b*':>78}",
        "a.{id}.b",
        "    What it is. Default: `1`.",
    ]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (":Chat", ""),
        (":Chat list", "list"),
        (":[range]Chat send-image", "send-image"),
        ("groups.{id}.users", "groups.users"),
        ("/diag [error|warn]", "diag"),
        ("DingbridgeQueued", "DingbridgeQueued"),
    ],
)
def test_the_name_of_a_row(cell: str, name: str) -> None:
    assert row_name(cell) == name


def test_a_table_too_wide_for_columns_becomes_entries() -> None:
    head, rule = "| a | b | c |", "|---|---|---|"
    row = f"| {'x' * 40} | {'y ' * 20} | {'z ' * 40} |"
    lines = shown(f"{head}\n{rule}\n{row}").splitlines()
    assert lines[0] == "x" * 40
    assert all(line.startswith("    ") for line in lines[1:])
    assert "B: y" in " ".join(lines)


def test_what_the_converter_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match="no help for"):
        shown("> a quote")
    with pytest.raises(ValueError, match="no help for"):
        shown("words ![picture](a.png)")


def test_a_picture_is_its_words_in_the_help() -> None:
    assert shown("![A chat in Neovim](a.png)") == "[picture: A chat in Neovim]"


def test_two_headings_with_the_same_words_have_two_anchors() -> None:
    found = markdown.headings(markdown.parse("# A b\n\n## A, b!\n\n## A b\n"))
    assert [each.anchor for each in found] == ["a-b", "a-b-1", "a-b-2"]


WORDS = st.text("ab 好`…|*~<>", max_size=200)


@given(WORDS)
def test_no_word_is_lost_and_no_line_too_wide(text: str) -> None:
    lines = fill(text, "- ", "  ")
    assert "".join(lines)[2:].replace(" ", "") == text.replace(" ", "")
    assert all(width(line) <= WIDTH or " " not in line.strip(" -") for line in lines)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_no_cell_of_a_table_is_lost(rows: list[tuple[str, str]]) -> None:
    lines = aligned(("one", "two"), rows, 74)
    if lines is not None:
        assert all(width(line) <= 76 for line in lines)
        for letter in "ab好`…|*<>":
            assert sum(line.count(letter) for line in lines) == sum(
                cell.count(letter) for row in rows for cell in row
            )
