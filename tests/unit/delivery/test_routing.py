"""Which ways a message can take: the best first, and none that is not open."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.access.pairing_state import AccessKind, AccessRequest
from dingbridge.core.delivery.routing import (
    Route,
    configured_target,
    custom_robot,
    notify_target,
    of_session,
    reply_target,
    routes,
)
from dingbridge.core.dingtalk.limits import SESSION_WEBHOOK_MARGIN
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Sender,
    SessionWebhook,
    Target,
)
from dingbridge.core.options.settings import read
from dingbridge.core.sessions.state import Binding

NOW = 1_800_000_000.0
VALID = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=s", NOW + 3600)
API = {"app_key": "dingabc", "app_secret": "a-secret"}
WEBHOOK = {"webhook": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"}


@pytest.mark.parametrize(
    ("target", "api", "webhook", "expected"),
    [
        (Target(user_id="u", session_webhook=VALID), True, False, [Route.SESSION, Route.SINGLE]),
        (
            Target(conversation_id="c", session_webhook=VALID),
            True,
            True,
            [Route.SESSION, Route.GROUP],
        ),
        (Target(user_id="u"), True, True, [Route.SINGLE]),
        (Target(conversation_id="c"), True, True, [Route.GROUP]),
        (Target(conversation_id="c", user_id="u"), True, False, [Route.SINGLE]),
        (Target(user_id="u", session_webhook=VALID), False, True, [Route.SESSION]),
        (Target(session_webhook=VALID), True, True, [Route.SESSION]),
        (Target(), True, True, [Route.WEBHOOK]),
        (Target(), True, False, []),
        (Target(user_id="u"), False, True, []),
        (Target(conversation_id="c"), False, True, []),
    ],
)
def test_the_ways_of_a_message_are_listed_best_first(
    target: Target, api: bool, webhook: bool, expected: list[Route]
) -> None:
    assert list(routes(target, api=api, webhook="robot" if webhook else "", now=NOW)) == expected


@settings(deadline=None)
@given(st.integers(-7200, 7200))
def test_a_session_webhook_is_used_until_shortly_before_its_expiry(left: int) -> None:
    webhook = SessionWebhook(VALID.url, NOW + left)
    found = routes(Target(user_id="u", session_webhook=webhook), api=True, webhook="", now=NOW)
    assert (Route.SESSION in found) == (left > SESSION_WEBHOOK_MARGIN)
    assert Route.SINGLE in found


@pytest.mark.parametrize("named", ["webhook", "earlier version"])
def test_a_message_for_one_custom_robots_group_never_goes_by_another_one(named: str) -> None:
    ours, other = custom_robot("https://x/send?access_token=a"), custom_robot("https://x/send?b")
    target = Target(custom_robot=ours if named == "webhook" else "")
    assert routes(target, api=True, webhook=ours, now=NOW) == (Route.WEBHOOK,)
    by_other = routes(target, api=True, webhook=other, now=NOW)
    assert by_other == (() if named == "webhook" else (Route.WEBHOOK,))
    assert routes(target, api=True, webhook="", now=NOW) == ()


def test_the_name_of_a_custom_robot_shows_nothing_of_its_webhook() -> None:
    name = custom_robot("https://oapi.dingtalk.com/robot/send?access_token=s3cr3t")
    assert "s3cr3t" not in name
    assert "access" not in name
    assert len(name) == 16
    assert custom_robot("") == ""


def test_an_answer_to_a_person_never_falls_into_the_robots_group() -> None:
    expired = SessionWebhook(VALID.url, NOW - 1)
    assert routes(Target(session_webhook=expired), api=False, webhook="robot", now=NOW) == ()


@pytest.mark.parametrize(
    ("options", "notifications", "session"),
    [
        (WEBHOOK, Target(), Target()),
        ({**API, "user_id": "u"}, Target(user_id="u"), Target(user_id="u")),
        ({**API, "conversation_id": "c"}, Target(conversation_id="c"), Target(conversation_id="c")),
        (
            {**API, "conversation_id": "c", "user_id": "u"},
            Target(conversation_id="c"),
            Target(conversation_id="c"),
        ),
        ({**API, **WEBHOOK, "user_id": "u"}, Target(), Target(user_id="u")),
        (API, None, None),
        ({}, None, None),
    ],
)
def test_what_answers_nobody_goes_to_the_configured_target(
    options: dict[str, Any], notifications: Target | None, session: Target | None
) -> None:
    read_options = read(options, {})
    for found, wanted in (
        (notify_target(read_options), notifications),
        (configured_target(read_options), session),
    ):
        if wanted is None:
            assert found is None
        else:
            assert found is not None
            assert (found.user_id, found.conversation_id) == (
                wanted.user_id,
                wanted.conversation_id,
            )
            assert found.label


def test_the_session_webhooks_url_shows_in_no_repr() -> None:
    assert "session=s" not in repr(Target(session_webhook=VALID))


def inbound(conversation: Conversation, staff_id: str = "zhangsan") -> Inbound:
    sender = Sender(staff_id, "$:LWCP_v1:$x", "张三")
    return Inbound("m1", "robot", conversation, sender, True, "text", "hi", NOW, VALID)


def test_an_answer_to_a_person_goes_to_that_person() -> None:
    found = reply_target(inbound(Conversation("cid1", ConversationKind.SINGLE)))
    assert found == Target("", "zhangsan", "robot", VALID, "张三")


@pytest.mark.parametrize(("title", "label"), [("Team", "Team"), ("", "张三")])
def test_an_answer_in_a_group_goes_to_the_group_and_not_to_whoever_wrote(
    title: str, label: str
) -> None:
    found = reply_target(inbound(Conversation("cid1", ConversationKind.GROUP, title)))
    assert found == Target("cid1", "", "robot", VALID, label)


def test_somebody_of_another_organisation_is_answered_by_the_session_webhook_only() -> None:
    found = reply_target(inbound(Conversation("cid1", ConversationKind.SINGLE), staff_id=""))
    assert routes(found, api=True, webhook="robot", now=NOW) == (Route.SESSION,)


def test_a_private_chat_without_a_reply_address_is_not_the_robots_group() -> None:
    chat = structs.replace(inbound(Conversation("cid1", ConversationKind.SINGLE), staff_id=""))
    found = reply_target(structs.replace(chat, session_webhook=None))
    request = AccessRequest("c", AccessKind.PERSON, "$:x", "Li", "$:x", "Li", NOW, NOW)
    for target in (found, request.target, of_session("s1"), Binding("s1", private="cid1").target):
        assert target is not None
        assert routes(target, api=True, webhook="robot", now=NOW) == ()
    assert found.place == "cid1"


def test_somebody_of_another_organisation_is_answered_in_the_group_where_they_wrote() -> None:
    found = reply_target(inbound(Conversation("cid1", ConversationKind.GROUP, "Team"), staff_id=""))
    assert (found.place, found.private) == ("cid1", "")
