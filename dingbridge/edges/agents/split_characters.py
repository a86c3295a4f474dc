"""Characters of which an agent sends one half at the end of a text, and the other with the next.

Programs that count in UTF-16, such as those of Node, cut a text between the two halves of an emoji
when they pass it on in pieces.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dingbridge.core import json_wire

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_CHUNKS = ("agent_message_chunk", "agent_thought_chunk")


class SplitCharacters:
    """Joins the halves. One for each agent."""

    def __init__(self) -> None:
        # The first half of a character, by the kind of the chunk that ended with it.
        self._held: dict[str, str] = {}

    def join(self, line: bytes, message: dict[str, Any]) -> dict[str, Any]:
        """The message of a line, as it has to be read: with the first half that the text before it
        ended with, and without the one that it ends with itself."""
        if not self._held and _HALF.search(line) is None:
            return message
        chunk = _chunk(message)
        if chunk is None:
            if "method" not in message:
                self._held.clear()  # the turn has ended, or a request in it
            return message
        kind = chunk["sessionUpdate"]
        try:
            whole = json.loads(line, strict=False)
            text = self._held.pop(kind, "") + whole["params"]["update"]["content"]["text"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return message
        if "\ud800" <= text[-1:] <= "\udbff":
            self._held[kind], text = text[-1], text[:-1]
        chunk["content"]["text"] = _well_formed(text)
        return message


def _chunk(message: dict[str, Any]) -> dict[str, Any] | None:
    """The piece of text that a message is; None for another message."""
    params = message.get("params")
    update = params.get("update") if isinstance(params, dict) else None
    if not isinstance(update, dict) or update.get("sessionUpdate") not in _CHUNKS:
        return None
    content = update.get("content")
    is_text = isinstance(content, dict) and isinstance(content.get("text"), str)
    return update if is_text else None


def _well_formed(text: str) -> str:
    return json_wire.decode(json_wire.encode(text), str)
