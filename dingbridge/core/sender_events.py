"""What the sender tells of its work, besides records: progress, counted calls, pauses."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core import sent_keys
from dingbridge.core.messages import DeliveryReport
from dingbridge.core.pace import Paced


class Counted(Struct, frozen=True):
    """Calls that were made, for the month's quota; `code` is that of the answer, if it refused."""

    calls: int = 0
    pushes: int = 0
    code: str = ""


class CoolDown(Struct, frozen=True):
    """Some message has to wait until `until` (Unix seconds) because of `reason`; `until` 0: none
    has to any more. `paced` is what a later process has to know."""

    until: float
    reason: str
    paced: Paced


class Sending(Struct, frozen=True):
    """A message went by a robot; `paced` is what a later process has to know of it."""

    paced: Paced


SenderEvent = DeliveryReport | Counted | CoolDown | Sending | sent_keys.Sent
