"""Escape sequences leave Neovim by no way, and enter no session."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.support.acting_texts import ACTING
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


ESCAPES = "\x1b[31mFAIL\x1b[0m \x1b]0;t\x07ok"


def test_escape_sequences_leave_by_no_way(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup(webhook_options)
    editor.lua("require('dingbridge').notify(...)", ESCAPES)
    editor.lua("require('dingbridge').notify('x', { title = ... })", ESCAPES)
    editor.nvim.current.buffer[:] = [ESCAPES]
    editor.nvim.command("1Chat notify " + ESCAPES)
    first, titled, ranged = sandbox.client.wait_arrived(3, timeout=10)
    assert first.text == "FAIL ok"
    assert (titled.title, titled.text) == ("FAIL ok", "x")
    assert ranged.text.count("FAIL ok") == 2
    assert not [one for one in (first, titled, ranged) if ACTING.search(one.text + one.title)]


def test_escape_sequences_leave_a_session_by_no_way_and_enter_none(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.lua(
        """
        local given, words = ...
        given.responder = function(_, reply)
          reply(words)
        end
        require('dingbridge').setup(given)
        """,
        api_options,
        ESCAPES,
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say(ESCAPES)
    [answer] = sandbox.client.wait_arrived(1, timeout=10)
    assert answer.text == "FAIL ok"
    editor.until(lambda: len(editor.transcript()) == 2)
    assert [row["text"] for row in editor.transcript()] == ["FAIL ok", "FAIL ok"]
    editor.lua("require('dingbridge').send(...)", ESCAPES)
    assert sandbox.client.wait_arrived(2, timeout=10)[-1].text == "FAIL ok"
