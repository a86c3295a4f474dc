"""A DingTalk on loopback that only measures: it pushes frames and takes calls as fast as it can.

It runs in a process of its own (`python -m tests.bench.generator [IDENTITY]`), prints its address
and ends with its standard input. With the file of a key and its certificate it speaks TLS. A client
is known by its client id, such as `sdk`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
import time
from typing import Any

from aiohttp import WSMsgType, web

from dingbridge.sandbox.inbound import Utterance, frame, message_data
from dingbridge.sandbox.settings import Person

PERSON = Person(staff_id="zhangsan", nick="张三")
TOKEN_SECONDS = 7200
SESSION_SECONDS = 3600.0
SESSION_PATH = "/robot/sendBySession?session=s"
FRAMES_AT_ONCE = 64
"""Frames that are handed to the socket before the generator looks for acks."""


class Client:
    """One stream connection and when each of its acks came (`perf_counter` seconds)."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.acks: dict[str, float] = {}
        self.wanted: set[str] = set()
        self.done = asyncio.Event()

    def heard(self, data: str, now: float) -> None:
        """Take an ack in. What is no ack, such as an answer to a ping, is passed over."""
        header_id = str(json.loads(data).get("headers", {}).get("messageId", ""))
        if header_id in self.wanted and header_id not in self.acks:
            self.acks[header_id] = now
            if len(self.acks) == len(self.wanted):
                self.done.set()


class Generator:
    """The server. `calls` holds the arrival time and the path of each send since the last reset."""

    def __init__(self) -> None:
        self.url = ""
        self._clients: dict[str, Client] = {}
        self._names: dict[str, str] = {}
        self._calls: list[tuple[float, str, int]] = []
        self._tokens = 0
        self._pushed = 0
        self._open_for_calls = asyncio.Event()
        self._open_for_calls.set()

    def routes(self) -> list[web.RouteDef]:
        """All paths that a client calls, and those by which the bench steers."""
        return [
            web.post("/v1.0/gateway/connections/open", self._open),
            web.get("/connect", self._connect),
            web.post("/v1.0/oauth2/accessToken", self._token),
            web.post("/bench/flood", self._flood),
            web.post("/bench/reset", self._reset),
            web.post("/bench/hold", self._hold),
            web.get("/bench/calls", self._told_calls),
            web.get("/bench/clients", self._told_clients),
            web.post("/v1.0/robot/emotion/{rest:.*}", self._quiet),
            web.post("/{rest:.*}", self._send),
        ]

    async def _open(self, request: web.Request) -> web.Response:
        name = str((await request.json())["clientId"])
        ticket = f"ticket-{len(self._names)}"
        self._names[ticket] = name
        return web.json_response(
            {"endpoint": self.url.replace("http", "ws") + "/connect", "ticket": ticket}
        )

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, max_msg_size=0)
        await socket.prepare(request)
        client = Client(socket)
        name = self._names[request.query["ticket"]]
        self._clients[name] = client
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                client.heard(message.data, time.perf_counter())
        del self._clients[name]
        return socket

    async def _token(self, request: web.Request) -> web.Response:
        self._tokens += 1
        return web.json_response(
            {"accessToken": f"token-{self._tokens}", "expireIn": TOKEN_SECONDS}
        )

    async def _send(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._calls.append((time.time(), request.path, len(body)))
        await self._open_for_calls.wait()
        return web.json_response({"errcode": 0, "errmsg": "ok", "processQueryKey": "key"})

    async def _quiet(self, request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"success": True})

    async def _hold(self, request: web.Request) -> web.Response:
        """With `hold` true no send is answered until it is false again."""
        if (await request.json())["hold"]:
            self._open_for_calls.clear()
        else:
            self._open_for_calls.set()
        return web.json_response({})

    async def _reset(self, request: web.Request) -> web.Response:
        self._calls.clear()
        return web.json_response({})

    async def _told_calls(self, request: web.Request) -> web.Response:
        wanted = int(request.query.get("wait", "0"))
        end = time.monotonic() + float(request.query.get("within", "60"))
        while len(self._calls) < wanted and time.monotonic() < end:
            await asyncio.sleep(0.005)
        return web.json_response(self._calls)

    async def _told_clients(self, request: web.Request) -> web.Response:
        return web.json_response(sorted(self._clients))

    def _frames(self, count: int) -> list[tuple[str, str]]:
        frames = []
        for _ in range(count):
            self._pushed += 1
            header_id = f"bench-{self._pushed}"
            data = message_data(
                Utterance(text=f"message {self._pushed}"),
                PERSON,
                None,
                message_id=f"msg-{self._pushed}",
                now=time.time(),
                robot_code="robot",
                robot_name="Robot",
                session=(
                    f"{self.url}/robot/sendBySession?session=s",
                    time.time() + SESSION_SECONDS,
                ),
            )
            text = frame(
                "CALLBACK",
                "/v1.0/im/bot/messages/get",
                data,
                header_id=header_id,
                now=time.time(),
                app_id="bench",
                connection_id="bench",
            )
            frames.append((header_id, text))
        return frames

    async def _flood(self, request: web.Request) -> web.Response:
        """Push `count` frames to `client`; answers with the seconds until the last ack, and the
        seconds that each frame waited for its own."""
        wanted: dict[str, Any] = await request.json()
        client = self._clients[str(wanted["client"])]
        frames = self._frames(int(wanted["count"]))
        client.wanted, client.acks = {header_id for header_id, _ in frames}, {}
        client.done.clear()
        pushed: dict[str, float] = {}
        began = time.perf_counter()
        for number, (header_id, text) in enumerate(frames):
            pushed[header_id] = time.perf_counter()
            await client.socket.send_str(text)
            if number % FRAMES_AT_ONCE == 0:
                await asyncio.sleep(0)
        with contextlib.suppress(asyncio.TimeoutError):  # the answer tells what is missing
            await asyncio.wait_for(client.done.wait(), float(wanted["within"]))
        waits = sorted(client.acks[each] - pushed[each] for each in client.acks)
        last = max(client.acks.values(), default=began)
        return web.json_response(
            {"seconds": last - began, "waits": waits, "missing": len(frames) - len(waits)}
        )


async def serve(identity: str = "") -> None:
    """Serve on a free port until standard input ends, over TLS with an `identity`."""
    generator = Generator()
    app = web.Application(client_max_size=1 << 26)
    app.add_routes(generator.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    secure = None
    if identity:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(identity)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secure)
    await site.start()
    port = runner.addresses[0][1]
    generator.url = f"{'https' if identity else 'http'}://127.0.0.1:{port}"
    sys.stdout.write(generator.url + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
