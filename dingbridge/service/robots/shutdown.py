"""Releases a robot that nobody uses any longer, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from dingbridge.edges.storage.robot_files import SharedFiles

if TYPE_CHECKING:
    from dingbridge.service.robots.robot_service import RobotService


class Shutdown(threading.Thread):
    """Waits until a robot has stopped, then closes its files and releases its lock.

    The next owner must not open its link before ours is closed, nor repeat a message whose answer
    is about to come.
    """

    def __init__(
        self, owner: RobotService, files: SharedFiles, release: Callable[[], None]
    ) -> None:
        super().__init__(name="dingbridge-ending", daemon=True)
        self._owner = owner
        self._files = files
        self._release = release
        self._is_closed = False

    def run(self) -> None:
        """Wait, and submit the rest to the disk thread."""
        self._owner.wait_until_stopped(None)
        self.close()

    def close(self) -> None:
        """Leave the files to the next owner, even if a request is still under way. For any thread;
        a second call does nothing."""
        # After everything that waits to be written: the next owner reads the files at once.
        self._files.disk.do(self._close)

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            try:
                self._owner.close()
            finally:
                self._release()
