"""What goes out for a chunk, finished, stays under both ceilings: mentions and all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.delivery import requests
from dingbridge.core.delivery.plan import Plan, RetryPolicy
from dingbridge.core.delivery.plan_steps import PostChunk
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.limits import MSG_PARAM_BYTES, WEBHOOK_BODY_BYTES
from dingbridge.core.messages import At, Outbound, SessionWebhook, Target
from dingbridge.core.options.settings import read
from tests.support.pieces import joined
from tests.unit.markdown.test_chunking import DOCUMENTS

SETTINGS = {
    "webhook": "https://oapi.dingtalk.com/robot/send?access_token=abc",
    "client_id": "dingabc",
    "client_secret": "hidden",
}
AT = At(user_ids=("zhangsan", "李四"), mobiles=("13800000000",))
TARGET = Target(
    conversation_id="cidTEAM==",
    user_id="zhangsan",
    session_webhook=SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=x", 9e9),
)


def sent(text: str, route: Route, at: At, **changes: Any) -> list[tuple[bytes, PostChunk]]:
    """Body and step for each chunk by this route."""
    options = read({**SETTINGS, **changes}, {})
    target = Target() if route is Route.WEBHOOK else TARGET
    outbound = Outbound("m1", target, text, "标题", at)
    plan = Plan(
        outbound, (route,), lambda way: requests.room(options, outbound, way), RetryPolicy(float)
    )
    bodies = []
    while isinstance(step := plan.next(), PostChunk):
        if route in (Route.SINGLE, Route.GROUP):
            _, body = requests.openapi(options, outbound, step.chunk, route)
        else:
            _, body = requests.robot(options, outbound, step.chunk, route, 1.0)
        bodies.append((body, step))
        plan.accepted()
    return bodies


def shown(body: bytes) -> str:
    """The text that a reader gets to see."""
    content = json.loads(body)
    if "msgParam" in content:
        content = json.loads(content["msgParam"])
        return str(content.get("text") or content.get("content"))
    form = content[content["msgtype"]]
    return str(form.get("text") or form.get("content"))


@given(
    DOCUMENTS,
    st.sampled_from(Route),
    st.sampled_from([At(), AT]),
    st.sampled_from(["", "监控"]),
    st.sampled_from(["markdown", "text"]),
    st.integers(150, 400),
)
def test_every_finished_message_keeps_to_the_limit_of_characters(
    text: str, route: Route, at: At, keyword: str, msgtype: str, limit: int
) -> None:
    changes = {"keyword": keyword or None, "msgtype": msgtype, "text_chunk_limit": limit}
    given_changes = {name: value for name, value in changes.items() if value}
    bodies = sent(text, route, at, **given_changes)
    assert all(len(shown(body)) <= limit for body, _ in bodies)
    assert joined([step.chunk.text for _, step in bodies]) == text


def test_the_limit_of_characters_counts_the_keyword_and_the_mentions() -> None:
    for at in (At(), AT):
        bodies = sent("x" * 150, Route.WEBHOOK, at, keyword="监控", text_chunk_limit=150)
        assert max(len(shown(body)) for body, _ in bodies) <= 150


@pytest.mark.parametrize(
    "unit", ["汉", '"', "\\", "word ", "```\nx\n```\n", "| a |\n|---|\n| \x01 |\n"]
)
@pytest.mark.parametrize("at", [At(), AT])
@pytest.mark.parametrize("route", Route)
def test_every_finished_message_keeps_to_the_ceiling_of_bytes(
    route: Route, at: At, unit: str
) -> None:
    bodies = sent(unit * (60_000 // len(unit)), route, at, keyword="监控")
    assert len(bodies) > 1
    if route in (Route.SINGLE, Route.GROUP):
        sizes = [len(json.loads(body)["msgParam"].encode()) for body, _ in bodies]
        ceiling = MSG_PARAM_BYTES
    else:
        sizes = [len(body) for body, _ in bodies]
        ceiling = WEBHOOK_BODY_BYTES
    assert max(sizes) <= ceiling
    assert max(sizes) > ceiling - 400, "and the room is used"


def test_names_in_the_place_of_ids_keep_to_both_ceilings_as_well() -> None:
    names = (("名字很长的一位同事", "zs"),)
    text = "@zs 请看 " * 40 + "汉" * 30_000
    options = read({**SETTINGS, "text_chunk_limit": 5000}, {})
    outbound = Outbound("m1", TARGET, text, "标题", At(user_ids=("zs",)), names=names)
    plan = Plan(
        outbound,
        (Route.GROUP,),
        lambda way: requests.room(options, outbound, way),
        RetryPolicy(float),
    )
    while isinstance(step := plan.next(), PostChunk):
        _, body = requests.openapi(options, outbound, step.chunk, Route.GROUP)
        assert len(shown(body)) <= 5000
        assert len(json.loads(body)["msgParam"].encode()) <= MSG_PARAM_BYTES
        assert "@zs" not in shown(body)
        plan.accepted()


@pytest.mark.parametrize("route", [Route.WEBHOOK, Route.SESSION])
def test_only_the_first_chunk_mentions_those_whom_no_text_names(route: Route) -> None:
    at = At(user_ids=("asker", "named"), all=True)
    text = "word " * 60 + "\n\n" + "@named here " + "word " * 60
    bodies = [json.loads(body) for body, _ in sent(text, route, at, text_chunk_limit=250)]
    assert len(bodies) > 2
    assert bodies[0]["at"]["atUserIds"] == ["asker", "named"]
    assert bodies[0]["at"]["isAtAll"]
    later = [body.get("at", {"atUserIds": [], "isAtAll": False}) for body in bodies[1:]]
    assert [each["atUserIds"] for each in later].count(["named"]) == 1
    assert not any("asker" in each["atUserIds"] or each["isAtAll"] for each in later)
