"""Several Neovims with one app: one owner, the others attached, and nobody notices who it is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Group, Robot
from tests.conftest import StartEditor
from tests.disk import out_of_reach
from tests.editor import Editor

TAKEOVER = 3.0
"""Seconds within which another editor has taken over."""
NAMES = ("alpha", "beta", "gamma")


class Team:
    """Editors with one home, each in a project folder of its own with a session of its own."""

    def __init__(self, start: Callable[..., Editor], options: dict[str, Any], folder: Path) -> None:
        self._start = start
        self.options = options
        self.environ: dict[str, str] = {}
        self._folder = folder
        self.editors: dict[str, Editor] = {}
        self.sessions: dict[str, str] = {}

    def start(self, name: str) -> Editor:
        """Start an editor in its folder; the first time it makes and binds a session."""
        editor = self.enter(name)
        editor.setup(self.options)
        if name in self.sessions:
            editor.chat()
        else:
            editor.chat(f"new Session {name}")
            editor.chat("bridge dingtalk")
        session = str(editor.until(lambda: editor.status()["session"]))
        assert self.sessions.setdefault(name, session) == session
        return editor

    def enter(self, name: str) -> Editor:
        """The same without a word to the plugin."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        editor = self.editors[name] = self._start(environ=self.environ)
        editor.execute("cd", folder)
        editor.listen()
        return editor

    def owner(self, seconds: float = TAKEOVER) -> str:
        """The name of the editor that holds the link."""
        anyone = next(iter(self.editors.values()))

        def look() -> list[str]:
            return [name for name, editor in self.editors.items() if holds_link(editor)]

        [name] = anyone.until(look, "an editor that holds the link", seconds)
        return name

    def others(self, name: str) -> list[str]:
        """All but this one."""
        return [other for other in self.editors if other != name]

    def leave(self, name: str, how: str) -> Editor:
        """The editor quits, or its processes are killed."""
        editor = self.editors.pop(name)
        if how == "quit":
            editor.close()
        elif how == "host":
            editor.kill_host()
        elif how == "editor":
            os.kill(editor.pid(), signal.SIGKILL)
            editor.close()
        else:
            editor.kill()
        return editor


def holds_link(editor: Editor) -> bool:
    """Whether the editor says that it holds the link itself."""
    status = editor.status()
    return bool(status["connected"]) and status["owner"] == ""


def texts(editor: Editor, session: str) -> list[str]:
    """What stands in a session, in the editor."""
    return [str(row["text"]) for row in editor.transcript(session)]


def fate(editor: Editor, name: str, session: str) -> str:
    """What the editor shows of a message."""
    return next((row["delivery"] for row in editor.transcript(session) if row["id"] == name), "")


def send(editor: Editor, text: str) -> str:
    """Send from Lua; the message's id."""
    return str(editor.lua("return require('dingbridge').send(...)", text))


def never_two_links(sandbox: Sandbox) -> bool:
    """Whether each link was closed before the next one was opened."""
    links = sorted(sandbox.client.connections().all, key=lambda link: link.opened)
    return all(before.closed and before.closed <= after.opened for before, after in pairwise(links))


def answer_to(sandbox: Sandbox, text: str, user: str = "zhangsan", group: str | None = None) -> str:
    """What the bridge answers to a word from DingTalk."""
    said = sandbox.client.say(text, user=user, group=group)
    [arrived] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id)
    return arrived.text


@pytest.fixture
def team(start_editor: StartEditor, api_options: dict[str, Any], tmp_path: Path) -> Team:
    """Nobody yet, in API mode."""
    return Team(start_editor, {**api_options, "allow_from": ["*"], "commands": ["*"]}, tmp_path)


@pytest.fixture
def three(team: Team) -> Team:
    """Three editors; the first one holds the link."""
    for name in NAMES:
        team.start(name)
        team.editors[name].until_lua("require('dingbridge').status().connected")
    return team


# --- together -------------------------------------------------------------------------------------


def test_three_editors_share_one_link_and_each_has_its_own_session(
    three: Team, sandbox: Sandbox
) -> None:
    assert len(set(three.sessions.values())) == 3
    assert three.owner() == "alpha"
    pid = three.editors["alpha"].pid()
    for name in ("beta", "gamma"):
        status = three.editors[name].status()
        assert (status["connected"], status["session"]) == (True, three.sessions[name])
        assert status["owner"] == f"Neovim process {pid}"
    assert three.editors["beta"].until_said(f"connected through Neovim process {pid}")
    three.editors["beta"].chat("status")
    three.editors["beta"].until_said(f"link: connected in Neovim process {pid}")
    connections = sandbox.client.connections()
    assert (len(connections.open), connections.total) == (1, 1)


def test_the_link_stays_open_until_the_last_session_is_released(
    three: Team, sandbox: Sandbox
) -> None:
    for name in ("alpha", "gamma"):
        editor = three.editors[name]
        editor.chat("unbridge")
        editor.until(lambda editor=editor: editor.status()["session"] == "")  # type: ignore[misc]  # mypy cannot infer a lambda's default
    sandbox.client.say("to the last one")
    beta = three.editors["beta"]
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["to the last one"])
    assert len(sandbox.client.connections().open) == 1
    beta.chat("unbridge")
    sandbox.client.wait_connections(0)
    beta.until_lua("not require('dingbridge').status().connected")


def test_a_message_goes_to_the_session_bound_last_until_somebody_chooses(
    three: Team, sandbox: Sandbox
) -> None:
    gamma = three.editors["gamma"]
    sandbox.client.say("who listens?")
    gamma.until(lambda: texts(gamma, three.sessions["gamma"]) == ["who listens?"])
    assert gamma.heard("DingbridgeReceived")[0]["session"] == three.sessions["gamma"]
    assert gamma.status()["target"] == "张三"
    for name in ("alpha", "beta"):
        assert three.editors[name].transcript(three.sessions[name]) == []
        assert three.editors[name].heard("DingbridgeReceived") == []


def test_list_shows_all_editors_with_folder_and_busy_state_and_session_switches(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    assert answer_to(sandbox, "/list").split("\n")[:3] == [
        "1. Session alpha · alpha",
        "2. Session beta · beta",
        "3. Session gamma · gamma ←",
    ]
    assert "1. Session alpha · alpha ←" in answer_to(sandbox, "/session 1")
    sandbox.client.say("to alpha")
    alpha.until(lambda: texts(alpha, three.sessions["alpha"]) == ["to alpha"])
    assert "2. Session beta · beta ←" in answer_to(sandbox, f"/session {three.sessions['beta']}")
    sandbox.client.say("to beta")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["to beta"])
    assert texts(alpha, three.sessions["alpha"]) == ["to alpha"]
    wrong = answer_to(sandbox, "/session 9")
    assert "There is no such session" in wrong
    assert "2. Session beta · beta ←" in wrong

    # Another conversation chooses for itself.
    assert "3. Session gamma · gamma ←" in answer_to(
        sandbox, "/session 3", user="lisi", group="产品讨论群"
    )
    sandbox.client.say("to gamma", user="lisi", group="产品讨论群")
    sandbox.client.say("to beta again")
    gamma = three.editors["gamma"]
    gamma.until(lambda: texts(gamma, three.sessions["gamma"]) == ["to gamma"])
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["to beta", "to beta again"])


def test_a_working_responder_shows_as_busy_until_it_has_answered(
    team: Team, sandbox: Sandbox
) -> None:
    team.start("alpha")
    beta = team.enter("beta")
    beta.lua(
        """
        local options = ...
        options.responder = function(_, reply) _G.reply = reply end
        require('dingbridge').setup(options)
        """,
        team.options,
    )
    beta.chat("new Session beta")
    beta.chat("bridge dingtalk")
    # Connected it is already, through alpha.
    beta.until(lambda: beta.status()["session"])
    sandbox.client.say("question")
    beta.until_lua("_G.reply ~= nil")
    assert "2. Session beta · beta (忙 busy) ←" in answer_to(sandbox, "/list")
    beta.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    assert "2. Session beta · beta ←" in answer_to(sandbox, "/list")


def test_a_choice_made_on_the_phone_outlives_the_owner(three: Team, sandbox: Sandbox) -> None:
    answer_to(sandbox, "/session 2")
    three.leave("alpha", "both")
    three.owner()
    beta = three.editors["beta"]
    sandbox.client.say("still to beta")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["still to beta"])


def test_a_working_responder_still_shows_as_busy_under_the_next_owner(
    team: Team, sandbox: Sandbox
) -> None:
    team.start("alpha")
    beta = team.enter("beta")
    beta.lua(
        """
        local options = ...
        options.responder = function(_, reply) _G.reply = reply end
        require('dingbridge').setup(options)
        """,
        team.options,
    )
    beta.chat("new Session beta")
    beta.chat("bridge dingtalk")
    # Connected it is already, through alpha.
    beta.until(lambda: beta.status()["session"])
    sandbox.client.say("question")
    beta.until_lua("_G.reply ~= nil")
    team.leave("alpha", "both")
    assert team.owner() == "beta"
    assert "Session beta · beta (忙 busy)" in answer_to(sandbox, "/list")
    beta.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    assert "busy" not in answer_to(sandbox, "/list")


def test_an_attached_editor_answers_and_shows_what_became_of_it(
    three: Team, sandbox: Sandbox
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    said = sandbox.client.say("question")
    gamma.until(lambda: texts(gamma, session) == ["question"])
    gamma.chat("open " + session)
    gamma.type_draft("answer")
    gamma.nvim.command("write")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.text, arrived.reply_to) == ("answer", said.message_id)
    gamma.until(lambda: [row["delivery"] for row in gamma.transcript(session)] == ["", "sent"])
    name = gamma.transcript(session)[1]["id"]
    told = {
        "id": name,
        "session": session,
        "account": "default",
        "target": "dingtalk:default:user:zhangsan",
        "target_name": "张三 (1:1)",
    }
    assert gamma.heard("DingbridgeQueued") == [told]
    assert gamma.heard("DingbridgeDelivered") == [{**told, "reason": ""}]
    assert three.editors["alpha"].heard("DingbridgeDelivered") == []

    sandbox.client.fault(Fault.errcode("/robot/sendBySession", 430104, "improper content"))
    name = send(gamma, "refused")
    gamma.until(lambda: fate(gamma, name, session) == "failed")
    gamma.until_said("not delivered")
    assert not any("not delivered" in text for text in three.editors["alpha"].said())
    for editor in three.editors.values():
        editor.until(lambda editor=editor: editor.status()["failed"] == 1)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    three.editors["beta"].chat(f"retry {name}")
    gamma.until(lambda: fate(gamma, name, session) == "sent")


def test_a_session_bound_in_another_editor_moves_there_and_both_say_so(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    beta.chat(f"open {session}")
    beta.until(lambda: beta.lua("return require('dingbridge.store').current") == session)
    beta.chat("bridge dingtalk")
    alpha.until_said(f"is bound in Neovim process {beta.pid()} now")
    assert alpha.status()["session"] == ""
    beta.until(lambda: beta.status()["session"] == session)
    rows = answer_to(sandbox, "/list").split("\n")
    assert rows[0].startswith("1. Session alpha · beta")
    assert "Session beta" not in "".join(rows)
    sandbox.client.say("/session 1")
    sandbox.client.say("to the session")
    beta.until(lambda: texts(beta, session) == ["to the session"])


def test_two_editors_of_one_project_take_up_different_bindings(
    team: Team, sandbox: Sandbox
) -> None:
    first = team.start("alpha")
    first_session = team.sessions.pop("alpha")
    second = team.start("alpha")
    second_session = team.sessions["alpha"]
    first.close()
    second.close()
    for wanted in (second_session, first_session):
        editor = team.enter("alpha")
        editor.setup(team.options)
        editor.chat()
        editor.until(lambda editor=editor: editor.status()["session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert editor.status()["session"] == wanted
    third = team.enter("alpha")
    third.setup(team.options)
    third.chat("status")
    third.until_said("session: none")


# --- change of owner ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["quit", "host", "editor", "both"])
def test_another_editor_takes_over_within_three_seconds(
    three: Team, sandbox: Sandbox, how: str
) -> None:
    left = three.leave("alpha", how)
    heir = three.owner()
    assert heir in ("beta", "gamma")
    [other] = three.others(heir)
    pid = three.editors[heir].pid()
    three.editors[other].until(
        lambda: three.editors[other].status()["owner"] == f"Neovim process {pid}"
    )
    for name in (heir, other):
        editor, session = three.editors[name], three.sessions[name]
        assert editor.status()["session"] == session
        answer_to(sandbox, f"/session {session}")
        sandbox.client.say(f"to {name}")
        editor.until(
            lambda editor=editor, session=session, name=name: (
                texts(editor, session)  # type: ignore[misc]  # mypy cannot infer a lambda's default
                == [f"to {name}"]
            )
        )
    if how == "host":
        left.until_lua("not require('dingbridge.host').is_running()")
        left.chat()
        left.until(lambda: left.status()["owner"] == f"Neovim process {pid}")
        left.until(lambda: left.status()["session"] == three.sessions["alpha"])
    assert never_two_links(sandbox)
    assert sandbox.client.connections().total == 2


def test_after_a_damaged_state_file_another_editor_takes_over_all_the_same(
    three: Team, sandbox: Sandbox
) -> None:
    home = three.editors["beta"].data
    three.leave("alpha", "host")
    (home / "chat-dingtalk-state.json").write_text("{ broken")
    heir = three.owner()
    message = send(three.editors[heir], "still here")
    editor, session = three.editors[heir], three.sessions[heir]
    editor.until_said("could not be read")
    editor.until(lambda: fate(editor, message, session) in ("sent", "failed"))


def test_a_take_over_that_the_disk_refuses_is_made_up_for_when_it_does_not(
    three: Team, sandbox: Sandbox
) -> None:
    with out_of_reach(three.editors["beta"].data / "chat-dingtalk-inbox.jsonl"):
        three.leave("alpha", "both")
        three.editors["beta"].until(
            lambda: any(
                "cannot use" in words for name in NAMES[1:] for words in three.editors[name].said()
            )
        )
    heir = three.owner()
    assert answer_to(sandbox, "/status")
    assert holds_link(three.editors[heir])


@pytest.mark.parametrize("alone", [True, False])
def test_quitting_while_dingtalk_answers_does_not_send_the_message_again(
    team: Team, sandbox: Sandbox, alone: bool
) -> None:
    team.options["user_id"] = "zhangsan"
    team.start("alpha")
    team.owner()
    if not alone:
        team.start("beta")
    sandbox.client.fault(Fault.hang("*/batchSend", "after", seconds=0.4))
    editor, session = team.editors["alpha"], team.sessions["alpha"]
    editor.lua("require('dingbridge').send(...)", "ship it")
    sandbox.client.wait_hanging(1)
    team.leave("alpha", "quit")
    team.start("alpha")
    team.owner()
    back = team.editors["alpha"]
    back.until(lambda: [row["delivery"] for row in back.transcript(session)] == ["sent"])
    assert [each.text for each in sandbox.client.arrived()] == ["ship it"]


def test_what_an_editor_sent_that_left_at_once_goes_out_while_another_holds_the_link(
    team: Team, sandbox: Sandbox
) -> None:
    team.options["user_id"] = "zhangsan"
    team.start("alpha")
    team.owner()
    script = team.enter("beta")
    script.setup(team.options)
    script.lua("require('dingbridge').notify('from a script')")
    team.leave("beta", "quit")
    [arrived] = sandbox.client.wait_arrived(lambda each: each.text == "from a script", 10)
    assert arrived.user_ids == ("zhangsan",)
    assert len(sandbox.client.arrived()) == 1


def test_owners_that_leave_one_after_the_other_leave_no_gap(three: Team, sandbox: Sandbox) -> None:
    for how in ("both", "quit"):
        three.leave(three.owner(), how)
        heir = three.owner()
        said = sandbox.client.say(f"after {how}")
        assert not said.lost
    last = three.editors[heir]
    last.until(lambda: "after quit" in [row["text"] for row in last.heard("DingbridgeReceived")])
    assert never_two_links(sandbox)
    last.close()
    sandbox.client.wait_connections(0)


@pytest.mark.parametrize("how", ["quit", "host", "both"])
def test_what_attached_editors_send_while_the_owner_changes_arrives_once(
    start_editor: StartEditor,
    webhook_options: dict[str, Any],
    sandbox: Sandbox,
    tmp_path: Path,
    how: str,
) -> None:
    team = Team(start_editor, webhook_options, tmp_path)
    for name in NAMES:
        team.start(name)
    followers = {name: team.editors[name] for name in ("beta", "gamma")}
    followers["gamma"].until(lambda: followers["gamma"].status()["owner"])
    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    sent: dict[str, list[str]] = {name: [] for name in followers}
    for name, editor in followers.items():
        sent[name] += [send(editor, f"{name} before {number}") for number in range(3)]
    sandbox.client.wait_hanging()
    team.leave("alpha", how)
    for name, editor in followers.items():
        sent[name] += [send(editor, f"{name} after {number}") for number in range(3)]
    sandbox.client.release()
    for name, editor in followers.items():
        session = team.sessions[name]
        editor.until(
            lambda editor=editor, name=name, session=session: (
                {  # type: ignore[misc]  # mypy cannot infer a lambda's default
                    fate(editor, each, session) for each in sent[name]
                }
                == {"sent"}
            ),
            seconds=20,
        )
        editor.until(
            lambda editor=editor, name=name: (  # type: ignore[misc]  # mypy cannot infer a lambda's default
                [row["id"] for row in editor.heard("DingbridgeDelivered")] == sent[name]
            )
        )
    arrived = [each.text for each in sandbox.client.arrived()]
    assert len(arrived) == len(set(arrived)) == 12
    for name in followers:
        wanted = [f"{name} {when} {number}" for when in ("before", "after") for number in range(3)]
        assert [text for text in arrived if text.startswith(name)] == wanted


OTHER_GROUP = "for the group of another custom robot"


def other_webhook(sandbox: Sandbox) -> str:
    """The webhook of a second custom robot, in a group of customers."""
    sandbox.client.add_group(Group("cidCUSTOMERS==", "客户群"))
    sandbox.client.add_robot(Robot("customer-token", conversation_id="cidCUSTOMERS=="))
    return sandbox.webhook_url.rpartition("access_token=")[0] + "access_token=customer-token"


@pytest.mark.parametrize("owners", ["another webhook", "no webhook"])
def test_a_notification_never_goes_to_the_group_of_the_owners_webhook(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], owners: str
) -> None:
    one, two = start_editor(), start_editor()
    webhook = {"webhook": other_webhook(sandbox)} if owners == "another webhook" else {}
    one.setup({**api_options, **webhook})
    one.chat("bridge dingtalk")
    one.until(lambda: one.status()["connected"])
    two.listen()
    two.setup({**api_options, "webhook": sandbox.webhook_url})
    two.chat("status")
    two.until(lambda: two.status()["owner"])
    two.lua("require('dingbridge').notify('internal: we will raise prices')")
    [failed] = two.until(lambda: two.heard("DingbridgeFailed"))
    assert OTHER_GROUP in failed["reason"]
    assert sandbox.client.arrived() == []
    one.setup({**api_options, "webhook": sandbox.webhook_url})
    one.chat("retry")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.conversation_id == TEAM


def test_a_notification_that_waits_does_not_go_to_the_group_of_a_new_webhook(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    editor.listen()
    editor.setup({**api_options, "webhook": sandbox.webhook_url})
    sandbox.client.fault(Fault.drop("/robot/send", times=None))
    editor.lua("require('dingbridge').notify('internal: we will raise prices')")
    sandbox.client.wait_calls(1)
    editor.setup({**api_options, "webhook": other_webhook(sandbox)})
    sandbox.client.clear_faults()
    [failed] = editor.until(lambda: editor.heard("DingbridgeFailed"))
    assert OTHER_GROUP in failed["reason"]
    assert sandbox.client.arrived() == []


def test_what_the_user_decided_while_the_owner_hung_holds_at_the_next_one(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    """Somebody whose permission was taken back must not get in because the owner was killed."""
    options = {**api_options, "allow_from": [], "dm": {"policy": "pairing"}}
    team = Team(start_editor, options, tmp_path)
    team.start("alpha")
    team.start("beta")
    beta, owner = team.editors["beta"], team.editors["alpha"].host_pid()
    beta.until(lambda: beta.status()["owner"])
    sandbox.client.say("let me in", user="lisi")
    [knock] = beta.until(lambda: beta.heard("DingbridgePairing"))
    beta.chat(f"pair {knock['code']}")
    beta.until_said("is let in")
    # What asked comes in; nothing after it does.
    beta.until(lambda: beta.heard("DingbridgeReceived"))
    os.kill(owner, signal.SIGSTOP)
    beta.chat("revoke lisi")
    os.kill(owner, signal.SIGKILL)
    beta.until(lambda: beta.status()["connected"] and not beta.status()["owner"])
    beta.until_said("is not paired any more")
    sandbox.client.say("still here", user="lisi")
    beta.until(lambda: beta.status()["refused"] + beta.status()["asking"] > 0)
    assert [event["text"] for event in beta.heard("DingbridgeReceived")] == ["let me in"]


def test_an_editor_that_was_away_during_the_change_hears_what_became_of_its_messages(
    start_editor: StartEditor, webhook_options: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    team = Team(start_editor, webhook_options, tmp_path)
    for name in NAMES:
        team.start(name)
    gamma, session = team.editors["gamma"], team.sessions["gamma"]
    gamma.until(lambda: gamma.status()["owner"])
    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    name = send(gamma, "from gamma")
    note = str(gamma.lua("return require('dingbridge').notify('a note')"))
    gamma.until(lambda: len(gamma.heard("DingbridgeQueued")) == 2)
    sandbox.client.wait_hanging()
    host = gamma.host_pid()
    os.kill(host, signal.SIGSTOP)
    try:
        team.leave("alpha", "both")
        sandbox.client.release()
        sandbox.client.wait_arrived(2)
        beta = team.editors["beta"]
        beta.until(lambda: beta.status()["owner"] == "" and beta.status()["queued"] == 0)
    finally:
        os.kill(host, signal.SIGCONT)
    gamma.until(lambda: fate(gamma, name, session) == "sent")
    gamma.until(lambda: len(gamma.heard("DingbridgeDelivered")) == 2)
    assert [row["id"] for row in gamma.heard("DingbridgeDelivered")] == [name, note]


def test_a_message_the_dead_owner_had_accepted_reaches_its_session_once(
    three: Team, sandbox: Sandbox
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    sandbox.client.say("before")
    gamma.until(lambda: texts(gamma, session) == ["before"])
    host = gamma.host_pid()
    os.kill(host, signal.SIGSTOP)
    try:
        said = sandbox.client.say("in between")
        assert sandbox.client.wait_ack(said.header_id).code == 200
        three.leave("alpha", "both")
        beta = three.editors["beta"]
        beta.until(lambda: holds_link(beta), seconds=TAKEOVER)
    finally:
        os.kill(host, signal.SIGCONT)
    gamma.until(lambda: gamma.status()["owner"] == f"Neovim process {beta.pid()}")
    answer_to(sandbox, f"/session {session}")
    sandbox.client.say("after")
    gamma.until(lambda: "after" in texts(gamma, session))
    path = gamma.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    written = [row["message"]["text"] for row in rows if "message" in row]
    assert sorted(written) == ["after", "before", "in between"]


def test_what_comes_before_all_editors_have_found_the_new_owner_waits_for_its_own(
    three: Team, sandbox: Sandbox
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    beta = three.editors["beta"]
    sandbox.client.say("before")
    gamma.until(lambda: texts(gamma, session) == ["before"])
    host = gamma.host_pid()
    os.kill(host, signal.SIGSTOP)
    try:
        three.leave("alpha", "both")
        beta.until(lambda: holds_link(beta), seconds=TAKEOVER)
        said = sandbox.client.say("early")
        assert sandbox.client.wait_ack(said.header_id).code == 200
    finally:
        os.kill(host, signal.SIGCONT)
    gamma.until(lambda: texts(gamma, session) == ["before", "early"])
    assert [row["text"] for row in gamma.heard("DingbridgeReceived")] == ["before", "early"]
    assert texts(beta, three.sessions["beta"]) == []
    assert beta.heard("DingbridgeReceived") == []


def test_what_is_meant_for_an_editor_that_does_not_come_back_goes_to_another_one(
    three: Team, sandbox: Sandbox
) -> None:
    answer_to(sandbox, "/session 3")
    three.leave("gamma", "both")
    three.leave("alpha", "both")
    beta = three.editors["beta"]
    beta.until(lambda: holds_link(beta), seconds=TAKEOVER)
    sandbox.client.say("anybody?")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["anybody?"])


def test_a_card_and_a_lock_that_nobody_holds_need_no_hand(team: Team, sandbox: Sandbox) -> None:
    alpha = team.start("alpha")
    alpha.until_lua("require('dingbridge').status().connected")
    folder = alpha.data / "dingbridge"
    team.leave("alpha", "both")
    [card] = folder.glob("owner-*.json")
    assert list(folder.glob("owner-*.lock"))
    left = json.loads(card.read_text())
    card.write_text(json.dumps({**left, "pid": 1}))
    team.start("beta")
    assert team.owner() == "beta"
    gamma = team.start("gamma")
    gamma.until_lua("require('dingbridge').status().connected")
    assert json.loads(card.read_text())["address"] != left["address"]

    # A card that cannot be read, and none at all.
    for content in (b"{half a ca", b""):
        for name in list(team.editors):
            team.leave(name, "both")
        card.write_bytes(content)
        team.start("beta")
        assert team.owner() == "beta"
    assert never_two_links(sandbox)


def test_an_owner_that_hangs_does_not_hold_up_another_editors_commands(
    team: Team, sandbox: Sandbox
) -> None:
    alpha = team.start("alpha")
    host = alpha.host_pid()
    alpha.until_lua("require('dingbridge').status().connected")
    os.kill(host, signal.SIGSTOP)
    try:
        beta = team.enter("beta")
        beta.setup(team.options)
        beta.chat("new Session beta")
        beta.until(beta.sessions)
        beta.chat("bridge dingtalk")
        beta.until_said("is bound as soon as the Neovim that holds the link answers")
        assert not beta.status()["connected"]
        assert not beta.status()["session"]
    finally:
        os.kill(host, signal.SIGCONT)
    beta.until_said("is bound to DingTalk")
    beta.until_lua("require('dingbridge').status().connected")
    session = beta.status()["session"]
    sandbox.client.say("to beta")
    beta.until(lambda: texts(beta, session) == ["to beta"])
    assert sandbox.client.connections().total == 1


def test_an_owner_that_hangs_for_a_while_keeps_its_session(team: Team, sandbox: Sandbox) -> None:
    alpha = team.start("alpha")
    session = team.sessions["alpha"]
    alpha.until_lua("require('dingbridge').status().connected")
    host = alpha.host_pid()
    os.kill(host, signal.SIGSTOP)
    try:
        newcomer = team.enter("alpha")
        newcomer.setup(team.options)
        newcomer.chat()
        newcomer.until(lambda: newcomer.status().get("session") == session)
    finally:
        os.kill(host, signal.SIGCONT)
    newcomer.until_said(f"is bound in Neovim process {alpha.pid()} now")
    assert newcomer.status()["session"] == ""
    sandbox.client.say("to the one that has it")
    alpha.until(lambda: alpha.heard("DingbridgeReceived"))
    assert alpha.status()["session"] == session
    assert newcomer.heard("DingbridgeReceived") == []


@pytest.mark.skipif(os.name != "posix", reason="other systems have no socket files")
def test_a_newcomer_finds_the_owner_after_the_runtime_folder_was_taken_away(
    team: Team, sandbox: Sandbox
) -> None:
    # Not pytest's folder: in a longer path there would be no socket.
    with TemporaryDirectory(prefix="dbr") as folder:
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        team.environ = {"XDG_RUNTIME_DIR": str(run)}
        team.start("alpha").until_lua("require('dingbridge').status().connected")
        [_socket] = run.glob("dingbridge-*.sock")
        shutil.rmtree(run)
        run.mkdir(mode=0o700)
        beta = team.start("beta")
        beta.until_lua("require('dingbridge').status().connected")
        assert holds_link(team.editors["alpha"])
        assert sandbox.client.connections().total == 1


def test_what_an_owner_never_answered_stays_with_its_app_when_the_app_is_changed(
    team: Team, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    team.options["user_id"] = "zhangsan"
    alpha, beta = team.start("alpha"), team.start("beta")
    beta.until_lua("require('dingbridge').status().connected")
    beta.listen()
    host = alpha.host_pid()
    os.kill(host, signal.SIGSTOP)
    try:
        name = send(beta, "for the app of before")
        beta.setup(webhook_options)
        beta.until(lambda: beta.heard("DingbridgeQueued"))
    finally:
        team.leave("alpha", "both")
    assert [event["id"] for event in beta.heard("DingbridgeQueued")] == [name]
    beta.setup(team.options)
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.text, arrived.route) == ("for the app of before", "single")
    beta.until(lambda: fate(beta, name, beta.status()["session"]) == "sent")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no file modes")
def test_the_socket_and_its_secret_are_the_users_own(three: Team) -> None:
    folder = three.editors["alpha"].data / "dingbridge"
    [card] = folder.glob("owner-*.json")
    assert card.stat().st_mode & 0o777 == 0o600
    socket = Path(json.loads(card.read_text())["address"])
    assert socket.parent.stat().st_mode & 0o077 == 0
    secret = json.loads(card.read_text())["secret"]
    assert secret not in three.editors["alpha"].log()
    for editor in three.editors.values():
        shown = Path(f"/proc/{editor.host_pid()}/cmdline")
        assert not sys.platform.startswith("linux") or secret not in shown.read_text()


# --- settings -------------------------------------------------------------------------------------


def test_editors_with_different_apps_do_not_meet(
    team: Team, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    alpha = team.start("alpha")
    alpha.until_lua("require('dingbridge').status().connected")
    beta = team.enter("beta")
    beta.setup(webhook_options)
    beta.chat("new Session beta")
    beta.chat("bridge dingtalk")
    beta.until(lambda: beta.status()["session"])
    sandbox.client.fault(Fault.hang("/robot/send"))
    send(beta, "by webhook")
    sandbox.client.wait_hanging()
    beta.until(lambda: beta.status()["queued"] == 1)
    assert (beta.status()["owner"], alpha.status()["queued"]) == ("", 0)
    sandbox.client.say("question")
    alpha.until(lambda: texts(alpha, team.sessions["alpha"]) == ["question"])
    send(alpha, "answer")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    sandbox.client.release()
    sandbox.client.wait_arrived(lambda each: each.text == "by webhook")


def test_editors_in_webhook_mode_share_one_queue(
    start_editor: StartEditor, webhook_options: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    team = Team(start_editor, webhook_options, tmp_path)
    for name in NAMES:
        team.start(name)
    alpha, beta, gamma = (team.editors[name] for name in NAMES)
    pid = alpha.pid()
    for editor in (beta, gamma):
        editor.until(lambda editor=editor: editor.status()["owner"] == f"Neovim process {pid}")  # type: ignore[misc]  # mypy cannot infer a lambda's default
    sandbox.client.fault(Fault.hang("/robot/send"))
    wanted = []
    for number in range(2):
        for name, editor in team.editors.items():
            wanted.append(f"{name} {number}")
            send(editor, wanted[-1])
            count = len(wanted)
            alpha.until(lambda count=count: alpha.status()["queued"] == count)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    for editor in team.editors.values():
        editor.until(lambda editor=editor: editor.status()["queued"] == 6)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    beta.chat("outbox")
    assert "gamma 1" in beta.until_said("waiting")
    sandbox.client.wait_hanging()
    sandbox.client.release()
    arrived = sandbox.client.wait_arrived(6)
    assert [each.text for each in arrived] == wanted
    for editor in team.editors.values():
        editor.until(lambda editor=editor: editor.status()["queued"] == 0)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    assert sandbox.client.connections().total == 0


def test_bridging_in_a_fresh_editor_does_not_take_the_session_of_another(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first = start_editor()
    first.setup(api_options)
    first.chat("bridge dingtalk")
    first.until_lua("require('dingbridge').status().connected")
    theirs = first.status()["session"]
    second = start_editor()
    second.setup(api_options)
    second.chat("bridge dingtalk")
    mine = second.until(lambda: second.status()["session"])
    assert mine != theirs
    assert first.status()["session"] == theirs
