"""One end of a connection without its socket: proof of the secret, frames, heartbeats, limits.

    server -> client   nonce                                    32 bytes
    client -> server   hmac(nonce + "client"), own nonce        64 bytes
    server -> client   hmac(own nonce + "server")               32 bytes
    then both ways     length (4 bytes, big-endian), data       as often as wanted

The length 0xFFFFFFFF stands alone: it is a heartbeat. An empty frame is a frame like any other.
"""

from __future__ import annotations

import hmac
import math
import os
from collections.abc import Callable, Generator, Iterator

from msgspec import Struct

FRAME_BYTES = 32 * 1024 * 1024
"""Bytes in a frame, at most."""

UNSENT_BYTES = 64 * 1024 * 1024
"""Unsent bytes for one peer, at most; beyond that the connection is closed."""

HEARTBEAT = b"\xff\xff\xff\xff"
NONCE_BYTES = MAC_BYTES = 32
READ_BYTES = 256 * 1024
WRITE_BYTES = 1024 * 1024


class Timing(Struct, frozen=True):
    """All in seconds. `heartbeat`: how long an end may say nothing; `silence`: how long one waits
    for a byte of the other; `lively`: how long after a frame that holds. Then the ends wake each
    other rarely, and `calm_heartbeat` and `calm_silence` hold: nobody waits for the other end.
    `proof`: how long the proof may take; `farewell`: how long `stop()` goes on sending what is
    queued."""

    heartbeat: float = 1.0
    silence: float = 5.0
    lively: float = 10.0
    calm_heartbeat: float = 30.0
    calm_silence: float = 75.0
    proof: float = 2.0
    farewell: float = 0.5


class Unwanted(Exception):
    """The connection has to be closed. The text says why, without any bytes from the wire."""


Proof = Generator[tuple[bytes, int], bytes, bytes]
"""Yields what to send and how many bytes must come next; returns what to send at last."""


def prove_as_server(secret: str) -> Proof:
    """The server's side: the client has to prove itself before it learns anything."""
    nonce = os.urandom(NONCE_BYTES)
    answer = yield nonce, MAC_BYTES + NONCE_BYTES
    if not hmac.compare_digest(answer[:MAC_BYTES], _mac(secret, nonce, b"client")):
        raise Unwanted("it does not know the secret")
    return _mac(secret, answer[MAC_BYTES:], b"server")


def prove_as_client(secret: str) -> Proof:
    """The client's side: nothing of the user is sent before the server has proved itself."""
    theirs = yield b"", NONCE_BYTES
    nonce = os.urandom(NONCE_BYTES)
    answer = yield _mac(secret, theirs, b"client") + nonce, MAC_BYTES
    if not hmac.compare_digest(answer, _mac(secret, nonce, b"server")):
        raise Unwanted("it does not know the secret")
    return b""


def _mac(secret: str, nonce: bytes, role: bytes) -> bytes:
    return hmac.digest(secret.encode(), nonce + role, "sha256")


class AwakeClock:
    """Counts the seconds in which this thread was there to look.

    A step of `longest` seconds or more counts as `longest`, or as what `waits` allowed for: after a
    laptop's sleep or a pause of this process nobody is taken for dead before there was time to ask
    and to answer.
    """

    def __init__(self, longest: float, time: Callable[[], float]) -> None:
        self._longest = self._step = longest
        self._time = time
        self._last = time()
        self._now = 0.0

    def now(self) -> float:
        """Seconds counted so far."""
        last, self._last = self._last, self._time()
        self._now += min(max(self._last - last, 0.0), self._step)
        self._step = self._longest
        return self._now

    def waits(self, seconds: float) -> None:
        """The next step may take so long."""
        self._step = max(self._longest, seconds)


class PeerConnection:
    """What one end knows of a connection. `now` is always an `AwakeClock`'s."""

    def __init__(self, proof: Proof, timing: Timing, now: float) -> None:
        self._proof = proof
        self._timing = timing
        self._born = self._heard = self._said = now
        # The last frame, either way, and since when frames have followed each other.
        self._stirred = self._lively_since = now
        self._inward = bytearray()
        self._queued = bytearray()
        self._muted = False
        greeting, self._wanted = next(proof)
        self._greeting = bytearray(greeting)
        self.proven = False
        """Whether the other end has proved that it knows the secret."""

    def silence(self, now: float) -> float:
        """Seconds since the other end sent anything."""
        return now - self._heard

    @property
    def room(self) -> int:
        """How many bytes may be read now; before the proof, exactly what it needs."""
        return READ_BYTES if self.proven else self._wanted - len(self._inward)

    @property
    def unsent(self) -> int:
        """Bytes that wait to be written, or for the proof."""
        return len(self._greeting) + len(self._queued)

    def hear(self, data: bytes, now: float) -> None:
        """Take what was read, at most `room`; `frames()` then gives what is complete.

        Raises `Unwanted` when the other end does not know the secret.
        """
        self._heard = now
        self._inward += data
        if self.proven or self.room:
            return
        answer = bytes(self._inward)
        self._inward.clear()
        try:
            say, self._wanted = self._proof.send(answer)
        except StopIteration as end:
            say = end.value
            self.proven = True
            self._said = now
        self._greeting += say

    def frames(self) -> Iterator[bytes]:
        """The frames that are complete. Raises `Unwanted` at one that is too long."""
        inward = self._inward
        while self.proven and len(inward) >= 4:
            head = bytes(inward[:4])
            if head == HEARTBEAT:
                del inward[:4]
                continue
            end = 4 + int.from_bytes(head, "big")
            if end - 4 > FRAME_BYTES:
                raise Unwanted(f"a frame of {end - 4} bytes is longer than {FRAME_BYTES}")
            if len(inward) < end:
                return
            with memoryview(inward)[4:end] as view:
                data = bytes(view)
            self._stir(self._heard)
            del inward[:end]
            yield data

    def ended(self) -> str:
        """The other end closes: why that is the end, in words."""
        if not self.proven:
            return "it closed the connection before the secret was proved"
        if self._inward:
            return "it closed the connection within a frame"
        return "it closed the connection"

    def _stir(self, now: float) -> None:
        """A frame goes one way or the other: somebody waits for what the other end does."""
        if now - self._stirred > self._timing.lively:
            self._lively_since = now
        self._stirred = now

    def put(self, data: bytes, now: float) -> None:
        """Queue a frame. Raises `Unwanted` if too much is unsent already."""
        if self._muted:
            return
        if len(self._queued) + 4 + len(data) > UNSENT_BYTES:
            raise Unwanted(f"it does not read: {len(self._queued)} bytes wait for it")
        self._stir(now)
        self._queued += len(data).to_bytes(4, "big")
        self._queued += data

    def mute(self) -> None:
        """Send nothing more, and discard what is queued."""
        self._muted = True
        self._greeting.clear()
        self._queued.clear()

    @property
    def sendable(self) -> bool:
        """Whether there is something to write now."""
        return bool(self._greeting or (self.proven and self._queued))

    def write(self, send: Callable[[memoryview], int], now: float) -> None:
        """Hand to `send`, which returns how many bytes it took, what is to be said next."""
        source = self._greeting or self._queued
        with memoryview(source)[:WRITE_BYTES] as view:
            taken = send(view)
        del source[:taken]
        if taken:
            self._said = now

    def tick(self, now: float) -> None:
        """Queue a heartbeat if one is due. Raises `Unwanted` if the other end stays silent."""
        timing = self._timing
        if not self.proven:
            if now - self._born >= timing.proof:
                raise Unwanted(f"it did not prove the secret within {timing.proof:g} s")
        elif now >= self._silent_at:
            raise Unwanted(f"it was silent for {self.silence(now):.3g} s")
        elif now >= self._heartbeat_at:
            self._queued += HEARTBEAT

    def due(self) -> float:
        """The time at which `tick` has to be called next."""
        if not self.proven:
            return self._born + self._timing.proof
        return min(self._silent_at, self._heartbeat_at)

    @property
    def _silent_at(self) -> float:
        timing = self._timing
        soon = max(self._heard, self._lively_since) + timing.silence
        if soon <= self._stirred + timing.lively:
            return soon
        return self._heard + timing.calm_silence

    @property
    def _heartbeat_at(self) -> float:
        # What waits unsent is as good as a heartbeat, and a stuck reader's queue must not grow.
        if self._muted or self.unsent:
            return math.inf
        timing = self._timing
        soon = self._said + timing.heartbeat
        return soon if soon <= self._stirred + timing.lively else self._said + timing.calm_heartbeat
