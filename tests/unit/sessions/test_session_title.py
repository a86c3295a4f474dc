"""The title that a session gets of its first message."""

from __future__ import annotations

import pytest

from dingbridge.core.catalogue import delivery, sessions
from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import session_title
from dingbridge.core.text import NAME_CHARACTERS


def message(
    text: str = "words", role: Role = Role.EDITOR, target: str = "", target_name: str = ""
) -> Message:
    return Message("m", role, "You", text, 1.0, target=target, target_name=target_name)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How do I deploy?\nI tried make.", "How do I deploy?"),
        ("# Release **notes**", "Release notes"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("发布计划：下周一上线", "发布计划：下周一上线"),
        ("look at \x1b[31m`this`\x1b[0m", "look at this"),
    ],
)
def test_a_session_is_named_by_the_first_words(text: str, title: str) -> None:
    assert session_title.derived(message(text)) == title


def test_a_long_first_line_is_cut_as_names_are() -> None:
    title = session_title.derived(message("字" * 500))
    assert len(title) == NAME_CHARACTERS
    assert title.endswith("…")


@pytest.mark.parametrize(
    ("target", "name", "title"),
    [
        ("dingtalk:default:user:zhangsan", "张三 (1:1)", "张三"),
        ("dingtalk:default:group:cidTEAM==", "研发群 (group)", "研发群"),
        ("dingtalk:default:group:cidTEAM==", "研发群 (group, cidTEAM==)", "研发群"),
        # What has no name of its own.
        ("dingtalk:default:group:cidTEAM==", "cidTEAM== (group)", "words"),
        ("dingtalk:default:user:zhangsan", "zhangsan (1:1)", "words"),
        ("dingtalk:default:robot:abc", delivery.ROBOTS_GROUP(), "words"),
        ("dingtalk:default:private:s1", sessions.LAST_SPEAKER(), "words"),
    ],
)
@pytest.mark.parametrize("role", [Role.EDITOR, Role.DINGTALK])
def test_a_session_is_named_by_its_partner_if_that_has_a_name(
    target: str, name: str, title: str, role: Role
) -> None:
    assert session_title.derived(message(role=role, target=target, target_name=name)) == title


@pytest.mark.parametrize(
    "first", [message(role=Role.NOTICE), message(role=Role.RESPONDER), message(" \n")]
)
def test_what_names_nothing_gives_no_title(first: Message) -> None:
    assert session_title.derived(first) == ""


def test_a_title_that_is_typed_is_one_line() -> None:
    assert session_title.given(" Release\n2.4\x1b[2J\t *draft* ") == "Release 2.4 *draft*"
