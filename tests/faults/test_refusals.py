"""The injected disk errors: nothing is read or written meanwhile, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import disk
from tests.support.disk import Refusals
from tests.support.processes import Child

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can refuse like that")


def test_a_file_that_is_refused_can_be_neither_read_nor_written_nor_replaced(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "journal", tmp_path / "other"
    path.write_text("before")
    other.write_text("instead")
    refusals = Refusals(tmp_path / "aside")
    assert refusals.begin(path)
    for refused in (path.read_bytes, lambda: path.write_text("new"), lambda: other.replace(path)):
        with pytest.raises(IsADirectoryError):
            refused()
    assert refusals.read(path) == b"before"
    refusals.end()
    assert path.read_text() == "before"


def test_who_has_a_refused_file_open_writes_to_it_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("before")
    refusals = Refusals(tmp_path / "aside")
    with path.open("a") as file:
        refusals.begin(path)
        file.write(", after")
    refusals.end()
    assert path.read_text() == "before, after"


def test_a_file_that_does_not_exist_yet_can_be_refused_and_made_later(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    refusals = Refusals(tmp_path / "aside")
    refusals.begin(path)
    with pytest.raises(IsADirectoryError):
        path.write_text("new")
    assert refusals.read(path) == b""
    refusals.end()
    path.write_text("new")


def test_a_process_whose_disk_is_full_can_write_again_once_there_is_room(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for line in sys.stdin:\n"
        "    try:\n"
        f"        open({str(tmp_path / 'file')!r}, 'a', buffering=1).write(line)\n"
        "        print('written', flush=True)\n"
        "    except OSError as error:\n"
        "        print(error.strerror, flush=True)\n"
    )
    with Child(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def write() -> str:
            print("a line", file=process.stdin, flush=True)
            return str(process.stdout.readline()).strip() if process.stdout else ""

        assert write() == "written"
        room = disk.fill(process.pid)
        assert write() == "File too large"
        room()
        assert write() == "written"
        process.stdin.close()
    assert (tmp_path / "file").read_text() == "a line\n" * 2
