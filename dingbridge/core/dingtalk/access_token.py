"""The lifetime of an access token: it is replaced early, while the old one still works."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.dingtalk.limits import TOKEN_MARGIN
from dingbridge.core.dingtalk.responses import Token


class HeldToken(Struct, frozen=True):
    """A token; `until` is when calls stop using it, in seconds of the caller's clock."""

    value: str = ""
    until: float = 0.0

    def usable(self, now: float) -> bool:
        """Whether calls may still use it."""
        return now < self.until

    def told(self, now: float) -> str:
        """The log line about a new token; `now` is on the clock of `until`."""
        return f"access token fetched; another one is fetched in {self.until - now:.0f} s"

    def __repr__(self) -> str:
        return f"HeldToken(value='***', until={self.until!r})"


def held(token: Token, asked: float) -> HeldToken:
    """The token to store, requested at `asked` (seconds of the caller's clock)."""
    # A lifetime shorter than the margin must not mean a new token for every call.
    margin = min(TOKEN_MARGIN, token.lifetime_seconds / 2)
    return HeldToken(token.value, asked + token.lifetime_seconds - margin)
