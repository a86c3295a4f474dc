"""The running sandbox: its state, who waits for a change of it, and its live stream links."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from aiohttp import web

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.state import CONTROL, World

if TYPE_CHECKING:
    from dingbridge.sandbox.stream import Link

COMMANDS = f"{CONTROL}/{{token}}"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BYTES = ("offer",)
"""Commands whose body is bytes; that of all others is JSON."""
STREAMED = ("/media/upload",)
"""Paths whose handlers read the body piece by piece."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Changes:
    """Waiting for a condition on the state, without polling. Lives on one event loop."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def note(self) -> None:
        """Says that something has changed: everybody who waits looks again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, holds: Callable[[], bool], timeout: float | None = None) -> bool:
        """Waits until the condition holds; False when `timeout` seconds have passed before."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while not holds():
            remaining = None if deadline is None else deadline - loop.time()
            if remaining is not None and remaining <= 0:
                return False
            future = loop.create_future()
            self._waiting.append(future)
            await asyncio.wait({future}, timeout=remaining)
        return True


class Platform:
    """What all handlers share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changes = Changes()
        self.links: dict[str, Link] = {}
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
                    code=answer_code(response),
                    began=began,
                    size=size,
                    fault=fault.name if fault else "",
                )
                self.changes.note()
        return response if response is not None else web.Response()

    def _refusal(self, request: web.Request) -> tuple[int, str] | None:
        """Why a request to the control API is not carried out: no web page may drive a sandbox, not
        by a form, nor by a name of its own that leads to this machine."""
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


def answer_code(response: web.StreamResponse | None) -> str:
    """The `errcode` or `code` in an answer; empty when there is none."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return ""
    try:
        answer = json.loads(response.body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("errcode", answer.get("code", "")))


def json_response(answer: Any, status: int = 200) -> web.Response:
    """An answer as the platform writes it: JSON with real characters."""
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json")
