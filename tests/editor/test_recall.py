"""A message that was just sent is recalled from DingTalk, and every Neovim shows that."""

from __future__ import annotations

import pytest

from dingbridge.sandbox import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.editor.test_chat_keys import GO_TO
from tests.support.drafts import GROUP, TEAM, ZHANGSAN, keys, say
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

SIGNS = """
local space = vim.api.nvim_get_namespaces().dingbridge
local view = require('dingbridge.buffers').get(require('dingbridge.state').current, 'transcript')
local signs = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(view, space, 0, -1, { details = true })) do
  for _, piece in ipairs(mark[4].virt_text or {}) do signs[#signs + 1] = vim.trim(piece[1]) end
end
return signs
"""
"""The delivery states at the messages of the current transcript."""


def send_by_api(editor: Editor, sandbox: Sandbox, text: str) -> None:
    """Send a text into the session when its reply address is not valid any more."""
    sandbox.client.expire_session_webhooks()
    keys(editor, f"i{text}<C-s><Esc>")
    editor.until(lambda: editor.transcript()[-1]["delivery"] == "sent", f"sent: {text}")


@pytest.mark.parametrize("group", [None, GROUP])
def test_a_sent_message_is_recalled_by_a_key(
    bound: Editor, sandbox: Sandbox, group: str | None
) -> None:
    say(bound, sandbox, "question", "zhangsan", group)
    send_by_api(bound, sandbox, "too early")
    bound.lua(GO_TO, "too early")
    own = bound.transcript()[-1]["id"]

    def offered() -> list[str]:
        return list(bound.nvim.funcs.getcompletion("Chat recall ", "cmdline"))

    bound.until(lambda: offered() == [own])
    keys(bound, "U")
    bound.until(lambda: bound.transcript()[-1]["delivery"] == "recalled")
    bound.until(lambda: offered() == [])
    [arrived] = [one for one in sandbox.client.arrived() if one.text == "too early"]
    assert [one.message for one in sandbox.client.recalled()] == [arrived.number]
    assert arrived.conversation_id == (TEAM if group else ZHANGSAN)
    assert bound.lua(SIGNS) == ["↶ recalled"]
    keys(bound, "U")
    bound.until_said("this message was recalled")
    assert len(sandbox.client.recalled()) == 1


def test_a_message_that_went_by_the_reply_address_cannot_be_recalled(
    bound: Editor, sandbox: Sandbox
) -> None:
    say(bound, sandbox, "question", "zhangsan")
    keys(bound, "ianswer<C-s><Esc>")
    bound.until(lambda: bound.transcript()[-1]["delivery"] == "sent")
    bound.lua(GO_TO, "answer")
    keys(bound, "U")
    said = bound.until_said(
        "“answer” cannot be recalled: it answered somebody who had just written"
    )
    assert "webhook" not in said
    assert bound.nvim.funcs.getcompletion("Chat recall ", "cmdline") == []
    bound.chat("recall")
    bound.until_said("nothing can be recalled")
    bound.chat("recall zz")
    bound.until_said("no message zz was sent")
    assert bound.transcript()[-1]["delivery"] == "sent"
    assert sandbox.client.calls("/v1.0/robot/otoMessages/batchRecall") == []


def test_what_others_wrote_cannot_be_recalled(bound: Editor, sandbox: Sandbox) -> None:
    say(bound, sandbox, "question", "zhangsan")
    bound.lua(GO_TO, "question")
    keys(bound, "U")
    bound.until_said("only what you sent from here can be recalled, once it is sent")


def test_a_refused_recall_says_why_and_changes_nothing(bound: Editor, sandbox: Sandbox) -> None:
    say(bound, sandbox, "question", "zhangsan")
    send_by_api(bound, sandbox, "old")
    sandbox.client.fault(
        Fault.http("/v1.0/robot/otoMessages/*", 400, "robot.processQueryKey.expired", None)
    )
    bound.lua(GO_TO, "old")
    keys(bound, "U")
    said = bound.until_said("“old” was not recalled: DingTalk does not recall it")
    assert "24 hours" in said
    assert bound.transcript()[-1]["delivery"] == "sent"
    assert sandbox.client.recalled() == []


def test_a_message_that_waits_is_not_recalled_but_dropped(bound: Editor, sandbox: Sandbox) -> None:
    say(bound, sandbox, "question", "zhangsan")
    sandbox.client.fault(Fault.hang("/robot/sendBySession*"))
    keys(bound, "iwaits<C-s><Esc>")
    sandbox.client.wait_hanging(1)
    bound.until(lambda: len(bound.transcript()) == 2)
    message = bound.transcript()[-1]["id"]
    bound.chat(f"recall {message}")
    bound.until_said(f"message {message} was not sent yet; :Chat drop {message} gives it up")
    sandbox.client.release()


def test_every_neovim_shows_a_recall_and_it_is_on_disk(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, object]
) -> None:
    first = start_editor()
    first.setup(api_options)
    first.chat("bridge dingtalk")
    first.until_lua("require('dingbridge').status().connected")
    session = first.status()["session"]
    say(first, sandbox, "question", "zhangsan")
    send_by_api(first, sandbox, "too early")
    second = start_editor()
    second.setup(api_options)
    second.chat(f"open {session}")
    second.until(lambda: len(second.transcript(session)) == 2)
    first.lua(GO_TO, "too early")
    keys(first, "U")
    first.until(lambda: first.transcript(session)[-1]["delivery"] == "recalled")
    second.until(lambda: second.transcript(session)[-1]["delivery"] == "recalled")
    first.close()
    second.kill_service()
    third = start_editor()
    third.setup(api_options)
    third.chat(f"open {session}")
    third.until(lambda: [row["delivery"] for row in third.transcript(session)] == ["", "recalled"])
    assert [row["delivery"] for row in second.transcript(session)] == ["", "recalled"]


def test_without_an_id_the_message_is_chosen_by_text_time_and_destination(
    bound: Editor, sandbox: Sandbox
) -> None:
    say(bound, sandbox, "question", "zhangsan")
    send_by_api(bound, sandbox, "one")
    send_by_api(bound, sandbox, "two")
    bound.until(lambda: len(bound.nvim.funcs.getcompletion("Chat recall ", "cmdline")) == 2, "both")
    bound.lua("""
        vim.ui.select = function(rows, how, done)
          _G.offered = vim.tbl_map(how.format_item, rows)
          done(rows[2])
        end
    """)
    bound.chat("recall")
    two, one = bound.until(lambda: bound.lua("return _G.offered"))
    assert [line.split("  ", 1)[1] for line in (two, one)] == [
        "two → 张三 (1:1)",
        "one → 张三 (1:1)",
    ]
    bound.until(lambda: [row["delivery"] for row in bound.transcript()][1:] == ["recalled", "sent"])
