"""The folder of media: private, nothing half done in it, and not full for ever."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from dingbridge.core.errors import Refused
from dingbridge.core.messages import Attachment
from dingbridge.edges.storage.media_folder import LEFT_BEHIND, MediaFolder

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
DAY = 86_400.0

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    return MediaFolder(tmp_path / "dingbridge" / "media")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "dingbridge" / "media"


def received(folder: MediaFolder, name: str, data: bytes, message: str = "m", at: int = 0) -> Path:
    with folder.receive(message, at, Attachment("file", "code", name)) as incoming:
        incoming.write(data)
        return incoming.keep()


def test_a_picture_is_kept_whole_under_a_name_by_what_it_is(
    folder: MediaFolder, place: Path
) -> None:
    with folder.receive("msgA/+==", 0, Attachment("picture", "code")) as incoming:
        for byte in PNG:
            incoming.write(bytes([byte]))
        path = incoming.keep()
    assert path.read_bytes() == PNG
    assert path.name.endswith("-1-picture.png")
    assert list(place.iterdir()) == [path]
    assert folder.found("msgA/+==", 0) == path
    assert folder.found("msgA/+==", 1) is None


@posix
def test_nobody_else_can_read_what_was_received(folder: MediaFolder, place: Path) -> None:
    path = received(folder, "a.pdf", b"x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700


def test_files_of_the_same_name_do_not_collide_and_the_same_one_is_replaced(
    folder: MediaFolder, place: Path
) -> None:
    paths = {received(folder, "a.pdf", b"1", message, at) for message in "mn" for at in (0, 1)}
    assert len(paths) == 4
    again = received(folder, "a.pdf", b"2", "m", 0)
    assert again in paths
    assert again.read_bytes() == b"2"
    assert len(list(place.iterdir())) == 4


def test_a_hostile_name_stays_in_the_folder(folder: MediaFolder, place: Path) -> None:
    assert received(folder, "../../../evil.sh", b"x").parent == place


def test_a_download_that_fails_leaves_nothing_behind(folder: MediaFolder, place: Path) -> None:
    with folder.receive("m", 0, Attachment("picture", "c")) as incoming:
        incoming.write(b"half")
    assert list(place.iterdir()) == []
    assert folder.found("m", 0) is None


def test_what_is_no_file_cannot_be_sent(folder: MediaFolder, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", tmp_path / "a\0b"):
        with pytest.raises(Refused):
            folder.open_outgoing(path)


@posix
def test_a_pipe_is_refused_and_not_waited_for(folder: MediaFolder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="not a file"):
        folder.open_outgoing(tmp_path / "pipe")


def test_a_file_is_zipped_under_its_name_and_the_zip_is_discarded(
    folder: MediaFolder, place: Path, tmp_path: Path
) -> None:
    source = tmp_path / "notes.txt"
    source.write_bytes(b"hello\n" * 100_000)
    os.utime(source, (0, 0))
    with folder.open_outgoing(source) as outgoing:
        zipped = folder.zipped(outgoing, "笔记.txt")
    with zipped:
        assert zipped.size == zipped.path.stat().st_size < 10_000
        with zipfile.ZipFile(zipped.file) as archive:
            assert archive.namelist() == ["笔记.txt"]
            assert archive.read("笔记.txt") == b"hello\n" * 100_000
    folder.discard(zipped)
    assert list(place.iterdir()) == []


def test_zipping_can_be_stopped_and_leaves_nothing(
    folder: MediaFolder, place: Path, tmp_path: Path
) -> None:
    source = tmp_path / "notes.txt"
    source.write_bytes(b"x" * 1_000_000)
    with folder.open_outgoing(source) as outgoing, pytest.raises(Refused, match="stopped"):
        folder.zipped(outgoing, "notes.txt", lambda: True)
    assert list(place.iterdir()) == []


def aged(path: Path, now: float, age: float) -> Path:
    os.utime(path, (now - age, now - age))
    return path


def test_old_files_go_and_newer_ones_stay(folder: MediaFolder, place: Path) -> None:
    now = 1_800_000_000.0
    old = aged(received(folder, "old.pdf", b"x", at=0), now, 31 * DAY)
    new = aged(received(folder, "new.pdf", b"x", at=1), now, 29 * DAY)
    assert folder.remove_old(30, now=now) == 1
    assert list(place.iterdir()) == [new]
    assert not old.exists()


def test_the_oldest_go_first_when_there_is_too_much(folder: MediaFolder, place: Path) -> None:
    now = 1_800_000_000.0
    paths = [
        aged(received(folder, f"{at}.pdf", b"x" * 100, at=at), now, (9 - at) * 60.0)
        for at in range(5)
    ]
    assert folder.remove_old(30, most=250, now=now) == 3
    assert set(place.iterdir()) == set(paths[3:])


def test_what_a_crash_left_goes_after_a_day_and_a_download_under_way_stays(
    folder: MediaFolder, place: Path
) -> None:
    now = 1_800_000_000.0
    received(folder, "a.pdf", b"x").unlink()
    left = aged_new(place / "a-1-2.part", now, LEFT_BEHIND + 1)
    young = aged_new(place / "b-1-2.part", now, LEFT_BEHIND - 1)
    assert folder.remove_old(30, most=0, now=now) == 1
    assert not left.exists()
    assert young.exists()


def aged_new(path: Path, now: float, age: float) -> Path:
    path.write_bytes(b"x" * 10)
    return aged(path, now, age)


def test_folders_and_links_are_not_touched_and_no_folder_is_no_error(
    folder: MediaFolder, place: Path, tmp_path: Path
) -> None:
    assert folder.remove_old(0) == 0
    place.mkdir(parents=True)
    (place / "sub").mkdir()
    kept = tmp_path / "kept.txt"
    kept.write_text("x")
    if sys.platform != "win32":
        (place / "link").symlink_to(kept)
    assert folder.remove_old(0, most=0, now=1e11) == 0
    assert kept.exists()
    assert (place / "sub").is_dir()
