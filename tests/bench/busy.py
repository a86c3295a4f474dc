"""How long an ack takes while the service has much else to do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.editor_pause import BIG, LONG, long_session
from tests.bench.figures import OURS, Figure
from tests.bench.inbound import waited
from tests.bench.processes import Bridge, Server

ALONE = 100
"""Frames (a count) of which each comes alone while nothing else happens."""

TIMES = 5
"""How often 1 MB is sent."""

SENT = """
local store = require('dingbridge.state')
local message = store.message(store.current, ...)
return message and message.delivery == 'sent' or false
"""


def one_round(server: Server) -> Iterator[Figure]:
    """One frame after the other: while nothing happens, while 1 MB is sent, and while a session of
    100,000 messages opens."""
    client = f"{OURS}-busy"
    with tempfile.TemporaryDirectory() as folder:
        long_session(Path(folder) / "home")
        one = Bridge(Path(folder), server.url, client)
        try:
            one.connect(file_after=0)
            one.attach_screen()

            def acks(goes_on: Callable[[int], bool]) -> list[float]:
                """How long each took (seconds), as long as `goes_on` says so of their number."""
                waits: list[float] = []
                while goes_on(len(waits)):
                    waits += server.flood(client, 1)["waits"]
                return waits

            yield from waited(
                OURS, "a message alone, while nothing happens", acks(lambda n: n < ALONE)
            )
            yield from waited(OURS, "a message alone, while 1 MB is sent", _while_sent(one, acks))
            one.editor.lua("vim.ui.select = function() end")
            one.editor.chat("open long")
            waits = acks(lambda n: n == 0 or one.shown() < LONG)
            yield from waited(OURS, f"a message alone, while a session of {LONG:,} opens", waits)
        finally:
            one.close()


def _while_sent(
    one: Bridge, acks: Callable[[Callable[[int], bool]], list[float]]
) -> Iterator[float]:
    one.editor.lua("_G.big = string.rep('Some words of a line.\\n', ...)", BIG // 22)
    for _ in range(TIMES):
        yield from acks(
            _not_sent(one, one.editor.lua("return (require('dingbridge').send(_G.big))"))
        )


def _not_sent(one: Bridge, message: str) -> Callable[[int], bool]:
    return lambda count: count == 0 or not one.editor.lua(SENT, message)
