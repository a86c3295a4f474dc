"""The files of 0.1.0 are taken over, and a Neovim that goes back to it finds what still waits.

`files_of_0_1/` is what two Neovims with 0.1.0 left when they were killed. Two names were taken out:
`@SANDBOX@` is where DingTalk was, `@HOME@` where the folders of the projects were.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.outbox import Outbox, fold
from dingbridge.core.sessions import inbox
from dingbridge.core.timeouts import LOOK_AROUND_EVERY
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Person, Settings
from tests.conftest import StartEditor
from tests.support.editor import Editor
from tests.support.pieces import joined
from tests.support.processes import until

Enter = Callable[[str], Editor]

FILES = Path(__file__).parents[1] / "files_of_0_1"
OUTBOX, INBOX = "chat-dingtalk-outbox.jsonl", "chat-dingtalk-inbox.jsonl"
STATE = "chat-dingtalk-state.json"
FIRST, SECOND, RELEASED = "261130-0953-dd0f1a", "261130-0954-87bb8e", "261130-0953-abb6be"
LONG = " ".join(f"word{number:03}" for number in range(70))
SENT_OF_IT = 184
"""How much of it DingTalk had taken."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """DingTalk, where the app of these files is."""
    with Sandbox(Settings(client_id="dingfixture")) as running:
        running.client.add_person(Person("wangwu", "王五"))
        yield running


@pytest.fixture
def options(api_options: dict[str, Any]) -> dict[str, Any]:
    """The settings of those Neovims."""
    del api_options["allow_from"]
    dm = {"policy": "pairing", "allowFrom": ["zhangsan"]}
    return {**api_options, "dm": dm, "text_chunk_limit": 200, "user_id": "zhangsan"}


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A home with these files."""
    home = tmp_path / "home"
    data = home / "data" / "nvim"
    shutil.copytree(FILES, data)
    for path in data.rglob("*.json*"):
        text = path.read_text("utf-8")
        text = text.replace("@SANDBOX@", sandbox.url).replace("@HOME@", str(home))
        path.write_text(text, "utf-8")
    for name in ("project", "other project"):
        (home / name).mkdir()
    return home


@pytest.fixture
def enter(
    start_editor: StartEditor, home: Path, options: dict[str, Any]
) -> Callable[[str], Editor]:
    """Start an editor in a project, as its user did before."""

    def enter(project: str) -> Editor:
        editor = start_editor()
        editor.execute("cd", home / project)
        editor.setup(options)
        editor.chat()
        editor.until_lua("require('dingbridge').status().session ~= ''")
        return editor

    return enter


def lines(path: Path) -> list[dict[str, Any]]:
    """The records of a journal as they are written."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def kept(home: Path) -> Outbox:
    """The outbox in the data folder."""
    records, damaged = Journal(home / "data" / "nvim" / OUTBOX).read(outbox_records.decode)
    assert not damaged
    return fold(records)


def test_what_waited_leaves_once_and_in_order(enter: Enter, sandbox: Sandbox, home: Path) -> None:
    [long, *others] = kept(home).waiting.values()
    assert (long.outbound.text, long.start) == (LONG, SENT_OF_IT)
    assert len(others) == 3
    editor = enter("project")
    editor.until(lambda: not kept(home).queued, "all is sent")
    by_place: dict[str, list[str]] = {}
    for each in sandbox.client.arrived():
        place = each.conversation_id if each.route == "group" else "".join(each.user_ids)
        by_place.setdefault(place, []).append(each.text)
    assert by_place.pop("cidTEAM==") == ["waits, from the other Neovim"]
    [(_, texts)] = by_place.items()
    assert texts[-2:] == ["waits, second", "waits, a notification"]
    assert [each.rpartition("\n")[2] for each in texts[:-2]] == ["— 2/4 …", "— 3/4 …", "— 4/4"]
    assert joined(texts[:-2]) == LONG[SENT_OF_IT:]
    # What was given up by DingTalk before is a dead letter as it was.
    [letter] = kept(home).dead.values()
    assert letter.waiting.outbound.text == "refused for its content"
    assert editor.status()["failed"] == 1
    editor.close()
    before = len(sandbox.client.arrived())
    enter("project").until_lua("require('dingbridge').status().connected")
    assert len(sandbox.client.arrived()) == before


def test_what_had_arrived_reaches_its_session_once_and_in_order(enter: Enter, home: Path) -> None:
    first, second = enter("project"), enter("other project")
    unseen = ["nobody has seen this", "nor this", "unseen in the group"]
    seen = ["hello from lisi", "in the group"]

    def told() -> list[str]:
        return [row["text"] for row in second.transcript() if row["role"] == "dingtalk"]

    second.until(lambda: sorted(told()) == sorted(seen + unseen), "what nobody had seen")
    of_lisi = [text for text in told() if text in unseen[:2]]
    assert of_lisi == unseen[:2]
    assert [row["text"] for row in first.transcript() if row["role"] == "dingtalk"] == [
        "hello from zhangsan"
    ]
    journal = Journal(home / "data" / "nvim" / INBOX)
    until(lambda: not inbox.pending(journal.read(inbox.decode)[0]), "all is handed over")


def test_sessions_are_bound_as_they_were_and_go_on_with_their_conversations(
    enter: Enter, sandbox: Sandbox
) -> None:
    first, second = enter("project"), enter("other project")
    for editor, session, place in (
        (first, FIRST, "zhangsan"),
        (second, SECOND, "cidTEAM=="),
    ):
        assert editor.status()["session"] == session
        editor.until_lua("require('dingbridge').status().queued == 0")
        before = len(sandbox.client.arrived())
        editor.chat(f"send on with {session}")
        sandbox.client.wait_arrived(before + 1)
        arrived = sandbox.client.arrived()[-1]
        assert arrived.text == f"on with {session}"
        assert place in (arrived.conversation_id, *arrived.user_ids)
    assert {each["id"] for each in first.sessions()} >= {FIRST, SECOND, RELEASED}
    # One that was released knows whom it spoke to.
    first.chat(f"open {RELEASED}")
    first.until(lambda: [row["text"] for row in first.transcript(RELEASED)], "its transcript")
    first.chat("bridge dingtalk")
    first.until(lambda: first.status()["session"] == RELEASED, "it is bound")
    assert "张三" in first.status()["target"] or "zhangsan" in first.status()["target"]


def test_people_stay_let_in_and_strangers_stay_out(enter: Enter, sandbox: Sandbox) -> None:
    first, second = enter("project"), enter("other project")
    for editor in (first, second):
        editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("let in before", user="lisi")
    sandbox.client.say("never let in", user="王五")
    second.until(
        lambda: "let in before" in [row["text"] for row in second.transcript()], "it arrives"
    )
    shown = [row["text"] for editor in (first, second) for row in editor.transcript()]
    assert "never let in" not in shown


def test_what_counts_for_the_pace_the_quota_and_reactions_is_kept(
    enter: Enter, home: Path, sandbox: Sandbox
) -> None:
    editor = enter("other project")
    editor.until_lua("require('dingbridge').status().connected")
    editor.until(lambda: not kept(home).queued, "all is sent")
    editor.close()
    before = json.loads((FILES / STATE).read_text("utf-8"))
    state = json.loads((home / "data" / "nvim" / STATE).read_text("utf-8"))
    [robot] = before["quotas"]
    assert state["version"] == before["version"]
    [sent] = [one for one in before["sent_keys"][robot] if one["text"] == "an answer to zhangsan"]
    assert sent["message"] in [one["message"] for one in state["sent_keys"][robot]]
    assert state["pairings"][robot]["paired"] == before["pairings"][robot]["paired"]
    assert state["released"].keys() == before["released"].keys()
    assert state["bindings"].keys() == before["bindings"].keys()
    # The marks that stood at two messages when the Neovims were killed do not stand there for ever.
    until(lambda: len(sandbox.client.calls("/v1.0/robot/emotion/recall")) >= 1, "marks are gone")


# --- 0.1.0 still runs --------------------------------------------------------------------------


def test_a_neovim_with_0_1_keeps_its_robot_and_what_it_leaves_is_taken_in(
    start_editor: StartEditor, options: dict[str, Any], sandbox: Sandbox
) -> None:
    editor = start_editor()
    put = json.loads(next(line for line in (FILES / OUTBOX).open("rb") if b"notification" in line))
    journal = Journal(editor.data / OUTBOX)

    def write(text: str) -> None:
        """Accept a message, as a member of it does that leaves."""
        outbound = {**put["outbound"], "id": f"id of {text}", "text": text}
        journal.append(json.dumps({**put, "outbound": outbound, "time": time.time()}).encode())

    lock = OwnerLock(editor.data / "dingbridge", put["robot"])
    assert lock.acquire()
    # As 0.1.0 writes it, with its process.
    card = {"pid": os.getpid(), "address": "/a/socket", "secret": "its-secret"}
    (editor.data / "dingbridge" / f"owner-{put['robot']}.json").write_text(json.dumps(card))
    editor.setup(options)
    editor.chat("notify from the new one")
    said = editor.until_said("held by a Neovim that runs dingbridge 0.1")
    assert f"process {os.getpid()}" in said
    write("left while it held the robot")
    assert sandbox.client.arrived() == []
    assert sandbox.client.connections().total == 0
    lock.release()
    sandbox.client.wait_arrived(2)
    # One of its members was left later.
    write("left afterwards")
    sandbox.client.wait_arrived(3, LOOK_AROUND_EVERY + 10)
    assert sorted(each.text for each in sandbox.client.arrived()) == [
        "from the new one",
        "left afterwards",
        "left while it held the robot",
    ]


# --- back to 0.1.0 --------------------------------------------------------------------------------

TAGS: dict[str, dict[str, type]] = {
    "put": {"robot": str, "outbound": dict, "kind": str, "session": str, "time": float},
    "tried": {"id": str, "start": int, "end": int, "route": str},
    "sent": {"id": str, "end": int},
    "done": {"id": str, "time": float},
    "failed": {"id": str, "reason": str, "time": float},
    "retried": {"id": str},
    "dropped": {"id": str, "time": float},
    "merged": {"ids": list, "outbound": dict},
    "parted": {"id": str},
    "received": {"robot": str, "key": str, "inbound": dict, "time": float},
    "routed": {"key": str, "session": str},
    "handed": {"key": str},
}
"""The records that 0.1.0 reads, and what it has to find in each. It passes over what it does not
know within one, and does not read a record of any other type."""

ROUTES = {"webhook", "session webhook", "OpenAPI 1:1", "OpenAPI group"}
KINDS = {"reply", "word", "notification"}


def without_old(records: Iterable[dict[str, Any]], read: dict[str, dict[str, type]]) -> list[str]:
    """What 0.1.0 would not understand, in words."""
    wrong = []
    for record in records:
        needed = read.get(record["type"])
        if needed is None:
            wrong.append(f"a record of type {record['type']}")
            continue
        for name, kind in needed.items():
            if not isinstance(record.get(name), kind):
                wrong.append(f"{name} of {record}")
        if record.get("route", "webhook") not in ROUTES or record.get("kind", "word") not in KINDS:
            wrong.append(f"a value of {record}")
    return wrong


def shape(value: object) -> object:
    """The names and types in a value, as deep as it goes."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return type(value) if not isinstance(value, bool | int | float) else float


def holds(value: object, needed: object) -> bool:
    """Whether a value has at least these names with these types; null stands for any."""
    if type(None) in (value, needed):
        return True
    if isinstance(needed, dict):
        return isinstance(value, dict) and all(
            name in value and holds(value[name], one) for name, one in needed.items()
        )
    return value == needed


def test_the_check_of_the_formats_knows_the_files_of_0_1() -> None:
    records = [*lines(FILES / OUTBOX), *lines(FILES / INBOX)]
    assert without_old(records, TAGS) == []
    assert {record["type"] for record in records} <= TAGS.keys()
    assert without_old([{"type": "moved", "id": "1"}], TAGS)
    assert without_old([{"type": "sent", "id": "1", "end": "2"}], TAGS)
    assert without_old([{"type": "tried", "id": "1", "start": 0, "end": 2, "route": "x"}], TAGS)


def test_what_waits_is_written_so_that_0_1_reads_it(
    enter: Enter, sandbox: Sandbox, home: Path
) -> None:
    sandbox.client.fault(Fault.html("/v1.0/robot/*", 503, times=None))
    sandbox.client.fault(Fault.html("/robot/*", 503, times=None))
    editor = enter("project")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("has arrived")
    editor.until(lambda: "has arrived" in [row["text"] for row in editor.transcript()], "arrived")
    editor.chat("send waits, third")
    editor.chat("notify waits, another notification")
    editor.until(lambda: kept(home).queued == 6, "it is written down")
    # Of 0.1.0 nobody knows whether DingTalk refused the attempt: it is to be asked for by its id.
    [letter] = kept(home).dead
    editor.chat(f"retry {letter}")
    editor.until(lambda: kept(home).queued == 7, "the dead letter waits again")
    editor.kill_all()
    data = home / "data" / "nvim"
    # What 0.1 passes over are only the ids of messages that need nothing more.
    received = [record for record in lines(data / INBOX) if record["type"] != "seen"]
    assert without_old([*lines(data / OUTBOX), *received], TAGS) == []
    [old, *_] = [one["outbound"] for one in lines(FILES / OUTBOX) if one["type"] == "put"]
    puts = [one["outbound"] for one in lines(data / OUTBOX) if one["type"] == "put"]
    assert all(holds(shape(one), shape(old)) for one in puts)
    state, before = (json.loads((folder / STATE).read_text("utf-8")) for folder in (data, FILES))
    for name in ("version", "bindings", "released", "conversations", "quotas", "pairings"):
        assert holds(shape(state[name]), shape(before[name])), name
    for path in (FILES / "dingbridge" / "sessions").iterdir():
        written = lines(data / "dingbridge" / "sessions" / path.name)
        assert written[: len(lines(path))] == [
            json.loads(json.dumps(one).replace("@HOME@", str(home))) for one in lines(path)
        ]
