"""Findings about the ping that proves the way from end to end: the time of each hop."""

from __future__ import annotations

from collections.abc import Iterator

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.doctor import ping
from dingbridge.core.doctor.finding import HealthFinding
from dingbridge.core.doctor.ping import PingStep


class PingReport:
    """Turns the steps of one ping into findings, each with the time since the one before."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._last = 0.0

    def findings(self, step: PingStep) -> Iterator[HealthFinding]:
        """The findings about the next step."""
        passed, self._last = step.time - self._last, step.time
        milliseconds = max(0, round(1000 * passed))
        match step.step:
            case "awaited":
                pass
            case "received":
                words = say.PING_RECEIVED(seconds=f"{max(0.0, passed):.1f}")
                yield HealthFinding(say.PING(), "ok", words)
            case "read":
                words = say.PING_READ(milliseconds=milliseconds)
                yield HealthFinding(say.PING(), "ok", words)
            case "answered":
                words = say.PING_ANSWERED(milliseconds=milliseconds)
                yield HealthFinding(say.PING(), "ok", words)
            case "failed":
                words = say.PING_FAILED(reason=step.reason)
                fixes = (say.PING_ARRIVES(),)
                yield HealthFinding(say.PING(), "error", words, fixes, say.PING_ANSWER_REFUSED())
            case "missed":
                yield self._missed(step)

    def _missed(self, step: PingStep) -> HealthFinding:
        words = say.PING_MISSED(text=ping.text(self._digits), seconds=round(ping.WITHIN))
        return HealthFinding(say.PING(), "error", words, _causes(step))


def _causes(step: PingStep) -> tuple[str, ...]:
    """Why the ping may not have come although the link is open, most likely first."""
    if step.refused:
        return (say.PING_REFUSED(count=step.refused),)
    if step.others:
        return (say.PING_OTHERS(count=step.others), say.PING_OTHER_CONNECTION())
    return (say.PING_OTHER_CONNECTION(), say.PING_NOWHERE())
