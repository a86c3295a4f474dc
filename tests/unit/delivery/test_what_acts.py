"""What acts on a screen or disguises neither leaves for DingTalk nor enters the editor."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.delivery.outgoing_text import characters
from dingbridge.core.messages import Target
from dingbridge.core.options.settings import read
from dingbridge.core.text import clean_name, tame
from tests.support.acting_texts import ACTING, TRICKS

WITHIN_A_WORD = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u180e", "\u034f")


def left(text: str, title: str = "", **changes: Any) -> tuple[str, str]:
    options = read({"app_key": "dingabc", "app_secret": "an-app-secret", **changes}, {})
    target = Target(user_id="zhangsan")
    made = written("m", text, target, options, ComposeContext(), title=title)
    return made.outbound.text, made.outbound.title


@pytest.mark.parametrize("trick", TRICKS)
def test_what_acts_neither_leaves_nor_enters_and_the_words_stay(trick: str) -> None:
    text, harmless = TRICKS[trick]
    assert characters(text) == tame(text) == harmless
    shown = " ".join(harmless.split())
    assert " ".join(left(text, msgtype="text")[0].split()) == shown
    assert left("x", text)[1] == shown
    assert not ACTING.search(clean_name(text))
    assert "\n" not in clean_name(text)


@pytest.mark.parametrize("invisible", WITHIN_A_WORD)
def test_nothing_without_width_stays_inside_a_word_that_leaves(invisible: str) -> None:
    assert (
        characters(f"pass{invisible}word=a https:/{invisible}/x.test")
        == "password=a https://x.test"
    )
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    assert "masked" in left(invisible.join([token[:9], token[9:20], token[20:]]))[0]


@given(st.text(st.characters(), max_size=60), st.sampled_from(["markdown", "text"]))
def test_no_text_leaves_with_what_acts(text: str, msgtype: str) -> None:
    for shown in left(text, text, msgtype=msgtype):
        assert not ACTING.search(shown)
    plain = characters(text)
    assert characters(plain) == plain
    assert not ACTING.search(clean_name(text))


@given(st.text(st.characters(categories=["L", "Nd", "P", "Zs"]), max_size=60))
def test_no_letter_is_lost_on_the_way_out(text: str) -> None:
    def letters(shown: str) -> list[str]:
        normal = unicodedata.normalize("NFKC", shown)
        return [character for character in normal if character.isalnum()]

    assert letters(left(text, msgtype="text")[0]) == letters(tame(text))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("dtmd://dingtalkclient/x", "dtmd：//dingtalkclient/x"),
        ("https://evil.test", "https：//evil.test"),
        ("javascript:alert", "javascript：alert"),
        ("DTMD:x", "DTMD：x"),
        ("[a](https://b)", "［a］(https：//b)"),
        ("张三: lead 12:30", "张三: lead 12:30"),
    ],
)
def test_a_name_is_no_address(name: str, shown: str) -> None:
    assert clean_name(name) == shown
