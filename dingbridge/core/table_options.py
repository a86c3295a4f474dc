"""The declaration of the options about the table as a whole, and of those for one group."""

from __future__ import annotations

from dingbridge.core.kinds import Kind, Option

OUTER_OPTIONS: tuple[Option, ...] = (
    Option(
        name="accounts",
        kind=Kind.ACCOUNTS,
        default={},
        editor_wide=True,
        meaning=(
            "Several robots by name, each with options of its own; what one does not give comes"
            " from the table around."
        ),
    ),
    Option(
        name="default_account",
        kind=Kind.TEXT,
        editor_wide=True,
        meaning=(
            "Account that is meant when none is named; not given: `default`, else the first by"
            " name that is enabled."
        ),
    ),
    Option(
        name="env",
        kind=Kind.VARIABLES,
        default={},
        editor_wide=True,
        meaning="Environment variables of the bridge; those of the editor win.",
    ),
    Option(
        name="env_file",
        kind=Kind.TEXT,
        editor_wide=True,
        meaning=(
            "File with environment variables, NAME=text in each line; those of the editor and of"
            " `env` win. No file is read that is not named here."
        ),
    ),
)
"""Options about the table as a whole; reading uses them up, so that they have no field."""

GROUP_OPTIONS: tuple[Option, ...] = (
    Option(
        name="require_mention",
        kind=Kind.FLAG,
        default=None,
        meaning="Whether a message in this group must mention the robot.",
    ),
    Option(
        name="users",
        kind=Kind.LIST,
        default=None,
        belongs="a staff id",
        meaning=(
            "Staff ids that may write in this group, in the place of `allow_from`; '*' is"
            " everybody in it, empty is nobody."
        ),
    ),
    Option(
        name="tools",
        kind=Kind.COMMANDS,
        default=None,
        meaning=(
            "Remote commands that its members may use, in the place of `commands`, with or"
            " without '/'; '*' is all."
        ),
    ),
    Option(
        name="instructions",
        kind=Kind.PROSE,
        default=None,
        meaning="What the responder is told first in this group, in the place of `instructions`.",
    ),
)
"""What can be given for a group in `groups`."""
