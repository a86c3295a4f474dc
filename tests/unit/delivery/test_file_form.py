"""An answer of very many pieces goes out as a file, under a short head that reads well alone."""

from __future__ import annotations

import pytest
from hypothesis import given

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.file_form import HEAD_CHARACTERS, as_file
from dingbridge.core.markdown.fences import fences
from tests.unit.markdown.test_chunking import DOCUMENTS, TEXTS

ATTACHED = f"\n\n……\n\n{say.ATTACHED()}"
LONG = "# Title\n\nFirst words.\n\n" + "a paragraph of words\n\n" * 2000


@pytest.mark.parametrize(("pieces", "most"), [(3, 3), (1, 3), (100, 0), (0, 0)])
def test_a_text_of_few_pieces_is_sent_as_text(pieces: int, most: int) -> None:
    assert as_file(LONG, pieces, most) is None


def test_a_text_of_more_pieces_than_wanted_is_a_head_and_a_file() -> None:
    form = as_file(LONG, 4, 3)
    assert form is not None
    head, file_text = form
    assert file_text == LONG
    assert head.startswith("# Title\n\nFirst words.\n\na paragraph of words\n\n")
    assert head.endswith("a paragraph of words" + ATTACHED)
    assert HEAD_CHARACTERS * 0.9 < len(head) < HEAD_CHARACTERS + len(ATTACHED)


def test_code_in_the_head_is_closed_so_that_the_words_below_it_are_none() -> None:
    form = as_file("```python\n" + "x = 1\n" * 2000 + "```\n", 9, 3)
    assert form is not None
    assert form[0].endswith("x = 1\n```" + ATTACHED)


@given(DOCUMENTS)
def test_every_head_is_short_and_has_its_fences_closed(text: str) -> None:
    form = as_file(text, 9, 3)
    assert form is not None
    head, file_text = form
    assert file_text == text
    assert len(head) <= HEAD_CHARACTERS + len(ATTACHED) + 10
    assert all(block.code_end < block.end for block in fences(head))


@given(TEXTS)
def test_any_text_has_a_head(text: str) -> None:
    form = as_file(text, 9, 3)
    assert form is not None
    assert form[0].endswith(ATTACHED)
