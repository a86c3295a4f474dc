"""The disk of a history: reads its files, and makes them torn, unwritable or full for a while."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Timer

from tests.support import disk
from tests.support.disk import Refusals

HALF_A_LINE = {
    "outbox": b'{"put":{"id":"torn","target":{"conversation_id":"cid',
    "inbox": b'{"version":1,"message":{"id":"torn \xe4\xbd',
    "transcript": b'{"message":{"id":"torn","role":"dingtalk","author":"',
}


class Disk:
    """The files of a history.

    - `refuses`: a file cannot be written now.
    - `is_full`: there is no room now; `was_full`: there was none at some time.
    """

    def __init__(self, home: Path) -> None:
        self._data = home / "data" / "nvim"
        self._refusals = Refusals(home / "refused")
        self._trouble: Timer | None = None
        self.refuses = False
        self.is_full = False
        self.was_full = False

    def transcripts(self) -> dict[str, bytes]:
        """The content of the transcripts, by session."""
        return {path.stem: self._refusals.read(path) for path in self._paths("transcript")}

    def tear(self, which: str) -> None:
        """Append half a line to a file."""
        self.work()
        for path in self._paths(which):
            if path.exists():
                with path.open("ab") as file:
                    file.write(HALF_A_LINE[which])

    def refuse(self, which: str, seconds: float) -> None:
        """Make a file unreadable and unwritable for `seconds`, or until `work`."""
        self.work()
        if self._refusals.begin(*self._paths(which)):
            self._end_after(seconds, self._refusals.end)

    def fill(self, service: int, seconds: float) -> None:
        """Let the service's writes fail for want of room, for `seconds` or until `work`. Linux
        only: elsewhere nothing happens."""
        self.work()
        self.is_full = True
        self.was_full = True
        self._end_after(seconds, disk.fill(service))

    def work(self) -> None:
        """End these faults."""
        if self._trouble is not None:
            self._trouble.cancel()
            self._trouble.join()
            if self.refuses:
                self._trouble.function()

    def _end_after(self, seconds: float, end: Callable[[], None]) -> None:
        def over() -> None:
            end()
            self.refuses = False
            self.is_full = False

        self.refuses = True
        self._trouble = Timer(seconds, over)
        self._trouble.daemon = True
        self._trouble.start()

    def _paths(self, which: str) -> list[Path]:
        if which == "transcript":
            return sorted((self._data / "dingbridge" / "sessions").glob("*.jsonl"))
        return [self._data / f"chat-dingtalk-{which}.jsonl"] if self._data.is_dir() else []
