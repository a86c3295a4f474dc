"""Downloads the attachments of messages: requests the URL, then writes the bytes to the folder."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import Protocol

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk import media
from dingbridge.core.errors import DeliveryError, FreshToken, Retryable, RetryAfter, in_words
from dingbridge.core.messages import Attachment
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessToken, OpenApi, RobotClient

log = logging.getLogger(__name__)

AGAIN = (0.5, 2.0)
"""Seconds before the second and third attempt."""

AGAIN_WITHIN = 10.0
"""Seconds after which no further attempt begins: later messages wait for this one."""

LONGEST_PAUSE = 30.0
"""Longest pause that DingTalk may ask for, in seconds."""

_ADDRESS = "/v1.0/robot/messageFiles/download"


class AttachmentFile(Protocol):
    """A file being downloaded. A context manager: removes the file unless `keep` was called."""

    def __enter__(self) -> AttachmentFile:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, and remove it unless `keep` was called."""
        ...

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        ...

    def keep(self) -> Path:
        """The download is complete: give the file its name, and return its path."""
        ...


class AttachmentFolder(Protocol):
    """Stores attachments."""

    def receive(self, message: str, number: int, attachment: Attachment) -> AttachmentFile:
        """Create the file for attachment `number` (from 0) of a message."""
        ...

    def found(self, message: str, number: int) -> Path | None:
        """The path of an earlier download of it; None without one."""
        ...


class Downloader:
    """Downloads for one account. Used by one thread only; setting `stop` ends a download."""

    def __init__(
        self,
        options: Options,
        http: Http,
        token: AccessToken,
        folder: AttachmentFolder,
        stop: threading.Event,
    ) -> None:
        self._options = options
        self._http = http
        self._folder = folder
        self._stop = stop
        self._api = OpenApi(RobotClient(options, http, token), log)

    def fetch(
        self,
        message: str,
        number: int,
        attachment: Attachment,
        robot_code: str,
        progress: Callable[[int, int], None],
    ) -> tuple[str | None, str]:
        """Download an attachment, with retries.

        Returns its path and "", or None and a phrase with the reason and what to do.
        """
        try:
            kept = self._folder.found(message, number)
        except OSError as error:
            return None, _unwritable(error)
        if kept is not None:
            return str(kept), ""
        if not attachment.download_code:
            return None, say.NO_WAY_TO_FETCH()
        pauses = [*AGAIN]
        until = time.monotonic() + AGAIN_WITHIN
        fresh = False
        while True:
            try:
                return str(self._once(message, number, attachment, robot_code, progress)), ""
            except FreshToken as error:
                if fresh:
                    return None, _told(error)
                fresh = True
                self._api.drop_token()
            except (Retryable, RetryAfter) as error:
                asked = error.seconds if isinstance(error, RetryAfter) else 0.0
                late = time.monotonic() > until
                if late or not pauses or asked > LONGEST_PAUSE or self._stop.is_set():
                    return None, _told(error)
                self._stop.wait(max(asked, pauses.pop(0)))
            except DeliveryError as error:
                log.info("an attachment could not be fetched: %s %s", error.code, error.message)
                return None, _told(error)
            except OSError as error:
                return None, _unwritable(error)

    def _once(
        self,
        message: str,
        number: int,
        attachment: Attachment,
        robot_code: str,
        progress: Callable[[int, int], None],
    ) -> Path:
        options = self._options
        url = self._api.call(robot_code, lambda code: self._address(attachment, code))
        with self._folder.receive(message, number, attachment) as incoming:
            self._http.download(
                url,
                incoming.write,
                most=options.media_size * media.MEGABYTE,
                within=media.DOWNLOAD_WITHIN,
                stop=self._stop,
                progress=progress,
            )
            return incoming.keep()

    def _address(self, attachment: Attachment, robot_code: str) -> str:
        options = self._options
        answer = self._http.post(
            f"{options.endpoint_api}{_ADDRESS}",
            media.download_body(robot_code, attachment.download_code),
            self._api.headers(),
        )
        return media.read_download(answer, (options.endpoint_api, options.endpoint_oapi))


def _told(error: DeliveryError) -> str:
    """The error and its fix, without "may have arrived", which does not apply to downloads."""
    parts = [error.message, error.fix]
    if isinstance(error, Retryable | RetryAfter) or error.fix:
        parts.append(say.ASK_AGAIN())
    return reduce(in_words, filter(None, dict.fromkeys(parts)))


def _unwritable(error: OSError) -> str:
    log.error("an attachment could not be written: %s", error.strerror)
    return say.NOT_WRITTEN(reason=error.strerror or type(error).__name__)
