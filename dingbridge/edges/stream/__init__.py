"""The stream connection (protocol section 4): the one package that imports websocket."""

from dingbridge.edges.stream.receiving import Gate, Trouble
from dingbridge.edges.stream.settings import StreamSettings
from dingbridge.edges.stream.thread import Arrived, LinkChanged, Stream, StreamEvent

__all__ = [
    "Arrived",
    "Gate",
    "LinkChanged",
    "Stream",
    "StreamEvent",
    "StreamSettings",
    "Trouble",
]
