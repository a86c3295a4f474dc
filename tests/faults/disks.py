"""The disk of a history: what stands on it, and how it is torn, refuses or is full for a while."""

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
    """The files of a history. `refuses` says that something cannot be written now; `is_full` that
    there is no room, and `was_full` that there was a time without."""

    def __init__(self, home: Path) -> None:
        self._data = home / "data" / "nvim"
        self._refusals = Refusals(home / "refused")
        self._trouble: Timer | None = None
        self.refuses = False
        self.is_full = False
        self.was_full = False

    def transcripts(self) -> dict[str, bytes]:
        """What stands in the transcripts, by session."""
        return {path.stem: self._refusals.read(path) for path in self._paths("transcript")}

    def tear(self, which: str) -> None:
        """Half a line stands at the end of a file."""
        self.work()
        for path in self._paths(which):
            if path.exists():
                with path.open("ab") as file:
                    file.write(HALF_A_LINE[which])

    def refuse(self, which: str, seconds: float) -> None:
        """Refuse a file for so long, or until `work`."""
        self.work()
        if self._refusals.begin(*self._paths(which)):
            self._end_after(seconds, self._refusals.end)

    def fill(self, service: int, seconds: float) -> None:
        """Have no room for what the service writes, for so long or until `work`. Only Linux can do
        that: elsewhere there is room all the time."""
        self.work()
        self.is_full = True
        self.was_full = True
        self._end_after(seconds, disk.fill(service))

    def work(self) -> None:
        """Work again, now."""
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
