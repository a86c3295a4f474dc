"""What the documents say of the code, the files on disk and the erasing of a person is so."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core import start_pauses, timeouts
from dingbridge.core.access import pairing, pairing_state
from dingbridge.core.delivery import sent_messages
from dingbridge.core.sessions import known_conversations, state
from dingbridge.core.sessions.state import State
from dingbridge.edges.dingtalk.stream import reading
from dingbridge.edges.log import MAX_BYTES
from dingbridge.edges.storage import journal, media_folder, robot_files
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Person
from dingbridge.service import mailbox, main
from tests.conftest import bind
from tests.support import services
from tests.support.documents import ROOT, TEXTS, blocks
from tests.support.drafts import say
from tests.support.editor import Editor
from tests.support.processes import run, until

ARCHITECTURE, CONTRIBUTING = "doc/architecture.md", "doc/contributing.md"
PRIVACY, UPGRADING = "doc/privacy-and-security.md", "doc/upgrading.md"

PATH = re.compile(r"(?<![\w<>$/~:.-])[\w.]+(?:/[\w*.]+)*(?:/|\.(?:py|lua|toml|txt|md))(?![\w/*<-])")
"""A file or a folder of the project, as the documents write it."""
IN_A_FILE = re.compile(r"`[^`\n]+`|^ .*$", re.MULTILINE)
"""Where the documents write such names: as code, and in diagrams."""
ELSEWHERE = {
    *("~/", ".venv/"),
    *("media/", "outgoing/", "media/outgoing/", "unconfirmed/", "trash/"),
    *("editors/", "robots/", "sessions/", "files/"),
}
"""Folders that are named in a row about the one they are in, and those of the data folder."""


def paths(name: str) -> set[str]:
    """All files and folders of the project that a document names."""
    return {
        path
        for code in IN_A_FILE.findall(TEXTS[name])
        for path in PATH.findall(code)
        if path not in ELSEWHERE
    }


def exists(path: str) -> bool:
    """Whether there is a file or folder of that name, a `*` standing for a part of it."""
    return any(
        next(base.glob(path.rstrip("/")), None) is not None
        for base in (ROOT, ROOT / "dingbridge", ROOT / "doc", ROOT / "dingbridge/core/catalogue")
    )


@pytest.mark.parametrize("name", [ARCHITECTURE, CONTRIBUTING])
def test_every_path_in_the_documents_for_developers_is_there(name: str) -> None:
    found = paths(name)
    assert len(found) > 40
    assert sorted(path for path in found if not exists(path)) == []


def test_a_path_that_is_not_there_is_seen() -> None:
    assert not exists("core/options/nowhere.py")
    assert not exists("service/nowhere/")
    assert "service/*/*_ports.py" in paths(ARCHITECTURE)
    assert "tests/unit/delivery/test_plan.py" in paths(CONTRIBUTING)


def test_who_wants_to_change_something_finds_where() -> None:
    table = TEXTS[ARCHITECTURE].partition("## Where to change what\n")[2].splitlines()
    assert sum(row.startswith("| ") for row in table) > 40


def test_diagrams_are_plain_text() -> None:
    for name in (ARCHITECTURE, CONTRIBUTING):
        assert all(code.isascii() for code in blocks(name, "text"))


def sentences(name: str) -> str:
    """A document on one line."""
    return " ".join(TEXTS[name].split())


def test_the_times_and_sizes_of_the_architecture_are_those_of_the_code() -> None:
    text = sentences(ARCHITECTURE)
    for words in (
        f"at most {reading.MOST} messages to the inbox",
        f"after {mailbox.TURN * 1000:g} ms of it",
        f"keeps them for another {timeouts.END_TOLD_WITHIN:g} s",
        f"after {robot_files.COMPACT_AFTER:,} records",
        f"at {robot_files.LONG // 1024**2} MB or twice",
        f"after {timeouts.DISK_FIRST_PAUSE:g} s, doubling to {timeouts.DISK_PAUSE:g} s",
        f"nobody in {main.LOCK_WITHIN:g} s",
        f"last answers ({timeouts.LEAVE_WITHIN:g} s)",
        f"files written ({timeouts.STOP_WITHIN:g} s)",
        f"| {timeouts.LINGER:g} s | `LINGER`",
        f"| {timeouts.SENDS_WITHIN / 60:g} min | `SENDS_WITHIN`",
        f"| after {timeouts.SILENT_AFTER:g} s | `SILENT_AFTER`",
        f"| {timeouts.ALL_HERE_WITHIN:g} s | `ALL_HERE_WITHIN`",
        f"| every {timeouts.LOOK_AROUND_EVERY:g} s | `LOOK_AROUND_EVERY`",
        "| 1, 2, 4 ... {1:g} s |".format(*start_pauses._PAUSES["failed"]),
        "| {:g} ... {:g} s |".format(*start_pauses._PAUSES["killed"]),
    ):
        assert words in text, words
    assert journal.SETTLED_AFTER == timeouts.STATE_EVERY == 1.0


def test_what_is_told_of_how_long_things_are_kept_is_so() -> None:
    text = sentences(PRIVACY)
    for words in (
        f"its id: {timeouts.DONE_REMEMBERED / 3600:g} hours",
        f"`media.days`, {media_folder.KEPT_DAYS:g} by default, and at most"
        f" {media_folder.KEPT_BYTES // 1024**3} GiB",
        f"after {timeouts.DONE_REMEMBERED / 3600:g} hours you see a notice",
        f"at {MAX_BYTES // 10**6} MB it becomes `dingbridge.log.1`",
        f"after {robot_files.COMPACT_AFTER:,} records",
        f"at {robot_files.LONG // 1024**2} MB",
        f"another one within {timeouts.LOOK_AROUND_EVERY:g} seconds",
        f"then the last {state.RELEASED_MOST}; of sessions made on demand {state.MADE_MOST}",
        f"the last {known_conversations.MOST:,} for each robot",
        f"first message, at most {pairing.PENDING_MOST} | an hour",
        f"the first {sent_messages.TEXT_CHARACTERS} characters",
        f"the last {sent_messages.KEPT} for each robot",
    ):
        assert words in text, words
    assert pairing_state.VALID_FOR == pairing_state.ONCE_FOR == 3600
    assert pairing_state.DENIED_FOR == timeouts.REFUSAL_EVERY == 24 * 3600


def test_what_the_state_file_keeps_of_people_is_erased_by_the_script_that_is_shown() -> None:
    [code] = [code for code in blocks(PRIVACY, "sh") if "python3" in code]
    # Of nobody in particular: the month, the connections, the version, how much is unread, and when
    # notices are held back; 0.1 left the ids.
    others = {"version", "quotas", "opened", "seen", "unread", "muted"}
    named = {*re.findall(r'"(\w+)"', code)}
    assert {*State.__struct_fields__} - others <= named


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_the_steps_that_erase_a_person_leave_nothing_of_them_and_all_of_the_others(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    sandbox.client.add_person(Person("Zhang San", "manager01"))
    bind(editor, {**api_options, "allow_from": ["lisi"]})
    sandbox.client.say("of the one who goes", user="manager01")
    [code] = re.findall(r":Chat pair (\w+)", editor.until_said("asks to talk to you"))
    editor.chat(f"pair {code}")
    editor.until(lambda: len(editor.transcript()) == 1)
    sandbox.client.say_file("plan.pdf", b"%PDF-1.7 a plan", user="manager01")
    editor.until(lambda: len(editor.transcript()) == 2)
    editor.chat("send to the one who goes")
    before = len(sandbox.client.wait_arrived(2))
    say(editor, sandbox, "of the one who stays", user="lisi")
    editor.chat("send to the one who stays")
    sandbox.client.wait_arrived(before + 1)
    editor.until_lua("require('dingbridge').status().queued == 0")
    session = editor.status()["session"]
    editor.chat("service stop")
    until(lambda: not services.pid(editor.data), "the service has ended")
    editor.close()
    data = editor.data
    assert b"Zhang San" in (data / "chat-dingtalk-state.json").read_bytes()
    assert list((data / "dingbridge" / "media").glob("*plan.pdf"))

    [script] = [code for code in blocks(PRIVACY, "sh") if "python3" in code]
    environ = {"XDG_DATA_HOME": str(data.parent), "XDG_STATE_HOME": str(data.parent.parent)}
    program = ["sh", "-e", "-c", script.replace("python3", shlex.quote(sys.executable))]
    done = run(program, env={"PATH": "/usr/bin:/bin", **environ}, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")

    listed = {Path(line.removeprefix("still named in ")) for line in done.stdout.splitlines()}
    found = {
        path.relative_to(data)
        for path in data.rglob("*")
        if path.is_file() and re.search(rb"manager01|Zhang San|one who goes", path.read_bytes())
    }
    # For a minute the outbox has what was sent: the steps say to wait.
    assert found <= listed <= {Path("chat-dingtalk-outbox.jsonl")}
    assert not list((data / "dingbridge" / "media").glob("*plan.pdf"))
    transcript = (data / "dingbridge" / "sessions" / f"{session}.jsonl").read_text("utf-8")
    assert "of the one who stays" in transcript
    assert "to the one who stays" in transcript
    kept = state.decode((data / "chat-dingtalk-state.json").read_bytes())
    assert [one.label for each in kept.acquaintances.values() for one in each.values()] == ["李四"]
