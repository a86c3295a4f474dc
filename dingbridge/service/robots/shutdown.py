"""Releases a robot without editors, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from dingbridge.edges.storage.robot_files import SharedFiles

if TYPE_CHECKING:
    from dingbridge.service.robots.robot_service import RobotService


class Shutdown(threading.Thread):
    """Waits until a robot has stopped, closes its files, and releases its lock.

    The next service must not open a second link, nor repeat a message whose answer is about to
    arrive.
    """

    def __init__(
        self, service: RobotService, files: SharedFiles, release: Callable[[], None]
    ) -> None:
        super().__init__(name="dingbridge-ending", daemon=True)
        self._service = service
        self._files = files
        self._release = release
        self._is_closed = False

    def run(self) -> None:
        """Wait, then submit the rest to the disk thread."""
        self._service.wait_until_stopped(None)
        self.close()

    def close(self) -> None:
        """Close the files now, even if a request is under way. Thread-safe; a second call does
        nothing."""
        # After all pending writes: the next service reads the files at once.
        self._files.disk.do(self._close)

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            try:
                self._service.close()
            finally:
                self._release()
