"""What a message costs when much is there already, over what it costs when nothing is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.options.settings import read_all
from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.seen import SeenIds
from tests.bench.editor_pause import long_session
from tests.bench.figures import OURS, Figure
from tests.bench.processes import Bridge, Server

FLOOD = 100
QUEUED = 10_000
SEEN = (10_000, 50_000)


def one_round(server: Server) -> Iterator[Figure]:
    """A flood in an empty folder, then in those that hold much; CPU of host and editor."""
    yield Figure(*_what("nothing is there"), _cost(server, lambda home, robot: None))
    for count in SEEN:
        cost = _cost(server, partial(_seen, count=count))
        yield Figure(*_what(f"{count:,} ids were seen"), cost)
    server.hold(True)
    try:
        yield Figure(*_what(f"{QUEUED:,} messages wait to be sent"), _cost(server, _queued))
    finally:
        server.hold(False)
    cost = _cost(server, lambda home, robot: long_session(home), session="long")
    yield Figure(*_what("the session has 100,000 messages"), cost)


def _what(state_: str) -> tuple[str, str, str]:
    return f"one message in, when {state_}", OURS, "ms of CPU"


def _cost(server: Server, prepare: Callable[[Path, str], None], session: str = "") -> float:
    """Milliseconds of CPU, of host and editor, for each message of a small flood."""
    client = f"{OURS}-scale"
    with tempfile.TemporaryDirectory() as folder:
        one = Bridge(Path(folder), server.url, client)
        try:
            prepare(Path(folder) / "home", _robot(one))
            one.editor.setup(one.options)
            one.editor.chat(f"open {session}" if session else "new Scale")
            one.editor.until(lambda: not session or one.shown() >= 100_000, "the session", 120)
            one.editor.until(one.editor.sessions)
            one.editor.chat("bridge dingtalk")
            one.editor.until_lua("require('dingbridge').status().connected", 60)
            there = one.shown()
            before = one.usages()
            server.flood(client, FLOOD)
            one.until_shown(there + FLOOD)
            after = one.usages()
            return sum((after[each] - before[each]).cpu for each in after) * 1000 / FLOOD
        finally:
            one.close()


def _robot(one: Bridge) -> str:
    options = {name: value for name, value in one.options.items() if name != "python"}
    return robot_name(read_all(options, {}).default)


def _data(home: Path) -> Path:
    folder = home / "data" / "nvim"
    folder.mkdir(parents=True, mode=0o700)
    return folder


def _seen(home: Path, robot: str, *, count: int) -> None:
    now = time.time()
    seen = {SeenIds.key(robot, "", f"seen-{number}"): now for number in range(count)}
    lines = inbox.shortened([], now, seen)
    (_data(home) / "chat-dingtalk-inbox.jsonl").write_bytes(
        b"".join(line + b"\n" for line in lines)
    )


def _queued(home: Path, robot: str) -> None:
    lines = [
        outbox_records.encode(
            outbox_records.Queued(
                robot,
                Outbound(f"m{number}", Target(user_id="zhangsan"), "text " * 20),
                outbox_records.Purpose.REPLY,
                "session",
                time.time(),
            )
        )
        for number in range(QUEUED)
    ]
    path = _data(home) / "chat-dingtalk-outbox.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
