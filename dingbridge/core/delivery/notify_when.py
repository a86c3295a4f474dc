"""Decides whether a notice goes to the user's phone: only if it is wanted, and they are away."""

from __future__ import annotations

import re
from typing import Literal

NotifyWhen = Literal["away", "always", "never"]

_SPAN = re.compile(
    r"(?:(\d{1,3})\s*(?:d|天))?\s*(?:(\d{1,4})\s*(?:h|小时))?\s*(?:(\d{1,5})\s*(?:m|min|分钟?))?"
)
_HOURS = re.compile(r"([0-9]{1,2}):([0-5][0-9])-([0-9]{1,2}):([0-5][0-9])")

DAY = 24 * 60
"""Minutes of a day."""

LONGEST_MUTE = 30 * 24 * 3600.0
"""Seconds for which notices can be muted at most."""


def may_leave(
    when: NotifyWhen, *, is_away: bool, is_muted: bool = False, is_quiet: bool = False
) -> bool:
    """Whether a notice goes out. Being muted and quiet hours hold it back even with `always`.

    >>> may_leave("away", is_away=False), may_leave("always", is_away=False)
    (False, True)
    """
    if when == "never" or is_muted or is_quiet:
        return False
    return is_away or when == "always"


def seconds_of(text: str) -> float | None:
    """The seconds in a time span such as `2h`, `1h30m`, `45 min` or `2小时`; None for another text.

    >>> seconds_of("1h30m"), seconds_of("soon")
    (5400.0, None)
    """
    found = _SPAN.fullmatch(text.strip().casefold())
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    seconds = ((days * 24 + hours) * 60 + minutes) * 60.0
    return min(seconds, LONGEST_MUTE) or None


def quiet_hours(text: str) -> tuple[int, int] | None:
    """The first and the last minute of the day in `22:00-08:00`; None for another text.

    >>> quiet_hours("22:00-08:00")
    (1320, 480)
    """
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    hour, minute, until_hour, until_minute = map(int, found.groups())
    start, end = hour * 60 + minute, until_hour * 60 + until_minute
    return (start, end) if max(start, end) <= DAY else None


def is_quiet(hours: str, minute: int) -> bool:
    """Whether a minute of the day lies in these quiet hours, which may go past midnight; an empty
    text has none.

    >>> is_quiet("22:00-08:00", 23 * 60), is_quiet("22:00-08:00", 12 * 60), is_quiet("", 0)
    (True, False, False)
    """
    found = quiet_hours(hours)
    if found is None:
        return False
    start, end = found
    return start <= minute < end if start <= end else minute >= start or minute < end


def span(seconds: float) -> str:
    """A time span in words.

    >>> span(45), span(250), span(7500)
    ('45 s', '4 min', '2 h 5 min')
    """
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
