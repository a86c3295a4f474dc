"""Anything else at the path of our files and folders is reported, blocks nothing, and the rest
works."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dingbridge.edges.storage import folder_checks, own_files
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files of POSIX")

Put = Callable[[Path], object]


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


ODD: dict[str, tuple[Put, str]] = {
    "a named pipe": (os.mkfifo, "it is a named pipe and no file"),
    "a folder": (Path.mkdir, "it is a folder and no file"),
    "a device": (device, "it is a device and no file"),
    "a loop of links": (loop, "symbolic links"),
}
STATE = "chat-dingtalk-state.json"
OUTBOX = "chat-dingtalk-outbox.jsonl"
INBOX = "chat-dingtalk-inbox.jsonl"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- one file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_APPEND | os.O_CREAT])
def test_what_is_no_file_is_refused_in_words_and_not_waited_for(
    tmp_path: Path, odd: str, flags: int
) -> None:
    put, words = ODD[odd]
    path = tmp_path / "file"
    put(path)
    with pytest.raises(OSError, match=words):
        own_files.open_file(path, flags)


@pytest.mark.parametrize("odd", [os.mkfifo, Path.mkdir, device, loop])
def test_an_owner_whose_card_is_odd_is_one_without_an_address(tmp_path: Path, odd: Put) -> None:
    odd(tmp_path / "owner-r.json")
    assert OwnerLock(tmp_path, "r").read_card() == OwnerCard()


def test_a_file_that_another_user_put_there_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"let me in")
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, 12345)
    with pytest.raises(PermissionError, match="belongs to another user"):
        own_files.reading(path)
    with own_files.reading(path, of_anybody=True) as file:
        assert file.read() == b"let me in"


# --- folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077])
def test_folders_of_ours_are_for_their_owner_only_whatever_the_umask(
    tmp_path: Path, mask: int
) -> None:
    with umask(mask):
        own_files.make_folder(tmp_path / "a" / "b")
        own_files.make_own_folder(tmp_path / "c" / "d")
    assert {mode(tmp_path / name) for name in ("a", "a/b", "c", "c/d")} == {0o700}


def test_an_open_folder_of_ours_is_closed_and_that_of_another_user_refused(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    ours.chmod(0o777)
    own_files.make_own_folder(ours)
    assert mode(ours) == 0o700
    if os.geteuid() == 0:
        os.chown(ours, 12345, 12345)
        with pytest.raises(PermissionError, match="belongs to another user"):
            own_files.make_own_folder(ours)


@pytest.mark.parametrize("odd", [os.mkfifo, Path.touch])
def test_what_is_no_folder_is_told_by_its_kind(tmp_path: Path, odd: Put) -> None:
    odd(tmp_path / "place")
    with pytest.raises(NotADirectoryError, match="and no folder"):
        own_files.make_own_folder(tmp_path / "place")


@pytest.mark.parametrize(
    ("bits", "told"), [(0o700, 0), (0o755, 0), (0o775, 1), (0o777, 1), (0o722, 1), (0o757, 1)]
)
def test_a_data_folder_in_which_others_can_write_is_told_and_left_as_it_is(
    tmp_path: Path, bits: int, told: int
) -> None:
    tmp_path.chmod(bits)
    sentences = folder_checks.mended(tmp_path)
    assert len(sentences) == told
    assert all("chmod go-w" in sentence for sentence in sentences)
    assert mode(tmp_path) == bits


@pytest.mark.parametrize(
    "name", ["", "sessions", "sessions/trash", "media", "media/outgoing", "unconfirmed"]
)
def test_each_open_folder_of_ours_is_closed_by_the_look_at_the_start(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "dingbridge" / name
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert folder_checks.mended(tmp_path) == ()
    assert mode(folder) == 0o700
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
        [told] = folder_checks.mended(tmp_path)
        assert f"{folder} is not safe: it belongs to another user" in told


def test_a_data_folder_of_another_user_is_told(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path, 12345, 12345)
    [told] = folder_checks.mended(tmp_path)
    assert "belongs to another user" in told


@pytest.mark.parametrize("mask", [0o000, 0o002])
def test_all_that_a_start_makes_is_for_the_user_alone(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], mask: int
) -> None:
    with umask(mask):
        editor = start_editor()
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say_picture()
    editor.until(editor.transcript)
    found = [editor.data / "dingbridge", *(editor.data / "dingbridge").rglob("*")]
    found += editor.data.glob("chat-dingtalk-*")
    assert {path.name: mode(path) & 0o077 for path in found} == {path.name: 0 for path in found}
    assert any(path.parent.name == "media" for path in found)


def test_at_the_start_open_folders_are_closed_and_an_open_data_folder_is_told(
    start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    ours = editor.data / "dingbridge"
    ours.mkdir(parents=True)
    (ours / "sessions").mkdir()
    for folder in (editor.data, ours, ours / "sessions"):
        folder.chmod(0o777)
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    editor.until_said("can be written by others")
    editor.until_lua("require('dingbridge').status().connected")
    assert [mode(folder) for folder in (editor.data, ours, ours / "sessions")] == [
        0o777,
        0o700,
        0o700,
    ]


# --- in the editor --------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", [STATE, OUTBOX, INBOX])
def test_a_file_of_ours_that_is_none_is_told_in_words_and_all_goes_on_once_it_is_gone(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], name: str, odd: str
) -> None:
    put, words = ODD[odd]
    editor.data.mkdir(parents=True)
    path = editor.data / name
    put(path)
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    assert words in editor.until_said(f"cannot use {name}")
    editor.type_draft("hello")
    editor.chat("status")
    editor.until_said("mode: api")
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("there you are")
    editor.until(editor.transcript)


@pytest.mark.parametrize("odd", ODD)
def test_a_transcript_that_is_no_file_holds_up_no_other_session(editor: Editor, odd: str) -> None:
    put, _ = ODD[odd]
    sessions = editor.data / "dingbridge" / "sessions"
    sessions.mkdir(parents=True)
    put(sessions / "odd.jsonl")
    editor.setup({})
    editor.chat("new fine")
    editor.until(lambda: "fine" in [each["title"] for each in editor.sessions()])


@pytest.mark.parametrize("odd", ODD)
def test_a_log_that_is_no_file_is_told_and_done_without(editor: Editor, odd: str) -> None:
    put, words = ODD[odd]
    log = editor.home / "state" / "nvim" / "dingbridge.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    put(log)
    editor.setup({})
    editor.chat("status")
    assert words in editor.until_said("goes on without one")
    editor.until_said("mode: off")
    editor.chat("log")
    editor.until_said("is no file that can be shown")


WORKING = (
    ("owner-card", "a named pipe"),
    ("owner-card", "a loop of links"),
    ("owner-lock", "a named pipe"),
)


@pytest.mark.parametrize("odd", ["a named pipe", "a folder", "a loop of links"])
@pytest.mark.parametrize("which", ["owner-lock", "owner-card", "folder"])
def test_an_odd_lock_or_folder_is_told_with_its_path(
    editor: Editor, api_options: dict[str, Any], which: str, odd: str
) -> None:
    from dingbridge.core.delivery.routing import robot_name
    from dingbridge.core.options.settings import read

    robot = robot_name(read({k: v for k, v in api_options.items() if v}, {}))
    ours = editor.data / "dingbridge"
    put, _ = ODD[odd]
    place = {
        "owner-lock": ours / f"owner-{robot}.lock",
        "owner-card": ours / f"owner-{robot}.json",
        "folder": ours,
    }[which]
    if which == "folder" and odd == "a folder":
        pytest.skip("that is what it is")
    place.parent.mkdir(parents=True)
    put(place)
    editor.setup(api_options)
    editor.chat("bridge dingtalk")
    # A new card takes the place of the odd one, and a pipe can be locked as well.
    if (which, odd) in WORKING:
        editor.until_lua("require('dingbridge').status().connected")
    else:
        editor.until_said(place.name)
    if which == "folder":
        # Without it there is no service that could say anything.
        place.unlink()
    editor.chat("status")
    editor.until_said("mode: api")


def test_what_is_saved_is_for_the_user_alone(editor: Editor, tmp_path: Path) -> None:
    with umask(0):
        editor.setup({})
        editor.chat("new kept")
        editor.until(editor.sessions)
        editor.chat(f"save {tmp_path / 'saved.jsonl'}")
        saved = editor.until(lambda: list(tmp_path.glob("saved.jsonl")))
    assert [mode(path) for path in saved] == [0o600]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_file_is_neither_loaded_nor_saved_over(
    editor: Editor, tmp_path: Path, odd: str
) -> None:
    put, words = ODD[odd]
    path = tmp_path / "odd.jsonl"
    put(path)
    editor.setup({})
    editor.chat("new kept")
    editor.until(editor.sessions)
    editor.chat(f"load {path}")
    assert words in editor.until_said("cannot be read")
    editor.chat(f"save {path}")
    editor.until_said("odd.jsonl exists already")
