"""Reports of several lines stand in one small window that the user closes when they like."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox import Fault
from dingbridge.sandbox.server import Sandbox
from tests.editor.test_accounts import other, refuse, two  # noqa: F401 - fixtures for two accounts
from tests.editor.test_chat_buffer import HOSTILE
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

SHOWN = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local buffer = vim.api.nvim_win_get_buf(window)
  if vim.bo[buffer].filetype == 'dingbridge-report' then
    return {
      window = window,
      buffer = buffer,
      lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false),
      height = vim.api.nvim_win_get_height(window),
      row = vim.api.nvim_win_get_position(window)[1],
      bar = vim.wo[window].winbar,
    }
  end
end
return {}
"""


def report(editor: Editor) -> dict[str, Any]:
    """The window with the report; empty without one."""
    return dict(editor.lua(SHOWN))


def until_shown(editor: Editor, part: str) -> dict[str, Any]:
    """Wait until a line of the report has `part` in it."""
    return editor.until(
        lambda: next((r for r in [report(editor)] if part in "\n".join(r.get("lines", []))), {}),
        part,
    )


def press(editor: Editor, keys: str) -> None:
    editor.nvim.feedkeys(keys, "x")


def fail(editor: Editor, sandbox: Sandbox, *texts: str, says: str = "not today") -> None:
    """Messages that DingTalk refuses."""
    if not editor.transcript():
        sandbox.client.say("hello")
        editor.until(editor.transcript)
    sandbox.client.fault(Fault.errcode("/robot/sendBySession*", 400101, says, None))
    sandbox.client.fault(Fault.http("/v1.0/*", 400, says, None))
    for text in texts:
        before = editor.status()["failed"]
        editor.chat(f"send {text}")
        editor.until(lambda before=before: editor.status()["failed"] > before)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    sandbox.client.clear_faults()


def go_to(editor: Editor, part: str) -> None:
    """Put the cursor on the line of the report that has `part` in it."""
    lines = until_shown(editor, part)["lines"]
    number = next(number for number, line in enumerate(lines, 1) if part in line)
    editor.lua("vim.api.nvim_win_set_cursor(0, { ..., 0 })", number)


# --- the window ---------------------------------------------------------------------------------


def test_a_report_opens_at_the_bottom_and_the_next_one_takes_its_place(
    bound: Editor, sandbox: Sandbox
) -> None:
    fail(bound, sandbox, "refused words")
    before = bound.windows()
    bound.chat("status")
    status = until_shown(bound, "mode: api")
    assert bound.windows() == before + 1
    assert "status" in status["bar"]
    options = bound.lua(
        """
        local of = vim.bo[...]
        return { of.buftype, of.modifiable, of.bufhidden, of.buflisted, of.swapfile }
        """,
        status["buffer"],
    )
    assert options == ["nofile", False, "wipe", False, False]
    assert bound.lua("return vim.fn.bufname(...)", status["buffer"]) == "dingbridge://report"
    bound.chat("outbox")
    outbox = until_shown(bound, "refused words")
    assert (outbox["window"], outbox["buffer"]) == (status["window"], status["buffer"])
    assert bound.windows() == before + 1
    assert "mode: api" not in "\n".join(outbox["lines"])
    for key in ("r tries again", "d drops", "R refreshes", "q closes"):
        assert key in outbox["bar"]
    assert outbox["row"] == max(
        bound.lua("return vim.tbl_map(function(w) return vim.api.nvim_win_get_position(w)[1] end,"
                  " vim.api.nvim_tabpage_list_wins(0))")
    )  # fmt: skip


def test_the_window_is_as_high_as_its_lines_up_to_a_third_of_the_screen(
    bound: Editor, sandbox: Sandbox
) -> None:
    bound.nvim.command("set lines=60")
    bound.chat("status")
    status = until_shown(bound, "mode: api")
    assert status["height"] == len(status["lines"]) + 1
    bound.nvim.command("set lines=24")
    bound.chat("status")
    bound.until(lambda: report(bound)["height"] == 8)
    bound.nvim.command("set lines=60")
    fail(bound, sandbox, "x")
    bound.chat("outbox")
    assert until_shown(bound, "failed: 1")["height"] == 4


def test_q_closes_it_and_leads_back_to_where_the_user_was(bound: Editor) -> None:
    bound.nvim.command("botright vnew")
    user, before = bound.nvim.current.window, bound.windows()
    bound.chat("status")
    shown = until_shown(bound, "mode: api")
    assert bound.nvim.current.window.handle == shown["window"]
    press(bound, "q")
    assert bound.nvim.current.window == user
    assert bound.windows() == before
    assert not bound.lua("return vim.api.nvim_buf_is_valid(...)", shown["buffer"])
    bound.chat("status")
    assert until_shown(bound, "mode: api")["buffer"] != shown["buffer"]


def test_a_report_opens_beside_a_buffer_that_has_its_name(bound: Editor) -> None:
    bound.nvim.command("badd dingbridge://report")
    bound.chat("status")
    assert until_shown(bound, "mode: api")


def test_it_can_be_closed_when_it_is_the_last_window(editor: Editor) -> None:
    editor.setup({})
    editor.chat("status")
    until_shown(editor, "mode: off")
    editor.nvim.command("only")
    press(editor, "q")
    assert report(editor) == {}
    assert editor.windows() == 1


def test_a_single_line_is_a_message_and_opens_nothing(bound: Editor) -> None:
    bound.chat("outbox")
    bound.until_said("the outbox is empty")
    assert report(bound) == {}


def test_who_is_writing_is_not_taken_away(bound: Editor) -> None:
    bound.nvim.input("iwords <Cmd>Chat status<CR>and more")
    bound.until(lambda: report(bound))
    bound.until(lambda: bound.nvim.current.buffer[:] == ["words and more"])
    assert bound.nvim.api.get_mode()["mode"] == "i"


def test_who_has_gone_elsewhere_stays_there(bound: Editor) -> None:
    before = bound.nvim.current.window
    bound.lua("vim.cmd('Chat status') vim.cmd('leftabove vnew')")
    until_shown(bound, "mode: api")
    assert bound.nvim.current.window != before
    assert bound.lua("return vim.bo.filetype") == ""


def test_it_waits_for_the_command_line_window_to_be_left(bound: Editor) -> None:
    bound.nvim.input(":<C-f>")
    bound.until_lua("vim.fn.getcmdwintype() ~= ''")
    bound.chat("status")
    bound.chat("drop nothing")
    bound.until_said("no waiting or failed message nothing")
    assert report(bound) == {}
    bound.nvim.input("<C-c><C-c>")
    until_shown(bound, "mode: api")
    assert not any("cannot show" in text for text in bound.said())


def test_without_room_for_a_window_it_is_shown_in_a_corner(editor: Editor) -> None:
    editor.setup({})
    editor.nvim.command("set lines=5 cmdheight=1 laststatus=2 winheight=2 winminheight=2")
    editor.chat("status")
    editor.until_said("mode: off")
    assert not any("cannot show" in text for text in editor.said())
    assert report(editor) == {}


def test_a_chat_opens_beside_a_report_and_not_in_it(bound: Editor) -> None:
    bound.nvim.command("leftabove vnew")
    bound.nvim.current.buffer[:] = ["some code"]
    bound.chat("status")
    until_shown(bound, "mode: api")
    bound.lua("""
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
          if vim.startswith(name, 'chat://') then vim.api.nvim_win_close(window, true) end
        end
    """)
    bound.chat()
    bound.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    assert report(bound)
    bound.nvim.command("wincmd k")
    assert not bound.lua("return vim.wo.cursorline")


# --- the outbox ---------------------------------------------------------------------------------


def test_r_tries_the_message_of_its_line_again_and_the_report_follows(
    bound: Editor, sandbox: Sandbox
) -> None:
    fail(bound, sandbox, "one", "two")
    bound.chat("outbox")
    go_to(bound, "  two")
    press(bound, "r")
    sandbox.client.wait_arrived(lambda each: each.text == "two")
    bound.until(lambda: report(bound)["lines"][0].startswith("waiting: 0, failed: 1"))
    assert "  one" in "\n".join(report(bound)["lines"])
    assert bound.nvim.current.window.handle == report(bound)["window"]
    assert [each.text for each in sandbox.client.arrived()] == ["two"]


def test_d_drops_the_message_also_on_the_line_of_its_reason(
    bound: Editor, sandbox: Sandbox
) -> None:
    fail(bound, sandbox, "one", "two")
    bound.chat("outbox")
    go_to(bound, "  one")
    press(bound, "jd")
    bound.until(lambda: bound.status()["failed"] == 1)
    bound.until(lambda: "  one" not in "\n".join(report(bound)["lines"]))
    go_to(bound, "  two")
    press(bound, "d")
    bound.until(lambda: report(bound)["lines"] == ["the outbox is empty"])
    assert [each.text for each in sandbox.client.arrived()] == []


def test_a_key_on_a_line_about_no_message_does_nothing(bound: Editor, sandbox: Sandbox) -> None:
    fail(bound, sandbox, "one")
    bound.chat("outbox")
    until_shown(bound, "  one")
    press(bound, "d")
    press(bound, "r")
    assert bound.said()[-2:] == ["no message stands on this line"] * 2
    assert bound.status()["failed"] == 1


def test_a_report_that_was_closed_does_not_come_back_by_itself(
    bound: Editor, sandbox: Sandbox
) -> None:
    fail(bound, sandbox, "one")
    bound.chat("outbox")
    go_to(bound, "  one")
    bound.nvim.feedkeys("dq", "x")
    bound.until(lambda: bound.status()["failed"] == 0)
    # What was asked for while it was open may be answered later.
    bound.lua("require('dingbridge.host').tell('refresh', { report = 'status' })")
    bound.chat("drop nothing")
    bound.until_said("no waiting or failed message nothing")
    assert report(bound) == {}


def test_capital_r_brings_the_status_up_to_date(bound: Editor, sandbox: Sandbox) -> None:
    bound.chat("status")
    until_shown(bound, "messages go to: nobody yet")
    sandbox.client.say("hello")
    bound.until(lambda: bound.status()["target"])
    press(bound, "R")
    until_shown(bound, "messages go to: 张三")
    assert bound.nvim.current.window.handle == report(bound)["window"]


def test_the_outboxes_of_all_accounts_stand_in_one_report(
    two: Editor,  # noqa: F811 - a fixture
    sandbox: Sandbox,
    other: Sandbox,  # noqa: F811 - a fixture
) -> None:
    refuse(two, sandbox, other)
    two.chat("outbox")

    def has_both() -> bool:
        text = "\n".join(report(two).get("lines", []))
        return "from work" in text and "from personal" in text

    two.until(has_both)
    lines = report(two)["lines"]
    assert sum("waiting: 0, failed: 1" in line for line in lines) == 2
    go_to(two, "from personal")
    press(two, "r")
    other.client.wait_arrived(lambda each: each.text == "from personal")
    until_shown(two, "personal: the outbox is empty")
    until_shown(two, "from work")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_text_and_gives_no_line_another_message(
    bound: Editor, sandbox: Sandbox, text: str
) -> None:
    fail(bound, sandbox, "good words", says=f"{text}\nfailed   another-id  forged")
    bound.chat("outbox")
    shown = until_shown(bound, "good words")
    assert bound.lua("return vim.g.owned") is None
    assert all(character >= " " for line in shown["lines"] for character in line)
    go_to(bound, "forged")
    press(bound, "d")
    bound.until(lambda: bound.status()["failed"] == 0)
    assert not any("another-id; see" in said for said in bound.said())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_of_a_report_is_text_whatever_is_in_it(editor: Editor, text: str) -> None:
    lines = [{"text": f"{text}\nand more", "message": "m1"}, {"text": "end", "message": ""}]
    editor.lua(
        """
        local lines = ...
        local report = { kind = 'report', name = 'status', lines = lines, again = false }
        require('dingbridge.updates').apply({ report })
        vim.cmd.redraw()
        """,
        lines,
    )
    shown = report(editor)["lines"]
    assert shown[-2:] == ["and more", "end"]
    assert all(character >= " " for line in shown for character in line)
    assert editor.lua("return vim.g.owned") is None
