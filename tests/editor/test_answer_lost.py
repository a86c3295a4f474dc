"""People who wait for a program get a reply when the service was killed; nothing runs twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor, bind
from tests.support import services
from tests.support.editor import Editor
from tests.support.kills import Comeback, Kills

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell is the responder")

LOST = "the answer is lost; you may ask again"


@pytest.fixture(params=["service", "all"])
def come_back(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """Kills something while a program works on an answer."""
    kill: Comeback = getattr(Kills(start_editor), request.param)
    return kill


class Program:
    """A program that notes each start, and answers when it may."""

    def __init__(self, folder: Path) -> None:
        self._starts, self._may_end = folder / "starts", folder / "may end"
        script = (
            f"cat >> '{self._starts}'; echo >> '{self._starts}';"
            f" until [ -e '{self._may_end}' ]; do sleep 0.05; done; echo the answer"
        )
        self.argv = ["sh", "-c", script]

    def starts(self) -> list[str]:
        """What it was asked each time."""
        return self._starts.read_text("utf-8").splitlines() if self._starts.exists() else []

    def end(self) -> None:
        """It may answer, now and whenever it is started."""
        self._may_end.touch()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The responder of these tests. One that outlives its service ends with the test."""
    program = Program(tmp_path)
    yield program
    program.end()


def go_on(editor: Editor, options: dict[str, Any]) -> None:
    """Set up an editor that may be a new one."""
    editor.setup(options)
    editor.chat("status")
    editor.until_lua("require('dingbridge').status().connected")


def notices(editor: Editor, session: str) -> list[str]:
    return [row["text"] for row in editor.transcript(session) if row["role"] == "notice"]


def texts(sandbox: Sandbox) -> list[str]:
    return [each.text for each in sandbox.client.arrived()]


def test_who_waits_is_told_once_that_the_answer_is_lost_and_the_program_is_not_run_again(
    editor: Editor,
    come_back: Comeback,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    program: Program,
) -> None:
    options = {**api_options, "responder": program.argv, "reaction": "👀"}
    bind(editor, options)
    session = str(editor.status()["session"])
    question = sandbox.client.say("question")
    editor.until(program.starts)
    sandbox.client.wait_reacted(lambda one: one.message_id == question.message_id)
    after = come_back(editor)
    go_on(after, options)
    [arrived] = sandbox.client.wait_arrived(1)
    assert LOST in arrived.text
    after.chat(f"open {session}")
    [told] = after.until(lambda: notices(after, session))
    assert "the service ended while the program worked on the message of 张三" in told
    put, taken = sandbox.client.wait_reacted(2)
    assert [put.action, taken.action] == ["reply", "recall"]
    program.end()
    sandbox.client.say("again")
    sandbox.client.wait_arrived(lambda one: one.text == "the answer")
    assert program.starts() == ["question", "again"]
    after.until(
        lambda: (
            [row["text"] for row in after.transcript(session) if row["role"] == "dingtalk"]
            == ["question", "again"]
        )
    )
    # It was reported, so the next service says nothing more.
    after.listen()
    after.kill_service()
    after.until(lambda: after.heard("DingbridgeConnected"))
    sandbox.client.say("and again")
    sandbox.client.wait_arrived(3)
    assert [LOST in text for text in texts(sandbox)] == [True, False, False]


def test_who_waits_is_told_also_when_nothing_answers_any_more(
    editor: Editor,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    program: Program,
) -> None:
    bind(editor, {**api_options, "responder": program.argv})
    sandbox.client.say("question")
    editor.until(program.starts)
    after = Kills(start_editor).all(editor)
    go_on(after, api_options)
    [arrived] = sandbox.client.wait_arrived(1)
    assert LOST in arrived.text


def test_a_question_for_which_no_program_was_started_is_answered_after_the_kill(
    editor: Editor,
    come_back: Comeback,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    program: Program,
) -> None:
    options = {**api_options, "responder": program.argv}
    bind(editor, options)
    sandbox.client.say("first")
    editor.until(program.starts)
    sandbox.client.say("second")
    editor.until(lambda: len(editor.transcript()) == 2)
    after = come_back(editor, program.end)
    go_on(after, options)
    sandbox.client.wait_arrived(2)
    assert sorted([LOST in text for text in texts(sandbox)]) == [False, True]
    assert program.starts() == ["first", "second"]


def test_what_waits_for_a_program_is_answered_by_the_next_service_when_this_one_is_ended(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], program: Program
) -> None:
    options = {**api_options, "responder": program.argv}
    bind(editor, options)
    sandbox.client.say("first")
    editor.until(program.starts)
    sandbox.client.say("second")
    editor.until(lambda: len(editor.transcript()) == 2)
    service = editor.service_pid()
    editor.chat("service stop")
    services.wait_until_gone(service)
    program.end()
    go_on(editor, options)
    # What the service said as it ended may be there twice.
    sandbox.client.wait_arrived(lambda one: one.text == "the answer")
    assert "closed before" in texts(sandbox)[0]
    assert program.starts() == ["first", "second"]


@pytest.mark.parametrize("ends", ["the answer", "Sorry, something went wrong"])
def test_an_answer_that_was_on_its_way_is_not_lost(
    editor: Editor,
    come_back: Comeback,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    ends: str,
) -> None:
    argv = ["sh", "-c", "echo the answer" if ends == "the answer" else "exit 1"]
    options = {**api_options, "responder": argv}
    bind(editor, options)
    sandbox.client.fault(Fault.hang("/robot/sendBySession"))
    sandbox.client.say("question")
    sandbox.client.wait_hanging()

    def forget_the_last_word() -> None:
        # The kill came before the last word of the inbox.
        path = editor.data / "chat-dingtalk-inbox.jsonl"
        kept = [line for line in path.read_text("utf-8").splitlines() if '"handed"' not in line]
        path.write_text("".join(f"{line}\n" for line in kept), "utf-8")

    after = come_back(editor, forget_the_last_word)
    go_on(after, options)
    sandbox.client.release()
    [first, *_] = sandbox.client.wait_arrived(lambda one: ends in one.text)
    sandbox.client.say("another")
    sandbox.client.wait_arrived(lambda one: one.reply_to != first.reply_to)
    assert [LOST in text for text in texts(sandbox)].count(True) == 0
    session = str(after.status()["session"])
    after.chat(f"open {session}")
    after.until(lambda: "another" in [row["text"] for row in after.transcript(session)])
    assert not any("the service ended" in text for text in notices(after, session))


def test_what_was_not_asked_about_before_the_kill_is_answered(
    editor: Editor,
    come_back: Comeback,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    program: Program,
) -> None:
    options = {**api_options, "responder": program.argv}
    bind(editor, options)
    program.end()
    sandbox.client.say("question")
    sandbox.client.wait_arrived(1)
    inbox = editor.data / "chat-dingtalk-inbox.jsonl"
    editor.until(lambda: '"handed"' in inbox.read_text("utf-8"))

    def forget_that_it_was_asked_about() -> None:
        # The kill came when it stood in the session, and before the program was started.
        kept = [line for line in inbox.read_text("utf-8").splitlines() if "received" in line]
        inbox.write_text("".join(f"{line}\n" for line in kept), "utf-8")
        outbox = editor.data / "chat-dingtalk-outbox.jsonl"
        outbox.write_text("", "utf-8")

    after = come_back(editor, forget_that_it_was_asked_about)
    go_on(after, options)
    sandbox.client.wait_arrived(2)
    assert texts(sandbox) == ["the answer", "the answer"]


def test_a_lua_function_is_not_asked_again_after_a_kill(
    editor: Editor, start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    script = """
    local options = ...
    options.responder = function(message, reply)
      _G.asked = (_G.asked or 0) + 1
      _G.reply = reply
    end
    require('dingbridge').setup(options)
    """
    editor.lua(script, api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("question")
    editor.until_lua("_G.asked == 1")

    def forget_the_last_word() -> None:
        path = editor.data / "chat-dingtalk-inbox.jsonl"
        kept = [line for line in path.read_text("utf-8").splitlines() if '"handed"' not in line]
        path.write_text("".join(f"{line}\n" for line in kept), "utf-8")

    Kills(start_editor).service(editor, forget_the_last_word)
    editor.until_lua("require('dingbridge').status().connected")
    editor.lua("_G.reply('the answer')")
    sandbox.client.wait_arrived(1)
    assert texts(sandbox) == ["the answer"]
    assert editor.lua("return _G.asked") == 1
