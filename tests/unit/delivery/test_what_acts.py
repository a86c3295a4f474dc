"""What acts on a screen or disguises neither leaves for DingTalk nor enters the editor."""

from __future__ import annotations

import re
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
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
TRICKS = {
    "colours": ("\x1b[31mFAIL\x1b[0m ok", "FAIL ok"),
    "window title": ("\x1b]0;owned\x07ok", "ok"),
    "clipboard": ("\x1b]52;c;b3duZWQ=\x1b\\ok", "ok"),
    "8-bit introducer": ("\x9b31mred\x9b0m", "red"),
    "device control": ("\x90q\x9cok", "ok"),
    "bell, backspace, NUL": ("a\x07b\x08c\x00d", "abcd"),
    "carriage return": ("rm -rf /\recho ok", "rm -rf /\necho ok"),
    "Windows line ends": ("a\r\nb", "a\nb"),
    "line and paragraph separators": ("a\u2028b\u2029c", "a\nb\nc"),
    "next line, vertical tab, form feed": ("a\x85b\x0bc\x0cd", "abcd"),
    "override": ("user\u202etxt.exe", "usertxt.exe"),
    "isolates": ("\u2066a\u2069 \u2067b\u2069 \u2068c\u2069", "a b c"),
    "marks of direction": ("a\u200eb\u200fc\u061cd", "abcd"),
    "tags": ("hi\U000e0068\U000e0069", "hi"),
    "byte order mark": ("\ufeffhi", "hi"),
    "half a pair": ("a\ud83db", "a\ufffdb"),
    "tab and line end": ("a\tb\nc", "a\tb\nc"),
    "emoji": ("👩\u200d👩\u200d👧 👍🏽 🇩🇪 ☺\ufe0f", "👩\u200d👩\u200d👧 👍🏽 🇩🇪 ☺\ufe0f"),
    "joiners of Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "combining marks": ("e\u0301 ỹ", "e\u0301 ỹ"),
}
HIDDEN = ("\u180e", "\u2060", "\u2064", "\u206a", "\ufeff", "\ufff9", "\U0001bca0", "\U0001d173")
TRICKS.update({f"hidden {ord(one):x}": (f"一{one}二", "一二") for one in (*HIDDEN, "\U000e01f0")})
WITHIN_A_WORD = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u180e", "\u034f")


def left(text: str, title: str = "", **changes: Any) -> tuple[str, str]:
    options = read({"app_key": "dingabc", "app_secret": "an-app-secret", **changes}, {})
    target = Target(user_id="zhangsan")
    made = written("m", text, target, options, ComposeContext(), title=title)
    return made.outbound.text, made.outbound.title


@pytest.fixture
def editor(shared_editor: Editor) -> Editor:
    """The one editor of these tests."""
    return shared_editor


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


# --- with everything real -------------------------------------------------------------------------

ESCAPES = "\x1b[31mFAIL\x1b[0m \x1b]0;t\x07ok"


def test_escape_sequences_leave_by_no_way(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.lua("require('dingbridge').notify(...)", ESCAPES)
    editor.lua("require('dingbridge').notify('x', { title = ... })", ESCAPES)
    editor.nvim.current.buffer[:] = [ESCAPES]
    editor.nvim.command("1Chat notify " + ESCAPES)
    first, titled, ranged = sandbox.client.wait_arrived(3, timeout=10)
    assert first.text == "FAIL ok"
    assert (titled.title, titled.text) == ("FAIL ok", "x")
    assert ranged.text.count("FAIL ok") == 2
    assert not [one for one in (first, titled, ranged) if ACTING.search(one.text + one.title)]


def test_escape_sequences_leave_a_session_by_no_way_and_enter_none(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.lua(
        """
        local given, words = ...
        given.responder = function(_, reply)
          reply(words)
        end
        require('dingbridge').setup(given)
        """,
        api_options,
        ESCAPES,
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say(ESCAPES)
    [answer] = sandbox.client.wait_arrived(1, timeout=10)
    assert answer.text == "FAIL ok"
    editor.until(lambda: len(editor.transcript()) == 2)
    assert [row["text"] for row in editor.transcript()] == ["FAIL ok", "FAIL ok"]
    editor.lua("require('dingbridge').send(...)", ESCAPES)
    assert sandbox.client.wait_arrived(2, timeout=10)[-1].text == "FAIL ok"
