"""The fate of every outbound message: which are under way, which failed, and whose they are."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.messages import Delivery, DeliveryReport, Outbound

FINAL = (Delivery.SENT, Delivery.FAILED)


class UnderWay(Struct):
    """An outbound message that has no fate yet. `session` is empty for a notification."""

    session: str
    delivery: Delivery = Delivery.QUEUED


class Deliveries:
    """Counts and finds outbound messages. Host loop only."""

    def __init__(self) -> None:
        self._under_way: dict[str, UnderWay] = {}
        self.failed = 0
        self.last_error = ""

    @property
    def queued(self) -> int:
        """Messages without a fate."""
        return len(self._under_way)

    def add(self, outbound: Outbound, session: str) -> None:
        """A message goes to the queue."""
        self._under_way[outbound.id] = UnderWay(session)

    def settle(self, report: DeliveryReport) -> str | None:
        """Note the news. Returns the session the message belongs to, or None when nobody asked
        about it (its fate was known, or it is not one of ours)."""
        entry = self._under_way.get(report.message_id)
        if entry is None:
            return None
        entry.delivery = report.delivery
        if report.delivery in FINAL:
            del self._under_way[report.message_id]
        if report.delivery is Delivery.FAILED:
            self.failed += 1
            self.last_error = report.reason
        return entry.session
