"""The stream connection to DingTalk. The only package that imports websocket."""

from dingbridge.edges.dingtalk.stream.link_settings import StreamSettings
from dingbridge.edges.dingtalk.stream.receiving import Gate, Trouble
from dingbridge.edges.dingtalk.stream.stream_events import (
    LinkChanged,
    MessagesReceived,
    StreamEvent,
)
from dingbridge.edges.dingtalk.stream.stream_thread import StreamThread

__all__ = [
    "Gate",
    "LinkChanged",
    "MessagesReceived",
    "StreamEvent",
    "StreamSettings",
    "StreamThread",
    "Trouble",
]
