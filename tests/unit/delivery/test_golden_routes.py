"""What each route puts on the wire for one message, in files that a reader can judge by eye."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.delivery import requests
from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.delivery.plan import Plan, RetryPolicy
from dingbridge.core.delivery.plan_steps import PostChunk
from dingbridge.core.delivery.routing import Route
from dingbridge.core.messages import At, Outbound, SessionWebhook, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read

GOLDEN = Path(__file__).parents[2] / "golden" / "routes"
TEXT = (
    "# 构建 1024\n\n@李四 please look:\n1. tests\n   - unit\n   - 集成\n2. docs\n\n"
    "| job | state |\n|---|---|\n| lint | ✅ |\n| test | ❌ |\n\n"
    "```python\nif a < b:\n    print('<b>')\n```\n\nkey: ghp_"
    + "a1B2c3D4e5F6" * 3
    + "\n~~old~~ - [ ] open\nlast line"
)
TARGET = Target(
    conversation_id="cidTEAM==",
    user_id="zhangsan",
    session_webhook=SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=x", 9e9),
)


def options(**changes: Any) -> Options:
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=abc"
    app = {"app_key": "dingabc", "app_secret": "hidden", "webhook": webhook}
    return read({**app, **changes}, {})


def bodies(given: Options, outbound: Outbound, route: Route) -> list[Any]:
    """All that goes out by this route, read back from its bytes."""
    plan = Plan(
        outbound, (route,), lambda way: requests.room(given, outbound, way), RetryPolicy(float)
    )
    found = []
    while isinstance(step := plan.next(), PostChunk):
        if route in (Route.SINGLE, Route.GROUP):
            _, body = requests.openapi(given, outbound, step.chunk, route)
        else:
            _, body = requests.robot(given, outbound, step.chunk, route, 1.0)
        read_back = json.loads(body)
        if "msgParam" in read_back:
            read_back["msgParam"] = json.loads(read_back["msgParam"])
        found.append(read_back)
        plan.accepted()
    return found


@pytest.mark.parametrize("msgtype", ["markdown", "text"])
@pytest.mark.parametrize("route", Route)
def test_a_route_sends_what_its_file_shows(route: Route, msgtype: str) -> None:
    given = options(msgtype=msgtype, text_chunk_limit=200, keyword="构建")
    members = ComposeContext(members={"李四": "lisi"})
    target = Target() if route is Route.WEBHOOK else TARGET
    made = written("m1", TEXT, target, given, members, at=At(user_ids=("zhangsan",)))
    shown = json.dumps(bodies(given, made.outbound, route), ensure_ascii=False, indent=1)
    file = GOLDEN / f"{route.value.replace(' ', '-').replace(':', '-')}.{msgtype}.json"
    assert shown + "\n" == file.read_text(encoding="utf-8")
