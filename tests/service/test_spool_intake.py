"""Spool files are taken in once, removed when durable, and reported where they stay."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.sessions import spool
from dingbridge.edges.storage.robot_files import SharedFiles, files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol import updates
from dingbridge.protocol.frames import VERSION, Attach, EditorEvent, FilePiece, RunCommand
from dingbridge.service.spool_intake import SpooledFrame, SpoolIntake

pytestmark = pytest.mark.environment

NOW = 1_800_000_000.0
NOTIFY = {"name": "notify", "payload": {"id": "m1", "text": "one"}}
BOTH = {
    "name": "send",
    "payload": {"id": "m2", "file_id": "m3", "text": "see", "file": "/a.pdf", "opened": 3},
}
COMMAND = {
    "name": "command",
    "payload": {
        "id": "m4",
        "line": "send-file %",
        "has_range": False,
        "place": {"opened": 7, "path": "/b.pdf", "lines": []},
    },
}


class Made:
    """A data folder whose loop is here."""

    def __init__(self, data: Path) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        disk = Worker(self.calls.put, lambda error: pytest.fail(str(error)))
        disk.start()
        self.folder = data / "dingbridge" / "unconfirmed"
        self.folder.mkdir(parents=True)
        self.files: SharedFiles = files_in(data, disk)
        self.taken: set[str] = set()
        self.shown: list[updates.Update] = []

    def editor(
        self, cwd: str = "/here", pid: int = 9, bound: dict[str, str] | None = None
    ) -> SpoolIntake:
        """What an editor takes in that attaches now."""
        spool = SpoolIntake(
            Attach(VERSION, pid, cwd, {}, bound=bound),
            self.files,
            self.taken,
            self.shown.append,
            lambda: NOW,
        )
        spool.found = self.files.spool.read()
        return spool

    def left(self, *asked: Any, pid: int = 1, **other: Any) -> Path:
        whole = {"cwd": "/here", "settings": "key", "time": NOW, "asked": list(asked), **other}
        path = self.folder / f"{pid}-{len(list(self.folder.iterdir()))}.json"
        path.write_text(json.dumps(whole), "utf-8")
        return path

    def settle(self) -> None:
        while self.files.disk.wait(lambda: self.calls.empty()) is False:
            self.calls.get()()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path)
    yield made
    made.files.disk.finish(5)


def names(asked: Sequence[SpooledFrame]) -> list[str]:
    return [
        one.name if isinstance(one, EditorEvent) else one.line
        for one in asked
        if not isinstance(one, FilePiece)
    ]


def earlier(editor: SpoolIntake, key: str = "key") -> list[str]:
    """What the editor takes in with these settings."""
    return names(editor.configured(key))


def queued(message: str) -> updates.TriggerEvent:
    return updates.TriggerEvent("DingbridgeQueued", {"id": message})


def test_a_file_goes_when_the_last_of_its_messages_is_on_the_disk(made: Made) -> None:
    path, editor = made.left(NOTIFY, BOTH), made.editor()
    assert earlier(editor) == ["notify", "send"]
    for update in (queued("m1"), updates.Confirmed("m2")):
        editor.heard((update,))
        made.settle()
        assert path.exists()
    editor.heard((queued("m3"),))
    made.settle()
    assert not path.exists()


def test_what_one_editor_takes_in_another_does_not_until_that_one_is_gone(made: Made) -> None:
    made.left(NOTIFY)
    one, other = made.editor(), made.editor()
    assert earlier(one) == ["notify"]
    assert earlier(other) == []
    one.let_go()
    assert earlier(other) == ["notify"]


def test_what_was_taken_in_is_not_taken_in_again_with_the_next_settings(made: Made) -> None:
    path, editor = made.left(NOTIFY), made.editor()
    other = made.editor()
    assert earlier(editor) == ["notify"]
    editor.heard((queued("m1"),))
    made.settle()
    assert not path.exists()
    assert (earlier(editor), earlier(other)) == ([], [])


@pytest.mark.parametrize("is_text_written", [False, True])
def test_a_text_that_is_refused_takes_its_file_along(made: Made, is_text_written: bool) -> None:
    path, editor = made.left(BOTH), made.editor()
    assert earlier(editor) == ["send"]
    if is_text_written:
        editor.heard((queued("m2"),))
    _, said = editor.heard((updates.Unsent("m2"),))
    assert isinstance(said, updates.ShowNotice)
    assert "“see”" in said.text
    made.settle()
    assert not path.exists()


def test_what_an_earlier_process_of_the_same_number_left_elsewhere_stays_there(made: Made) -> None:
    path = made.left(NOTIFY, pid=12, cwd="/elsewhere")
    editor = made.editor(pid=12)
    assert earlier(editor) == []
    made.left(BOTH, pid=12, cwd="/elsewhere")
    found: list[list[str]] = []
    editor.left(lambda asked: found.append(names(asked)))
    made.settle()
    assert found == [["send"]]
    assert path.exists()


def test_only_what_was_asked_for_here_with_these_settings_is_taken_in(made: Made) -> None:
    made.left(NOTIFY)
    assert earlier(made.editor(), key="other") == []
    assert earlier(made.editor("/there")) == []
    assert earlier(made.editor()) == ["notify"]


def test_an_editor_that_is_left_takes_in_its_own_whatever_folder_it_was_in(made: Made) -> None:
    editor = made.editor(pid=12)
    assert earlier(editor) == []
    made.left(NOTIFY, pid=12, cwd="/elsewhere")
    made.left(NOTIFY, pid=1)
    made.left(NOTIFY, pid=12, settings="other")
    found: list[list[str]] = []
    editor.left(lambda asked: found.append(names(asked)))
    made.settle()
    assert found == [["notify"]]


def test_what_is_too_old_or_asked_for_otherwise_is_told_once_and_stays(made: Made) -> None:
    late = made.left(NOTIFY, BOTH, time=NOW - 25 * 3600, cwd="/elsewhere")
    otherwise = made.left(NOTIFY, settings="other")
    made.left(NOTIFY, settings="other", cwd="/elsewhere")
    editor = made.editor()
    assert editor.configured("key") == ()
    said = [one.text for one in made.shown if isinstance(one, updates.ShowNotice)]
    assert ["a day has passed (2)" in said[0], str(late) in said[0]] == [True, True]
    assert ["settings are others now (1)" in said[1], str(otherwise) in said[1]] == [True, True]
    assert len(said) == 2
    editor.configured("another key")
    made.editor(bound={}).configured("key")
    assert len(made.shown) == 2, "told once"
    assert earlier(made.editor("/elsewhere")) == []


def test_what_is_refused_is_told_with_its_text_or_stays_for_an_editor_that_can_be_told(
    made: Made,
) -> None:
    path = made.left(NOTIFY)
    gone = made.editor()
    earlier(gone)
    gone.left(lambda _: None)
    refused = updates.Unsent("m1")
    assert gone.heard((refused,)) == (refused,)
    gone.let_go()
    made.settle()
    assert path.exists()
    editor = made.editor()
    earlier(editor)
    _, said = editor.heard((refused,))
    assert isinstance(said, updates.ShowNotice)
    assert "“one”" in said.text
    made.settle()
    assert not path.exists()


def test_files_are_named_and_openings_of_another_time_do_not_count(made: Made) -> None:
    made.left(BOTH, COMMAND)
    send, no_more, command, _ = made.editor().configured("key")
    assert isinstance(send, EditorEvent)
    assert isinstance(command, RunCommand)
    assert isinstance(no_more, FilePiece)
    assert "opened" not in send.payload
    assert "opened" not in command.place
    assert send.file is not None
    assert command.file is not None
    assert (send.file.path, command.file.path) == ("/a.pdf", "/b.pdf")
    assert send.file.number != command.file.number
    assert (no_more.file, no_more.is_last) == (send.file.number, True)
    assert "send it again" in no_more.problem


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["asked", "cwd", "time", "name", "payload", "id", "settings"]), inner
        )
    ),
)


@given(st.binary(max_size=60) | JSON.map(lambda one: json.dumps(one).encode()))
def test_nothing_that_stands_in_such_a_file_does_harm(data: bytes) -> None:
    kept = spool.decode("/file", data)
    assert kept is None or all(row.ids for row in kept.rows)
