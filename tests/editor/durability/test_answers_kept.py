"""Who waits for an answer gets it, or hears that it is lost, when Neovim or the service ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.support import services
from tests.support.durability import connect
from tests.support.editor import Editor


def test_who_waits_for_an_answer_is_told_at_once_when_neovim_is_closed_before_it_comes(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    working = tmp_path / "working"
    connect(editor, api_options)
    editor.lua(
        "require('dingbridge').setup(vim.tbl_extend('force', ..., { responder = function() "
        f"vim.fn.writefile({{}}, '{working}') end }}))",
        api_options,
    )
    sandbox.client.say("are you there?")
    editor.until(working.exists)
    editor.close()
    [arrived] = sandbox.client.wait_arrived(lambda each: "closed before" in each.text)
    assert arrived.reply_to
    services.must_end(editor.data)


@pytest.mark.skipif(os.name != "posix", reason="a shell is the responder")
@pytest.mark.parametrize("way", ["responder", "job"])
def test_a_program_goes_on_when_neovim_is_closed_and_its_answer_is_sent(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path, way: str
) -> None:
    working, go_on = tmp_path / "working", tmp_path / "go on"
    script = f"touch {working}; until [ -e '{go_on}' ]; do sleep 0.05; done; echo the answer"
    program = ["sh", "-c", script]
    named = {"responder": program} if way == "responder" else {"jobs": {"build": program}}
    connect(editor, {**api_options, **named, "commands": ["*"]})
    sandbox.client.say("question" if way == "responder" else "/run build")
    editor.until(working.exists)
    service = services.pid(editor.data)
    editor.close()
    assert services.pid(editor.data) == service
    go_on.touch()
    sandbox.client.wait_arrived(lambda each: "the answer" in each.text)
    services.must_end(editor.data)


@pytest.mark.skipif(os.name != "posix", reason="a shell is the responder")
def test_who_waits_for_the_answer_of_a_program_is_told_when_the_service_is_ended(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    working = tmp_path / "working"
    connect(editor, {**api_options, "responder": ["sh", "-c", f"touch {working}; sleep 60"]})
    sandbox.client.say("are you there?")
    editor.until(working.exists)
    service = services.pid(editor.data)
    editor.chat("service stop")
    services.wait_until_gone(service)
    editor.chat("status")
    sandbox.client.wait_arrived(lambda each: "closed before" in each.text)
