"""The event loop of both ends: one thread that reads, writes and times all its connections."""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections import deque

from dingbridge.core.catalogue import service as say
from dingbridge.edges.ipc import address
from dingbridge.edges.ipc.connection import (
    FRAME_BYTES,
    WRITE_BYTES,
    AwakeClock,
    PeerConnection,
    Timing,
    Unwanted,
)

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Waker:
    """Wakes the loop from any thread."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._closed = False
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """The descriptor to select on; readable after `wake`."""
        return self._reader.fileno()

    def wake(self) -> None:
        """End the current wait, or the next one."""
        # The lock keeps a late call from writing to a descriptor that was closed and reused.
        with self._lock:
            if self._closed:
                return
            try:
                self._writer.send(b"\0")
            except BlockingIOError:
                return  # Full, so it is awake.

    def drain(self) -> None:
        """Reset, so that the next wait waits."""
        self._reader.recv(65536)

    def close(self) -> None:
        """Close the sockets. Idempotent."""
        with self._lock:
            self._closed = True
            self._reader.close()
            self._writer.close()


class Peer:
    """A connection: its number, its socket, and the state of its protocol."""

    def __init__(self, number: int, connection: socket.socket, line: PeerConnection) -> None:
        self.number = number
        self.socket = connection
        self.line = line
        self.interest = 0

    def hang_up(self) -> None:
        """Shut down writing; what the other end still sends can be read."""
        self.line.mute()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return  # The other end has closed already, which the next read reports.


class Loop(threading.Thread):
    """Transfers frames until it is stopped. Only its thread touches the state.

    One turn: select, read every ready socket, apply the commands of other threads, then heartbeat
    and write for each peer. `Client` and `Server` implement the hooks below.
    """

    def __init__(self, name: str, timing: Timing) -> None:
        super().__init__(name=name, daemon=True)
        self._timing = timing
        self._peers: dict[int, Peer] = {}
        self._commands: deque[tuple[int, bytes | None]] = deque()
        self._stopping = False
        self._released = False
        self._clock = AwakeClock(timing.heartbeat, time.monotonic)
        try:
            self._waker = Waker()
            self._selector = selectors.DefaultSelector()
            self._selector.register(self._waker, READ)
        except OSError as cause:
            raise address.LocalSocketError(
                say.NO_SOCKETS(reason=os.strerror(cause.errno or 0))
            ) from cause

    def stop(self) -> None:
        """End soon: queued frames are still sent for a moment (`Timing.farewell`), then everything
        is closed. Does not block. Thread-safe, idempotent, and allowed before `start`."""
        self._stopping = True
        self._waker.wake()
        if self.ident is None:
            self._release()

    def run(self) -> None:
        """Loop until stopped."""
        try:
            if not self._released:
                self._begin()
                while not self._stopping and self._wanted():
                    self._turn(self._patience())
                self._part()
        finally:
            last, self._peers = list(self._peers.values()), {}
            for peer in last:
                peer.socket.close()
            self._release()
            for peer in last:
                self._gone(peer, "stopped")
            self._over()

    # --- hooks of the two ends ----------------------------------------------------------------

    def _begin(self) -> None:
        """Called before the first turn."""

    def _wanted(self) -> bool:
        """Whether the loop shall continue."""
        return True

    def _call(self, now: float) -> None:
        """A connection is waiting to be accepted."""

    def _proved(self, peer: Peer) -> None:
        """A peer has proved that it knows the secret."""

    def _told(self, peer: Peer, data: bytes) -> None:
        """A frame arrived."""

    def _gone(self, peer: Peer, reason: str) -> None:
        """A connection is closed."""

    def _over(self) -> None:
        """All connections are closed, and the loop ends."""

    # --- called by the two ends ---------------------------------------------------------------

    def _command(self, number: int, data: bytes | None) -> None:
        """Queue a frame, or with None the disconnection of a peer. Thread-safe."""
        if data is not None and len(data) > FRAME_BYTES:
            raise address.LocalSocketError(
                f"a frame of {len(data)} bytes is longer than {FRAME_BYTES}"
            )
        if not self._stopping:
            self._commands.append((number, data))
            self._waker.wake()

    def _adopt(self, peer: Peer) -> None:
        self._peers[peer.number] = peer
        self._watch(peer)

    def _end(self, peer: Peer, reason: str) -> None:
        if self._peers.pop(peer.number, None) is None:
            return
        self._selector.unregister(peer.socket)
        peer.socket.close()
        self._gone(peer, "stopped" if self._stopping else reason)

    def _release(self) -> None:
        """Close the waker and the selector. Idempotent."""
        self._released = True
        self._waker.close()
        self._selector.close()

    # --- one turn -----------------------------------------------------------------------------

    def _patience(self) -> float | None:
        """Seconds until a heartbeat or time limit is due; None without connections."""
        if not self._peers:
            return None
        now = self._clock.now()
        soonest = min(peer.line.due() for peer in self._peers.values())
        wait = max(soonest - now, 0.0)
        self._clock.waits(wait)
        return wait

    def _turn(self, wait: float | None) -> None:
        ready = self._selector.select(wait)
        now = self._clock.now()
        for key, events in ready:
            match key.data:
                case Peer() as peer:
                    if events & READ:
                        self._read(peer, now)
                case None:
                    self._waker.drain()
                case _:
                    self._call(now)
        self._apply_commands(now)
        for peer in list(self._peers.values()):
            self._attend(peer, now)

    def _read(self, peer: Peer, now: float) -> None:
        line = peer.line
        proven = line.proven
        try:
            data = peer.socket.recv(line.room)
        except BlockingIOError:
            return
        except OSError as cause:
            self._end(peer, f"the connection broke ({type(cause).__name__})")
            return
        if not data:
            self._end(peer, line.ended())
            return
        try:
            line.hear(data, now)
            if line.proven and not proven:
                self._proved(peer)
            for frame in line.frames():
                self._told(peer, frame)
        except Unwanted as cause:
            self._end(peer, str(cause))

    def _apply_commands(self, now: float) -> None:
        for _ in range(len(self._commands)):
            number, data = self._commands.popleft()
            peer = self._peers.get(number)
            if peer is None:
                continue
            if data is None:
                self._write(peer, now)
                self._end(peer, "dropped")
                continue
            try:
                peer.line.put(data, now)
            except Unwanted as cause:
                self._end(peer, str(cause))
                continue
            if peer.line.unsent >= WRITE_BYTES:
                self._write(peer, now)

    def _attend(self, peer: Peer, now: float) -> None:
        try:
            peer.line.tick(now)
        except Unwanted as cause:
            self._end(peer, str(cause))
            return
        self._write(peer, now)
        self._watch(peer)

    def _write(self, peer: Peer, now: float) -> None:
        if not peer.line.sendable:
            return
        try:
            peer.line.write(peer.socket.send, now)
        except BlockingIOError:
            return
        except OSError:
            # It may have sent something before it closed: read that first, then the end.
            peer.line.mute()

    def _watch(self, peer: Peer) -> None:
        interest = READ | WRITE if peer.line.sendable else READ
        if interest == peer.interest:
            return
        if peer.interest:
            self._selector.modify(peer.socket, interest, peer)
        else:
            self._selector.register(peer.socket, interest, peer)
        peer.interest = interest

    def _part(self) -> None:
        """Send what is queued and wait for the other ends to close, within `Timing.farewell`."""
        self._apply_commands(self._clock.now())
        until = time.monotonic() + self._timing.farewell
        while True:
            for peer in self._peers.values():
                if not peer.line.unsent:
                    peer.hang_up()
            left = until - time.monotonic()
            if not self._peers or left <= 0:
                return
            self._turn(left)
