"""The notices that a message was given up."""

from __future__ import annotations

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue import health
from dingbridge.core.messages import DeliveryReport
from dingbridge.protocol.updates import ShowNotice


def not_delivered(report: DeliveryReport, session: str) -> ShowNotice:
    """The notice that a message of a session was given up, at a lower level if the user dropped
    it. `session` is empty for a message that belongs to none."""
    if report.dropped:
        return ShowNotice(_dropped(report.title, is_late=report.may_have_arrived))
    words = _not_delivered(report.title, report.place, report.reason)
    return ShowNotice(words, "error", session)


def _dropped(title: str, *, is_late: bool) -> str:
    if title:
        return say.TITLED_DROPPED_LATE(title=title) if is_late else say.TITLED_DROPPED(title=title)
    return say.DROPPED_LATE() if is_late else say.DROPPED()


def _not_delivered(title: str, place: str, reason: str) -> str:
    reason = reason or health.NO_REASON()
    if title and place:
        return say.TITLED_NOT_DELIVERED_TO(place=place, title=title, reason=reason)
    if title:
        return say.TITLED_NOT_DELIVERED(title=title, reason=reason)
    if place:
        return say.NOT_DELIVERED_TO(place=place, reason=reason)
    return say.NOT_DELIVERED(reason=reason)
