"""Runs a sandbox: in a thread of a test process, or in the foreground for the shell."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from aiohttp import web

from dingbridge.sandbox.access_tokens import TokenCalls
from dingbridge.sandbox.answers import not_found
from dingbridge.sandbox.cards import Cards
from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.control import Control
from dingbridge.sandbox.media import MediaCalls
from dingbridge.sandbox.messages import MessageCalls
from dingbridge.sandbox.named_faults import NamedFaults
from dingbridge.sandbox.page.routes import Page
from dingbridge.sandbox.people import People
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.reactions import ReactionCalls
from dingbridge.sandbox.recall import Recall
from dingbridge.sandbox.registration import Registration
from dingbridge.sandbox.robots import RobotCalls
from dingbridge.sandbox.scanned_apps import ScannedApps
from dingbridge.sandbox.settings import Settings
from dingbridge.sandbox.state import World
from dingbridge.sandbox.stream import Stream

HOST = "127.0.0.1"
BODY_MAXIMUM = 64 * 1024 * 1024
"""Bytes a request may have before the server itself refuses it; the rules refuse far earlier."""
IN_BROWSER = "Open this in a browser"
SHOWN_OF_BODIES = 4_000
"""Characters of a body that the page shows."""


async def run(
    world: World, port: int, ready: Callable[[int], None], stopped: asyncio.Event
) -> None:
    """Serves `world` until `stopped` is set. `ready` is called with the port when it listens."""
    platform = Platform(world)
    stream = Stream(platform)
    people = People(platform, stream)
    faults = NamedFaults(platform, stream, people)
    apps = ScannedApps(platform)
    app = web.Application(middlewares=[platform.watch], client_max_size=BODY_MAXIMUM)
    app.add_routes(
        [
            *RobotCalls(platform).routes(),
            *TokenCalls(platform).routes(),
            *MessageCalls(platform).routes(),
            *Recall(platform).routes(),
            *Registration(platform).routes(),
            *apps.routes(),
            *stream.routes(),
            *MediaCalls(platform).routes(),
            *ReactionCalls(platform).routes(),
            *Cards(platform).routes(),
            *Control(platform, stream, people, faults, apps).routes(),
            *Page(platform, people, faults).routes(),
            web.route("*", "/{anything:.*}", not_found),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound: int = runner.addresses[0][1]
        world.address = f"http://{HOST}:{bound}"
        ready(bound)
        await stopped.wait()
    finally:
        await platform.stop()
        await runner.cleanup()


class Sandbox:
    """A DingTalk on loopback in a thread of this process. Usable as a context manager.

    After `stop()` it can be started again: on the same port, with all it knew but its connections.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._world = World(settings or Settings(), clock)
        self._port = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    def start(self) -> Sandbox:
        """Answers calls when this returns. Raises OSError when the port is taken."""
        if self._thread is not None:
            return self
        ready = threading.Event()
        failure: list[BaseException] = []

        def work() -> None:
            try:
                asyncio.run(self._run(ready))
            except BaseException as problem:  # noqa: BLE001 - handed to the thread that waits
                failure.append(problem)
            finally:
                ready.set()

        self._thread = threading.Thread(target=work, name="dingbridge-sandbox", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            self._thread = None
            raise failure[0]
        return self

    def stop(self) -> None:
        """Ends all connections and waits until the port is free."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stopped is None:
            return
        self._loop.call_soon_threadsafe(self._stopped.set)
        thread.join(timeout=10)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of everything, without a slash at its end."""
        return self._world.address

    @property
    def control(self) -> str:
        """The address of the control API, without a slash at its end."""
        return self._world.control

    @property
    def page(self) -> str:
        """The address of the page for a browser, with a slash at its end."""
        return self._world.page

    @property
    def client(self) -> SandboxClient:
        """The control API of this sandbox."""
        return SandboxClient(self.control)

    @property
    def webhook_url(self) -> str:
        """The webhook of the first custom robot."""
        return webhook_url(self._world)

    @property
    def client_id(self) -> str:
        """The app's id, also its robot's code."""
        return self._world.settings.client_id

    @property
    def client_secret(self) -> str:
        """The app's secret."""
        return self._world.settings.client_secret

    def settings(self) -> dict[str, Any]:
        """The bridge options that lead here."""
        return bridge_options(self._world)

    async def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()

        def listening(port: int) -> None:
            self._port = port
            ready.set()

        await run(self._world, self._port, listening, self._stopped)


def webhook_url(world: World) -> str:
    """The webhook of the first custom robot; empty when there is none."""
    for robot in world.settings.robots:
        return f"{world.address}/robot/send?access_token={robot.token}"
    return ""


def bridge_options(world: World) -> dict[str, Any]:
    """The bridge options that lead to this sandbox."""
    options: dict[str, Any] = {
        "app_key": world.settings.client_id,
        "app_secret": world.settings.client_secret,
        "endpoint": {"api": world.address, "oapi": world.address},
    }
    for robot in world.settings.robots[:1]:
        options["webhook"] = webhook_url(world)
        if robot.secret:
            options["secret"] = robot.secret
        if robot.keywords:
            options["keyword"] = robot.keywords[0]
    return options


def serve(port: int = 0, settings: Settings | None = None) -> None:
    """Runs a sandbox in the foreground until SIGINT or SIGTERM. For the main thread.

    Prints one line of JSON when calls are answered: `url`, `control`, `page`, and the bridge
    options. Somebody at a terminal gets a line with the page as well.
    """
    world = World(settings or Settings(body_characters=SHOWN_OF_BODIES), time.time)

    def announce(bound: int) -> None:
        line = {
            "url": world.address,
            "control": world.control,
            "page": world.page,
            **bridge_options(world),
        }
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if sys.stderr.isatty():
            sys.stderr.write(f"{IN_BROWSER}: {world.page}\n")

    async def foreground() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        # signal.signal works on Windows too, where loops have no signal handlers.
        before = {
            number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            await run(world, port, announce, stopped)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    asyncio.run(foreground())
