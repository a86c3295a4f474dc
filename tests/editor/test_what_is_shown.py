"""What people send comes into the session whole, or a word stands in its place: a real editor."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.client import PICTURE
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.inbound import ROBOT_USER
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.support.editor import Editor, texts

pytestmark = pytest.mark.shared_editor

DOWNLOAD = "/v1.0/robot/messageFiles/download"
ECHO = """
local options = ...
_G.asked = {}
options.responder = function(message, reply)
  table.insert(_G.asked, { text = message.text, files = message.files })
  reply('I read it')
end
require('dingbridge').setup(options)
"""


@pytest.fixture
def answering(editor: Editor, api_options: dict[str, Any]) -> Editor:
    """An editor with a responder that notes what it is asked."""
    editor.lua(ECHO, api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    editor.listen()
    return editor


def arrive(editor: Editor, count: int = 1) -> list[str]:
    return editor.until(lambda: texts(editor) if len(texts(editor)) >= count else [])


def files(editor: Editor) -> list[Path]:
    folder = editor.data / "dingbridge/media"
    found = folder.iterdir() if folder.exists() else ()
    return sorted(path for path in found if path.is_file() and path.suffix != ".part")


def answer_to(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """The fields of a text that answers a message of this kind."""
    return {
        "isReplyMsg": True,
        "repliedMsg": {"msgType": kind, "msgId": "m1", "content": content},
    }


# --- quoted files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "extra"), [("picture", {}), ("file", {"fileName": "会议纪要.pdf"})]
)
def test_a_quoted_picture_or_file_is_fetched_and_given_to_the_responder(
    answering: Editor, sandbox: Sandbox, kind: str, extra: dict[str, str]
) -> None:
    data = PICTURE if kind == "picture" else b"%PDF-1.7 minutes"
    quote = answer_to(kind, {"downloadCode": sandbox.client.offer(data), **extra})
    sandbox.client.say("where was this taken", group=TEAM, content=quote)
    text = arrive(answering)[0]
    [path] = files(answering)
    assert path.read_bytes() == data
    quoted, _, said = text.rpartition("\n\n")
    assert said == "where was this taken"
    assert f"({path})" in quoted
    assert all(line.startswith(">") for line in quoted.split("\n"))
    [event] = answering.until(lambda: answering.heard("DingbridgeReceived"))
    assert event["files"] == str(path)
    [asked] = answering.until_lua("_G.asked[1] and _G.asked")
    assert asked == {"text": text, "files": [str(path)]}


def test_own_and_quoted_files_do_not_change_places(bound: Editor, sandbox: Sandbox) -> None:
    quote = answer_to("file", {"downloadCode": sandbox.client.offer(b"old"), "fileName": "old.txt"})
    code = sandbox.client.offer(PICTURE)
    rich = {"richText": [{"text": "see "}, {"type": "picture", "downloadCode": code}], **quote}
    sandbox.client.say(msgtype="richText", content=rich)
    quoted, _, said = arrive(bound)[0].rpartition("\n\n")
    by_data = {path.read_bytes(): path for path in files(bound)}
    assert f"({by_data[b'old']})" in quoted
    assert said == f"see ![picture]({by_data[PICTURE]})"


def test_a_quoted_file_that_cannot_be_fetched_says_why_and_the_answer_arrives(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(DOWNLOAD, 400, "invalidParameter.robotCode.downloadCode"))
    quote = answer_to("file", {"downloadCode": "gone", "fileName": "会议纪要.pdf"})
    sandbox.client.say("please sum it up", group=TEAM, content=quote)
    quoted, _, said = arrive(bound)[0].rpartition("\n\n")
    assert said == "please sum it up"
    assert "> [file: 会议纪要.pdf] (not fetched: " in quoted


def test_nothing_that_a_stranger_quotes_is_fetched(bound: Editor, sandbox: Sandbox) -> None:
    quote = answer_to("picture", {"downloadCode": sandbox.client.offer(PICTURE)})
    sandbox.client.say("look", user="lisi", content=quote)
    bound.until(lambda: bound.status()["asking"] == 1)
    assert sandbox.client.calls(DOWNLOAD) == []
    assert files(bound) == []


# --- a message without words ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        {"text": " "},
        {"text": "\u200b "},
        {"msgtype": "richText", "content": {"richText": [{"text": " "}, {"text": "\u2005"}]}},
        {"extra": {"text": None}},
    ],
    ids=["a mention alone", "an invisible blank", "rich text of blanks", "no text at all"],
)
def test_a_message_without_words_is_told_and_asks_the_responder_nothing(
    answering: Editor, sandbox: Sandbox, words: dict[str, Any]
) -> None:
    sandbox.client.say(**words, group=TEAM)
    sandbox.client.say("and now words", group=TEAM)
    assert arrive(answering, 3) == ["[message without text]", "and now words", "I read it"]
    asked = answering.lua("return _G.asked")
    assert [one["text"] for one in asked] == ["and now words"]


# --- mentions -------------------------------------------------------------------------------------


def test_without_word_of_a_mention_the_robot_among_those_mentioned_is_one(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("missing", group=TEAM, extra={"isInAtList": None})
    sandbox.client.say(
        "not meant for it", group=TEAM, mention=False, extra={"atUsers": [{"dingtalkId": "$:x"}]}
    )
    sandbox.client.say(
        "denied", group=TEAM, extra={"isInAtList": False, "atUsers": [{"dingtalkId": ROBOT_USER}]}
    )
    sandbox.client.say("last", group=TEAM)
    assert arrive(bound, 2) == ["missing", "last"]


@pytest.mark.parametrize(
    "words",
    [
        {"extra": {"text": {"content": "/whoami @Robot"}}},
        {"extra": {"text": {"content": "@Robot /whoami"}}},
        {
            "msgtype": "richText",
            "content": {
                "richText": [
                    {"text": "/whoami "},
                    {"type": "at", "atName": "Robot", "atUserId": ROBOT_USER},
                ]
            },
        },
    ],
    ids=["behind", "before", "an item"],
)
def test_the_robots_own_mention_is_no_argument_of_a_command(
    bound: Editor, sandbox: Sandbox, words: dict[str, Any]
) -> None:
    sandbox.client.say(**words, group=TEAM)
    [answer] = sandbox.client.wait_arrived(1)
    assert "Staff id: `zhangsan`" in answer.text
    assert texts(bound) == []


# --- the time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, 0, "soon", "", {}], ids=str)
def test_a_message_without_a_time_was_written_when_it_came(
    bound: Editor, sandbox: Sandbox, value: object
) -> None:
    before = time.time()
    sandbox.client.say("now", extra={"createAt": value})
    arrive(bound)
    [row] = bound.transcript(bound.status()["session"])
    assert before - 1 <= row["time"] <= time.time() + 1
