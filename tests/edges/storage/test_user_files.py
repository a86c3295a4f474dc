"""The user's files are opened on the editor's side: what may be read, and what is written."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from dingbridge.core.errors import BridgeError
from dingbridge.core.user_file import LOAD_BYTES, UserFile
from dingbridge.edges.storage.user_files import open_to_read, write_new
from tests.support.processes import run

pytestmark = pytest.mark.environment


def save(path: Path, data: bytes) -> None:
    write_new(UserFile(1, str(path), "save"), data)


def test_what_is_saved_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for target in (tmp_path / "mine", tmp_path / "link", tmp_path):
        with pytest.raises(BridgeError, match="exists already") as refused:
            save(target, b"words")
        assert refused.value.fix
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


def test_what_is_saved_is_whole_and_for_the_user_alone(tmp_path: Path) -> None:
    save(tmp_path / "copy", b"one, two")
    assert (tmp_path / "copy").read_bytes() == b"one, two"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "words"), [("missing/copy", "No such file"), ("a\0b", "ValueError")]
)
def test_what_cannot_be_saved_there_is_refused_with_the_reason(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(BridgeError, match=f"cannot be written: {words}"):
        save(tmp_path / name, b"words")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no disk that is always full")
def test_what_a_full_disk_does_not_take_leaves_nothing_behind(tmp_path: Path) -> None:
    # In a process of its own, whose files may have 100 bytes.
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from dingbridge.core.errors import BridgeError\n"
        "from dingbridge.core.user_file import UserFile\n"
        "from dingbridge.edges.storage.user_files import write_new\n"
        "try:\n"
        "    write_new(UserFile(1, sys.argv[1], 'save'), b'x' * 1_000_000)\n"
        "except BridgeError as error:\n"
        "    print(error)\n"
    )
    done = run([sys.executable, "-c", code, str(tmp_path / "copy")], text=True)
    assert "cannot be written: File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_transcript_that_is_too_large_to_load_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LOAD_BYTES + 1)
    with pytest.raises(BridgeError, match="it is larger than 200 MB"):
        open_to_read(UserFile(1, str(path), "load"))


def test_a_file_to_load_that_is_not_there_is_named(tmp_path: Path) -> None:
    for source in (tmp_path / "missing", tmp_path):
        with pytest.raises(BridgeError, match="cannot be read") as refused:
            open_to_read(UserFile(1, str(source), "load"))
        assert str(source) in str(refused.value)
