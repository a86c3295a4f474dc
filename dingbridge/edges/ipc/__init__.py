"""The local socket between the hosts of a user's Neovims and the service.

It carries frames, which are opaque bytes here. `Server` runs in the service and `Client` in each
host; both are threads that report immutable events.

They have a thread and selectors instead of asyncio streams, so that heartbeats are answered while
the loop of the program is busy: a busy service must not look dead. Streams with the same proof,
heartbeats and limits, in a thread as well, take 8 % longer and 12 % more CPU per round trip, but a
quarter less CPU per frame in bulk (doc/performance.md, Local socket).
"""

from dingbridge.edges.ipc.address import LocalSocketError
from dingbridge.edges.ipc.client import Client
from dingbridge.edges.ipc.connection import FRAME_BYTES, UNSENT_BYTES, Timing
from dingbridge.edges.ipc.events import (
    ClientEvent,
    Connected,
    ConnectionLost,
    Heard,
    Joined,
    Moved,
    PeerLeft,
    ServerEvent,
    SocketLost,
)
from dingbridge.edges.ipc.server import Server

__all__ = [
    "FRAME_BYTES",
    "UNSENT_BYTES",
    "Client",
    "ClientEvent",
    "Connected",
    "ConnectionLost",
    "Heard",
    "Joined",
    "LocalSocketError",
    "Moved",
    "PeerLeft",
    "Server",
    "ServerEvent",
    "SocketLost",
    "Timing",
]
