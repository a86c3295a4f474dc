"""Stream Mode: registration, the socket, and which connection a push goes to (section 4)."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import WSMsgType, web
from msgspec import structs

from dingbridge.sandbox.inbound import ROBOT_TOPIC, Utterance, frame
from dingbridge.sandbox.openapi import refused
from dingbridge.sandbox.platform import Platform, json_response
from dingbridge.sandbox.records import Connection, Said
from dingbridge.sandbox.rules import Grant
from dingbridge.sandbox.shapes import ApiRefusal, api_body
from dingbridge.sandbox.state import OPEN_PATH

UA_SHAPE = re.compile(r"[\w.-]+/[\w.+-]+")
"""`name/version` (protocol section 4.1)."""


class Link:
    """One live stream connection."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.socket = socket
        self.transport = transport
        self.half_open = False
        self.gone = asyncio.Event()

    async def send(self, text: str | bytes) -> bool:
        """Pushes one frame; False when nothing can get through any more."""
        if self.half_open:
            return False
        try:
            if isinstance(text, bytes):
                await self.socket.send_bytes(text)
            else:
                await self.socket.send_str(text)
        except ConnectionError:
            return False
        return True

    async def end(self) -> None:
        """Closes politely, or just ends when nothing gets through."""
        if self.half_open:
            self.abort()
        else:
            await self.socket.close()

    def abort(self) -> None:
        """Ends the connection without a close frame."""
        self.gone.set()
        self.transport.abort()


class Stream:
    """Registers, serves and steers stream connections."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [web.post(OPEN_PATH, self.open), web.get("/connect", self.connect)]

    async def open(self, request: web.Request) -> web.Response:
        """Registers a connection: an endpoint and a ticket for it."""
        plain = "application/json" in request.headers.get("Accept", "")
        try:
            answer = self._grant(api_body(await request.read()))
        except ApiRefusal as refusal:
            return refused(refusal)
        if plain:
            return json_response(answer)
        # Without the Accept header the platform answers in XML (protocol section 4.1).
        fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in answer.items())
        text = f"<OpenConnectionResponse>{fields}</OpenConnectionResponse>"
        return web.Response(text=text, content_type="application/xml")

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
        link = Link(socket, transport)
        world.connections[name] = Connection(name, "open", began, 0.0, grant.ua, grant.topics)
        self._platform.links[name] = link
        world.record_call("GET", request.path, status=101, code="", began=began, size=0, fault="")
        self._platform.changes.note()
        if world.settings.ping_interval is not None:
            self._platform.start_task(self._keep_pinging(name, world.settings.ping_interval))
        try:
            await self._receive(name, link)
        finally:
            self._platform.links.pop(name, None)
            self._closed(name)
        return socket

    async def say(self, utterance: Utterance) -> Said:
        """Pushes a robot message to one connection, picked at random (protocol section 4.4)."""
        push = self._world.compose(utterance)
        header_id = f"{uuid.uuid4().hex}_sandbox"
        # Those that were told to leave get nothing any more; half-open ones still do, and lose it.
        ready = [
            each.id
            for each in self._world.connections.values()
            if each.state in ("open", "half-open") and ROBOT_TOPIC in each.topics
        ]
        name, reached = "", False
        if ready:
            name = self._world.random.choice(ready)
            text = self._frame("CALLBACK", ROBOT_TOPIC, push.data, header_id, name)
            reached = await self._platform.links[name].send(text)
        said = self._world.record_said(push, header_id, name, lost=not reached)
        self._platform.changes.note()
        return said

    async def ping(self, name: str) -> str:
        """Sends a SYSTEM ping; the header id that its acknowledgement will carry."""
        header_id = uuid.uuid4().hex
        data = {"opaque": uuid.uuid4().hex}
        await self._platform.links[name].send(self._frame("SYSTEM", "ping", data, header_id, name))
        return header_id

    async def disconnect(self, name: str, reason: str) -> None:
        """Tells a client to leave; the socket stays silent and is closed a little later."""
        link = self._platform.links[name]
        self._change(name, state="leaving")
        data = {"reason": reason}
        await link.send(self._frame("SYSTEM", "disconnect", data, uuid.uuid4().hex, name))
        self._platform.start_task(self._close_later(link))

    def half_open(self, name: str) -> None:
        """Lets a connection swallow everything in both directions."""
        self._platform.links[name].half_open = True
        self._change(name, state="half-open")

    def _grant(self, body: dict[str, Any]) -> dict[str, str]:
        settings = self._world.settings
        given = (body.get("clientId"), body.get("clientSecret"))
        if not all(isinstance(each, str) and each.strip() for each in given):
            raise ApiRefusal(400, "invalidParameter", "clientId or clientSecret is blank")
        if given != (settings.client_id, settings.client_secret):
            raise ApiRefusal(401, "authFailed", "鉴权失败")
        wanted = body.get("subscriptions")
        if not isinstance(wanted, list) or not wanted:
            raise ApiRefusal(400, "invalidParameter", "subscriptions is empty")
        for each in wanted:
            if (
                not isinstance(each, dict)
                or each.get("type") not in ("CALLBACK", "EVENT", "SYSTEM")
                or not isinstance(each.get("topic"), str)
            ):
                raise ApiRefusal(400, "invalidParameter", "subscriptions is invalid")
        ua = body.get("ua", "")
        if not isinstance(ua, str) or (ua and not UA_SHAPE.fullmatch(ua)):
            raise ApiRefusal(400, "invalidParameter", "ua is invalid")
        grant = Grant(tuple(each["topic"] for each in wanted if each["type"] == "CALLBACK"), ua)
        lifetime = settings.ticket_lifetime
        ticket = self._world.tickets.issue(grant, self._world.now(), lifetime)
        endpoint = self._world.address.replace("http://", "ws://", 1) + "/connect"
        return {"endpoint": endpoint, "ticket": ticket}

    async def _receive(self, name: str, link: Link) -> None:
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
                self._world.record_ack(name, raw)
                self._platform.changes.note()

    async def _pong(self, link: Link, data: bytes) -> None:
        try:
            await link.socket.pong(data)
        except ConnectionError:
            # The client is gone; the next receive says so.
            return

    async def _say_farewell(self, name: str, link: Link) -> None:
        if link.half_open:
            # The client has given up on it; it hears no answer to its close frame either.
            self._closed(name)
            await link.gone.wait()
        else:
            await link.socket.close()

    async def _close_later(self, link: Link) -> None:
        await self._platform.sleep(self._world.settings.disconnect_grace)
        link.gone.set()
        link.transport.close()

    async def _keep_pinging(self, name: str, interval: float) -> None:
        while True:
            await self._platform.sleep(interval)
            if self._world.connections[name].state != "open":
                return
            await self.ping(name)

    def _frame(self, kind: str, topic: str, data: dict[str, Any], header_id: str, name: str) -> str:
        return frame(
            kind,
            topic,
            data,
            header_id=header_id,
            now=self._world.now(),
            app_id=self._world.settings.client_id,
            connection_id=name,
        )

    def _change(self, name: str, **fields: Any) -> None:
        connections = self._world.connections
        connections[name] = structs.replace(connections[name], **fields)
        self._platform.changes.note()

    def _closed(self, name: str) -> None:
        if self._world.connections[name].state != "closed":
            self._change(name, state="closed", closed=self._world.now())
