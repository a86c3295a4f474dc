"""Several Neovims with one service: each is a view of it, and nobody notices who comes and goes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from dingbridge.core.catalogue import remote as remote_words
from dingbridge.edges.storage.card import card_path
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, CustomRobot, SandboxGroup
from tests.conftest import StartEditor
from tests.support import services
from tests.support.disk import out_of_reach
from tests.support.editor import Editor
from tests.support.processes import Child, frozen

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

    @property
    def data(self) -> Path:
        """Their data folder."""
        return next(iter(self.editors.values())).data

    def service(self) -> int:
        """The process of their service, 0 without one."""
        return services.pid(self.data)

    def kill_service(self) -> None:
        """`kill -9` of the service. Returns once all editors are attached to the next one."""
        before = {name: len(one.heard("DingbridgeConnected")) for name, one in self.editors.items()}
        services.kill(self.data)
        self.until_connected_again(before)

    def until_connected_again(self, before: dict[str, int]) -> None:
        """Wait until each editor has been connected once more than it was before."""
        for name, editor in self.editors.items():
            editor.until(
                lambda editor=editor, name=name: (  # type: ignore[misc]  # mypy cannot infer a lambda's default
                    len(editor.heard("DingbridgeConnected")) > before[name]
                )
            )

    def until_connected(self) -> None:
        """Wait until all editors are connected."""
        for editor in self.editors.values():
            editor.until_lua("require('dingbridge').status().connected")

    def written(self) -> Counter[str]:
        """The texts that stand in all transcripts on the disk, with how often they do."""
        rows = [
            json.loads(line)
            for path in (self.data / "dingbridge" / "sessions").glob("*.jsonl")
            for line in path.read_text("utf-8").splitlines()
        ]
        return Counter(row["message"]["text"] for row in rows if "message" in row)

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


def texts(editor: Editor, session: str) -> list[str]:
    """What stands in a session, in the editor."""
    return [str(row["text"]) for row in editor.transcript(session)]


def said_by(team: Team) -> list[str]:
    """What the users of all editors were told."""
    return [words for editor in team.editors.values() for words in editor.said()]


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


def hears_from_dingtalk(team: Team, sandbox: Sandbox, *names: str) -> None:
    """What is said to the session of each of these editors must stand there."""
    for name in names:
        editor, session = team.editors[name], team.sessions[name]
        before = texts(editor, session)
        answer_to(sandbox, f"/session {session}")
        sandbox.client.say(f"to {name}")
        editor.until(
            lambda editor=editor, session=session, wanted=[*before, f"to {name}"]: (
                texts(editor, session)  # type: ignore[misc]  # mypy cannot infer a lambda's default
                == wanted
            )
        )


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
    """Three editors, which are connected."""
    for name in NAMES:
        team.start(name)
        team.until_connected()
    return team


# --- together -------------------------------------------------------------------------------------


def test_three_editors_share_one_service_and_one_link_and_each_has_its_own_session(
    three: Team, sandbox: Sandbox
) -> None:
    assert len(set(three.sessions.values())) == 3
    for name, editor in three.editors.items():
        status = editor.status()
        assert (status["connected"], status["session"]) == (True, three.sessions[name])
        assert status["owner"] == ""
    beta = three.editors["beta"]
    assert beta.until_said("is bound to DingTalk").endswith("connected")
    beta.chat("status")
    beta.until_said("link: connected")
    beta.until(lambda: services.running(three.data) == [three.service()], "one service")
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
    # Connected it is already, for alpha.
    beta.until(lambda: beta.status()["session"])
    sandbox.client.say("question")
    beta.until_lua("_G.reply ~= nil")
    assert "2. Session beta · beta (忙 busy) ←" in answer_to(sandbox, "/list")
    beta.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    assert "2. Session beta · beta ←" in answer_to(sandbox, "/list")


def test_a_choice_made_on_the_phone_outlives_the_service(three: Team, sandbox: Sandbox) -> None:
    answer_to(sandbox, "/session 2")
    three.kill_service()
    beta = three.editors["beta"]
    sandbox.client.say("still to beta")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["still to beta"])


@pytest.mark.parametrize("who", ["the service", "the service, in order", "another editor"])
def test_a_working_responder_still_shows_as_busy_after_a_kill_and_its_answer_goes_out_once(
    team: Team, sandbox: Sandbox, who: str
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
    beta.until(lambda: beta.status()["session"])
    team.until_connected()
    sandbox.client.say("question")
    beta.until_lua("_G.reply ~= nil")
    if who == "the service":
        team.kill_service()
    elif who == "the service, in order":
        before = {name: len(one.heard("DingbridgeConnected")) for name, one in team.editors.items()}
        beta.chat("service restart")
        team.until_connected_again(before)
    else:
        team.leave("alpha", "both")
    assert "Session beta · beta (忙 busy)" in answer_to(sandbox, "/list")
    beta.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    assert "busy" not in answer_to(sandbox, "/list")
    assert [each.text for each in sandbox.client.arrived()].count("answer") == 1
    if who == "the service":
        # What it says later on belongs there, too.
        team.kill_service()
        beta.lua("_G.reply('one more word')")
        sandbox.client.wait_arrived(lambda each: each.text == "one more word")


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


def test_a_session_can_be_bound_in_two_editors_which_both_show_what_comes(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    beta.chat(f"open {session}")
    beta.until(lambda: beta.lua("return require('dingbridge.store').current") == session)
    beta.chat("bridge dingtalk")
    beta.until(lambda: beta.status()["session"] == session)
    assert alpha.status()["session"] == session
    rows = answer_to(sandbox, "/list").split("\n")
    assert rows[0].startswith("1. Session alpha · alpha")
    assert "Session beta" not in "".join(rows)
    sandbox.client.say("/session 1")
    sandbox.client.say("to the session")
    for editor in (alpha, beta):
        editor.until(lambda editor=editor: texts(editor, session) == ["to the session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        editor.until(lambda editor=editor: editor.heard("DingbridgeReceived"))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    alpha.lua("require('dingbridge').send('from alpha')")
    beta.lua("require('dingbridge').send('from beta')")
    sandbox.client.wait_arrived(lambda each: each.text == "from alpha")
    sandbox.client.wait_arrived(lambda each: each.text == "from beta")
    for editor in (alpha, beta):
        editor.until(lambda editor=editor: len(texts(editor, session)) == 3)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    assert texts(alpha, session) == texts(beta, session)
    beta.chat("unbridge dingtalk")
    alpha.until_said(f"was released in Neovim process {beta.pid()}")
    alpha.until(lambda: alpha.status()["session"] == "")


def test_what_is_typed_in_a_session_that_another_editor_has_bound_goes_out(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    sandbox.client.say(f"/session {session}")
    sandbox.client.say("hello")
    alpha.until(lambda: texts(alpha, session) == ["hello"])
    beta.chat(f"open {session}")
    beta.until(lambda: texts(beta, session) == ["hello"])
    beta.chat("send from beta")
    sandbox.client.wait_arrived(lambda each: each.text == "from beta")
    alpha.until(lambda: texts(alpha, session) == ["hello", "from beta"])
    assert beta.status()["session"] == three.sessions["beta"]


def test_a_session_that_is_deleted_in_one_editor_is_gone_in_all(three: Team) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    beta.chat(f"open {session}")
    beta.until(lambda: beta.lua("return require('dingbridge.store').current") == session)
    beta.chat("delete")
    alpha.until(lambda: alpha.status()["session"] == "")
    listed = (
        "return vim.tbl_map(function(row) return row.id end, require('dingbridge.store').sessions)"
    )
    alpha.until(lambda: session not in alpha.lua(listed))
    alpha.until_said("was deleted")


def test_every_editor_of_a_project_takes_up_its_latest_binding(
    team: Team, sandbox: Sandbox
) -> None:
    first = team.start("alpha")
    earlier = team.sessions["alpha"]
    second = team.start("alpha")
    second.chat("new Latest")
    second.chat("bridge dingtalk")
    second.until(lambda: second.status()["session"] not in ("", earlier))
    latest = second.status()["session"]
    assert first.status()["session"] == earlier
    first.close()
    second.close()
    for _ in range(2):
        editor = team.enter("alpha")
        editor.setup(team.options)
        editor.chat()
        editor.until(lambda editor=editor: editor.status()["session"] == latest)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    elsewhere = team.enter("beta")
    elsewhere.setup(team.options)
    elsewhere.chat("status")
    elsewhere.until_said("session: none")


# --- editors that go, and services that are killed ------------------------------------------------


@pytest.mark.parametrize("how", ["quit", "host", "editor", "both"])
def test_whichever_editor_goes_the_others_notice_nothing(
    three: Team, sandbox: Sandbox, how: str
) -> None:
    service = three.service()
    left = three.leave("alpha", how)
    hears_from_dingtalk(three, sandbox, "beta", "gamma")
    if how == "host":
        left.until_lua("not require('dingbridge.host').is_running()")
        left.chat()
        # What it shows of its session may be of before.
        left.until_lua("require('dingbridge').status().connected")
        assert left.status()["session"] == three.sessions["alpha"]
        three.editors["alpha"] = left
        hears_from_dingtalk(three, sandbox, "alpha")
    for name in ("beta", "gamma"):
        assert three.editors[name].heard("DingbridgeDisconnected") == []
        assert len(three.editors[name].heard("DingbridgeConnected")) == 1
    assert three.service() == service
    assert sandbox.client.connections().total == 1


@pytest.mark.parametrize("goes", ["the service", "the service with an editor"])
def test_after_the_service_was_killed_everything_goes_on_by_itself(
    three: Team, sandbox: Sandbox, goes: str
) -> None:
    drafts = {}
    for name, editor in three.editors.items():
        editor.chat(f"open {three.sessions[name]}")
        editor.until_lua(f"require('dingbridge.store').current == '{three.sessions[name]}'")
        editor.type_draft(f"half a thought of {name}")
        drafts[name] = editor.nvim.current.buffer
    before = three.service()
    if goes == "the service":
        three.kill_service()
    else:
        connected = dict.fromkeys(("beta", "gamma"), 1)
        three.editors.pop("alpha").kill_all()
        three.until_connected_again(connected)
    assert three.service() not in (0, before)
    three.editors["beta"].until(
        lambda: services.running(three.data) == [three.service()], "one service"
    )
    for name, editor in three.editors.items():
        assert editor.status()["session"] == three.sessions[name]
        assert drafts[name][:] == [f"half a thought of {name}"]
    hears_from_dingtalk(three, sandbox, *three.editors)
    for name, editor in three.editors.items():
        [lost] = editor.heard("DingbridgeDisconnected")
        assert "service" in lost["reason"]
        sent = send(editor, f"from {name}")
        editor.until(
            lambda editor=editor, sent=sent, name=name: (
                fate(editor, sent, three.sessions[name])  # type: ignore[misc]  # mypy cannot infer a lambda's default
                == "sent"
            )
        )
    assert never_two_links(sandbox)
    assert sandbox.client.connections().total == 2


def test_editors_of_one_folder_have_their_own_sessions_again_after_the_service_was_killed(
    team: Team, sandbox: Sandbox
) -> None:
    editors: list[Editor] = []
    for _ in range(3):
        editor = team.start("alpha")
        team.editors[f"alpha {len(editors)}"] = editor
        team.sessions[f"alpha {len(editors)}"] = team.sessions.pop("alpha")
        editors.append(editor)
    del team.editors["alpha"]
    team.until_connected()
    bound = [editor.status()["session"] for editor in editors]
    assert len(set(bound)) == 3
    editors[0].chat("unbridge")
    editors[0].until(lambda: not editors[0].status()["session"])
    for _ in range(2):
        team.kill_service()
        assert [editor.status()["session"] for editor in editors] == ["", *bound[1:]]
    hears_from_dingtalk(team, sandbox, "alpha 1", "alpha 2")


def test_a_state_file_that_was_damaged_meanwhile_is_set_aside_and_everything_goes_on(
    three: Team,
) -> None:
    with ExitStack() as hosts:
        for editor in three.editors.values():
            hosts.enter_context(frozen(editor.host_pid()))
        services.kill(three.data)
        (three.data / "chat-dingtalk-state.json").write_text("{ broken")
    editor, session = three.editors["beta"], three.sessions["beta"]
    editor.until(lambda: any("could not be read" in each for each in said_by(three)))
    message = send(editor, "still here")
    editor.until(lambda: fate(editor, message, session) in ("sent", "failed"))


def test_a_start_that_the_disk_refuses_is_made_up_for_when_it_does_not(
    three: Team, sandbox: Sandbox
) -> None:
    before = dict.fromkeys(NAMES, 1)
    with out_of_reach(three.data / "chat-dingtalk-inbox.jsonl"):
        services.kill(three.data)
        # It is told in the one that was used last.
        three.editors["beta"].until(
            lambda: any("cannot use chat-dingtalk-inbox.jsonl" in said for said in said_by(three))
        )
    three.until_connected_again(before)
    assert answer_to(sandbox, "/status")
    assert len(sandbox.client.connections().open) == 1


@pytest.mark.parametrize("alone", [True, False])
def test_quitting_while_dingtalk_answers_does_not_send_the_message_again(
    team: Team, sandbox: Sandbox, alone: bool
) -> None:
    team.options["user_id"] = "zhangsan"
    team.start("alpha")
    if not alone:
        team.start("beta")
    team.until_connected()
    sandbox.client.fault(Fault.hang("*/batchSend", "after", seconds=0.4))
    editor, session = team.editors["alpha"], team.sessions["alpha"]
    editor.lua("require('dingbridge').send(...)", "ship it")
    sandbox.client.wait_hanging(1)
    team.leave("alpha", "quit")
    back = team.start("alpha")
    back.until(lambda: [row["delivery"] for row in back.transcript(session)] == ["sent"])
    assert [each.text for each in sandbox.client.arrived()] == ["ship it"]
    team.until_connected()
    assert never_two_links(sandbox)
    assert alone or sandbox.client.connections().total == 1


def test_what_an_editor_sent_that_left_at_once_goes_out_while_another_is_there(
    team: Team, sandbox: Sandbox
) -> None:
    team.options["user_id"] = "zhangsan"
    team.start("alpha")
    team.until_connected()
    script = team.enter("beta")
    script.setup(team.options)
    script.lua("require('dingbridge').notify('from a script')")
    team.leave("beta", "quit")
    [arrived] = sandbox.client.wait_arrived(lambda each: each.text == "from a script", 10)
    assert arrived.user_ids == ("zhangsan",)
    assert len(sandbox.client.arrived()) == 1
    assert sandbox.client.connections().total == 1


def test_services_that_are_killed_and_editors_that_leave_leave_no_gap(
    three: Team, sandbox: Sandbox
) -> None:
    wanted: Counter[str] = Counter()
    links = 1
    for who in ("service", "alpha", "service", "gamma"):
        if who == "service":
            three.kill_service()
            links += 1
        else:
            three.leave(who, "quit" if who == "alpha" else "both")
        text = f"after {who} {links}"
        said = sandbox.client.say(text)
        assert not said.lost
        wanted[text] += 1
        three.editors["beta"].until(lambda: three.written() == wanted)
        assert sandbox.client.connections().total == links
    assert never_two_links(sandbox)
    three.leave("beta", "quit")
    sandbox.client.wait_connections(0)


@pytest.mark.parametrize(
    "what",
    [
        "the service is killed",
        "the service hangs and is killed",
        "the service is restarted",
        "an editor quits",
        "an editor's host is killed",
        "an editor is killed",
    ],
)
def test_what_editors_send_meanwhile_arrives_once_whatever_ends(
    start_editor: StartEditor,
    webhook_options: dict[str, Any],
    sandbox: Sandbox,
    tmp_path: Path,
    what: str,
) -> None:
    team = Team(start_editor, webhook_options, tmp_path)
    for name in NAMES:
        team.start(name)
    senders = {name: team.editors[name] for name in ("beta", "gamma")}
    service = team.service()
    sent: dict[str, list[str]] = {name: [] for name in senders}

    def send_three(when: str) -> None:
        for name, editor in senders.items():
            sent[name] += [send(editor, f"{name} {when} {number}") for number in range(3)]

    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    send_three("before")
    sandbox.client.wait_hanging()
    if what == "the service hangs and is killed":
        with frozen(service):
            send_three("while it hangs")
            services.kill(team.data)
    elif what == "the service is killed":
        services.kill(team.data)
    elif what == "the service is restarted":
        senders["beta"].chat("service restart")
    else:
        hows = {"an editor quits": "quit", "an editor's host is killed": "host"}
        team.leave("alpha", hows.get(what, "both"))
    send_three("after")
    sandbox.client.release()
    for name, editor in senders.items():
        session = team.sessions[name]
        editor.until(
            lambda editor=editor, name=name, session=session: (
                {  # type: ignore[misc]  # mypy cannot infer a lambda's default
                    fate(editor, each, session) for each in sent[name]
                }
                == {"sent"}
            )
        )
        editor.until(
            lambda editor=editor, name=name: (  # type: ignore[misc]  # mypy cannot infer a lambda's default
                [row["id"] for row in editor.heard("DingbridgeDelivered")] == sent[name]
            )
        )
    arrived = [each.text for each in sandbox.client.arrived()]
    assert len(arrived) == len(set(arrived)) == sum(map(len, sent.values()))
    for name, editor in senders.items():
        mine = [row["text"] for row in editor.transcript(team.sessions[name])]
        assert len(mine) == len(sent[name])
        assert [text for text in arrived if text.startswith(name)] == mine
    if "service" not in what:
        assert team.service() == service


OTHER_GROUP = "for the group of another custom robot"


def other_webhook(sandbox: Sandbox) -> str:
    """The webhook of a second custom robot, in a group of customers."""
    sandbox.client.add_group(SandboxGroup("cidCUSTOMERS==", "客户群"))
    sandbox.client.add_robot(CustomRobot("customer-token", conversation_id="cidCUSTOMERS=="))
    return sandbox.webhook_url.rpartition("access_token=")[0] + "access_token=customer-token"


@pytest.mark.parametrize("newest", ["another webhook", "no webhook"])
def test_a_notification_never_goes_to_the_group_of_another_editors_webhook(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], newest: str
) -> None:
    """The newest `setup()` rules the robot, and what was written before waits for its own group."""
    one, two = start_editor(), start_editor()
    ours = {**api_options, "webhook": sandbox.webhook_url}
    theirs = {"webhook": other_webhook(sandbox)} if newest == "another webhook" else {}
    one.listen()
    one.setup(ours)
    sandbox.client.fault(Fault.drop("/robot/send", times=None))
    note = one.lua("return require('dingbridge').notify('internal: we will raise prices')")
    sandbox.client.wait_calls(1)
    two.setup({**api_options, **theirs})
    two.chat("bridge dingtalk")
    two.until(lambda: two.status()["connected"])
    sandbox.client.clear_faults()
    [failed] = one.until(lambda: one.heard("DingbridgeFailed"))
    assert OTHER_GROUP in failed["reason"]
    assert sandbox.client.arrived() == []
    one.setup(ours)
    one.chat(f"retry {note}")
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


def test_a_decision_that_a_service_which_hangs_never_took_is_taken_by_the_next_one(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**api_options, "allow_from": [], "dm": {"policy": "pairing"}}
    team = Team(start_editor, options, tmp_path)
    beta = team.start("beta")
    team.until_connected()
    sandbox.client.say("let me in", user="lisi")
    [asks] = beta.until(lambda: beta.heard("DingbridgePairing"))
    beta.chat(f"pair {asks['code']}")
    beta.until_said("is let in")
    with frozen(team.service()):
        beta.chat("revoke lisi")
        beta.chat("delete")
        services.kill(team.data)
    beta.until_said("is not paired any more")
    beta.until_said(":Chat delete may not have been carried out")
    assert len(beta.sessions()) == 1


def test_an_editor_that_was_frozen_while_the_service_changed_hears_what_became_of_its_messages(
    start_editor: StartEditor, webhook_options: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    team = Team(start_editor, webhook_options, tmp_path)
    for name in NAMES:
        team.start(name)
    gamma, session = team.editors["gamma"], team.sessions["gamma"]
    sandbox.client.fault(Fault.hang("/robot/send", "after"))
    name = send(gamma, "from gamma")
    note = str(gamma.lua("return require('dingbridge').notify('a note')"))
    gamma.until(lambda: len(gamma.heard("DingbridgeQueued")) == 2)
    sandbox.client.wait_hanging()
    with frozen(gamma.host_pid()):
        services.kill(team.data)
        sandbox.client.release()
        sandbox.client.wait_arrived(2)
    gamma.until(lambda: fate(gamma, name, session) == "sent")
    gamma.until(lambda: len(gamma.heard("DingbridgeDelivered")) == 2)
    assert [row["id"] for row in gamma.heard("DingbridgeDelivered")] == [name, note]


def test_a_message_that_a_killed_service_had_acked_reaches_its_session_once(
    three: Team, sandbox: Sandbox
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    sandbox.client.say("before")
    gamma.until(lambda: texts(gamma, session) == ["before"])
    path = three.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    with out_of_reach(path):
        said = sandbox.client.say("in between")
        assert sandbox.client.wait_ack(said.header_id).code == 200
        services.kill(three.data)
    three.until_connected_again(dict.fromkeys(NAMES, 1))
    gamma.until(lambda: texts(gamma, session) == ["before", "in between"])
    sandbox.client.say("after")
    gamma.until(lambda: "after" in texts(gamma, session))
    assert three.written() == Counter(["before", "in between", "after"])


@pytest.mark.parametrize("what", ["host", "editor"])
def test_what_comes_for_a_frozen_editor_stands_in_its_session_at_once(
    three: Team, sandbox: Sandbox, what: str
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    with frozen(gamma.host_pid() if what == "host" else gamma.pid()):
        sandbox.client.say("in between")
        beta = three.editors["beta"]
        beta.until(lambda: three.written() == Counter(["in between"]))
        hears_from_dingtalk(three, sandbox, "alpha", "beta")
    gamma.until(lambda: texts(gamma, session) == ["in between"])
    assert sandbox.client.connections().total == 1


def test_what_comes_before_all_editors_have_found_the_next_service_is_for_its_own_session(
    three: Team, sandbox: Sandbox
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    beta = three.editors["beta"]
    sandbox.client.say("before")
    gamma.until(lambda: texts(gamma, session) == ["before"])
    with frozen(gamma.host_pid()):
        services.kill(three.data)
        sandbox.client.wait_connections(1, total=2)
        said = sandbox.client.say("early")
        assert sandbox.client.wait_ack(said.header_id).code == 200
    gamma.until(lambda: texts(gamma, session) == ["before", "early"])
    gamma.until(lambda: len(gamma.heard("DingbridgeReceived")) == 2)
    assert [row["text"] for row in gamma.heard("DingbridgeReceived")] == ["before", "early"]
    assert texts(beta, three.sessions["beta"]) == []
    assert beta.heard("DingbridgeReceived") == []


def test_what_is_meant_for_an_editor_that_does_not_come_back_goes_to_another_one(
    three: Team, sandbox: Sandbox
) -> None:
    answer_to(sandbox, "/session 3")
    three.editors.pop("gamma").kill_all()
    three.until_connected_again(dict.fromkeys(NAMES, 1))
    beta = three.editors["beta"]
    sandbox.client.say("anybody?")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["anybody?"])


@pytest.mark.parametrize(
    "left", ["as it was", "pid of init", "pid of another", "torn", "empty", "gone"]
)
def test_what_a_dead_service_left_needs_no_hand(team: Team, sandbox: Sandbox, left: str) -> None:
    alpha = team.start("alpha")
    team.until_connected()
    data = team.data
    card = card_path(data / "dingbridge", "service")
    was = json.loads(card.read_text())
    team.editors.pop("alpha").kill_all()
    assert not services.pid(data)
    with Child([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as another:
        contents = {
            "as it was": json.dumps(was),
            "pid of init": json.dumps({**was, "pid": 1}),
            "pid of another": json.dumps({**was, "pid": another.pid}),
            "torn": "{half a ca",
            "empty": "",
        }
        card.unlink()
        if left in contents:
            card.write_text(contents[left])
        team.start("beta")
        team.start("gamma")
        team.until_connected()
        assert another.poll() is None
    now = json.loads(card.read_text())
    assert now["address"] != was["address"]
    assert now["pid"] not in (1, was["pid"], another.pid)
    hears_from_dingtalk(team, sandbox, "beta", "gamma")
    assert never_two_links(sandbox)
    assert alpha not in team.editors.values()


@pytest.mark.parametrize("what", ["host", "editor"])
def test_an_editor_that_hangs_does_not_hold_up_another_ones_commands(
    team: Team, sandbox: Sandbox, what: str
) -> None:
    alpha = team.start("alpha")
    team.until_connected()
    with frozen(alpha.host_pid() if what == "host" else alpha.pid()):
        beta = team.start("beta")
        beta.until_lua("require('dingbridge').status().connected")
        session = team.sessions["beta"]
        sandbox.client.say("to beta")
        beta.until(lambda: texts(beta, session) == ["to beta"])
        answered = send(beta, "from beta")
        beta.until(lambda: fate(beta, answered, session) == "sent")
        beta.chat("unbridge")
        beta.until(lambda: beta.status()["session"] == "")
    assert sandbox.client.connections().total == 1


def test_commands_that_a_service_that_hangs_does_not_hear_are_carried_out_once_when_it_does(
    team: Team, sandbox: Sandbox
) -> None:
    team.start("alpha")
    team.until_connected()
    with frozen(team.service()):
        beta = team.enter("beta")
        beta.setup(team.options)
        beta.chat("new Session beta")
        beta.chat("bridge dingtalk")
        assert beta.sessions() == []
        assert not beta.status()["connected"]
    beta.until_said("is bound to DingTalk")
    beta.until_lua("require('dingbridge').status().connected")
    session = beta.status()["session"]
    assert [one["title"] for one in beta.sessions()] == ["Session beta", "Session alpha"]
    sandbox.client.say("to beta")
    beta.until(lambda: texts(beta, session) == ["to beta"])
    assert sandbox.client.connections().total == 1


def test_an_editor_that_hangs_for_a_while_keeps_its_session(team: Team, sandbox: Sandbox) -> None:
    alpha = team.start("alpha")
    session = team.sessions["alpha"]
    team.until_connected()
    with frozen(alpha.host_pid()):
        newcomer = team.enter("alpha")
        newcomer.setup(team.options)
        newcomer.until(lambda: "an editor has gone" in newcomer.log())
        newcomer.chat()
        newcomer.until(lambda: newcomer.status().get("session") == session)
        sandbox.client.say("while it hangs")
        newcomer.until(lambda: texts(newcomer, session) == ["while it hangs"])
    alpha.until(lambda: texts(alpha, session) == ["while it hangs"])
    assert alpha.status()["session"] == session
    sandbox.client.say("to both")
    for editor in (alpha, newcomer):
        editor.until(lambda editor=editor: texts(editor, session)[1:] == ["to both"])  # type: ignore[misc]  # mypy cannot infer a lambda's default


@pytest.mark.skipif(os.name != "posix", reason="other systems have no socket files")
def test_a_newcomer_finds_the_service_after_the_runtime_folder_was_taken_away(
    team: Team, sandbox: Sandbox
) -> None:
    # Not pytest's folder: in a longer path there would be no socket.
    with TemporaryDirectory(prefix="dbr") as folder:
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        team.environ = {"XDG_RUNTIME_DIR": str(run)}
        alpha = team.start("alpha")
        team.until_connected()
        service = team.service()
        [_socket] = run.glob("dingbridge-*.sock")
        shutil.rmtree(run)
        run.mkdir(mode=0o700)
        beta = team.start("beta")
        team.until_connected()
        alpha.until(lambda: services.running(team.data) == [service], "one service")
        # It asks the service to look, instead of waiting until that looks by itself.
        assert not any("does not answer" in notice for notice in beta.said())
        assert alpha.heard("DingbridgeDisconnected") == []
        assert sandbox.client.connections().total == 1


@pytest.mark.skipif(os.name != "posix", reason="other systems have no file modes")
def test_the_socket_and_its_secret_are_the_users_own(three: Team) -> None:
    card = card_path(three.data / "dingbridge", "service")
    assert card.stat().st_mode & 0o777 == 0o600
    socket = Path(json.loads(card.read_text())["address"])
    assert socket.parent.stat().st_mode & 0o077 == 0
    assert socket.stat().st_mode & 0o077 == 0
    secret = json.loads(card.read_text())["secret"]
    assert secret not in three.editors["alpha"].log()
    if sys.platform.startswith("linux"):
        for pid in (three.service(), *(editor.host_pid() for editor in three.editors.values())):
            for name in ("cmdline", "environ"):
                assert secret.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()


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
    alpha, beta = team.editors["alpha"], team.editors["beta"]
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


def test_bridging_in_a_fresh_editor_of_another_folder_begins_a_session_of_its_own(
    team: Team, sandbox: Sandbox
) -> None:
    first = team.enter("alpha")
    first.setup(team.options)
    first.chat("bridge dingtalk")
    first.until_lua("require('dingbridge').status().connected")
    theirs = first.status()["session"]
    second = team.enter("beta")
    second.setup(team.options)
    second.chat("bridge dingtalk")
    mine = second.until(lambda: second.status()["session"])
    assert mine != theirs
    assert first.status()["session"] == theirs


def test_what_a_service_never_heard_stays_with_its_app_when_the_app_is_changed(
    team: Team, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    team.options["user_id"] = "zhangsan"
    beta = team.start("beta")
    team.until_connected()
    session = team.sessions["beta"]
    with frozen(team.service()):
        name = send(beta, "for the app of before")
        beta.setup(webhook_options)
        services.kill(team.data)
    beta.until(lambda: beta.status()["mode"] == "webhook")
    beta.until_said("messages were handed over under other settings")
    assert sandbox.client.arrived() == []
    beta.setup(team.options)
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.text, arrived.route) == ("for the app of before", "single")
    beta.until(lambda: fate(beta, name, session) == "sent")


# --- who answers ----------------------------------------------------------------------------------


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
        editor.chat("status")
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


# --- whose settings hold --------------------------------------------------------------------------


def test_for_one_robot_the_latest_setup_holds_in_all_editors_and_the_others_are_told(
    team: Team, sandbox: Sandbox
) -> None:
    alpha = team.start("alpha")
    team.until_connected()
    team.options["mention_asker"] = True
    beta = team.start("beta")
    alpha.until_said(
        f"what Neovim process {beta.pid()} was set up with holds here too, as it is the latest:"
        " mention_asker"
    )
    assert not any("holds here too" in words for words in beta.said())
    team.until_connected()
    for count in (1, 2):
        sandbox.client.say(f"/session {team.sessions['alpha']}", group=TEAM)
        sandbox.client.say("hello", group=TEAM)
        alpha.until(lambda: texts(alpha, team.sessions["alpha"])[-1:] == ["hello"])
        alpha.chat("send answer")
        alpha.until(lambda count=count: len(alpha.heard("DingbridgeDelivered")) == count)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        arrived = sandbox.client.arrived()[-1]
        assert arrived.at["atUserIds"] == ["zhangsan"]
        # Whoever comes back first, the latest one holds.
        team.kill_service()
    beta.setup({**team.options, "enabled": False})
    beta.until(lambda: beta.status()["mode"] == "off")
    assert alpha.status()["mode"] == "api"
    alpha.until_lua("require('dingbridge').status().connected")


def test_a_message_behind_a_file_on_its_way_is_not_told_as_lost_where_its_session_is_opened(
    three: Team, sandbox: Sandbox, tmp_path: Path
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    sandbox.client.say(f"/session {session}")
    sandbox.client.say("hello")
    alpha.until(lambda: texts(alpha, session) == ["hello"])
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(1024) * 8000)
    with frozen(alpha.host_pid()):
        alpha.chat(f"send-file {file}")
        alpha.lua("require('dingbridge').send('behind it')")
    alpha.until(lambda: "behind it" in texts(alpha, session))
    beta.chat(f"open {session}")
    beta.until(lambda: "behind it" in texts(beta, session))
    for editor in (alpha, beta):
        editor.until(lambda editor=editor: editor.heard("DingbridgeDelivered")[1:])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert editor.heard("DingbridgeFailed") == []


def test_each_editor_notifies_the_group_of_its_own_webhook_or_none(
    team: Team, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    team.options["webhook"] = webhook_options["webhook"]
    alpha = team.start("alpha")
    team.until_connected()
    team.options["webhook"] = other_webhook(sandbox)
    beta = team.start("beta")
    team.until_connected()
    alpha.lua("require('dingbridge').notify('of alpha')")
    beta.lua("require('dingbridge').notify('of beta')")
    sandbox.client.wait_arrived(lambda each: each.text == "of beta")
    alpha.until(lambda: alpha.heard("DingbridgeFailed") or alpha.heard("DingbridgeDelivered"))
    robots = {each.text: each.robot for each in sandbox.client.arrived()}
    assert robots.get("of alpha") != robots["of beta"]
