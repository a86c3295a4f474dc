"""A change of a file that an agent made, or wants to make, as a unified diff in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from dingbridge.core.agents.turn_events import FileDiff
from dingbridge.core.text import shorten, tame

CONTEXT = 3
"""Unchanged lines around a change."""

LONGEST = 60_000
"""Characters between the first and the last change, with line ends, up to which lines are compared
one by one; beyond, all of them count as changed."""

MOST_PAIRS = 2_000_000
"""The same for pairs of an old and a new line there: the comparison takes as long in bad cases."""

PATH_CHARACTERS = 300
"""Longest path that is shown."""


def described(diff: FileDiff) -> str:
    """The whole change, in a code block that its lines cannot end."""
    before, after = tame(diff.before or "").splitlines(), tame(diff.after).splitlines()
    path = shorten(tame(diff.path), PATH_CHARACTERS)
    lines = [f"--- {path if diff.before is not None else '/dev/null'}", f"+++ {path}"]
    lines += _changes(before, after)
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return "\n".join((f"{fence}diff", *lines, fence))


def _changes(before: list[str], after: list[str]) -> Iterator[str]:
    """The lines that differ, in hunks with `CONTEXT` around them."""
    least = min(len(before), len(after))
    top = next((n for n in range(least) if before[n] != after[n]), least)
    same = (n for n in range(least - top) if before[-1 - n] != after[-1 - n])
    bottom = next(same, least - top)
    first = max(0, top - CONTEXT)
    old = before[first : len(before) - max(0, bottom - CONTEXT)]
    new = after[first : len(after) - max(0, bottom - CONTEXT)]
    characters = sum(len(line) + 1 for line in (*old, *new))
    if characters > LONGEST or len(old) * len(new) > MOST_PAIRS:
        yield _header(first, len(old), first, len(new))
        yield from (f"-{line}" for line in old)
        yield from (f"+{line}" for line in new)
        return
    from difflib import SequenceMatcher  # loaded only when needed

    # Its `autojunk` keeps lines that are everywhere, such as blank ones, from being paired.
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield _header(first + i1, i2 - i1, first + j1, j2 - j1)
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[i:i_end])
            else:
                yield from (f"-{line}" for line in old[i:i_end])
                yield from (f"+{line}" for line in new[j:j_end])


def _header(first: int, count: int, new_first: int, new_count: int) -> str:
    """The line above a hunk. Line numbers count from 1, or name the line before an empty part."""
    old_line, new_line = first + (count > 0), new_first + (new_count > 0)
    return f"@@ -{old_line},{count} +{new_line},{new_count} @@"
