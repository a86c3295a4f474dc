"""Tool calls of a turn, put together from the agent's reports, each of which says what changed."""

from __future__ import annotations

import json
from typing import Any, Final, get_args

from acp import schema

from dingbridge.core.agents import asked_call, file_diffs
from dingbridge.core.agents.turn_events import FileDiff, ToolCall, ToolState

OUTPUT_CHARACTERS = 20_000
"""Characters of a call's output that are kept, from its end. Arguments, diffs and what a permission
is asked for are complete."""

STATES: Final[dict[str, ToolState]] = {
    "pending": "pending",
    "in_progress": "running",
    "completed": "done",
    "failed": "failed",
}

_KINDS = frozenset(get_args(schema.ToolKind))


class ToolCalls:
    """The tool calls of one turn."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}

    def report(
        self, update: schema.ToolCallStart | schema.ToolCallUpdate, *, complete: bool = False
    ) -> ToolCall:
        """The call as it is with this report. A call that nobody began begins with it. With
        `complete`, for a permission, its output is not cut, and in a code block."""
        call = self._calls.setdefault(update.tool_call_id, _Call(update.tool_call_id))
        return call.with_report(update, complete=complete)


class _Call:
    def __init__(self, name: str) -> None:
        self._id = name
        self._title = ""
        self._kind = "other"
        self._state: ToolState = "pending"
        self._arguments = ""
        self._said = ""
        self._result = ""
        self._diffs: tuple[str, ...] = ()
        self._places: tuple[str, ...] = ()

    def with_report(
        self, update: schema.ToolCallStart | schema.ToolCallUpdate, *, complete: bool
    ) -> ToolCall:
        if update.title:
            self._title = update.title
        if update.kind is not None:
            self._kind = update.kind if update.kind in _KINDS else "other"
        if update.status is not None:
            self._state = STATES[update.status]
        if update.raw_input not in (None, {}, ""):
            self._arguments = _shown(update.raw_input)
        if update.content is not None:
            texts = (_text(part) for part in update.content)
            self._said = "\n\n".join(text for text in texts if text)
            self._diffs = tuple(
                file_diffs.described(FileDiff(part.path, part.old_text, part.new_text))
                for part in update.content
                if isinstance(part, schema.FileEditToolCallContent)
            )
        if update.locations is not None:
            self._places = tuple(_place(one) for one in update.locations)
        if update.raw_output not in (None, {}, ""):
            self._result = _shown(update.raw_output)
        # The result in the agent's own form says the same again as what it has written for people.
        output = self._said or ("" if self._diffs else self._result)
        if not complete and len(output) > OUTPUT_CHARACTERS:
            output = f"…{output[1 - OUTPUT_CHARACTERS :]}"
        if complete and self._said:
            output = asked_call.block(output)
        detail = "\n\n".join(part for part in (self._arguments, output) if part)
        title = self._title or self._id
        return ToolCall(self._id, title, self._kind, self._state, detail, self._diffs, self._places)


def block_text(block: object) -> str:
    """The text of a content block, or words that stand for one."""
    match block:
        case schema.TextContentBlock():
            return block.text
        case schema.ResourceContentBlock():
            return f"[{block.name}]({block.uri})"
        case schema.EmbeddedResourceContentBlock(resource=schema.TextResourceContents() as inner):
            return inner.text
        case schema.EmbeddedResourceContentBlock():
            return f"[{block.resource.uri}]"
        case schema.ImageContentBlock() | schema.AudioContentBlock():
            return f"[{block.mime_type}]"
        case _:
            return ""


def _text(part: object) -> str:
    return block_text(part.content) if isinstance(part, schema.ContentToolCallContent) else ""


def _place(location: schema.ToolCallLocation) -> str:
    path = asked_call.path(location.path)
    return path if location.line is None else f"{path}:{location.line}"


def _shown(value: Any) -> str:
    """A JSON value for people, whole."""
    if isinstance(value, str):
        return asked_call.block(value)
    return asked_call.block(json.dumps(value, ensure_ascii=False, indent=2), "json")
