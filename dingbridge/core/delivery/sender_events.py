"""Events of the sender besides records: progress, counted calls, pauses."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.delivery import sent_messages
from dingbridge.core.messages import DeliveryReport


class Counted(Struct, frozen=True):
    """Calls made, for the month's quota; `code` is that of a refusing answer."""

    calls: int = 0
    pushes: int = 0
    code: str = ""


class CoolDown(Struct, frozen=True):
    """Messages must wait until `until` (Unix seconds) because of `reason`; 0: no longer."""

    until: float
    reason: str


SenderEvent = DeliveryReport | Counted | CoolDown | sent_messages.SentChunk
