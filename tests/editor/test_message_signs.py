"""What the signs at a message and in the status line say, without a host: as updates bring them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.editor.test_chat_keys import GO_TO, fill
from tests.editor.test_guidance import ANSWERING, BAR, SIGNS
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

APPLY = "require('dingbridge.updates').apply({ ... })"
BELOW = """
local buffer = require('dingbridge.buffers').get('s', 'transcript')
local lines = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(
  buffer, require('dingbridge.message_format').namespace, 0, -1, { details = true }
)) do
  for _, line in ipairs(mark[4].virt_lines or {}) do lines[#lines + 1] = vim.trim(line[1][1]) end
end
return lines
"""
"""The lines below the headings that are not part of the text."""
IS_MOVING = """
local function upvalue(of, name)
  for number = 1, 60 do
    local found, value = debug.getupvalue(of, number)
    if found == name then return value end
  end
end
-- Neovim 0.10 crashes when all handles of libuv are looked at.
return upvalue(upvalue(require('dingbridge.answering').update, 'animate'), 'timer') ~= nil
"""
"""Whether the sign at a message that is being answered moves."""
STATUS = {
    **{"kind": "status", "mode": "api", "account": "", "session": "", "owner": "", "target": ""},
    **{"connected": True, "link": "connected", "queued": 0, "failed": 0, "refused": 0, "asking": 0},
    **{"cool_down_until": 0, "cool_down": "", "last_error": "", "quota": "", "accounts": []},
    **{"unread": [], "outbox": {"failed": [], "waiting": []}},
}
TO = {"target": "dingtalk:user:zhangsan", "target_name": "张三 (1:1)"}


def mine(text: str, **fields: str) -> dict[str, str]:
    return {"text": text, "role": "editor", "author": "You", **fields}


def show(editor: Editor, *messages: dict[str, str]) -> None:
    """A session with these messages."""
    editor.setup({})
    fill(editor, "above everything")
    rows = [
        {
            **{"id": f"id{number}", "role": "dingtalk", "author": "张三", "time": 0},
            **{"delivery": "", "reason": "", "target": "", "target_name": "", "robot": ""},
            **message,
        }
        for number, message in enumerate(messages)
    ]
    editor.lua(APPLY, {"kind": "messages", "id": "s", "reset": True, "list": rows})


def explained(editor: Editor, text: str) -> str:
    """What `K` says on a text of the transcript."""
    editor.lua(GO_TO, text)
    editor.nvim.feedkeys("K", "x")
    return editor.said()[-1]


# --- at a message ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "sign", "words"),
    [
        ("unsaved", "… not saved yet", "not saved yet: Neovim keeps it"),
        ("queued", "… queued", "queued: it is on disk"),
        ("sending", "… sending", "sending: DingTalk has not answered"),
        ("retrying", "↻ retrying", "retrying: an attempt failed"),
        ("sent", "✓ sent", "sent: DingTalk has accepted it"),
        ("failed", "✗ failed", "failed: :Chat retry id0 sends it again"),
        ("recalled", "↶ recalled", "recalled: nobody on DingTalk sees it"),
    ],
)
def test_each_sign_at_a_message_is_explained(
    editor: Editor, delivery: str, sign: str, words: str
) -> None:
    show(editor, mine("hello", delivery=delivery, **TO))
    editor.lua(APPLY, {**STATUS, "outbox": {"failed": ["id0"], "waiting": []}})
    assert editor.lua(SIGNS) == [sign]
    said = explained(editor, "hello")
    assert said.startswith(words)
    assert "\nto: 张三 (1:1), dingtalk:user:zhangsan\n" in said
    assert "reason" not in said


def test_only_what_was_written_here_and_sent_nowhere_is_marked_as_kept(editor: Editor) -> None:
    show(
        editor,
        {"text": "received"},
        {"text": "answered", "role": "responder", "author": "bot"},
        {"text": "told", "role": "notice", "author": "notice"},
        mine("on its way", **TO),
        mine("kept"),
    )
    assert editor.lua(SIGNS) == ["", "", "", "", "kept here"]
    assert "\nto: " not in explained(editor, "kept")


def test_names_are_one_line_where_a_message_is_explained(editor: Editor) -> None:
    show(editor, mine("hello", delivery="sent", target="dingtalk:user:a", target_name="张\nto: 三"))
    assert "\nto: 张 to: 三, dingtalk:user:a\n" in explained(editor, "hello")


def test_the_message_on_which_the_cursor_stands_is_the_one_that_is_explained(
    editor: Editor,
) -> None:
    show(editor, {"text": "first"}, mine("second", delivery="sent", **TO), {"text": "third"})
    assert explained(editor, "second").startswith("sent")
    assert "id: id0" in explained(editor, "first")
    editor.lua(GO_TO, "first")
    editor.nvim.feedkeys("jK", "x")  # the empty line below it
    assert "id: id0" in editor.said()[-1]
    editor.lua(GO_TO, "You → ")
    editor.nvim.feedkeys("K", "x")
    assert "id: id1" in editor.said()[-1]


def test_a_sign_that_would_hide_the_time_stands_below_it_with_the_reason_in_a_few_lines(
    editor: Editor,
) -> None:
    editor.nvim.command("set columns=40")
    show(
        editor,
        mine("hello", delivery="failed", reason="no " * 200, target="a", target_name="产品" * 7),
        mine("there", delivery="failed", reason="too long", **TO),
    )
    assert editor.lua(SIGNS) == ["", "✗ failed"]
    below = editor.lua(BELOW)
    assert below[0] == "✗ failed"
    assert below[-1] == "too long"
    assert len(below) == 1 + 4 + 1
    assert below[4].endswith("…")


@pytest.mark.parametrize("columns", [32, 36, 40, 44])
def test_no_sign_hides_when_a_message_was_written(editor: Editor, columns: int) -> None:
    editor.nvim.command(f"set columns={columns}")
    sent = {"delivery": "sent", "target": "dingtalk:user:zhangsan", "target_name": "张三"}
    show(editor, mine("first", **sent), mine("second", **sent))
    heading, day = editor.lua("return { os.date('▎ You → 张三 · %H:%M', 0), os.date('%F', 0) }")

    def headings() -> list[str]:
        return [row.replace("✓ sent", "").strip() for row in editor.screen() if "You →" in row]

    editor.until(lambda: headings() == [f"{heading} {day}", heading], heading)
    assert sum("✓ sent" in row for row in editor.screen()) == 2


def test_the_progress_of_an_upload_stands_behind_the_sign(editor: Editor) -> None:
    show(editor, mine("report.pdf", delivery="sending", reason="40 %", **TO))
    assert editor.lua(SIGNS) == ["… sending 40 %"]
    assert editor.lua(BELOW) == []


def test_a_message_that_failed_before_it_was_sent_goes_back_into_the_draft(editor: Editor) -> None:
    show(
        editor,
        mine("first\nsecond", delivery="failed", reason="nobody to send to yet"),
        mine("older", delivery="failed"),
    )
    said = explained(editor, "second")
    assert said.startswith("failed, and no outbox has it: R puts its text into the draft")
    assert ":Chat retry" not in said
    editor.nvim.feedkeys("R", "x")
    assert editor.chat_lines("s", "draft") == ["first", "second"]
    editor.until_said("the text is in the draft again")
    editor.lua(APPLY, {**STATUS, "outbox": {"failed": ["id1"], "waiting": []}})
    assert explained(editor, "older").startswith("failed: :Chat retry id1 sends it again")


def test_a_message_that_failed_with_a_robot_of_before_comes_back_into_the_draft(
    editor: Editor,
) -> None:
    to_group = {"target": "dingtalk:webhook", "target_name": "the robot's group"}
    show(editor, mine("hello", delivery="failed", reason="the robot is gone", **to_group))
    editor.lua(APPLY, {**STATUS, "failed": 31, "outbox": {"failed": ["id9"], "waiting": []}})
    # The list is not whole: the outbox may have it.
    assert explained(editor, "hello").startswith("failed: :Chat retry id0 sends it again")
    editor.lua(APPLY, {**STATUS, "failed": 1, "outbox": {"failed": ["id9"], "waiting": []}})
    assert explained(editor, "hello").startswith("failed, and no outbox has it")
    editor.nvim.feedkeys("R", "x")
    assert editor.chat_lines("s", "draft") == ["hello"]


@pytest.mark.parametrize("command", ["retry id0", "retry"])
def test_a_retry_of_a_message_that_never_left_says_what_to_do_instead(
    editor: Editor, command: str
) -> None:
    show(editor, mine("hello", delivery="failed", reason="nobody to send to yet"))
    editor.chat(command)
    said = editor.until_said("message id0 is in no outbox")
    assert "nobody to send to yet" in said
    assert "R on it puts its text into the draft" in said
    editor.lua(APPLY, {**STATUS, "outbox": {"failed": ["id1"], "waiting": []}})
    editor.begin_anew()
    editor.chat("retry id1")
    editor.until_said("DingTalk is not set up")


def test_a_retry_before_the_service_has_told_its_outbox_is_left_to_the_service(
    editor: Editor,
) -> None:
    show(editor, mine("hello", delivery="failed", reason="the group refused it", **TO))
    editor.lua("require('dingbridge.state').knows_outbox = false")
    assert explained(editor, "hello").startswith("failed: :Chat retry id0 sends it again")
    editor.nvim.feedkeys("R", "x")
    editor.until_said("DingTalk is not set up")
    assert "".join(editor.chat_lines("s", "draft")) == ""


def test_reasons_and_signs_fit_the_width_that_the_window_has_now(editor: Editor) -> None:
    show(
        editor,
        *(mine(f"old {number}", delivery="failed", reason="no " * 30) for number in range(80)),
        mine("hello", delivery="failed", reason="no " * 30, target="a", target_name="产品" * 7),
    )
    wide = editor.lua(BELOW)

    def widest() -> int:
        return max(len(line) for line in editor.lua(BELOW))

    assert widest() > 60
    editor.nvim.command("set columns=40")
    editor.until(lambda: widest() <= 38)
    assert "✗ failed" in editor.lua(BELOW)
    editor.nvim.command("set columns=120")
    editor.until(lambda: editor.lua(BELOW) == wide)
    assert "✗ failed" not in wide


# --- a responder at work --------------------------------------------------------------------------


def answering(editor: Editor, *messages: str) -> None:
    rows = [{"session": "s", "message": message} for message in messages]
    editor.lua(APPLY, {"kind": "answering", "list": rows})


def test_the_sign_moves_only_while_it_is_seen(editor: Editor) -> None:
    show(editor, {"text": "question"})
    assert not editor.lua(IS_MOVING)
    answering(editor, "id0")
    editor.until(lambda: editor.lua(IS_MOVING))
    editor.nvim.command("tabnew")
    editor.until(lambda: not editor.lua(IS_MOVING))
    editor.nvim.command("tabclose")
    editor.until(lambda: editor.lua(IS_MOVING))
    assert [row for row, _ in editor.lua(ANSWERING)] == [0]
    answering(editor)
    assert not editor.lua(IS_MOVING)
    assert editor.lua(ANSWERING) == []
    assert editor.lua(BAR) == ""


def test_one_message_of_several_is_being_answered(editor: Editor) -> None:
    show(editor, {"text": "first"}, {"text": "second"})
    answering(editor, "id1")
    editor.until(lambda: [row for row, _ in editor.lua(ANSWERING)] == [3])
    assert ":Chat stop" in explained(editor, "second")
    assert ":Chat stop" not in explained(editor, "first")
    assert editor.lua("return require('dingbridge.answering').bar('s')") != ""
    assert editor.lua("return require('dingbridge.answering').bar('another')") == ""


def test_nothing_is_being_answered_any_more_when_the_service_is_gone(editor: Editor) -> None:
    show(editor, {"text": "question"})
    answering(editor, "id0")
    editor.until(lambda: editor.lua(ANSWERING))
    editor.lua(APPLY, {"kind": "service_gone"})
    assert (editor.lua(ANSWERING), editor.lua(IS_MOVING)) == ([], False)


def test_the_signs_come_back_with_a_buffer_that_was_wiped_out(editor: Editor) -> None:
    show(editor, *({"text": f"question {number}"} for number in range(16)))
    answering(editor, *(f"id{number}" for number in range(8)))
    editor.until(lambda: len(editor.lua(ANSWERING)) == 8)
    editor.lua("""
        local buffer = require('dingbridge.buffers').get('s', 'transcript')
        vim.api.nvim_buf_delete(buffer, { force = true })
    """)
    answering(editor, *(f"id{number}" for number in range(16)))
    editor.lua(APPLY, {"kind": "open", "id": "s"})
    editor.until(lambda: len(editor.lua(ANSWERING)) == 16)


# --- in the status line ---------------------------------------------------------------------------

ALL_SIGNS: dict[str, dict[str, Any]] = {
    "●": {},
    "○": {"connected": False, "link": "waiting"},
    "one-way": {"mode": "webhook"},
    "⏳": {"cool_down_until": 9e9, "queued": 1},
    "↑": {"queued": 2},
    "✗": {"failed": 3},
    "?": {"asking": 4},
}


@pytest.mark.parametrize("sign", ALL_SIGNS)
def test_each_sign_of_the_status_line_is_explained_when_it_is_there(
    editor: Editor, sign: str
) -> None:
    editor.setup({})
    editor.lua(APPLY, {**STATUS, **ALL_SIGNS[sign]})
    status_line = editor.lua("return require('dingbridge').statusline()")
    [heading, *lines] = [
        line["text"] for line in editor.lua("return require('dingbridge.sign_legend').lines()")
    ]
    assert heading == "in the bar:"
    assert [line.split()[0] for line in lines] == [one for one in ALL_SIGNS if one in status_line]
    assert sign in status_line


def test_there_is_no_legend_of_an_empty_status_line(editor: Editor) -> None:
    editor.setup({})
    editor.lua(APPLY, {**STATUS, "mode": "off"})
    assert editor.lua("return require('dingbridge.sign_legend').lines()") == []


# --- a notice in the corner -----------------------------------------------------------------------


def test_a_notice_breaks_before_a_command_and_not_within_it(editor: Editor) -> None:
    editor.setup({})
    editor.lua(
        "require('dingbridge.corner').show(..., vim.log.levels.INFO)",
        "李四 asks to talk to you on default, really: :Chat pair RR6F6TXJ gives them access",
    )
    lines = [
        line.strip()
        for window in editor.nvim.windows
        if editor.nvim.api.win_get_config(window)["relative"]
        for line in window.buffer[:]
    ]
    assert [":Chat pair RR6F6TXJ" in line for line in lines] == [False, True]
    assert lines[1].startswith(":Chat pair RR6F6TXJ gives")
