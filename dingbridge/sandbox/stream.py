"""Stream Mode: the sockets, and which connection a push goes to (doc/dingtalk.md §4)."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from aiohttp import WSMsgType, web
from msgspec import Struct, structs

from dingbridge.sandbox.connections import StreamConnection
from dingbridge.sandbox.inbound import frame
from dingbridge.sandbox.platform import CUT, Platform
from dingbridge.sandbox.records import Connection
from dingbridge.sandbox.state import CONNECT_PATH

EXPIRED = "connection is expired"
"""The reason in a `disconnect` frame (§4.2)."""


class Pushed(Struct, frozen=True):
    """What became of a push: the connection it went to, if any, and whether that took it."""

    header_id: str
    connection_id: str
    reached: bool


class Stream:
    """Serves and steers stream connections."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The path answered here."""
        return [web.get(CONNECT_PATH, self.connect)]

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serves one stream connection until it ends."""
        world = self._world
        socket = web.WebSocketResponse(
            timeout=0.5, autoping=False, autoclose=False, compress=False, max_msg_size=0
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=400, text="not a websocket handshake")
        began = world.now()
        grant = world.tickets.redeem(request.query.get("ticket", ""), began)
        if grant is None:
            return web.Response(status=400, text="invalid ticket")
        await socket.prepare(request)
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):
            return socket
        name = f"connection-{len(world.connections) + 1}"
        link = StreamConnection(socket, transport)
        world.connections[name] = Connection(
            name, "open", began, 0.0, grant.ua, grant.topics, grant.client_id
        )
        self._platform.links[name] = link
        cut = request.get(CUT, "")
        world.record_call("GET", request.path, status=101, code="", began=began, size=0, fault=cut)
        self._platform.changes.note()
        if world.settings.ping_interval is not None:
            self._platform.start_task(self._keep_pinging(name, world.settings.ping_interval))
        if world.settings.connection_lifetime is not None:
            self._platform.start_task(self._expire(name, world.settings.connection_lifetime))
        if cut:
            link.abort()
        try:
            await self._receive(name, link)
        finally:
            self._platform.links.pop(name, None)
            self._closed(name)
        return socket

    async def push(self, client_id: str, topic: str, data: dict[str, Any]) -> Pushed:
        """Pushes a callback to one connection of the app, picked at random (§4.4)."""
        header_id = f"{uuid.uuid4().hex}_sandbox"
        # Connections with a `disconnect` get nothing more; half-open ones still do, and lose it.
        ready = [
            each.id
            for each in self._world.connections.values()
            if each.state in ("open", "half-open")
            and each.client_id == client_id
            and topic in each.topics
        ]
        if not ready:
            return Pushed(header_id, "", reached=False)
        name = self._world.random.choice(ready)
        reached = await self._send(name, "CALLBACK", topic, data, header_id)
        return Pushed(header_id, name, reached)

    async def ping(self, name: str) -> str:
        """Sends a SYSTEM ping; the header id that its acknowledgement will carry."""
        header_id = uuid.uuid4().hex
        data = {"opaque": uuid.uuid4().hex}
        await self._send(name, "SYSTEM", "ping", data, header_id)
        return header_id

    async def disconnect(self, name: str, reason: str) -> None:
        """Tells a client to leave; the socket stays silent and is closed a little later."""
        link = self._platform.links[name]
        self._change(name, state="leaving")
        data = {"reason": reason}
        await self._send(name, "SYSTEM", "disconnect", data, uuid.uuid4().hex)
        self._platform.start_task(self._close_later(link))

    def half_open(self, name: str) -> None:
        """Lets a connection swallow everything in both directions."""
        self._platform.links[name].half_open = True
        self._change(name, state="half-open")

    async def _receive(self, name: str, link: StreamConnection) -> None:
        while True:
            message = await link.socket.receive()
            if message.type in (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                return
            if message.type is WSMsgType.CLOSE:
                await self._say_farewell(name, link)
                return
            if link.half_open:
                continue
            if message.type is WSMsgType.PING:
                await self._pong(link, message.data)
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                data = message.data
                raw = data if isinstance(data, str) else data.decode(errors="replace")
                ack = self._world.record_ack(name, raw)
                for hear in self._platform.heard:
                    hear(ack)
                self._platform.changes.note()

    async def _pong(self, link: StreamConnection, data: bytes) -> None:
        try:
            await link.socket.pong(data)
        except ConnectionError:
            # The client is gone; the next receive says so.
            return

    async def _say_farewell(self, name: str, link: StreamConnection) -> None:
        if link.half_open:
            # The client has given up on it; it hears no answer to its close frame either.
            self._closed(name)
            await link.gone.wait()
        else:
            await link.socket.close()

    async def _close_later(self, link: StreamConnection) -> None:
        await self._platform.sleep(self._world.settings.disconnect_grace)
        link.gone.set()
        link.transport.close()

    async def _keep_pinging(self, name: str, interval: float) -> None:
        while True:
            await self._platform.sleep(interval)
            if self._world.connections[name].state != "open":
                return
            await self.ping(name)

    async def _expire(self, name: str, lifetime: float) -> None:
        await self._platform.sleep(lifetime)
        if self._world.connections[name].state == "open":
            await self.disconnect(name, EXPIRED)

    async def _send(
        self, name: str, kind: str, topic: str, data: dict[str, Any], header_id: str
    ) -> bool:
        """Sends a frame; whether the connection took it."""
        text = frame(
            kind,
            topic,
            data,
            header_id=header_id,
            now=self._world.now(),
            app_id=self._world.connections[name].client_id,
            connection_id=name,
        )
        self._world.record_frame(name, header_id, kind, topic, text)
        return await self._platform.links[name].send(text)

    def _change(self, name: str, **fields: Any) -> None:
        connections = self._world.connections
        connections[name] = structs.replace(connections[name], **fields)
        self._platform.changes.note()

    def _closed(self, name: str) -> None:
        if self._world.connections[name].state != "closed":
            self._change(name, state="closed", closed=self._world.now())
