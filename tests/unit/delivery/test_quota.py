"""The month's quota is counted, warned of once, and known to be gone when DingTalk says so."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery.quota import (
    Budget,
    Quota,
    QuotaKind,
    counted,
    describe,
    used_up,
    warning,
)
from dingbridge.core.dingtalk import error_codes
from dingbridge.core.errors import Refused

pytestmark = pytest.mark.environment

BUDGET = Budget()
AUGUST = datetime(2026, 8, 15, 12, tzinfo=timezone.utc).timestamp()
CALL_CODES = ["Forbidden.AccessDenied.ApiCountLimitForOrg", "90020"]


def test_the_default_budget_is_the_standard_editions() -> None:
    assert (BUDGET.calls, BUDGET.pushes) == (5000, 3000)


def test_calls_and_pushes_are_counted_apart() -> None:
    quota = counted(counted(Quota(), AUGUST, calls=2), AUGUST, pushes=1)
    assert quota == Quota("2026-08", calls=2, pushes=1)
    assert counted(quota, AUGUST, 1, 1) == Quota("2026-08", calls=3, pushes=2)


def test_the_month_begins_at_midnight_in_beijing() -> None:
    midnight = datetime(2026, 9, 1, tzinfo=timezone(timedelta(hours=8))).timestamp()
    before = counted(Quota(), midnight - 1, calls=7)
    assert before.month == "2026-08"
    assert counted(before, midnight, calls=1) == Quota("2026-09", calls=1)


def test_a_new_month_forgets_what_was_warned_of_and_what_was_gone() -> None:
    quota = used_up(counted(Quota(), AUGUST, calls=4999), AUGUST, "90020")
    later = AUGUST + 31 * 24 * 3600
    assert quota.gone
    assert counted(quota, later) == Quota("2026-09")
    assert used_up(quota, later, "20001") == Quota(
        "2026-09", warned=(QuotaKind.PUSHES,), spent=(QuotaKind.PUSHES,)
    )


@pytest.mark.parametrize(("calls", "warned"), [(3999, False), (4000, True), (6000, True)])
def test_a_warning_comes_at_eighty_percent(calls: int, warned: bool) -> None:
    quota, sentence = warning(counted(Quota(), AUGUST, calls=calls), BUDGET)
    assert (sentence is not None) == warned
    assert quota.warned == ((QuotaKind.CALLS,) if warned else ())


def test_the_warning_names_the_figures() -> None:
    _, sentence = warning(Quota("2026-08", calls=4100, pushes=2400), BUDGET)
    assert sentence is not None
    for words in ("4,100 of 5,000 API calls", "2,400 of 3,000 pushes", "2026-08"):
        assert words in sentence


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=40))
def test_each_kind_is_warned_of_once_a_month(steps: list[tuple[int, int]]) -> None:
    quota = Quota()
    said: list[str] = []
    for calls, pushes in steps:
        quota, sentence = warning(counted(quota, AUGUST, calls, pushes), BUDGET)
        if sentence is not None:
            said.append(sentence)
    for kind, used, limit in (
        (QuotaKind.CALLS, quota.calls, BUDGET.calls),
        (QuotaKind.PUSHES, quota.pushes, BUDGET.pushes),
    ):
        assert sum(kind.value in sentence for sentence in said) == (used >= 0.8 * limit)


def test_a_budget_of_nothing_is_not_watched() -> None:
    quota = Quota("2026-08", calls=9999)
    assert warning(quota, Budget(calls=0)) == (quota, None)
    assert describe(quota, Budget(calls=0)) == "2026-08: 9,999 API calls, 0 of 3,000 pushes"


@pytest.mark.parametrize("code", [*CALL_CODES, "20001"])
def test_a_quota_that_the_platform_calls_used_up_is_gone_and_warned_of_no_more(code: str) -> None:
    kind = QuotaKind.PUSHES if code == "20001" else QuotaKind.CALLS
    quota = used_up(Quota("2026-08"), AUGUST, code)
    assert quota.gone
    assert quota.spent == (kind,)
    assert used_up(quota, AUGUST, code) == quota
    more = counted(quota, AUGUST, calls=5000 * (kind is QuotaKind.CALLS), pushes=3000)
    _, sentence = warning(more, BUDGET)
    assert sentence is None or kind.value not in sentence


@pytest.mark.parametrize("code", [*CALL_CODES, "20001"])
def test_the_codes_are_those_that_the_table_of_errors_knows(code: str) -> None:
    rule = error_codes.find(code)
    assert rule is not None
    assert rule.error is Refused
    assert "quota" in rule.sentence


@pytest.mark.parametrize("code", ["", "0", "130101", "Forbidden.AccessDenied.QpsLimitForApi"])
def test_other_refusals_leave_the_quota_as_it_is(code: str) -> None:
    quota = Quota("2026-08", calls=3)
    assert used_up(quota, AUGUST, code) == quota
    assert not quota.gone


def test_the_status_line_names_what_is_used_up() -> None:
    quota = used_up(Quota("2026-08", calls=1200, pushes=30), AUGUST, "20001")
    assert describe(quota, BUDGET) == (
        "2026-08: 1,200 of 5,000 API calls, 30 of 3,000 pushes (used up)"
    )
    assert describe(Quota(), BUDGET) == "0 of 5,000 API calls, 0 of 3,000 pushes"


def test_the_quota_survives_being_written_down() -> None:
    quota = used_up(counted(Quota(), AUGUST, 4000, 2), AUGUST, "90020")
    assert msgspec.json.decode(msgspec.json.encode(quota), type=Quota) == quota
