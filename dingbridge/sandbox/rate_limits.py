"""Rate limits: messages per minute, and calls per second (doc/dingtalk.md §0, §1 and §5.4)."""

from __future__ import annotations

from collections import defaultdict, deque

from dingbridge.sandbox.rules import webhooks
from dingbridge.sandbox.rules.rule import OapiRule

MINUTE = 60.0
SECOND = 1.0


class Window:
    """The calls that were accepted in the last `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    def accept(self, now: float, most: int | None) -> bool:
        """Whether one more may pass; it is counted when it may. No limit counts nothing."""
        if most is None:
            return True
        while self._times and now - self._times[0] >= self._seconds:
            self._times.popleft()
        if len(self._times) >= most:
            return False
        self._times.append(now)
        return True


class MessageRate:
    """One sender's messages of the last minute and the penalty for too many (§1)."""

    def __init__(self) -> None:
        self._window = Window(MINUTE)
        self._throttled_until = float("-inf")

    def broken(
        self, now: float, most: int | None, penalty: float, rule: OapiRule = webhooks.RATE
    ) -> OapiRule | None:
        """None when one more message may pass, else the rule that refuses it: `rule`, and for
        `penalty` seconds after it the throttling."""
        if most is None:
            return None
        if now < self._throttled_until:
            return webhooks.THROTTLED
        if self._window.accept(now, most):
            return None
        self._throttled_until = now + penalty
        return rule


class RateLimits:
    """All windows of a sandbox, by what they count."""

    def __init__(self) -> None:
        self._messages: defaultdict[str, MessageRate] = defaultdict(MessageRate)
        self._calls: defaultdict[tuple[str, str], Window] = defaultdict(lambda: Window(SECOND))

    def messages(self, sender: str) -> MessageRate:
        """The messages of one custom robot, or of one conversation's session webhooks."""
        return self._messages[sender]

    def calls(self, client_id: str, interface: str) -> Window:
        """The calls of one app to one interface, such as `POST /media/upload` (§0)."""
        return self._calls[client_id, interface]
