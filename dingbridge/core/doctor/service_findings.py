"""Findings about the service, and about the link, queue and quota of a robot in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.catalogue import health
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.doctor.computer_findings import since
from dingbridge.core.doctor.finding import HealthFinding
from dingbridge.core.doctor.service_facts import RobotFacts, ServiceFacts
from dingbridge.core.timeouts import PING_AFTER, PONG_WITHIN

ServiceAbsence = Literal["none", "silent", "unfit"]
"""Why no service has answered: none runs, it does not answer, or it is of another version."""


def service(found: ServiceFacts | ServiceAbsence) -> Iterator[HealthFinding]:
    """Whether the service runs and can write its files."""
    subject = say.SERVICE()
    match found:
        case "none":
            yield HealthFinding(subject, "info", say.NO_SERVICE())
        case "silent":
            yield HealthFinding(subject, "error", say.SERVICE_SILENT(), (say.RESTART_IT(),))
        case "unfit":
            yield HealthFinding(subject, "warn", say.SERVICE_UNFIT(), (say.RESTART_IT(),))
        case ServiceFacts():
            words = say.SERVICE_RUNS(
                pid=found.pid, since=since(found.began), count=len(found.editors)
            )
            yield HealthFinding(subject, "ok", words)
            if found.trouble:
                yield HealthFinding(subject, "error", found.trouble, (say.MAKE_ROOM(),))


def robot_of(found: ServiceFacts | ServiceAbsence, robot: str) -> RobotFacts | None:
    """The robot with this name; None if no service has it."""
    robots = found.robots if isinstance(found, ServiceFacts) else ()
    return next((one for one in robots if one.robot == robot and one.is_ready), None)


def link(facts: RobotFacts | None, now: float) -> HealthFinding:
    """The stream connection, with the time since something came on it."""
    subject = say.LINK()
    if facts is None:
        return HealthFinding(subject, "unknown", say.NOT_SERVED(), (say.OPEN_NEOVIM(),))
    if facts.link == LinkState.CONNECTED.value and facts.silent is not None:
        words = say.LINK_OPEN(seconds=round(facts.silent))
        late = facts.silent > PING_AFTER + PONG_WITHIN
        return HealthFinding(subject, "warn" if late else "ok", words)
    if facts.link == LinkState.WAITING.value:
        reason = facts.reason or health.NO_REASON()
        fixes = (health.STATUS_SAYS_WHEN(), health.HELP_REASONS())
        if facts.next_try:
            seconds = max(0, round(facts.next_try - now))
            fixes = (say.NEXT_TRY(seconds=seconds), health.HELP_REASONS())
        return HealthFinding(subject, "error", health.NOT_CONNECTED(reason=reason), fixes)
    if facts.link in (LinkState.CONNECTING.value, LinkState.CONNECTED.value):
        return HealthFinding(subject, "info", health.CONNECTING())
    return HealthFinding(subject, "warn", health.LINK_OFF(), (health.BRIDGE_BINDS(),))


def queue(facts: RobotFacts, now: float) -> Iterator[HealthFinding]:
    """What waits, what failed, and who asks for access."""
    subject = say.QUEUE()
    pause = round(facts.held_until - now)
    if pause > 0:
        words = health.MESSAGES_HELD(seconds=pause, reason=facts.held_because)
        public = say.HELD(seconds=pause)
        fixes = (health.LEAVE_BY_THEMSELVES(),)
        yield HealthFinding(subject, "warn", words, fixes, public)
    elif facts.queued:
        yield HealthFinding(subject, "info", health.MESSAGES_WAIT(count=facts.queued))
    yield from failed(facts.failed, is_empty=not facts.queued)
    if facts.last_error and facts.link != LinkState.WAITING.value:
        words, fixes = health.LAST_ERROR(reason=facts.last_error), (health.HELP_AND_LOG(),)
        yield HealthFinding(subject, "warn", words, fixes, say.AN_ERROR())
    if facts.asking:
        words, fixes = health.ASKING(count=facts.asking), (health.PAIR_SHOWS(),)
        yield HealthFinding(subject, "warn", words, fixes)


def failed(count: int, *, is_empty: bool) -> Iterator[HealthFinding]:
    """Messages that failed; that nothing waits if `is_empty`."""
    if count:
        words = health.MESSAGES_FAILED(count=count)
        fixes = (health.OUTBOX_SHOWS(), health.RETRY_OR_DROP())
        yield HealthFinding(say.QUEUE(), "warn", words, fixes)
    elif is_empty:
        yield HealthFinding(say.QUEUE(), "ok", say.NOTHING_WAITS())


def quota(words: str, *, is_gone: bool = False) -> HealthFinding:
    """The month's usage, in words; empty if nothing was counted."""
    if is_gone:
        return HealthFinding(say.QUOTA(), "error", words, (say.QUOTA_FIX(),))
    return HealthFinding(say.QUOTA(), "info", words or say.NOTHING_COUNTED())
