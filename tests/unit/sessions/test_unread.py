"""Which messages of others nobody has seen yet."""

from __future__ import annotations

from dingbridge.core.sessions.unread import KEPT, Unread, UnreadMessages


def test_what_arrives_is_counted_and_the_first_one_is_known() -> None:
    unread = UnreadMessages()
    unread.add("s1", ["m1", "m2"])
    unread.add("s2", ["m3"])
    unread.add("s1", ["m4"])
    assert unread.counts == {"s1": Unread(3, "m1"), "s2": Unread(1, "m3")}


def test_what_arrived_after_what_was_seen_stays_unread() -> None:
    unread = UnreadMessages()
    unread.add("s1", ["m1", "m2", "m3"])
    assert unread.read("s1", "m2")
    assert unread.counts == {"s1": Unread(1, "m3")}
    assert unread.read("s1", "m3")
    assert unread.counts == {}


def test_what_was_read_before_changes_nothing() -> None:
    unread = UnreadMessages()
    assert not unread.read("s1", "m1")
    unread.add("s1", ["m2"])
    assert not unread.read("s1", "m1")
    assert unread.counts == {"s1": Unread(1, "m2")}


def test_counts_of_an_earlier_service_go_on() -> None:
    unread = UnreadMessages()
    unread.restore({"s1": Unread(2, "m1"), "s2": Unread(1, "m9")})
    unread.add("s1", ["m3"])
    assert unread.counts["s1"] == Unread(3, "m1")
    assert unread.read("s1", "m2")
    assert unread.counts["s1"] == Unread(1, "m3")
    assert unread.read("s2", "m9")
    assert "s2" not in unread.counts


def test_of_very_many_the_latest_are_known_one_by_one() -> None:
    unread = UnreadMessages()
    unread.add("s1", [f"m{number}" for number in range(KEPT + 10)])
    assert unread.counts == {"s1": Unread(KEPT + 10, "m0")}
    assert unread.read("s1", "m5")
    assert unread.counts == {"s1": Unread(KEPT, "m10")}


def test_the_last_one_is_known_until_it_was_seen() -> None:
    unread = UnreadMessages()
    unread.restore({"s1": Unread(1, "m0")})
    assert unread.latest("s1") == ""
    unread.add("s1", ["m1", "m2"])
    assert unread.latest("s1") == "m2"
    assert unread.read("s1", "m2")
    assert unread.latest("s1") == ""
