"""A message that DingTalk sends twice is worked on once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.dingtalk.limits import SEEN_SECONDS
from dingbridge.core.sessions.seen import SeenIds, without_old

NOW = 1_800_000_000.0


def first_time(seen: SeenIds, key: str, now: float) -> bool:
    """Whether the message is new; it is remembered from now on."""
    known = seen.knows(key, now)
    if not known:
        seen.add(key, now)
    return not known


def test_a_repeated_message_is_known() -> None:
    seen = SeenIds()
    assert first_time(seen, "robot/m1", NOW)
    assert not first_time(seen, "robot/m1", NOW + 1)
    assert not first_time(seen, "robot/m1", NOW + SEEN_SECONDS - 1)


def test_the_memory_lasts_a_day() -> None:
    seen = SeenIds()
    first_time(seen, "robot/m1", NOW)
    assert first_time(seen, "robot/m1", NOW + SEEN_SECONDS)
    assert not first_time(seen, "robot/m1", NOW + SEEN_SECONDS + 1)


def test_a_group_message_that_mentions_two_robots_reaches_both() -> None:
    seen = SeenIds()
    assert first_time(seen, SeenIds.key("app", "robot1", "m1"), NOW)
    assert first_time(seen, SeenIds.key("app", "robot2", "m1"), NOW)
    assert not first_time(seen, SeenIds.key("app", "robot1", "m1"), NOW)


def test_what_an_earlier_run_saw_is_known() -> None:
    known = {"robot/m1": NOW - 60}
    seen = SeenIds(known)
    assert not first_time(seen, "robot/m1", NOW)
    assert first_time(seen, "robot/m2", NOW)
    assert known == {"robot/m1": NOW - 60}, "what was given is not changed"


def test_a_clock_that_is_set_back_makes_nothing_run_twice() -> None:
    seen = SeenIds()
    first_time(seen, "robot/m1", NOW)
    assert not first_time(seen, "robot/m1", NOW - 7200)


def test_the_memory_holds_no_more_than_a_day() -> None:
    seen = SeenIds({f"robot/old{n}": NOW - n for n in range(100)})
    for n in range(5000):
        first_time(seen, f"robot/{n}", NOW + n * 600)
    assert len(seen) <= SEEN_SECONDS / 600 + 1


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.floats(0, 3 * SEEN_SECONDS)), max_size=30
    )
)
def test_within_a_day_each_message_is_new_exactly_once(events: list[tuple[str, float]]) -> None:
    seen = SeenIds()
    taken: dict[str, float] = {}
    for key, time in sorted(events, key=lambda event: event[1]):
        expected = key not in taken or taken[key] <= NOW + time - SEEN_SECONDS
        assert first_time(seen, key, NOW + time) is expected
        if expected:
            taken[key] = NOW + time


def test_a_message_that_could_not_be_written_down_is_new_when_it_comes_again() -> None:
    seen = SeenIds()
    assert not seen.knows("robot/m1", NOW)
    assert not seen.knows("robot/m1", NOW + 1)
    seen.add("robot/m1", NOW + 1)
    assert seen.knows("robot/m1", NOW + 2)
    assert seen.known() == {"robot/m1": NOW + 1}


def test_old_entries_are_left_out_of_what_is_written_down() -> None:
    known = {"old": NOW - SEEN_SECONDS, "young": NOW - SEEN_SECONDS + 1}
    assert without_old(known, NOW) == {"young": NOW - SEEN_SECONDS + 1}
