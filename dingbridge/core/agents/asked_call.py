"""What people decide about when an agent asks for a permission: all of it, in characters that are
seen, and in code blocks, so that no word of the agent looks like one of the bridge."""

from __future__ import annotations

import json

from dingbridge.core.agents.turn_events import ToolCall
from dingbridge.core.catalogue import turns as say
from dingbridge.core.markdown import code_blocks
from dingbridge.core.text import all_seen, shorten, written_out

TITLE_CHARACTERS = 200
"""Longest title; that of a permission stands below as well where it is longer."""


def title(call: ToolCall) -> str:
    """What a tool call does, in one line."""
    return shorten(all_seen(call.title), TITLE_CHARACTERS) or call.kind


def detail(call: ToolCall) -> str:
    """The rest as Markdown: the title where one line does not hold it, arguments, output, places
    and diffs."""
    parts = []
    if title(call) != (all_seen(call.title) or call.kind):
        parts += [say.WHOLE_TITLE(), block(call.title)]
    elif title(call) != (call.title or call.kind):
        parts.append(say.WRITTEN_OUT())
    parts.append(all_seen(call.detail).strip())
    if call.places:
        parts += [say.PLACES(), block("\n".join(call.places))]
    return "\n\n".join(part for part in (*parts, *call.diffs) if part)


def block(text: str, language: str = "") -> str:
    """A text of the agent in a code block that it cannot end; says so where characters are written
    out."""
    shown = all_seen(text)
    made = code_blocks.block(shown, language)
    return made if shown == text else f"{say.WRITTEN_OUT()}\n\n{made}"


def path(text: str) -> str:
    """A path on one line, in quotation marks where it is not plain to see where it begins and
    ends, or what it holds."""
    is_plain = text == text.strip() and text.isprintable() and all_seen(text) == text
    if is_plain and text and "\\" not in text and '"' not in text:
        return text
    return written_out(json.dumps(text, ensure_ascii=False))
