"""The plugin's own files: whole after a crash or on a full disk, and private."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dingbridge.edges.storage import own_files
from tests.support.storage import POSIX, StartProcess, mode


@pytest.mark.skipif(not POSIX, reason="permissions of POSIX")
def test_a_file_of_ours_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        own_files.write_whole(tmp_path / "whole", b"data")
        own_files.append_lines(tmp_path / "appended", b"data\n")
    finally:
        os.umask(before)
    assert mode(tmp_path / "whole") == mode(tmp_path / "appended") == 0o600


def test_writing_makes_the_folders_on_the_way(tmp_path: Path) -> None:
    own_files.write_whole(tmp_path / "a" / "b" / "file", b"data")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"data"


def test_a_failing_write_leaves_no_temporary_file_behind(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.mkdir()
    with pytest.raises(OSError, match="file"):
        own_files.write_whole(target, b"data")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not POSIX, reason="resource limits of POSIX")
def test_the_old_content_survives_a_disk_that_fills_up(
    tmp_path: Path, start_process: StartProcess
) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old content")
    process = start_process(
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from dingbridge.edges.storage import own_files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    own_files.write_whole(Path(sys.argv[1]), b'x' * 100_000)\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, flush=True)\n",
        target,
    )
    assert process.line() == "OSError"
    assert target.read_bytes() == b"old content"
    assert list(tmp_path.iterdir()) == [target]


def test_a_line_after_a_torn_one_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for line in (b"one\n", b"two\n"):
        own_files.append_lines(path, line)
    path.write_bytes(path.read_bytes()[:-3])
    own_files.append_lines(path, b"three\n")
    assert path.read_bytes() == b"one\nt\nthree\n"


def test_a_damaged_file_is_kept_beside_under_a_name_with_the_time(tmp_path: Path) -> None:
    kept = []
    for data in (b"first", b"second"):
        (tmp_path / "state.json").write_bytes(data)
        kept.append(own_files.set_aside(tmp_path / "state.json"))
    assert [path.read_bytes() for path in kept] == [b"first", b"second"]
    assert all(path.name.startswith("state.json.bad-2") for path in kept)
    assert not (tmp_path / "state.json").exists()
