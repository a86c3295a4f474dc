"""`:Chat undo`: what was cleared or deleted comes back."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor


@pytest.fixture
def desk(start_editor: StartEditor) -> Editor:
    editor = start_editor()
    editor.setup({})
    editor.chat("new One")
    editor.until(lambda: current(editor))
    return editor


def current(editor: Editor) -> str:
    return str(editor.lua("return require('dingbridge.state').current"))


def texts(editor: Editor) -> list[str]:
    return [str(row["text"]) for row in editor.transcript()]


def send(editor: Editor, text: str) -> None:
    before = texts(editor)
    editor.chat(f"send {text}")
    editor.until(lambda: texts(editor) == [*before, text])


def test_a_cleared_session_gets_its_messages_back_above_those_that_came_meanwhile(
    desk: Editor,
) -> None:
    send(desk, "first")
    send(desk, "second")
    desk.chat("clear")
    desk.until_said("“One” was emptied; :Chat undo brings its messages back")
    desk.until(lambda: texts(desk) == [])
    send(desk, "third")
    desk.chat("undo")
    desk.until_said("“One” is back")
    desk.until(lambda: texts(desk) == ["first", "second", "third"])
    shown = [line for line in desk.chat_lines(current(desk)) if line in texts(desk)]
    assert shown == ["first", "second", "third"]
    desk.chat("undo")
    desk.until_said("nothing was cleared or deleted that could be brought back")
    send(desk, "fourth")


def test_a_deleted_session_is_back_and_open_after_a_restart_too(
    desk: Editor, start_editor: StartEditor
) -> None:
    session = current(desk)
    send(desk, "first")
    desk.chat("rename 发布")
    desk.chat("delete")
    desk.until_said("“发布” was deleted; :Chat undo brings it back")
    desk.until(lambda: desk.sessions() == [])
    desk.close()
    after = start_editor()
    after.setup({})
    after.chat("undo")
    after.until(lambda: current(after) == session)
    after.until(lambda: texts(after) == ["first"])
    assert [row["title"] for row in after.sessions()] == ["发布"]
    send(after, "second")


def test_what_the_phone_cleared_comes_back(
    desk: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    desk.setup({**api_options, "admins": ["zhangsan"], "commands": ["*"]})
    desk.chat("bridge dingtalk")
    desk.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("important")
    desk.until(lambda: texts(desk) == ["important"])
    sandbox.client.say("/clear")
    sandbox.client.wait_arrived(1)
    desk.until(lambda: texts(desk) == [])
    desk.chat("undo")
    desk.until(lambda: texts(desk) == ["important"])


def test_every_editor_that_shows_the_session_has_the_messages_again(
    desk: Editor, start_editor: StartEditor
) -> None:
    send(desk, "first")
    other = start_editor()
    other.setup({})
    other.chat()
    other.until(lambda: texts(other) == ["first"])
    other.chat("clear")
    desk.until(lambda: texts(desk) == [])
    other.chat("undo")
    desk.until(lambda: texts(desk) == ["first"])
