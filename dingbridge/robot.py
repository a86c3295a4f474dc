"""The configured robot put together: its queue, its link, and the lock that says who owns it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dingbridge.core.messages import DeliveryReport, Outbound
from dingbridge.core.seen import Seen
from dingbridge.core.settings import Options
from dingbridge.edges.http import Http
from dingbridge.edges.sender import Sender
from dingbridge.edges.storage.lock import Owner, OwnerLock
from dingbridge.edges.stream import Stream, StreamEvent, StreamSettings


class LiveRobot:
    """Starts threads only when they are needed, and replaces them when the options change.

    `report` and `tell` are called by the threads.
    """

    def __init__(
        self,
        folder: Path,
        me: Owner,
        seen: dict[str, float],
        report: Callable[[DeliveryReport], None],
        tell: Callable[[StreamEvent], None],
    ) -> None:
        self._folder = folder
        self._me = me
        self._seen = Seen(seen)
        self._report = report
        self._tell = tell
        self._options: Options | None = None
        self._sender: Sender | None = None
        self._stream: Stream | None = None
        self._lock: OwnerLock | None = None
        self._locked_app = ""

    def configure(self, options: Options) -> None:
        """Use these options from now on; messages that wait go out by them."""
        before, self._options = self._options, options
        if self._sender is not None:
            self._sender.configure(options, Http(options.proxy))
        if before is not None and _stream_settings(before) != _stream_settings(options):
            self._stop_stream()
        if self._locked_app and self._locked_app != options.app_key:
            self._release()

    def put(self, outbound: Outbound) -> None:
        """Add a message to the end of the queue."""
        if self._sender is None:
            assert self._options is not None  # noqa: S101 - configure() comes first
            self._sender = Sender(self._options, Http(self._options.proxy), self._report)
            self._sender.start()
        self._sender.put(outbound)

    def own(self) -> str:
        """Take the link for this editor. Returns an empty text, or who holds it, in words."""
        assert self._options is not None  # noqa: S101 - configure() comes first
        if self._lock is not None:
            return ""
        lock = OwnerLock(self._folder, self._options.app_key, self._me)
        holder = lock.acquire()
        if holder is not None:
            where = f" (in {holder.cwd})" if holder.cwd else ""
            return f"Neovim process {holder.pid or 'unknown'}{where}"
        self._lock, self._locked_app = lock, self._options.app_key
        return ""

    def connect(self) -> None:
        """Open the link and keep it open. Does nothing when it is open already."""
        assert self._options is not None  # noqa: S101 - configure() comes first
        if self._stream is None:
            options = self._options
            stream = Stream(
                _stream_settings(options),
                Http(options.proxy),
                self._seen,
                # A stream that was replaced has nothing to say any more.
                lambda event: self._tell(event) if self._stream is stream else None,
            )
            self._stream = stream
            stream.start()

    def disconnect(self) -> None:
        """Close the link and let others have it."""
        self._stop_stream()
        self._release()

    def stop(self) -> None:
        """End the threads soon."""
        self.disconnect()
        if self._sender is not None:
            self._sender.stop()

    def _stop_stream(self) -> None:
        if self._stream is not None:
            self._stream.stop()
            self._stream = None

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._lock, self._locked_app = None, ""


def _stream_settings(options: Options) -> StreamSettings:
    return StreamSettings(
        client_id=options.app_key,
        client_secret=options.app_secret,
        api=options.endpoint_api,
        trusted_origins=tuple(
            f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
            for url in (options.endpoint_api, options.endpoint_oapi)
        ),
        proxy=options.proxy,
    )
