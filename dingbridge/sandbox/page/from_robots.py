"""What robots sent, as the page draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from dingbridge.sandbox.message_fields import FeedEntry, buttons, entries, fields_of
from dingbridge.sandbox.page.rendering import markdown_html, text_html, words_of
from dingbridge.sandbox.page.shown import (
    SHORT,
    ShownButton,
    ShownMessage,
    ShownPart,
    robot_message_id,
)
from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.settings import Settings
from dingbridge.sandbox.state import World

EVERYBODY = {"all": "所有人", "所有人": "所有人"}


def message(world: World, arrived: ArrivedMessage) -> ShownMessage:
    """What arrived from a robot."""
    settings = world.settings
    app = settings.app(arrived.robot)
    return ShownMessage(
        id=robot_message_id(arrived.number),
        number=arrived.number,
        time=arrived.time,
        places=places(settings, arrived),
        author=app.robot_name if app else arrived.robot,
        parts=tuple(parts(world, arrived)),
        preview=(arrived.title or arrived.text)[:SHORT],
        words=words_of(arrived.text)[:SHORT],
        mentions=mentions(settings, arrived.at),
        way=arrived.route,
    )


def places(settings: Settings, arrived: ArrivedMessage) -> tuple[str, ...]:
    """The conversations in which it is shown: several, when it went to several people."""
    if arrived.conversation_id:
        return (arrived.conversation_id,)
    app = settings.app(arrived.robot)
    return tuple(
        settings.conversation_with(person, app)
        for person in settings.people
        if app and person.staff_id in arrived.user_ids
    )


def mentions(settings: Settings, at: dict[str, Any]) -> dict[str, str]:
    """Words after an `@` that are drawn as mentions: those of the ids and numbers in `at`."""
    nicks = {person.staff_id: person.nick for person in settings.people if person.staff_id}
    lists = [at.get(name) for name in ("atUserIds", "atMobiles")]
    listed = [str(each) for one in lists if isinstance(one, list) for each in one]
    found = {each: nicks.get(each, each) for each in listed}
    return found | EVERYBODY if at.get("isAtAll") else found


def parts(world: World, arrived: ArrivedMessage) -> list[ShownPart]:
    """The parts of a message."""
    fields = fields_of(arrived)
    made: dict[str, Callable[[], ShownPart]] = {
        "text": lambda: ShownPart("text", html=text_html(arrived.text)),
        "sampleText": lambda: ShownPart("text", html=text_html(arrived.text)),
        "sampleImageMsg": lambda: picture(str(fields.get("photoURL", ""))),
        "sampleFile": lambda: file(world, arrived),
        "sampleAudio": lambda: ShownPart(
            "voice", path=media_path(arrived.media_id), seconds=seconds(fields, 1000)
        ),
        "sampleVideo": lambda: ShownPart(
            "video", path=media_path(arrived.media_id), seconds=seconds(fields, 1)
        ),
    }
    if arrived.msgtype in made:
        return [made[arrived.msgtype]()]
    listed = entries(arrived)
    if listed:
        return [entry(each) for each in listed]
    drawn = [ShownPart("markdown", html=markdown_html(arrived.text))]
    pressed = tuple(ShownButton(each.label, each.address) for each in buttons(arrived))
    return [*drawn, ShownPart("buttons", buttons=pressed)] if pressed else drawn


def picture(address: str) -> ShownPart:
    """A picture by its media id, or by an address on another host."""
    if address.startswith("@"):
        return ShownPart("picture", path=media_path(address))
    return ShownPart("picture", source=address)


def file(world: World, arrived: ArrivedMessage) -> ShownPart:
    """A file with its name."""
    kept = world.media.get(arrived.media_id)
    size = kept.size if kept else 0
    return ShownPart("file", path=media_path(arrived.media_id), name=arrived.text, size=size)


def entry(each: FeedEntry) -> ShownPart:
    """A link with its title, and perhaps a picture."""
    shown = picture(each.picture) if each.picture else ShownPart("picture")
    return ShownPart(
        "entry",
        title=each.title,
        words=each.text,
        address=each.address,
        path=shown.path,
        source=shown.source,
    )


def seconds(fields: dict[str, Any], parts_of_one: int) -> float:
    """The length of a voice or a video, which the platform takes as a string."""
    given = str(fields.get("duration", ""))
    return float(given) / parts_of_one if given.isdecimal() else 0.0


def media_path(media_id: str) -> str:
    """Where the page finds what was uploaded."""
    return f"media/{quote(media_id, safe='', errors='replace')}"
