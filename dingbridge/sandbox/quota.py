"""What an organisation may use in a month (doc/dingtalk.md §0)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
"""Where months begin."""


class MonthlyCount:
    """A count that begins anew with each month."""

    def __init__(self) -> None:
        self._month = ""
        self.used = 0

    def spend(self, now: float, most: int | None) -> bool:
        """Whether one more is granted; it is counted when it is. `now` is Unix seconds."""
        month = datetime.fromtimestamp(now, CHINA).strftime("%Y-%m")
        if month != self._month:
            self._month, self.used = month, 0
        if most is not None and self.used >= most:
            return False
        self.used += 1
        return True
