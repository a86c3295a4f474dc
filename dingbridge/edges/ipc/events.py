"""What the exchange tells: who came, what was said, who went and why."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.edges.ipc.address import ExchangeError


class Joined(Struct, frozen=True):
    """A peer has proved that it knows the secret. Its number is never used again."""

    peer: int


class Heard(Struct, frozen=True):
    """A frame came from a peer; a client hears everything from peer 0."""

    peer: int
    data: bytes

    def __repr__(self) -> str:
        return f"Heard(peer={self.peer}, data=<{len(self.data)} bytes>)"


class PeerLeft(Struct, frozen=True):
    """A peer that had joined is gone. `reason` says why in words."""

    peer: int
    reason: str


class Moved(Struct, frozen=True):
    """The socket's file was gone: there is another one now, with another address."""


class SocketLost(Struct, frozen=True):
    """The socket's file is gone, and this keeps another one from being made."""

    error: ExchangeError


class Connected(Struct, frozen=True):
    """Both ends have proved that they know the secret."""


class ConnectionLost(Struct, frozen=True):
    """The client has ended, for this reason, `silence` seconds after the last word of the server.
    Nothing is told after it."""

    reason: str
    silence: float = 0.0


ServerEvent = Joined | Heard | PeerLeft | Moved | SocketLost
ClientEvent = Connected | Heard | ConnectionLost
