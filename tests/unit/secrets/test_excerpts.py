"""A part of a file, of changes or of an output leaves no secret because it was cut out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.commands import editor_replies
from dingbridge.core.secrets import excerpts
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.secrets.masking import mask
from dingbridge.core.secrets.private_keys import PRIVATE_KEY
from dingbridge.edges.programs import project_files
from tests.support.guard_corpus import ALONE, drawing, lines
from tests.support.keys import KEY, MARKED, NOTES

TOKEN = ALONE["GitHub personal"][1](drawing("excerpts"))


def part(first: int, last: int, notes: list[str] = NOTES) -> tuple[str, Around]:
    """Lines of the notes from 1, and what stood before them."""
    return "\n".join(notes[first - 1 : last]), Around("\n".join(notes[: first - 1]))


def test_no_part_of_a_file_shows_a_line_of_a_key() -> None:
    for first in range(1, len(NOTES) + 1):
        for last in range(first, len(NOTES) + 1):
            guarded = excerpts.mask(*part(first, last), (), {})
            assert not [line for line in KEY if line in guarded.text], (first, last)
            inside = [line for line in NOTES[first - 1 : last] if line in KEY]
            assert guarded.found or not inside
            for line in NOTES[first - 1 : last]:
                assert line in MARKED or line in guarded.text


def test_a_key_is_one_mark_in_a_part_and_counted_once() -> None:
    guarded = excerpts.mask(*part(6, 19), (), {})
    assert guarded.text.count("[secret masked: private key") == 1
    assert [(one.kind, one.count) for one in guarded.found] == [(PRIVATE_KEY, 1)]
    assert excerpts.mask(*part(19, 21), (), {}).found == ()


LINES = st.sampled_from([*NOTES, TOKEN, "a token: " + TOKEN, "", "x"])


@given(st.lists(LINES, min_size=1), st.data())
def test_a_part_is_masked_as_it_is_with_all_that_stands_before_it(
    notes: list[str], data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, len(notes)))
    last = data.draw(st.integers(first, len(notes)))
    shown = excerpts.mask(*part(first, last, notes), (), {}).text
    whole = mask("\n".join(notes[:last]), (), {}).text
    assert TOKEN not in shown
    assert not [line for line in KEY if line in shown and line not in whole]


def test_the_code_below_words_is_masked_by_what_stood_above_it_in_the_file() -> None:
    words = "see this\n\n`notes.md:6-8`\n```\n" + "\n".join(NOTES[5:8]) + "\n```"
    guarded = excerpts.mask(words, Around("\n".join(NOTES[:5]), 4), (), {})
    head, code, tail = guarded.text.partition("[secret masked: private key")
    assert (head, tail[-4:]) == ("see this\n\n`notes.md:6-8`\n```\n", "\n```")
    assert code


HUNK = "diff --git a/n b/n\n@@ -6,4 +6,4 @@ x\n {}\n-{}\n+{}\n {}\n"


def test_a_hunk_inside_a_key_shows_no_line_of_it() -> None:
    diff = HUNK.format(*KEY[:4])
    shown = editor_replies.describe_diff(
        diff, "", lambda text, around: excerpts.mask(text, around, (), {}).text
    )
    assert not [line for line in KEY if line in shown]
    assert "@@ -6,4 +6,4 @@ x" in shown


def test_a_hunk_inside_a_certificate_and_of_ordinary_lines_stays() -> None:
    public = "-----BEGIN CERTIFICATE-----"
    certificate = HUNK.format(public, *KEY[:3])
    ordinary = HUNK.format("a" * 64, "0123456789abcdef" * 4, "word " * 12, "x" * 76)
    for diff in (certificate, ordinary):
        assert excerpts.mask(diff, Around(changes=True), (), {}).text == diff


def test_the_end_of_an_output_and_a_long_message_are_masked_before_they_are_cut() -> None:
    def masked(text: str, around: Around) -> str:
        return excerpts.mask(text, around, (), {}).text

    filler = " word" * (editor_replies.TAIL // 5 - 6)
    shown = editor_replies.describe_run("job", 0, f"start\ntoken {TOKEN}{filler}", masked)
    assert TOKEN[-20:] not in shown
    message = "y" * (editor_replies.EXCERPT - 15) + " " + TOKEN
    items = {"total": 1, "items": [{"file": "a", "line": 1, "message": message}]}
    assert TOKEN[:10] not in editor_replies.describe_diagnostics(items, masked)
    assert TOKEN[:10] not in editor_replies.describe_quickfix(items, masked)


def test_a_file_that_is_too_long_is_cut_at_a_line_end(tmp_path: Path) -> None:
    text = "\n".join(f"{number} {TOKEN}" for number in range(600))
    (tmp_path / "long.txt").write_text(text, "utf-8")
    found = project_files.read_lines(str(tmp_path), "long.txt", 1, 200, most_bytes=1000)
    assert found.cut
    assert all(line.endswith(TOKEN) for line in found.text.split("\n"))
    assert found.last == found.first + found.text.count("\n")


def test_the_lines_before_a_part_of_a_file_are_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("\n".join(NOTES), "utf-8")
    found = project_files.read_lines(str(tmp_path), "notes.md", 6, 8)
    assert found.before.split("\n") == NOTES[:5]
    assert project_files.read_lines(str(tmp_path), "notes.md", 1, 2).before == ""


@pytest.mark.parametrize(
    "begin",
    ["-----BEG\u200bIN PRIVATE KEY-----", "-----BEGIN \x1b[1mPRIVATE KEY\x1b[0m-----"],
    ids=["no width", "an escape"],
)
def test_a_key_is_known_by_its_beginning_before_a_part_whatever_hides_in_it(begin: str) -> None:
    notes = [*NOTES[:3], begin, *NOTES[4:]]
    for first in range(5, 5 + len(KEY)):
        shown = excerpts.mask(*part(first, len(notes), notes), (), {}).text
        assert not [line for line in KEY if line in shown], first


def test_a_key_whose_beginning_is_far_above_a_part_of_a_file_is_masked(tmp_path: Path) -> None:
    key = lines(drawing("a long key"), 390)
    (tmp_path / "long.txt").write_text("\n".join([MARKED[0], *key, MARKED[-1]]), "utf-8")
    found = project_files.read_lines(str(tmp_path), "long.txt", 389, 391)
    assert found.text.split("\n") == key[387:390]
    shown = excerpts.mask(found.text, Around(found.before), (), {}).text
    assert not [line for line in key if line in shown]
