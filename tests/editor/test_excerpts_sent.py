"""What Neovim sends of a file shows nothing of the inside of a key."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.edges import picture
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor
from tests.support.keys import KEY, NOTES
from tests.support.processes import run

pytestmark = pytest.mark.shared_editor


def arrived_after(sandbox: Sandbox, command: str, count: int) -> str:
    sandbox.client.say(command)
    return sandbox.client.wait_arrived(count, timeout=10)[-1].text


def test_neither_a_command_nor_a_range_nor_a_picture_shows_the_inside_of_a_key(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    notes = folder / "notes.md"
    notes.write_text("\n".join(NOTES), "utf-8")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x.test", "-C", str(folder)]
    for argv in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        run([*git, *argv], check=True)
    notes.write_text("\n".join(NOTES).replace(KEY[5], KEY[5][::-1]), "utf-8")
    show = f"print(open({str(notes)!r}).read()); print('y' * 3500)"
    editor.nvim.command(f"cd {folder}")
    editor.setup(
        {**api_options, "admins": ["zhangsan"], "jobs": {"show": [sys.executable, "-c", show]}}
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello")
    editor.until(editor.transcript)
    for count, command in enumerate(["/file notes.md:6-8", "/diff", "/run show"], 1):
        text = arrived_after(sandbox, command, count)
        assert "[secret masked: private key" in text or command == "/run show", command
        assert not [line for line in [*KEY, KEY[5][::-1]] if line in text], command
    editor.nvim.command(f"edit {notes}")
    editor.nvim.command("6,8Chat send")
    text = sandbox.client.wait_arrived(4, timeout=10)[-1].text
    assert "[secret masked: private key" in text
    assert not [line for line in KEY if line in text]
    editor.nvim.command("6,8Chat send-image")
    sandbox.client.wait_arrived(5, timeout=10)
    [uploaded] = sandbox.client.uploads()
    filetype = str(editor.lua("return vim.bo.filetype"))
    unmasked = picture.render("\n".join(NOTES[5:8]), filetype, 6, "notes.md-6-8").data
    assert uploaded.sha256 != hashlib.sha256(unmasked).hexdigest()


@pytest.mark.parametrize("command", ["6,8Chat notify", "6,8Chat notify look"])
def test_a_notification_of_lines_inside_a_key_shows_none_of_them(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], command: str
) -> None:
    editor.setup(webhook_options)
    editor.nvim.current.buffer[:] = NOTES
    editor.nvim.command(command)
    [arrived] = sandbox.client.wait_arrived(1, timeout=10)
    assert "[secret masked: private key" in arrived.text
    assert not [line for line in KEY if line in arrived.text]
    editor.until_said("private key")
