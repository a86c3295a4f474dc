"""Lists the options in effect with the source of each value; never shows a secret."""

from __future__ import annotations

from dingbridge.core.agents.known_agents import AgentChoice
from dingbridge.core.catalogue import settings as say
from dingbridge.core.catalogue import status
from dingbridge.core.listing import comma_list
from dingbridge.core.options.declarations import OPTIONS, Options
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.core.options.sources import DEFAULT, describe
from dingbridge.core.secrets.redaction import MASK
from dingbridge.core.text import clean, shorten

_LONGEST = 60  # characters of a value that are shown


def describe_sources(options: Options) -> list[str]:
    """A line for each option with another value than its default.

    For example `app_key: dingabc ($DINGTALK_CLIENT_ID)`. Secrets and outputs of programs are
    masked.
    """
    return [
        say.VALUE_AND_SOURCE(
            option=option.name, value=_shown(options, option), source=describe(source)
        )
        for option in OPTIONS
        if (source := options.sources[option.name]) != DEFAULT
    ]


def _shown(options: Options, option: Option) -> str:
    if options.is_hidden(option):
        return MASK
    value = getattr(options, option.field)
    if option.kind is OptionKind.FLAG:
        return "true" if value else "false"
    if option.kind is OptionKind.RESPONDER:
        return say.LUA_FUNCTION() if value == "lua" else " ".join([*value][:1])
    if isinstance(value, AgentChoice):
        return _short(value.name)
    if isinstance(value, dict | tuple):
        return _short(comma_list(value)) or status.NONE()
    return _short(f"{value:g}" if isinstance(value, float) else str(value)) or status.NONE()


def _short(text: str) -> str:
    return shorten(clean(text), _LONGEST)
