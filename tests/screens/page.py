"""The pictures of the sandbox's page, by name, and what is on each."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import websocket
from PIL import Image, ImageDraw

from dingbridge.sandbox import Said, Sandbox, Settings
from tests.support import chromium
from tests.support.sandbox_calls import fetch_token, post, request

if TYPE_CHECKING:
    from playwright.sync_api import Page

NINE = datetime(2026, 11, 30, 1, 41, tzinfo=timezone.utc).timestamp()
"""The time by the sandbox's clock: 9:41 in China."""
BUILD = """### 构建 #812 通过 ✅

**main** · `a1b2c3d`

| step | result | time |
|:--|:-:|--:|
| lint | ✓ | 12 s |
| test | ✓ | 2.1 min |

- coverage **94 %**
- [the log](https://ci.example.com/812)
"""
BUTTONS = [
    {"text": "Deploy", "id": "deploy", "request": True, "color": "blue"},
    {"text": "Not now", "id": "later", "request": True, "color": "gray"},
]
TOPICS = ("/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback")


class Bridge:
    """A bridge that acknowledges what it gets, and sends what a test asks for."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._token = fetch_token(sandbox)
        opening = {
            "clientId": sandbox.client_id,
            "clientSecret": sandbox.client_secret,
            "subscriptions": [{"type": "CALLBACK", "topic": topic} for topic in TOPICS],
        }
        address = f"{sandbox.url}/v1.0/gateway/connections/open"
        granted = request(
            "POST", address, json=opening, headers={"Accept": "application/json"}
        ).json()
        self._socket = websocket.create_connection(
            f"{granted['endpoint']}?ticket={granted['ticket']}", http_no_proxy=["127.0.0.1"]
        )

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def hear(self, said: Said) -> None:
        """Acknowledges what somebody said."""
        self._socket.recv()
        ack = {"code": 200, "headers": {"messageId": said.header_id}, "data": "{}"}
        self._socket.send(json.dumps(ack))
        self._sandbox.client.wait_ack(said.header_id)

    def reply(self, said: Said, text: str, *mentioned: str) -> None:
        """Answers by the session webhook."""
        body = {
            "msgtype": "markdown",
            "markdown": {"title": text.splitlines()[0].strip("# "), "text": text},
            "at": {"atUserIds": mentioned},
        }
        assert request("POST", said.session_webhook, json=body).json()["errcode"] == 0

    def call(self, path: str, **body: Any) -> None:
        """Calls the OpenAPI."""
        status, answer = post(self._sandbox, path, body, self._token)
        assert status == 200, answer


def conversation(sandbox: Sandbox, bridge: Bridge) -> None:
    """Questions and answers in the 1:1 chat and in a group."""
    client, robot = sandbox.client, sandbox.client_id
    asked = client.say("Did the build pass?")
    bridge.hear(asked)
    about = {"openMsgId": asked.message_id, "openConversationId": asked.conversation_id}
    bridge.call("/v1.0/robot/emotion/reply", robotCode=robot, emotionName="👀", **about)
    bridge.reply(asked, BUILD)
    bridge.hear(client.say_picture(chart()))
    params = {
        "title": "Deploy 2.4.0?",
        "markdown": "To **production**, from `a1b2c3d`.",
        "sys_full_json_obj": json.dumps({"msgButtons": BUTTONS}),
    }
    bridge.call(
        "/v1.0/card/instances/createAndDeliver",
        cardTemplateId="1366a1eb-bc54-4859-ac88-517c56a9acb1.schema",
        outTrackId="deploy",
        callbackType="STREAM",
        cardData={"cardParamMap": params},
        openSpaceId="dtv1.card//IM_ROBOT.zhangsan",
        imRobotOpenDeliverModel={"spaceType": "IM_ROBOT"},
    )
    asked = client.say("@dingbridge 磁盘快满了，谁来看一下？", user="lisi", group="产品讨论群")
    bridge.hear(asked)
    bridge.reply(asked, "@lisi `/var` 用了 **91 %**，正在清理。", "lisi")


def chart() -> bytes:
    """A picture of bars."""
    image = Image.new("RGB", (300, 150), "#17324d")
    draw = ImageDraw.Draw(image)
    for number in range(9):
        left, top = 18 + number * 30, 130 - (number * 37) % 100
        draw.rectangle((left, top, left + 20, 135), "#3fa7ff")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def alone(page: Page) -> None:
    """The 1:1 chat."""
    page.get_by_role("heading", name="Deploy 2.4.0?").wait_for()


def with_wire(page: Page) -> None:
    """A group, and the wire beside it."""
    page.get_by_role("button", name="产品讨论群").click()
    page.get_by_role("button", name="通信与故障").click()
    page.locator(".wire-row summary").last.click()
    page.locator(".wire-body").last.scroll_into_view_if_needed()


@contextmanager
def _page(look: dict[str, Any]) -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    settings = Settings(body_characters=4000)
    ticks = itertools.count()
    # Each look at the clock takes a millisecond, and the picture stays the same.
    with (
        Sandbox(settings, clock=lambda: NINE + next(ticks) / 1000) as sandbox,
        sync_playwright() as playwright,
    ):
        bridge = Bridge(sandbox)
        conversation(sandbox, bridge)
        browser = playwright.chromium.launch(
            executable_path=chromium.program(), args=[*chromium.FLAGS]
        )
        page = browser.new_page(
            viewport={"width": 1280, "height": 860}, timezone_id="Asia/Shanghai", **look
        )
        page.goto(sandbox.page)
        page.locator("#draft").wait_for()
        yield page
        browser.close()
        bridge.close()


def take(look: dict[str, Any], act: Callable[[Page], None], file: Path) -> None:
    """Takes a picture of the page in this look, once `act` has prepared it."""
    with _page(look) as page:
        act(page)
        shot = page.screenshot(animations="disabled", caret="hide")
    Image.open(io.BytesIO(shot)).quantize(128).save(file, optimize=True)


PAGES: dict[str, Callable[[Path], None]] = {
    "page-light": partial(take, {"locale": "en-GB", "color_scheme": "light"}, alone),
    "page-dark": partial(take, {"locale": "zh-CN", "color_scheme": "dark"}, with_wire),
}
