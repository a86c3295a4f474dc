"""The protocol of one end of a connection, without I/O: proof of the secret, frames, heartbeats,
limits.

    server -> client   nonce                                    32 bytes
    client -> server   hmac(nonce + "client"), own nonce        64 bytes
    server -> client   hmac(own nonce + "server")               32 bytes
    then both ways     length (4 bytes, big-endian), data       as often as wanted

The length 0xFFFFFFFF, without data, is a heartbeat. Frames may be empty.
"""

from __future__ import annotations

import hmac
import math
import os
from collections.abc import Callable, Generator, Iterator

from msgspec import Struct

FRAME_BYTES = 32 * 1024 * 1024
"""Most bytes in a frame."""

UNSENT_BYTES = 64 * 1024 * 1024
"""Most unsent bytes for one peer; beyond that the connection is closed."""

HEARTBEAT = b"\xff\xff\xff\xff"
NONCE_BYTES = MAC_BYTES = 32
READ_BYTES = 256 * 1024
WRITE_BYTES = 1024 * 1024


class Timing(Struct, frozen=True):
    """Time limits, all in seconds.

    - `heartbeat`: an end that sent nothing for this long sends a heartbeat
    - `silence`: an end that received nothing for this long closes the connection
    - `lively`: how long after a frame these two apply; later nobody waits for the other end, and
      `calm_heartbeat` and `calm_silence` apply instead, which wake the processes less often
    - `proof`: longest proof
    - `farewell`: how long `stop()` still sends queued frames
    """

    heartbeat: float = 1.0
    silence: float = 5.0
    lively: float = 10.0
    calm_heartbeat: float = 30.0
    calm_silence: float = 75.0
    proof: float = 2.0
    farewell: float = 0.5


class Unwanted(Exception):
    """The connection must be closed. The text says why, without any received bytes."""


Proof = Generator[tuple[bytes, int], bytes, bytes]
"""Yields the bytes to send and the number of bytes to receive; returns the last bytes to send."""


def prove_as_server(secret: str) -> Proof:
    """The server's side. The client must prove itself before it learns anything."""
    nonce = os.urandom(NONCE_BYTES)
    answer = yield nonce, MAC_BYTES + NONCE_BYTES
    if not hmac.compare_digest(answer[:MAC_BYTES], _mac(secret, nonce, b"client")):
        raise Unwanted("it does not know the secret")
    return _mac(secret, answer[MAC_BYTES:], b"server")


def prove_as_client(secret: str) -> Proof:
    """The client's side. No frame is sent before the server has proved itself."""
    theirs = yield b"", NONCE_BYTES
    nonce = os.urandom(NONCE_BYTES)
    answer = yield _mac(secret, theirs, b"client") + nonce, MAC_BYTES
    if not hmac.compare_digest(answer, _mac(secret, nonce, b"server")):
        raise Unwanted("it does not know the secret")
    return b""


def _mac(secret: str, nonce: bytes, role: bytes) -> bytes:
    return hmac.digest(secret.encode(), nonce + role, "sha256")


class AwakeClock:
    """A clock that only counts time in which this thread could run.

    A step of more than `longest` seconds counts as `longest`, or as the wait announced by `waits`.
    So after a laptop's sleep or a pause of this process, the peer has its full time to answer
    before it is considered dead.
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
        """Announce that the next step may take `seconds`."""
        self._step = max(self._longest, seconds)


class PeerConnection:
    """The state of one end of a connection. `now` is the time of an `AwakeClock`."""

    def __init__(self, proof: Proof, timing: Timing, now: float) -> None:
        self._proof = proof
        self._timing = timing
        self._born = self._heard = self._said = now
        # Times of the last frame in either direction, and of the first one since a lull.
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
        """Queued bytes, including those that wait for the proof."""
        return len(self._greeting) + len(self._queued)

    def hear(self, data: bytes, now: float) -> None:
        """Process received bytes, at most `room`; `frames()` then returns complete frames.

        Raises `Unwanted` if the other end does not know the secret.
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
        """The complete frames. Raises `Unwanted` at one that is too long."""
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
        """The reason, in words, for an end of the connection by the other end."""
        if not self.proven:
            return "it closed the connection before the secret was proved"
        if self._inward:
            return "it closed the connection within a frame"
        return "it closed the connection"

    def _stir(self, now: float) -> None:
        """Note a frame in either direction: one end is waiting for the other."""
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
        """Pass queued bytes to `send`, which returns how many it took."""
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
        # Unsent bytes serve as a heartbeat, and the queue of a stuck reader must not grow.
        if self._muted or self.unsent:
            return math.inf
        timing = self._timing
        soon = self._said + timing.heartbeat
        return soon if soon <= self._stirred + timing.lively else self._said + timing.calm_heartbeat
