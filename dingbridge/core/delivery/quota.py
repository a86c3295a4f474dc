"""The organisation's monthly quota: our usage, and whether any is left."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum

from msgspec import Struct, structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.listing import comma_list

BEIJING = timezone(timedelta(hours=8))
"""The time zone of the platform's month; China has no summer time."""


class QuotaKind(str, Enum):
    """What the platform counts separately (doc/dingtalk.md §0). The values are stored."""

    CALLS = "API calls"
    PUSHES = "pushes"


class Budget(Struct, frozen=True):
    """The organisation's monthly limits, by default the standard edition's (§0); 0: not watched."""

    calls: int = 5000
    pushes: int = 3000


class Quota(Struct, frozen=True):
    """Our usage in `month` ('2026-08', Beijing time).

    The quota belongs to the whole organisation, so others use it, too: `spent` are the kinds that
    the platform reported as used up, `warned` those with a warning already.
    """

    month: str = ""
    calls: int = 0
    pushes: int = 0
    warned: tuple[QuotaKind, ...] = ()
    spent: tuple[QuotaKind, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether something was reported as used up; reactions then wait for the next month."""
        return bool(self.spent)


def counted(quota: Quota, now: float, calls: int = 0, pushes: int = 0) -> Quota:
    """`quota` with so many more at `now` (Unix seconds); a new month starts at zero.

    Calls for tokens and calls refused as too fast are not counted by the platform.
    """
    quota = _of_month(quota, now)
    return structs.replace(quota, calls=quota.calls + calls, pushes=quota.pushes + pushes)


def warning(quota: Quota, budget: Budget) -> tuple[Quota, str | None]:
    """The sentence for a kind that has reached 80 % of its budget; once a month each."""
    reached = [
        (kind, used, limit)
        for kind, used, limit in _kinds(quota, budget)
        if limit and used * 5 >= limit * 4 and kind not in quota.warned
    ]
    if not reached:
        return quota, None
    kinds = tuple(kind for kind, _, _ in reached)
    amounts = tuple(_amount(*one) for one in reached)
    low = say.QUOTA_LOW if len(amounts) == 1 else say.BOTH_QUOTAS_LOW
    sentence = low(first=amounts[0], second=amounts[-1], month=quota.month)
    return structs.replace(quota, warned=quota.warned + kinds), sentence


def used_up(quota: Quota, now: float, code: str) -> Quota:
    """`quota` after an answer with `code`: marked as used up if the code says so.

    The codes are `…ApiCountLimitForOrg` and 90020 for calls, a callback's 20001 for pushes
    (doc/dingtalk.md §0). A kind that is used up gets no warning.
    """
    quota = _of_month(quota, now)
    kind = _spent_by(code)
    if kind is None or kind in quota.spent:
        return quota
    return structs.replace(
        quota,
        spent=(*quota.spent, kind),
        warned=quota.warned if kind in quota.warned else (*quota.warned, kind),
    )


def is_short(quota: Quota, budget: Budget) -> bool:
    """Whether the rest of the month's calls, a quarter at most, is reserved for messages."""
    spent = QuotaKind.CALLS in quota.spent
    return spent or (bool(budget.calls) and quota.calls * 4 >= budget.calls * 3)


def describe(quota: Quota, budget: Budget) -> str:
    """The month's usage in one line, for the status."""
    parts = []
    for kind, used, limit in _kinds(quota, budget):
        amount = _amount(kind, used, limit)
        parts.append(say.USED_UP(amount=amount) if kind in quota.spent else amount)
    line = comma_list(parts)
    return f"{quota.month}: {line}" if quota.month else line


def _amount(kind: QuotaKind, used: int, limit: int) -> str:
    if kind is QuotaKind.CALLS:
        return say.CALLS_OF(used=used, limit=limit) if limit else say.CALLS(used=used)
    return say.PUSHES_OF(used=used, limit=limit) if limit else say.PUSHES(used=used)


def _of_month(quota: Quota, now: float) -> Quota:
    month = datetime.fromtimestamp(now, BEIJING).strftime("%Y-%m")
    return quota if quota.month == month else Quota(month)


def _kinds(quota: Quota, budget: Budget) -> tuple[tuple[QuotaKind, int, int], ...]:
    return (
        (QuotaKind.CALLS, quota.calls, budget.calls),
        (QuotaKind.PUSHES, quota.pushes, budget.pushes),
    )


def _spent_by(code: str) -> QuotaKind | None:
    if code == "90020" or code.casefold().endswith("apicountlimitfororg"):
        return QuotaKind.CALLS
    return QuotaKind.PUSHES if code == "20001" else None
