"""The options of a group, and which values apply in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Struct, structs

from dingbridge.core.options.kinds import Option, OptionKind, declared_in, spellings_of

EVERYTHING = "*"
"""Stands for all groups among their settings, for all remote commands in a list of them, and for
everybody in a list of people."""


class GroupOptions(Struct, frozen=True):
    """What is given for one group; `None` is not given. `tools` are remote commands without `/`."""

    require_mention: Annotated[
        bool | None,
        Option(OptionKind.FLAG),
        "Whether a message in this group must mention the robot.",
    ] = None
    users: Annotated[
        tuple[str, ...] | None,
        Option(OptionKind.LIST, belongs="a staff id"),
        "Staff ids that may write in this group, in the place of `allow_from`; `'*'` is"
        " everybody in it, empty is nobody.",
    ] = None
    tools: Annotated[
        tuple[str, ...] | None,
        Option(OptionKind.COMMANDS),
        "Remote commands that its members may use, in the place of `commands`, with"
        " or without '/'; `'*'` is all.",
    ] = None
    instructions: Annotated[
        str | None,
        Option(OptionKind.PROSE),
        "What the responder is told first in this group, in the place of `instructions`.",
    ] = None


def group_of(
    groups: Mapping[str, GroupOptions], conversation_id: str, *, require_mention: bool
) -> GroupOptions:
    """What holds in a group, listed or not: its own settings over those of `*`, key by key, and
    the account's `require_mention` below both."""
    merged: dict[str, Any] = {"require_mention": require_mention}
    for name in (EVERYTHING, conversation_id):
        given = structs.asdict(groups.get(name, GroupOptions()))
        merged |= {key: value for key, value in given.items() if value is not None}
    return GroupOptions(**merged)


GROUP_OPTIONS = declared_in(GroupOptions)
GROUP_SPELLINGS = spellings_of(GROUP_OPTIONS)
