"""What comes with messages is a file and a line in the session, or the session says why not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.client import PICTURE
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.conftest import StartEditor
from tests.support.editor import Editor, texts

pytestmark = pytest.mark.shared_editor

DOWNLOAD = "/v1.0/robot/messageFiles/download"


def files(editor: Editor) -> list[Path]:
    folder = editor.home / "data/nvim/dingbridge/media"
    found = folder.iterdir() if folder.exists() else ()
    return sorted(path for path in found if path.is_file() and path.suffix != ".part")


def arrive(editor: Editor, count: int = 1) -> list[str]:
    return editor.until(lambda: texts(editor) if len(texts(editor)) == count else [])


def test_a_photo_is_a_file_and_a_line_in_the_session(bound: Editor, sandbox: Sandbox) -> None:
    bound.listen()
    sandbox.client.say_picture()
    [text] = arrive(bound)
    [path] = files(bound)
    assert path.read_bytes() == PICTURE
    assert text.startswith("![")
    assert str(path) in text
    [event] = bound.heard("DingbridgeReceived")
    assert event["files"] == str(path)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_files_voices_and_videos_arrive_as_well(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say_file("计划 plan.pdf", b"%PDF-1.7 a plan")
    [text] = arrive(bound)
    [path] = files(bound)
    assert path.read_bytes() == b"%PDF-1.7 a plan"
    assert path.name.endswith("plan.pdf")
    assert "plan.pdf" in text
    sandbox.client.say_voice(b"voice", "听得到吗")
    assert arrive(bound, 2)[-1].startswith("听得到吗")
    sandbox.client.say_video(b"video")
    arrive(bound, 3)
    assert len(files(bound)) == 3


MARKS = """
local space = vim.api.nvim_get_namespaces().dingbridge_links
local buffer = require('dingbridge.buffers').get((...), 'transcript')
local marks = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })
return vim.tbl_map(function(mark)
  local line = vim.api.nvim_buf_get_lines(buffer, mark[2], mark[2] + 1, false)[1]
  return { mark[4].virt_text[1][1], line:sub(mark[3] + 1, mark[3] + 3) }
end, vim.tbl_filter(function(mark) return mark[4].virt_text ~= nil end, marks))
"""


def test_a_mark_stands_before_what_was_received_and_the_text_stays_as_it_is(
    bound: Editor, sandbox: Sandbox
) -> None:
    session = bound.status()["session"]
    sandbox.client.say("[a link](https://example.com/dingbridge/media/x) and ![one](/etc/passwd)")
    sandbox.client.say_picture()
    sandbox.client.say_file("a [1] \\ plan.pdf", b"%PDF-1.7 a plan")
    sandbox.client.say_rich("before", b"\x89PNG one", "between", b"\x89PNG two", group=TEAM)
    arrived = arrive(bound, 4)
    # What comes from the group may stand above or below the rest: only a conversation has an order.
    wanted = sorted([["▣ ", "![p"], ["▤ ", "[a "], ["▣ ", "![p"], ["▣ ", "![p"]])
    bound.until(lambda: sorted(bound.lua(MARKS, session)) == wanted)
    assert not any("▤" in text or "▣" in text for text in arrived)
    bound.nvim.command("wincmd k | edit! | wincmd p")
    bound.until(lambda: sorted(bound.lua(MARKS, session)) == wanted)


def test_pictures_between_words_stay_in_their_places(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say_rich("before", b"\x89PNG one", "between", b"\x89PNG two", group=TEAM)
    [text] = arrive(bound)
    first, second = (str(path) for path in files(bound))
    places = [text.index(part) for part in ("before", first, "between", second)]
    assert places == sorted(places)


def test_the_responder_gets_the_paths(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    program = "import os; print(os.environ['DINGBRIDGE_FILES'])"
    editor.setup({**api_options, "responder": [sys.executable, "-c", program]})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say_file("notes.txt", b"notes")
    [answer] = sandbox.client.wait_arrived(1, timeout=10)
    [path] = files(editor)
    assert path.name in answer.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.http(DOWNLOAD, 404, "invalid.downloadCode"), "lost.txt"),
        (Fault.http("/files/*", 403, "expired"), "lost.txt"),
    ],
)
def test_what_cannot_be_fetched_is_told_and_the_next_message_comes(
    bound: Editor, sandbox: Sandbox, fault: Fault, words: str
) -> None:
    sandbox.client.fault(fault)
    sandbox.client.say_file("lost.txt", b"lost")
    sandbox.client.say("and this?")
    told, following = arrive(bound, 2)
    assert words in told
    assert following == "and this?"
    assert files(bound) == []


def test_what_is_too_large_is_not_kept(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "media": {"size": 1}})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say_file("large.bin", b"x" * 1_200_000)
    [text] = arrive(editor)
    assert "larger than 1 MB" in text
    assert files(editor) == []


def test_nothing_of_a_stranger_is_fetched(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say_picture(user="lisi")
    bound.until(lambda: bound.status()["asking"] == 1)
    assert sandbox.client.calls(DOWNLOAD) == []
    assert files(bound) == []


def test_a_host_killed_while_it_fetches_loses_nothing(
    bound: Editor, sandbox: Sandbox, start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    sandbox.client.fault(Fault.hang("/files/*"))
    sandbox.client.say_file("late.txt", b"late")
    sandbox.client.wait_hanging()
    bound.kill()
    sandbox.client.release()
    again = start_editor()
    again.setup(api_options)
    again.chat("status")
    again.until(lambda: again.status()["session"])
    again.chat(f"open {again.status()['session']}")
    [text] = arrive(again)
    assert "late.txt" in text
    assert [path.read_bytes() for path in files(again)] == [b"late"]
