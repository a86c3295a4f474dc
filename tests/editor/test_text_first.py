"""A message whose file takes long is shown at once, and the same entry has the file later."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor, bind
from tests.editor.test_media_received import DOWNLOAD, arrive, files
from tests.support.editor import Editor, texts
from tests.support.kills import Comeback, Kills

SLOW = Fault.hang("/files/*")
FETCHING = "fetching slow.txt …"


@pytest.fixture(params=["service", "all"])
def come_back(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """Kills something while a file is fetched."""
    kill: Comeback = getattr(Kills(start_editor), request.param)
    return kill


def begin(editor: Editor, options: dict[str, Any], **more: Any) -> str:
    """Bind a session that two people may write to, and return its id."""
    bind(editor, {**options, "allow_from": ["zhangsan", "lisi"], **more})
    return str(editor.status()["session"])


def be_slow(editor: Editor, sandbox: Sandbox, name: str = "slow.txt") -> None:
    """Somebody sends a file, and it does not come."""
    before = len(texts(editor))
    sandbox.client.fault(SLOW)
    sandbox.client.say_file(name, name.encode())
    assert f"fetching {name} …" in arrive(editor, before + 1)[-1]


def lines(editor: Editor, session: str) -> list[str]:
    """The lines of a session in its buffer."""
    return editor.chat_lines(session)


def drawn(text: str) -> str:
    """A text with a long link, as its line has it: the target is left out."""
    return re.sub(r"(\]\().*\)", r"\1…)", text)


def on_disk(editor: Editor, session: str) -> list[dict[str, Any]]:
    """The lines of a session's transcript, but the first."""
    path = editor.data / "dingbridge" / "sessions" / f"{session}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]]


def until_whole(editor: Editor, count: int = 1) -> list[str]:
    """The texts once there are so many and nothing is fetched any more."""
    editor.until(lambda: len(texts(editor)) >= count)
    editor.until(lambda: not any("fetching" in text for text in texts(editor)))
    found = texts(editor)
    assert len(found) == count
    return found


def test_the_text_is_shown_at_once_and_the_same_entry_has_the_file_later(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = begin(editor, api_options)
    editor.listen()
    be_slow(editor, sandbox)
    [before] = editor.transcript(session)
    assert before["text"] == FETCHING
    editor.until(lambda: FETCHING in lines(editor, session))
    sandbox.client.release()
    [text] = until_whole(editor)
    [after] = editor.transcript(session)
    [path] = files(editor)
    assert (after["id"], after["time"]) == (before["id"], before["time"])
    assert text == f"[slow.txt]({path})"
    assert lines(editor, session)[1] == drawn(text)
    [event] = editor.until(lambda: editor.heard("DingbridgeReceived"))
    assert (event["id"], event["files"], event["text"]) == (after["id"], str(path), text)


def test_what_comes_quickly_is_one_line_of_the_transcript(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = begin(editor, api_options)
    sandbox.client.say_picture()
    [text] = arrive(editor)
    assert text.startswith("![picture](")
    assert [list(line) for line in on_disk(editor, session)] == [["message"]]


def test_nothing_waits_for_a_file_and_all_keep_their_order(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = begin(editor, api_options)
    sandbox.client.fault(SLOW)
    sandbox.client.say_file("slow.txt", b"slow")
    sandbox.client.say_file("next.txt", b"next")
    sandbox.client.say("after it")
    sandbox.client.say("from another person", user="lisi")
    shown = arrive(editor, 4)
    own = [text for text in shown if text != "from another person"]
    assert own == [FETCHING, "fetching next.txt …", "after it"]
    # The second file of one person waits for the first: others have theirs meanwhile.
    sandbox.client.say_file("quick.txt", b"quick", user="lisi")
    editor.until(lambda: any("quick.txt](" in text for text in texts(editor)))
    assert len(sandbox.client.calls(DOWNLOAD)) == 2
    sandbox.client.release()
    until_whole(editor, 5)
    order = [text.partition("](")[0].strip("[") for text in texts(editor)]
    assert [text for text in order if text.startswith(("slow", "next", "after"))] == [
        "slow.txt",
        "next.txt",
        "after it",
    ]
    shown_lines = lines(editor, session)
    editor.nvim.command("wincmd k | edit! | wincmd p")
    editor.until(lambda: lines(editor, session) == shown_lines)


def test_a_file_that_never_comes_says_why_in_the_entry_that_is_shown(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = begin(editor, api_options)
    sandbox.client.fault(Fault.hang(DOWNLOAD))
    sandbox.client.say_rich("look:", b"\x89PNG", "well?")
    sandbox.client.say("later")
    assert "fetching picture …" in arrive(editor, 2)[0]
    sandbox.client.advance(7 * 86_400)
    sandbox.client.release()
    first, later = until_whole(editor, 2)
    assert later == "later"
    assert "look:" in first
    assert "[picture] (not fetched: " in first
    shown_lines = lines(editor, session)
    editor.nvim.command("wincmd k | edit! | wincmd p")
    editor.until(lambda: lines(editor, session) == shown_lines)


def test_a_long_message_is_completed_where_it_stands(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = begin(editor, api_options)
    sandbox.client.say("before")
    sandbox.client.fault(SLOW)
    words = "\n".join(f"line {number}" for number in range(6000))
    sandbox.client.say_rich(words, b"\x89PNG", "the end")
    sandbox.client.say("after")
    arrive(editor, 3)
    editor.until(lambda: "after" in lines(editor, session))
    assert any("fetching picture …" in line for line in lines(editor, session))
    sandbox.client.release()
    until_whole(editor, 3)
    editor.until(lambda: any("![picture](" in line for line in lines(editor, session)))
    shown_lines = lines(editor, session)
    assert [line for line in shown_lines if line.startswith("line ")][-1].startswith("line 5999")
    editor.nvim.command("wincmd k | edit! | wincmd p")
    editor.until(lambda: lines(editor, session) == shown_lines)


def test_all_that_shows_the_session_shows_the_file(
    editor: Editor,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
) -> None:
    session = begin(editor, api_options)
    be_slow(editor, sandbox)
    other = start_editor()
    other.setup(api_options)
    other.chat(f"open {session}")
    other.until(lambda: FETCHING in lines(other, session))
    sandbox.client.release()
    [text] = until_whole(editor)
    other.until(lambda: drawn(text) in lines(other, session))
    assert [row["text"] for row in other.transcript(session)] == [text]
    saved = tmp_path / "saved.jsonl"
    editor.chat(f"save {saved}")
    editor.until(saved.exists)
    editor.until(lambda: text in saved.read_text("utf-8"))
    assert "fetching" not in saved.read_text("utf-8")


# --- what answers ---------------------------------------------------------------------------------


def responder(tmp_path: Path) -> list[str]:
    """A program that notes what it was asked."""
    path = tmp_path / "answer.py"
    path.write_text(
        "import os, sys\n"
        f"with open({str(tmp_path / 'asked')!r}, 'a') as file:\n"
        "    words = sys.stdin.read(), os.environ.get('DINGBRIDGE_FILES', '')\n"
        "    print('|'.join(words), file=file)\n"
        "print('answer to', words[0].split('](')[0].strip('['))\n",
        "utf-8",
    )
    return [sys.executable, str(path)]


LUA = """
local options = ...
options.responder = function(message, reply)
  _G.asked = _G.asked or {}
  table.insert(_G.asked, { message.text, table.concat(message.files, ' ') })
  reply('answer to ' .. message.text:gsub('%].*', ''):gsub('%[', ''))
end
require('dingbridge').setup(options)
"""


@pytest.mark.parametrize("way", ["program", "function"])
def test_what_answers_is_asked_once_about_the_whole_message_and_in_order(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path, way: str
) -> None:
    if way == "program":
        begin(editor, api_options, responder=responder(tmp_path))
    else:
        begin(editor, api_options)
        editor.lua(LUA, {**api_options, "allow_from": ["zhangsan", "lisi"]})
        editor.until_lua("require('dingbridge.host_settings').is_configured()")
    be_slow(editor, sandbox)
    sandbox.client.say("second")
    sandbox.client.say("other", user="lisi")
    sandbox.client.wait_arrived(1)
    assert [each.text for each in sandbox.client.arrived()] == ["answer to other"]
    sandbox.client.release()
    sandbox.client.wait_arrived(3)
    said = [each.text for each in sandbox.client.arrived()]
    assert said == ["answer to other", "answer to slow.txt", "answer to second"]
    [path] = files(editor)
    if way == "program":
        asked = (tmp_path / "asked").read_text("utf-8").splitlines()
        assert asked == ["other|", f"[slow.txt]({path})|{path}", "second|"]
    else:
        assert editor.lua("return _G.asked") == [
            ["other", ""],
            [f"[slow.txt]({path})", str(path)],
            ["second", ""],
        ]


# --- kills ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [False, True])
def test_a_kill_while_a_file_is_fetched_loses_nothing_and_shows_nothing_twice(
    editor: Editor,
    come_back: Comeback,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
    answers: bool,
) -> None:
    more = {"responder": responder(tmp_path)} if answers else {}
    session = begin(editor, api_options, **more)
    be_slow(editor, sandbox)
    sandbox.client.say("second")
    arrive(editor, 2)
    [first, *_] = editor.transcript(session)
    after = come_back(editor, sandbox.client.release)
    if after is not editor:
        after.setup({**api_options, "allow_from": ["zhangsan", "lisi"], **more})
        after.chat(f"open {session}")
    after.until(lambda: [path.read_bytes() for path in files(after)] == [b"slow.txt"])
    [path] = files(after)
    whole = f"[slow.txt]({path})"
    after.until(lambda: whole in [row["text"] for row in after.transcript(session)])
    if answers:
        sandbox.client.wait_arrived(2)
        said = [each.text for each in sandbox.client.arrived()]
        assert said == ["answer to slow.txt", "answer to second"]
        asked = (tmp_path / "asked").read_text("utf-8").splitlines()
        assert asked == [f"{whole}|{path}", "second|"]
    rows = [row for row in after.transcript(session) if row["role"] == "dingtalk"]
    assert [row["text"] for row in rows] == [whole, "second"]
    assert rows[0]["id"] == first["id"]
    after.until(lambda: drawn(whole) in lines(after, session))
    assert FETCHING not in lines(after, session)
    messages = [line["message"] for line in on_disk(after, session) if "message" in line]
    assert [one["id"] for one in messages].count(first["id"]) == 1


def test_a_file_that_came_before_the_kill_is_not_fetched_again(
    editor: Editor, start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    session = begin(editor, api_options)
    be_slow(editor, sandbox)
    sandbox.client.release()
    until_whole(editor)
    editor.until(lambda: '"handed"' in (editor.data / "chat-dingtalk-inbox.jsonl").read_text())

    def forget_the_end() -> None:
        # The kill came before the text and the last word of the inbox were written.
        for path, word in (
            (editor.data / "chat-dingtalk-inbox.jsonl", '"handed"'),
            (editor.data / "dingbridge" / "sessions" / f"{session}.jsonl", '"fate"'),
        ):
            kept = [line for line in path.read_text("utf-8").splitlines() if word not in line]
            path.write_text("".join(f"{line}\n" for line in kept), "utf-8")

    calls = len(sandbox.client.calls(DOWNLOAD))
    after = Kills(start_editor).all(editor, forget_the_end)
    after.setup({**api_options, "allow_from": ["zhangsan", "lisi"]})
    after.chat(f"open {session}")
    after.until(lambda: [row for row in after.transcript(session) if "](" in row["text"]])
    assert len(after.transcript(session)) == 1
    assert len(sandbox.client.calls(DOWNLOAD)) == calls
