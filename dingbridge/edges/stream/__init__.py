"""The stream connection (protocol section 4): the one package that imports websocket."""

from dingbridge.edges.stream.settings import StreamSettings
from dingbridge.edges.stream.thread import (
    Arrived,
    Gate,
    LinkChanged,
    Stream,
    StreamEvent,
    Trouble,
)

__all__ = [
    "Arrived",
    "Gate",
    "LinkChanged",
    "Stream",
    "StreamEvent",
    "StreamSettings",
    "Trouble",
]
