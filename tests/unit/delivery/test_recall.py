"""Which calls recall a message, and when there are none."""

from __future__ import annotations

import pytest
from msgspec import structs

from dingbridge.core.delivery.recall import HOURS, RecallCall, calls, find
from dingbridge.core.delivery.sent_messages import KEPT, SentChunk
from dingbridge.core.errors import BridgeError

NOW = 1_800_000_000.0


def chunk(number: int, message: str = "m", **fields: object) -> SentChunk:
    given = {"time": NOW - 60, "key": f"k{number}", "place": "zhangsan", "robot_code": "ding1"}
    return structs.replace(SentChunk(message, "s", "text", **given), **fields)  # type: ignore[arg-type]  # any field


def test_the_chunks_of_a_message_are_recalled_together() -> None:
    sent = [chunk(1), chunk(2, "other"), chunk(3)]
    assert calls(find(sent, "m"), "m", NOW) == (RecallCall("ding1", "", ("k1", "k3")),)


def test_a_message_to_a_group_is_recalled_there() -> None:
    sent = (chunk(1, place="cidTEAM==", is_group=True),)
    assert calls(sent, "m", NOW) == (RecallCall("ding1", "cidTEAM==", ("k1",)),)


def test_a_message_whose_first_chunks_may_be_forgotten_is_not_recalled_in_part() -> None:
    full = [chunk(number, "other") for number in range(KEPT)]
    assert find([*full[2:], chunk(1), chunk(2)], "other") == ()
    assert len(find([*full[2:], chunk(1), chunk(2)], "m")) == 2
    assert len(find(full[1:], "other")) == KEPT - 1


def test_one_call_recalls_twenty_chunks() -> None:
    made = calls(tuple(chunk(number) for number in range(45)), "m", NOW)
    assert [len(call.keys) for call in made] == [20, 20, 5]
    assert made[2].keys[-1] == "k44"


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ((), "many were sent after it"),
        ((chunk(1), chunk(2, key="")), "only what went by its OpenAPI"),
        ((chunk(1, time=NOW - HOURS * 3600 - 1),), "within 24 hours"),
    ],
)
def test_what_cannot_be_recalled_is_told_with_the_reason(
    chunks: tuple[SentChunk, ...], reason: str
) -> None:
    with pytest.raises(BridgeError, match=reason):
        calls(chunks, "m", NOW)
