"""A change of a file that an agent made, or wants to make, as a unified diff in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dingbridge.core.agents import asked_call
from dingbridge.core.agents.turn_events import FileDiff
from dingbridge.core.catalogue import turns as say
from dingbridge.core.text import all_seen, as_seen, written_out

CONTEXT = 3
"""Unchanged lines around a change."""

LONGEST = 60_000
"""Characters between the first and the last change, with line ends, up to which lines are compared
one by one; beyond, all of them count as changed."""

MOST_PAIRS = 2_000_000
"""The same for pairs of an old and a new line there: the comparison takes as long in bad cases."""

UNENDED = "\n\\ No newline at end of file"
"""Stands at the end of a file's last line if only one of the two files ends with a line feed."""


def described(diff: FileDiff) -> str:
    """The whole change, in a code block that its lines cannot end. Characters that nobody sees are
    written out where they are all that changes, or could hide something."""
    path = asked_call.path(diff.path)
    changes = [*_changes(*_lines(diff.before or "", diff.after))]
    shown = _shown(changes)
    lines = [f"--- {path if diff.before is not None else '/dev/null'}", f"+++ {path}", *shown]
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    block = "\n".join((f"{fence}diff", *lines, fence))
    is_plain = shown == [sign + line for sign, line in changes]
    return block if is_plain else f"{say.WRITTEN_OUT()}\n\n{block}"


def _lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines of two files. Carriage returns stay, unless they end all lines of both."""
    texts = [before, after]
    if all(text.count("\r\n") == text.count("\n") == text.count("\r") for text in texts):
        texts = [text.replace("\r\n", "\n") for text in texts]
    # Where both lack it, they are perhaps parts of files.
    is_marked = all(texts) and len({text.endswith("\n") for text in texts}) > 1
    old, new = (_split(text, UNENDED if is_marked else "") for text in texts)
    return old, new


def _split(text: str, unended: str) -> list[str]:
    *lines, last = text.split("\n")
    return [*lines, last + unended] if last else lines


def _shown(changes: Sequence[tuple[str, str]]) -> list[str]:
    """Signs and lines as lines of the diff."""
    removed = {line for sign, line in changes if sign == "-"}
    added = {line for sign, line in changes if sign == "+"}
    alike = _as_seen(removed - added) & _as_seen(added - removed)
    return [
        sign + (written_out(line) if alike and alike & _as_seen([line]) else all_seen(line))
        for sign, line in changes
    ]


def _as_seen(lines: Iterable[str]) -> set[str]:
    return {as_seen(line.removesuffix(UNENDED)) for line in lines}


def _changes(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """The signs and lines of the change, in hunks with `CONTEXT` around them."""
    least = min(len(before), len(after))
    top = next((n for n in range(least) if before[n] != after[n]), least)
    same = (n for n in range(least - top) if before[-1 - n] != after[-1 - n])
    bottom = next(same, least - top)
    first = max(0, top - CONTEXT)
    old = before[first : len(before) - max(0, bottom - CONTEXT)]
    new = after[first : len(after) - max(0, bottom - CONTEXT)]
    characters = sum(len(line) + 1 for line in (*old, *new))
    if characters > LONGEST or len(old) * len(new) > MOST_PAIRS:
        yield "", _header(first, len(old), first, len(new))
        yield from (("-", line) for line in old)
        yield from (("+", line) for line in new)
        return
    from difflib import SequenceMatcher  # loaded only when needed

    # Its `autojunk` keeps lines that are everywhere, such as blank ones, from being paired.
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield "", _header(first + i1, i2 - i1, first + j1, j2 - j1)
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                yield from ((" ", line) for line in old[i:i_end])
            else:
                yield from (("-", line) for line in old[i:i_end])
                yield from (("+", line) for line in new[j:j_end])


def _header(first: int, count: int, new_first: int, new_count: int) -> str:
    """The line above a hunk. Line numbers count from 1, or name the line before an empty part."""
    old_line, new_line = first + (count > 0), new_first + (new_count > 0)
    return f"@@ -{old_line},{count} +{new_line},{new_count} @@"
