"""The platform's rules, each declared once: the sandbox keeps them, the documents list them."""

from __future__ import annotations

from dingbridge.sandbox.rules import (
    cards,
    media,
    openapi,
    registration,
    stream,
    tokens,
    webhooks,
)
from dingbridge.sandbox.rules.rule import Rule

GROUPS: dict[str, tuple[Rule, ...]] = {
    "Webhooks": webhooks.RULES,
    "Tokens and limits": tokens.RULES,
    "OpenAPI messages": openapi.RULES,
    "Media and reactions": media.RULES,
    "Stream Mode": stream.RULES,
    "Cards": cards.RULES,
    "Apps made by a scan": registration.RULES,
}
"""All rules, by what they are about."""
