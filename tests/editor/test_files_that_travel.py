"""The user's files travel as bytes, which the editor's side reads and writes."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
import time
import zipfile
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support import services
from tests.support.editor import DEADLINE, ROOT, Editor
from tests.support.processes import until

MEGABYTE = 1024 * 1024
PDF = b"%PDF-1.7 " + bytes(range(256)) * 300


def converse(editor: Editor, sandbox: Sandbox, options: dict[str, Any]) -> str:
    """Bind a session to which 张三 has spoken in a 1:1 chat; its id."""
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello")
    editor.until(lambda: len(editor.transcript()) == 1)
    return str(editor.status()["session"])


@pytest.fixture
def talking(editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]) -> Editor:
    converse(editor, sandbox, api_options)
    return editor


def huge(folder: Path, size: int = 40 * MEGABYTE) -> Path:
    """A file that travels for a while, and is nothing as a zip."""
    path = folder / "huge.log"
    with path.open("wb") as file:
        file.truncate(size)
    return path


def kept(editor: Editor) -> list[str]:
    folder = editor.data / "dingbridge" / "media" / "outgoing"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def until_half_way(editor: Editor) -> None:
    """Wait until a part of a file is here. The editor is not asked: it might go on meanwhile."""
    end, pause = time.monotonic() + DEADLINE, threading.Event()
    while not any(name.endswith(".part") for name in kept(editor)):
        assert time.monotonic() < end
        pause.wait(0.001)


def names(sandbox: Sandbox) -> list[str]:
    """What has arrived: texts, and the names of files."""
    return [
        json.loads(each.body.get("msgParam", "{}")).get("fileName") or each.text
        for each in sandbox.client.arrived()
    ]


def told(editor: Editor, event: str) -> list[str]:
    """The ids of the messages that an event was about."""
    return [one["id"] for one in editor.heard(event)]


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="a path that has two meanings")
def test_the_editors_side_opens_what_is_sent_and_loaded_and_the_service_does_not(
    talking: Editor, sandbox: Sandbox
) -> None:
    # The folder that the host is in; the service is in another one.
    own = f"/proc/self/cwd/{(ROOT / 'LICENSE').name}"
    talking.chat(f"send-file {own}")
    sandbox.client.wait_arrived(1)
    assert names(sandbox) == ["LICENSE.zip"]
    talking.chat(f"load {own}")
    talking.until_said(f"{own} is not a transcript")


def test_a_file_that_is_deleted_while_it_travels_arrives_whole(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = huge(tmp_path)
    talking.chat(f"send-file {path}")
    until_half_way(talking)
    path.unlink()
    [arrived] = sandbox.client.wait_arrived(1, timeout=30)
    data = sandbox.client.media(json.loads(arrived.body["msgParam"])["mediaId"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.getinfo("huge.log").file_size == 40 * MEGABYTE


def test_a_file_that_is_handed_over_again_is_not_sent_twice_nor_told_as_failed(
    talking: Editor,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
) -> None:
    ask = (
        "local session, file = ... require('dingbridge.host').tell('send', "
        "{ id = 'f1', text = '', session = session, file = file })"
    )
    session, path = talking.status()["session"], tmp_path / "a.pdf"
    path.write_bytes(PDF)
    talking.lua(ask, session, str(path))
    sandbox.client.wait_arrived(1)
    talking.until(lambda: talking.transcript()[-1]["delivery"] == "sent")
    path.unlink()
    other = start_editor()
    other.setup(api_options)
    other.chat(f"open {session}")
    other.until(lambda: len(other.transcript(session)) == 2)
    for count, editor in enumerate((talking, other), 2):
        editor.lua(ask, session, str(path))
        editor.lua("require('dingbridge').send('after', { session = ... })", session)
        sandbox.client.wait_arrived(count)
        assert not [text for text in editor.said() if "not sent" in text]
    assert names(sandbox) == ["a.pdf", "after", "after"]
    other.until(lambda: [row["delivery"] for row in other.transcript(session)[1:]] == ["sent"] * 3)


def test_a_text_whose_file_still_travels_is_told_of_once_when_the_service_is_killed(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = huge(tmp_path, 150 * MEGABYTE)
    talking.listen()
    for _ in range(5):
        ids = talking.lua("return { require('dingbridge').send('see', { file = ... }) }", str(path))
        talking.until(lambda text=ids[0]: text in told(talking, "DingbridgeDelivered"))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        if any(name.endswith(".part") for name in kept(talking)):
            break
        # On a busy machine the file can be faster than the news of the text.
        talking.until(lambda file=ids[1]: file in told(talking, "DingbridgeDelivered"))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    path.write_bytes(PDF)
    talking.kill_service()
    talking.until(lambda: ids[1] in told(talking, "DingbridgeDelivered"))
    for event in ("DingbridgeQueued", "DingbridgeDelivered"):
        heard = told(talking, event)
        assert heard[-2:] == ids
        assert len(heard) == len(set(heard))
    assert names(sandbox) == ["see", "huge.log.zip"] * (len(heard) // 2)


def test_while_a_huge_file_travels_others_are_answered(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    talking.chat(f"send-file {huge(tmp_path, 150 * MEGABYTE)}")
    until_half_way(talking)
    talking.chat("status")
    talking.until_said("link: connected")
    assert any(name.endswith(".part") for name in kept(talking))
    talking.lua("require('dingbridge').send('after')")
    sandbox.client.wait_arrived(2, timeout=30)
    assert names(sandbox) == ["huge.log.zip", "after"]


@pytest.mark.parametrize("how", ["it is killed", "it is restarted"])
def test_a_service_that_ends_half_way_through_a_file_loses_nothing_and_no_order(
    talking: Editor, sandbox: Sandbox, tmp_path: Path, how: str
) -> None:
    talking.lua(
        "local bridge, path = require('dingbridge'), ... "
        "bridge.send('before') bridge.send('', { file = path }) bridge.send('after')",
        str(huge(tmp_path)),
    )
    until_half_way(talking)
    if how == "it is killed":
        talking.kill_service()
    else:
        talking.chat("service restart")
    sandbox.client.wait_arrived(lambda one: one.text == "after", timeout=30)
    arrived = names(sandbox)
    # A kill may come before the service knows that DingTalk has what is under way.
    assert [name for name, _ in groupby(arrived)] == ["before", "huge.log.zip", "after"]
    assert how == "it is killed" or len(arrived) == 3
    talking.until(
        lambda: [row["delivery"] for row in talking.transcript()[1:]] == ["sent"] * 3, seconds=30
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_file_whose_editor_is_killed_half_way_is_told_as_not_sent(
    talking: Editor,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
) -> None:
    session = talking.status()["session"]
    host = talking.host_pid()
    talking.chat(f"send-file {huge(tmp_path)}")
    until_half_way(talking)
    os.kill(host, signal.SIGSTOP)
    talking.kill()
    later = start_editor()
    later.setup(api_options)
    later.chat(f"open {session}")
    later.until(lambda: len(later.transcript(session)) == 2)
    row = later.transcript(session)[-1]
    assert (row["text"], row["delivery"]) == ("[file: huge.log]", "failed")
    assert "send it again" in row["reason"]
    later.until(lambda: kept(later) == [])
    later.lua("require('dingbridge').send('after', { session = ... })", session)
    sandbox.client.wait_arrived(1)
    assert names(sandbox) == ["after"]


def test_a_file_that_was_sent_in_the_last_moment_leaves_or_is_told_as_not_sent(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    session = talking.status()["session"]
    (tmp_path / "a.pdf").write_bytes(PDF)
    talking.chat(f"send-file {tmp_path / 'a.pdf'}")
    talking.close()
    transcript = talking.data / "dingbridge" / "sessions" / f"{session}.jsonl"

    def end() -> str:
        if names(sandbox) == ["a.pdf"]:
            return "arrived"
        # A busy machine may need longer than Neovim waits.
        return "told" if "closed before it was ready" in transcript.read_text("utf-8") else ""

    until(end, "its end", DEADLINE)
    services.must_end(talking.data)
    assert (names(sandbox) == ["a.pdf"]) != (
        "closed before it was ready" in transcript.read_text("utf-8")
    )


def test_what_is_saved_in_the_last_moment_is_whole(talking: Editor, tmp_path: Path) -> None:
    text = "word " * 200_000  # several pieces
    talking.lua("require('dingbridge').send(...)", text)
    talking.until(lambda: len(talking.transcript()) == 2)
    talking.chat(f"save {tmp_path / 'saved.jsonl'}")
    talking.close()
    lines = (tmp_path / "saved.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["message"]["text"] for row in rows[1:]] == ["hello", text]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_saving_that_a_service_did_not_live_to_see_is_told(talking: Editor, tmp_path: Path) -> None:
    service = talking.service_pid()
    os.kill(service, signal.SIGSTOP)
    talking.chat(f"save {tmp_path / 'saved.jsonl'}")
    talking.chat("log")
    talking.until(lambda: talking.nvim.current.buffer.name.endswith("dingbridge.log"))
    os.kill(service, signal.SIGKILL)
    talking.until_said("saved.jsonl may not have been carried out")
    assert not (tmp_path / "saved.jsonl").exists()
    talking.chat(f"save {tmp_path / 'saved.jsonl'}")
    talking.until_said("saved as")


def test_what_cannot_be_loaded_is_told_in_the_editor_that_asked_alone(
    start_editor: StartEditor, tmp_path: Path
) -> None:
    one, other = start_editor(), start_editor()
    for editor in (one, other):
        editor.setup({})
        editor.chat("status")
        editor.until_said("mode: off")
    (tmp_path / "notes.txt").write_text("no transcript")
    one.chat(f"load {tmp_path / 'notes.txt'}")
    one.until_said("is not a transcript")
    other.begin_anew()
    other.chat("status")
    other.until_said("mode: off")
    assert len(other.said()) == 1
    assert kept(one) == []
