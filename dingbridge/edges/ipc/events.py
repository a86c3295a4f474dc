"""The events that both ends of the local socket report."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.edges.ipc.address import LocalSocketError


class Joined(Struct, frozen=True):
    """A peer has connected and proved that it knows the secret. Its number is never reused."""

    peer: int


class Heard(Struct, frozen=True):
    """A frame arrived from a peer. For a client that is always peer 0."""

    peer: int
    data: bytes

    def __repr__(self) -> str:
        return f"Heard(peer={self.peer}, data=<{len(self.data)} bytes>)"


class PeerLeft(Struct, frozen=True):
    """A peer that had joined has disconnected; `reason` is in words."""

    peer: int
    reason: str


class Moved(Struct, frozen=True):
    """The socket's file was removed, and the server listens at a new address now."""


class SocketLost(Struct, frozen=True):
    """The socket's file was removed, and `error` keeps the server from making a new one."""

    error: LocalSocketError


class Connected(Struct, frozen=True):
    """The connection is open, and both ends have proved that they know the secret."""


class ConnectionLost(Struct, frozen=True):
    """The client has ended; this is its last event. `silence` is the seconds since the server was
    heard last."""

    reason: str
    silence: float = 0.0


ServerEvent = Joined | Heard | PeerLeft | Moved | SocketLost
ClientEvent = Connected | Heard | ConnectionLost
