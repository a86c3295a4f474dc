"""The running sandbox: its state, who waits for a change of it, and its live stream links."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any
from wsgiref.handlers import format_date_time

from aiohttp import hdrs, web

from dingbridge.sandbox.answers import Handler, code_of, json_response
from dingbridge.sandbox.changes import Changes
from dingbridge.sandbox.connections import StreamConnection
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.masking import without_secrets
from dingbridge.sandbox.own_addresses import is_own, refusal
from dingbridge.sandbox.records import Ack
from dingbridge.sandbox.state import CONNECT_PATH, CONTROL, World

COMMANDS = f"{CONTROL}/{{token}}"
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
        if is_own(request):
            refused = refusal(request, self.world)
            if refused:
                return json_response({"error": refused[1]}, refused[0])
            return await handler(request)
        began = self.world.now()
        fault = self.world.faults.take(request.path)
        # A hanging upload is not read either: its sender gets no further.
        size, body = request.content_length or 0, b""
        if request.path not in STREAMED:
            body = await request.read()
            size = len(body)
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
                    bodies=(self._shown(body), self._shown(body_of(response))),
                )
                self.changes.note()
        answer = response if response is not None else web.Response()
        if self.world.ahead and not answer.prepared:
            answer.headers[hdrs.DATE] = format_date_time(self.world.now())
        return answer

    def _shown(self, body: bytes) -> str:
        """As much of a body as the records keep."""
        most = self.world.settings.body_characters
        return without_secrets(body.decode(errors="replace"), most) if most else ""

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


def body_of(response: web.StreamResponse | None) -> bytes:
    """The body of an answer that is in memory."""
    body = response.body if isinstance(response, web.Response) else None
    return body if isinstance(body, bytes) else b""


def without(response: web.StreamResponse | None, fields: tuple[str, ...]) -> web.StreamResponse:
    """The answer without these fields of its JSON object."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response or web.Response()
    answer = json.loads(response.body)
    kept = {name: value for name, value in answer.items() if name not in fields}
    return json_response(kept, response.status)
