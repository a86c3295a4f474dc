"""The running sandbox: its state, who waits for a change of it, and its live stream links."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from dingbridge.sandbox.answers import Handler, code_of, json_response
from dingbridge.sandbox.changes import Changes
from dingbridge.sandbox.connections import StreamConnection
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.records import Ack
from dingbridge.sandbox.state import CONNECT_PATH, CONTROL, World

COMMANDS = f"{CONTROL}/{{token}}"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BYTES = ("offer",)
"""Commands whose body is bytes; that of all others is JSON."""
STREAMED = ("/media/upload",)
"""Paths whose handlers read the body piece by piece."""
CUT = web.RequestKey("cut", str)
"""Where a request for a stream connection keeps the fault that cuts it after its handshake."""


class Platform:
    """What all handlers share. `heard` are called with each acknowledgement."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changes = Changes()
        self.links: dict[str, StreamConnection] = {}
        self.heard: list[Callable[[Ack], None]] = []
        self.hanging = 0
        self.stopping = False
        self._releases = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start_task(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work beside the handlers until it ends or the sandbox stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sleep(self, seconds: float) -> None:
        """Lets time pass on the sandbox's clock, which can be moved forward."""
        world, when = self.world, self.world.now() + seconds
        await self.changes.until(lambda: world.now() >= when, seconds)

    def release(self) -> int:
        """Lets all hanging requests go on; how many there were."""
        self._releases += 1
        self.changes.note()
        return self.hanging

    async def stop(self) -> None:
        """Ends links, tasks and hanging requests."""
        self.stopping = True
        for task in self._tasks:
            task.cancel()
        self.release()
        for link in list(self.links.values()):
            await link.end()

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Applies the fault that waits for a call, and records the call."""
        if request.path == CONTROL or request.path.startswith(f"{CONTROL}/"):
            refusal = self._refusal(request)
            if refusal:
                return json_response({"error": refusal[1]}, refusal[0])
            return await handler(request)
        began = self.world.now()
        fault = self.world.faults.take(request.path)
        # A hanging upload is not read either: its sender gets no further.
        size = request.content_length or 0
        if request.path not in STREAMED:
            size = len(await request.read())
        if fault is not None and request.path == CONNECT_PATH and fault.when == "after":
            request[CUT], fault = fault.name, None
        response: web.StreamResponse | None = None
        try:
            if fault is None or fault.when == "after":
                response = await handler(request)
            if fault is not None:
                response = await self._go_wrong(fault, request, handler, response)
        finally:
            # A stream connection records itself when it opens, not when it ends.
            if response is None or response.status != 101:
                self.world.record_call(
                    request.method,
                    request.path,
                    status=response.status if response else 0,
                    code=code_of(response),
                    began=began,
                    size=size,
                    fault=fault.name if fault else "",
                )
                self.changes.note()
        return response if response is not None else web.Response()

    def _refusal(self, request: web.Request) -> tuple[int, str] | None:
        """Why a request to the control API is refused; None if it is not.

        No web page may control a sandbox, neither with a form nor through a domain of its own that
        resolves to this machine.
        """
        host = request.host.rpartition(":")[0] if request.url.explicit_port else request.host
        if host not in LOOPBACK:
            return 403, f"the control API is at {LOOPBACK[0]} only"
        if "Origin" in request.headers:
            return 403, "the control API is not for web pages"
        token = request.path.removeprefix(CONTROL).lstrip("/").partition("/")[0]
        if not secrets.compare_digest(token.encode(), self.world.token.encode()):
            return 403, "the address has a token: it is `control` in what the sandbox printed"
        name = request.path.rpartition("/")[2]
        wanted = "application/octet-stream" if name in BYTES else "application/json"
        if request.method == "POST" and request.content_type != wanted:
            return 415, f"it has to be sent with 'Content-Type: {wanted}'"
        return None

    async def _go_wrong(
        self,
        fault: Fault,
        request: web.Request,
        handler: Handler,
        response: web.StreamResponse | None,
    ) -> web.StreamResponse | None:
        """The answer under a fault; None when the connection was ended without one."""
        if fault.action == "answer":
            return web.Response(
                status=fault.status, text=fault.body, content_type=fault.content_type
            )
        if fault.action == "omit":
            return without(response, fault.fields)
        if fault.action == "hang":
            await self._hang(fault.seconds)
            gone = request.transport is None or request.transport.is_closing()
            if gone or self.stopping:
                return None
            return response or await handler(request)
        if request.transport is not None:
            request.transport.abort()
        return None

    async def _hang(self, seconds: float | None) -> None:
        before = self._releases
        self.hanging += 1
        self.changes.note()
        try:
            await self.changes.until(lambda: self._releases != before or self.stopping, seconds)
        finally:
            self.hanging -= 1
            self.changes.note()


def without(response: web.StreamResponse | None, fields: tuple[str, ...]) -> web.StreamResponse:
    """The answer without these fields of its JSON object."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response or web.Response()
    answer = json.loads(response.body)
    kept = {name: value for name, value in answer.items() if name not in fields}
    return json_response(kept, response.status)
