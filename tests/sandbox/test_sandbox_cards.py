"""Cards of the sandbox, rule by rule: created, delivered, changed, streamed and pressed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import websocket

from dingbridge.sandbox import TEAM, App, Card, Sandbox, Settings
from tests.support.sandbox_calls import call, fetch_token, request

PATH = "/v1.0/card/instances"
BOTH = f"{PATH}/createAndDeliver"
DELIVER = f"{PATH}/deliver"
STREAM = "/v1.0/card/streaming"
CALLBACK = "/v1.0/card/instances/callback"
BUTTONS = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
AI = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
ALONE = "dtv1.card//IM_ROBOT.zhangsan"
THERE = f"dtv1.card//IM_GROUP.{TEAM}"
NOON = 1_700_000_000.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, unless it is moved."""
    settings = Settings(other_apps=(App("dingother", "other-secret"),), calls_per_second=None)
    with Sandbox(settings, clock=lambda: NOON) as running:
        yield running


def body(track: str = "card-1", space: str = ALONE, **fields: Any) -> dict[str, Any]:
    robot = {"spaceType": "IM_ROBOT", "robotCode": "dingsandbox"}
    return {
        "cardTemplateId": BUTTONS,
        "outTrackId": track,
        "callbackType": "STREAM",
        "userIdType": 1,
        "cardData": {"cardParamMap": {"title": "t", "markdown": "m"}},
        "openSpaceId": space,
        "imRobotOpenDeliverModel": robot,
        "imGroupOpenDeliverModel": {"robotCode": "dingsandbox"},
        **fields,
    }


def update(track: str = "card-1", **fields: Any) -> dict[str, Any]:
    return {
        "outTrackId": track,
        "guid": uuid4().hex,
        "key": "msgContent",
        "content": "text",
        "isFull": True,
        "isFinalize": False,
        "isError": False,
        **fields,
    }


def good(sandbox: Sandbox, method: str, path: str, given: dict[str, Any]) -> Any:
    status, answer = call(sandbox, method, path, given, fetch_token(sandbox))
    assert (status, answer["success"]) == (200, True), answer
    return answer["result"]


def code(sandbox: Sandbox, method: str, path: str, given: dict[str, Any]) -> str:
    """The code of a refusal."""
    status, answer = call(sandbox, method, path, given, fetch_token(sandbox))
    assert status == 400, answer
    found: str = answer["code"]
    return found


def only_card(sandbox: Sandbox) -> Card:
    [card] = sandbox.client.cards()
    return card


# --- made and delivered ---------------------------------------------------------------------------


def test_a_card_is_made_and_delivered_in_one_call_or_in_two(sandbox: Sandbox) -> None:
    first = good(sandbox, "POST", BOTH, body())
    [delivered] = first["deliverResults"]
    assert first["outTrackId"] == "card-1"
    assert (delivered["spaceType"], delivered["spaceId"]) == ("IM_ROBOT", "zhangsan")
    assert delivered["success"]
    assert delivered["carrierId"]
    good(sandbox, "POST", PATH, body("card-2"))
    [delivered] = good(sandbox, "POST", DELIVER, body("card-2", THERE))
    assert (delivered["spaceId"], delivered["success"]) == (TEAM, True)
    assert [card.places for card in sandbox.client.cards()] == [(ALONE,), (THERE,)]
    assert sandbox.client.cards()[0].data == {"title": "t", "markdown": "m"}


def test_a_card_needs_the_permission_for_cards(sandbox: Sandbox) -> None:
    sandbox.client.configure(missing_scopes=["Card.Instance.Write", "Card.Streaming.Write"])
    for method, path, scope in (
        ("POST", BOTH, "Card.Instance.Write"),
        ("PUT", PATH, "Card.Instance.Write"),
        ("PUT", STREAM, "Card.Streaming.Write"),
    ):
        status, answer = call(sandbox, method, path, body(), fetch_token(sandbox))
        assert status == 403
        assert answer["accessdenieddetail"] == {"requiredScopes": [scope]}


@pytest.mark.parametrize("template", ["other.schema", BUTTONS.removesuffix(".schema"), "", None])
def test_a_card_has_a_template_that_exists(sandbox: Sandbox, template: Any) -> None:
    for path in (PATH, BOTH):
        given = body(cardTemplateId=template)
        assert code(sandbox, "POST", path, given) == "param.templateNotExist"
    assert sandbox.client.cards() == []


@pytest.mark.parametrize("track", ["", "x" * 65, None, 1])
def test_a_card_has_an_outtrackid_of_at_most_64_characters(sandbox: Sandbox, track: Any) -> None:
    for path in (PATH, BOTH):
        assert code(sandbox, "POST", path, body(track)) == "param.outTrackId"
    good(sandbox, "POST", BOTH, body("x" * 64))


def test_an_outtrackid_is_used_once(sandbox: Sandbox) -> None:
    good(sandbox, "POST", BOTH, body())
    for path in (PATH, BOTH):
        assert code(sandbox, "POST", path, body()) == "param.cardAlreadyExist"


def test_a_card_that_does_not_exist_is_not_delivered_or_changed(sandbox: Sandbox) -> None:
    foreign = body("foreign", imRobotOpenDeliverModel={"spaceType": "IM_ROBOT"})
    token = fetch_token(sandbox, "dingother", "other-secret")
    assert call(sandbox, "POST", BOTH, foreign, token)[0] == 200
    for track in ("unknown", "foreign"):
        assert code(sandbox, "POST", DELIVER, body(track)) == "param.cardNotExist"
        assert code(sandbox, "PUT", PATH, body(track)) == "param.cardNotExist"
        assert code(sandbox, "PUT", STREAM, update(track)) == "param.cardNotExist"


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"cardParamMap": None},
        {"cardParamMap": {"n": 1}},
        {"cardParamMap": {"o": {}}},
        {"cardParamMap": {"k" * 101: "x"}},
        {"cardParamMap": {"k": "x" * 100 * 1024}},
    ],
)
def test_the_data_of_a_card_are_strings_by_short_names_and_100_kb_in_all(
    sandbox: Sandbox, data: Any
) -> None:
    assert code(sandbox, "POST", BOTH, body(cardData=data)) == "param.cardData"
    good(sandbox, "POST", BOTH, body())
    assert code(sandbox, "PUT", PATH, body(cardData=data)) == "param.cardData"


@pytest.mark.parametrize(
    "space",
    ["", None, "zhangsan", "dtv1.card//IM_GROUP.", "dtv1.card//ONE_BOX.x", "dtv1.card//IM_GROUP.x"],
)
def test_a_card_goes_to_a_space_of_its_app(sandbox: Sandbox, space: Any) -> None:
    assert code(sandbox, "POST", BOTH, body(space=space)) == "param.openSpaceIdInvalid"
    assert sandbox.client.cards() == []
    good(sandbox, "POST", PATH, body())
    assert code(sandbox, "POST", DELIVER, body(space=space)) == "param.openSpaceIdInvalid"


@pytest.mark.parametrize(
    "fields",
    [
        {"space": "dtv1.card//IM_ROBOT.nobody"},
        {"imRobotOpenDeliverModel": None},
        {"space": THERE, "imGroupOpenDeliverModel": {"robotCode": "dingother"}},
        {"space": THERE, "imGroupOpenDeliverModel": {}},
    ],
)
def test_a_card_that_was_not_delivered_says_so_in_an_answer_that_looks_good(
    sandbox: Sandbox, fields: dict[str, Any]
) -> None:
    [delivered] = good(sandbox, "POST", BOTH, body(**fields))["deliverResults"]
    assert not delivered["success"]
    assert delivered["errorMsg"]
    assert only_card(sandbox).places == ()


# --- changed --------------------------------------------------------------------------------------


def test_an_update_without_updatecarddatabykey_replaces_the_data_whole(sandbox: Sandbox) -> None:
    good(sandbox, "POST", BOTH, body())
    by_key = {"cardUpdateOptions": {"updateCardDataByKey": True}}
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"markdown": "n"}}}
    good(sandbox, "PUT", PATH, {**change, **by_key})
    assert only_card(sandbox).data == {"title": "t", "markdown": "n"}
    good(sandbox, "PUT", PATH, change)
    assert only_card(sandbox).data == {"markdown": "n"}


@pytest.fixture
def streaming(sandbox: Sandbox) -> Sandbox:
    """A sandbox with an AI card that nothing was streamed to."""
    data = {"cardParamMap": {"flowStatus": "1"}}
    good(sandbox, "POST", BOTH, body(cardTemplateId=AI, cardData=data))
    assert only_card(sandbox).state == "processing"
    return sandbox


def test_a_card_is_streamed_until_it_is_finished(streaming: Sandbox) -> None:
    states = []
    for content, last in (("a", False), ("ab", False), ("abc", True)):
        good(streaming, "PUT", STREAM, update(content=content, isFinalize=last))
        card = only_card(streaming)
        states.append((card.data["msgContent"], card.state))
    assert states == [("a", "inputing"), ("ab", "inputing"), ("abc", "finished")]
    good(streaming, "PUT", STREAM, update(content="", isError=True))
    assert only_card(streaming).state == "failed"


def refused(streaming: Sandbox, wanted: str, **fields: Any) -> None:
    """A streaming update with these fields changes nothing."""
    before = only_card(streaming)
    assert code(streaming, "PUT", STREAM, update(**fields)) == wanted
    assert only_card(streaming) == before


def test_a_streaming_update_has_a_guid(streaming: Sandbox) -> None:
    refused(streaming, "param.stream.guidEmpty", guid="")
    refused(streaming, "param.stream.guidEmpty", guid=None)


def test_a_streaming_update_with_a_known_guid_changes_nothing(streaming: Sandbox) -> None:
    for content in ("a", "b"):
        good(streaming, "PUT", STREAM, update(guid="one", content=content))
    assert only_card(streaming).data["msgContent"] == "a"


def test_a_streaming_update_names_a_variable(streaming: Sandbox) -> None:
    refused(streaming, "param.stream.keyEmpty", key="")


def test_a_streaming_update_is_for_the_streaming_variable_of_the_template(
    streaming: Sandbox,
) -> None:
    refused(streaming, "invalid.content", key="content")


def test_a_streaming_update_has_content(streaming: Sandbox) -> None:
    refused(streaming, "param.stream.contentEmpty", content="")
    refused(streaming, "param.stream.contentEmpty", content=None)


def test_a_streaming_update_of_markdown_is_whole(streaming: Sandbox) -> None:
    refused(streaming, "param.stream.isFull", isFull=False)


def test_a_streaming_update_is_not_too_large(streaming: Sandbox) -> None:
    streaming.client.configure(card_bytes=3000)
    refused(streaming, "param.stream.content", content="字" * 1001)
    good(streaming, "PUT", STREAM, update(content="字" * 1000))


# --- pressed --------------------------------------------------------------------------------------

Receive = Callable[[], tuple[str, dict[str, Any]]]
Answer = Callable[[str, Any], None]


@pytest.fixture
def link(sandbox: Sandbox) -> Iterator[tuple[Receive, Answer]]:
    """A connection for card callbacks: what receives one, and what answers it."""
    registration = {
        "clientId": sandbox.client_id,
        "clientSecret": sandbox.client_secret,
        "subscriptions": [{"type": "CALLBACK", "topic": CALLBACK}],
    }
    path = f"{sandbox.url}/v1.0/gateway/connections/open"
    headers = {"Accept": "application/json"}
    answer = request("POST", path, json=registration, headers=headers).json()
    socket = websocket.create_connection(
        f"{answer['endpoint']}?ticket={answer['ticket']}", timeout=5, http_no_proxy=["127.0.0.1"]
    )

    def receive() -> tuple[str, dict[str, Any]]:
        frame = json.loads(socket.recv())
        assert (frame["type"], frame["headers"]["topic"]) == ("CALLBACK", CALLBACK)
        return frame["headers"]["messageId"], json.loads(frame["data"])

    def reply(header_id: str, data: Any) -> None:
        headers = {"contentType": "application/json", "messageId": header_id}
        ack = {"code": 200, "headers": headers, "message": "OK", "data": json.dumps(data)}
        socket.send(json.dumps(ack))
        sandbox.client.wait_ack(header_id)

    yield receive, reply
    socket.close()


def test_anyone_who_sees_a_card_can_press_its_buttons(
    sandbox: Sandbox, link: tuple[Receive, Answer]
) -> None:
    good(sandbox, "POST", BOTH, body(space=THERE))
    for user in ("zhangsan", "lisi"):
        pressed = sandbox.client.press("card-1", "allow", user, {"k": "v"})
        header_id, data = link[0]()
        assert (pressed.header_id, pressed.lost) == (header_id, False)
        assert data["type"] == "actionCallback"
        assert (data["outTrackId"], data["userId"]) == ("card-1", user)
        assert (data["spaceType"], data["spaceId"]) == ("IM_GROUP", TEAM)
        content = {"cardPrivateData": {"actionIds": ["allow"], "params": {"k": "v"}}}
        assert json.loads(data["content"]) == content
    assert [each.user_id for each in sandbox.client.pressed()] == ["zhangsan", "lisi"]


def test_a_press_is_called_back_by_stream_only_for_cards_that_asked_for_it(
    sandbox: Sandbox, link: tuple[Receive, Answer]
) -> None:
    for track, kind in (("http", "HTTP"), ("none", None), ("stream", "STREAM")):
        good(sandbox, "POST", BOTH, body(track, callbackType=kind))
    lost = [sandbox.client.press(track, "allow").lost for track in ("http", "none", "stream")]
    assert lost == [True, True, False]
    assert link[0]()[1]["outTrackId"] == "stream"


def test_a_card_that_nobody_sees_is_not_pressed(sandbox: Sandbox) -> None:
    good(sandbox, "POST", PATH, body())
    for track in ("card-1", "unknown"):
        with pytest.raises(ValueError, match="nobody sees a card"):
            sandbox.client.press(track, "allow")


def answered(data: dict[str, str]) -> dict[str, Any]:
    return {"response": {"cardData": {"cardParamMap": data}}}


def test_the_answer_to_a_press_changes_the_card_for_the_person_who_pressed(
    sandbox: Sandbox, link: tuple[Receive, Answer]
) -> None:
    good(sandbox, "POST", BOTH, body(space=THERE))
    sandbox.client.press("card-1", "allow", "lisi")
    link[1](link[0]()[0], answered({"markdown": "allowed"}))
    card = only_card(sandbox)
    assert card.private == {"lisi": {"markdown": "allowed"}}
    assert card.data == {"title": "t", "markdown": "m"}
    for data in ({"response": None}, {"status": "SUCCESS"}, {"success": True}, "words"):
        sandbox.client.press("card-1", "allow", "zhangsan")
        link[1](link[0]()[0], data)
    assert only_card(sandbox) == card


def test_an_answer_to_a_press_counts_within_two_seconds(
    sandbox: Sandbox, link: tuple[Receive, Answer]
) -> None:
    good(sandbox, "POST", BOTH, body(space=THERE))
    sandbox.client.press("card-1", "allow")
    sandbox.client.advance(2.1)
    link[1](link[0]()[0], answered({"markdown": "late"}))
    assert only_card(sandbox).private == {}
