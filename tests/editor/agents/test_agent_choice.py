"""Which agent answers in a session: chosen in Neovim and from DingTalk, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.support import services
from tests.support.agent_sessions import Gate, agent, heard, set_up, start
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

OFFERS: dict[str, Any] = {
    "modes": {
        "currentModeId": "ask",
        "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "code", "name": "Code"}],
    }
}
CAN_LIST: dict[str, Any] = {
    "agentCapabilities": {"sessionCapabilities": {"list": {}, "resume": {}}, "loadSession": True}
}


def test_the_command_shows_the_agent_and_what_it_offers(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start(editor, api_options, [["text", "well"]], session=OFFERS)
    editor.chat("agent")
    editor.until_said("agent: scripted")
    sandbox.client.say("question")
    sandbox.client.wait_arrived(1)
    editor.begin_anew()
    editor.chat("agent")
    said = editor.until_said("agent: scripted")
    assert "1.2.3" in said
    assert "mode: ask, of the modes ask, code" in said
    assert "qwen, claude" in said


def test_off_ends_the_agent_of_a_session_and_its_name_brings_it_back(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, api_options, [["text", "well"]])
    editor.chat("agent off")
    editor.until_said("no agent answers in")
    sandbox.client.say("to a person")
    editor.until(lambda: len(editor.transcript(session)) == 1)
    editor.chat("agent scripted")
    editor.until_said("is answered by scripted")
    sandbox.client.say("question")
    assert [each.text for each in sandbox.client.wait_arrived(1)] == ["well"]


def test_the_choice_outlives_the_service(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = start(editor, api_options, [["text", "well"]])
    editor.chat("agent off")
    editor.until_said("no agent answers in")
    before = services.pid(editor.data)
    editor.chat("service restart")
    editor.until(lambda: services.pid(editor.data) not in (0, before))
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("to a person")
    editor.until(lambda: len(editor.transcript(session)) == 1)
    editor.begin_anew()
    editor.chat("agent")
    editor.until_said("agent: none")


def test_a_name_that_is_misspelt_is_said_with_the_one_that_is_meant(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    start(editor, api_options, [])
    editor.chat("agent qwne")
    editor.until_said("did you mean qwen?")
    editor.chat("agent hal")
    editor.until_said("there is no agent hal")


def test_an_admin_chooses_the_agent_from_dingtalk(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    set_up(editor, api_options, agent([["text", "well"]]), admins=["zhangsan"])
    texts: list[str] = []
    for command in ("/agent", "/agent off", "/agent hal", "/agent scripted"):
        sandbox.client.say(command)
        texts.append(sandbox.client.wait_arrived(len(texts) + 1)[-1].text)
    assert "scripted" in texts[0]
    assert "No agent answers" in texts[1]
    assert "no agent hal" in texts[2]
    assert "scripted answers from now on" in texts[3]
    sandbox.client.say("/agent off", user="lisi")
    assert "may not use" in sandbox.client.wait_arrived(5)[-1].text


def test_the_agents_own_sessions_are_listed_and_one_is_continued(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    rows = [
        {"sessionId": "old", "title": "Old work", "cwd": "/", "updatedAt": "2026-01-01T00:00:00Z"},
        {"sessionId": "new", "title": "New work", "cwd": "/", "updatedAt": "2026-02-01T00:00:00Z"},
    ]
    chosen = agent([["text", "well"]], heard=str(log), sessions=rows, initialize=CAN_LIST)
    set_up(editor, api_options, chosen, admins=["zhangsan"])
    sandbox.client.say("/sessions")
    listed = sandbox.client.wait_arrived(1)[0].text
    assert listed.index("1. New work") < listed.index("2. Old work")
    sandbox.client.say("/resume 2")
    assert "Old work" in sandbox.client.wait_arrived(2)[1].text
    sandbox.client.say("question")
    assert sandbox.client.wait_arrived(3)[2].text == "well"
    resumed = [one["params"] for one in heard(log) if one.get("method") == "session/resume"]
    assert [one["sessionId"] for one in resumed] == ["old"]


def test_another_mode_is_used_from_now_on(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    start(editor, api_options, [["text", "well"]], heard=str(log), session=OFFERS)
    sandbox.client.say("question")
    sandbox.client.wait_arrived(1)
    editor.chat("agent mode code")
    editor.until(lambda: "session/set_mode" in [one.get("method") for one in heard(log)])


def test_a_text_by_the_way_is_typed_in_the_editor_too(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    gate = Gate(tmp_path)
    session = start(editor, api_options, [["text", "first"], gate.step], [["prompt"]])
    editor.chat("send one")
    editor.until(lambda: "first" in editor.chat_lines(session))
    editor.chat("send two")
    editor.until_said("queued, one before this one")
    editor.chat("btw three")
    editor.until(lambda: len([each for each in editor.said() if "queued" in each]) == 2)
    gate.open()
    editor.until(lambda: "two" in editor.transcript()[-1]["text"])
    answers = [row["text"] for row in editor.transcript() if row["role"] == "responder"]
    assert ["three" in text for text in answers] == [False, True, False]
