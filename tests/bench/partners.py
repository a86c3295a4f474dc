"""What dingbridge is measured against: `python -m tests.bench.partners NAME URL …` in a process.

`null` acks every frame and does nothing else: the generator's own ceiling. `sdk` is the official
SDK. Both end with their standard input. The senders post `count` messages and print, as JSON, the
seconds that took and when each call began (Unix seconds).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable

import aiohttp
import requests

from tests.support.processes import run

MESSAGE_ID = re.compile(r'"messageId": "([^"]+)"')


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


def null(url: str) -> None:
    """Ack each frame as it comes, with as little work as a client can do."""
    asyncio.run(_null(url))


async def _null(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        body = {"clientId": "null", "clientSecret": "x", "subscriptions": []}
        async with http.post(url + "/v1.0/gateway/connections/open", json=body) as answer:
            registration = await answer.json()
        address = f"{registration['endpoint']}?ticket={registration['ticket']}"
        async with http.ws_connect(address, max_msg_size=0) as socket:
            async for message in socket:
                [header_id] = MESSAGE_ID.findall(message.data)
                await socket.send_str(
                    '{"code":200,"headers":{"messageId":"' + header_id + '"},"data":"{}"}'
                )


def sdk(url: str) -> None:
    """The official SDK with a handler that only says OK."""
    os.environ["DINGTALK_OPENAPI_ENDPOINT"] = url
    import dingtalk_stream

    class Accept(dingtalk_stream.ChatbotHandler):  # type: ignore[misc]  # the SDK has no types
        async def process(self, callback: object) -> tuple[int, str]:
            return dingtalk_stream.AckMessage.STATUS_OK, "OK"

    client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential("sdk", "x"))
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Accept())
    client.start_forever()


def _timed(count: int, post: Callable[[int], object]) -> None:
    began, starts = time.perf_counter(), []
    for number in range(count):
        starts.append(time.time())
        post(number)
    print(json.dumps({"seconds": time.perf_counter() - began, "starts": starts}))  # noqa: T201 - the measuring process reads it


def sdk_reply(url: str, count: int) -> None:
    """The SDK's `reply_text`, over and over."""
    os.environ["DINGTALK_OPENAPI_ENDPOINT"] = url
    import dingtalk_stream

    message = dingtalk_stream.ChatbotMessage()
    message.session_webhook = url + "/robot/sendBySession?session=s"
    message.sender_staff_id = "zhangsan"
    handler = dingtalk_stream.ChatbotHandler()
    _timed(count, lambda number: handler.reply_text(f"message {number}", message))


def session(url: str, count: int) -> None:
    """`requests` with one session."""
    with requests.Session() as http:
        _timed(
            count,
            lambda number: http.post(
                url + "/robot/send?access_token=x",
                json={"msgtype": "text", "text": {"content": f"message {number}"}},
                timeout=10,
            ),
        )


def curl(url: str, count: int) -> None:
    """A new `curl` for each message, as scripts do."""
    words = ["curl", "-s", "-H", "Content-Type: application/json", "-d"]
    address = url + "/robot/send?access_token=x"

    def post(number: int) -> None:
        body = json.dumps({"msgtype": "text", "text": {"content": f"message {number}"}})
        run([*words, body, address], check=True)

    _timed(count, post)


STREAMS = {"null": null, "sdk": sdk}
SENDERS = {"sdk_reply": sdk_reply, "session": session, "curl": curl}


if __name__ == "__main__":
    name, address, *rest = sys.argv[1:]
    if name in STREAMS:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
        STREAMS[name](address)
    else:
        SENDERS[name](address, int(rest[0]))
