"""The local socket between the hosts of a user's Neovims and the service.

It carries frames: bytes whose meaning is not its business. `Server` runs in the service, `Client`
in each host; both are threads that tell what happens as immutable events.
"""

from dingbridge.edges.ipc.address import ExchangeError
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
    "ExchangeError",
    "Heard",
    "Joined",
    "Moved",
    "PeerLeft",
    "Server",
    "ServerEvent",
    "SocketLost",
    "Timing",
]
