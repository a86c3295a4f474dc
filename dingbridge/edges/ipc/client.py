"""The client: the end of the local socket in an editor's host."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.edges.ipc import address
from dingbridge.edges.ipc.connection import PeerConnection, Timing, prove_as_client
from dingbridge.edges.ipc.event_loop import Loop, Peer
from dingbridge.edges.ipc.events import ClientEvent, Connected, ConnectionLost, Heard


class Client(Loop):
    """Connects to a server, in its own thread.

    `notify` is called on that thread and must neither block nor raise. Events: at most one
    `Connected`, then `Heard`, and exactly one `ConnectionLost` at the end. To reconnect, make
    another client.
    """

    def __init__(
        self,
        address: str,
        secret: str,
        notify: Callable[[ClientEvent], None],
        timing: Timing = Timing(),
    ) -> None:
        super().__init__("dingbridge-socket-client", timing)
        self._address = address
        self._secret = secret
        self._notify = notify
        self._lost = ConnectionLost("stopped")

    def send(self, data: bytes) -> None:
        """Queue a frame, also before `Connected`. Thread-safe.

        Raises `LocalSocketError` if the frame is longer than `FRAME_BYTES`.
        """
        self._command(0, data)

    def _begin(self) -> None:
        try:
            connection = address.connect(self._address)
        except address.LocalSocketError as cause:
            self._lost = ConnectionLost(cause.message)
            return
        if address.is_foreign(connection):
            connection.close()
            self._lost = ConnectionLost("another user answers there")
            return
        line = PeerConnection(prove_as_client(self._secret), self._timing, self._clock.now())
        self._adopt(Peer(0, connection, line))

    def _wanted(self) -> bool:
        return bool(self._peers)

    def _proved(self, peer: Peer) -> None:
        self._notify(Connected())

    def _told(self, peer: Peer, data: bytes) -> None:
        self._notify(Heard(0, data))

    def _gone(self, peer: Peer, reason: str) -> None:
        self._lost = ConnectionLost(reason, peer.line.silence(self._clock.now()))

    def _over(self) -> None:
        self._notify(self._lost)
