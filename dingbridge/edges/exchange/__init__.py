"""The local socket by which one user's Neovims speak to the one that owns an app's link.

It carries frames: bytes whose meaning is not its business. `Server` runs in the owner, `Client` in
each of the others; both are threads that tell what happens as immutable events.
"""

from dingbridge.edges.exchange.client import Client
from dingbridge.edges.exchange.events import (
    ClientEvent,
    Connected,
    Heard,
    Joined,
    Left,
    Lost,
    Moved,
    ServerEvent,
    Unreachable,
)
from dingbridge.edges.exchange.line import FRAME_BYTES, UNSENT_BYTES, Timing
from dingbridge.edges.exchange.place import ExchangeError
from dingbridge.edges.exchange.server import Server

__all__ = [
    "FRAME_BYTES",
    "UNSENT_BYTES",
    "Client",
    "ClientEvent",
    "Connected",
    "ExchangeError",
    "Heard",
    "Joined",
    "Left",
    "Lost",
    "Moved",
    "Server",
    "ServerEvent",
    "Timing",
    "Unreachable",
]
