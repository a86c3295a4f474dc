"""Tool calls of a turn, put together from the agent's reports, each of which says what changed."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Final, get_args

from acp import schema

from dingbridge.core.agents import asked_call, file_diffs
from dingbridge.core.agents.turn_events import FileDiff, ToolCall, ToolState

OUTPUT_CHARACTERS = 20_000
"""Characters of a call's output that are kept, from its end. Arguments, diffs and what a permission
is asked for are complete."""

KEPT_CHARACTERS = 8_000_000
"""Characters of all calls of a turn that are kept. Beyond them the calls that were reported longest
ago keep only the beginning of each text."""

BEGINNING = 4000
"""Characters of each text of such a call that are kept."""

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
        # Those that were reported longest ago come first.
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        self._whole: OrderedDict[str, _Call] = OrderedDict()  # those that are not shortened
        self._size = 0
        self._has_forgotten = False

    def report(
        self, update: schema.ToolCallStart | schema.ToolCallUpdate, *, complete: bool = False
    ) -> ToolCall:
        """The call as it is with this report. A call that nobody began begins with it. With
        `complete`, for a permission, its output is not cut, and in a code block."""
        name = update.tool_call_id
        is_known = name in self._calls
        call = self._calls.setdefault(name, _Call(name))
        if not is_known and self._has_forgotten and not (update.raw_input or update.content):
            # It may be a call that was forgotten, with what is asked about.
            call.is_shortened = True
        self._whole[name] = call
        for calls in (self._calls, self._whole):
            calls.move_to_end(name)
        self._size -= call.size
        shown = call.with_report(update, complete=complete)
        self._size += call.size
        self._shorten()
        return shown

    @property
    def size(self) -> int:
        """How much is kept of all calls, in characters."""
        return self._size

    def is_shortened(self, call: str) -> bool:
        """Whether something of a call is not known any more."""
        return call in self._calls and self._calls[call].is_shortened

    def _shorten(self) -> None:
        """Keep less of old calls while there is too much, and nothing if that does not help."""
        while self._size > KEPT_CHARACTERS and len(self._whole) > 1:
            _, call = self._whole.popitem(last=False)
            self._size -= call.size
            call.shorten()
            self._size += call.size
        while self._size > KEPT_CHARACTERS and len(self._calls) > 1:
            name, gone = self._calls.popitem(last=False)
            self._whole.pop(name, None)
            self._size -= gone.size
            self._has_forgotten = True


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
        self.is_shortened = False

    @property
    def size(self) -> int:
        texts = (self._id, self._title, self._arguments, self._said, self._result)
        return sum(map(len, (*texts, *self._diffs, *self._places)))

    def shorten(self) -> None:
        before = self.size
        self._title = self._title[:BEGINNING]
        self._arguments, self._said = self._arguments[:BEGINNING], self._said[:BEGINNING]
        self._result = self._result[:BEGINNING]
        self._diffs = tuple(diff[:BEGINNING] for diff in self._diffs[:1])
        self._places = tuple(place[:BEGINNING] for place in self._places[:1])
        self.is_shortened = self.is_shortened or self.size < before

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
