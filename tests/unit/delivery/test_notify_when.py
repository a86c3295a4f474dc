"""When a notice may go to the phone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery import notify_when

MINUTES = st.integers(0, notify_when.DAY - 1)


@given(st.booleans(), st.booleans(), st.booleans())
def test_never_means_never(away: bool, muted: bool, quiet: bool) -> None:
    assert not notify_when.may_leave("never", is_away=away, is_muted=muted, is_quiet=quiet)


@given(st.sampled_from(["away", "always"]), st.booleans())
def test_nothing_leaves_while_it_is_muted_or_quiet(
    when: notify_when.NotifyWhen, away: bool
) -> None:
    assert not notify_when.may_leave(when, is_away=away, is_muted=True)
    assert not notify_when.may_leave(when, is_away=away, is_quiet=True)


def test_a_notice_leaves_when_the_user_is_away_or_wants_it_always() -> None:
    assert notify_when.may_leave("away", is_away=True)
    assert not notify_when.may_leave("away", is_away=False)
    assert notify_when.may_leave("always", is_away=False)


@given(MINUTES, MINUTES, MINUTES)
def test_each_minute_is_quiet_in_one_of_two_spans_that_fill_the_day(
    start: int, end: int, minute: int
) -> None:
    if start == end:
        return

    def hours(first: int, last: int) -> str:
        return f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"

    inside = notify_when.is_quiet(hours(start, end), minute)
    outside = notify_when.is_quiet(hours(end, start), minute)
    assert inside != outside


@pytest.mark.parametrize("text", ["", "22-8", "25:00-08:00", "22:60-08:00", "22:00", "x"])
def test_what_names_no_hours_is_never_quiet(text: str) -> None:
    assert notify_when.quiet_hours(text) is None
    assert not notify_when.is_quiet(text, 0)


@given(st.integers(1, 20), st.integers(0, 23), st.integers(0, 59))
def test_a_span_is_read_as_it_is_written(days: int, hours: int, minutes: int) -> None:
    seconds = ((days * 24 + hours) * 60 + minutes) * 60.0
    assert notify_when.seconds_of(f"{days}d{hours}h{minutes}m") == seconds
    assert notify_when.seconds_of(f" {days}天 {hours}小时 {minutes}分钟 ") == seconds


@pytest.mark.parametrize("text", ["", "0h", "soon", "2", "-1h", "2h later", "1m2h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    assert notify_when.seconds_of(text) is None


@given(st.text(max_size=30))
def test_no_text_mutes_for_longer_than_a_month(text: str) -> None:
    seconds = notify_when.seconds_of(text)
    assert seconds is None or 0 < seconds <= notify_when.LONGEST_MUTE
