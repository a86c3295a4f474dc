"""A robot never sends more than DingTalk takes, and is never held back for ever."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery.rate_limit import (
    CALLS_AT_ONCE,
    CALLS_WINDOW,
    Hold,
    Paced,
    RateLimit,
    key_of,
)
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk import error_codes
from dingbridge.core.dingtalk.limits import (
    BAN_PAUSE,
    PERSON_PAUSE,
    QPM_PAUSE,
    QPS_PAUSE,
    RATE_PAUSE,
    RATE_PENALTY,
    ROBOT_MESSAGES,
    ROBOT_WINDOW,
    SEND_PAUSE,
)
from dingbridge.core.errors import RetryAfter
from dingbridge.core.messages import SessionWebhook, Target

NOW = 1_800_000_000.0
WEBHOOK = key_of(Route.WEBHOOK, Target())
GROUP = key_of(Route.GROUP, Target(conversation_id="cid1=="))
PERSON = key_of(Route.SINGLE, Target(user_id="zhangsan"))
SESSION = key_of(Route.SESSION, Target(conversation_id="cid1=="))
OTHER_SESSION = key_of(Route.SESSION, Target(conversation_id="cid2=="))
KEYS = st.sampled_from([WEBHOOK, GROUP, PERSON, SESSION, OTHER_SESSION])


def half() -> float:
    return 0.5


def refusal(code: str) -> RetryAfter:
    """What a refusal with this code is read into."""
    rule = error_codes.find(code)
    assert rule is not None
    assert rule.error is RetryAfter
    return RetryAfter(rule.sentence, rule.seconds, code=code)


QPS = refusal("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
QPM = refusal("Forbidden.AccessDenied.QpmLimitForAppkeyAndApi")
TOO_FAST = refusal("130101")
SEND_TOO_FAST = refusal("send.too.fast")
BAN = RetryAfter("a block page", BAN_PAUSE)
FLOW_CONTROL = RetryAfter("too much for this person", PERSON_PAUSE)
REFUSALS = st.sampled_from([QPS, QPM, TOO_FAST, SEND_TOO_FAST, BAN, FLOW_CONTROL])


def full(key: str, now: float = NOW) -> RateLimit:
    """A pace whose budget for `key` was used up at `now`."""
    pace = RateLimit(half)
    for _ in range(ROBOT_MESSAGES):
        pace.sent(key, now)
    return pace


def restarted(pace: RateLimit, now: float) -> RateLimit:
    """The pace of the next process, which only has what was written down."""
    written = msgspec.json.encode(pace.snapshot(now))
    return RateLimit.restore(msgspec.json.decode(written, type=Paced), half)


# --- budget -------------------------------------------------------------------------------------


def test_a_robot_sends_twenty_at_once_and_the_next_a_minute_after_the_first() -> None:
    pace = RateLimit(half)
    for count in range(ROBOT_MESSAGES):
        now = NOW + count
        assert pace.room(WEBHOOK, now) == ROBOT_MESSAGES - count
        assert pace.ready_at(WEBHOOK, now) == now
        pace.sent(WEBHOOK, now)
    assert pace.ready_at(WEBHOOK, NOW + 30) == NOW + ROBOT_WINDOW
    assert pace.room(WEBHOOK, NOW + 59.9) == 0
    assert pace.room(WEBHOOK, NOW + 60) == 1
    assert pace.room(WEBHOOK, NOW + 64) == 5


@pytest.mark.parametrize("key", [SESSION, WEBHOOK])
def test_each_conversation_has_a_budget_of_its_own(key: str) -> None:
    pace = full(key)
    assert pace.room(key, NOW) == 0
    assert pace.room(OTHER_SESSION, NOW) == ROBOT_MESSAGES


def test_replies_to_a_person_and_to_a_group_are_counted_apart() -> None:
    webhook = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=s", NOW)
    targets = [
        Target(conversation_id="a", session_webhook=webhook),
        Target(conversation_id="b", session_webhook=webhook),
        Target(user_id="c", session_webhook=webhook),
    ]
    keys = {key_of(Route.SESSION, target) for target in targets}
    assert len(keys) == 3
    assert not any("sendBySession" in key for key in keys)


@pytest.mark.parametrize("key", [GROUP, PERSON])
def test_openapi_has_no_budget_of_messages_a_minute(key: str) -> None:
    pace = RateLimit(half)
    for _ in range(200):
        assert pace.ready_at(key, NOW) == NOW
        pace.sent(key, NOW)
    assert pace.room(key, NOW) == CALLS_AT_ONCE
    assert pace.snapshot(NOW) == Paced()


@pytest.mark.parametrize("key", [GROUP, PERSON])
def test_openapi_is_called_twenty_times_a_second_and_no_faster(key: str) -> None:
    pace = RateLimit(half)
    for count in range(CALLS_AT_ONCE):
        now = NOW + count / 100
        assert pace.ready_at(key, now) == now
        pace.called(now)
    late = NOW + 0.5
    assert pace.ready_at(key, late) == NOW + CALLS_WINDOW
    assert pace.room(key, late) == 0
    assert pace.ready_at(WEBHOOK, late) == late
    assert pace.paused_until(key, late) == late
    assert pace.cool_down(late) is None
    assert pace.room(key, NOW + CALLS_WINDOW) == CALLS_AT_ONCE
    assert pace.snapshot(late) == Paced()


@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(0, 0.05)), min_size=30, max_size=120))
def test_no_second_has_more_calls_than_are_allowed_however_long_each_takes(
    steps: list[tuple[float, float]],
) -> None:
    pace, now, arrived = RateLimit(half), NOW, []
    for idle, takes in steps:
        now = pace.ready_at(GROUP, now + idle)
        arrived.append(now + takes / 2)
        now += takes
        pace.called(now)
    apart = zip(arrived, arrived[CALLS_AT_ONCE:], strict=False)
    assert all(later - earlier >= CALLS_WINDOW - 1e-6 for earlier, later in apart)


def test_a_clock_that_is_set_back_costs_one_second_of_calls_at_most() -> None:
    pace = RateLimit(half)
    for _ in range(CALLS_AT_ONCE):
        pace.called(NOW)
    past = NOW - 1e6
    assert pace.ready_at(GROUP, past) == past + CALLS_WINDOW


ACTS = st.tuples(
    st.one_of(st.just(0.0), st.floats(0, 5), st.floats(0, 200)),
    st.one_of(st.just(0.0), st.just(0.0), st.floats(0, 100), st.floats(0, 1e9)),
    st.integers(1, 25),
    st.booleans(),
)


@given(st.lists(ACTS, max_size=25))
def test_no_minute_ever_holds_more_than_twenty_though_the_clock_is_set_back(
    acts: list[tuple[float, float, int, bool]],
) -> None:
    pace = RateLimit(half)
    elapsed, behind = 0.0, 0.0
    went: list[float] = []
    for passes, set_back, messages, restarts in acts:
        elapsed += passes
        behind += set_back
        now = NOW + elapsed - behind
        if restarts:
            pace = restarted(pace, now)
        for _ in range(messages):
            room = pace.room(WEBHOOK, now)
            assert (room > 0) == (pace.ready_at(WEBHOOK, now) <= now)
            if room:
                pace.sent(WEBHOOK, now)
                went.append(elapsed)
    for first, later in zip(went, went[ROBOT_MESSAGES:], strict=False):
        # The clock's seconds are rounded to parts of a microsecond.
        assert later - first >= ROBOT_WINDOW - 1e-4


@given(st.lists(st.floats(0, 30), max_size=80))
def test_whoever_waits_as_told_sends_everything_in_time(pauses: list[float]) -> None:
    pace = RateLimit(half)
    now = NOW
    went: list[float] = []
    for pause in pauses:
        now = pace.ready_at(WEBHOOK, now + pause)
        assert pace.room(WEBHOOK, now) > 0
        pace.sent(WEBHOOK, now)
        went.append(now)
    for first, later in zip(went, went[ROBOT_MESSAGES:], strict=False):
        assert later >= first + ROBOT_WINDOW
    # Nobody waits without need: a pause that was not asked for ends when the window does.
    for place, (before, after) in enumerate(pairwise(went), 1):
        asked = before + pauses[place]
        first = went[place - ROBOT_MESSAGES] if place >= ROBOT_MESSAGES else NOW - ROBOT_WINDOW
        assert after == max(asked, first + ROBOT_WINDOW)


def test_a_clock_set_back_costs_a_minute_at_most_however_often_one_asks() -> None:
    pace = full(WEBHOOK)
    past = NOW - 3600
    for second in range(60):
        assert pace.ready_at(WEBHOOK, past + second) == past + ROBOT_WINDOW
    assert pace.room(WEBHOOK, past + 60) == ROBOT_MESSAGES


def test_a_restarted_process_keeps_the_budget_and_the_pauses() -> None:
    pace = full(WEBHOOK)
    pace.held(TOO_FAST, SESSION, NOW)
    again = restarted(pace, NOW + 10)
    assert again.ready_at(WEBHOOK, NOW + 10) == NOW + ROBOT_WINDOW
    assert again.ready_at(SESSION, NOW + 10) == NOW + RATE_PAUSE
    assert again.cool_down(NOW + 10) == pace.cool_down(NOW + 10)
    assert again.held(TOO_FAST, SESSION, NOW + 70) == RATE_PENALTY


def test_what_is_over_is_not_written_down() -> None:
    pace = full(WEBHOOK)
    pace.held(TOO_FAST, WEBHOOK, NOW)
    assert pace.snapshot(NOW) != Paced()
    assert pace.snapshot(NOW + RATE_PENALTY) == Paced()


def test_more_than_a_full_window_in_a_file_is_cut_to_its_end() -> None:
    times = tuple(NOW - count for count in range(50))
    pace = RateLimit.restore(Paced(sent={WEBHOOK: times, SESSION: ()}), half)
    assert pace.ready_at(WEBHOOK, NOW) == NOW - 19 + ROBOT_WINDOW
    assert pace.room(SESSION, NOW) == ROBOT_MESSAGES


# --- pauses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["130101", "410100", "660026"])
def test_a_second_too_fast_within_ten_minutes_holds_as_long_as_the_platforms_penalty(
    code: str,
) -> None:
    pace = RateLimit(half)
    assert pace.held(refusal(code), WEBHOOK, NOW) == RATE_PAUSE
    assert pace.ready_at(WEBHOOK, NOW) == NOW + RATE_PAUSE
    pace.sent(WEBHOOK, NOW + RATE_PAUSE)
    assert pace.held(refusal(code), WEBHOOK, NOW + 599) == RATE_PENALTY
    released = NOW + 599 + RATE_PENALTY
    assert pace.ready_at(WEBHOOK, NOW + 600) == released
    # It goes on: the penalty again, not a minute.
    assert pace.held(refusal(code), WEBHOOK, released + 1) == RATE_PENALTY


def test_a_too_fast_is_forgotten_after_ten_minutes() -> None:
    pace = RateLimit(half)
    pace.held(TOO_FAST, WEBHOOK, NOW)
    assert pace.held(TOO_FAST, WEBHOOK, NOW + 600) == RATE_PAUSE


def test_a_robot_too_fast_in_one_conversation_goes_on_in_others_and_by_openapi() -> None:
    pace = RateLimit(half)
    pace.held(TOO_FAST, SESSION, NOW)
    assert pace.room(SESSION, NOW) == 0
    assert pace.room(OTHER_SESSION, NOW) == ROBOT_MESSAGES
    assert pace.room(GROUP, NOW) == CALLS_AT_ONCE


def test_a_robot_whose_refusal_has_no_known_code_is_held_like_one_too_fast() -> None:
    pace = RateLimit(half)
    by_status = RetryAfter("HTTP 429", RATE_PAUSE)
    assert pace.held(by_status, WEBHOOK, NOW) == RATE_PAUSE
    assert pace.held(by_status, WEBHOOK, NOW + 60) == RATE_PENALTY


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 1.0), (0.5, QPS_PAUSE), (0.999, 1.999)])
@pytest.mark.parametrize("code", [QPS.code, "90018", "90001", "90002"])
def test_too_many_calls_in_a_second_hold_openapi_one_to_two_seconds_every_time(
    code: str, chance: float, seconds: float
) -> None:
    pace = RateLimit(lambda: chance)
    for round_ in range(5):
        now = NOW + 10 * round_
        assert pace.held(refusal(code), GROUP, now) == pytest.approx(seconds)
        assert pace.ready_at(PERSON, now) == pytest.approx(now + seconds)
        assert pace.room(WEBHOOK, now) == ROBOT_MESSAGES


def test_too_many_calls_in_a_minute_hold_openapi_a_minute_every_time() -> None:
    pace = RateLimit(half)
    for round_ in range(3):
        now = NOW + 100 * round_
        assert pace.held(QPM, GROUP, now) == QPM_PAUSE
        assert pace.ready_at(PERSON, now) == now + QPM_PAUSE
        assert pace.held(QPM, WEBHOOK, now) == QPM_PAUSE


def test_sends_by_openapi_that_stay_too_fast_wait_two_four_eight_seconds_then_a_minute() -> None:
    pace = RateLimit(half)
    now, waits = NOW, []
    for _ in range(5):
        waits.append(pace.held(SEND_TOO_FAST, GROUP, now))
        now += waits[-1]
    assert waits == [SEND_PAUSE, 4, 8, RATE_PAUSE, RATE_PAUSE]
    pace.sent(PERSON, now)
    assert pace.held(SEND_TOO_FAST, GROUP, now + 1) == SEND_PAUSE


def test_a_send_too_fast_counts_though_a_longer_pause_is_on() -> None:
    pace = RateLimit(half)
    pace.held(QPM, GROUP, NOW)
    assert pace.held(SEND_TOO_FAST, GROUP, NOW + 1) == QPM_PAUSE - 1
    assert pace.held(SEND_TOO_FAST, GROUP, NOW + QPM_PAUSE) == 4


@pytest.mark.parametrize("key", [WEBHOOK, SESSION, GROUP, PERSON])
def test_a_block_page_stops_every_route(key: str) -> None:
    pace = RateLimit(half)
    assert pace.held(BAN, key, NOW) == BAN_PAUSE
    for other in (WEBHOOK, SESSION, GROUP, PERSON):
        assert pace.ready_at(other, NOW) == NOW + BAN_PAUSE


def test_a_person_who_gets_too_much_holds_nobody_else() -> None:
    pace = RateLimit(half)
    assert pace.held(FLOW_CONTROL, PERSON, NOW) == PERSON_PAUSE
    assert pace.ready_at(PERSON, NOW) == NOW + PERSON_PAUSE
    assert pace.ready_at(GROUP, NOW) == NOW


def test_a_short_pause_does_not_end_a_longer_one() -> None:
    pace = RateLimit(half)
    pace.held(BAN, GROUP, NOW)
    assert pace.held(QPS, GROUP, NOW + 10) == BAN_PAUSE - 10
    pace.held(QPM, GROUP, NOW + 250)
    assert pace.held(QPS, GROUP, NOW + 301) == 9


def test_a_pause_that_a_file_exaggerates_is_cut() -> None:
    held = Hold(NOW + 1e9, 1e9, "for ever")
    pace = RateLimit.restore(Paced(holds={WEBHOOK: held}), half)
    assert pace.ready_at(WEBHOOK, NOW) == NOW + RATE_PENALTY


@given(
    st.lists(st.tuples(REFUSALS, KEYS, st.floats(-1e6, 1000), st.booleans()), max_size=30),
    st.floats(0, 1, exclude_max=True),
)
def test_nothing_is_held_for_ever(
    history: list[tuple[RetryAfter, str, float, bool]], chance: float
) -> None:
    pace = RateLimit(lambda: chance)
    now = NOW
    for error, key, passes, sends in history:
        now += passes
        if sends:
            pace.sent(key, now)
        assert 0 < pace.held(error, key, now) <= RATE_PENALTY
        assert now < pace.ready_at(key, now) <= now + RATE_PENALTY
    for key in (WEBHOOK, SESSION, GROUP, PERSON):
        assert pace.ready_at(key, now) <= now + RATE_PENALTY
        assert pace.room(key, pace.ready_at(key, now)) > 0
    assert pace.cool_down(now + RATE_PENALTY) is None


# --- what is shown ------------------------------------------------------------------------------


def test_the_longest_pause_is_shown_with_its_reason_until_it_is_over() -> None:
    pace = RateLimit(half)
    assert pace.cool_down(NOW) is None
    pace.held(QPS, GROUP, NOW)
    pace.held(TOO_FAST, WEBHOOK, NOW)
    assert pace.cool_down(NOW + 20) == (RATE_PAUSE - 20, TOO_FAST.message)
    assert pace.cool_down(NOW + RATE_PAUSE) is None


def test_a_budget_that_is_used_up_is_shown_as_a_pause() -> None:
    pace = full(WEBHOOK)
    shown = pace.cool_down(NOW + 15)
    assert shown is not None
    assert shown[0] == ROBOT_WINDOW - 15
    assert "20 messages a minute" in shown[1]
    assert pace.cool_down(NOW + ROBOT_WINDOW) is None
