"""Cards with buttons: what is sent, what counts as delivered, and which callbacks are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dingbridge.core.dingtalk import cards, permissions, stream_frames
from dingbridge.core.dingtalk.cards import ButtonCard, CardButton, CardPressed
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import BadFrame, DeliveryError, Refused

BUTTON = CardButton("allow", "同意", "blue")
CARD = ButtonCard("t1", "zhangsan", "ding1", "Title", "text", (BUTTON,))
INNER = {"cardPrivateData": {"actionIds": ["allow"], "params": {}}}


def answer(body: dict[str, Any], status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(body).encode())


def callback(**fields: Any) -> str:
    return json.dumps({"outTrackId": "t1", "userId": "zhangsan", **fields})


def test_a_card_goes_to_one_person_and_calls_back_by_the_stream() -> None:
    body = json.loads(cards.creation(CARD))
    assert body["callbackType"] == "STREAM"
    assert body["userIdType"] == 1
    assert body["openSpaceId"] == "dtv1.card//IM_ROBOT.zhangsan"
    assert body["imRobotOpenDeliverModel"] == {"spaceType": "IM_ROBOT", "robotCode": "ding1"}
    params = body["cardData"]["cardParamMap"]
    assert all(isinstance(value, str) for value in params.values())
    [button] = json.loads(params["sys_full_json_obj"])["msgButtons"]
    assert button == {"text": "同意", "id": "allow", "request": True, "color": "blue"}


def test_the_end_of_a_card_removes_its_buttons_and_keeps_its_title() -> None:
    body = json.loads(cards.ending("t1", "done"))
    assert body["cardUpdateOptions"] == {"updateCardDataByKey": True}
    params = body["cardData"]["cardParamMap"]
    assert params == {"markdown": "done", "sys_full_json_obj": '{"msgButtons":[]}'}


def test_a_delivery_that_failed_behind_http_200_is_an_error() -> None:
    results: list[dict[str, object]] = [{"success": True}]
    cards.read_creation(answer({"success": True, "result": {"deliverResults": results}}))
    bad: tuple[list[dict[str, object]], ...] = ([{"success": False, "errorMsg": "no"}], [], [{}])
    for results in bad:
        with pytest.raises(Refused):
            cards.read_creation(answer({"success": True, "result": {"deliverResults": results}}))
    failed = [{"success": False, "errorMsg": "user is not exist"}]
    with pytest.raises(Refused, match="user is not exist"):
        cards.read_creation(answer({"success": True, "result": {"deliverResults": failed}}))


def test_a_missing_scope_is_told_from_other_refusals() -> None:
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    with pytest.raises(DeliveryError) as refused:
        cards.read_creation(answer({"code": code, "message": "no"}, 403))
    assert cards.is_without_scope(refused.value.code)
    with pytest.raises(DeliveryError) as other:
        cards.read_creation(answer({"code": "param.templateNotExist", "message": "no"}, 400))
    assert not cards.is_without_scope(other.value.code)
    assert permissions.apply_link("ding1", permissions.CARDS.name).endswith(
        "content=ding1%23Card.Instance.Write"
    )


@pytest.mark.parametrize(
    "data",
    [
        callback(content=json.dumps(INNER)),
        callback(value=json.dumps(INNER)),
        callback(content=INNER),
        callback(value=INNER),
    ],
)
def test_a_press_is_read_in_both_forms(data: str) -> None:
    assert cards.read_press(data) == CardPressed("t1", "allow", "zhangsan")


@pytest.mark.parametrize(
    "data",
    [
        *("", "[]", "null", "7", callback(), callback(content="{"), callback(content="7")),
        callback(content='{"cardPrivateData":{"actionIds":[]}}'),
        callback(content='{"cardPrivateData":[]}'),
        json.dumps({"userId": "zhangsan", "content": json.dumps(INNER)}),
        json.dumps({"outTrackId": "t1", "content": json.dumps(INNER)}),
    ],
)
def test_what_is_no_press_cannot_be_read(data: str) -> None:
    with pytest.raises(BadFrame):
        cards.read_press(data)


def test_a_callback_is_acknowledged_as_the_platform_expects() -> None:
    headers = {"topic": "/v1.0/card/instances/callback", "messageId": "m1"}
    frame = stream_frames.decode(
        json.dumps({"type": "CALLBACK", "headers": headers, "data": callback(content=INNER)})
    )
    assert isinstance(frame, stream_frames.CardCallback)
    ack = json.loads(stream_frames.ack_ok(frame))
    assert ack["code"] == 200
    assert ack["headers"]["messageId"] == "m1"
    assert json.loads(ack["data"]) == {"status": "SUCCESS", "message": "ok"}
