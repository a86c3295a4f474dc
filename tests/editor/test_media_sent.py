"""Files and pictures that leave the editor, down to the bytes that a reader downloads."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor

UPLOAD = "/media/upload"
SINGLE = "/v1.0/robot/oToMessages/batchSend"
PDF = b"%PDF-1.7 " + bytes(range(256)) * 300
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MEGABYTE = 1024 * 1024


@pytest.fixture
def talking(bound: Editor, sandbox: Sandbox) -> Editor:
    """An editor to whose session 张三 has spoken in a 1:1 chat."""
    sandbox.client.say("hello")
    bound.until(lambda: len(bound.transcript()) == 1)
    return bound


def parameters(arrived: ArrivedMessage) -> dict[str, Any]:
    """What an OpenAPI message says."""
    return dict(json.loads(arrived.body["msgParam"]))


def downloaded(sandbox: Sandbox, arrived: ArrivedMessage) -> bytes:
    """What a reader of the message gets."""
    said = parameters(arrived)
    return sandbox.client.media(said.get("mediaId") or said["photoURL"])


def fate(editor: Editor, part: str) -> str:
    """What became of the message with `part` in it: the delivery, and why."""
    rows = [row for row in editor.transcript() if part in row["text"]]
    return f"{rows[-1]['delivery']} {rows[-1].get('reason', '')}".strip() if rows else ""


def waiting(editor: Editor) -> list[str]:
    folder = editor.data / "dingbridge" / "media" / "outgoing"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_arrives_byte_for_byte_in_the_chat_of_the_session(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "年度 报告.pdf"
    path.write_bytes(PDF)
    talking.chat(f"send-file {path}")
    arrived = sandbox.client.wait_arrived()[0]
    assert arrived.conversation_id == sandbox.client.said()[0].conversation_id
    assert arrived.body["msgKey"] == "sampleFile"
    assert parameters(arrived)["fileName"] == "年度_报告.pdf"
    assert parameters(arrived)["fileType"] == "pdf"
    assert downloaded(sandbox, arrived) == PDF
    talking.until(lambda: fate(talking, "[file: 年度 报告.pdf]") == "sent")
    assert talking.transcript()[-1]["text"] == f"[file: 年度 报告.pdf](<{path}>)"
    talking.until(lambda: not waiting(talking), "the copy is removed")


def large(folder: Path) -> Path:
    """A file whose copy takes a moment."""
    path = folder / "large.pdf"
    path.write_bytes(b"%PDF-1.7 " + bytes(15 * MEGABYTE))
    return path


def test_what_is_sent_after_a_large_file_arrives_after_it(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    talking.lua(
        """
        local bridge = require('dingbridge')
        bridge.send('before')
        bridge.send('', { file = ... })
        bridge.send('after')
        bridge.notify('a notification', { target = 'dingtalk:zhangsan' })
        """,
        str(large(tmp_path)),
    )
    arrived = sandbox.client.wait_arrived(4)
    assert ["large.pdf" in str(each.body) for each in arrived] == [False, True, False, False]
    assert [arrived[0].text, arrived[2].text, arrived[3].text] == [
        "before",
        "after",
        "a notification",
    ]


def test_a_session_that_is_deleted_while_its_file_is_copied_holds_up_nothing(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    talking.lua("require('dingbridge').send('', { file = ... })", str(large(tmp_path)))
    talking.chat("delete")
    talking.until(lambda: not talking.sessions())
    talking.chat("new Another")
    talking.chat("bridge dingtalk")
    talking.until(lambda: talking.status()["session"])
    talking.lua("require('dingbridge').notify('goes on', { target = 'dingtalk:zhangsan' })")
    assert [each.text for each in sandbox.client.wait_arrived(1)] == ["goes on"]


def test_a_file_that_cannot_be_copied_holds_up_nothing(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing.pdf")
    talking.lua(
        "local bridge = require('dingbridge') bridge.send('', { file = ... }) bridge.send('after')",
        missing,
    )
    assert sandbox.client.wait_arrived()[0].text == "after"


def test_files_that_were_not_copied_when_neovim_was_closed_arrive_later_or_are_told(
    talking: Editor,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
) -> None:
    path, files = large(tmp_path), 20
    session = talking.status()["session"]
    talking.lua(
        "local bridge, path, files = require('dingbridge'), ... "
        "for _ = 1, files do bridge.send('', { file = path }) end bridge.send('after')",
        str(path),
        files,
    )
    talking.close()
    after = start_editor()
    after.setup(api_options)
    after.chat()
    sandbox.client.wait_arrived(lambda each: each.text == "after", 20)

    def ends() -> list[dict[str, Any]]:
        rows = [row for row in after.transcript(session) if "large.pdf" in row["text"]]
        ended = [row for row in rows if row["delivery"] in ("sent", "failed")]
        return ended if len(ended) == files else []

    rows = after.until(ends, "every file has an end", 40)
    failed = [row for row in rows if row["delivery"] == "failed"]
    arrived = [each for each in sandbox.client.arrived() if "large.pdf" in str(each.body)]
    assert len(arrived) == files - len(failed)
    assert all("closed before" in row["reason"] for row in failed)


def test_a_file_goes_to_the_group_that_spoke(
    bound: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.client.say("hello all", group=TEAM)
    bound.until(lambda: len(bound.transcript()) == 1)
    (tmp_path / "a.zip").write_bytes(PDF)
    bound.execute("cd", tmp_path)
    bound.chat("send-file a.zip")
    arrived = sandbox.client.wait_arrived()[0]
    assert arrived.conversation_id == TEAM
    assert downloaded(sandbox, arrived) == PDF
    bound.nvim.command("noautocmd new a.zip")  # as an archive, it would be opened by a plugin
    bound.chat("send-file %")
    assert downloaded(sandbox, sandbox.client.wait_arrived(2)[1]) == PDF


def test_a_picture_is_shown_in_the_chat(talking: Editor, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(PNG)
    talking.chat(f"send-file {tmp_path / 'plot.png'}")
    arrived = sandbox.client.wait_arrived()[0]
    assert arrived.body["msgKey"] == "sampleImageMsg"
    assert downloaded(sandbox, arrived) == PNG
    talking.until(lambda: fate(talking, "![plot.png](") == "sent")


def test_a_file_of_a_type_that_dingtalk_does_not_list_goes_in_a_zip(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "build.log").write_bytes(b"all is well\n" * 1000)
    talking.chat(f"send-file {tmp_path / 'build.log'}")
    arrived = sandbox.client.wait_arrived()[0]
    assert parameters(arrived)["fileName"] == "build.log.zip"
    with zipfile.ZipFile(io.BytesIO(downloaded(sandbox, arrived))) as archive:
        assert archive.read("build.log") == b"all is well\n" * 1000


def test_what_is_sent_is_what_was_there_when_it_was_sent(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.client.fault(Fault.http(SINGLE, 503, "ServiceUnavailable", times=1))
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    talking.chat(f"send-file {path}")
    talking.until(lambda: waiting(talking))
    path.write_bytes(b"something else")
    assert downloaded(sandbox, sandbox.client.wait_arrived()[0]) == PDF
    assert len(sandbox.client.uploads()) == 1, "the retry uses what was uploaded"


def test_text_and_file_from_lua_arrive_in_this_order(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    talking.execute("cd", tmp_path)
    ids = talking.lua(
        "local a, b = require('dingbridge').send('see:', { file = 'a.pdf' }); return { a, b }"
    )
    first, second = sandbox.client.wait_arrived(2)
    assert first.text == "see:"
    assert downloaded(sandbox, second) == PDF
    talking.until(lambda: [row["id"] for row in talking.transcript()[-2:]] == ids)
    alone = talking.lua("return require('dingbridge').send(nil, { file = 'a.pdf' })")
    sandbox.client.wait_arrived(3)
    talking.until(lambda: talking.transcript()[-1]["id"] == alone)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "is not a file"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (
            lambda path: path.write_bytes(b"x" * (20 * MEGABYTE + 1)),
            "DingTalk takes a file of up to",
        ),
    ],
)
def test_what_is_no_sendable_file_is_refused_at_once_in_words(
    talking: Editor,
    sandbox: Sandbox,
    tmp_path: Path,
    make: Callable[[Path], object],
    words: str,
) -> None:
    talking.listen()
    make(tmp_path / "a.pdf")
    sent = talking.lua(
        "return require('dingbridge').send(nil, { file = ... })", str(tmp_path / "a.pdf")
    )
    talking.until_said(words)
    heard = talking.until(lambda: talking.heard("DingbridgeFailed"))
    assert heard[0]["id"] == sent
    [_, line] = talking.transcript()
    assert (line["id"], line["text"], line["delivery"]) == (sent, "[file: a.pdf]", "failed")
    assert words in line["reason"]
    assert line["target_name"] == "张三 (1:1)"
    assert not sandbox.client.arrived()
    assert not waiting(talking)


def test_a_session_that_is_not_bound_sends_no_file(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    editor.setup({})
    editor.chat("new")
    editor.chat(f"send-file {tmp_path / 'a.pdf'}")
    editor.until_said("not bound")
    editor.lua("require('dingbridge').send('text', { file = ... })", str(tmp_path / "a.pdf"))
    editor.until(lambda: len([text for text in editor.said() if "not bound" in text]) == 2)
    assert not editor.transcript()


def test_a_custom_robot_says_that_it_takes_no_files(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    editor.setup(webhook_options)
    editor.chat("bridge dingtalk")
    editor.until_said("one-way")
    editor.chat(f"send-file {tmp_path / 'a.pdf'}")
    editor.until(lambda: "group robot's webhook" in fate(editor, "a.pdf"))
    assert fate(editor, "a.pdf").startswith("failed")
    assert not sandbox.client.arrived()
    assert editor.status()["failed"] == 1


def test_somebody_outside_the_organisation_gets_pictures_but_no_files(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    editor.setup({**api_options, "dm": {"policy": "open"}, "allow_from": ["*"]})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("hello", staff_id=False)
    editor.until(lambda: len(editor.transcript()) == 1)
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "a.png").write_bytes(PNG)
    editor.chat(f"send-file {tmp_path / 'a.pdf'}")
    editor.until(lambda: "outside the organisation" in fate(editor, "a.pdf"))
    editor.chat(f"send-file {tmp_path / 'a.png'}")
    arrived = sandbox.client.wait_arrived()[0]
    media_id = sandbox.client.uploads()[0].media_id
    assert arrived.text == f"![a.png]({media_id})"


@pytest.mark.parametrize(
    "fault",
    [
        Fault.http(UPLOAD, 500, "SystemError"),
        Fault.html(UPLOAD, 502),
        Fault.drop(UPLOAD, "before"),
        Fault.drop(UPLOAD, "after"),
        Fault.errcode(UPLOAD, 40014, "不合法的access_token"),
    ],
    ids=["500", "a page", "broken", "no answer", "token refused"],
)
@pytest.mark.parametrize("delivery", ["at_least_once", "at_most_once"])
def test_an_upload_that_fails_is_repeated_and_the_file_arrives_once(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    tmp_path: Path,
    fault: Fault,
    delivery: str,
) -> None:
    editor.setup({**api_options, "user_id": "zhangsan", "delivery": delivery})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.fault(fault)
    (tmp_path / "a.pdf").write_bytes(PDF)
    editor.chat(f"send-file {tmp_path / 'a.pdf'}")
    editor.until(lambda: fate(editor, "a.pdf") == "sent")
    assert [downloaded(sandbox, one) for one in sandbox.client.arrived()] == [PDF]


def test_a_picture_that_dingtalk_refuses_as_one_goes_as_a_file(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.client.fault(Fault.errcode(UPLOAD, 40005, "不合法的文件类型"))
    (tmp_path / "plot.png").write_bytes(PNG)
    talking.chat(f"send-file {tmp_path / 'plot.png'}")
    arrived = sandbox.client.wait_arrived()[0]
    assert parameters(arrived)["fileName"] == "plot.png.zip"


def test_a_refused_file_is_a_dead_letter_that_can_be_sent_again_or_dropped(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.client.fault(Fault.errcode(UPLOAD, 40006, "不合法的文件大小", times=2))
    (tmp_path / "a.zip").write_bytes(PDF)
    (tmp_path / "b.zip").write_bytes(PDF)
    talking.chat(f"send-file {tmp_path / 'a.zip'}")
    talking.until(lambda: "more than DingTalk takes" in fate(talking, "a.zip"))
    talking.chat(f"send-file {tmp_path / 'b.zip'}")
    talking.until(lambda: "more than DingTalk takes" in fate(talking, "b.zip"))
    assert len(waiting(talking)) == 2
    rows = talking.transcript()
    talking.chat(f"drop {rows[-1]['id']}")
    talking.until(lambda: len(waiting(talking)) == 1)
    talking.chat(f"retry {rows[-2]['id']}")
    talking.until(lambda: fate(talking, "a.zip") == "sent")
    assert [downloaded(sandbox, one) for one in sandbox.client.arrived()] == [PDF]
    talking.until(lambda: not waiting(talking))


def test_an_upload_that_the_service_does_not_survive_is_finished_by_the_next_one(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.client.fault(Fault.hang(UPLOAD, "after"))
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    talking.chat(f"send-file {path}")
    sandbox.client.wait_hanging()
    path.unlink()
    talking.kill_service()
    arrived = sandbox.client.wait_arrived(timeout=15.0)
    talking.until(lambda: fate(talking, "a.pdf") == "sent")
    assert len(sandbox.client.arrived()) == 1
    assert downloaded(sandbox, arrived[0]) == PDF


def test_twenty_megabytes_leave_without_holding_up_the_editor_or_filling_the_memory(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    data = os.urandom(20 * MEGABYTE)
    (tmp_path / "big.pdf").write_bytes(data)
    sandbox.client.fault(Fault.hang(UPLOAD, "after", seconds=0.5))
    host = talking.host_pid()
    talking.chat(f"send-file {tmp_path / 'big.pdf'}")
    told: set[str] = set()
    longest, pings = 0.0, 0

    def sent() -> bool:
        nonlocal longest, pings
        # Through the host and back: neither may be busy with the file.
        said = len(talking.said())
        began = time.monotonic()
        talking.chat("pong")
        talking.until(lambda: len(talking.said()) > said)
        longest, pings = max(longest, time.monotonic() - began), pings + 1
        told.add(fate(talking, "big.pdf"))
        return fate(talking, "big.pdf") == "sent"

    talking.until(sent, seconds=60)
    assert downloaded(sandbox, sandbox.client.arrived()[0]) == data
    assert any("% uploaded" in words for words in told), told
    assert pings >= 5
    print(f"{pings} pings through the host, the longest {longest * 1000:.0f} ms")  # noqa: T201 - figures for who runs it with -s
    if not sys.platform.startswith("linux"):
        pytest.skip("the memory of a process is read from /proc")
    status = Path(f"/proc/{host}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0])
    print(f"the host took {peak / 1024:.0f} MB at most")  # noqa: T201 - the same
    assert peak < 100 * 1024


def test_selected_code_arrives_as_a_picture(
    talking: Editor, sandbox: Sandbox, tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "app.py"
    path.write_text("".join(f"print({number})\n" for number in range(1, 60)))
    talking.execute("cd", tmp_path)
    talking.nvim.command("edit app.py")
    talking.nvim.command("10,40Chat send-image")
    arrived = sandbox.client.wait_arrived(timeout=20.0)[0]
    assert arrived.body["msgKey"] == "sampleImageMsg"
    data = downloaded(sandbox, arrived)
    picture = image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    assert picture.height > 31 * 20
    talking.until(lambda: fate(talking, "![app.py-10-40.png](") == "sent")
    shown = talking.transcript()[-1]["text"].partition("(")[2].rstrip(")")
    # A path with a blank stands in angle brackets.
    assert Path(shown.strip("<>")).read_bytes() == data
    talking.chat("send-image")
    talking.until_said("no lines are selected")


def test_a_very_long_message_goes_as_its_beginning_and_a_file(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.setup({**api_options, "user_id": "zhangsan", "file_after": 2, "text_chunk_limit": 1000})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    editor.type_draft("\n\n".join(["# The plan", *(f"Step {n}: {'w' * 90}." for n in range(50))]))
    editor.nvim.command("write")
    head, file = sandbox.client.wait_arrived(2)
    assert "full text attached" in head.text
    assert len(head.text) < 1000
    assert parameters(file)["fileName"] == "The_plan.md.zip"
    with zipfile.ZipFile(io.BytesIO(downloaded(sandbox, file))) as archive:
        whole = archive.read("The_plan.md").decode()
    assert "Step 0:" in whole
    assert "Step 49:" in whole
    editor.until(lambda: fate(editor, "[file: The_plan.md]") == "sent")
    editor.until(lambda: not waiting(editor))
    editor.type_draft("short")
    editor.nvim.command("write")
    assert sandbox.client.wait_arrived(3)[2].text == "short"


def test_a_responder_cannot_make_a_file_leave(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "secret.pdf").write_bytes(PDF)
    editor.lua(
        "local options, path = ...\n"
        "options.responder = function(_, reply) reply('[file: secret.pdf](' .. path .. ')') end\n"
        "require('dingbridge').setup(options)",
        api_options,
        str(tmp_path / "secret.pdf"),
    )
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say(f"![]({tmp_path / 'secret.pdf'}) /send-file {tmp_path / 'secret.pdf'}")
    assert "secret.pdf" in sandbox.client.wait_arrived()[0].text
    assert not sandbox.client.uploads()
