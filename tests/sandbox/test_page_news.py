"""What a page gets to know: who is there, what people say, what robots send, and the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dingbridge.sandbox import Person, Sandbox, Settings
from tests.sandbox.test_sandbox_stream import connect, read
from tests.support.sandbox_calls import fetch_token, post, request
from tests.support.sandbox_page import News, do, news

SINGLE = "cid1TO1zhangsan=="
TEAM = "cidTEAM=="
TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"


@pytest.fixture
def follower(sandbox: Sandbox) -> Iterator[News]:
    """A page that is open and has got what was there at its beginning."""
    with news(sandbox) as followed:
        followed.next()
        yield followed


def reply(sandbox: Sandbox, body: dict[str, Any], **words: Any) -> None:
    """A robot's answer by session webhook."""
    said = sandbox.client.say("?", **words)
    assert request("POST", said.session_webhook, json=body).json()["errcode"] == 0


def send_card(sandbox: Sandbox, token: str, **params: str) -> None:
    body = {
        "cardTemplateId": TEMPLATE,
        "outTrackId": "one",
        "callbackType": "STREAM",
        "cardData": {"cardParamMap": params},
        "openSpaceId": "dtv1.card//IM_ROBOT.zhangsan",
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
    }
    status, answer = post(sandbox, "/v1.0/card/instances/createAndDeliver", body, token)
    assert status == 200, answer


def test_a_page_learns_who_is_there_and_what_is_connected(sandbox: Sandbox) -> None:
    with news(sandbox) as page:
        status = page.next("status")
    assert [(one["nick"], one["kind"]) for one in status["people"]] == [
        ("张三", "admin"),
        ("李四", "staff"),
        ("陌生人", "external"),
    ]
    assert [group["title"] for group in status["groups"]] == ["产品讨论群", "运维值班群"]
    assert (status["robot"], status["open"], status["calls"]) == ("dingbridge", {}, 0)


def test_a_page_is_told_at_once_when_the_status_changes(sandbox: Sandbox) -> None:
    with news(sandbox) as page:
        page.next("status")
        sandbox.client.add_person(Person("王五", staff_id="wangwu"))
        assert page.next("status")["people"][-1]["key"] == "wangwu"
        sandbox.client.advance(7200)
        assert page.next("status")["ahead"] == 7200


def test_what_somebody_says_appears_in_the_page(sandbox: Sandbox, follower: News) -> None:
    sandbox.client.say("a <b> c", user="lisi")
    [shown] = follower.until("said")
    assert (shown["author"], shown["person"], shown["lost"]) == ("李四", "lisi", "nobody")
    assert shown["places"] == ["cid1TO1lisi=="]
    assert shown["parts"] == [{"kind": "text", "html": "a &lt;b&gt; c"}]


def test_a_mention_is_shown_in_the_page_although_the_push_is_without_it(
    sandbox: Sandbox, follower: News
) -> None:
    sandbox.client.say("@dingbridge hello", group="产品讨论群")
    [shown] = follower.until("said")
    assert shown["parts"][0]["html"] == "@dingbridge hello"
    assert "dingbridge" in shown["mentions"]


def test_files_of_people_have_their_names_and_lengths(sandbox: Sandbox, follower: News) -> None:
    client = sandbox.client
    client.say_file("a.pdf", bytes(100))
    client.say_voice(b"x", "明天见", 3000)
    client.say_video(b"x", 7)
    client.say_rich("see", b"\x89PNG\r\n\x1a\n", "there")
    parts = [part for _ in range(4) for part in follower.until("said")[0]["parts"]]
    assert [part["kind"] for part in parts] == [
        *("file", "voice", "video", "text", "picture", "text")
    ]
    assert (parts[0]["name"], parts[0]["size"]) == ("a.pdf", 100)
    assert (parts[1]["words"], parts[1]["seconds"], parts[2]["seconds"]) == ("明天见", 3, 7)
    assert request("GET", sandbox.page + parts[0]["path"]).content == bytes(100)


@pytest.mark.parametrize(
    "extra",
    [
        {"text": None},
        {"text": "bare"},
        {"senderId": None, "senderNick": None, "createAt": None, "conversationType": None},
        {"msgtype": "picture", "content": "none"},
        {"msgtype": "richText", "content": {"richText": "none"}},
        {"msgtype": "audio", "content": {"duration": "long"}},
        {"msgtype": None},
    ],
)
def test_a_message_without_its_usual_fields_is_shown_all_the_same(
    sandbox: Sandbox, follower: News, extra: dict[str, Any]
) -> None:
    said = sandbox.client.say("x", extra=extra)
    assert follower.until("said")[0]["id"] == said.message_id


def test_an_answer_appears_where_the_question_was(sandbox: Sandbox, follower: News) -> None:
    body = {
        "msgtype": "markdown",
        "markdown": {"title": "t", "text": "**done** @lisi"},
        "at": {"atUserIds": ["lisi"]},
    }
    reply(sandbox, body, group="产品讨论群")
    [shown] = follower.until("arrived")
    assert (shown["places"], shown["author"], shown["preview"]) == ([TEAM], "dingbridge", "t")
    assert shown["parts"][0]["html"] == "<p><strong>done</strong> @lisi</p>\n"
    assert shown["mentions"] == {"lisi": "李四"}


def test_a_message_to_several_people_appears_in_the_chat_of_each(
    sandbox: Sandbox, follower: News
) -> None:
    body = {
        "robotCode": sandbox.client_id,
        "userIds": ["zhangsan", "lisi"],
        "msgKey": "sampleText",
        "msgParam": json.dumps({"content": "all"}),
    }
    post(sandbox, "/v1.0/robot/oToMessages/batchSend", body, fetch_token(sandbox))
    assert follower.until("arrived")[0]["places"] == [SINGLE, "cid1TO1lisi=="]


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (
            {
                "msgtype": "actionCard",
                "actionCard": {"title": "t", "text": "x", "singleTitle": "go", "singleURL": "a:b"},
            },
            ["markdown", "buttons"],
        ),
        (
            {
                "msgtype": "feedCard",
                "feedCard": {
                    "links": [
                        {"title": "1", "messageURL": "https://a.example", "picURL": "@l"},
                        {"title": "2", "messageURL": "https://b.example", "picURL": "https://c"},
                    ]
                },
            },
            ["entry", "entry"],
        ),
        (
            {"msgtype": "link", "link": {"title": "t", "text": "x", "messageUrl": "https://a"}},
            ["entry"],
        ),
    ],
)
def test_cards_of_links_are_shown_with_what_can_be_tapped(
    sandbox: Sandbox, follower: News, body: dict[str, Any], parts: list[str]
) -> None:
    reply(sandbox, body)
    assert [part["kind"] for part in follower.until("arrived")[0]["parts"]] == parts


def test_reactions_and_recalls_appear(sandbox: Sandbox, follower: News) -> None:
    said, token = sandbox.client.say("?"), fetch_token(sandbox)
    about = {"robotCode": sandbox.client_id, "openMsgId": said.message_id}
    place = {"openConversationId": said.conversation_id, "emotionName": "👀"}
    post(sandbox, "/v1.0/robot/emotion/reply", {**about, **place}, token)
    [reacted] = follower.until("reacted")
    assert (reacted["message_id"], reacted["label"]) == (said.message_id, "👀")
    sent = {"userIds": ["zhangsan"], "msgKey": "sampleText", "msgParam": '{"content": "x"}'}
    robot = {"robotCode": sandbox.client_id}
    _, answer = post(sandbox, "/v1.0/robot/oToMessages/batchSend", {**robot, **sent}, token)
    number = follower.until("arrived")[0]["number"]
    keys = {"processQueryKeys": [answer["processQueryKey"]]}
    post(sandbox, "/v1.0/robot/otoMessages/batchRecall", {**robot, **keys}, token)
    assert follower.until("recalled")[0]["message"] == number


def test_a_card_is_shown_once_somebody_sees_it_and_as_it_is_now(
    sandbox: Sandbox, follower: News
) -> None:
    token = fetch_token(sandbox)
    buttons = {"msgButtons": [{"text": "Yes", "id": "yes", "request": True, "color": "blue"}]}
    send_card(sandbox, token, markdown="**a**", sys_full_json_obj=json.dumps(buttons))
    [card] = follower.until("cards")
    assert (card["places"], card["state"]) == ([SINGLE], "")
    assert card["faces"][""]["buttons"] == [{"label": "Yes", "action": "yes", "colour": "blue"}]
    change = {"outTrackId": "one", "cardData": {"cardParamMap": {"markdown": "b"}}}
    status, _ = do_put(sandbox, "/v1.0/card/instances", change, token)
    assert status == 200
    [again] = follower.until("cards")
    assert (again["id"], again["time"]) == (card["id"], card["time"])
    [face] = again["faces"].values()
    assert (face["html"], face.get("buttons", [])) == ("<p>b</p>\n", [])


def do_put(sandbox: Sandbox, path: str, body: Any, token: str) -> tuple[int, Any]:
    headers = {"x-acs-dingtalk-access-token": token}
    answer = request("PUT", sandbox.url + path, json=body, headers=headers)
    return answer.status_code, answer.json()


def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_twice(sandbox: Sandbox) -> None:
    sandbox.client.say("one")
    with news(sandbox) as page:
        assert len(page.next()["said"]) == 1
        last = page.last_id
    sandbox.client.say("two")
    with news(sandbox, last) as page:
        assert [each["preview"] for each in page.next()["said"]] == ["two"]
    with news(sandbox) as page:
        assert [each["preview"] for each in page.next()["said"]] == ["one", "two"]


def test_an_open_page_does_not_keep_a_sandbox_from_ending() -> None:
    with Sandbox() as sandbox, news(sandbox) as page:
        page.next()
        sandbox.stop()
        with pytest.raises(EOFError):
            page.next()


# --- the wire -------------------------------------------------------------------------------------


def test_the_wire_shows_bodies_and_frames_without_their_secrets() -> None:
    settings = Settings(body_characters=4000)
    with Sandbox(settings) as sandbox, news(sandbox) as page:
        token = fetch_token(sandbox)
        call = page.until("calls")[0]
        assert '"appKey"' in call["asked"]
        assert '"accessToken"' in call["answered"]
        opening = {
            "clientId": sandbox.client_id,
            "clientSecret": sandbox.client_secret,
            "subscriptions": [{"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}],
        }
        address = f"{sandbox.url}/v1.0/gateway/connections/open"
        answer = request("POST", address, json=opening, headers={"Accept": "application/json"})
        seen = json.dumps([call, page.until("calls")])
    secrets = (token, sandbox.client_secret, answer.json()["ticket"])
    assert [secret for secret in secrets if secret in seen] == []


def test_a_frame_is_shown_with_its_acknowledgement_and_without_its_reply_address() -> None:
    with Sandbox(Settings(body_characters=4000)) as sandbox, news(sandbox) as page:
        socket = connect(sandbox)
        said = sandbox.client.say("你好")
        header_id = read(socket)[0]["headers"]["messageId"]
        socket.send(json.dumps({"code": 200, "headers": {"messageId": header_id}, "data": "{}"}))
        [frame] = page.until("frames")
        [ack] = page.until("acks")
        socket.close()
    assert (frame["header_id"], ack["message_id"], ack["code"]) == (header_id, header_id, 200)
    assert "你好" in frame["text"]
    assert "sessionWebhook" in frame["text"]
    assert said.session_webhook.partition("session=")[2] not in frame["text"]


def test_a_sandbox_for_tests_keeps_no_bodies(sandbox: Sandbox) -> None:
    fetch_token(sandbox)
    [call] = sandbox.client.calls()
    assert (call.asked, call.answered) == ("", "")


# --- what is said ---------------------------------------------------------------------------------


def test_a_quote_names_the_message_that_it_answers(sandbox: Sandbox, follower: News) -> None:
    reply(sandbox, {"msgtype": "text", "text": {"content": "42"}})
    answered = follower.until("arrived")[0]["id"]
    assert do(sandbox, "say", user="zhangsan", place=SINGLE, text="why?", quote=answered)[0] == 200
    assert follower.until("said")[0]["quote"] == answered


def test_the_same_message_again_keeps_its_id(sandbox: Sandbox, follower: News) -> None:
    first = sandbox.client.say("x")
    follower.until("said")
    assert do(sandbox, "fault", name="redelivery")[0] == 200
    assert follower.until("said")[0]["id"] == first.message_id
