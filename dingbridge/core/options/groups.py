"""The options of a group, and how they are inherited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Struct, structs

from dingbridge.core.catalogue import values as words
from dingbridge.core.options.kinds import Option, OptionKind, declared_in, spellings_of

EVERYTHING = "*"
"""All groups (as a key of `groups`), all remote commands, or all people (in a list)."""


class GroupOptions(Struct, frozen=True):
    """The options given for one group; None: not given. `tools` are remote commands without `/`."""

    require_mention: Annotated[
        bool | None,
        Option(OptionKind.FLAG),
        "Whether a message in this group must mention the robot.",
    ] = None
    users: Annotated[
        tuple[str, ...] | None,
        Option(OptionKind.LIST, belongs=words.STAFF_ID),
        "Staff ids that may write in this group, instead of `allow_from`; `'*'` is"
        " everybody in it, empty is nobody.",
    ] = None
    tools: Annotated[
        tuple[str, ...] | None,
        Option(OptionKind.COMMANDS),
        "Remote commands that its members may use, instead of `commands`, with"
        " or without '/'; `'*'` is all.",
    ] = None
    instructions: Annotated[
        str | None,
        Option(OptionKind.PROSE),
        "First instructions for the responder in this group, instead of `instructions`.",
    ] = None


def group_of(
    groups: Mapping[str, GroupOptions], conversation_id: str, *, require_mention: bool
) -> GroupOptions:
    """The options in effect in a group: its own, else those of `*`, key by key.

    `require_mention` is the account's and applies if neither gives one.
    """
    merged: dict[str, Any] = {"require_mention": require_mention}
    for name in (EVERYTHING, conversation_id):
        given = structs.asdict(groups.get(name, GroupOptions()))
        merged |= {key: value for key, value in given.items() if value is not None}
    return GroupOptions(**merged)


GROUP_OPTIONS = declared_in(GroupOptions)
GROUP_SPELLINGS = spellings_of(GROUP_OPTIONS)
