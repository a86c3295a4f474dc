"""The link of a robot: one stream thread for each time that it is open."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.stream import (
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
)
from dingbridge.edges.storage.robot_files import StreamGate
from dingbridge.protocol.command_queue import Post


class StreamLink:
    """The port `Link`. Service loop only, unless a method says otherwise.

    closed ──connect()──▶ open ──disconnect(), or other stream settings──▶ closed

    - `gate` allows writing to the inbox while this process owns the robot.
    - `happened` gets the events of the open link, and messages of earlier ones.
    """

    def __init__(
        self,
        options: Options,
        gate: StreamGate,
        post: Post,
        happened: Callable[[StreamEvent], None],
    ) -> None:
        self._options = options
        self._gate = gate
        self._post = post
        self._happened = happened
        self.seen = SeenIds()
        """Ids of received messages. Set it before the link is opened."""
        self._stream: StreamThread | None = None
        self._before: StreamThread | None = None

    def configure(self, options: Options) -> None:
        """Use these options; close a link with other settings."""
        before, self._options = self._options, options
        if StreamSettings.of(before) != StreamSettings.of(options):
            self.disconnect()

    def connect(self) -> None:
        """Open the link and keep it open; does nothing if it is open."""
        if self._stream is not None:
            return
        stream = StreamThread(
            StreamSettings.of(self._options),
            Http(self._options.proxy),
            self.seen,
            self._gate,
            lambda event: self._post(lambda: self._dispatch(stream, event)),
        )
        stream.follow(self._before)
        self._stream = stream
        stream.start()

    def disconnect(self) -> None:
        """Close the link; does nothing if it is closed."""
        if self._stream is not None:
            self._stream.stop()
            self._before, self._stream = self._stream, None

    @property
    def silent(self) -> float | None:
        """Seconds since something came on the open connection; None without one."""
        return self._stream.silent if self._stream is not None else None

    def _dispatch(self, stream: StreamThread, event: StreamEvent) -> None:
        # Messages are on disk and acked, even if their stream was replaced. Its state does not
        # matter any more.
        if isinstance(event, MessagesReceived | CardPressed) or stream is self._stream:
            self._happened(event)

    def wait_until_closed(self, seconds: float | None) -> None:
        """Return once the link closed last has ended, or after `seconds`. Not for the loop."""
        if self._before is not None:
            self._before.join(seconds)
