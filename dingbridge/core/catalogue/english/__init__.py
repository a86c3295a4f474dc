"""The sentences for DingTalk in English alone: modules and names are those of the catalogue."""

from dingbridge.core.catalogue.english import (
    access,
    agent_choice,
    approvals,
    delivery,
    editor,
    remote,
    setup,
    turns,
)

__all__ = (
    "access",
    "agent_choice",
    "approvals",
    "delivery",
    "editor",
    "remote",
    "setup",
    "turns",
)
