"""The mode and the model of an agent's session, as far as the agent lets them be chosen.

An agent offers them as config options of these categories; older ones offer modes by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from acp import schema
from msgspec import Struct, structs

from dingbridge.core.listing import comma_list

Offered = tuple[tuple[str, str], ...]
"""Ids and names."""

ConfigOption = schema.SessionConfigOptionSelect | schema.SessionConfigOptionBoolean


class Choice(Struct, frozen=True):
    """One thing to choose: the chosen id, and what is offered. `option` is the id of its config
    option; empty without one."""

    current: str = ""
    offered: Offered = ()
    option: str = ""

    def find(self, wanted: str) -> str | None:
        """The id of what the user calls `wanted`, by id or name."""
        if any(wanted == each for each, _ in self.offered):
            return wanted
        named = [each for each, name in self.offered if name.casefold() == wanted.casefold()]
        return named[0] if named else None

    @property
    def names(self) -> str:
        """What is offered, in words."""
        return comma_list(each for each, _ in self.offered)


class SessionSettings(Struct, frozen=True):
    """Mode and model of one agent session."""

    mode: Choice = Choice()
    model: Choice = Choice()

    def with_mode(self, mode: str) -> SessionSettings:
        """In another mode."""
        return structs.replace(self, mode=structs.replace(self.mode, current=mode))

    def with_options(self, options: Sequence[ConfigOption]) -> SessionSettings:
        """With these config options, which are complete each time."""
        found = self
        for option in options:
            if isinstance(option, schema.SessionConfigOptionSelect):
                purpose = option.category or option.id
                if purpose == "mode":
                    found = structs.replace(found, mode=_choice(option))
                elif purpose == "model":
                    found = structs.replace(found, model=_choice(option))
        return found


def opened(
    modes: schema.SessionModeState | None, options: Sequence[ConfigOption] | None
) -> SessionSettings:
    """What the agent said when it opened the session."""
    mode = Choice()
    if modes is not None:
        offered = tuple((each.id, each.name) for each in modes.available_modes)
        mode = Choice(modes.current_mode_id, offered)
    return SessionSettings(mode).with_options(options or ())


def _choice(option: schema.SessionConfigOptionSelect) -> Choice:
    offered: list[tuple[str, str]] = []
    for each in option.options:
        group = each.options if isinstance(each, schema.SessionConfigSelectGroup) else [each]
        offered += [(one.value, one.name) for one in group]
    return Choice(option.current_value, tuple(offered), option.id)
