"""The body of a download: read piece by piece, as far as size and time allow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import requests

from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import DeliveryError, Refused, Retryable
from dingbridge.core.media import amount
from dingbridge.edges.http.failures import FOREIGN

PIECE = 64 * 1024
"""Bytes that are read at a time at most."""

Part = Callable[[bytes], object]
"""Takes one piece of the file; what it raises ends the download."""


def receive(
    response: requests.Response,
    part: Part,
    *,
    most: int,
    deadline: float,
    stop: threading.Event,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Hand the body to `part`; see `Http.download`. `deadline` is a time of `time.monotonic`."""
    if response.status_code != 200:
        raise _by_status(response.status_code)
    announced = _announced(response)
    too_large = Refused(say.LARGER_THAN(most=amount(most)))
    if announced > most:
        raise too_large
    done = 0
    while piece := _next(response):
        done += len(piece)
        if done > most:
            raise too_large
        part(piece)
        if progress is not None:
            progress(done, announced)
        if stop.is_set():
            raise Retryable(say.DOWNLOAD_STOPPED())
        if time.monotonic() > deadline:
            raise Retryable(say.DOWNLOAD_TOO_LONG())
    if done < announced:
        raise _broke()
    return done


def _next(response: requests.Response) -> bytes:
    # read() waits until it has all it was asked for, and the time limit would never be looked at
    # while a few bytes trickle in; urllib3 before 2.1 has nothing better.
    read = getattr(response.raw, "read1", response.raw.read)
    try:
        piece: bytes = read(PIECE, decode_content=True)
    except FOREIGN as cause:
        raise _broke() from cause
    return piece


def _announced(response: requests.Response) -> int:
    """The length that the other side names; 0 without one, or when it is that of packed bytes."""
    named = response.headers.get("Content-Length", "")
    packed = response.headers.get("Content-Encoding", "identity").lower() != "identity"
    return int(named) if named.isascii() and named.isdigit() and not packed else 0


def _by_status(status: int) -> DeliveryError:
    if status in (408, 429) or status >= 500:
        return Retryable(say.DOWNLOAD_FAILED(status=status))
    if status in (403, 404, 410):
        return Refused(say.GONE(status=status), fix=say.ASK_AGAIN())
    return Refused(say.NOT_FETCHABLE(status=status))


def _broke() -> Retryable:
    return Retryable(say.DOWNLOAD_BROKE())
