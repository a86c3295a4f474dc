"""The status of an account in words, for `:Chat status`."""

from __future__ import annotations

import math

from msgspec import Struct

from dingbridge.core.exchange import State
from dingbridge.core.options import Options
from dingbridge.core.sources import describe_sources


class Link(Struct, frozen=True):
    """The stream connection. `owner` says which other Neovim holds it, `trouble` why it is down,
    both empty when there is nothing to say; `next_try` is Unix seconds, 0 when not known."""

    state: str
    owner: str
    trouble: str
    next_try: float

    def describe(self, now: float) -> str:
        """In one line. `now` is Unix seconds."""
        held = f" in {self.owner}" if self.owner else ""
        if not self.trouble:
            return f"{self.state}{held}"
        seconds = math.ceil(self.next_try - now)
        soon = f"; next try in {seconds} s" if seconds > 0 else ""
        return f"{self.state}{held}: {self.trouble}{soon}"


def with_problems(problems: tuple[str, ...]) -> str:
    """What there is to say while the settings cannot be used: the options that stand in their place
    are none of the user's."""
    return "\n".join(["mode: off (the settings have problems)", *(f"  {one}" for one in problems)])


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
    lines = [f"mode: {options.mode}" + ("" if options.mode != "off" else " (not set up)")]
    lines.extend(f"  {sentence}" for sentence in options.missing())
    if options.mode == "api":
        lines.append(f"app: {options.app_key} (account {account})")
        lines.append(f"link: {link.describe(now)}")
        lines.append(f"admitted: {state.admitted or 'nobody yet known'}")
        if state.asking:
            lines.append(f"asking to be let in: {state.asking} (:Chat pair)")
        if state.refused:
            lines.append(f"refused messages: {state.refused}")
    lines.append(f"session: {session or 'none'}")
    if session:
        lines.append(f"messages go to: {target or 'nobody yet'}")
    lines.append(f"queued: {state.queued}, failed: {state.failed}")
    if state.cool_down_reason:
        lines.append(f"waiting: {state.cool_down_reason}")
    if state.quota:
        lines.append(f"quota: {state.quota}")
    if state.last_error:
        lines.append(f"last error: {state.last_error}")
    lines.extend(f"  {line}" for line in describe_sources(options))
    return "\n".join(lines)
