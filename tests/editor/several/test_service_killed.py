"""Editors leave, and services are killed: nothing is lost or sent twice, and nobody has to act."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from dingbridge.edges.storage.card import card_path
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.disk import out_of_reach
from tests.support.editor import Editor
from tests.support.processes import Child, frozen
from tests.support.several_editors import (
    NAMES,
    Team,
    answer_to,
    fate,
    hears_from_dingtalk,
    never_two_links,
    send,
)


def said_by(team: Team) -> list[str]:
    """The notices in all editors."""
    return [words for editor in team.editors.values() for words in editor.said()]


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
        editor.until_lua(f"require('dingbridge.state').current == '{three.sessions[name]}'")
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
    bound = [
        editor.until(lambda editor=editor: editor.status()["session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        for editor in editors
    ]
    assert len(set(bound)) == 3
    editors[0].chat("unbridge")
    editors[0].until(lambda: not editors[0].status()["session"])
    for _ in range(2):
        team.kill_service()
        assert [editor.status()["session"] for editor in editors] == ["", *bound[1:]]
    hears_from_dingtalk(team, sandbox, "alpha 1", "alpha 2")


def test_an_editor_has_its_own_session_again_after_its_host_was_killed(team: Team) -> None:
    first = team.start("alpha")
    second = team.enter("alpha")
    second.setup(team.options)
    second.chat("new Another")
    second.chat("bridge dingtalk")
    other = str(
        second.until(
            lambda: (
                second.status()["session"] != team.sessions["alpha"] and second.status()["session"]
            )
        )
    )
    first.kill_host()
    first.until_said("the host ended")
    first.chat()
    first.until_lua("require('dingbridge').status().connected")
    first.until(lambda: first.status()["session"] == team.sessions["alpha"])
    assert second.status()["session"] == other


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
        # The editor that was used last reports it.
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
