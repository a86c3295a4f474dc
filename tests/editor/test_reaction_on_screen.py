"""The reaction on a message that is worked on, with a real editor and a DingTalk on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.reactions import RECALL_PATH, REPLY_PATH
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.conftest import StartEditor
from tests.support import services
from tests.support.durability import until_handed
from tests.support.editor import Editor
from tests.support.kills import Kills

pytestmark = pytest.mark.shared_editor

EMOTIONS = "/v1.0/robot/emotion/*"
EYES = "👀"
LONG = 20.0
"""Seconds that a second attempt, and one after a call that hung, may take."""


@pytest.fixture
def options(api_options: dict[str, Any]) -> dict[str, Any]:
    return {**api_options, "reaction": EYES}


@pytest.fixture
def reacting(editor: Editor, options: dict[str, Any]) -> Editor:
    """An editor in API mode with reactions on."""
    return bind(editor, options)


def bind(editor: Editor, options: dict[str, Any]) -> Editor:
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    return editor


def until_reacted(sandbox: Sandbox, message: str, *actions: str) -> None:
    """Wait until this was done at the message, and nothing else."""
    sandbox.client.wait_reacted(len(actions), timeout=LONG)
    seen = [(each.action, each.label) for each in sandbox.client.reacted(message)]
    assert seen == [(action, EYES) for action in actions]


def emotion_calls(sandbox: Sandbox) -> list[str]:
    return [call.path for call in sandbox.client.calls() if "/emotion/" in call.path]


def until_shown(editor: Editor, text: str) -> None:
    editor.until(lambda: any(row["text"] == text for row in editor.transcript()), text)


def answer(editor: Editor, sandbox: Sandbox, text: str) -> None:
    """A message typed in the editor once it knows for whom, and its arrival."""
    editor.until(lambda: editor.status()["target"])
    editor.type_draft(text)
    editor.nvim.command("write")
    sandbox.client.wait_arrived(lambda each: text in each.text)


def written(editor: Editor) -> list[str]:
    """The messages at which a reaction may stand, as the disk knows it."""
    state = json.loads((editor.data / "chat-dingtalk-state.json").read_text("utf-8"))
    return [one["message_id"] for left in state["reactions"].values() for one in left]


# --- what must not happen -------------------------------------------------------------------------


def test_a_reaction_that_hangs_holds_up_no_message(reacting: Editor, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.hang(EMOTIONS))
    sandbox.client.say("question")
    until_shown(reacting, "question")
    sandbox.client.wait_hanging()
    answer(reacting, sandbox, "the answer")
    assert sandbox.client.wait_hanging() == 1
    sandbox.client.say("another one")
    until_shown(reacting, "another one")
    sandbox.client.release()


def test_while_a_message_goes_out_no_reaction_is_begun(reacting: Editor, sandbox: Sandbox) -> None:
    first = sandbox.client.say("first").message_id
    until_reacted(sandbox, first, "reply")
    reacting.until(lambda: reacting.status()["target"])
    sandbox.client.fault(Fault.hang("/robot/sendBySession*"))
    reacting.type_draft("the answer")
    reacting.nvim.command("write")
    sandbox.client.wait_hanging()
    second = sandbox.client.say("second").message_id
    until_shown(reacting, "second")
    assert len(emotion_calls(sandbox)) == 1
    sandbox.client.release()
    sandbox.client.wait_reacted(3)
    # What is to go goes first.
    assert [(each.action, each.message_id) for each in sandbox.client.reacted()] == [
        ("reply", first),
        ("recall", first),
        ("reply", second),
    ]


def test_reactions_that_are_refused_hold_up_no_message_and_disturb_nobody(
    reacting: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(EMOTIONS, 500, "system.err", times=None))
    sandbox.client.say("question")
    until_shown(reacting, "question")
    said = reacting.said()
    sandbox.client.wait_calls(lambda call: call.path == REPLY_PATH)
    answer(reacting, sandbox, "the answer")
    assert sandbox.client.reacted() == []
    assert reacting.said() == said


def test_without_the_option_nothing_is_called(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    assert api_options["reaction"] is False
    sandbox.client.say("question")
    until_shown(bound, "question")
    answer(bound, sandbox, "the answer")
    assert emotion_calls(sandbox) == []


def test_no_reaction_is_shown_while_the_quota_is_short(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any]
) -> None:
    bind(editor, {**options, "quota": {"calls": 4, "pushes": 0}})
    first = sandbox.client.say("first").message_id
    until_reacted(sandbox, first, "reply")
    answer(editor, sandbox, "the first answer")
    until_reacted(sandbox, first, "reply", "recall")
    # Its two calls leave two of four; one more, and what is left is for messages.
    sandbox.client.say("second", session_webhook=False)
    until_shown(editor, "second")
    sandbox.client.wait_reacted(3)
    answer(editor, sandbox, "the second answer")
    sandbox.client.wait_reacted(4)
    sandbox.client.say("third")
    until_shown(editor, "third")
    answer(editor, sandbox, "the third answer")
    sandbox.client.wait_arrived(3)
    assert len(emotion_calls(sandbox)) == 4


@pytest.mark.parametrize("message", ["/whoami", "let me in"])
def test_a_command_and_a_stranger_get_no_reaction(
    reacting: Editor, sandbox: Sandbox, message: str
) -> None:
    sandbox.client.say(message, user="lisi" if message == "let me in" else "zhangsan")
    sandbox.client.wait_arrived(1)
    after = sandbox.client.say("question").message_id
    until_reacted(sandbox, after, "reply")


# --- what must ------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [None, TEAM])
def test_a_message_is_marked_on_arrival_until_it_is_answered(
    reacting: Editor, sandbox: Sandbox, group: str | None
) -> None:
    message = sandbox.client.say("question", group=group).message_id
    until_reacted(sandbox, message, "reply")
    reacting.until(lambda: written(reacting) == [message])
    answer(reacting, sandbox, "the answer")
    until_reacted(sandbox, message, "reply", "recall")
    reacting.until(lambda: written(reacting) == [])
    reacting.until(lambda: "2 of 5,000 API calls" in str(reacting.status()["quota"]))


def test_the_mark_goes_when_the_answer_failed(reacting: Editor, sandbox: Sandbox) -> None:
    message = sandbox.client.say("question", session_webhook=False).message_id
    until_reacted(sandbox, message, "reply")
    until_shown(reacting, "question")
    reacting.until(lambda: reacting.status()["target"])
    sandbox.client.fault(
        Fault.http("/v1.0/robot/oToMessages/batchSend", 400, "invalidParameter", times=None)
    )
    reacting.type_draft("the answer")
    reacting.nvim.command("write")
    reacting.until(lambda: reacting.transcript()[-1]["delivery"] == "failed")
    until_reacted(sandbox, message, "reply", "recall")


def test_the_mark_goes_when_the_responder_failed(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any]
) -> None:
    editor.lua(
        """
        local options = ...
        options.responder = function()
          vim.wait(10000, function() return _G.now end, 5)
          error('the model is gone')
        end
        require('dingbridge').setup(options)
        """,
        options,
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    editor.lua("_G.now = true")
    sandbox.client.wait_arrived(lambda each: "抱歉" in each.text)
    until_reacted(sandbox, message, "reply", "recall")


def test_an_answer_to_one_conversation_leaves_the_mark_in_another(
    reacting: Editor, sandbox: Sandbox
) -> None:
    in_group = sandbox.client.say("in the group", group=TEAM).message_id
    until_reacted(sandbox, in_group, "reply")
    alone = sandbox.client.say("alone").message_id
    sandbox.client.wait_reacted(2)
    until_shown(reacting, "alone")
    answer(reacting, sandbox, "the answer")
    sandbox.client.wait_reacted(3)
    assert [each.action for each in sandbox.client.reacted(alone)] == ["reply", "recall"]
    assert [each.action for each in sandbox.client.reacted(in_group)] == ["reply"]


@pytest.mark.parametrize("command", ["/whoami", "/status", "/history"])
def test_the_answer_to_a_command_leaves_the_mark_of_a_message_that_waits(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any], command: str
) -> None:
    bind(editor, {**options, "commands": ["*"]})
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    sandbox.client.say(command)
    sandbox.client.wait_arrived(1)
    # What is to go goes first, so that it would be gone by now.
    other = sandbox.client.say("another question", group=TEAM).message_id
    sandbox.client.wait_reacted(2, timeout=LONG)
    seen = [(each.action, each.message_id) for each in sandbox.client.reacted()]
    assert seen == [("reply", message), ("reply", other)]


def test_the_mark_of_a_message_that_nobody_answers_goes_with_the_binding(
    reacting: Editor, sandbox: Sandbox
) -> None:
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    reacting.chat("unbridge")
    until_reacted(sandbox, message, "reply", "recall")


@pytest.mark.parametrize("another", [False, True], ids=["the last", "one of two"])
def test_the_mark_of_a_message_that_nobody_answers_goes_when_its_editor_is_left(
    reacting: Editor,
    sandbox: Sandbox,
    options: dict[str, Any],
    start_editor: StartEditor,
    tmp_path: Path,
    another: bool,
) -> None:
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    until_shown(reacting, "question")
    if another:
        # In another folder, and so with another session.
        other = start_editor()
        other.execute("cd", tmp_path)
        bind(other, options)
    reacting.close()
    until_reacted(sandbox, message, "reply", "recall")


def test_a_mark_that_could_not_go_when_its_editor_was_left_goes_at_the_next_start(
    reacting: Editor, sandbox: Sandbox, options: dict[str, Any], start_editor: StartEditor
) -> None:
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    until_shown(reacting, "question")
    sandbox.client.fault(Fault.http(RECALL_PATH, 500, "system.err", times=None))
    reacting.close()
    services.must_end(reacting.data)
    until_reacted(sandbox, message, "reply")
    sandbox.client.clear_faults()
    after = start_editor()
    after.setup(options)
    after.chat()
    until_reacted(sandbox, message, "reply", "recall")


def test_a_mark_that_comes_too_early_is_tried_again(reacting: Editor, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http(REPLY_PATH, 500, "system.err"))
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    sandbox.client.fault(Fault.http(RECALL_PATH, 500, "system.err"))
    answer(reacting, sandbox, "the answer")
    until_reacted(sandbox, message, "reply", "recall")


@pytest.mark.parametrize("killed", ["host", "editor", "service", "all"])
def test_marks_that_a_kill_left_behind_are_removed(
    reacting: Editor,
    sandbox: Sandbox,
    options: dict[str, Any],
    start_editor: StartEditor,
    killed: str,
) -> None:
    message = sandbox.client.say("question").message_id
    until_reacted(sandbox, message, "reply")
    until_handed(reacting)

    def meanwhile() -> None:
        """A service that lives removes them at once; without one they stand."""
        lives = killed in ("host", "editor")
        until_reacted(sandbox, message, "reply", *(["recall"] if lives else []))

    after = getattr(Kills(start_editor), killed)(reacting, meanwhile)
    # Also when reactions have been switched off since.
    after.setup({**options, "reaction": False})
    after.chat()
    until_reacted(sandbox, message, "reply", "recall")
    after.until(lambda: written(after) == [])


@pytest.mark.parametrize("killed", ["host", "service"])
def test_a_mark_whose_answer_was_lost_in_a_kill_is_removed(
    reacting: Editor,
    sandbox: Sandbox,
    options: dict[str, Any],
    start_editor: StartEditor,
    killed: str,
) -> None:
    sandbox.client.fault(Fault.hang(REPLY_PATH, "after"))
    message = sandbox.client.say("question").message_id
    sandbox.client.wait_hanging()
    # The next service routes a message again that is not handed, and its mark stays until then.
    until_handed(reacting)

    def meanwhile() -> None:
        """A service that lives still gets the answer."""
        sandbox.client.release()
        if killed == "host":
            until_reacted(sandbox, message, "reply", "recall")

    after = getattr(Kills(start_editor), killed)(reacting, meanwhile)
    after.setup(options)
    after.chat()
    until_reacted(sandbox, message, "reply", "recall")
