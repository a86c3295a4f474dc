"""The sentences of the catalogue in Chinese: modules and names are those of the catalogue."""

from dingbridge.core.catalogue.chinese import (
    access,
    agent_choice,
    agents,
    approvals,
    checkhealth,
    commands,
    delivery,
    files,
    health,
    link,
    options,
    programs,
    received,
)

__all__ = (
    "access",
    "agent_choice",
    "agents",
    "approvals",
    "checkhealth",
    "commands",
    "delivery",
    "files",
    "health",
    "link",
    "options",
    "programs",
    "received",
)
