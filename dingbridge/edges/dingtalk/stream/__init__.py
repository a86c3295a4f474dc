"""The stream connection (protocol section 4): the one package that imports websocket."""

from dingbridge.edges.dingtalk.stream.link_settings import StreamSettings
from dingbridge.edges.dingtalk.stream.receiving import Gate, Trouble
from dingbridge.edges.dingtalk.stream.stream_thread import (
    LinkChanged,
    MessagesReceived,
    StreamEvent,
    StreamThread,
)

__all__ = [
    "Gate",
    "LinkChanged",
    "MessagesReceived",
    "StreamEvent",
    "StreamSettings",
    "StreamThread",
    "Trouble",
]
