"""Findings about the way to DingTalk, and about the app there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.dingtalk.permissions import apply_link
from dingbridge.core.doctor.finding import FindingState, HealthFinding
from dingbridge.core.doctor.platform_facts import AppFacts, PermissionAnswer, Proxy, Reached
from dingbridge.core.errors import BridgeError, LinkLost, Retryable, RetryAfter
from dingbridge.core.listing import comma_list

CLOCK_AGREES = 10.0
"""Seconds that clocks may differ: a `Date` header has no fractions, and an answer takes time."""

CLOCK_TOO_FAR = 3600.0
"""Seconds of difference from which DingTalk refuses signatures (doc/dingtalk.md §1)."""


def way(proxy: Proxy, reached: Sequence[Reached]) -> Iterator[HealthFinding]:
    """Proxy, DNS, TLS and clock."""
    if proxy.address:
        words = say.PROXY_USED(address=proxy.address, origin=proxy.origin)
        yield HealthFinding(say.PROXY(), "info", words)
    else:
        yield HealthFinding(say.PROXY(), "ok", say.NO_PROXY())
    yield from _names(proxy, reached)
    yield from map(_connection, reached)
    yield _clock(reached)


def _names(proxy: Proxy, reached: Sequence[Reached]) -> Iterator[HealthFinding]:
    if proxy.address:
        yield HealthFinding(say.DNS(), "info", say.BY_PROXY())
        return
    for one in reached:
        if one.failed == "name":
            yield _failed(say.DNS(), one.error)
    good = tuple(dict.fromkeys(one.host for one in reached if one.failed != "name"))
    if good:
        yield HealthFinding(say.DNS(), "ok", say.RESOLVED(hosts=comma_list(good)))


def _connection(one: Reached) -> HealthFinding:
    if one.failed == "name":
        return HealthFinding(say.TLS(), "unknown", say.ASKED_IN_VAIN())
    if one.failed:
        return _failed(say.TLS(), one.error)
    answered = say.CERTIFICATE_GOOD if one.is_encrypted else say.NOT_ENCRYPTED
    words = answered(host=one.host, milliseconds=round(1000 * one.seconds))
    return HealthFinding(say.TLS(), "ok" if one.is_encrypted else "info", words)


def _clock(reached: Sequence[Reached]) -> HealthFinding:
    known = [one.ahead for one in reached if one.ahead is not None]
    if not known:
        answered = any(not one.failed for one in reached)
        words = say.CLOCK_NOT_TOLD() if answered else say.ASKED_IN_VAIN()
        return HealthFinding(say.CLOCK(), "unknown", words)
    ahead = min(known, key=abs)
    if abs(ahead) <= CLOCK_AGREES:
        return HealthFinding(say.CLOCK(), "ok", say.CLOCK_AGREES(seconds=round(CLOCK_AGREES)))
    differs = say.CLOCK_BEHIND if ahead > 0 else say.CLOCK_AHEAD
    state: FindingState = "error" if abs(ahead) >= CLOCK_TOO_FAR else "warn"
    return HealthFinding(
        say.CLOCK(), state, differs(time=_time(abs(ahead))), (say.SET_THE_CLOCK(),)
    )


def _time(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def app(facts: AppFacts, *, is_linked: bool = False) -> Iterator[HealthFinding]:
    """Access token, Stream Mode, robot and permissions. `is_linked`: the service has a connection,
    so that none was asked for."""
    if not facts.app_key:
        for subject in (say.TOKEN(), say.STREAM(), say.SCOPES()):
            yield HealthFinding(subject, "info", say.NO_APP())
        return
    if not facts.is_asked or facts.token is not None:
        if facts.token is not None:
            yield _failed(say.TOKEN(), facts.token)
        else:
            yield HealthFinding(say.TOKEN(), "unknown", say.ASKED_IN_VAIN())
        for subject in (say.STREAM(), say.SCOPES()):
            yield HealthFinding(subject, "unknown", say.NO_TOKEN())
        return
    yield HealthFinding(say.TOKEN(), "ok", say.TOKEN_GRANTED())
    if is_linked:
        yield HealthFinding(say.STREAM(), "ok", say.PROVED_BY_LINK())
    elif facts.registration is not None:
        yield _failed(say.STREAM(), facts.registration)
    else:
        yield HealthFinding(say.STREAM(), "ok", say.MAY_CONNECT())
    if facts.robot is not None:
        yield _failed(say.ROBOT(), facts.robot)
    for answer in facts.scopes:
        yield scope(answer, facts.app_key)


def scope(answer: PermissionAnswer, app_key: str) -> HealthFinding:
    """One permission, with the page that grants it where it is lacking."""
    needed_for = answer.scope.needed_for()
    if answer.is_granted:
        words = say.SCOPE_GRANTED(scope=answer.scope.name, needed_for=needed_for)
        return HealthFinding(say.SCOPES(), "ok", words)
    if answer.is_granted is None:
        reason = answer.error.message if answer.error is not None else ""
        words = say.SCOPE_NOT_TOLD(scope=answer.scope.name, reason=reason.rstrip("."))
        return HealthFinding(say.SCOPES(), "unknown", words)
    named = ", ".join(answer.lacking)
    fixes = tuple(say.APPLY(link=apply_link(app_key, name)) for name in answer.lacking)
    if answer.scope.is_optional:
        words = say.SCOPE_LACKING_OPTIONAL(scope=named, needed_for=needed_for)
        return HealthFinding(say.SCOPES(), "warn", words, fixes)
    words = say.SCOPE_LACKING(scope=named, needed_for=needed_for)
    return HealthFinding(say.SCOPES(), "error", words, fixes)


def _failed(subject: str, error: BridgeError | None) -> HealthFinding:
    assert error is not None  # noqa: S101 - what failed has its error
    is_passing = isinstance(error, Retryable | RetryAfter | LinkLost) and bool(error.code)
    fixes = (error.fix,) if error.fix else ()
    return HealthFinding(subject, "warn" if is_passing else "error", error.message, fixes)
