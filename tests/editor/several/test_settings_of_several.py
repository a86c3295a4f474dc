"""Editors with different settings: other apps, other webhooks, and whose options hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, CustomRobot, SandboxGroup
from tests.conftest import StartEditor
from tests.support import services
from tests.support.processes import frozen
from tests.support.several_editors import NAMES, Team, fate, send, texts

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
        # In any order of coming back, the latest one applies.
        team.kill_service()
    beta.setup({**team.options, "enabled": False})
    beta.until(lambda: beta.status()["mode"] == "off")
    assert alpha.status()["mode"] == "api"
    alpha.until_lua("require('dingbridge').status().connected")


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
