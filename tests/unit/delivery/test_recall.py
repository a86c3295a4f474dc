"""Which calls recall a message, and when there are none."""

from __future__ import annotations

import pytest
from msgspec import structs

from dingbridge.core.delivery.recall import HOURS, OFFERED, RecallCall, calls, find, recallable
from dingbridge.core.delivery.sent_messages import KEPT, SentChunk
from dingbridge.core.errors import BridgeError

NOW = 1_800_000_000.0


def chunk(number: int, message: str = "m", **fields: object) -> SentChunk:
    given = {"time": NOW - 60, "key": f"k{number}", "place": "zhangsan", "robot_code": "ding1"}
    return structs.replace(SentChunk(message, "s", "text", **given), **fields)  # type: ignore[arg-type]  # any field


def test_the_chunks_of_a_message_are_recalled_together() -> None:
    sent = [chunk(1), chunk(2, "other"), chunk(3)]
    assert calls(find(sent, "m"), NOW) == (RecallCall("ding1", "", ("k1", "k3")),)


def test_a_message_to_a_group_is_recalled_there() -> None:
    sent = (chunk(1, place="cidTEAM==", is_group=True),)
    assert calls(sent, NOW) == (RecallCall("ding1", "cidTEAM==", ("k1",)),)


def test_a_message_whose_first_chunks_may_be_forgotten_is_not_recalled_in_part() -> None:
    full = [chunk(number, "other") for number in range(KEPT)]
    assert find([*full[2:], chunk(1), chunk(2)], "other") == ()
    assert len(find([*full[2:], chunk(1), chunk(2)], "m")) == 2
    assert len(find(full[1:], "other")) == KEPT - 1


def test_one_call_recalls_twenty_chunks() -> None:
    made = calls(tuple(chunk(number) for number in range(45)), NOW)
    assert [len(call.keys) for call in made] == [20, 20, 5]
    assert made[2].keys[-1] == "k44"


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ((chunk(1), chunk(2, key="")), "“text” cannot be recalled: it answered somebody who had"),
        ((chunk(1, time=NOW - HOURS * 3600 - 1),), "“text” .* older than 24 hours"),
        ((chunk(1, recalled=True),), "“text” is recalled already"),
    ],
)
def test_what_cannot_be_recalled_is_told_with_the_reason(
    chunks: tuple[SentChunk, ...], reason: str
) -> None:
    with pytest.raises(BridgeError, match=reason):
        calls(chunks, NOW)


def test_only_what_can_be_recalled_is_offered_the_latest_first() -> None:
    sent = [
        chunk(1, "old", time=NOW - HOURS * 3600 - 1),
        chunk(2, "first"),
        chunk(3, "answer", key=""),
        chunk(4, "last"),
        chunk(5, "gone", recalled=True),
        chunk(6, "last", text="its end"),
    ]
    assert [(one.message, one.text) for one in recallable(sent, NOW)] == [
        ("last", "text"),
        ("first", "text"),
    ]
    assert recallable((), NOW) == ()


def test_no_message_is_offered_of_which_chunks_may_be_forgotten() -> None:
    full = [chunk(1, "cut"), *(chunk(number, "whole") for number in range(KEPT - 1))]
    assert [one.message for one in recallable(full, NOW)] == ["whole"]
    many = [chunk(number, f"m{number}") for number in range(OFFERED + 5)]
    assert len(recallable(many, NOW)) == OFFERED
