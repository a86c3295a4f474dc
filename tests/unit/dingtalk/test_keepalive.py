"""When a link counts as dead, and how long the pause is before the next one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.dingtalk.keepalive import Check, KeepAliveTiming, Reconnect, Watchdog
from dingbridge.core.errors import LinkLost, LinkRefused
from dingbridge.core.timeouts import (
    LINK_BACK_OFF_LONGEST,
    LINK_LOGIN_PAUSE,
    LINK_STABLE,
    LOOK_EVERY,
    PING_AFTER,
    PONG_WITHIN,
    SLEPT,
)

WALL = 1_800_000_000.0
CHANCES = st.floats(0, 1, exclude_max=True)


class Connection:
    """A watchdog with clocks that advance together by default."""

    def __init__(self) -> None:
        self.now, self.wall = 1000.0, WALL
        self.dog = Watchdog(self.now, self.wall)

    def look(self) -> Check:
        return self.dog.check(self.now, self.wall)

    def passes(self, seconds: float) -> list[Check]:
        """Look as often as the link does, and return what was asked for."""
        checks = []
        for _ in range(round(seconds / LOOK_EVERY)):
            self.now += LOOK_EVERY
            self.wall += LOOK_EVERY
            checks.append(self.look())
        return checks


def test_a_connection_that_is_heard_of_is_left_alone() -> None:
    connection = Connection()
    for _ in range(50):
        assert set(connection.passes(PING_AFTER)) == {Check.FINE}
        connection.dog.heard(connection.now)


def test_silence_is_answered_by_one_ping_and_by_death_when_nothing_comes_back() -> None:
    checks = Connection().passes(PING_AFTER + PONG_WITHIN + 3 * LOOK_EVERY)
    assert checks.count(Check.PING) == 1
    pinged = checks.index(Check.PING)
    assert PING_AFTER < (pinged + 1) * LOOK_EVERY <= PING_AFTER + LOOK_EVERY
    dead = checks.index(Check.DEAD)
    assert PONG_WITHIN < (dead - pinged) * LOOK_EVERY <= PONG_WITHIN + LOOK_EVERY


def test_anything_that_comes_after_a_ping_proves_life() -> None:
    connection = Connection()
    assert connection.passes(PING_AFTER + LOOK_EVERY)[-1] is Check.PING
    connection.dog.heard(connection.now)
    assert set(connection.passes(PING_AFTER)) == {Check.FINE}


def test_after_a_sleep_that_only_the_wall_clock_saw_the_link_is_probed_at_once() -> None:
    connection = Connection()
    connection.wall += 3600
    assert connection.look() is Check.PING
    assert Check.DEAD in connection.passes(PONG_WITHIN + 2 * LOOK_EVERY)


def test_after_a_sleep_that_both_clocks_saw_the_link_is_probed_before_it_counts_as_dead() -> None:
    connection = Connection()
    connection.passes(PING_AFTER + LOOK_EVERY)
    connection.now += 3600
    connection.wall += 3600
    assert connection.look() is Check.PING
    connection.dog.heard(connection.now)
    assert set(connection.passes(PING_AFTER)) == {Check.FINE}


def test_a_look_that_is_a_little_late_is_no_sleep() -> None:
    connection = Connection()
    connection.now += SLEPT
    connection.wall += SLEPT
    assert connection.look() is Check.FINE


@settings(deadline=None)
@given(st.floats(1, 1e6))
def test_a_wall_clock_that_is_set_back_neither_probes_nor_kills(seconds: float) -> None:
    connection = Connection()
    connection.wall -= seconds
    assert set(connection.passes(PING_AFTER)) == {Check.FINE}
    assert connection.passes(LOOK_EVERY) == [Check.PING]


def test_a_wall_clock_that_is_set_forward_costs_one_ping_only() -> None:
    connection = Connection()
    connection.wall += 7200
    assert connection.look() is Check.PING
    connection.dog.heard(connection.now)
    assert set(connection.passes(PING_AFTER)) == {Check.FINE}


def test_a_connection_can_be_watched_more_closely() -> None:
    dog = Watchdog(
        0.0, WALL, KeepAliveTiming(look_every=0.1, ping_after=1.0, pong_within=0.5, slept=5.0)
    )
    assert dog.check(1.1, WALL) is Check.PING
    assert dog.check(1.5, WALL) is Check.FINE
    assert dog.check(1.7, WALL) is Check.DEAD


@settings(deadline=None)
@given(st.lists(CHANCES, min_size=1, max_size=12))
def test_the_pause_doubles_with_a_quarter_of_jitter_up_to_its_ceiling(chances: list[float]) -> None:
    reconnect = Reconnect()
    for failures, chance in enumerate(chances):
        whole = min(2.0**failures, LINK_BACK_OFF_LONGEST)
        assert 0.75 * whole <= reconnect.wait(chance) <= whole


def test_many_links_that_were_lost_together_do_not_come_back_together() -> None:
    reconnects = [Reconnect() for _ in range(10)]
    for _ in range(10):
        pauses = {reconnect.wait(n / 10) for n, reconnect in enumerate(reconnects)}
        assert len(pauses) == len(reconnects)


@settings(deadline=None)
@given(CHANCES, st.integers(0, 10))
def test_after_refused_credentials_the_pause_is_never_under_a_minute(
    chance: float, failures: int
) -> None:
    reconnect = Reconnect()
    for _ in range(failures):
        reconnect.wait(chance)
    refused = LinkRefused("no such app", login=True)
    assert LINK_LOGIN_PAUSE <= reconnect.wait(chance, refused) <= LINK_BACK_OFF_LONGEST


def test_after_two_passing_failures_and_a_refusal_the_link_is_back_within_seconds() -> None:
    reconnect = Reconnect()
    busy, refused = LinkLost("busy"), LinkRefused("the app cannot be found just now")
    assert sum(reconnect.wait(0.99, error) for error in (busy, busy, refused)) < 10


def test_refusals_are_tried_again_after_5_seconds_then_twice_as_many_each_time() -> None:
    reconnect = Reconnect()
    pauses = [reconnect.wait(1.0, LinkRefused("refused")) for _ in range(6)]
    assert pauses == [5, 10, 20, 40, 60, 60]
    reconnect.lasted(LINK_STABLE)
    assert reconnect.wait(1.0, LinkRefused("refused")) == 5


def test_a_stable_connection_makes_the_failures_before_it_forgotten() -> None:
    reconnect = Reconnect()
    for _ in range(6):
        reconnect.wait(0.0)
    reconnect.lasted(LINK_STABLE - 1)
    assert reconnect.wait(0.0) > 20
    reconnect.lasted(LINK_STABLE)
    assert reconnect.wait(0.0) < 1


def test_after_a_week_offline_it_still_tries() -> None:
    reconnect = Reconnect()
    pauses = [reconnect.wait(0.5) for _ in range(12_000)]
    assert pauses[-1] == pytest.approx(LINK_BACK_OFF_LONGEST, rel=0.25)
