"""Sessions: making, finding, saving, losing and restoring them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = [pytest.mark.environment, pytest.mark.shared_editor]


def write_transcript(editor: Editor, session: str, messages: int, rest: bytes = b"") -> None:
    """A transcript as an earlier Neovim left it."""
    folder = editor.data / "dingbridge" / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [
        {"session": {"id": session, "title": "Long ago", "created": 1.0, "version": 1}}
    ]
    rows += [
        {
            "message": {
                "id": f"m{number}",
                "role": "dingtalk",
                "author": "张三",
                "text": f"message {number} of **many**\n```lua\nlocal x = {number}\n```",
                "time": 1_700_000_000.0 + number,
            }
        }
        for number in range(messages)
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / f"{session}.jsonl").write_bytes(text.encode() + rest)


def on_disk(editor: Editor, session: str) -> str:
    """The session's transcript file."""
    path = editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    return path.read_text("utf-8") if path.exists() else ""


def current(editor: Editor) -> str:
    """The session the user is in."""
    return str(editor.lua("return require('dingbridge.state').current"))


def open_titles(editor: Editor) -> list[str]:
    """The first words of the bars above the windows of this tab page."""
    return [
        str(text)
        for text in editor.lua("""
            return vim.tbl_map(function(window)
              local bar = vim.wo[window].winbar
              if bar == '' then return '' end
              return vim.api.nvim_eval_statusline(bar, { winid = window, use_winbar = true }).str
            end, vim.api.nvim_tabpage_list_wins(0))
        """)
    ]


def new(editor: Editor, title: str) -> str:
    """`:Chat new {title}`; the new session's id."""
    before = current(editor)
    editor.chat(f"new {title}")
    return str(editor.until(lambda: current(editor) != before and current(editor)))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("next", "there is no session yet: :Chat new starts one"),
        ("prev", "there is no session yet: :Chat new starts one"),
        ("list", "there is no session yet: :Chat new starts one"),
        ("clear", "there is no session yet: :Chat starts one"),
        ("delete", "there is no session yet: :Chat starts one"),
        ("save x.jsonl", "there is no session yet: :Chat starts one"),
        ("send", "there is no session yet: :Chat starts one"),
        ("open nothing", "there is no session nothing: :Chat list shows all of them"),
        ("load nothing.jsonl", "cannot be read: No such file or directory"),
        ("load .", "cannot be read: it is a folder"),
        ("stop", "no answer is being worked on"),
        ("opne x", "unknown subcommand opne: did you mean open?"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    editor: Editor, command: str, words: str
) -> None:
    editor.setup({})
    editor.chat(command)
    editor.until_said(words)
    assert editor.sessions() == []
    assert editor.windows() == 1


KEPT = "kept here only: this session is not bound; :Chat bridge dingtalk binds it"


def test_a_session_that_is_not_bound_says_so_above_it_and_when_something_is_sent_out_of_sight(
    editor: Editor, webhook_options: dict[str, Any], sandbox: Sandbox
) -> None:
    editor.setup(webhook_options)
    new(editor, "mine")
    editor.until(lambda: any(bar.strip().endswith("not bound") for bar in open_titles(editor)))
    # The message has a mark.
    editor.type_draft("nobody reads this")
    editor.nvim.command("write")
    editor.until(editor.transcript)
    editor.nvim.command("tabnew")
    editor.lua("require('dingbridge').send('nor this')")
    editor.until_said(KEPT)
    editor.nvim.command("tabclose")
    assert [row["text"] for row in editor.transcript()] == ["nobody reads this", "nor this"]
    editor.chat("bridge dingtalk")
    editor.until(lambda: not any("not bound" in bar for bar in open_titles(editor)))
    editor.type_draft("somebody does")
    editor.nvim.command("write")
    assert [each.text for each in sandbox.client.wait_arrived(1)] == ["somebody does"]
    assert editor.said().count(KEPT) == 1


@pytest.mark.parametrize("options", [{}, {"responder": ["cat"]}])
def test_nothing_is_said_about_binding_where_it_is_not_missed(
    editor: Editor, webhook_options: dict[str, Any], options: dict[str, Any]
) -> None:
    editor.setup({**webhook_options, **options} if options else {})
    new(editor, "mine")
    editor.nvim.command("tabnew")
    editor.lua("require('dingbridge').send('for the session')")
    editor.until(lambda: len(editor.transcript()) == 1 + len(options))
    editor.chat("open nothing")
    editor.until_said("there is no session nothing")
    assert KEPT not in editor.said()


def test_sessions_are_made_listed_opened_stepped_through_and_deleted(editor: Editor) -> None:
    editor.setup({})
    first, second, third = new(editor, "one"), new(editor, "two"), new(editor, "three %#x")
    assert [row["title"] for row in editor.sessions()] == ["three %#x", "two", "one"]
    bars = editor.until(lambda: [bar for bar in open_titles(editor) if "three" in bar])
    assert bars[0].startswith("  three %#x")
    assert "not bound" not in bars[0]  # there is nothing to bind it to

    editor.type_draft("kept here")
    editor.chat(f"open {first}")
    editor.until(lambda: current(editor) == first)
    assert editor.nvim.current.buffer[:] == [""]
    editor.chat("next")
    editor.until(lambda: current(editor) == third)
    assert editor.nvim.current.buffer[:] == ["kept here"]
    editor.chat("prev")
    editor.until(lambda: current(editor) == first)
    editor.chat("prev")
    editor.until(lambda: current(editor) == second)
    assert editor.windows() == 2

    editor.lua("""
        vim.ui.select = function(items, how, done)
          Items = vim.tbl_map(how.format_item, items)
          done(items[1])
        end
    """)
    editor.chat("list")
    editor.until(lambda: current(editor) == third)
    listed = [item.rpartition(" ")[0].rstrip() for item in editor.lua("return Items")]
    assert listed == ["three %#x", "two", "one"]  # before the time

    editor.chat("delete")
    editor.until_said("was deleted; :Chat undo brings it back")
    assert [row["id"] for row in editor.sessions()] == [second, first]
    assert editor.chat_lines(third) == []
    trash = editor.data / "dingbridge" / "sessions" / "trash"
    editor.until(lambda: [path.name for path in trash.glob(f"{third}-*.jsonl")])
    editor.chat()
    editor.until(lambda: current(editor) in (first, second))


def test_what_lua_sends_after_the_current_session_was_deleted_goes_into_the_one_before(
    editor: Editor,
) -> None:
    editor.setup({})
    first, second = new(editor, "one"), new(editor, "two")
    assert current(editor) == second
    editor.chat("delete")
    editor.until(lambda: [row["id"] for row in editor.sessions()] == [first])
    assert current(editor) != second
    editor.lua("require('dingbridge').send('goes on')")
    editor.until(lambda: [row["text"] for row in editor.transcript(first)] == ["goes on"])


@pytest.mark.usefixtures("start_editor")
def test_clearing_empties_the_transcript_and_keeps_the_old_one_in_the_trash(
    editor: Editor,
) -> None:
    editor.setup({})
    session = new(editor, "one")
    editor.chat("send old words")
    editor.until(editor.transcript)
    editor.chat("clear")
    editor.until(lambda: not editor.transcript())
    assert editor.chat_lines(session) == [""]
    assert (
        editor.lua(
            "return vim.tbl_count(require('dingbridge.state').transcripts[...].by_id)", session
        )
        == 0
    )
    editor.chat("send new words")
    editor.until(editor.transcript)
    assert [line for line in editor.chat_lines(session) if "words" in line] == ["new words"]
    trash = editor.data / "dingbridge" / "sessions" / "trash"
    [kept] = editor.until(lambda: list(trash.glob("*.jsonl")))
    assert "old words" in kept.read_text()


def test_a_session_is_saved_to_a_file_and_loaded_from_it(editor: Editor, tmp_path: Path) -> None:
    editor.setup({})
    editor.execute("cd", tmp_path)
    (tmp_path / "notes.txt").write_text("not a transcript\n")
    (tmp_path / "taken.jsonl").write_text("precious")
    new(editor, "A title")
    editor.chat("send words 中文\n\twith `code`")
    editor.until(editor.transcript)

    editor.chat("save taken.jsonl")
    editor.until_said("exists already: choose another name, or remove it first")
    assert (tmp_path / "taken.jsonl").read_text() == "precious"
    editor.chat("save nowhere/x.jsonl")
    editor.until_said("cannot be written: No such file or directory")
    editor.chat("load notes.txt")
    editor.until_said("notes.txt is not a transcript: load a file that `:Chat save` wrote")
    editor.chat("load taken.jsonl")
    editor.until_said("taken.jsonl is not a transcript")
    assert len(editor.sessions()) == 1

    editor.chat("save my chat.jsonl")
    editor.until_said(f"saved as {tmp_path / 'my chat.jsonl'}")
    before = editor.transcript()
    editor.chat("load my chat.jsonl")
    editor.until(lambda: len(editor.sessions()) == 2)
    editor.until(lambda: current(editor) == editor.sessions()[0]["id"])
    assert editor.sessions()[0]["title"] == "A title"
    assert editor.until(editor.transcript) == before
    editor.chat("send more")
    editor.until(lambda: len(editor.transcript()) == 2)
    assert "more" not in (tmp_path / "my chat.jsonl").read_text()


def test_a_session_without_messages_is_loaded_as_it_was_saved(
    editor: Editor, tmp_path: Path
) -> None:
    editor.setup({})
    editor.execute("cd", tmp_path)
    new(editor, "Nothing yet")
    editor.chat("save empty.jsonl")
    editor.until_said("saved as")
    editor.chat("load empty.jsonl")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["Nothing yet"] * 2)


def test_a_session_is_saved_as_markdown_which_cannot_be_loaded(
    editor: Editor, tmp_path: Path
) -> None:
    editor.setup({})
    editor.execute("cd", tmp_path)
    (tmp_path / "taken.md").write_text("precious")
    new(editor, "发布 2.4")
    editor.chat("send see\n```lua\nlocal x = 1\n```")
    editor.until(editor.transcript)
    editor.chat("save taken.md")
    editor.until_said("exists already")
    assert (tmp_path / "taken.md").read_text() == "precious"
    editor.chat("save my chat.md")
    editor.until_said("saved as")
    title, heading, text = (tmp_path / "my chat.md").read_text().split("\n\n")
    assert title == "# 发布 2.4"
    assert heading.startswith("## You · 20")
    assert text == "see\n```lua\nlocal x = 1\n```\n"
    editor.chat("load my chat.md")
    editor.until_said("my chat.md is not a transcript")


def test_a_file_in_the_home_folder_may_be_named_with_a_tilde(
    start_editor: StartEditor, tmp_path: Path
) -> None:
    editor = start_editor(environ={"HOME": str(tmp_path)})
    editor.setup({})
    new(editor, "one")
    editor.chat("send words")
    editor.until(editor.transcript)
    editor.chat("save ~/saved.jsonl")
    editor.until_said(f"saved as {tmp_path / 'saved.jsonl'}")
    assert (tmp_path / "saved.jsonl").exists()


def completions(editor: Editor, line: str) -> list[str]:
    """What `<Tab>` offers after a command line."""
    return list(editor.lua("return vim.fn.getcompletion(..., 'cmdline')", line))


@pytest.mark.usefixtures("start_editor")
def test_commands_ids_platforms_and_files_are_completed(editor: Editor, tmp_path: Path) -> None:
    write_transcript(editor, "long-ago", 1)
    editor.setup({})
    editor.execute("cd", tmp_path)
    assert completions(editor, "Chat open ") == ["long-ago"]  # no host runs yet
    session = new(editor, "one")
    assert completions(editor, "Chat unb") == ["unbridge"]
    assert {"bridge", "send", "status"} < set(completions(editor, "DingTalk "))
    assert completions(editor, "'<,'>Chat se") == [
        "search",
        "send",
        "send-file",
        "send-image",
        "service",
        "setup",
    ]
    assert completions(editor, "Chat bridge ") == ["dingtalk"]
    assert set(completions(editor, "Chat open ")) == {session, "long-ago"}
    assert completions(editor, "Chat open x") == []
    assert completions(editor, "Chat open long-ago ") == []
    (tmp_path / "some-file.jsonl").write_text("")
    assert completions(editor, "Chat load some") == ["some-file.jsonl"]


def test_transcripts_are_there_after_a_restart(start_editor: StartEditor) -> None:
    before = start_editor()
    before.setup({})
    session = new(before, "kept")
    before.chat("send words 中文")
    before.until(before.transcript)
    expected = before.transcript()
    before.close()
    after = start_editor()
    after.setup({})
    after.chat()
    assert after.until(after.transcript) == expected
    assert current(after) == session
    assert after.sessions()[0]["title"] == "kept"
    assert "words 中文" in after.chat_lines(session)


@pytest.mark.usefixtures("start_editor")
def test_ten_thousand_messages_are_all_there_in_order_with_those_that_come_meanwhile(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    write_transcript(editor, "long", 10_000)
    editor.setup(api_options)
    editor.lua("""
        vim.api.nvim_create_autocmd('User', { pattern = 'DingbridgeConnected', callback = function()
          local push = require('dingbridge.updates')
          -- Sent while the transcript is being shown.
          for number = 1, 20 do require('dingbridge').send('meanwhile ' .. number) end
        end })
    """)
    editor.chat("open long")
    editor.chat("bridge dingtalk")
    for number in range(5):
        editor.chat(f"send typed {number}")
    editor.until(lambda: len(editor.transcript("long")) == 10_025)

    def headings() -> int:
        return int(
            editor.lua("""
                local buffer = require('dingbridge.buffers').get('long', 'transcript')
                local space = vim.api.nvim_get_namespaces().dingbridge
                return #vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, {})
            """)
        )

    editor.until(lambda: headings() == 10_025)
    lines = editor.chat_lines("long")
    shown = [line.split()[1] for line in lines if line.startswith("message ")]
    assert shown == [str(number) for number in range(10_000)]
    texts = [str(row["text"]) for row in editor.transcript("long")[10_000:]]
    late = [line for line in lines if line.startswith(("typed ", "meanwhile "))]
    assert late == texts
    assert [text for text in texts if text.startswith("typed")] == [f"typed {n}" for n in range(5)]
    assert editor.lua("""
        local window = vim.fn.bufwinid(require('dingbridge.buffers').get('long', 'transcript'))
        return vim.fn.line('.', window) == vim.fn.line('$', window)
    """)

    editor.lua(
        "vim.cmd.bwipeout({ require('dingbridge.buffers').get('long', 'transcript'), bang = true })"
    )
    editor.chat()
    editor.until(lambda: editor.chat_lines("long") and headings() == 10_025)
    assert editor.chat_lines("long") == lines


@pytest.mark.usefixtures("start_editor")
def test_a_damaged_line_is_passed_over_and_said_once(editor: Editor) -> None:
    torn = b'{"message":{"id":"x\xff\n[1,2]\n\x00\n{"message":{"id":"torn","role":"ding'
    write_transcript(editor, "long", 3, torn)
    editor.setup({})
    editor.chat("open long")
    editor.until_said("4 damaged lines of this transcript were passed over")
    editor.until(lambda: len(editor.transcript("long")) == 3)
    editor.chat("send after the torn line")
    editor.until(lambda: len(editor.transcript("long")) == 4)
    editor.chat("open long")
    editor.chat("status")
    editor.until_said("mode: off")
    assert len([text for text in editor.said() if "damaged lines" in text]) == 1


@pytest.mark.usefixtures("start_editor")
def test_line_breaks_in_names_and_titles_are_shown_as_spaces(editor: Editor) -> None:
    folder = editor.data / "dingbridge" / "sessions"
    folder.mkdir(parents=True)
    rows = [
        {"session": {"id": "odd", "title": "a\nb\x00\x1b[2J%#x", "created": 1.0}},
        {
            "message": {
                "id": "1",
                "role": "dingtalk",
                "author": "c\n### d\x00",
                "text": "e",
                "time": 1,
            }
        },
    ]
    (folder / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    editor.setup({})
    editor.chat("open odd")
    editor.until(editor.transcript)
    heading, *rest = editor.chat_lines("odd")
    assert heading.startswith("c ### d  ·")
    assert rest == ["e", ""]
    assert any(bar.startswith("  a b [2J%#x ") for bar in open_titles(editor))


def test_what_is_written_after_a_torn_line_is_not_lost(start_editor: StartEditor) -> None:
    before = start_editor()
    write_transcript(before, "long", 1, b'{"message":{"id":"torn","role":"ding')
    before.setup({})
    before.chat("open long")
    before.until(before.transcript)
    before.chat("send first after")
    before.until(lambda: len(before.transcript()) == 2)
    before.close()
    after = start_editor()
    after.setup({})
    after.chat("open long")
    after.until(after.transcript)
    assert [row["text"][:11] for row in after.transcript()] == ["message 0 o", "first after"]


@pytest.mark.usefixtures("start_editor")
def test_a_folder_among_the_transcripts_or_a_strange_name_stops_nothing(editor: Editor) -> None:
    write_transcript(editor, "long", 1)
    folder = editor.data / "dingbridge" / "sessions"
    (folder / "folder.jsonl").mkdir()
    (folder / "a strange [name].jsonl").write_text("x")
    editor.setup({})
    editor.chat("open long")
    editor.until(editor.transcript)
    # What cannot be read now may be a session on a disk that has trouble: it stays in the list.
    assert {row["id"] for row in editor.sessions()} == {"long", "folder"}


def test_a_killed_host_loses_nothing_and_doubles_nothing(bound: Editor, sandbox: Sandbox) -> None:
    session = bound.status()["session"]
    sandbox.client.say("before")
    bound.until(bound.transcript)
    sandbox.client.fault(Fault.hang("/robot/sendBySession*"))
    bound.listen()
    bound.chat("send under way")
    sandbox.client.wait_hanging(1)
    bound.until(lambda: "under way" in on_disk(bound, session))
    bound.until(lambda: bound.heard("DingbridgeQueued"))
    bound.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid('chat://*/draft'))")
    bound.type_draft("not taken")
    host = bound.host_pid()

    os.kill(host, signal.SIGSTOP)
    bound.nvim.command("write")
    assert bound.nvim.current.buffer[:] == [""]
    bound.type_draft("typed meanwhile")
    os.kill(host, signal.SIGKILL)

    bound.until_said("the next :Chat starts it again")
    assert bound.nvim.current.buffer[:] == ["not taken", "", "typed meanwhile"]
    assert not bound.status()["connected"]
    assert bound.transcript()[1]["delivery"] == "queued"
    assert "shows once dingbridge runs again" in bound.transcript()[1]["reason"]
    sandbox.client.release()

    bound.chat()
    bound.until_lua("require('dingbridge').status().connected")
    texts = ["before", "under way"]
    bound.until(lambda: [row["text"] for row in bound.transcript()] == texts)
    bound.until(lambda: bound.transcript()[1]["delivery"] == "sent")
    # The service went on: nothing is in doubt.
    assert bound.transcript()[1]["reason"] == ""
    assert [each.text for each in sandbox.client.arrived()] == ["under way"]
    lines = bound.chat_lines(session)
    assert [line for line in lines if line in texts] == texts
    sandbox.client.say("after")
    bound.until(lambda: len(bound.transcript()) == 3)
    assert [line for line in bound.chat_lines(session) if line in (*texts, "after")] == [
        *texts,
        "after",
    ]


@pytest.mark.skipif(os.name != "posix", reason="needs a host that stands still")
def test_drafts_that_a_killed_host_never_took_come_back_in_their_order(bound: Editor) -> None:
    host = bound.host_pid()
    os.kill(host, signal.SIGSTOP)
    for text in ("first", "second", "third"):
        bound.type_draft(text)
        bound.nvim.command("write")
    os.kill(host, signal.SIGKILL)
    bound.until_said("the next :Chat starts it again")
    assert bound.nvim.current.buffer[:] == ["first", "", "second", "", "third"]


def test_a_draft_sent_after_the_host_was_killed_is_shown_without_opening_again(
    editor: Editor,
) -> None:
    editor.setup({})
    session = new(editor, "one")
    editor.chat("send before")
    editor.until(lambda: "before" in on_disk(editor, session))
    editor.kill_host()
    editor.until_said("the host ended")
    editor.type_draft("after")
    editor.nvim.command("write")
    editor.until(lambda: [row["text"] for row in editor.transcript()] == ["before", "after"])
    assert [line for line in editor.chat_lines(session) if line in ("before", "after")] == [
        "before",
        "after",
    ]
    assert editor.nvim.current.buffer[:] == [""]


def test_a_draft_that_is_no_valid_text_is_sent_with_replacement_characters(
    editor: Editor, tmp_path: Path
) -> None:
    editor.setup({})
    editor.execute("cd", tmp_path)
    new(editor, "one")
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'a\\xff\\xfeb' })")
    editor.nvim.command("write")
    editor.until(editor.transcript)
    # As ASCII, because a report of lone surrogates could not be printed.
    assert ascii(editor.transcript()[0]["text"]) == ascii("a\ufffd\ufffdb")
    editor.chat("send still works")
    editor.until(lambda: len(editor.transcript()) == 2)
    editor.chat("save it.jsonl")
    editor.until_said("saved as")
