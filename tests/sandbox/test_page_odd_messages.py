"""Whatever DingTalk accepts can be shown: no message of anybody ends the news of a page."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dingbridge.sandbox import openapi_bodies, webhook_bodies
from dingbridge.sandbox.contents import Content
from dingbridge.sandbox.inbound import Utterance
from dingbridge.sandbox.page import from_cards, from_people, from_robots
from dingbridge.sandbox.page.feed import encoded
from dingbridge.sandbox.page.rendering import TAGS
from dingbridge.sandbox.records import Card, Said
from dingbridge.sandbox.robot_messages import RobotMessages
from dingbridge.sandbox.rules.rule import ApiRefusal, RobotRefusal
from dingbridge.sandbox.settings import TEAM, Settings
from dingbridge.sandbox.state import World
from tests.sandbox.test_page_rendering import HOSTILE, Found

HALF = "\ud83d"
"""Half of an emoji, which JSON can hold and UTF-8 cannot."""
WORDS = st.one_of(st.text(max_size=12), st.sampled_from([*HOSTILE, HALF, f"a{HALF}b"]))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)
LINK = st.fixed_dictionaries({"title": WORDS, "messageURL": WORDS, "picURL": WORDS})
BUTTON = st.fixed_dictionaries({"title": WORDS, "actionURL": WORDS})
PARTS = {
    "text": st.fixed_dictionaries({"content": WORDS}),
    "markdown": st.fixed_dictionaries({"title": WORDS, "text": WORDS}),
    "link": st.fixed_dictionaries(
        {"title": WORDS, "text": WORDS, "messageUrl": WORDS}, optional={"picUrl": JSON}
    ),
    "actionCard": st.fixed_dictionaries(
        {"title": WORDS, "text": WORDS},
        optional={
            "btns": st.one_of(JSON, st.lists(BUTTON, min_size=1, max_size=3)),
            "singleTitle": st.one_of(JSON, WORDS),
            "singleURL": st.one_of(JSON, WORDS),
        },
    ),
    "feedCard": st.fixed_dictionaries({"links": st.lists(LINK, min_size=1, max_size=3)}),
}
WEBHOOKS = st.sampled_from([*PARTS]).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"msgtype": st.just(kind), kind: PARTS[kind]},
        optional={
            "at": st.dictionaries(
                st.sampled_from(["atUserIds", "atMobiles", "isAtAll"]), JSON, max_size=3
            )
        },
    )
)
OPENAPI = st.sampled_from([*openapi_bodies.PARAM_FIELDS]).flatmap(
    lambda key: st.fixed_dictionaries(
        {
            "msgKey": st.just(key),
            "msgParam": st.fixed_dictionaries(
                dict.fromkeys(openapi_bodies.PARAM_FIELDS[key], WORDS)
            ).map(json.dumps),
        }
    )
)

BUTTONS = st.one_of(JSON, st.fixed_dictionaries({"msgButtons": JSON})).map(json.dumps)


def world() -> World:
    return World(Settings(), lambda: 1_700_000_000.0)


def assert_shown(shown: msgspec.Struct) -> None:
    """It can be sent to a page, and its HTML holds nothing that acts."""
    decoded = json.loads(encoded(shown))
    faces = decoded.get("faces", {}).values()
    for part in [*decoded.get("parts", []), *faces]:
        assert {tag for tag, _ in Found(part.get("html", "")).tags} <= TAGS


def assert_robots_message_is_shown(content: Content, body: dict[str, Any]) -> None:
    there = world()
    arrived = there.accept(
        "group", content, robot="dingsandbox", conversation_id=TEAM, body=body, size=1
    )
    assert_shown(from_robots.message(there, arrived))


@given(WEBHOOKS)
@example({"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": 5, "atMobiles": "x"}})
@settings(max_examples=300)
def test_every_message_that_a_webhook_takes_is_shown(body: dict[str, Any]) -> None:
    try:
        content = webhook_bodies.content(body)
    except RobotRefusal:
        return
    assert_robots_message_is_shown(content, body)


@given(OPENAPI)
@settings(max_examples=300)
def test_every_message_that_the_openapi_takes_is_shown(body: dict[str, Any]) -> None:
    try:
        content = openapi_bodies.content(body)
    except ApiRefusal:
        return
    assert_robots_message_is_shown(content, body)


@given(
    st.sampled_from(["text", "richText", "picture", "file", "audio", "video", "unknown"]),
    WORDS,
    st.dictionaries(
        st.sampled_from(["downloadCode", "duration", "richText", "fileName", "recognition"]), JSON
    ),
    st.dictionaries(
        st.sampled_from(
            ["text", "content", "senderId", "senderNick", "conversationType", "originalMsgId"]
        ),
        JSON,
    ),
)
def test_every_message_of_a_person_is_shown(
    msgtype: str, text: str, content: dict[str, Any], extra: dict[str, Any]
) -> None:
    there = world()
    said = Utterance(text=text, msgtype=msgtype, content=content, extra=extra)
    push = RobotMessages(there).compose(said)
    shown = from_people.message(
        there, Said(1, 1.0, push.message_id, "header", push.conversation_id, "", lost=True)
    )
    assert shown is not None
    assert_shown(shown)


@given(
    st.dictionaries(
        st.sampled_from(
            ["title", "markdown", "msgContent", "tips", "flowStatus", "sys_full_json_obj", "other"]
        ),
        st.one_of(
            WORDS, JSON.map(json.dumps), JSON.map(lambda each: json.dumps({"msgButtons": each}))
        ),
    ),
    st.dictionaries(WORDS, st.dictionaries(WORDS, WORDS, max_size=2), max_size=2),
)
def test_every_card_is_shown(data: dict[str, str], private: dict[str, dict[str, str]]) -> None:
    there = world()
    template = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
    place = "dtv1.card//IM_ROBOT.zhangsan"
    there.keep_card(Card("one", template, "dingsandbox", "STREAM", data, private, (place,)))
    [shown] = from_cards.cards(there, there.card_versions)
    assert_shown(shown)
