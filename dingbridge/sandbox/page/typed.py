"""What somebody typed into the page, as they say it to the robot."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from dingbridge.sandbox.commands import ControlCommand
from dingbridge.sandbox.inbound import ROBOT_USER, Utterance
from dingbridge.sandbox.page.shown import card_message_id, robot_message_id
from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.settings import Person
from dingbridge.sandbox.state import World

MSGTYPES = {"file": "file", "voice": "audio", "video": "video"}
CARD_WORDS = "[Interactive card message]"
"""What the platform sends in place of a card that is quoted (doc/dingtalk.md §5.3)."""


class SentFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was uploaded. `words` are what is recognised of a voice."""

    code: str
    kind: Literal["picture", "file", "voice", "video"] = "file"
    name: str = ""
    words: str = ""
    seconds: int = 1


class Typed(ControlCommand, frozen=True):
    """One message. `user` is a person's key, `place` the conversation, `quote` the id of the
    message that it answers."""

    user: str
    place: str
    text: str = ""
    quote: str = ""
    files: tuple[SentFile, ...] = ()


def utterance(world: World, typed: Typed) -> Utterance:
    """What is said to the robot. Raises ValueError for unknown people, places and quotes, and for a
    message that DingTalk knows no form of."""
    person = world.settings.person(typed.user)
    group = None
    if typed.place != person.single_conversation:
        group = world.settings.group(typed.place).conversation_id
    robot = world.settings.robot_name
    msgtype, content = payload(typed)
    extra: dict[str, Any] = {}
    if typed.quote:
        content = {**content, "isReplyMsg": True, "repliedMsg": quoted(world, typed.quote)}
        extra["originalMsgId"] = typed.quote
        key = key_of(world, typed.quote)
        if key:
            extra["originalProcessQueryKey"] = key
    mentioned = f"@{robot}" in typed.text
    others = [each for each in world.settings.people if f"@{each.nick}" in typed.text]
    if group and others:
        robots = [{"dingtalkId": ROBOT_USER}] if mentioned else []
        extra["atUsers"] = [*robots, *map(mentioned_person, others)]
    return Utterance(
        text=typed.text,
        user=typed.user,
        group=group,
        mention=mentioned,
        msgtype=msgtype,
        content=content,
        extra=extra,
        as_in_dingtalk=True,
    )


def payload(typed: Typed) -> tuple[str, dict[str, Any]]:
    """The msgtype, and the fields of its payload besides the text."""
    pictures = [each for each in typed.files if each.kind == "picture"]
    if len(pictures) != len(typed.files):
        if len(typed.files) > 1 or typed.text:
            raise ValueError("a file, a voice or a video is a message of its own")
        return MSGTYPES[typed.files[0].kind], file_payload(typed.files[0])
    if not typed.text and len(pictures) == 1:
        return "picture", picture_payload(pictures[0])
    if pictures:
        items = [{"type": "picture", **picture_payload(each)} for each in pictures]
        text = [{"text": typed.text}] if typed.text else []
        return "richText", {"richText": [*text, *items]}
    if not typed.text.strip():
        raise ValueError("there is nothing to send")
    return "text", {}


def picture_payload(picture: SentFile) -> dict[str, Any]:
    """The two codes of a picture."""
    return {"downloadCode": picture.code, "pictureDownloadCode": picture.code}


def file_payload(file: SentFile) -> dict[str, Any]:
    """The payload of a file, a voice or a video (doc/dingtalk.md §5.2)."""
    code = {"downloadCode": file.code}
    if file.kind == "voice":
        return {**code, "recognition": file.words, "duration": file.seconds * 1000}
    if file.kind == "video":
        return {**code, "videoType": "mp4", "duration": file.seconds}
    return {**code, "fileName": file.name, "spaceId": "1", "fileId": "1"}


def mentioned_person(person: Person) -> dict[str, str]:
    """How a push names somebody who is mentioned; nobody outside has a staff id."""
    named = {"dingtalkId": person.encrypted_id}
    return {**named, "staffId": person.staff_id} if person.staff_id else named


def quoted(world: World, message_id: str) -> dict[str, Any]:
    """The message that is answered, as a push repeats it (doc/dingtalk.md §5.3). Raises ValueError
    when there is none with this id."""
    push = world.pushes.get((world.settings.client_id, message_id))
    if push is not None:
        kind = push.data["msgtype"]
        text = {"text": str(push.data.get("text", {}).get("content", "")).strip()}
        return {
            "msgType": kind,
            "msgId": message_id,
            "senderId": push.data["senderId"],
            "createdAt": push.data["createAt"],
            "content": text if kind == "text" else push.data.get("content", {}),
        }
    said = {"msgId": message_id, "senderId": ROBOT_USER}
    arrived = robots_message(world, message_id)
    if arrived is not None:
        kind = "text" if arrived.msgtype in ("text", "sampleText") else "markdown"
        created = int(arrived.time * 1000)
        return {**said, "msgType": kind, "createdAt": created, "content": {"text": arrived.text}}
    if any(card_message_id(track) == message_id for track in world.cards):
        return {**said, "msgType": "interactiveCard", "content": {"text": CARD_WORDS}}
    raise ValueError(f"there is no message {message_id!r}")


def key_of(world: World, message_id: str) -> str:
    """The `processQueryKey` of a robot's message; empty when it has none."""
    arrived = robots_message(world, message_id)
    return arrived.process_query_key if arrived else ""


def robots_message(world: World, message_id: str) -> ArrivedMessage | None:
    """The robot's message with this id."""
    return next(
        (each for each in world.arrived if robot_message_id(each.number) == message_id), None
    )
