"""Reads the body of a download piece by piece, within limits of size and time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import requests
from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk.media import PROGRESS_BYTES, amount
from dingbridge.core.errors import DeliveryError, Refused, Retryable
from dingbridge.edges.dingtalk.http.failures import FOREIGN

PIECE = 64 * 1024
"""Most bytes that are read at a time."""

Sink = Callable[[bytes], object]
"""Takes one piece of the file; an exception ends the download."""


class Limits(Struct, frozen=True):
    """At most `most` bytes in `within` seconds, and at least `PROGRESS_BYTES` in every
    `progress_within` seconds.
    """

    most: int
    within: float
    progress_within: float


def receive(
    response: requests.Response,
    part: Sink,
    *,
    limits: Limits,
    stop: threading.Event,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Pass the body to `part`; see `Http.download`."""
    if response.status_code != 200:
        raise _by_status(response.status_code)
    announced = _announced(response)
    too_large = Refused(say.LARGER_THAN(most=amount(limits.most)))
    if announced > limits.most:
        raise too_large
    done = seen = 0
    deadline = time.monotonic() + limits.within
    look_at = time.monotonic() + limits.progress_within
    while piece := _next(response):
        done += len(piece)
        if done > limits.most:
            raise too_large
        part(piece)
        if progress is not None:
            progress(done, announced)
        if stop.is_set():
            raise Retryable(say.DOWNLOAD_STOPPED())
        now = time.monotonic()
        if now > deadline:
            raise Retryable(say.DOWNLOAD_TOO_LONG())
        if now > look_at:
            if done - seen < PROGRESS_BYTES:
                too_slow = say.DOWNLOAD_TOO_SLOW(
                    amount=amount(done - seen), seconds=round(limits.progress_within)
                )
                raise Retryable(too_slow)
            seen, look_at = done, now + limits.progress_within
    if done < announced:
        raise _broke()
    return done


def _next(response: requests.Response) -> bytes:
    # read() waits for all requested bytes, so the time limit would not be checked while a few bytes
    # trickle in; urllib3 before 2.1 has no alternative.
    read = getattr(response.raw, "read1", response.raw.read)
    try:
        piece: bytes = read(PIECE, decode_content=True)
    except FOREIGN as cause:
        raise _broke() from cause
    return piece


def _announced(response: requests.Response) -> int:
    """The announced length in bytes; 0 without one, or if the body is compressed."""
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
