"""Trouble that has a name: what somebody who tries a bridge wants to see it survive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import structs

from dingbridge.sandbox.access import SEND_SCOPE
from dingbridge.sandbox.cards import STREAM_SCOPE, WRITE_SCOPE
from dingbridge.sandbox.commands import NamedFault
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.inbound import Utterance
from dingbridge.sandbox.people import People
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.stream import EXPIRED, Stream

SLOW_SECONDS: Final = 3.0
"""How long an answer takes under `slow`."""
SLOW_CALLS: Final = 5
"""How many answers take so long."""
CLOCK_AHEAD: Final = 2 * 3600.0
"""Seconds that `clock` moves the sandbox's clock: more than a signature may differ."""


class NamedFaults:
    """Injects them by name, and takes back those that last."""

    def __init__(self, platform: Platform, stream: Stream, people: People) -> None:
        self._platform = platform
        self._world = platform.world
        self._stream = stream
        self._people = people
        self._known: dict[str, Callable[[], Awaitable[None]]] = {
            "rate-limit": self._rate_limit,
            "expired-token": self._expired_token,
            "expired-webhook": self._expired_webhook,
            "disconnect": self._disconnect,
            "cut": self._cut,
            "slow": self._slow,
            "server-error": self._server_error,
            "redelivery": self._redelivery,
            "quota": self._quota,
            "clock": self._clock,
            "scope": self._scope,
            "clear": self._clear,
        }

    async def inject(self, fault: NamedFault) -> None:
        """Lets it happen. Raises ValueError for an unknown name, and when there is no message that
        could be delivered again."""
        if fault.name not in self._known:
            raise ValueError(f"there is no {fault.name!r}, there are {', '.join(self._known)}")
        await self._known[fault.name]()
        self._platform.changes.note()

    async def _rate_limit(self) -> None:
        """The next message is refused as one too many."""
        faults = self._world.faults
        faults.add(
            Fault.errcode("/robot/send*", 130101, "send too fast, exceed 20 times per minute")
        )
        faults.add(Fault.qps("/v1.0/robot/*Messages/*"))

    async def _expired_token(self) -> None:
        self._world.tokens.revoke()

    async def _expired_webhook(self) -> None:
        self._world.sessions.expire()

    async def _disconnect(self) -> None:
        for name in self._connected():
            await self._stream.disconnect(name, EXPIRED)

    async def _cut(self) -> None:
        for name in self._connected():
            self._platform.links[name].abort()

    async def _slow(self) -> None:
        self._world.faults.add(Fault.hang("*", times=SLOW_CALLS, seconds=SLOW_SECONDS))

    async def _server_error(self) -> None:
        """The next call fails, whatever it is."""
        self._world.faults.add(Fault.http("*", 500, "system.error"))

    async def _redelivery(self) -> None:
        """The last message is pushed again under a new header id."""
        await self._people.say(Utterance(repeat=True))

    async def _quota(self) -> None:
        settings = self._world.settings
        self._world.settings = structs.replace(settings, calls_per_month=0, pushes_per_month=0)

    async def _clock(self) -> None:
        self._world.advance(CLOCK_AHEAD)

    async def _scope(self) -> None:
        scopes = (SEND_SCOPE, WRITE_SCOPE, STREAM_SCOPE)
        self._world.settings = structs.replace(self._world.settings, missing_scopes=scopes)

    async def _clear(self) -> None:
        """No fault waits any more; month and permissions are as they were at the beginning. What
        has expired or has passed does not come back."""
        first = self._world.first_settings
        self._world.faults.clear()
        self._platform.release()
        self._world.settings = structs.replace(
            self._world.settings,
            calls_per_month=first.calls_per_month,
            pushes_per_month=first.pushes_per_month,
            missing_scopes=first.missing_scopes,
        )

    def _connected(self) -> list[str]:
        connections = self._world.connections
        return [name for name in self._platform.links if connections[name].state == "open"]
