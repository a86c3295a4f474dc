"""The status of an account in words, for `:Chat status`."""

from __future__ import annotations

import math
from datetime import datetime

from msgspec import Struct

from dingbridge.core.catalogue import editor, health, sessions
from dingbridge.core.catalogue import status as say
from dingbridge.core.errors import sentences
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.option_report import describe_sources
from dingbridge.core.sessions.robot_state import RobotState

_LINKS = {
    "off": editor.BAR_OFF,
    "connecting": editor.BAR_CONNECTING,
    "connected": sessions.CONNECTED,
    "waiting": editor.BAR_WAITING,
}


class LinkReport(Struct, frozen=True):
    """The stream connection's state.

    `trouble` says why it is down, else empty; `next_try` is Unix seconds, 0 when unknown.
    """

    state: str
    trouble: str
    next_try: float

    def describe(self, now: float) -> str:
        """One line. `now` is Unix seconds."""
        state = say.LINK(state=link_in_words(self.state))
        if not self.trouble:
            return state
        down = say.DOWN(link=state, trouble=self.trouble)
        seconds = math.ceil(self.next_try - now)
        return say.NEXT_TRY(link=down, seconds=seconds) if seconds > 0 else down


def link_in_words(state: str) -> str:
    """The name of a state of the link."""
    sentence = _LINKS.get(state)
    return sentence() if sentence is not None else state


def with_problems(problems: tuple[str, ...]) -> str:
    """The status while the settings are unusable: the default options are in force."""
    return "\n".join([say.HAS_PROBLEMS(), *(f"  {one}" for one in problems)])


def describe(
    account: str,
    options: Options,
    state: RobotState,
    link: LinkReport,
    *,
    session: str,
    target: str,
    now: float,
) -> str:
    """The whole status.

    - `state`: the latest report of the robot's service
    - `session`: the title of the bound session
    - `target`: where its messages go
    - `now`: Unix seconds
    """
    lines = [say.NOT_SET_UP() if options.mode == "off" else say.MODE(mode=options.mode)]
    lines.extend(f"  {sentence}" for sentence in options.missing())
    if options.mode == "api":
        lines.append(say.APP(app=options.app_key, account=account))
        lines.append(link.describe(now))
    lines.append(say.QUEUED(queued=state.queued, failed=state.failed))
    if options.mode == "api":
        lines.append(say.ADMITTED(people=state.admitted or say.NOBODY_KNOWN()))
        if state.asking:
            lines.append(say.ASKING(count=state.asking))
        if state.refused:
            lines.append(say.REFUSED(count=state.refused))
    lines.append(say.SESSION(title=session or say.NONE()))
    if session:
        lines.append(say.GOES_TO(target=target or editor.NOBODY_YET()))
    if state.cool_down_reason:
        lines.append(say.COOLING_DOWN(reason=state.cool_down_reason))
    if state.muted_until > now:
        lines.append(say.MUTED(time=datetime.fromtimestamp(state.muted_until)))
    if state.quota:
        lines.append(health.QUOTA(quota=state.quota))
    if state.last_error:
        lines.append(say.LAST_ERROR(error=state.last_error))
    lines.extend(f"  {line}" for line in describe_sources(options))
    return "\n".join(lines)


def describe_bound(
    account: str, options: Options, title: str, before: str, target: str, *, is_connected: bool
) -> str:
    """The notice that a session is bound, replacing `before` unless that is empty.

    `target` is where typed text goes, empty when nobody has written yet.
    """
    if options.mode == "webhook":
        if before:
            words = sessions.BOUND_ONE_WAY_INSTEAD(title=title, before=before, account=account)
        else:
            words = sessions.BOUND_ONE_WAY(title=title, account=account)
        if options.responder is not None:
            words = sentences(words, sessions.NOTHING_FOR_RESPONDER())
        return words
    app, link = options.app_key, sessions.CONNECTED() if is_connected else sessions.CONNECTING()
    target = target or sessions.WHOEVER_WRITES_FIRST()
    if not before:
        return sessions.BOUND(title=title, account=account, app=app, target=target, link=link)
    return sessions.BOUND_INSTEAD(
        title=title, before=before, account=account, app=app, target=target, link=link
    )
