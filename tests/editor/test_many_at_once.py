"""Many editors, many ends of the service: everything arrives once, in order and at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import CustomRobot, Person, SandboxGroup
from tests.conftest import StartEditor
from tests.support import services
from tests.support.editor import Editor
from tests.support.processes import until

KILLS = 20
SILENT = (3, 10, 17)
"""Before these no editor sends: a custom robot may send twenty messages in a minute, and one whose
answer a kill took is sent again."""
CROWD = 20
"""Their start takes most of the eleven seconds of processor time that the test costs."""
ATTACHED = "has attached"


def robot_of(sandbox: Sandbox, name: str) -> str:
    """The webhook of a custom robot, in a group of its own."""
    sandbox.client.add_group(SandboxGroup(f"cid{name}==", name))
    sandbox.client.add_robot(CustomRobot(name, conversation_id=f"cid{name}=="))
    return sandbox.webhook_url.rpartition("access_token=")[0] + f"access_token={name}"


def texts_at(sandbox: Sandbox, conversation: str) -> list[str]:
    """What arrived in a conversation, in order."""
    return [one.text for one in sandbox.client.arrived() if one.conversation_id == conversation]


def shown(editor: Editor) -> list[tuple[str, str]]:
    """The texts of an editor's session with what became of them."""
    return [(row["text"], row["delivery"]) for row in editor.transcript(editor.status()["session"])]


@pytest.fixture
def senders(
    start_editor: StartEditor, webhook_options: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> dict[str, Editor]:
    """Three editors with one service, each with a session and a custom robot of its own."""
    found = {}
    for name in ("alpha", "beta", "gamma"):
        editor = found[name] = start_editor()
        (tmp_path / name).mkdir()
        editor.execute("cd", tmp_path / name)
        editor.setup({**webhook_options, "webhook": robot_of(sandbox, name)})
        editor.chat("bridge dingtalk")
    for editor in found.values():
        editor.until(lambda editor=editor: editor.status()["session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
    return found


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_three_editors_send_while_the_service_is_killed_twenty_times_and_all_arrives_once(
    senders: dict[str, Editor], sandbox: Sandbox
) -> None:
    first = next(iter(senders.values()))
    wanted: dict[str, list[str]] = {name: [] for name in senders}
    for number in range(KILLS):
        for name, editor in senders.items():
            if number in SILENT:
                continue
            wanted[name].append(f"{name} {number}")
            editor.lua("require('dingbridge').send(...)", wanted[name][-1])
        before = first.log().count(ATTACHED)
        services.kill(first.data)
        if number % 2:
            # The next one is killed in the middle of its start.
            until(lambda: services.pid(first.data), "the next service")
        else:
            until(
                lambda before=before: first.log().count(ATTACHED) >= before + len(senders),  # type: ignore[misc]  # mypy cannot infer a lambda's default
                "all editors with the next service",
                30,
            )
    for name, editor in senders.items():
        sent = [(text, "sent") for text in wanted[name]]
        editor.until(lambda editor=editor, sent=sent: shown(editor) == sent, name)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert texts_at(sandbox, f"cid{name}==") == wanted[name]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_twenty_editors_each_send_and_receive_their_own_by_one_service_and_one_link(
    start_editor: StartEditor, api_options: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    options = {**api_options, "allow_from": ["*"], "commands": ["*"]}
    editors = {}
    for name in (f"user{number}" for number in range(CROWD)):
        sandbox.client.add_person(Person(name, name))
        editor = editors[name] = start_editor()
        (tmp_path / name).mkdir()
        editor.execute("cd", tmp_path / name)
        editor.setup(options)
        editor.chat("bridge dingtalk")
    for name, editor in editors.items():
        session = editor.until(lambda editor=editor: editor.status()["session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        editor.until_lua("require('dingbridge').status().connected")
        chosen = sandbox.client.say(f"/session {session}", user=name)
        sandbox.client.wait_arrived(lambda one, chosen=chosen: one.reply_to == chosen.message_id)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    for name in editors:
        sandbox.client.say(f"for {name}", user=name)
    for name, editor in editors.items():
        editor.until(
            lambda editor=editor: editor.transcript(editor.status()["session"]),  # type: ignore[misc]  # mypy cannot infer a lambda's default
            f"what was said to {name}",
        )
        editor.lua("require('dingbridge').send(...)", f"by {name}")
    for name, editor in editors.items():
        both = [(f"for {name}", ""), (f"by {name}", "sent")]
        editor.until(lambda editor=editor, both=both: shown(editor) == both, name)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    for name in editors:
        here = texts_at(sandbox, Person(name, name).single_conversation)
        assert [text for text in here if text.startswith("by ")] == [f"by {name}"]
    connections = sandbox.client.connections()
    assert (len(connections.open), connections.total) == (1, 1)
    data = editors["user0"].data
    assert services.running(data) == [services.pid(data)]
