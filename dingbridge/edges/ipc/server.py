"""The server: the end of the local socket in the service."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable

from dingbridge.edges.ipc import address
from dingbridge.edges.ipc.connection import PeerConnection, Timing, prove_as_server
from dingbridge.edges.ipc.event_loop import READ, Loop, Peer
from dingbridge.edges.ipc.events import Heard, Joined, Moved, PeerLeft, ServerEvent, SocketLost

log = logging.getLogger(__name__)

STRANGERS = 64
"""Connections without proof at the same time, at most; more are refused."""


class Server(Loop):
    """Accepts the hosts of the user's editors, in its own thread.

    `notify` is called on that thread and must neither block nor raise. Each `Joined` is followed by
    exactly one `PeerLeft`.

    The constructor binds and listens. It raises `LocalSocketError` if that fails.

    States of a connection::

        accepted --proof--> joined --closed, broken, silent or dropped--> left (`PeerLeft`)
            |
            +--wrong proof, too late, another user, too many--> refused (one log line)
    """

    def __init__(
        self,
        notify: Callable[[ServerEvent], None],
        timing: Timing = Timing(),
        *,
        tcp: bool = not address.UNIX,
    ) -> None:
        super().__init__("dingbridge-socket-server", timing)
        try:
            self._listener, self.address = address.listen(tcp=tcp)
        except address.LocalSocketError:
            super()._release()
            raise
        self.secret = os.urandom(32).hex()
        self._notify = notify
        self._numbers = itertools.count(1)
        self._refused = 0
        self._deaf = False
        self._asked_to_look = False
        self._listen()

    def send(self, peer: int, data: bytes) -> None:
        """Queue a frame for a peer; ignored if the peer has left. Thread-safe.

        Raises `LocalSocketError` if the frame is longer than `FRAME_BYTES`.
        """
        self._command(peer, data)

    def is_behind(self, peer: int) -> bool:
        """Whether frames to a peer are still unsent, because it does not read. Thread-safe."""
        found = self._peers.get(peer)
        return found is not None and found.line.unsent > 0

    def drop(self, peer: int) -> None:
        """Disconnect a peer, after writing what the system takes at once. Thread-safe."""
        self._command(peer, None)

    def look(self) -> None:
        """Listen at a new address if the socket's file was removed, and report `Moved`. Peers stay
        connected. Thread-safe."""
        if address.is_there(self.address):
            return
        self._asked_to_look = True
        self._waker.wake()

    def _look(self) -> None:
        if address.is_there(self.address):
            return
        try:
            listener, found = address.listen(tcp=False)
        except address.LocalSocketError as error:
            self._notify(SocketLost(error))
            return
        if not self._deaf:
            self._selector.unregister(self._listener)
        self._listener.close()
        self._listener, self.address = listener, found
        self._listen()
        self._notify(Moved())

    def _listen(self) -> None:
        self._selector.register(self._listener, READ, "caller")
        self._deaf = False

    def _patience(self) -> float | None:
        wait = super()._patience()
        if self._deaf:
            return self._timing.heartbeat if wait is None else wait
        return wait

    def _turn(self, wait: float | None) -> None:
        deaf = self._deaf
        super()._turn(wait)
        if deaf and not self._stopping:
            self._listen()
        if self._asked_to_look and not self._stopping:
            self._asked_to_look = False
            self._look()

    def _call(self, now: float) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as cause:
            # No descriptors left: stop listening for a while, or the loop would spin.
            log.warning("no more connections for now (%s)", type(cause).__name__)
            self._selector.unregister(self._listener)
            self._deaf = True
            return
        try:
            address.prepare(connection)
        except OSError:  # It is gone already.
            connection.close()
            return
        proving = sum(not peer.line.proven for peer in self._peers.values())
        if proving >= STRANGERS or address.is_foreign(connection):
            connection.close()
            self._note("too many at once" if proving >= STRANGERS else "another user")
            return
        line = PeerConnection(prove_as_server(self.secret), self._timing, now)
        self._adopt(Peer(next(self._numbers), connection, line))

    def _proved(self, peer: Peer) -> None:
        self._notify(Joined(peer.number))

    def _told(self, peer: Peer, data: bytes) -> None:
        self._notify(Heard(peer.number, data))

    def _gone(self, peer: Peer, reason: str) -> None:
        if peer.line.proven:
            self._notify(PeerLeft(peer.number, reason))
        elif not self._stopping:
            self._note(reason)

    def _note(self, reason: str) -> None:
        """Log refused connections 1, 2, 4, 8 …, since there may be any number of them."""
        self._refused += 1
        if not self._refused & (self._refused - 1):
            log.info("refused %d callers so far; the last: %s", self._refused, reason)

    def _part(self) -> None:
        if not self._deaf:
            self._selector.unregister(self._listener)
        self._hide()
        for peer in list(self._peers.values()):
            if not peer.line.proven:
                self._end(peer, "stopped")
        super()._part()

    def _hide(self) -> None:
        self._listener.close()
        address.remove(self.address)

    def _release(self) -> None:
        self._hide()
        super()._release()
