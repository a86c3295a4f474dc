"""Trouble that has a name: what somebody who tries a bridge wants to see it survive."""

from __future__ import annotations

from typing import Any, Final

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

    async def inject(self, fault: NamedFault) -> None:
        """Lets it happen. Raises ValueError when there is no message to deliver again."""
        world = self._world
        match fault.name:
            case "rate-limit":
                self._rate_limit()
            case "expired-token":
                world.tokens.revoke()
            case "expired-webhook":
                world.sessions.expire()
            case "disconnect":
                for name in self._connected():
                    await self._stream.disconnect(name, EXPIRED)
            case "cut":
                for name in self._connected():
                    self._platform.links[name].abort()
            case "slow":
                world.faults.add(Fault.hang("*", times=SLOW_CALLS, seconds=SLOW_SECONDS))
            case "server-error":
                world.faults.add(Fault.http("*", 500, "system.error"))
            case "redelivery":
                await self._people.say(Utterance(repeat=True))
            case "quota":
                self._change(calls_per_month=0, pushes_per_month=0)
            case "clock":
                world.advance(CLOCK_AHEAD)
            case "scope":
                self._change(missing_scopes=(SEND_SCOPE, WRITE_SCOPE, STREAM_SCOPE))
            case "clear":
                self._clear()
        self._platform.changes.note()

    def _rate_limit(self) -> None:
        words = "send too fast, exceed 20 times per minute"
        self._world.faults.add(Fault.errcode("/robot/send*", 130101, words))
        self._world.faults.add(Fault.qps("/v1.0/robot/*Messages/*"))

    def _clear(self) -> None:
        """No fault waits any more; month and permissions are as they were at the beginning. What
        has expired or has passed does not come back."""
        first = self._world.first_settings
        self._world.faults.clear()
        self._platform.release()
        self._change(
            calls_per_month=first.calls_per_month,
            pushes_per_month=first.pushes_per_month,
            missing_scopes=first.missing_scopes,
        )

    def _change(self, **settings: Any) -> None:
        self._world.settings = structs.replace(self._world.settings, **settings)

    def _connected(self) -> list[str]:
        connections = self._world.connections
        return [name for name in self._platform.links if connections[name].state == "open"]
