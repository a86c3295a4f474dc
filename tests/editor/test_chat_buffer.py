"""The chat on the screen: what arrives never touches what the user is doing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.editor import Editor

pytestmark = [pytest.mark.environment, pytest.mark.shared_editor]

USERS_OWN = """
local draft = require('dingbridge.buffers').get(require('dingbridge.state').current, 'draft')
local state = {
  mode = vim.api.nvim_get_mode().mode,
  window = vim.api.nvim_get_current_win(),
  draft = vim.api.nvim_buf_get_lines(draft, 0, -1, false),
  tick = vim.api.nvim_buf_get_changedtick(draft),
  undo = vim.fn.undotree(draft),
  marks = vim.fn.getmarklist(draft),
  registers = {},
  views = {},
}
for name in ('"0123456789abc-.:/'):gmatch('.') do
  state.registers[name] = vim.fn.getreginfo(name)
end
-- In normal mode the current window follows from its last line.
local is_at_end = state.mode == 'n' and vim.fn.line('.') == vim.fn.line('$')
state.visual = not is_at_end and vim.fn.getpos('v') or nil
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local follows = vim.w[window].follows and (window ~= state.window or is_at_end)
  local is_notice = vim.api.nvim_win_get_config(window).relative ~= ''
  if not follows and not is_notice then
    state.views[window] = vim.api.nvim_win_call(window, vim.fn.winsaveview)
  end
end
return vim.inspect(state)
"""

PLACES = {
    "typing in the draft": "A and more",
    "selecting in the draft": "ggVj",
    "reading in the transcript": "<C-w>kgg",
    "selecting in the transcript": "<C-w>kggvj",
    "at the end of the transcript": "<C-w>kG",
    "selecting up to the end of the transcript": "<C-w>kGkkvG",
    "in a code file": "<C-w>l<C-w>l50Gzt3l",
}


@pytest.mark.parametrize("keys", PLACES.values(), ids=PLACES.keys())
def test_fifty_messages_leave_the_user_alone(bound: Editor, sandbox: Sandbox, keys: str) -> None:
    for number in range(20):
        sandbox.client.say(f"earlier {number}\n\nwords")
    bound.until(lambda: len(bound.transcript()) == 20)
    nvim = bound.nvim
    bound.lua("""
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
          vim.w[window].follows = vim.startswith(name, 'chat://') and not name:find('/draft')
        end
        vim.cmd('botright vnew')
        local code = vim.fn.map(vim.fn.range(200), '"code " .. v:val')
        vim.api.nvim_buf_set_lines(0, 0, -1, false, code)
        vim.cmd('wincmd p')
    """)
    draft = bound.lua("return vim.fn.bufwinid('chat://*/draft')")
    bound.lua("vim.api.nvim_set_current_win(...)", draft)
    nvim.feedkeys('ione\x1botwo\x1bothree\x1bma"ayykmb', "tx")
    nvim.input(keys + "<Cmd>let g:typed = 1<CR>")
    bound.until_lua("vim.g.typed")
    bound.lua("vim.cmd.redraw()")
    before = bound.lua(USERS_OWN)

    for number in range(50):
        sandbox.client.say(f"arrives {number}\n```\nnever closed")

    bound.until(lambda: len(bound.transcript()) == 70)
    session = bound.status()["session"]
    bound.until(lambda: any("arrives 49" in line for line in bound.chat_lines(session)))
    assert bound.lua(USERS_OWN).split("\n") == before.split("\n")

    nvim.input("<Esc>")
    bound.until(lambda: nvim.api.get_mode()["mode"] == "n")
    bound.lua("vim.api.nvim_set_current_win(...)", draft)
    text = nvim.current.buffer[:]
    nvim.feedkeys("uu", "tx")
    undone = nvim.current.buffer[:]
    assert undone[0].startswith("one")
    assert len(undone) < len(text)
    nvim.feedkeys("\x12\x12", "tx")
    assert nvim.current.buffer[:] == text


def test_a_window_at_the_end_follows_what_arrives_and_one_that_reads_above_stays(
    bound: Editor, sandbox: Sandbox
) -> None:
    rows = """
        local window = vim.fn.bufwinid(require('dingbridge.buffers').get(..., 'transcript'))
        return { vim.fn.line('.', window), vim.fn.line('$', window), vim.fn.line('w0', window) }
    """
    session = bound.status()["session"]
    for number in range(30):
        sandbox.client.say(f"line {number}")
    bound.until(lambda: bound.lua(rows, session)[1] == 30 * 3)
    cursor, last, top = bound.lua(rows, session)
    assert cursor == last
    assert top > 30

    bound.nvim.input("<C-w>kgg<C-w>j")
    bound.until(lambda: bound.lua(rows, session)[0] == 1)
    sandbox.client.say("one more")
    bound.until(lambda: bound.lua(rows, session)[1] == 31 * 3)
    assert bound.lua(rows, session) == [1, 31 * 3, 1]


@pytest.mark.parametrize(
    "keys", ["ihello there<C-s>", "ihello there<Esc><C-s>", "ihello there<Esc>:w<CR>"]
)
def test_undo_after_sending_brings_the_draft_back(editor: Editor, keys: str) -> None:
    editor.setup({})
    editor.chat()
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    editor.nvim.input(keys)
    editor.until(lambda: len(editor.transcript()) == 1)
    assert editor.nvim.current.buffer[:] == [""]
    editor.nvim.input("<Esc>u")
    editor.until(lambda: editor.nvim.current.buffer[:] == ["hello there"])


def test_a_send_key_that_is_empty_is_told_and_the_usual_one_stays(editor: Editor) -> None:
    editor.setup({"send_key": " "})
    editor.until_said("send_key: is empty")
    editor.chat("new Here")
    editor.until(lambda: editor.lua("return vim.fn.maparg('<C-s>', 'n') ~= ''"))


def test_the_key_that_sends_is_an_option_and_follows_setup(editor: Editor) -> None:
    editor.setup({"send_key": False})
    editor.chat()
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    assert editor.lua("return vim.fn.maparg('<C-s>', 'n')") == ""
    editor.setup({"send_key": "<C-g>"})
    editor.chat()
    editor.until_lua("vim.fn.maparg('<C-g>', 'n') ~= ''")
    editor.nvim.input("iwords<C-g>")
    editor.until(lambda: [row["text"] for row in editor.transcript()] == ["words"])
    editor.setup({})
    editor.chat()
    editor.until_lua("vim.fn.maparg('<C-s>', 'n') ~= ''")
    assert editor.lua("return vim.fn.maparg('<C-g>', 'n')") == ""


def test_an_empty_draft_is_not_sent(editor: Editor) -> None:
    editor.setup({})
    editor.chat()
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    editor.type_draft("  \n\t")
    editor.chat("send")
    editor.until_said("the draft is empty")
    editor.nvim.command("write")
    editor.chat("status")
    editor.until_said("mode: off")
    assert editor.transcript() == []


def test_only_the_draft_itself_is_sent_never_by_saving_everything(
    editor: Editor, tmp_path: Path
) -> None:
    editor.setup({})
    editor.chat()
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    editor.nvim.input("ihalf a thou<Esc>")
    editor.until(lambda: editor.nvim.current.buffer[:] == ["half a thou"])
    editor.until_lua("not vim.bo.modified")
    editor.nvim.command("wall")
    copy = tmp_path / "copy.md"
    editor.execute("write", copy)
    assert copy.read_text() == "half a thou\n"
    editor.chat("status")
    editor.until_said("mode: off")
    assert editor.transcript() == []
    assert "E37" in editor.lua("return select(2, pcall(vim.cmd, 'qa'))")


def test_words_of_a_command_are_sent_as_they_are_typed(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say("hello")
    bound.until(bound.transcript)
    bound.chat(r'send some  text "verbatim" \n % # <cword> | echo')
    [arrived] = sandbox.client.wait_arrived(1)
    [row] = bound.transcript()[1:]
    assert row["text"] == r'some  text "verbatim" \n % # <cword> | echo'
    # In Markdown a tag would vanish, so it goes out as text.
    assert arrived.text == r'some  text "verbatim" \n % # &lt;cword> | echo'


@pytest.mark.parametrize(
    ("command", "words", "first", "last"),
    [
        ("3,5Chat send look at this", "look at this\n\n", 3, 5),
        ("%Chat send", "", 1, 6),
        ("2Chat send", "", 2, 2),
    ],
)
def test_the_first_command_of_all_sends_a_range_as_a_block(
    editor: Editor, tmp_path: Path, command: str, words: str, first: int, last: int
) -> None:
    folder = tmp_path / "project" / "src"
    folder.mkdir(parents=True)
    code = [f"local line_{number} = ']]' -- 中文" for number in range(1, 7)]
    (folder / "thing.lua").write_text("\n".join(code) + "\n", "utf-8")
    editor.setup({})
    editor.execute("cd", tmp_path / "project")
    editor.nvim.command("edit src/thing.lua")
    editor.nvim.command("set filetype=lua")
    editor.nvim.command(command)
    editor.until(lambda: editor.sessions() and editor.transcript(editor.sessions()[0]["id"]))
    text = editor.transcript(editor.sessions()[0]["id"])[0]["text"]
    shown = f"{first}-{last}" if first != last else f"{first}"
    code_sent = "\n".join(code[first - 1 : last])
    assert text == f"{words}`src/thing.lua:{shown}`\n```lua\n{code_sent}\n```"
    assert editor.nvim.current.buffer[:] == code


@pytest.mark.parametrize("where", ["elsewhere", "by a link in the project"])
def test_of_a_file_outside_the_project_only_the_name_is_sent(
    editor: Editor, tmp_path: Path, where: str
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "private").mkdir()
    file = tmp_path / "private" / "notes.txt"
    file.write_text("one\ntwo\nthree\n", "utf-8")
    if where != "elsewhere":
        (tmp_path / "project" / "inside").symlink_to(tmp_path / "private")
        file = tmp_path / "project" / "inside" / "notes.txt"
    editor.setup({})
    editor.execute("cd", tmp_path / "project")
    editor.execute("edit", file)
    editor.nvim.command("1,3Chat send")
    shown = "return require('dingbridge').transcript()"
    editor.until(lambda: editor.lua(shown))
    assert editor.lua(shown)[0]["text"] == "`notes.txt:1-3`\n```text\none\ntwo\nthree\n```"


def test_the_first_send_of_all_without_a_range_sends_its_words_only(editor: Editor) -> None:
    editor.setup({})
    editor.nvim.current.buffer[:] = ["not this"]
    editor.chat("send just words")
    editor.until(lambda: editor.sessions() and editor.transcript(editor.sessions()[0]["id"]))
    assert editor.transcript(editor.sessions()[0]["id"])[0]["text"] == "just words"


def test_a_selection_is_sent_from_visual_mode(editor: Editor) -> None:
    editor.setup({})
    editor.nvim.current.buffer[:] = ["a", "b", "c"]
    editor.nvim.input("ggjVj:Chat send<CR>")
    editor.until(lambda: editor.sessions() and editor.transcript(editor.sessions()[0]["id"]))
    text = editor.transcript(editor.sessions()[0]["id"])[0]["text"]
    assert "b\nc" in text
    assert "a" not in text.replace("```", "")


FATE = """
local session, id = ...
local view = require('dingbridge.buffers').get(session, 'transcript')
local shown = {}
local space = vim.api.nvim_get_namespaces().dingbridge
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(view, space, 0, -1, { details = true })) do
  local line = vim.api.nvim_buf_get_lines(view, mark[2], mark[2] + 3, false)
  local words = ''
  for _, piece in ipairs(mark[4].virt_text or {}) do words = words .. piece[1] end
  for _, row in ipairs(mark[4].virt_lines or {}) do words = words .. '|' .. row[1][1] end
  shown[#shown + 1] = { vim.trim(words), line[1]:match('^(.-) ·') or line[1], line[2] }
end
return shown
"""


def test_the_fate_of_a_message_stands_at_the_message(bound: Editor, sandbox: Sandbox) -> None:
    session = bound.status()["session"]

    def shown() -> list[list[str]]:
        return [list(row) for row in bound.lua(FATE, session)]

    sandbox.client.say("first")
    bound.until(bound.transcript)
    sandbox.client.fault(Fault.hang("/robot/sendBySession*"))
    bound.chat("send " + "x" * 19_000 + " tail")
    sandbox.client.wait_hanging(1)
    bound.chat("send waits")
    bound.until(lambda: len(bound.transcript()) == 3)
    sandbox.client.say("in between")
    bound.until(lambda: len(shown()) == 4)
    bound.until(lambda: shown()[1][0] == "… sending 0/2")
    assert shown()[2][0::2] == ["… queued", "waits"]
    assert shown()[3] == ["", "张三", "in between"]

    sandbox.client.release()
    bound.until(lambda: [row[0] for row in shown()] == ["", "✓ sent", "✓ sent", ""])

    sandbox.client.fault(Fault.errcode("/robot/sendBySession*", 400101, "not today", None))
    sandbox.client.fault(Fault.http("/v1.0/*", 400, "not.today", None))
    bound.chat("send refused")
    bound.until(lambda: len(bound.transcript()) == 5)
    sandbox.client.say("after it")
    bound.until(lambda: len(shown()) == 6 and shown()[4][0].startswith("✗ failed |"))
    assert shown()[4][2] == "refused"
    assert shown()[5] == ["", "张三", "after it"]
    assert bound.transcript()[4]["reason"][:10] in shown()[4][0]


HOSTILE = [
    "]] vim.g.owned = 1 --[[",
    "%! %{execute('let g:owned = 1')} %#Error# %=",
    "vim: set ft=lua foldmethod=expr foldexpr=execute('let\\ g:owned=1'):",
    "<C-r>=execute('let g:owned = 1')<CR>\x1b:let g:owned=1\r",
    "\x1b[2J\x1b]0;title\x07 \x9b31m red",
    "nul \x00 in the middle",
    "'); require('os').execute('touch owned') --",
    "` | !touch owned | `$(touch owned)` ; touch owned",
    "\u202eevil\u202c \u2028 line \r\n second",
]


def test_hostile_text_is_shown_and_never_run(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    editor.setup({**api_options, "allow_from": ["*"]})
    editor.execute("cd", tmp_path)
    editor.chat("new %{execute('let g:owned = 1')} ]] title")
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    for text in HOSTILE:
        sandbox.client.say(text, extra={"senderNick": f"名\n### not a heading\x1b[0m {text[:20]}"})
    editor.until(lambda: len(editor.transcript()) == len(HOSTILE))
    editor.lua("vim.cmd.redraw({ bang = true })")
    session = editor.status()["session"]
    lines = editor.chat_lines(session)
    assert any("]] vim.g.owned = 1 --[[" in line for line in lines)
    assert len(editor.headings(session)) == len(HOSTILE)
    assert not any("\x1b" in line or "\x00" in line for line in lines)
    assert editor.lua("return vim.g.owned") is None
    assert not (tmp_path / "owned").exists()
    bar = editor.lua(
        "return vim.api.nvim_eval_statusline(require('dingbridge.chat_window').bar(), {}).str"
    )
    assert "→ 名 ### not a heading" in bar
    assert editor.lua("return vim.g.owned") is None


@pytest.mark.parametrize(
    "text", ["长" * 350_000, "line\n" * 100_000], ids=["one line", "many lines"]
)
def test_a_megabyte_in_one_message_is_shown_whole(editor: Editor, text: str) -> None:
    editor.setup({})
    editor.chat()
    editor.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")
    session = editor.lua("return require('dingbridge.state').current")
    editor.lua("require('dingbridge').send(...)", text)
    editor.until(lambda: len(editor.transcript()) == 1)

    def shown() -> str:
        lines = editor.chat_lines(session)
        return ("\n" if "\n" in text else "").join(lines[1:]).strip()

    # It comes in pieces.
    editor.until(lambda: len(shown()) >= len(text.strip()))
    assert shown() == text.strip()
    lines = editor.chat_lines(session)
    assert max(len(line.encode()) for line in lines) <= 2003


def test_an_autocommand_of_the_user_that_fails_keeps_nothing_away(
    bound: Editor, sandbox: Sandbox
) -> None:
    bound.lua("""
        vim.api.nvim_create_autocmd('User', {
          pattern = 'DingbridgeReceived',
          callback = function(args) vim.g.seen = args.data.text; error('mine') end,
        })
    """)
    sandbox.client.say("one")
    sandbox.client.say("two")
    bound.until(lambda: [row["text"] for row in bound.transcript()] == ["one", "two"])
    bound.until_lua("vim.g.seen == 'two'")
    assert bound.status()["connected"]


TRANSCRIPT_KEYS = """
local view = require('dingbridge.buffers').get((...), 'transcript')
local keys = vim.tbl_map(function(key) return key.lhs end, vim.api.nvim_buf_get_keymap(view, 'n'))
table.sort(keys)
return { vim.bo[view].modifiable, unpack(keys) }
"""
"""Whether a transcript can be changed, and its keys."""


@pytest.mark.parametrize(
    "command",
    [
        "execute 'bdelete!' {transcript}",
        "execute 'bwipeout!' {transcript}",
        "execute 'bwipeout!' {draft}",
        "execute 'bdelete!' {draft}",
        "wincmd k | edit!",
        "only | enew",
    ],
)
def test_a_chat_that_was_closed_in_whatever_way_opens_again_whole(
    bound: Editor, sandbox: Sandbox, command: str
) -> None:
    session = bound.status()["session"]
    sandbox.client.say("one")
    bound.until(bound.transcript)

    def keys() -> list[object]:
        return list(bound.lua(TRANSCRIPT_KEYS, session))

    keys_before = keys()
    assert keys_before[0] is False
    parts = {
        part: f"luaeval(\"require('dingbridge.buffers').get('{session}', '{part}')\")"
        for part in ("transcript", "draft")
    }
    bound.nvim.command(command.format(**parts))
    sandbox.client.say("two")
    bound.until(lambda: len(bound.transcript()) == 2)
    bound.chat()
    bound.until_lua("vim.api.nvim_buf_get_name(0):find('/draft')")

    def shown() -> list[str]:
        return [line for line in bound.chat_lines(session) if line in ("one", "two")]

    bound.until(lambda: shown() == ["one", "two"])
    assert bound.windows() == 2
    assert keys() == keys_before
    bound.type_draft("answer")
    bound.nvim.command("write")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "answer"


def test_no_command_waits_for_a_key(bound: Editor, sandbox: Sandbox) -> None:
    bound.nvim.ui_attach(80, 24)
    bound.nvim.command("set columns=80 lines=24")
    sandbox.client.fault(Fault.http("/v1.0/*", 400, "not.today", None))
    for command in ("status", "new a", "bridge dingtalk", "unbridge", "delete", "nonsense"):
        bound.chat(command)
    bound.until_said("unknown subcommand nonsense")
    assert not bound.nvim.api.get_mode()["blocking"]


def test_only_the_message_with_an_open_code_block_is_coloured_as_code(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("```lua\nlocal x = 1")
    sandbox.client.say("plain **bold** words")
    bound.until(lambda: len(bound.transcript()) == 2)
    session = bound.status()["session"]
    colours = """
        local session, words = ...
        local view = require('dingbridge.buffers').get(session, 'transcript')
        vim.cmd.redraw()
        vim.wait(20)
        local row = vim.fn.index(vim.api.nvim_buf_get_lines(view, 0, -1, false), words)
        local space = vim.api.nvim_get_namespaces().dingbridge_markdown
        local here = { overlap = true, details = true }
        local marks = vim.api.nvim_buf_get_extmarks(view, space, { row, 0 }, { row, -1 }, here)
        return vim.tbl_map(function(mark) return mark[4].hl_group end, marks)
    """
    bound.nvim.command("wincmd k | edit! | wincmd p")  # now both are coloured at once
    in_code = bound.until(lambda: bound.lua(colours, session, "local x = 1"))
    assert {"@keyword.lua", "DingbridgeCode"} <= set(in_code)
    outside = bound.until(lambda: bound.lua(colours, session, "plain **bold** words"))
    assert "@markup.strong.markdown_inline" in outside
    assert "DingbridgeCode" not in outside
