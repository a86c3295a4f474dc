"""An answer of very many pieces goes out as a file, under a short head that reads well alone."""

from __future__ import annotations

import pytest
from hypothesis import given

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.delivery.long_text import HEAD_CHARACTERS, head, parted
from dingbridge.core.markdown.fences import fences
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.options.settings import read
from tests.unit.markdown.test_chunking import DOCUMENTS, TEXTS

ATTACHED = f"\n\n……\n\n{say.ATTACHED()}"
LONG = "# Title\n\nFirst words.\n\n" + "a paragraph of words\n\n" * 2000


def leaving(text: str, most: int) -> list[Outbound]:
    options = read({"app_key": "ding1", "app_secret": "s3cret", "file_after": most}, {})
    return [*parted(options, Outbound("m1", Target(user_id="zhangsan"), text), 0.0)]


@pytest.mark.parametrize(
    ("text", "most"), [("a word " * 300, 3), ("few words", 1), (LONG, 100), (LONG, 0)]
)
def test_a_text_of_few_pieces_is_sent_as_text(text: str, most: int) -> None:
    assert [(one.text, one.file_name) for one in leaving(text, most)] == [(text, "")]


def test_a_text_of_more_pieces_than_wanted_is_a_head_and_a_file() -> None:
    shown, file = leaving(LONG, 3)
    assert file.text == LONG
    assert shown.text.startswith("# Title\n\nFirst words.\n\na paragraph of words\n\n")
    assert shown.text.endswith("a paragraph of words" + ATTACHED)
    assert HEAD_CHARACTERS * 0.9 < len(shown.text) < HEAD_CHARACTERS + len(ATTACHED)


def test_code_in_the_head_is_closed_so_that_the_words_below_it_are_none() -> None:
    assert head("```python\n" + "x = 1\n" * 2000 + "```\n").endswith("x = 1\n```" + ATTACHED)


@given(DOCUMENTS)
def test_every_head_is_short_and_has_its_fences_closed(text: str) -> None:
    shown = head(text)
    assert len(shown) <= HEAD_CHARACTERS + len(ATTACHED) + 10
    assert all(block.code_end < block.end for block in fences(shown))


@given(TEXTS)
def test_any_text_has_a_head(text: str) -> None:
    assert head(text).endswith(ATTACHED)
