"""Which of several editors answers a message: the one used last that has a responder."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from dingbridge.core.catalogue import remote as remote_words
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor
from tests.support.processes import frozen
from tests.support.several_editors import Team, answer_to, texts


def answers(editor: Editor, options: dict[str, Any]) -> None:
    """The editor's Lua function keeps what it is asked, and answers when the test says so."""
    editor.lua(
        """
        local options = ...
        _G.asked = {}
        options.responder = function(message, reply)
          table.insert(_G.asked, message.text)
          _G.reply = reply
        end
        require('dingbridge').setup(options)
        """,
        options,
    )


def two_with_one_session(team: Team) -> tuple[Editor, Editor]:
    """Two editors of one folder, whose Lua functions answer in the same session; the second one was
    used last."""
    first = team.start("alpha")
    answers(first, team.options)
    second = team.enter("alpha")
    answers(second, team.options)
    second.chat()
    second.until(lambda: second.status().get("session") == team.sessions["alpha"])
    second.until_lua("require('dingbridge').status().connected")
    return first, second


def asked(editor: Editor) -> list[str]:
    """What the Lua function was asked."""
    return [str(text) for text in editor.lua("return _G.asked")]


def test_the_lua_function_of_the_editor_that_was_used_last_answers(
    team: Team, sandbox: Sandbox
) -> None:
    first, second = two_with_one_session(team)
    for editor, other in ((second, first), (first, second)):
        before = len(asked(editor)), asked(other)
        editor.lua("vim.api.nvim_exec_autocmds('FocusGained', {})")
        said = len(editor.said())
        editor.chat("status")
        editor.until(lambda editor=editor, said=said: len(editor.said()) > said)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        sandbox.client.say("question")
        editor.until(lambda editor=editor, before=before: len(asked(editor)) > before[0])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        editor.lua("_G.reply('answer')")
        sandbox.client.wait_arrived(lambda each: each.text == "answer")
        assert asked(other) == before[1]


@pytest.mark.parametrize("how", ["quit", "host", "editor"])
def test_a_question_whose_editor_dies_is_asked_of_another_one_that_has_the_session(
    team: Team, sandbox: Sandbox, how: str
) -> None:
    first, second = two_with_one_session(team)
    sandbox.client.say("question")
    second.until(lambda: asked(second) == ["question"])
    if how == "quit":
        second.close()
    elif how == "host":
        second.kill_host()
    else:
        os.kill(second.pid(), signal.SIGKILL)
    first.until(lambda: asked(first) == ["question"])
    first.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    if how == "host":
        # It was given up there.
        second.lua("_G.reply('too late')")
        second.lua("require('dingbridge').send('afterwards')")
        sandbox.client.wait_arrived(lambda each: each.text == "afterwards")
    assert "too late" not in [each.text for each in sandbox.client.arrived()]
    assert texts(first, team.sessions["alpha"]).count("question") == 1


def test_a_question_that_a_frozen_editor_does_not_take_up_is_asked_of_another_one(
    team: Team, sandbox: Sandbox
) -> None:
    first, second = two_with_one_session(team)
    with frozen(second.pid()):
        sandbox.client.say("question")
        first.until(lambda: asked(first) == ["question"])
        first.lua("_G.reply('answer')")
        sandbox.client.wait_arrived(lambda each: each.text == "answer")
    second.until(lambda: asked(second) == ["question"])
    second.lua("_G.reply('too late')")
    answer_to(sandbox, "/list")
    assert [each.text for each in sandbox.client.arrived()].count("answer") == 1
    assert "too late" not in [each.text for each in sandbox.client.arrived()]


def test_what_a_frozen_editor_does_not_say_is_asked_of_another_one(
    team: Team, sandbox: Sandbox
) -> None:
    first, second = two_with_one_session(team)
    first.execute("edit", "of-the-first.txt")
    second.execute("edit", "of-the-second.txt")
    assert "of-the-second.txt" in answer_to(sandbox, "/where")
    with frozen(second.pid()):
        assert "of-the-first.txt" in answer_to(sandbox, "/where")
    assert [each.text for each in sandbox.client.arrived()][2:] == []


def test_who_asked_is_told_when_the_only_editor_that_could_answer_is_left(
    team: Team, sandbox: Sandbox
) -> None:
    first = team.start("alpha")
    answers(first, team.options)
    team.start("beta")
    sandbox.client.say(f"/session {team.sessions['alpha']}")
    sandbox.client.say("question")
    first.until(lambda: asked(first) == ["question"])
    first.close()
    sandbox.client.wait_arrived(lambda each: each.text == remote_words.CLOSED())
