"""The keys of a chat: what each does, and how a user changes them."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.drafts import GROUP, TEAM, ZHANGSAN, keys, say, until_arrived, until_bar
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

FILL = """
local list = ...
for number, message in ipairs(list) do
  list[number] = vim.tbl_extend('keep', message, {
    id = 'm' .. number, role = 'dingtalk', author = '张三', time = 0,
    delivery = '', reason = '', target = '', target_name = '', robot = '',
  })
end
require('dingbridge.updates').apply({
  { kind = 'sessions', list = { { id = 's', title = 's', created = 0, bound = false } } },
  { kind = 'messages', id = 's', reset = true, list = list },
  { kind = 'open', id = 's' },
})
"""
"""A session with these messages, without a host; the cursor is in its draft."""
GO_TO = """
local text = ...
local buffers, state = require('dingbridge.buffers'), require('dingbridge.state')
local window = vim.fn.bufwinid(buffers.get(state.current, 'transcript'))
vim.api.nvim_set_current_win(window)
vim.fn.cursor(1, 1)
assert(vim.fn.search('\\\\V' .. text, 'cW') > 0, text)
"""
"""Puts the cursor on a text of the transcript."""
FLOATING = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local buffer = vim.api.nvim_win_get_buf(window)
  if vim.api.nvim_win_get_config(window).relative ~= '' and vim.bo[buffer].filetype ~= '' then
    return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  end
end
return {}
"""
CHOOSE = """
local name = ...
vim.ui.select = function(entries, _, choose)
  for _, entry in ipairs(entries) do
    if entry.name == name then choose(entry) end
  end
end
"""
PART = "return (require('dingbridge.buffers').of(0))"
FOLDER = "return require('dingbridge.state').current"


def fill(editor: Editor, *texts: str, **fields: str) -> None:
    """A session with these messages."""
    editor.lua(FILL, [{"text": text, **fields} for text in texts])


def part(editor: Editor) -> str:
    """Whether the cursor is in the transcript or the draft; empty elsewhere."""
    return str(editor.lua(PART) or "")


def line(editor: Editor) -> str:
    return str(editor.nvim.current.line)


def draft(editor: Editor) -> list[str]:
    """The draft of the current session."""
    return editor.chat_lines(str(editor.lua(FOLDER)), "draft")


@pytest.fixture
def chat(bound: Editor, api_options: dict[str, Any]) -> Editor:
    """An editor that is bound, with 张三 and 李四 admitted, in 1:1 chats and in the group."""
    bound.setup({**api_options, "allow_from": ["zhangsan", "lisi"]})
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    return bound


# --- what the keys do -----------------------------------------------------------------------------


@pytest.mark.parametrize("here", ["transcript", "draft"])
def test_the_keys_are_listed_where_they_are_used(editor: Editor, here: str) -> None:
    editor.setup({"keys": {"reply": "<leader>r", "retry": False}, "send_key": "<C-g>"})
    fill(editor, "one")
    keys(editor, "<Tab>" if here == "transcript" else "")
    keys(editor, "g?")
    listed = list(editor.lua(FLOATING))
    assert any(
        row.split() == ["q", "Hide", "the", "chat.", "The", "draft", "stays"] for row in listed
    )
    assert any(row.startswith("  <leader>r ") and "Reply" in row for row in listed)
    assert any(row.startswith("  :w <C-g> ") for row in listed)
    assert not any("failed message" in row for row in listed)
    keys(editor, "q")
    assert (editor.lua(FLOATING), part(editor)) == ([], here)


def test_the_list_of_keys_fits_a_narrow_screen(editor: Editor) -> None:
    editor.setup({})
    fill(editor, "one")
    editor.nvim.command("set columns=40 lines=20 ambiwidth=double")
    keys(editor, "g?")
    listed = list(editor.lua(FLOATING))
    assert max(editor.lua("return vim.fn.strdisplaywidth(...)", row) for row in listed) <= 36
    assert (
        " ".join(" ".join(listed).split()).count("Go to the draft, or back to the transcript") == 1
    )


LIST = """
local window = vim.api.nvim_get_current_win()
local buffer = vim.api.nvim_win_get_buf(window)
local space = vim.api.nvim_create_namespace('dingbridge_keys')
local marks = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })
local config = vim.api.nvim_win_get_config(window)
return {
  title = config.title and config.title[1][1],
  corner = config.border and config.border[1],
  height = config.height,
  groups = vim.tbl_map(function(mark) return { mark[2], mark[4].line_hl_group } end, marks),
  modifiable = vim.bo[buffer].modifiable,
}
"""


def test_the_list_of_keys_has_them_all_below_where_they_work(editor: Editor) -> None:
    editor.setup({"send_key": False})
    fill(editor, "one")
    keys(editor, "g?")
    lines, window = list(editor.lua(FLOATING)), editor.lua(LIST)
    parts = ["In both windows", "In the transcript", "In the draft"]
    rows = [lines.index(part) for part in parts]
    assert rows == sorted(rows)
    groups = [[row, "DingbridgeTitle"] for row in rows]
    assert window["groups"] == [*groups, [len(lines) - 1, "DingbridgeBar"]]
    assert lines[-1] == ":help dingbridge-keys"
    # Without colours the frame alone tells it from the text around it.
    assert (window["title"], window["corner"]) == (" Keys · q closes ", "╭")
    both, transcript, draft = (
        "\n".join(lines[start:end]) for start, end in zip(rows, [*rows[1:], None], strict=True)
    )
    assert "  g? " in both
    assert "  gt " in both
    assert "  ]] " in transcript
    assert "  i a o I A O " in transcript
    assert "  :w  " in draft
    assert "  <Up> " in draft
    assert not window["modifiable"]


@pytest.mark.parametrize("closes", ["q", "<Esc>", "g?", "<C-w>w"])
def test_the_list_of_keys_is_gone_when_it_is_closed_or_left(editor: Editor, closes: str) -> None:
    editor.setup({})
    fill(editor, "one")
    before = editor.lua("return #vim.api.nvim_list_bufs()")
    keys(editor, "g?")
    assert editor.lua(FLOATING)
    keys(editor, closes)
    editor.until(lambda: editor.lua(FLOATING) == [])
    assert editor.lua("return #vim.api.nvim_list_bufs()") == before


def test_the_list_of_keys_fits_the_smallest_screen(editor: Editor) -> None:
    editor.setup({})
    fill(editor, "one")
    editor.nvim.command("set columns=16 lines=14")
    keys(editor, "g?")
    assert len(editor.lua(FLOATING)) > editor.lua(LIST)["height"]
    assert editor.lua(LIST)["height"] == 10


def test_a_list_of_keys_that_is_cut_says_so_and_fits_the_screen_again(editor: Editor) -> None:
    footer = """
        local config = vim.api.nvim_win_get_config(0)
        return config.relative ~= '' and { config.width, config.footer and config.footer[1][1] }
    """
    editor.setup({})
    fill(editor, "one")
    keys(editor, "g?")
    assert editor.lua(footer) == [72]
    editor.nvim.command("set columns=40 lines=20")
    assert editor.until(lambda: editor.lua(footer)[1:]) == [" j and k scroll "]
    assert editor.lua(footer)[0] == 36


@pytest.mark.parametrize("here", ["transcript", "draft"])
def test_the_chat_is_hidden_and_its_draft_stays(editor: Editor, here: str) -> None:
    editor.setup({})
    editor.nvim.command("edit notes.txt")
    fill(editor, "one")
    keys(editor, "ihalf a thought<Esc>" + ("<Tab>" if here == "transcript" else ""))
    keys(editor, "q")
    assert editor.windows() == 1
    assert editor.nvim.current.buffer.name.endswith("notes.txt")
    editor.lua("require('dingbridge.chat_window').open('s')")
    assert (editor.windows(), draft(editor)) == (3, ["half a thought"])


def test_the_last_window_of_neovim_stays_open(editor: Editor) -> None:
    editor.setup({})
    fill(editor, "one")
    assert editor.windows() == 2
    keys(editor, "q")
    assert (editor.windows(), part(editor)) == (1, "")
    assert not editor.nvim.current.window.options["winbar"]
    assert editor.nvim.current.window.options["conceallevel"] == 0


def test_hiding_a_chat_in_a_tab_of_its_own_closes_the_tab(editor: Editor) -> None:
    editor.setup({})
    editor.nvim.command("tabnew")
    fill(editor, "one")
    keys(editor, "q")
    assert len(editor.nvim.tabpages) == 1


def test_one_goes_from_message_to_message(editor: Editor) -> None:
    editor.setup({})
    fill(editor, "first\nof two lines", "second", "third", "fourth")
    editor.lua(GO_TO, "of two lines")
    keys(editor, "]]j")
    assert line(editor) == "second"
    keys(editor, "2]]j")
    assert line(editor) == "fourth"
    keys(editor, "]]")
    assert line(editor) == "fourth"
    keys(editor, "2[[j")
    assert line(editor) == "third"
    keys(editor, "k4[[j")
    assert line(editor) == "first"
    keys(editor, "v]]<Esc>")
    assert "张三" in line(editor)


def test_a_reply_quotes_the_message_and_goes_where_it_came_from(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "Which version?\n\nand\nwhen", "zhangsan")
    say(chat, sandbox, "Lunch?", "lisi", GROUP)
    until_bar(chat, f"Draft → {GROUP} (group)")
    chat.lua(GO_TO, "and")
    keys(chat, "gr")
    assert chat.lua("return vim.fn.mode()") == "i"
    keys(chat, "2.4, today<Esc>")
    until_bar(chat, "Draft → 张三 (1:1)")
    assert draft(chat) == [
        *("> **张三**:", "> Which version?", ">", "> and", "> when", "", "2.4, today"),
    ]
    keys(chat, "<C-s>")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.conversation_id == ZHANGSAN
    assert arrived.text.startswith("> **张三**:")


def test_a_reply_to_another_message_stands_below_what_was_written(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "Lunch?", "lisi", GROUP)
    say(chat, sandbox, "Which version?", "zhangsan")
    keys(chat, "i2.4<Esc>")
    chat.lua(GO_TO, "Lunch?")
    keys(chat, "gr")
    keys(chat, "yes<Esc>")
    assert draft(chat) == ["2.4", "", "> **李四**:", "> Lunch?", "", "yes"]
    until_bar(chat, f"Draft → {GROUP} (group)")
    keys(chat, "<C-s>")
    sandbox.client.wait_arrived(1)
    assert [one.conversation_id for one in sandbox.client.arrived()] == [TEAM]


def test_a_reply_that_moves_a_draft_says_so_and_undo_takes_it_back(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "Lunch?", "lisi", GROUP)
    say(chat, sandbox, "Which version?", "zhangsan")
    chat.lua(GO_TO, "Which version?")
    keys(chat, "gr")
    keys(chat, "2.4<Esc>")
    before = draft(chat)
    assert not [text for text in chat.said() if "draft" in text]
    chat.lua(GO_TO, "Lunch?")
    keys(chat, "gr")
    moved = chat.until_said(f"now goes to {GROUP} (group)")
    assert "the draft was for 张三 (1:1)" in moved
    until_bar(chat, f"Draft → {GROUP} (group)")
    keys(chat, "<Esc>u")
    until_bar(chat, "Draft → 张三 (1:1)")
    assert draft(chat) == before
    keys(chat, "<C-r>")
    until_bar(chat, f"Draft → {GROUP} (group)")


QUOTED = [
    ("one", ["one"]),
    ("> earlier\n>\n> still\n\nmine", ["mine"]),
    ("\n".join("abcdefgh"), [*"abcdef", "…"]),
    ("```lua\n1\n2\n3\n4\n5\n6\n```", ["```lua", *"12345", "```", "…"]),
    ("> only a quote", []),
    ("nul \0 inside\n", ["nul  inside"]),
    ("a" * 100_000, ["a" * 499 + "…"]),
]


@pytest.mark.parametrize(("text", "quoted"), QUOTED)
def test_a_quote_is_short_and_whole(editor: Editor, text: str, quoted: list[str]) -> None:
    fields = {"text": text, "role": "editor", "author": "you", "target_name": ""}
    lines = editor.lua("return require('dingbridge.reply').lines(...)", fields)
    assert lines == [f"> {row}" for row in quoted]


def test_a_name_is_no_markdown_in_a_quote(editor: Editor) -> None:
    fields = {"text": "x", "role": "dingtalk", "author": "a*b_[c](d)\n# e"}
    lines = editor.lua("return require('dingbridge.reply').lines(...)", fields)
    assert lines[0] == r"> **a\*b\_\[c\](d) \# e**:"


def test_a_code_block_is_yanked_without_its_fences(editor: Editor) -> None:
    editor.setup({})
    fill(editor, "look\n```lua\nlocal x = 1\n\nreturn x\n```\nand\n~~~\nother\n~~~", "no code")
    editor.lua(GO_TO, "return x")
    keys(editor, "gy")
    assert editor.lua("return vim.fn.getreg('\"')") == "local x = 1\n\nreturn x\n"
    editor.until_said("3 lines of code yanked")
    editor.lua(GO_TO, "other")
    keys(editor, '"agy')
    assert editor.lua("return { vim.fn.getreg('a'), vim.fn.getreg('\"') }") == ["other\n"] * 2
    editor.lua(GO_TO, "no code")
    keys(editor, "gy")
    editor.until_said("no code block is under the cursor")
    assert editor.lua("return vim.fn.getreg('\"')") == "other\n"


def test_the_conversation_is_chosen_by_a_key_in_both_windows(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi", GROUP)
    chat.lua(CHOOSE, "张三 (1:1)")
    keys(chat, "gt")
    until_bar(chat, "Draft → 张三 (1:1)")
    chat.lua(CHOOSE, f"{GROUP} (group)")
    keys(chat, "<Tab>gt")
    until_bar(chat, f"Draft → {GROUP} (group)")


def test_a_failed_message_is_sent_again_by_a_key(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    sandbox.client.fault(Fault.errcode("/robot/sendBySession*", 400101, "not today", None))
    sandbox.client.fault(Fault.http("/v1.0/*", 400, "not.today", None))
    keys(chat, "irefused<C-s><Esc>")
    chat.until(lambda: chat.transcript()[-1]["delivery"] == "failed")
    chat.lua(GO_TO, "first")
    keys(chat, "R")
    chat.until_said("this message has not failed")
    sandbox.client.clear_faults()
    chat.lua(GO_TO, "refused")
    keys(chat, "R")
    chat.until(lambda: chat.transcript()[-1]["delivery"] == "sent")
    assert until_arrived(chat, sandbox, "refused")


def test_a_key_goes_between_transcript_and_draft(editor: Editor) -> None:
    editor.setup({})
    fill(editor, "one")
    keys(editor, "<Tab>")
    assert part(editor) == "transcript"
    keys(editor, "<Tab>")
    assert part(editor) == "draft"
    editor.nvim.command("close")
    assert part(editor) == "transcript"
    keys(editor, "<Tab>")
    assert part(editor) == "draft"
    keys(editor, "ia<Tab>b<Esc>")
    assert draft(editor) == ["a\tb"]


@pytest.mark.parametrize("key", ["i", "a", "o", "I", "A", "O"])
def test_what_writes_in_a_buffer_writes_in_the_draft(editor: Editor, key: str) -> None:
    editor.setup({})
    fill(editor, "one")
    keys(editor, f"ione<Esc>0<Tab>{key}")
    keys(editor, " two<Esc>")
    assert draft(editor) == ["one two"]


def test_keys_without_a_message_say_so(editor: Editor) -> None:
    editor.setup({})
    fill(editor)
    keys(editor, "<Tab>")
    for key in ("gr", "R", "U"):
        editor.begin_anew()
        keys(editor, key)
        editor.until_said("no message stands on this line")


# --- earlier texts --------------------------------------------------------------------------------


@pytest.fixture
def written(editor: Editor) -> Editor:
    """An editor that is not bound, with a session in which texts were written."""
    editor.setup({})
    fill(editor, "first", "second\nline", "second\nline", "third", role="editor")
    return editor


def test_earlier_texts_come_back_into_an_empty_draft(written: Editor) -> None:
    keys(written, "i<Up>")
    assert draft(written) == ["third"]
    keys(written, "<Up>")
    assert draft(written) == ["second", "line"]
    keys(written, "<Up>")
    assert draft(written) == ["first"]
    keys(written, "<Up>")
    assert draft(written) == ["first"]
    keys(written, "<Down>")
    assert draft(written) == ["second", "line"]
    keys(written, "<Down>")
    assert draft(written) == ["third"]
    keys(written, "<Down>")
    assert draft(written) == [""]


def test_a_draft_is_not_replaced_by_an_earlier_text(written: Editor) -> None:
    keys(written, "imine<CR>two<Up>!<Esc>")
    assert draft(written) == ["min!e", "two"]
    keys(written, "gg<Up>")
    assert draft(written) == ["min!e", "two"]


def test_an_earlier_text_that_was_changed_is_a_draft_like_any_other(written: Editor) -> None:
    keys(written, "i<Up>, again<Up><Down><Esc>")
    assert draft(written) == ["third, again"]
    keys(written, "u")
    assert draft(written) != ["third, again"]


def test_the_keys_of_earlier_texts_can_be_left_out(editor: Editor) -> None:
    editor.setup({"keys": {"earlier_text": False, "later_text": "<C-n>"}})
    fill(editor, "first", role="editor")
    keys(editor, "i<Up><Esc>")
    assert draft(editor) == [""]


# --- the option -----------------------------------------------------------------------------------

MAPPED = "return vim.fn.maparg(..., 'n', false, true).desc"


def test_keys_are_chosen_in_the_settings_and_follow_them(editor: Editor) -> None:
    editor.setup({"keys": {"hide": "<leader>q", "reply": False}})
    fill(editor, "one")
    keys(editor, "<Tab>")
    assert editor.lua(MAPPED, "<leader>q") == "Hide the chat. The draft stays"
    assert editor.lua(MAPPED, "q") is None
    assert editor.lua(MAPPED, "gr") is None
    assert editor.lua(MAPPED, "<Plug>(dingbridge-reply)")
    editor.setup({})
    editor.lua("require('dingbridge.chat_window').open('s')")
    keys(editor, "<Tab>")
    assert editor.lua(MAPPED, "<leader>q") is None
    assert editor.lua(MAPPED, "q")


def test_a_key_of_another_name_is_told_with_the_nearest_one(editor: Editor) -> None:
    editor.setup({"keys": {"repply": "gr", "hide": 3}})
    editor.until_said("keys.repply: unknown option, did you mean reply?")
    assert "keys.hide: expected a key such as '<C-s>', or false, got a number" in "".join(
        editor.said()
    )


def test_the_mappings_of_the_user_win(editor: Editor) -> None:
    editor.setup({})
    editor.nvim.command("autocmd FileType dingbridge nmap <buffer> Q <Plug>(dingbridge-hide)")
    editor.nvim.command("autocmd FileType dingbridge nnoremap <buffer> q <Cmd>let g:mine = 1<CR>")
    fill(editor, "one")
    keys(editor, "<Tab>q")
    assert editor.lua("return vim.g.mine") == 1
    keys(editor, "Q")
    assert part(editor) == ""


def test_the_bar_names_the_key_that_answers(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    chat.setup({**api_options, "allow_from": ["*"], "keys": {"answer": "<F5>"}})
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ihello<Esc>")
    say(chat, sandbox, "second", "lisi")
    until_bar(chat, "李四 (1:1) wrote: <F5> goes there")
