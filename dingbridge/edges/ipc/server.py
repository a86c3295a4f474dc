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
"""How many may be at the proof at once; the next caller is turned away."""


class Server(Loop):
    """Accepts the user's editors. `notify` is called on this thread: it must neither wait nor
    raise. Each `Joined` is followed by exactly one `PeerLeft`.

    Bound and listening as soon as it is constructed; raises `ExchangeError` when that fails.
    """

    def __init__(
        self,
        notify: Callable[[ServerEvent], None],
        timing: Timing = Timing(),
        *,
        tcp: bool = not address.UNIX,
    ) -> None:
        super().__init__("dingbridge-exchange-server", timing)
        try:
            self._listener, self.address = address.listen(tcp=tcp)
        except address.ExchangeError:
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
        """Queue a frame for a peer; one that is gone gets nothing. For any thread.

        Raises `ExchangeError` when it is longer than `FRAME_BYTES`.
        """
        self._command(peer, data)

    def is_behind(self, peer: int) -> bool:
        """Whether a peer has not read yet what it was sent. For any thread."""
        found = self._peers.get(peer)
        return found is not None and found.line.unsent > 0

    def drop(self, peer: int) -> None:
        """Close a peer's connection after what the system takes at once. For any thread."""
        self._command(peer, None)

    def look(self) -> None:
        """Make another socket if the file of this one is gone, and tell that; those who have joined
        stay. For any thread."""
        if address.is_there(self.address):
            return
        self._asked_to_look = True
        self._waker.wake()

    def _look(self) -> None:
        if address.is_there(self.address):
            return
        try:
            listener, found = address.listen(tcp=False)
        except address.ExchangeError as error:
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
            # Out of descriptors: the caller stays in the queue, and the loop must not spin on it.
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
        """Log a refused caller: the 1st, 2nd, 4th, 8th…, for whoever calls may call for ever."""
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
