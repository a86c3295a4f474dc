"""Searching transcripts on disk."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from msgspec import structs

from dingbridge.core.messages import Delivery
from dingbridge.core.sessions import search
from dingbridge.core.sessions.search import MOST
from dingbridge.core.sessions.transcript import DeliveryLine, Entry
from dingbridge.edges.storage.transcript_search import search_transcript
from dingbridge.edges.storage.transcripts import Transcripts
from tests.support.storage import message


@pytest.fixture
def transcripts(tmp_path: Path) -> Transcripts:
    return Transcripts(tmp_path / "sessions")


def found(transcripts: Transcripts, words: str) -> tuple[int, list[str]]:
    count, messages = search_transcript(transcripts, "s1", search.query(words))
    return count, [one.id for one in messages]


def test_the_latest_of_very_many_are_found_and_all_are_counted(transcripts: Transcripts) -> None:
    many = MOST + 50
    entries = (
        Entry(message=structs.replace(message(f"m{number}", "deploy"), time=float(number)))
        for number in range(many)
    )
    transcripts.append("s1", *entries)
    assert found(transcripts, "deploy") == (
        many,
        [f"m{number}" for number in reversed(range(50, many))],
    )


def test_the_latest_of_very_many_are_found_in_little_memory(transcripts: Transcripts) -> None:
    text = "deploy " * 1000
    for number in range(0, 10 * MOST, MOST):
        entries = (
            Entry(message=structs.replace(message(f"m{one}", text), time=float(one)))
            for one in range(number, number + MOST)
        )
        transcripts.append("s1", *entries)
    tracemalloc.start()
    count, ids = found(transcripts, "deploy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, len(ids)) == (10 * MOST, MOST)
    assert peak < 2 * MOST * len(text)


def test_a_message_that_stands_there_twice_or_matches_twice_counts_once(
    transcripts: Transcripts,
) -> None:
    for name in ("m1", "m2", "m1"):
        transcripts.append("s1", Entry(message=message(name, "fetching a report")))
    transcripts.settle("s1", DeliveryLine("m3", Delivery.NONE, text="report.pdf"))
    transcripts.append("s1", Entry(message=message("m3", "a report")))
    assert found(transcripts, "report") == (3, ["m1", "m2", "m3"])


def test_of_very_many_with_a_later_text_the_latest_are_found(transcripts: Transcripts) -> None:
    many = MOST + 50
    names = [f"m{number}" for number in range(many)]
    transcripts.append(
        "s1",
        *(
            Entry(message=structs.replace(message(name, "fetching …"), time=float(number)))
            for number, name in enumerate(names)
        ),
    )
    transcripts.settle(
        "s1", *(DeliveryLine(name, Delivery.NONE, text=f"{name} report.pdf") for name in names)
    )
    assert found(transcripts, "report") == (many, names[: -MOST - 1 : -1])


def test_a_message_is_found_by_the_text_that_it_got_later(transcripts: Transcripts) -> None:
    transcripts.append("s1", Entry(message=message("m1", "fetching …")))
    transcripts.settle("s1", DeliveryLine("m1", Delivery.NONE, text="report.pdf"))
    assert found(transcripts, "report") == (1, ["m1"])


def test_a_session_that_is_gone_has_no_messages(transcripts: Transcripts) -> None:
    assert found(transcripts, "deploy") == (0, [])


def test_the_last_message_of_each_session_is_found_however_long_it_is(
    transcripts: Transcripts,
) -> None:
    transcripts.append("a", Entry(message=message("m1")), Entry(message=message("m2", "字" * 9000)))
    transcripts.append("b", Entry(message=message("m3")))
    transcripts.settle("b", *[DeliveryLine("m3", Delivery.SENT, str(n)) for n in range(500)])
    transcripts.append("c", Entry(fate=DeliveryLine("m9", Delivery.SENT)))
    assert {name: one.id for name, one in transcripts.latest().items()} == {"a": "m2", "b": "m3"}
