"""What is typed into the page reaches a bridge as DingTalk would push it."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.inbound import ROBOT_USER
from dingbridge.sandbox.page.typed import SentFile, Typed, utterance
from dingbridge.sandbox.robot_messages import RobotMessages
from dingbridge.sandbox.settings import TEAM, Settings
from dingbridge.sandbox.state import World

SINGLE = "cid1TO1zhangsan=="
PICTURE = SentFile("code", "picture", "a.png")
CODES = {"downloadCode": "code", "pictureDownloadCode": "code"}


def pushed(world: World, typed: Typed) -> dict[str, Any]:
    return RobotMessages(world).compose(utterance(world, typed)).data


@pytest.fixture
def world() -> World:
    return World(Settings(), lambda: 1_700_000_000.0)


def test_a_text_to_the_robot_is_pushed_as_it_was_typed(world: World) -> None:
    data = pushed(world, Typed("zhangsan", SINGLE, "a\nb"))
    assert (data["conversationType"], data["text"]) == ("1", {"content": "a\nb"})
    assert (data["senderStaffId"], data["isAdmin"]) == ("zhangsan", True)


def test_somebody_from_outside_has_no_staff_id(world: World) -> None:
    data = pushed(world, Typed("陌生人", TEAM, "@dingbridge hi"))
    assert "senderStaffId" not in data
    assert (data["isInAtList"], data["text"]["content"]) == (True, " hi")


@pytest.mark.parametrize(
    ("text", "why"),
    [("@dingbridge hi", ""), ("hi", "if it is mentioned"), ("@李四 hi", "only")],
)
def test_a_message_in_a_group_is_for_the_robot_if_it_is_mentioned(
    world: World, text: str, why: str
) -> None:
    push = RobotMessages(world).compose(utterance(world, Typed("zhangsan", TEAM, text)))
    assert why in push.why
    assert bool(push.why) == bool(why)


def test_others_who_are_mentioned_are_named_by_their_ids(world: World) -> None:
    data = pushed(world, Typed("zhangsan", TEAM, "@dingbridge ask @李四 and @陌生人"))
    assert data["atUsers"] == [
        {"dingtalkId": ROBOT_USER},
        {"dingtalkId": "$:LWCP_v1:$lisi", "staffId": "lisi"},
        {"dingtalkId": "$:LWCP_v1:$stranger"},
    ]


@pytest.mark.parametrize(
    ("text", "files", "msgtype", "content"),
    [
        ("", [PICTURE], "picture", CODES),
        (
            "see",
            [PICTURE],
            "richText",
            {"richText": [{"text": "see"}, {"type": "picture", **CODES}]},
        ),
        ("", [PICTURE, PICTURE], "richText", {"richText": [{"type": "picture", **CODES}] * 2}),
        (
            "",
            [SentFile("code", "file", "a.pdf")],
            "file",
            {"downloadCode": "code", "fileName": "a.pdf", "spaceId": "1", "fileId": "1"},
        ),
        (
            "",
            [SentFile("code", "voice", words="明天", seconds=3)],
            "audio",
            {"downloadCode": "code", "recognition": "明天", "duration": 3000},
        ),
        (
            "",
            [SentFile("code", "video", seconds=3)],
            "video",
            {"downloadCode": "code", "videoType": "mp4", "duration": 3},
        ),
    ],
)
def test_pictures_and_files_have_the_payload_of_their_msgtype(
    world: World, text: str, files: list[SentFile], msgtype: str, content: dict[str, Any]
) -> None:
    data = pushed(world, Typed("zhangsan", SINGLE, text, files=tuple(files)))
    assert (data["msgtype"], data["content"]) == (msgtype, content)


def test_an_answer_repeats_the_message_that_it_quotes(world: World) -> None:
    said = RobotMessages(world).compose(utterance(world, Typed("lisi", TEAM, "@dingbridge down?")))
    data = pushed(world, Typed("zhangsan", TEAM, "@dingbridge yes", quote=said.message_id))
    assert data["originalMsgId"] == said.message_id
    assert data["text"] == {
        "content": " yes",
        "isReplyMsg": True,
        "repliedMsg": {
            "msgType": "text",
            "msgId": said.message_id,
            "senderId": "$:LWCP_v1:$lisi",
            "createdAt": 1_700_000_000_000,
            "content": {"text": "down?"},
        },
    }


@pytest.mark.parametrize(
    ("user", "place"), [("nobody", SINGLE), ("lisi", SINGLE), ("zhangsan", "cidNOWHERE==")]
)
def test_nobody_speaks_in_a_chat_that_is_not_theirs(world: World, user: str, place: str) -> None:
    with pytest.raises(ValueError, match=r"nobody here|no group"):
        utterance(world, Typed(user, place, "hi"))
