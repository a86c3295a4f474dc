"""Replies to remote commands about the editor and the project folder, formatted for a phone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands.paths import is_secret
from dingbridge.core.markdown.code_blocks import block, code_span, fenced
from dingbridge.core.secrets.excerpts import Around, Mask, unmasked
from dingbridge.core.text import clean, shorten

EXCERPT = 200
"""Characters of a diagnostic's message."""

TAIL = 4000
"""Characters of a job's output that are shown, from its end."""

DIFF = 12_000
"""Characters of a diff that are shown, from its beginning."""

_SEVERITY = {"error": "❌", "warn": "⚠️", "info": "ℹ️", "hint": "💡"}


class Lines(Struct, frozen=True):
    """Lines `first` to `last` (1-based, inclusive) of a file below the project folder.

    - `more`: how many lines follow
    - `cut`: the text was truncated because it was too long
    - `before`: lines above, as context for masking secrets
    """

    path: str
    first: int
    last: int
    text: str
    more: bool = False
    cut: bool = False
    before: str = ""


# --- from the editor ------------------------------------------------------------------------------


class _Where(Struct):
    file: str
    line: int
    column: int
    function: str = ""
    filetype: str = ""
    modified: bool = False


class _Item(Struct):
    file: str
    line: int
    message: str
    severity: str = ""


class _Items(Struct):
    total: int
    items: list[_Item]
    errors: int = 0
    warnings: int = 0


class _Opened(Struct):
    file: str
    line: int


def describe_where(found: object, branch: str) -> str:
    """The cursor position; an empty `branch` means none."""
    position = _read(found, _Where)
    if position is None:
        return say.ANSWER_UNREADABLE()
    here = say.PLACE_MODIFIED if position.modified else say.PLACE
    lines = [here(place=code_span(f"{position.file}:{position.line}:{position.column}"))]
    if position.function:
        lines.append(say.FUNCTION(function=code_span(position.function)))
    if branch:
        lines.append(say.BRANCH(branch=code_span(branch)))
    if position.filetype:
        lines.append(say.FILETYPE(filetype=code_span(position.filetype)))
    return "\n".join(lines)


def describe_diagnostics(found: object, mask: Mask = unmasked) -> str:
    """The editor's diagnostics, most severe first."""
    seen = _read(found, _Items)
    if seen is None:
        return say.ANSWER_UNREADABLE()
    if not seen.total:
        return say.NO_DIAGNOSTICS()
    head = say.DIAGNOSTICS(total=seen.total, errors=seen.errors, warnings=seen.warnings)
    return _list_of(head, seen, mask)


def describe_quickfix(found: object, mask: Mask = unmasked) -> str:
    """The editor's quickfix list, in its order."""
    seen = _read(found, _Items)
    if seen is None:
        return say.ANSWER_UNREADABLE()
    if not seen.total:
        return say.QUICKFIX_EMPTY()
    return _list_of(say.QUICKFIX(total=seen.total), seen, mask)


def _list_of(head: str, seen: _Items, mask: Mask) -> str:
    # An item quotes a line of its file, so those of secret files are hidden, as `/file` does.
    shown = [each for each in seen.items if not is_secret(_parts(each.file))]
    lines = [f"- {_one(each, mask)}" for each in shown]
    if hidden := len(seen.items) - len(shown):
        lines.append(say.IN_SECRET_FILES(hidden=hidden))
    rest = seen.total - len(seen.items)
    if rest > 0:
        lines.append(say.MORE_ITEMS(rest=rest))
    return "\n".join([head, "", *lines])


def _parts(file: str) -> tuple[str, ...]:
    """The components of a path as Neovim writes it, on Windows with backslashes."""
    return PurePosixPath(file.replace("\\", "/")).parts


def _one(item: _Item, mask: Mask) -> str:
    sign = _SEVERITY.get(item.severity, "")
    place = code_span(f"{item.file}:{item.line}")
    message = mask(clean(item.message), Around())
    return f"{sign} {place} {code_span(shorten(message, EXCERPT))}".strip()


def describe_opened(found: object) -> str:
    """The file that the editor shows now."""
    opened = _read(found, _Opened)
    if opened is None:
        return say.ANSWER_UNREADABLE()
    return say.OPENED(place=code_span(f"{opened.file}:{opened.line}"))


def _read(found: object, kind: type[Any]) -> Any:
    """The editor's answer as a `kind`; None if it does not fit (the editor may be of another
    version).
    """
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError:
        return None


# --- from the project -----------------------------------------------------------------------------


def describe_lines(lines: Lines, mask: Mask = unmasked) -> str:
    """A part of a file."""
    language = PurePosixPath(lines.path).suffix.lstrip(".")
    text = mask(clean(lines.text), Around(lines.before))
    shown = fenced(text, lines.path, language, lines.first, lines.last)
    if lines.cut:
        return f"{shown}\n{say.CUT()}"
    following = f"`/file {lines.path}:{lines.last + 1}`" if "`" not in lines.path else ""
    return f"{shown}\n{say.MORE_OF_FILE(command=following)}" if lines.more else shown


def describe_diff(output: str, path: str = "", mask: Mask = unmasked) -> str:
    """The output of `git diff`, truncated to `DIFF` characters."""
    text = mask(clean(output).strip("\n"), Around(changes=True))
    if not text:
        return say.NO_CHANGES_IN(path=code_span(path)) if path else say.NO_CHANGES()
    shown = _whole_lines(text, DIFF)
    rest = text.count("\n") - shown.count("\n")
    head = say.CHANGES_IN(path=code_span(path)) if path else say.CHANGES()
    lines = [head, block(shown, "diff")]
    if len(shown) < len(text):
        lines.append(say.MORE_LINES(rest=rest))
    return "\n".join(lines)


def describe_jobs(jobs: Iterable[str], wanted: str = "") -> str:
    """The configured jobs. `wanted` is the unknown name that was asked for, or empty."""
    names = " ".join(code_span(f"/run {name}") for name in jobs)
    known = say.JOBS(jobs=names) if names else say.NO_JOBS()
    return f"{say.NO_SUCH_JOB(job=code_span(wanted))}\n\n{known}" if wanted else known


def describe_run(name: str, status: int, output: str, mask: Mask = unmasked) -> str:
    """A job's exit status and the last `TAIL` characters of its output."""
    sign = "✅" if status == 0 else "❌"
    head = say.JOB_ENDED(sign=sign, job=code_span(name), status=status)
    text = mask(clean(output).strip("\n"), Around())
    if not text:
        return head
    tail = text[-TAIL:]
    if len(tail) < len(text):
        tail = "…\n" + (tail.partition("\n")[2] or tail)
    return f"{head}\n{block(tail)}"


def _whole_lines(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    return (
        text[: text.rfind("\n", 0, characters)] if "\n" in text[:characters] else text[:characters]
    )
