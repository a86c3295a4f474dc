"""What the sender tells of its work, besides records: progress, counted calls, pauses."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.delivery import sent_messages
from dingbridge.core.messages import DeliveryReport


class Counted(Struct, frozen=True):
    """Calls that were made, for the month's quota; `code` is that of the answer, if it refused."""

    calls: int = 0
    pushes: int = 0
    code: str = ""


class CoolDown(Struct, frozen=True):
    """Some message has to wait until `until` (Unix seconds) because of `reason`; `until` 0: none
    has to any more."""

    until: float
    reason: str


SenderEvent = DeliveryReport | Counted | CoolDown | sent_messages.SentChunk
