"""An editor or a service that hangs holds up nobody else, and hears later what it missed."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.disk import out_of_reach
from tests.support.processes import frozen
from tests.support.several_editors import (
    NAMES,
    Team,
    answer_to,
    fate,
    hears_from_dingtalk,
    send,
    texts,
)


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
    beta.until_said("has access")
    with frozen(team.service()):
        beta.chat("revoke lisi")
        beta.chat("delete")
        # The host opens the log by itself, after it has sent what came before.
        beta.chat("log")
        beta.until_lua("vim.api.nvim_buf_get_name(0):find('dingbridge.log', 1, true)")
        services.kill(team.data)
    beta.until_said("is not paired any more")
    beta.until_said(":Chat delete may not have been carried out")
    assert len(beta.sessions()) == 1
    before = len(beta.heard("DingbridgeReceived"))
    sandbox.client.say("still here", user="lisi")
    beta.until(lambda: beta.status()["refused"] + beta.status()["asking"] > 0)
    assert len(beta.heard("DingbridgeReceived")) == before


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
