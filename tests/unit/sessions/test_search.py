"""Finding messages by their words in the lines of a transcript."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions import search, transcript
from dingbridge.core.sessions.search import EXCERPT
from dingbridge.core.sessions.transcript import DeliveryLine, Entry, SessionInfo


def message(text: str, name: str = "m") -> Message:
    return Message(name, Role.DINGTALK, "张三", text, 1.0)


def lines(*texts: str) -> list[bytes]:
    entries = [Entry(message=message(text, f"m{number}")) for number, text in enumerate(texts)]
    info = Entry(session=SessionInfo("s", "deploy", 1.0))
    return [transcript.encode(entry) for entry in (info, *entries)]


def found(of: Iterable[bytes], words: str) -> list[str]:
    return [one.text for one in search.find(of, search.query(words))[0]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("deploy", ["we Deploy", "deploy 计划"]),
        ("Deploy", ["we Deploy"]),
        ("计划 deploy", ["deploy 计划"]),
        ("计划", ["deploy 计划"]),
        ("été", ["ÉTÉ"]),
        ('say "hi"', ['say "hi" \\ twice']),
        ("\\", ['say "hi" \\ twice']),
        ("author", []),
        ("张三", []),
        ("张三 deploy", []),
    ],
)
def test_messages_are_found_by_all_words_small_ones_in_any_case(
    words: str, expected: list[str]
) -> None:
    texts = ("we Deploy", "deploy 计划", "ÉTÉ", 'say "hi" \\ twice', "nothing")
    assert found(lines(*texts), words) == expected


def test_what_other_programs_wrote_with_escapes_is_found() -> None:
    row = {"message": {"id": "m", "role": "editor", "author": "", "text": "计划", "time": 1.0}}
    assert found([json.dumps(row).encode()], "计划") == ["计划"]


def test_damaged_lines_are_passed_over() -> None:
    whole = lines("one deploy", "two deploy")
    assert found([whole[1][:-9], b"deploy\xff\n", whole[2]], "deploy") == ["two deploy"]


def test_the_text_that_a_message_got_later_counts() -> None:
    update = transcript.encode(Entry(fate=DeliveryLine("m0", Delivery.NONE, text="a report.pdf")))
    of = [*lines("fetching …", "other"), update]
    latest, completed = search.find(of, search.query("report"))
    assert (latest.count, completed) == (0, {"m0": "a report.pdf"})
    search.add_completed(latest, of, completed)
    assert [*latest] == [message("a report.pdf", "m0")]


def test_the_text_that_a_matching_message_got_later_is_the_one_that_is_shown() -> None:
    updates = [
        transcript.encode(Entry(fate=DeliveryLine(f"m{number}", Delivery.NONE, text="report.pdf")))
        for number in range(2)
    ]
    first, *messages = lines("fetching a report", "fetching a report")
    latest, completed = search.find(
        [first, updates[0], *messages, updates[1]], search.query("report")
    )
    assert [one.text for one in latest] == ["report.pdf"] * 2
    assert completed == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("first\n  the deploy line\nlast", "the deploy line"),
        ("one deploy", "one deploy"),
    ],
)
def test_the_line_with_the_first_word_is_shown(text: str, shown: str) -> None:
    assert search.query("deploy").excerpt(text) == shown


def test_of_a_long_line_the_words_are_shown() -> None:
    shown = search.query("计划").excerpt("字" * 5000 + "计划" + "字" * 5000)
    assert "计划" in shown
    assert len(shown) <= EXCERPT
