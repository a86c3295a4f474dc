"""Cards, as the page draws them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dingbridge.sandbox.card_bodies import TEMPLATES
from dingbridge.sandbox.page.rendering import markdown_html
from dingbridge.sandbox.page.shown import CardFace, ShownButton, ShownCard, card_message_id
from dingbridge.sandbox.records import Card
from dingbridge.sandbox.state import World

NO_ROWS = {"config", "flowStatus", "logo", "sys_full_json_obj"}
"""Variables that steer a template and are not shown."""


def cards(world: World, versions: Iterable[Card]) -> list[ShownCard]:
    """The cards that have one of these versions, as they are now, once somebody sees them."""
    changed = {each.out_track_id for each in versions}
    delivered: dict[str, float] = {}
    for each in world.card_versions:
        if each.places and each.out_track_id in changed:
            delivered.setdefault(each.out_track_id, each.time)
    return [shown(world, world.cards[track], time) for track, time in delivered.items()]


def shown(world: World, card: Card, time: float) -> ShownCard:
    """One card, which was delivered at this time."""
    app = world.settings.app(card.client_id)
    faces = {"": face(card.template, card.data)}
    for user, own in card.private.items():
        faces[user] = face(card.template, {**card.data, **own})
    return ShownCard(
        id=card_message_id(card.out_track_id),
        track=card.out_track_id,
        time=time,
        places=tuple(place(world, each) for each in card.places),
        author=app.robot_name if app else "",
        state=card.state if is_streamed(card) else "",
        faces=faces,
    )


def is_streamed(card: Card) -> bool:
    """Whether a card says how far it is: one of an assistant does, one with a question does not."""
    return card.state != "processing" or "flowStatus" in card.data


def place(world: World, space: str) -> str:
    """The conversation that a space is."""
    kind, _, name = space.removeprefix("dtv1.card//").partition(".")
    if kind == "IM_GROUP":
        return name
    return next(
        (each.single_conversation for each in world.settings.people if each.staff_id == name), ""
    )


def face(template: str, data: dict[str, str]) -> CardFace:
    """How a card with these variables looks."""
    variable = TEMPLATES.get(template, "")
    title = data.get("title") or data.get("msgTitle") or ""
    static = data.get("staticMsgContent", "")
    text = data.get(variable, "") or static
    known = {variable, "title", "msgTitle", "tips", "staticMsgContent", *NO_ROWS}
    rows = tuple((name, value) for name, value in data.items() if name not in known and value)
    return CardFace(
        title=title,
        html=markdown_html(text) if text else "",
        tips=data.get("tips", ""),
        buttons=tuple(_buttons(data)),
        rows=rows,
    )


def _buttons(data: dict[str, str]) -> Iterable[ShownButton]:
    for each in _listed(data.get("sys_full_json_obj", "")):
        label = each.get("text")
        if isinstance(label, str) and label:
            yield ShownButton(
                label,
                address=str(each.get("url") or ""),
                action=str(each.get("id") or "") if each.get("request") else "",
                colour=str(each.get("color") or ""),
            )


def _listed(given: str) -> list[dict[str, Any]]:
    """The buttons in a card's variable, which is JSON in a string."""
    try:
        decoded = json.loads(given or "{}")
    except ValueError:
        return []
    listed = decoded.get("msgButtons") if isinstance(decoded, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
