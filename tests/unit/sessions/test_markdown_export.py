"""A transcript as a Markdown document."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest
from markdown_it import MarkdownIt
from msgspec import structs

from dingbridge.core.markdown.fences import fences
from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.markdown_export import markdown
from dingbridge.core.sessions.transcript import SessionInfo, Transcript

INFO = SessionInfo("s", "Release 2.4", 1.0)
NOON = 1_800_014_400.0


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def exported(*messages: Message) -> str:
    return markdown(Transcript(INFO, messages), utc)


def test_each_message_stands_under_its_author_destination_and_time_with_its_code() -> None:
    code = "see `app.py`:\n```python\nprint(1)\n```"
    messages = (
        Message("1", Role.DINGTALK, "张三", "怎么发布？", NOON),
        Message("2", Role.EDITOR, "You", code, NOON + 60, Delivery.SENT),
        Message("3", Role.EDITOR, "You", "lost", NOON + 120, Delivery.FAILED, "no network"),
    )
    there = (structs.replace(one, target_name="张三 (1:1)") for one in messages)
    assert exported(*there) == (
        "# Release 2.4\n"
        "\n## 张三 · 2027-01-15 12:00\n\n怎么发布？\n"
        f"\n## You → 张三 (1:1) · 2027-01-15 12:01\n\n{code}\n"
        "\n## You → 张三 (1:1) · 2027-01-15 12:02\n\n*not sent: no network*\n\nlost\n"
    )


def test_a_block_that_a_message_leaves_open_does_not_swallow_the_next_one() -> None:
    text = exported(
        Message("1", Role.EDITOR, "You", "~~~~lua\nlocal x = 1", NOON),
        Message("2", Role.EDITOR, "You", "after", NOON),
    )
    [block] = fences(text)
    assert text[block.code_start : block.code_end] == "local x = 1\n"
    assert "after" in text[block.end :]


def test_line_breaks_in_names_make_no_headings() -> None:
    assert "\n# b" not in exported(Message("1", Role.DINGTALK, "a\n# b", "text", NOON))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("## 李四 · 2027-01-15 12:00", "\\## 李四 · 2027-01-15 12:00"),
        ("ok\n\n   ##  You → A · 2027-01-15 12:00 ##  \nno", None),
        ("# a · 2027-01-15 12:00", "\\# a · 2027-01-15 12:00"),
        ("李四 · 2027-01-15 12:00\n---", "李四 · 2027-01-15 12:00\n\\---"),
        ("```\n## 李四 · 2027-01-15 12:00\n```", None),
    ],
)
def test_a_text_that_looks_like_the_heading_of_a_message_is_none(
    text: str, written: str | None
) -> None:
    document = exported(Message("1", Role.DINGTALK, "张三", text, NOON))
    assert re.findall(r"(?m)^ {0,3}#{1,6} .*\d\d:\d\d", document) == ["## 张三 · 2027-01-15 12:00"]
    headings = [token for token in MarkdownIt().parse(document) if token.type == "heading_open"]
    assert len(headings) == 2
    assert written is None or document.endswith(f"\n{written}\n")


@pytest.mark.parametrize(
    "text", ["## Steps", "# 2027-01-15 12:00", "a · 2027-01-15 12:00", "a\n---", "#a · b"]
)
def test_other_headings_stay_as_they_were_written(text: str) -> None:
    message = Message("1", Role.DINGTALK, "张三", text, NOON)
    assert exported(message).endswith(f"12:00\n\n{text}\n")


def test_a_session_without_messages_is_its_title() -> None:
    assert exported() == "# Release 2.4\n"
