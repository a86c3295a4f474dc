"""The status of an account in words, for `:Chat status`."""

from __future__ import annotations

import math

from msgspec import Struct

from dingbridge.core.catalogue import editor, health
from dingbridge.core.catalogue import status as say
from dingbridge.core.exchange import State
from dingbridge.core.option_words import describe_sources
from dingbridge.core.options import Options


class Link(Struct, frozen=True):
    """The stream connection. `owner` says which other Neovim holds it, `trouble` why it is down,
    both empty when there is nothing to say; `next_try` is Unix seconds, 0 when not known."""

    state: str
    owner: str
    trouble: str
    next_try: float

    def describe(self, now: float) -> str:
        """In one line. `now` is Unix seconds."""
        held = say.LINK_OF_OTHER if self.owner else say.LINK
        state = held(state=self.state, owner=self.owner)
        if not self.trouble:
            return state
        down = say.DOWN(link=state, trouble=self.trouble)
        seconds = math.ceil(self.next_try - now)
        return say.NEXT_TRY(link=down, seconds=seconds) if seconds > 0 else down


def with_problems(problems: tuple[str, ...]) -> str:
    """What there is to say while the settings cannot be used: the options that stand in their place
    are none of the user's."""
    return "\n".join([say.HAS_PROBLEMS(), *(f"  {one}" for one in problems)])


def describe(
    account: str,
    options: Options,
    state: State,
    link: Link,
    *,
    session: str,
    target: str,
    now: float,
) -> str:
    """All of it. `state` is what the robot's owner told last, `session` the title of the session
    that is bound, `target` where its messages go; `now` is Unix seconds."""
    lines = [say.NOT_SET_UP() if options.mode == "off" else say.MODE(mode=options.mode)]
    lines.extend(f"  {sentence}" for sentence in options.missing())
    if options.mode == "api":
        lines.append(say.APP(app=options.app_key, account=account))
        lines.append(link.describe(now))
        lines.append(say.ADMITTED(people=state.admitted or say.NOBODY_KNOWN()))
        if state.asking:
            lines.append(say.ASKING(count=state.asking))
        if state.refused:
            lines.append(say.REFUSED(count=state.refused))
    lines.append(say.SESSION(title=session or say.NONE()))
    if session:
        lines.append(say.GOES_TO(target=target or editor.NOBODY_YET()))
    lines.append(say.QUEUED(queued=state.queued, failed=state.failed))
    if state.cool_down_reason:
        lines.append(say.COOLING_DOWN(reason=state.cool_down_reason))
    if state.quota:
        lines.append(health.QUOTA(quota=state.quota))
    if state.last_error:
        lines.append(say.LAST_ERROR(error=state.last_error))
    lines.extend(f"  {line}" for line in describe_sources(options))
    return "\n".join(lines)
