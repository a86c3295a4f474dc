"""What people said, as the page draws it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dingbridge.sandbox.inbound import Push
from dingbridge.sandbox.page.rendering import text_html
from dingbridge.sandbox.page.shown import SHORT, Lost, ShownMessage, ShownPart
from dingbridge.sandbox.records import Said
from dingbridge.sandbox.rules import stream as rules
from dingbridge.sandbox.settings import Settings
from dingbridge.sandbox.state import World

LOST: dict[str, Lost] = {
    rules.NO_FILES_IN_GROUPS.says: "not in groups",
    rules.MENTIONED_ONLY.says: "unmentioned",
}


def message(world: World, said: Said) -> ShownMessage | None:
    """What somebody said to the first app's robot; None for another one's."""
    settings = world.settings
    push = world.pushes.get((settings.client_id, said.message_id))
    if push is None:
        return None
    data = push.data
    sender = data.get("senderId")
    person = next((each for each in settings.people if each.encrypted_id == sender), None)
    return ShownMessage(
        id=said.message_id,
        time=said.time,
        places=(push.conversation_id,),
        author=str(data.get("senderNick", "")),
        person=person.key if person else "",
        parts=tuple(parts(world, push)),
        preview=text_of(data)[:SHORT],
        words=text_of(data)[:SHORT],
        mentions=names(settings) if data.get("conversationType") == "2" else {},
        quote=str(data.get("originalMsgId", "")),
        lost=LOST.get(said.why, "nobody") if said.lost else "",
        header=said.header_id,
    )


def text_of(data: dict[str, Any]) -> str:
    """The text of a push as it was written; empty for one without text."""
    return str(dict_of(data.get("text")).get("content", "")).strip()


def dict_of(given: object) -> dict[str, Any]:
    """A field of a push, which a test may have filled with anything."""
    return given if isinstance(given, dict) else {}


def names(settings: Settings) -> dict[str, str]:
    """Who can be mentioned in a group."""
    return {name: name for name in (settings.robot_name, *(one.nick for one in settings.people))}


def parts(world: World, push: Push) -> list[ShownPart]:
    """The parts of a message."""
    data = push.data
    content = dict_of(data.get("content"))
    kind = str(data.get("msgtype", ""))
    if kind == "richText":
        listed = content.get("richText")
        items = listed if isinstance(listed, list) else []
        return [item(world, dict_of(each)) for each in items]
    if kind in ("picture", "file", "audio", "video"):
        return [media(world, kind, content)]
    mention = f"@{world.settings.robot_name} " if data.get("isInAtList") else ""
    return [words(mention + (text_of(data) if kind == "text" else f"[{kind}]"))]


def item(world: World, each: dict[str, Any]) -> ShownPart:
    """One item of a rich text."""
    if each.get("type") == "picture":
        return media(world, "picture", each)
    if each.get("type") == "at":
        return words(f"@{each.get('atName', '')}")
    return words(str(each.get("text", "")))


def words(text: str) -> ShownPart:
    """A part that is text."""
    return ShownPart("text", html=text_html(text))


def media(world: World, kind: str, content: dict[str, Any]) -> ShownPart:
    """A picture, file, voice or video."""
    code = str(content.get("downloadCode", ""))
    offer = world.download_codes.get(code)
    path = f"sent/{quote(code, safe='', errors='replace')}"
    size = offer.kept.size if offer else 0
    if kind == "picture":
        return ShownPart("picture", path=path, size=size)
    if kind == "file":
        return ShownPart("file", path=path, name=str(content.get("fileName", "")), size=size)
    if kind == "audio":
        recognised = str(content.get("recognition", ""))
        return ShownPart("voice", path=path, seconds=length(content) / 1000, words=recognised)
    return ShownPart("video", path=path, seconds=length(content))


def length(content: dict[str, Any]) -> float:
    """The duration in the platform's unit, which may be a string."""
    given = str(content.get("duration", ""))
    return float(given) if given.isdecimal() else 0.0
