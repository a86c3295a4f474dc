"""The counts of unread messages in the state file."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

from dingbridge.core.sessions.unread import Unread
from dingbridge.edges.storage.robot_files import files_in
from dingbridge.edges.storage.unread_file import UnreadFile
from dingbridge.edges.storage.worker import Worker


def test_the_latest_counts_are_written_once(tmp_path: Path) -> None:
    posted: queue.Queue[Callable[[], None]] = queue.Queue()
    disk = Worker(posted.put, lambda error: None)
    disk.start()
    files = files_in(tmp_path, disk)
    unread = UnreadFile(files)
    unread.keep({"s1": Unread(1, "m1")})
    unread.keep({"s1": Unread(2, "m1")})
    assert not files.state.soon(lambda state: state)  # a write is due already
    disk.wait(files.state.flush)
    assert files.state.read()[0].unread == {"s1": Unread(2, "m1")}
    unread.keep({})
    disk.wait(files.state.flush)
    assert files.state.read()[0].unread == {}
    disk.finish(5)
