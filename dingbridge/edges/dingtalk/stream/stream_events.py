"""The events that a stream reports to the service."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.sessions.inbox import Received
from dingbridge.edges.dingtalk.stream.receiving import Trouble


class LinkChanged(Struct, frozen=True):
    """The new state of the link, with its reason in words. `retry_in` is in seconds, 0 for none."""

    state: LinkState
    reason: str = ""
    fix: str = ""
    retry_in: float = 0.0


class MessagesReceived(Struct, frozen=True):
    """Robot messages that are durable, acknowledged and new, in the order of arrival. At least
    one."""

    batch: tuple[Received, ...]


StreamEvent = LinkChanged | MessagesReceived | CardPressed | Trouble
