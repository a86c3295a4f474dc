"""Bodies of calls for cards: what they must look like (doc/dingtalk.md §8.1 to §8.3)."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from dingbridge.sandbox.rules import cards as rules
from dingbridge.sandbox.settings import App, Settings

TRACK_LIMIT = 64
"""Characters of an `outTrackId` (§8.1: the smaller of the two published numbers)."""
KEY_LIMIT = 100
"""Bytes of a variable's name (§8.1)."""
DATA_LIMIT = 100 * 1024
"""Bytes of all variables together (§8.1)."""

TEMPLATES: dict[str, str] = {
    "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema": "msgContent",
    "382e4302-551d-4880-bf29-a30acfab2e71.schema": "msgContent",
    "589420e2-c1e2-46ef-a5ed-b8728e654da9.schema": "markdown",
    "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema": "markdown",
    "8aebdfb9-28f4-4a98-98f5-396c3dde41a0.schema": "content",
    "675cde2f-f526-40cb-b828-f5b2b57b8b77.schema": "content",
    "c2a6355b-9724-4f7e-9653-d33fcb3311bb.schema": "",
    "7f538f6d-ebb7-4533-a9ac-61a32da094cf.schema": "",
    "d28e2ac5-fb34-4d93-94bc-cf5c580c2d4f.schema": "",
}
"""The templates there are and the streaming variable of each (§8.3); empty for none."""

CardState = Literal["processing", "inputing", "finished", "failed"]
FLOW: dict[str, CardState] = {
    **{"1": "processing", "2": "inputing", "3": "finished"},
    **{"4": "processing", "5": "failed"},
}
"""What a card is in by its variable `flowStatus`, if its template has that (§8.2)."""


class Space(Struct, frozen=True):
    """Where a card goes: `dtv1.card//IM_GROUP.<conversation>` or `…IM_ROBOT.<staff id>`."""

    kind: str
    name: str

    @property
    def id(self) -> str:
        """The `openSpaceId`."""
        return f"dtv1.card//{self.kind}.{self.name}"


class CardUpdate(Struct, frozen=True):
    """A streaming update and the state in which it leaves the card (§8.2)."""

    guid: str
    key: str
    content: str
    state: CardState


def template(body: dict[str, Any]) -> str:
    """The template of a card. Raises ApiRefusal for one that does not exist."""
    found = body.get("cardTemplateId")
    if not isinstance(found, str) or found not in TEMPLATES:
        raise rules.TEMPLATE.refusal()
    return found


def out_track_id(body: dict[str, Any]) -> str:
    """The id of a card. Raises ApiRefusal."""
    found = body.get("outTrackId")
    if not isinstance(found, str) or not 0 < len(found) <= TRACK_LIMIT:
        raise rules.TRACK_INVALID.refusal()
    return found


def params(body: dict[str, Any]) -> dict[str, str]:
    """The variables of a card. Raises ApiRefusal."""
    data = body.get("cardData")
    found = data.get("cardParamMap") if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise rules.PARAMS.refusal()
    size = 0
    for key, value in found.items():
        if not isinstance(value, str) or len(key.encode()) > KEY_LIMIT:
            raise rules.PARAMS.refusal()
        size += len(key.encode()) + len(value.encode())
    if size > DATA_LIMIT:
        raise rules.PARAMS.refusal()
    return dict(found)


def state(data: dict[str, str], before: CardState) -> CardState:
    """What a card is in after these variables were written."""
    return FLOW.get(data.get("flowStatus", ""), before)


def space(body: dict[str, Any], settings: Settings) -> Space:
    """Where a card goes. Raises ApiRefusal for what is no space."""
    found = body.get("openSpaceId")
    if not isinstance(found, str):
        raise rules.SPACE.refusal()
    scheme, _, rest = found.partition("//")
    kind, _, name = rest.partition(".")
    if scheme != "dtv1.card" or kind not in ("IM_GROUP", "IM_ROBOT") or not name:
        raise rules.SPACE.refusal()
    groups = {group.conversation_id for group in settings.groups}
    if kind == "IM_GROUP" and name not in groups:
        raise rules.SPACE.refusal()
    return Space(kind, name)


def undelivered(space: Space, body: dict[str, Any], app: App, settings: Settings) -> str:
    """Why a card does not arrive in its space; empty when it does."""
    group = space.kind == "IM_GROUP"
    model = body.get("imGroupOpenDeliverModel" if group else "imRobotOpenDeliverModel")
    if not isinstance(model, dict):
        return "deliver model is empty"
    if group and model.get("robotCode") != app.client_id:
        return "robotCode is invalid"
    if not group and space.name not in {person.staff_id for person in settings.people}:
        return "user is not exist"
    return ""


def streamed(body: dict[str, Any], template: str, most: int) -> CardUpdate:
    """A streaming update of at most so many bytes. Raises ApiRefusal."""
    guid, key, content = body.get("guid"), body.get("key"), body.get("content")
    if not isinstance(guid, str) or not guid:
        raise rules.GUID.refusal()
    if not isinstance(key, str) or not key:
        raise rules.KEY.refusal()
    ends = body.get("isFinalize") is True or body.get("isError") is True
    if not isinstance(content, str) or not (content or ends):
        raise rules.CONTENT.refusal()
    if key != TEMPLATES[template]:
        raise rules.KEY_WRONG.refusal()
    if body.get("isFull") is not True:
        raise rules.WHOLE.refusal()
    if len(content.encode()) > most:
        raise rules.LARGE.refusal()
    after: CardState = "inputing"
    if body.get("isError") is True:
        after = "failed"
    elif body.get("isFinalize") is True:
        after = "finished"
    return CardUpdate(guid, key, content, after)
