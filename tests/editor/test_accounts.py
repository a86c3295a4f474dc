"""Several robots at once, and sessions made on demand, with a real Neovim."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Settings
from tests.conftest import StartEditor
from tests.support.editor import Editor
from tests.support.kills import Kills

pytestmark = pytest.mark.shared_editor

ECHO = """
import os, sys
print(os.environ.get('DINGBRIDGE_INSTRUCTIONS', ''), os.environ.get('DINGBRIDGE_MODEL', ''),
      os.path.basename(os.getcwd()), sys.stdin.read(), sep='|')
"""


_NUMBERS = itertools.count()


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """A second DingTalk, with another app: what an earlier test left for its own is not sent."""
    with Sandbox(Settings(client_id=f"dingother{next(_NUMBERS)}")) as running:
        yield running


@pytest.fixture
def two(editor: Editor, sandbox: Sandbox, other: Sandbox) -> Editor:
    """An editor with two accounts."""
    editor.setup(options_of(sandbox, other))
    return editor


def options_of(sandbox: Sandbox, other: Sandbox) -> dict[str, Any]:
    return {
        "allow_from": ["zhangsan"],
        "default_account": "work",
        "accounts": {"work": app(sandbox), "personal": app(other)},
    }


def app(sandbox: Sandbox) -> dict[str, Any]:
    given = sandbox.settings()
    return {name: given[name] for name in ("app_key", "app_secret", "endpoint")}


def account(editor: Editor, name: str) -> dict[str, Any]:
    shown = [dict(one) for one in editor.status()["accounts"] if one["account"] == name]
    return shown[0] if shown else {"connected": False, "session": ""}


def begin(editor: Editor, title: str) -> None:
    """A new session, which the user sees."""
    before = editor.lua("return require('dingbridge.state').current")
    editor.chat(f"new {title}")
    editor.until(lambda: editor.lua("return require('dingbridge.state').current") != before)


def texts(editor: Editor, session: str) -> list[str]:
    return [str(row["text"]) for row in editor.transcript(session)]


def test_each_account_has_a_session_and_a_link_of_its_own(
    two: Editor, sandbox: Sandbox, other: Sandbox
) -> None:
    begin(two, "at work")
    two.chat("bridge dingtalk work")
    two.until(lambda: account(two, "work")["connected"])
    assert not account(two, "personal")["connected"]
    assert other.client.connections().total == 0
    begin(two, "at home")
    two.chat("bridge dingtalk personal")
    two.until(lambda: account(two, "personal")["connected"])
    work, home = account(two, "work")["session"], account(two, "personal")["session"]
    assert work != home
    assert two.status()["session"] == work
    sandbox.client.say("about work")
    other.client.say("about home")
    two.until(lambda: texts(two, work) == ["about work"])
    two.until(lambda: texts(two, home) == ["about home"])
    two.lua("require('dingbridge').send('an answer', { session = ... })", home)
    [arrived] = other.client.wait_arrived(1)
    assert arrived.text == "an answer"
    assert sandbox.client.arrived() == []
    two.chat("unbridge dingtalk personal")
    other.client.wait_connections(0)
    assert account(two, "work")["connected"]
    assert "dingbridge.edges.dingtalk.stream.work" in two.log()


def test_an_account_that_is_not_there_is_refused_by_name(two: Editor) -> None:
    two.chat("bridge dingtalk wrok")
    assert "work" in two.until_said("there is no account wrok")


def test_messages_go_to_targets_by_account_and_id(
    two: Editor, sandbox: Sandbox, other: Sandbox
) -> None:
    two.chat(f"notify dingtalk:{TEAM} to the group")
    two.chat("notify dingtalk:personal:lisi to a person")
    two.lua("require('dingbridge').notify('by Lua', { target = 'dingtalk:work:zhangsan' })")
    [group, person] = sandbox.client.wait_arrived(2)
    assert (group.text, group.conversation_id, group.route) == ("to the group", TEAM, "group")
    assert (person.text, person.route) == ("by Lua", "single")
    [home] = other.client.wait_arrived(1)
    assert (home.text, home.route) == ("to a person", "single")
    begin(two, "a session")
    two.chat("send dingtalk:work:lisi from a session")
    sandbox.client.wait_arrived(3)
    two.until(lambda: [row["delivery"] for row in two.transcript()] == ["sent"])
    two.lua("require('dingbridge').notify('nowhere', { target = 'wechat:x' })")
    two.until_said("not a target of DingTalk")


def test_both_bindings_come_back_after_a_restart(
    two: Editor, sandbox: Sandbox, other: Sandbox, start_editor: StartEditor
) -> None:
    begin(two, "at work")
    two.chat("bridge dingtalk work")
    two.until(lambda: account(two, "work")["session"])
    begin(two, "at home")
    two.chat("bridge dingtalk personal")
    two.until(lambda: account(two, "personal")["session"])
    sessions = [account(two, name)["session"] for name in ("work", "personal")]
    two.close()
    again = start_editor()
    again.setup(options_of(sandbox, other))
    again.chat("status")
    again.until(
        lambda: [account(again, name)["session"] for name in ("work", "personal")] == sessions
    )


def test_an_account_taken_out_of_the_settings_lets_go_of_its_link(
    two: Editor, sandbox: Sandbox, other: Sandbox
) -> None:
    two.chat("bridge dingtalk personal")
    two.until(lambda: account(two, "personal")["connected"])
    two.setup({"allow_from": ["zhangsan"], "accounts": {"work": app(sandbox)}})
    other.client.wait_connections(0)
    two.until(lambda: [one["account"] for one in two.status()["accounts"]] == ["work"])


# --- codes and messages by account ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("pair {name}:{first} {last}", "has access for good"),
        ("pair {first}-{last}", "has access for good"),
        ("pair {first} {last} once", "has access for an hour"),
        ("deny {first} {last}", "has no access"),
    ],
)
def test_a_code_is_taken_as_people_copy_it_at_the_account_that_was_asked(
    two: Editor, other: Sandbox, line: str, outcome: str
) -> None:
    two.chat("bridge dingtalk personal")
    two.until(lambda: account(two, "personal")["connected"])
    two.listen()
    other.client.say("hello?", user="lisi")
    [event] = two.until(lambda: two.heard("DingbridgePairing"))
    code = event["code"].lower()
    two.chat(line.format(name="personal", first=code[:4], last=code[4:]))
    assert "lisi" in two.until_said(outcome)


def test_codes_and_ids_are_completed_with_the_account_that_they_belong_to(
    two: Editor, sandbox: Sandbox, other: Sandbox
) -> None:
    def completed(command: str) -> list[str]:
        return sorted(two.nvim.funcs.getcompletion(f"Chat {command} ", "cmdline"))

    for name in ("work", "personal"):
        begin(two, name)
        two.chat(f"bridge dingtalk {name}")
    two.until(lambda: all(account(two, name)["connected"] for name in ("work", "personal")))
    two.listen()
    sandbox.client.say("hello?", user="lisi")
    other.client.say("hello?", user="lisi")
    two.until(lambda: len(two.heard("DingbridgePairing")) == 2)
    codes = {event["account"]: event["code"] for event in two.heard("DingbridgePairing")}
    at_home = f"personal:{codes['personal']}"
    two.until(lambda: completed("pair") == sorted([codes["work"], at_home]))
    two.chat(f"pair {at_home}")
    two.until(lambda: completed("revoke") == ["personal:lisi"])
    assert completed("deny") == [codes["work"]]


def test_a_code_from_before_a_restart_goes_to_the_account_that_lists_it(
    two: Editor, sandbox: Sandbox, other: Sandbox, start_editor: StartEditor
) -> None:
    two.chat("bridge dingtalk personal")
    two.until(lambda: account(two, "personal")["connected"])
    two.listen()
    other.client.say("hello?", user="lisi")
    [event] = two.until(lambda: two.heard("DingbridgePairing"))
    two.close()
    again = start_editor()
    again.setup(options_of(sandbox, other))
    again.lua("vim.ui.select = function() end")
    again.chat("pair")
    again.until_said(f"pending: {event['code']}")
    again.chat(f"pair {event['code']}")
    assert "lisi" in again.until_said("has access for good")


def refuse(two: Editor, *platforms: Sandbox) -> None:
    """Everything that is sent to people fails for good."""
    for platform in platforms:
        platform.client.fault(Fault.http("/v1.0/robot/oToMessages/*", 400, "not.today", None))
    for name, platform in zip(("work", "personal"), platforms, strict=True):
        before = two.status()["failed"]
        two.chat(f"notify dingtalk:{name}:lisi from {name}")
        two.until(lambda before=before: two.status()["failed"] > before)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        platform.client.clear_faults()


def shown_ids(editor: Editor, *texts: str) -> list[str]:
    """The ids that `:Chat outbox` shows of messages with these texts."""
    editor.chat("outbox")
    return [
        next(
            line.split()[1]
            for line in editor.until_said(f"  {text}  → ").splitlines()
            if f"  {text}  → " in line
        )
        for text in texts
    ]


def test_an_id_in_the_outbox_can_be_copied_into_retry_and_drop_at_any_account(
    two: Editor, sandbox: Sandbox, other: Sandbox
) -> None:
    refuse(two, sandbox, other)
    work, home = shown_ids(two, "from work", "from personal")
    assert ":" not in work
    assert home.startswith("personal:")
    two.chat(f"retry {home}")
    [arrived] = other.client.wait_arrived(1)
    assert arrived.text == "from personal"
    two.until(lambda: two.status()["failed"] == 1)
    two.chat(f"drop {work}")
    two.until(lambda: two.status()["failed"] == 0)
    assert sandbox.client.arrived() == []
    assert not any("there is no" in text for text in two.said())


def test_tab_offers_the_messages_that_can_be_tried_again_or_given_up(
    two: Editor, sandbox: Sandbox, other: Sandbox
) -> None:
    def offered(line: str) -> list[str]:
        return list(two.lua("return vim.fn.getcompletion(..., 'cmdline')", line))

    assert offered("Chat retry ") == []
    refuse(two, sandbox, other)
    failed = shown_ids(two, "from work", "from personal")
    two.until(lambda: set(offered("Chat retry ")) == {*failed})
    assert offered("DingTalk drop pers") == failed[1:]
    sandbox.client.fault(Fault.hang("/v1.0/robot/oToMessages/*"))
    two.chat("notify dingtalk:work:lisi waiting")
    # It is counted as soon as it is handed over, and listed once it is written down.
    two.until_lua("#require('dingbridge.state').outbox.waiting == 1")
    [waiting] = shown_ids(two, "waiting")
    two.until(lambda: set(offered("Chat retry ")) == {*failed, waiting})
    assert set(offered("Chat drop ")) == {*failed, waiting}
    assert "outbox" not in two.status()
    sandbox.client.release()


# --- settings from outside ------------------------------------------------------------------------


def test_a_secret_of_a_program_and_an_id_of_a_file_connect_and_their_origin_is_shown(
    editor: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    given = app(sandbox)
    secret = given.pop("app_secret")
    file = tmp_path / "ding.env"
    file.write_text(f"DINGTALK_CLIENT_ID={given.pop('app_key')}\nDINGTALK_ALLOW_FROM=zhangsan\n")
    file.chmod(0o600)
    program = [sys.executable, "-c", f"print({secret!r})"]
    editor.setup({**given, "app_secret": {"cmd": program}, "env_file": str(file)})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("let in by the file")
    editor.until(lambda: texts(editor, editor.status()["session"]) == ["let in by the file"])
    editor.chat("status")
    said = editor.until_said("mode: api")
    assert "zhangsan" in said
    assert "env_file" in said
    assert "command" in said
    assert secret not in said
    assert secret not in editor.log()


def test_a_program_that_gives_no_secret_is_told_and_nothing_is_sent(
    editor: Editor, sandbox: Sandbox
) -> None:
    given = app(sandbox)
    program = [sys.executable, "-c", "import sys; sys.exit(7)"]
    editor.setup({**given, "app_secret": {"cmd": program}})
    editor.chat("bridge dingtalk")
    assert "app_secret" in editor.until_said("ended with status 7")
    assert sandbox.client.connections().total == 0


@pytest.mark.skipif(os.name != "posix", reason="a named pipe says when the program runs")
def test_who_leaves_the_editor_leaves_no_program_that_is_still_asked(
    editor: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    waits = 'exec 3>"$1"; echo up >&3; sleep 60'
    program = ["/bin/sh", "-c", waits, "sh", str(pipe)]
    editor.setup({**app(sandbox), "app_secret": {"cmd": program}})
    editor.chat("bridge dingtalk")
    # The pipe ends when the program and what it started, which hold it open, have ended.
    with pipe.open() as lines:
        assert lines.readline() == "up\n"
        editor.close()
        assert lines.read() == ""


# --- sessions made on demand ----------------------------------------------------------------------


def test_with_a_session_for_each_user_nobody_sees_what_another_one_says(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    cwd = editor.home
    editor.setup(
        {
            **api_options,
            "allow_from": ["zhangsan", "lisi"],
            "group_policy": "open",
            "groups": {TEAM: {"instructions": "Be brief."}},
            "commands": ["*"],
            "session_scope": "user",
            "instructions": "Be kind.",
            "model": "small",
            "cwd": str(cwd),
            "responder": [sys.executable, "-c", ECHO],
        }
    )
    editor.chat("status")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("mine")
    [mine] = sandbox.client.wait_arrived(1)
    assert mine.text == f"Be kind.|small|{cwd.name}|mine"
    sandbox.client.say("yours", user="lisi", group=TEAM)
    [_, yours] = sandbox.client.wait_arrived(2)
    assert (yours.text, yours.conversation_id) == (f"Be brief.|small|{cwd.name}|yours", TEAM)
    made = {row["title"]: row["id"] for row in editor.sessions()}
    assert set(made) == {"张三", "李四"}
    sandbox.client.say("/list", user="lisi")
    listed = sandbox.client.wait_arrived(3)[-1].text
    assert "李四" in listed
    assert "张三" not in listed
    sandbox.client.say(f"/session {made['张三']}", user="lisi")
    assert "没有这个会话" in sandbox.client.wait_arrived(4)[-1].text
    sandbox.client.say("/history", user="lisi")
    assert "mine" not in sandbox.client.wait_arrived(5)[-1].text
    # What is typed in such a session goes to the one it is for.
    editor.lua("require('dingbridge').send('by hand', { session = ... })", made["张三"])
    typed = sandbox.client.wait_arrived(6)[-1]
    assert (typed.text, typed.conversation_id) == ("by hand", "cid1TO1zhangsan==")
    # And /new begins another one.
    sandbox.client.say("/new")
    sandbox.client.wait_arrived(7)
    sandbox.client.say("afresh")
    sandbox.client.wait_arrived(8)
    editor.until(lambda: len(editor.sessions()) == 3)


@pytest.mark.parametrize(("scope", "sessions"), [("conversation", 2), ("single", 1)])
def test_a_scope_decides_who_shares_a_session(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    start_editor: StartEditor,
    scope: str,
    sessions: int,
) -> None:
    options = {
        **api_options,
        "allow_from": ["*"],
        "group_policy": "open",
        "session_scope": scope,
    }
    editor.setup(options)
    editor.chat("status")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("one", group=TEAM)
    sandbox.client.say("two", user="lisi", group=TEAM)
    sandbox.client.say("three")
    editor.until(lambda: len(editor.sessions()) == sessions)
    editor.until(lambda: sum(len(texts(editor, row["id"])) for row in editor.sessions()) == 3)
    made = {row["id"] for row in editor.sessions()}
    editor.close()
    again = start_editor()
    again.setup(options)
    again.chat("status")
    again.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("after a restart")
    again.until(lambda: len(again.sessions()) == sessions)
    assert {row["id"] for row in again.sessions()} == made


def say_as_outsider(editor: Editor, sandbox: Sandbox, options: dict[str, Any]) -> str:
    """Somebody from outside writes, whom only a session webhook reaches; the session of that."""
    editor.setup(options)
    editor.chat("status")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello", user="陌生人")
    editor.until(lambda: editor.sessions() and texts(editor, editor.sessions()[0]["id"]))
    [session] = [str(row["id"]) for row in editor.sessions()]
    return session


@pytest.mark.parametrize("killed", ["service", "all"])
def test_what_is_typed_to_an_outsider_after_a_restart_waits_for_them_and_goes_nowhere_else(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    webhook_options: dict[str, Any],
    start_editor: StartEditor,
    killed: str,
) -> None:
    options = {**webhook_options, **api_options, "allow_from": ["*"], "session_scope": "user"}
    session = say_as_outsider(editor, sandbox, options)
    again = getattr(Kills(start_editor), killed)(editor)
    again.setup(options)
    again.chat("status")
    again.until_lua("require('dingbridge').status().connected")
    again.lua("require('dingbridge').send('private words', { session = ... })", session)
    said = again.until_said("not delivered")
    assert "nobody knows how to reach this conversation" in said
    assert ":Chat retry" in said
    assert sandbox.client.arrived() == []
    sandbox.client.say("still there?", user="陌生人")
    again.until(lambda: "still there?" in texts(again, session))
    again.chat("retry")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("session", "private words")


@pytest.mark.parametrize("killed", ["host", "editor"])
def test_what_is_typed_to_an_outsider_after_a_kill_reaches_them_while_the_service_lives(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    webhook_options: dict[str, Any],
    start_editor: StartEditor,
    killed: str,
) -> None:
    options = {**webhook_options, **api_options, "allow_from": ["*"], "session_scope": "user"}
    editor.nvim.ui_attach(80, 24)  # without a screen the service may end at once
    session = say_as_outsider(editor, sandbox, options)
    again = getattr(Kills(start_editor), killed)(editor)
    again.setup(options)
    again.chat("status")
    again.until_lua("require('dingbridge').status().connected")
    again.lua("require('dingbridge').send('private words', { session = ... })", session)
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.route, arrived.text) == ("session", "private words")
