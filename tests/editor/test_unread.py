"""What is new can be seen: counts, the line above the first unread message, one quiet notice."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.conftest import bind
from tests.support.editor import Editor, texts

pytestmark = pytest.mark.shared_editor

MARKS = """
local found = {}
local namespace = vim.api.nvim_get_namespaces().dingbridge_unread
for _, buffer in ipairs(namespace and vim.api.nvim_list_bufs() or {}) do
  local all = vim.api.nvim_buf_get_extmarks(buffer, namespace, 0, -1, { details = true })
  for _, mark in ipairs(all) do
    local shown = mark[4].virt_lines and mark[4].virt_lines[1] or mark[4].virt_text
    local line = vim.api.nvim_buf_get_lines(buffer, mark[2], mark[2] + 2, false)
    table.insert(found, { vim.trim(shown[1][1]), line[2] })
  end
end
return found
"""
BAR = """
local found = {}
for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
  local bar = vim.wo[window].winbar
  if bar ~= '' then
    local how = { winid = window, use_winbar = true }
    table.insert(found, vim.api.nvim_eval_statusline(bar, how).str)
  end
end
return found
"""


@pytest.fixture
def seen(editor: Editor, api_options: dict[str, Any]) -> Editor:
    """A bound editor with a screen, in a window without the chat."""
    editor.nvim.ui_attach(120, 40, rgb=True)
    return bind(editor, api_options)


def count(editor: Editor) -> int:
    return int(editor.status()["unread"])


def marks(editor: Editor) -> list[list[str]]:
    return [list(row) for row in editor.lua(MARKS)]


def bars(editor: Editor) -> str:
    return "\n".join(editor.lua(BAR))


REPORTS = """
local host = require('dingbridge.host')
local tell = host.tell
host.tell = function(name, payload)
  if name == 'read' then _G.read_to = payload.message end
  return tell(name, payload)
end
"""


def arrive_and_are_read(editor: Editor, sandbox: Sandbox, *said: str) -> None:
    """These come, and the service hears that they were seen."""
    editor.lua(REPORTS)
    arrive(editor, sandbox, *said)
    last = editor.transcript()[-1]["id"]
    editor.until(lambda: editor.lua("return _G.read_to") == last)


def arrive(editor: Editor, sandbox: Sandbox, *said: str) -> None:
    """These come, and stand in the session."""
    for text in said:
        sandbox.client.say(text)
    editor.until(lambda: texts(editor)[-len(said) :] == list(said))


def hide(editor: Editor) -> None:
    """Leave the chat for a window of its own."""
    editor.nvim.command("silent only | enew")


def test_what_arrives_while_the_chat_is_not_on_the_screen_is_counted_until_it_is_seen(
    seen: Editor, sandbox: Sandbox
) -> None:
    hide(seen)
    arrive(seen, sandbox, "one", "two", "three")
    seen.until(lambda: count(seen) == 3)
    assert [row["unread"] for row in seen.sessions()] == [3]
    assert "3 new" in seen.lua("return require('dingbridge').statusline()")
    seen.chat()
    seen.until(lambda: count(seen) == 0)
    assert [row["unread"] for row in seen.sessions()] == [0]
    assert "new" not in seen.lua("return require('dingbridge').statusline()")


def test_what_arrives_before_the_users_eyes_is_not_new(seen: Editor, sandbox: Sandbox) -> None:
    seen.lua("""
        _G.counts = {}
        vim.api.nvim_create_autocmd('User', { pattern = 'DingbridgeReceived', callback = function()
          table.insert(_G.counts, require('dingbridge').status().unread)
        end })
    """)
    arrive(seen, sandbox, "one", "two")
    assert seen.until_lua("#_G.counts == 2 and _G.counts") == [0, 0]
    assert marks(seen) == []
    assert "new" not in bars(seen)


def test_what_arrives_while_the_user_is_elsewhere_waits_for_them(
    seen: Editor, sandbox: Sandbox
) -> None:
    arrive_and_are_read(seen, sandbox, "before")
    seen.until(lambda: count(seen) == 0)
    seen.nvim.command("doautocmd FocusLost")
    arrive(seen, sandbox, "one", "two")
    seen.until(lambda: count(seen) == 2)
    assert seen.until(lambda: marks(seen)) == [["─── 2 new ───", "one"]]
    seen.nvim.command("doautocmd FocusGained")
    seen.until(lambda: count(seen) == 0)
    assert marks(seen) == [["─── 2 new ───", "one"]]
    seen.type_draft("I am back")
    seen.nvim.command("write")
    seen.until(lambda: marks(seen) == [])


def test_the_first_unread_message_has_a_line_above_it_when_the_session_is_opened(
    seen: Editor, sandbox: Sandbox
) -> None:
    arrive_and_are_read(seen, sandbox, "before")
    hide(seen)
    arrive(seen, sandbox, "one", "two", "three")
    seen.until(lambda: count(seen) == 3)
    seen.chat()
    seen.until(lambda: count(seen) == 0)
    assert seen.until(lambda: marks(seen)) == [["─── 3 new ───", "one"]]
    hide(seen)
    seen.until(lambda: marks(seen) == [])


TOP = """
local buffer = require('dingbridge.buffers').get(require('dingbridge.state').current, 'transcript')
local window = vim.fn.win_findbuf(buffer)[1]
return vim.api.nvim_buf_get_lines(buffer, vim.fn.line('w0', window), -1, false)[1]
"""


@pytest.mark.parametrize("how", ["the chat is hidden", "the focus is elsewhere"])
def test_of_more_than_fits_the_first_is_shown(seen: Editor, sandbox: Sandbox, how: str) -> None:
    arrive_and_are_read(seen, sandbox, *(f"before {number}" for number in range(5)))
    seen.until(lambda: count(seen) == 0)
    if how == "the chat is hidden":
        hide(seen)
    else:
        seen.nvim.command("doautocmd FocusLost")
    arrive(seen, sandbox, *(f"new {number}" for number in range(20)))
    seen.until(lambda: count(seen) == 20)
    if how == "the chat is hidden":
        seen.chat()
    else:
        seen.nvim.command("doautocmd FocusGained")
    seen.until(lambda: seen.lua(TOP) == "new 0")
    assert any("─── 20 new ───" in row for row in seen.screen())
    assert "20 new below: G" in bars(seen)
    seen.nvim.command("wincmd k")
    seen.nvim.input("G")
    seen.until(lambda: count(seen) == 0)


def test_the_bar_says_what_is_new_in_another_session(seen: Editor, sandbox: Sandbox) -> None:
    seen.chat("new Release 2.4")
    seen.until(lambda: len(seen.sessions()) == 2)
    seen.until(lambda: "Release 2.4" in bars(seen))
    sandbox.client.say("one")
    sandbox.client.say("two")
    seen.until(lambda: count(seen) == 2)
    [title] = [row["title"] for row in seen.sessions() if row["unread"]]
    seen.until(lambda: f"2 new in “{title}”" in bars(seen))
    assert bars(seen).count("2 new in") == 2
    assert f"2 new in “{title}” · not bound" in bars(seen)
    seen.lua("""
        vim.ui.select = function(items, options)
          _G.rows = vim.tbl_map(options.format_item, items)
        end
    """)
    seen.chat("list")
    rows = seen.until_lua("_G.rows")
    assert [row.startswith(title) for row in rows if "2 new" in row] == [True]


def test_above_the_end_the_bar_says_how_many_are_below_and_G_goes_there(
    seen: Editor, sandbox: Sandbox
) -> None:
    long = "\n".join(f"line {number}" for number in range(60))
    arrive_and_are_read(seen, sandbox, long)
    seen.until(lambda: count(seen) == 0)
    seen.nvim.command("wincmd k | normal! gg")
    arrive(seen, sandbox, "one", "two")
    seen.until(lambda: "2 new below: G" in bars(seen))
    assert seen.lua("return vim.fn.line('.')") == 1
    seen.nvim.input("G")
    seen.until(lambda: count(seen) == 0)
    assert marks(seen) == [["─── 2 new ───", "one"]]
    arrive(seen, sandbox, "three")
    seen.until_lua("vim.fn.line('.') == vim.fn.line('$')")
    assert count(seen) == 0


def test_a_bar_of_forty_columns_says_it_in_short(seen: Editor, sandbox: Sandbox) -> None:
    seen.chat("new A session with a very long title, which fills any bar that is there")
    seen.until(lambda: len(seen.sessions()) == 2 and "A session with" in bars(seen))
    seen.nvim.ui_try_resize(40, 24)
    sandbox.client.say("one")
    seen.until(lambda: count(seen) == 1)
    transcript, draft = seen.until(lambda: seen.lua(BAR))
    assert "1 new" in transcript
    assert "DingTalk ●" in transcript or "not bound" in transcript
    assert "1 new" in draft
    assert len(transcript) <= 40
    seen.nvim.command("wincmd k | vsplit")
    assert seen.until(lambda: [bar for bar in seen.lua(BAR) if "1 new " in bar and len(bar) <= 20])


def test_messages_that_come_while_the_command_line_window_is_open_are_new_until_it_is_left(
    seen: Editor, sandbox: Sandbox
) -> None:
    arrive(seen, sandbox, "before")
    seen.nvim.command("wincmd k | normal! gg")
    seen.nvim.input(":<C-f>")
    seen.until(lambda: seen.lua("return vim.fn.getcmdwintype()") == ":")
    arrive(seen, sandbox, "one")
    seen.nvim.input("<C-c><C-c>")
    seen.until(lambda: count(seen) == 0)
    assert not [text for text in seen.said() if "cannot show" in text]


def test_sending_shows_the_end(seen: Editor, sandbox: Sandbox) -> None:
    long = "\n".join(f"line {number}" for number in range(60))
    arrive(seen, sandbox, long)
    seen.nvim.command("wincmd k | normal! gg")
    seen.nvim.command("wincmd j")
    seen.type_draft("my answer")
    seen.nvim.command("write")
    seen.until(lambda: texts(seen)[-1] == "my answer")
    seen.nvim.command("wincmd k")
    assert seen.lua("return vim.fn.line('w0') > 1 and vim.fn.line('w$') == vim.fn.line('$')")


def test_what_is_unread_stays_so_when_the_service_is_killed(seen: Editor, sandbox: Sandbox) -> None:
    hide(seen)
    arrive(seen, sandbox, "one", "two")
    seen.until(lambda: count(seen) == 2)
    state = seen.data / "chat-dingtalk-state.json"
    seen.until(lambda: '"count": 2' in state.read_text("utf-8"))
    before = seen.service_pid()
    seen.kill_service()
    seen.until(lambda: seen.service_pid() not in (0, before) and seen.status()["connected"])
    assert count(seen) == 2
    arrive(seen, sandbox, "three")
    seen.until(lambda: count(seen) == 3)
    seen.chat()
    seen.until(lambda: count(seen) == 0)
    assert seen.until(lambda: marks(seen)) == [["─── 3 new ───", "one"]]


# --- notices --------------------------------------------------------------------------------------


def test_a_burst_that_nobody_sees_is_one_notice(seen: Editor, sandbox: Sandbox) -> None:
    hide(seen)
    arrive(seen, sandbox, "Is the **build** green?\nSee [the log](https://x.example/log)")
    arrive(seen, sandbox, "hello?", "anybody there?")
    assert seen.until_said("(+2 more)") == "张三: Is the build green? (+2 more)"
    assert len([text for text in seen.said() if "张三" in text]) == 1


def test_a_notice_begins_with_what_its_author_says_and_not_with_a_quote(
    seen: Editor, sandbox: Sandbox
) -> None:
    hide(seen)
    arrive(seen, sandbox, "> **李四**:\n>\n> Is it green?\n\nyes, it is")
    assert seen.until_said("张三: ") == "张三: yes, it is"


def test_the_notice_of_an_endless_line_is_short_and_there_at_once(
    seen: Editor, sandbox: Sandbox
) -> None:
    hide(seen)
    arrive(seen, sandbox, "[" * 500_000)
    assert seen.until_said("[[[") == "张三: " + "[" * 80 + "…"
    assert seen.lua("return 1 + 1") == 2


@pytest.mark.parametrize(
    ("notify_on", "announced"),
    [
        ("mention", ["1:1", "with mention"]),
        ("all", ["1:1", "with mention", "without"]),
        ("never", []),
    ],
)
def test_notices_come_for_what_notify_on_says(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    notify_on: str,
    announced: list[str],
) -> None:
    groups = {"*": {"require_mention": False}}
    bind(editor, {**api_options, "notify_on": notify_on, "groups": groups})
    hide(editor)
    editor.lua("""
        _G.announced = {}
        local notice = require('dingbridge.arrival_notice')
        local add = notice.add
        notice.add = function(list) vim.list_extend(_G.announced, list); notice.add_ = add end
        _G.give_back = function() notice.add = add end
    """)
    arrive(editor, sandbox, "1:1")
    sandbox.client.say("with mention", group=TEAM)
    sandbox.client.say("without", group=TEAM, mention=False)
    editor.until(lambda: len(texts(editor)) == 3)
    editor.until(lambda: count(editor) == 3)
    by_id = {row["id"]: row["text"] for row in editor.transcript(editor.status()["session"])}
    found = editor.lua("give_back(); return _G.announced")
    assert [by_id[row["message"]] for row in found] == announced


def test_no_notice_comes_for_what_is_on_the_screen(seen: Editor, sandbox: Sandbox) -> None:
    arrive(seen, sandbox, "one")
    hide(seen)
    arrive(seen, sandbox, "two")
    assert seen.until_said("张三") == "张三: two"


# --- what is sent from a code window -----------------------------------------------------------


def test_lines_sent_from_a_code_window_say_to_whom_they_went(
    seen: Editor, sandbox: Sandbox
) -> None:
    arrive(seen, sandbox, "show me the code")
    hide(seen)
    seen.type_draft("print(1)\nprint(2)")
    seen.nvim.command("1,2Chat send")
    assert seen.until_said("sent to") == "sent to 张三 (1:1) ✓"
    assert len([text for text in seen.said() if "sent to" in text]) == 1


def test_the_disk_may_confirm_a_message_before_the_outbox_has_it(editor: Editor) -> None:
    """In whichever order they come: the service confirms what stays here in the same way."""
    editor.lua(
        """
        local sent = require('dingbridge.sent_notice')
        local about = { id = 'm1', target_name = '张三 (1:1)', reason = '' }
        sent.expect('m1')
        sent.drop('m1')
        sent.heard('DingbridgeQueued', about)
        sent.heard('DingbridgeDelivered', about)
        """
    )
    assert editor.until_said("sent to") == "sent to 张三 (1:1) ✓"


def test_lines_that_cannot_go_anywhere_say_so_in_the_code_window(
    seen: Editor, sandbox: Sandbox
) -> None:
    hide(seen)
    seen.type_draft("print(1)")
    seen.nvim.command("1Chat send")
    assert "nobody" in seen.until_said("the message was not sent")
