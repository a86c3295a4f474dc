"""The link of a robot: a stream thread while the link is open, another one each time it opens."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.stream import (
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
)
from dingbridge.edges.storage.robot_files import OwnershipGate
from dingbridge.protocol.command_queue import Post


class StreamLink:
    """The port `Link`. Service loop only, but for those methods that say otherwise.

    closed ──connect()──▶ open ──disconnect(), or other stream settings──▶ closed

    - `gate` lets the stream thread write to the inbox as long as this process owns the robot.
    - `happened` gets the events of the open link, and messages of earlier ones as well.
    """

    def __init__(
        self,
        options: Options,
        gate: OwnershipGate,
        post: Post,
        happened: Callable[[StreamEvent], None],
    ) -> None:
        self._options = options
        self._gate = gate
        self._post = post
        self._happened = happened
        self.seen = SeenIds()
        """The ids of messages that were received. Set before the link is opened."""
        self._stream: StreamThread | None = None
        self._before: StreamThread | None = None

    def configure(self, options: Options) -> None:
        """Use these options from now on. A link with other settings is closed."""
        before, self._options = self._options, options
        if StreamSettings.of(before) != StreamSettings.of(options):
            self.disconnect()

    def connect(self) -> None:
        """Open the link and keep it open. Does nothing when it is open already."""
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
        """Close the link. Does nothing when it is closed already."""
        if self._stream is not None:
            self._stream.stop()
            self._before, self._stream = self._stream, None

    def _dispatch(self, stream: StreamThread, event: StreamEvent) -> None:
        # Messages are on disk and acked, whatever became of the stream since; the state of a
        # stream that was replaced is of no interest.
        if isinstance(event, MessagesReceived) or stream is self._stream:
            self._happened(event)

    def wait_until_closed(self, seconds: float | None) -> None:
        """Return once the link that was closed last has ended, or after `seconds`. For threads
        other than the loop."""
        if self._before is not None:
            self._before.join(seconds)
