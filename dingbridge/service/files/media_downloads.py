"""Downloads the attachments of robot messages, in threads of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.messages import Attachment
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.openapi import AccessTokens
from dingbridge.edges.storage.media_folder import MediaFolder

if TYPE_CHECKING:
    from dingbridge.edges.dingtalk.downloads import Downloader

log = logging.getLogger(__name__)

MEDIA_FOLDER = Path("dingbridge", "media")
"""The folder for downloads, relative to the data folder."""

TELL_AFTER = 1.0
"""Seconds until the first progress notice."""

TELL_EVERY = 5.0
"""Seconds between two progress notices."""

AT_ONCE = 4
"""Maximum number of messages whose files are downloaded at the same time."""

ANSWER_WITHIN = 15.0
"""Read timeout in seconds. Short, because later messages of the conversation wait."""


class DownloadJob(Struct, frozen=True):
    """The attachments of one message.

    `notify` gets progress in words. `then` gets a path or None for each attachment, and the reason
    for each None. Both are called on the service loop.
    """

    options: Options
    message: str
    robot_code: str
    attachments: tuple[Attachment, ...]
    notify: Callable[[str], None]
    then: Callable[[tuple[str | None, ...], tuple[str, ...]], None]


class MediaDownloads:
    """Downloads the attachments of up to `AT_ONCE` messages at a time, so that a slow file does not
    delay other conversations. Threads start on demand."""

    def __init__(
        self, data: Path, tokens: AccessTokens, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._folder = MediaFolder(data / MEDIA_FOLDER)
        self._tokens = tokens
        self._post = post
        self._queue: queue.SimpleQueue[DownloadJob | float | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._under_way = 0
        self._swept = False

    def fetch(
        self,
        options: Options,
        message: str,
        robot_code: str,
        attachments: tuple[Attachment, ...],
        notify: Callable[[str], None],
        then: Callable[[tuple[str | None, ...], tuple[str, ...]], None],
    ) -> None:
        """Download all attachments of a message; see `DownloadJob`."""
        self._under_way += 1
        if len(self._threads) < min(self._under_way, AT_ONCE):
            name = f"dingbridge-media-{len(self._threads)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

        def ended(paths: tuple[str | None, ...], failures: tuple[str, ...]) -> None:
            self._under_way -= 1
            then(paths, failures)

        if not self._swept:
            self._swept = True
            self._queue.put(options.media_days)
        self._queue.put(DownloadJob(options, message, robot_code, attachments, notify, ended))

    def stop(self) -> None:
        """Stop soon. Unfinished downloads are repeated when the message is delivered again."""
        self._stop.set()
        for _ in self._threads:
            self._queue.put(None)

    def _run(self) -> None:
        # Each thread has its own connections.
        downloaders: dict[str, tuple[Options, Downloader]] = {}
        while (wanted := self._queue.get()) is not None and not self._stop.is_set():
            if isinstance(wanted, DownloadJob):
                self._carry_out(self._downloader_for(wanted.options, downloaders), wanted)
            else:
                self._sweep(wanted)

    def _sweep(self, days: float) -> None:
        try:
            self._folder.remove_old(days)
        except OSError as error:
            log.warning("old files could not be removed: %s", error.strerror)

    def _carry_out(self, downloader: Downloader, wanted: DownloadJob) -> None:
        notices = _ProgressNotices(lambda words: self._post(lambda: wanted.notify(words)))
        paths: list[str | None] = []
        failures: list[str] = []
        for number, attachment in enumerate(wanted.attachments):
            try:
                path, failure = downloader.fetch(
                    wanted.message, number, attachment, wanted.robot_code, notices.progress
                )
            except Exception:  # any defect: this message and later ones must still arrive
                log.exception("a defect in fetching")
                path, failure = None, say.DEFECT()
            paths.append(path)
            failures.append(failure)
        notices.stop()
        if self._stop.is_set() and None in paths:
            # Not reported, so the message is delivered again; finished files are reused.
            return
        self._post(lambda: wanted.then(tuple(paths), tuple(failures)))

    def _downloader_for(
        self, options: Options, downloaders: dict[str, tuple[Options, Downloader]]
    ) -> Downloader:
        """The downloader of an account; a new one if its options have changed."""
        known = downloaders.get(options.account)
        if known is not None and known[0] == options:
            return known[1]
        # Imported late: most services never download anything.
        from dingbridge.edges.dingtalk.downloads import Downloader
        from dingbridge.edges.dingtalk.http import Http

        http = Http(options.proxy, read_timeout=ANSWER_WITHIN)
        downloader = Downloader(options, http, self._tokens.of(options), self._folder, self._stop)
        downloaders[options.account] = options, downloader
        return downloader


class _ProgressNotices:
    """Progress notices of one message, if it takes longer than `TELL_AFTER`."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._next = time.monotonic() + TELL_AFTER
        # A timer, because `progress` is not called before the first bytes arrive.
        self._first = threading.Timer(TELL_AFTER, lambda: notify(say.FETCHING()))
        self._first.daemon = True
        self._first.start()

    def stop(self) -> None:
        """Show no more notices."""
        self._first.cancel()

    def progress(self, done: int, whole: int) -> None:
        """`done` of `whole` bytes are here; `whole` is 0 if unknown."""
        if time.monotonic() >= self._next:
            self._first.cancel()
            self._next = time.monotonic() + TELL_EVERY
            fetched = say.FETCHED_SHARE if whole else say.FETCHED_SO_FAR
            share = 100 * done // whole if whole else 0
            self._notify(fetched(amount=done // 1024, share=share))
