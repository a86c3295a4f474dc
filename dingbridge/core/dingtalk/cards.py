"""Cards with buttons that call back: the requests, their answers, and the callbacks (§8)."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field

from dingbridge.core import json_wire
from dingbridge.core.catalogue import refusals as say
from dingbridge.core.dingtalk import responses
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.json_fields import list_of, object_of
from dingbridge.core.errors import BadFrame, Refused

CARD_TOPIC: Final = "/v1.0/card/instances/callback"
"""The topic of pressed buttons; subscribed to when the connection is opened."""

CARD_BYTES: Final = 10_000
"""Bytes of a card's text; our choice: the documents name less, and other projects send more."""

_TEMPLATE: Final = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
"""The official SDK's template of Markdown with buttons (§8.3)."""

_PERMISSION_LACKING: Final = "AccessTokenPermissionDenied"


class CardButton(Struct, frozen=True):
    """A button. `id` comes back when it is pressed; `color` is `blue`, `gray` or `red`."""

    id: str
    text: str
    color: str


class ButtonCard(Struct, frozen=True):
    """A card for one person. `track` is its `outTrackId`, at most 64 characters."""

    track: str
    user_id: str
    robot_code: str
    title: str
    text: str
    buttons: tuple[CardButton, ...]


class CardPressed(Struct, frozen=True):
    """A person pressed a button of the card `track`.

    `action` is the button's id, perhaps with a number appended (§8.5).
    """

    track: str
    action: str
    user_id: str


def creation(card: ButtonCard) -> bytes:
    """The body that creates a card and delivers it 1:1 (§8.5)."""
    buttons = [
        {"text": one.text, "id": one.id, "request": True, "color": one.color}
        for one in card.buttons
    ]
    params = {"title": card.title, "markdown": card.text, "tips": ""}
    return json_wire.encode(
        {
            "cardTemplateId": _TEMPLATE,
            "outTrackId": card.track,
            "callbackType": "STREAM",
            "userIdType": 1,
            "cardData": {"cardParamMap": {**params, **_buttons(buttons)}},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{card.user_id}",
            "imRobotOpenSpaceModel": {"supportForward": False},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": card.robot_code},
        }
    )


def ending(track: str, text: str) -> bytes:
    """The body that gives a card another text and removes its buttons."""
    return json_wire.encode(
        {
            "outTrackId": track,
            "cardData": {"cardParamMap": {"markdown": text, **_buttons([])}},
            "cardUpdateOptions": {"updateCardDataByKey": True},
        }
    )


def _buttons(buttons: list[dict[str, Any]]) -> dict[str, str]:
    return {"sys_full_json_obj": json_wire.encode({"msgButtons": buttons}).decode()}


class _Delivery(Struct):
    success: Any = None
    errorMsg: Any = None


class _Delivered(Struct):
    deliverResults: list[_Delivery] = []


class _Created(Struct):
    result: _Delivered = field(default_factory=_Delivered)


def read_creation(answer: HttpAnswer) -> None:
    """Return if a card was delivered; raises a `DeliveryError`. HTTP 200 alone does not say it."""
    results = responses.read_fields(answer, _Created).result.deliverResults
    if not results or any(one.success is not True for one in results):
        reasons = ", ".join(json_wire.text_of(one.errorMsg) for one in results)
        raise Refused(say.CARD_NOT_DELIVERED(reason=quoted(reasons)))


def is_without_scope(code: str) -> bool:
    """Whether an error with this code says that the app may not create cards."""
    return code.endswith(_PERMISSION_LACKING)


class _Press(Struct):
    outTrackId: Any = None
    userId: Any = None
    content: Any = None
    value: Any = None


def read_press(data: str) -> CardPressed:
    """The pressed button in a callback (§8.4); raises `BadFrame` if it cannot be read.

    One page of the documents calls `content` `value`, and it may be JSON in a string.
    """
    try:
        press = json_wire.decode(data, _Press)
        content = press.content or press.value
        if isinstance(content, str):
            content = json_wire.decode(content, dict[str, Any])
    except json_wire.NotReadable as error:
        raise BadFrame(say.FRAME_UNREADABLE(reason=error)) from error
    actions = list_of(object_of(object_of(content).get("cardPrivateData")).get("actionIds"))
    track, user_id = json_wire.text_of(press.outTrackId), json_wire.id_of(press.userId)
    action = json_wire.text_of(actions[0]) if actions else ""
    if not (track and user_id and action):
        raise BadFrame(say.FRAME_LACKS(name="outTrackId, userId, actionIds"))
    return CardPressed(track, action, user_id)
