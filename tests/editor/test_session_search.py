"""`:Chat search`: messages of all sessions in the quickfix list."""

from __future__ import annotations

import pytest

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.search import MOST
from dingbridge.core.sessions.transcript import Entry, SessionInfo
from tests.conftest import StartEditor
from tests.support.editor import Editor

FAR = 4000
HITS = """
return vim.tbl_map(function(hit) return hit.module .. '|' .. hit.text end, vim.fn.getqflist())
"""
SHOWN = """
return vim.tbl_map(function(window)
  return vim.fn.bufname(vim.fn.winbufnr(window))
end, vim.api.nvim_list_wins())
"""

WAITS = """
local jump = require('dingbridge.state').jump
return jump and jump.session
"""
"""The session that waits until one of its messages can be shown."""
HOLD = """
local host = require('dingbridge.host')
local tell = host.tell
host.tell = function(name, payload)
  if name ~= 'earlier' then return tell(name, payload) end
  _G.release = function()
    host.tell = tell
    tell(name, payload)
  end
  return true
end
"""


def write(editor: Editor, session: str, title: str, *texts: str) -> None:
    """A session as an earlier Neovim left it; each message a minute after the one before."""
    folder = editor.data / "dingbridge" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    entries = [Entry(session=SessionInfo(session, title, 1.0))]
    entries += [
        Entry(message=Message(f"m+/{n}", Role.DINGTALK, "李四", text, 1_600_000_000.0 + 60 * n))
        for n, text in enumerate(texts)
    ]
    (folder / f"{session}.jsonl").write_bytes(b"".join(map(transcript.encode, entries)))


@pytest.fixture
def desk(start_editor: StartEditor) -> Editor:
    """An editor with a long session and a short one; neither is open."""
    editor = start_editor()
    filler = [f"message {number}\n" + "words\n" * 3 for number in range(FAR)]
    write(editor, "long", "Long ago", "first line\nwe Deploy on 周一", *filler)
    write(editor, "short", "发布", "nothing", "deploy 计划")
    editor.setup({})
    return editor


def search(editor: Editor, words: str) -> list[str]:
    editor.lua("vim.fn.setqflist({}, 'f')")
    editor.chat(f"search {words}")
    return list(editor.until(lambda: editor.lua(HITS)))


def line(editor: Editor) -> str:
    return str(editor.nvim.current.line)


def test_messages_of_all_sessions_are_listed_with_session_author_and_time(desk: Editor) -> None:
    hits = search(desk, "deploy")
    assert [hit.partition(" · ")[0] for hit in hits] == ["发布|李四", "Long ago|李四"]
    assert hits[0].endswith(": deploy 计划")
    assert hits[1].endswith(": we Deploy on 周一")
    assert "2020-09-13" in hits[1]
    assert desk.lua("return vim.fn.getqflist({ title = 0 }).title") == ":Chat search deploy"
    assert desk.nvim.current.buffer.options["buftype"] == "quickfix"
    assert search(desk, "周一") == hits[1:]
    assert search(desk, "Deploy") == hits[1:]
    desk.chat("search no such words")
    desk.until_said("no message has no such words")


def test_a_hit_opens_its_session_at_the_message_however_far_above(desk: Editor) -> None:
    desk.nvim.command("enew | file code.py")
    search(desk, "deploy")
    windows = desk.windows()
    desk.nvim.command("cc 2")
    desk.until(lambda: line(desk) == "we Deploy on 周一")
    assert desk.lua("return require('dingbridge.state').current") == "long"
    assert desk.windows() == windows + 2
    assert "code.py" in desk.lua(SHOWN)
    desk.nvim.command("cc 1")
    desk.until(lambda: line(desk) == "deploy 计划")
    desk.nvim.command("cc 2")
    desk.until(lambda: line(desk) == "we Deploy on 周一")
    desk.until(lambda: len(desk.transcript("long")) == FAR + 1)
    assert line(desk) == "we Deploy on 周一"
    assert not [name for name in desk.lua(SHOWN) if name.startswith("chat-message:")]


def test_a_hit_adds_no_window_where_there_are_only_a_chat_and_the_list(desk: Editor) -> None:
    desk.chat("open long")
    desk.until(lambda: desk.transcript("long"))
    search(desk, "计划")
    windows = desk.windows()
    desk.lua("vim.api.nvim_input('<CR>')")
    desk.until(lambda: line(desk) == "deploy 计划")
    desk.until(lambda: desk.windows() == windows)
    lists = "return #vim.tbl_filter(function(w) return w.quickfix == 1 end, vim.fn.getwininfo())"
    assert desk.lua(lists) == 1


def test_more_than_can_be_shown_are_counted(desk: Editor) -> None:
    hits = search(desk, "message words")
    assert len(hits) == MOST
    desk.until_said(f"{FAR} messages were found; these are the latest {MOST}")


def test_a_session_that_was_deleted_meanwhile_is_named(desk: Editor) -> None:
    search(desk, "计划")
    desk.chat("open short")
    desk.until(lambda: desk.transcript("short"))
    desk.chat("delete")
    desk.until_said("was deleted")
    desk.nvim.command("cc 1")
    desk.until_said("there is no session short")
    assert desk.lua(WAITS) is None


@pytest.mark.parametrize("leaving", ["close", "open"])
def test_a_message_that_is_not_shown_yet_is_forgotten_once_the_user_leaves_its_session(
    desk: Editor, leaving: str
) -> None:
    desk.lua(HOLD)
    search(desk, "deploy")
    desk.nvim.command("cc 2")
    desk.until_lua("_G.release ~= nil")
    assert desk.lua(WAITS) == "long"
    if leaving == "close":
        desk.lua("require('dingbridge.chat_focus').hide('long')")
    else:
        desk.chat("open short")
        desk.until_lua("require('dingbridge.state').current == 'short'")
    desk.lua("_G.release()")
    desk.until(lambda: len(desk.transcript("long")) == FAR + 1)
    assert desk.lua(WAITS) is None


def test_a_message_of_a_session_that_is_deleted_before_it_opens_is_forgotten(desk: Editor) -> None:
    desk.lua("""
        require('dingbridge.state').jump = { session = 'gone', message = 'm', search = {} }
        require('dingbridge.updates').apply({ { kind = 'closed', id = 'gone' } })
    """)
    assert desk.lua(WAITS) is None
