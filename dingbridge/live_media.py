"""What came with messages, fetched behind a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dingbridge.core.messages import Attachment
from dingbridge.core.settings import Options
from dingbridge.edges.fetching import Fetcher
from dingbridge.edges.http import Http
from dingbridge.edges.storage.media import MediaFolder

TELL_AFTER = 1.0
"""Seconds after which the user is told that something is being fetched."""

TELL_EVERY = 5.0
"""Seconds between two such words."""


class Wanted(Struct, frozen=True):
    """The attachments of one message. `tell` is told how it goes, `then` what came of it: a path or
    None for each, and why there is none; both are called on the host loop."""

    options: Options
    message: str
    robot_code: str
    attachments: tuple[Attachment, ...]
    tell: Callable[[str], None]
    then: Callable[[tuple[str | None, ...], tuple[str, ...]], None]


class LiveMedia:
    """Fetches attachments, one after the other. Starts its thread with the first one."""

    def __init__(self, folder: Path, post: Callable[[Callable[[], None]], None]) -> None:
        self._folder = MediaFolder(folder)
        self._post = post
        self._queue: queue.SimpleQueue[Wanted | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def fetch(
        self,
        options: Options,
        message: str,
        robot_code: str,
        attachments: tuple[Attachment, ...],
        tell: Callable[[str], None],
        then: Callable[[tuple[str | None, ...], tuple[str, ...]], None],
    ) -> None:
        """Fetch all that came with a message."""
        if self._thread is None:
            name = "dingbridge-media"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()
        self._queue.put(Wanted(options, message, robot_code, attachments, tell, then))

    def stop(self) -> None:
        """End soon; what was not fetched is fetched when the message is handed over again."""
        self._stop.set()
        self._queue.put(None)

    def _run(self) -> None:
        swept = False
        while (wanted := self._queue.get()) is not None and not self._stop.is_set():
            if not swept:
                self._folder.remove_old(wanted.options.media_days)
                swept = True
            self._carry_out(wanted)

    def _carry_out(self, wanted: Wanted) -> None:
        http = Http(wanted.options.proxy)
        fetcher = Fetcher(wanted.options, http, self._folder, self._stop)
        telling = _Telling(lambda words: self._post(lambda: wanted.tell(words)))
        paths: list[str | None] = []
        failures: list[str] = []
        for number, attachment in enumerate(wanted.attachments):
            path, failure = fetcher.fetch(
                wanted.message, number, attachment, wanted.robot_code, telling.progress
            )
            paths.append(path)
            failures.append(failure)
        http.close()
        if self._stop.is_set() and None in paths:
            # It was not handed over, so it comes again, and what is there already is used.
            return
        self._post(lambda: wanted.then(tuple(paths), tuple(failures)))


class _Telling:
    """Tells how far a file is, when it takes long."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._next = time.monotonic() + TELL_AFTER

    def progress(self, done: int, whole: int) -> None:
        """So many bytes are here, of how many, or 0."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TELL_EVERY
            share = f" ({100 * done // whole} %)" if whole else ""
            self._tell(f"fetching what came with a message: {done // 1024:,} KB{share}")
