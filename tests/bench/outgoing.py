"""Messages out: how many a second leave by each route, and how long one takes to leave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.figures import OURS, Figure, percentile
from tests.bench.inbound import Costs
from tests.bench.processes import Server, bridge, sends

COUNT = 1000
ALONE = 50
BURST = """
local call, count, options = ...
local seconds, micros = vim.uv.gettimeofday()
for number = 1, count do
  require('dingbridge')[call]('message ' .. number, options)
end
return seconds + micros / 1e6
"""
"""Sends `count` short messages in one go; returns when it began (Unix seconds)."""

TOKEN = hashlib.sha256(b"bench").hexdigest()
"""The custom robot's token: it must not look like a placeholder."""

PARTNERS = {"sdk_reply": "SDK's reply_text", "session": "requests.Session", "curl": "curl"}
ROUTES: dict[str, tuple[str, dict[str, str], Callable[[str], dict[str, Any]]]] = {
    "session webhook": ("send", {}, lambda url: {}),
    "webhook": (
        "notify",
        {},
        lambda url: {
            "app_key": None,
            "app_secret": None,
            "dm": None,
            "webhook": f"{url}/robot/send?access_token={TOKEN}",
        },
    ),
    "OpenAPI": ("notify", {"target": "dingtalk:zhangsan"}, lambda url: {}),
}
"""By route: the Lua function, its options, and the settings that are laid over the usual ones."""


def one_round(server: Server) -> Iterator[Figure]:
    """One burst by each route, and by each partner, alternately. A partner's one rate stands beside
    each route: to the generator their calls are alike."""
    rates = {}
    for partner, name in PARTNERS.items():
        rates[name] = COUNT / float(sends(partner, server.url, COUNT)["seconds"])
    for route, (call, target, options) in ROUTES.items():
        client = f"{OURS}-{route.replace(' ', '-')}"
        with bridge(server.url, client, **options(server.url)) as one:
            if route == "session webhook":
                server.flood(client, 1)
                one.until_shown(1)
            costs = Costs(one)
            server.reset()
            began = float(one.editor.lua(BURST, call, COUNT, target))
            last = server.calls(COUNT)[COUNT - 1][0]
            what = f"{COUNT} messages by {route}"
            yield Figure(what, OURS, "messages/s", COUNT / (last - began))
            for name, rate in rates.items():
                yield Figure(what, name, "messages/s", rate)
            yield from costs.each(COUNT, f"one message out by {route}, in a burst")


def latency(server: Server) -> Iterator[Figure]:
    """From `send()` to the request, one message at a time; beside a `requests` session. Both are
    warm: the first message of each does not count."""
    server.reset()
    starts = sends("session", server.url, ALONE + 1)["starts"]
    arrived = [call[0] for call in server.calls(ALONE + 1)]
    bare = [b - a for a, b in zip(starts, arrived, strict=True)]
    yield from _waits("requests.Session", bare[1:])
    with bridge(server.url, f"{OURS}-latency") as one:
        server.flood(f"{OURS}-latency", 1)
        one.until_shown(1)
        one.attach_screen()

        def wait() -> float:
            server.reset()
            began = float(one.editor.lua(BURST, "send", 1, {}))
            arrived = server.calls(1)[0][0]
            one.until_sent()
            return arrived - began

        yield Figure("from the first send() to its request", OURS, "ms", wait() * 1000)
        costs = Costs(one)
        waits = [wait() for _ in range(ALONE)]
        yield from _waits(OURS, waits)
        yield from costs.each(ALONE, "one message out, alone")


def _waits(who: str, waits: list[float]) -> Iterator[Figure]:
    ordered = sorted(waits)
    for share in (0.5, 0.99):
        name = f"from send() to the request, p{share * 100:.0f}"
        yield Figure(name, who, "ms", percentile(ordered, share) * 1000)
