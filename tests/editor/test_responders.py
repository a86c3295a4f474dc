"""What answers in a session: nobody, a Lua function, or a program."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

SORRY = "Sorry, something went wrong"


def start(editor: Editor, options: dict[str, Any]) -> None:
    """Set up, bind and connect."""
    editor.setup({**options, "allow_from": ["zhangsan", "lisi"]})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")


def start_lua(
    editor: Editor,
    options: dict[str, Any],
    responder: str,
    allow_from: Sequence[str] = ("zhangsan", "lisi"),
) -> None:
    """The same with a Lua function that answers."""
    editor.lua(
        f"""
        local options = ...
        options.responder = {responder}
        require('dingbridge').setup(options)
        """,
        {**options, "allow_from": allow_from},
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")


def program(tmp_path: Path, body: str) -> list[str]:
    """A Python program as a responder."""
    path = tmp_path / "answer.py"
    path.write_text("import os, sys, time\n" + body, "utf-8")
    return [sys.executable, str(path)]


def rows(editor: Editor) -> list[tuple[str, str]]:
    """Role and text of each message of the current session."""
    return [(str(row["role"]), str(row["text"])) for row in editor.transcript()]


# --- a Lua function -------------------------------------------------------------------------------


def test_a_lua_function_that_fails_says_so_on_both_sides(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start_lua(editor, api_options, "function() error('the model is gone') end")
    sandbox.client.say("question")
    [apology] = sandbox.client.wait_arrived(1)
    assert SORRY in apology.text
    assert "model" not in apology.text
    editor.until(lambda: len(editor.transcript()) == 2)
    role, text = rows(editor)[1]
    assert role == "notice"
    assert "the model is gone" in text


def test_a_lua_function_answers_several_times_also_later(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start_lua(
        editor,
        api_options,
        """function(message, reply)
             vim.g.asked = { message.text, message.author, message.role, message.session }
             reply('at once: ' .. message.text)
             vim.defer_fn(function()
               reply('later')
               vim.uv.new_timer():start(1, 0, function() reply('from a fast event') end)
             end, 1)
           end""",
    )
    sandbox.client.say("question ]] 中文")
    arrived = sandbox.client.wait_arrived(3)
    assert [each.text for each in arrived] == [
        "at once: question ]] 中文",
        "later",
        "from a fast event",
    ]
    editor.until(lambda: [row["delivery"] for row in editor.transcript()] == ["", *["sent"] * 3])
    session = editor.status()["session"]
    assert editor.lua("return vim.g.asked") == ["question ]] 中文", "张三", "dingtalk", session]


def test_a_late_answer_goes_to_the_one_who_asked(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start_lua(
        editor,
        api_options,
        """function(message, reply)
             Later = Later or {}
             Later[message.text] = reply
           end""",
    )
    first = sandbox.client.say("from zhangsan", user="zhangsan")
    second = sandbox.client.say("from lisi", user="lisi")
    editor.until_lua("type((Later or {})['from lisi']) == 'function'")
    editor.lua("Later['from zhangsan']('to zhangsan')")
    editor.lua("Later['from lisi']('to lisi')")
    arrived = sandbox.client.wait_arrived(2)
    assert [(each.text, each.reply_to) for each in arrived] == [
        ("to zhangsan", first.message_id),
        ("to lisi", second.message_id),
    ]


@pytest.mark.parametrize("scope", ["bound", "single"])
def test_a_late_answer_to_somebody_outside_the_organisation_reaches_nobody_else(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], scope: str
) -> None:
    start_lua(
        editor,
        {**api_options, "session_scope": scope},
        """function(message, reply)
             Later = Later or {}
             Later[message.text] = reply
           end""",
        allow_from=["*"],
    )
    # Neither has a staff id: a reply address is all that leads to them.
    first = sandbox.client.say("from zhangsan", user="zhangsan", staff_id=False)
    second = sandbox.client.say("from lisi", user="lisi", staff_id=False)
    editor.until_lua("type((Later or {})['from lisi']) == 'function'")
    editor.lua("Later['from zhangsan']('to zhangsan')")
    editor.lua("Later['from lisi']('to lisi')")
    arrived = sandbox.client.wait_arrived(2)
    assert [(each.text, each.reply_to) for each in arrived] == [
        ("to zhangsan", first.message_id),
        ("to lisi", second.message_id),
    ]


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ("{}", "DingTalk is not set up"),
        (
            "{ accounts = { other = App }, default_account = 'other' }",
            "the account default is not set up any more",
        ),
    ],
)
def test_an_answer_whose_robot_is_set_up_no_more_stays_in_the_session_with_the_reason(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], then: str, reason: str
) -> None:
    start_lua(editor, api_options, "function(_, reply) Later = reply end")
    session = editor.status()["session"]
    sandbox.client.say("question")
    editor.until_lua("Later ~= nil")
    other = {**api_options, "app_key": "dingother"}
    editor.lua(f"App = ... ; require('dingbridge').setup({then})", other)
    editor.lua("Later('the answer')")
    editor.until(lambda: len(editor.transcript(session)) == 2)
    answer = editor.transcript(session)[1]
    assert (answer["text"], answer["delivery"]) == ("the answer", "failed")
    assert reason in answer["reason"]
    assert sandbox.client.arrived() == []


@pytest.mark.parametrize(
    ("does", "words"), [("reply('the answer')", "the answer"), ("error('broken')", SORRY)]
)
def test_who_asked_is_answered_though_the_session_was_deleted_meanwhile(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], does: str, words: str
) -> None:
    start_lua(
        editor,
        api_options,
        f"""function(_, reply)
             vim.cmd('Chat delete')
             vim.wait(15000, function() return #require('dingbridge').sessions() == 0 end, 5)
             {does}
           end""",
    )
    sandbox.client.say("question")
    [arrived] = sandbox.client.wait_arrived(1)
    assert words in arrived.text
    assert editor.sessions() == []


@pytest.mark.skipif(os.name != "posix", reason="a named pipe says when the program goes on")
def test_nobody_is_told_of_a_failure_by_a_robot_that_is_set_up_no_more(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    started = tmp_path / "started"
    responder = ["/bin/sh", "-c", f'touch {started}; read -r _ < "$0"; exit 3', str(pipe)]
    editor.setup({**api_options, "responder": responder})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("question")
    editor.until(started.exists)
    editor.setup({})
    editor.until(lambda: editor.status()["mode"] == "off")
    pipe.write_text("go on\n")
    editor.until(lambda: any("No answer" in row["text"] for row in editor.transcript()))
    editor.until(lambda: "default is not set up any more: an answer stays unsaid" in editor.log())
    assert editor.status()["queued"] == 0


def test_in_an_unbound_session_the_answer_stays_in_the_editor(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start_lua(
        editor, api_options, "function(message, reply) reply('answer to ' .. message.text) end"
    )
    editor.chat("new unbound")
    editor.until(lambda: len(editor.sessions()) == 2)
    editor.until_lua(
        "require('dingbridge.state').current ~= require('dingbridge').status().session"
    )
    editor.chat("send words")
    editor.until(lambda: rows(editor) == [("editor", "words"), ("responder", "answer to words")])
    assert [row["delivery"] for row in editor.transcript()] == ["", ""]
    assert sandbox.client.arrived() == []


# --- a program ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(3)", "ended with status 3"),
        ("print('half an answer'); sys.exit('secret words on stderr')", "ended with status 1"),
        ("print('  \\n')", "gave no answer"),
        ("sys.stdout.buffer.write(b'\\x1b[2J\\x07')", "gave no answer"),
        ("time.sleep(60)", "took longer than 1 s"),
    ],
)
def test_a_program_without_an_answer_says_why_and_apologises(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
    body: str,
    words: str,
) -> None:
    # A program may begin late on a busy machine.
    seconds = 1 if "sleep" in body else 60
    start(
        editor,
        {**api_options, "responder": program(tmp_path, body), "responder_timeout": seconds},
    )
    sandbox.client.say("question")
    [apology] = sandbox.client.wait_arrived(1)
    assert SORRY in apology.text
    editor.until(lambda: len(editor.transcript()) == 2)
    role, text = rows(editor)[1]
    assert role == "notice"
    assert words in text
    assert "half an answer" not in text
    assert "secret words" not in text


def test_a_program_that_is_not_there_is_named(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start(editor, {**api_options, "responder": ["no-such-program-here", "; echo hi"]})
    sandbox.client.say("question")
    [apology] = sandbox.client.wait_arrived(1)
    assert SORRY in apology.text
    editor.until(lambda: len(editor.transcript()) == 2)
    assert "no-such-program-here could not be started (No such file" in rows(editor)[1][1]


@pytest.mark.usefixtures("start_editor")
def test_a_program_gets_the_message_and_its_arguments_without_a_shell(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    arguments = ["$(touch owned)", "; touch owned", "%", "*", "a b", "`touch owned`"]
    answer = program(
        tmp_path,
        "print(repr(sys.argv[1:]), os.getcwd(), sep='\\n', flush=True)\n"
        "sys.stdout.buffer.write(sys.stdin.buffer.read())",
    )
    editor.execute("cd", tmp_path)
    start(editor, {**api_options, "responder": [*answer, *arguments]})
    sandbox.client.say("$(touch owned); `touch owned`\nsecond line 中文")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text.split("  \n")[:2] == [repr(arguments), str(tmp_path)]
    editor.until(lambda: len(editor.transcript()) == 2)
    assert rows(editor)[1][1].endswith("$(touch owned); `touch owned`\nsecond line 中文")
    assert not (tmp_path / "owned").exists()


def test_what_a_program_writes_is_cleaned(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    body = "sys.stdout.buffer.write(b'\\x1b[31mred\\x1b[0m \\x00\\xff\\xfe ok\\r\\nnext\\x07\\n')"
    start(editor, {**api_options, "responder": program(tmp_path, body)})
    sandbox.client.say("question")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "red \ufffd\ufffd ok  \nnext"
    editor.until(lambda: rows(editor)[1:] == [("responder", "red \ufffd\ufffd ok\nnext")])


def test_stop_ends_the_program_and_the_next_message_is_answered(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    started = tmp_path / "started"
    body = (
        "text = sys.stdin.read()\n"
        f"open({str(started)!r}, 'w').close()\n"
        "time.sleep(60 if text == 'slow' else 0)\n"
        "print('answer to', text)"
    )
    start(editor, {**api_options, "responder": program(tmp_path, body)})
    sandbox.client.say("slow")
    editor.until(started.exists)
    sandbox.client.say("quick")
    editor.chat("stop")
    arrived = sandbox.client.wait_arrived(2)
    assert SORRY in arrived[0].text
    assert arrived[1].text == "answer to quick"
    editor.until(lambda: any("was stopped" in text for _, text in rows(editor)))


def test_without_a_responder_nobody_answers_but_a_person(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("question")
    bound.until(bound.transcript)
    bound.chat("stop")
    bound.until_said("no answer is being worked on")
    bound.chat("send an answer")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "an answer"
    bound.until(lambda: rows(bound) == [("dingtalk", "question"), ("editor", "an answer")])


# --- the environment of a program -----------------------------------------------------------------


def test_no_program_gets_the_variables_that_the_settings_are_read_from(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    secret = sandbox.client_secret
    environ = {
        "DINGTALK_CLIENT_SECRET": secret,
        "DINGTALK_ALLOW_FROM": "zhangsan",
        "MY_ROBOT": secret,
        "KEPT": "stays",
    }
    asked = tmp_path / "asked"
    ask = ["sh", "-c", f"env > '{asked}'; printf %s '{sandbox.client_id}'"]
    options = {
        **api_options,
        "app_key": {"cmd": ask},
        "app_secret": "$MY_ROBOT",
        "admins": ["zhangsan"],
        "responder": ["sh", "-c", "env"],
        "jobs": {"env": ["sh", "-c", "env"]},
    }
    del options["allow_from"]
    editor = start_editor(environ=environ)
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("question")
    sandbox.client.say("/run env")
    shown = [
        each.text for each in sandbox.client.wait_arrived(lambda one: "KEPT=stays" in one.text)
    ]
    answers = editor.until(lambda: [text for _, text in rows(editor) if "KEPT=stays" in text])
    sandbox.client.wait_arrived(2)
    arrived = [each.text for each in sandbox.client.arrived()]
    for text in (*shown, *answers, *arrived, asked.read_text("utf-8")):
        for name in ("DINGTALK_", "MY_ROBOT", secret):
            assert name not in text
