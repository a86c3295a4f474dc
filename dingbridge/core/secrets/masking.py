"""Masks the secrets that `detection` finds; which shapes are secrets stands in `patterns`.

A mark looks like `[secret masked: GitHub token, 3f2a]`; `detection` finds the secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct, structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.listing import comma_list
from dingbridge.core.regex import found_in, regex
from dingbridge.core.secrets.detection import (
    OWN,
    VARIABLE,
    Match,
    known_secrets,
    matches_in,
)
from dingbridge.core.secrets.heuristics import (
    own_values,
)
from dingbridge.core.secrets.patterns_in_context import SHAPES
from dingbridge.core.secrets.private_keys import PRIVATE_KEY

OFF_SWITCH: Final = "mask_secrets"
"""The option that switches masking off."""

_KINDS: Final = sorted({shape.kind for shape in SHAPES} | {OWN, VARIABLE, PRIVATE_KEY})
_OPENING: Final = "[secret masked: "
_MARKER: Final = regex(
    rf"{re.escape(_OPENING)}(?:{'|'.join(map(re.escape, _KINDS))}), [0-9a-f]{{4}}\]\u200b?"
)
_FINGERPRINT: Final = 4


class Finding(Struct, frozen=True):
    """A secret that was masked `count` times. `variable` is the environment variable that holds it.

    The same `fingerprint` means the same secret, as long as our own settings stay the same.
    """

    kind: str
    fingerprint: str
    count: int
    variable: str = ""


class MaskedText(Struct, frozen=True):
    """A text without secrets, and what was masked in it, in order."""

    text: str
    found: tuple[Finding, ...] = ()


def mask(
    text: str,
    own: Collection[str],
    environment: Mapping[str, str],
    *,
    by_line: bool = False,
    part_of_key: bool = False,
) -> MaskedText:
    """Replace each secret in `text` by a mark.

    - `own`: secret values of our settings (found verbatim, in a URL, in JSON, in base64)
    - `environment`: variables; those with a secret's name count
    - `by_line`: one mark per line of a secret, so that line numbers stay the same
    - `part_of_key`: lines that look like the inside of a private key count as one

    A mark is one line, and plain text in Markdown and in code. Idempotent, linear, never raises.
    """
    if not text:
        return MaskedText(text)
    known = known_secrets(own, environment)
    key = hashlib.sha256("\0".join(own_values(own)).encode("utf-8", "replace"))
    counted: dict[tuple[str, str, str], int] = {}
    # A mark can separate its neighbour from a longer word, which makes it a secret. The loop ends
    # because each round leaves less text outside marks.
    while matches := _apart(text, matches_in(text, known, part_of_key=part_of_key)):
        pieces, position = [], 0
        for match in matches:
            fingerprint = _fingerprint(key.digest(), match.value)
            found = (match.kind, fingerprint, match.variable)
            counted[found] = counted.get(found, 0) + 1
            marks = [_mark(match.kind, fingerprint)]
            if by_line:
                marks *= 1 + text.count("\n", match.start, match.end)
            pieces += [text[position : match.start], "\n".join(marks)]
            if text[match.end : match.end + 1] in ("(", "[", ":"):
                pieces.append("\u200b")  # prevents Markdown from reading a link
            position = match.end
        text = "".join([*pieces, text[position:]])
    return MaskedText(
        text,
        tuple(
            Finding(kind, fingerprint, count, variable)
            for (kind, fingerprint, variable), count in counted.items()
        ),
    )


def mark(finding: Finding) -> str:
    """The mark in place of a secret."""
    return _mark(finding.kind, finding.fingerprint)


def _mark(kind: str, fingerprint: str) -> str:
    return f"{_OPENING}{kind}, {fingerprint}]"


def counted_together(*found: Collection[Finding]) -> tuple[Finding, ...]:
    """The findings of several texts, each secret once."""
    counted: dict[Finding, int] = {}
    for finding in (one for each in found for one in each):
        key = structs.replace(finding, count=0)
        counted[key] = counted.get(key, 0) + finding.count
    return tuple(structs.replace(key, count=count) for key, count in counted.items())


def describe(findings: Collection[Finding], option: str = OFF_SWITCH) -> str:
    """One line for the editor: what was masked, why, and how to switch it off.

    `option` is the setting for this target, with its value. Empty if nothing was masked.
    """
    if not findings:
        return ""
    parts = []
    for finding in findings:
        what = say.MASKED_VALUE if finding.variable else say.MASKED_TEXT
        part = what(kind=finding.kind, mark=finding.fingerprint, variable=finding.variable)
        parts.append(f"{finding.count} × {part}" if finding.count > 1 else part)
    return say.MASKED(secrets=comma_list(parts), option=option)


def _fingerprint(key: bytes, value: str) -> str:
    # Keyed with something unknown to the chat: a plain hash of a password helps to guess it.
    digest = hmac.new(key, value.encode("utf-8", "replace"), hashlib.sha256)
    return digest.hexdigest()[:_FINGERPRINT]


def _apart(text: str, matches: Iterator[Match]) -> list[Match]:
    """Sort `matches` and merge those that overlap; none lies inside an existing mark.

    A merged match gets the kind of the longest one, or of the first among equally long ones.
    """
    ranked = [(match.start, rank, match) for rank, match in enumerate(matches)]
    if not ranked:
        return []
    ranked.sort(key=lambda entry: entry[:2])
    marks = [found.span() for found in found_in(_MARKER, text)] if _OPENING in text else []
    if marks:
        ranked = list(_around(marks, ranked))
    apart: list[Match] = []
    best = 0
    for _, rank, match in ranked:
        if not apart or match.start >= apart[-1].end:
            apart.append(match)
            best = match.end - match.start
            best_rank = rank
            continue
        last = apart[-1]
        size = match.end - match.start
        end = max(last.end, match.end)
        if (size, -rank) > (best, -best_rank):
            apart[-1] = match._replace(start=last.start, end=end)
            best, best_rank = size, rank
        else:
            apart[-1] = last._replace(end=end)
    return apart


def _around(
    marks: list[tuple[int, int]], ranked: list[tuple[int, int, Match]]
) -> Iterator[tuple[int, int, Match]]:
    """Matches outside marks, each extended over the marks that it touches."""
    first = 0
    for start, rank, match in ranked:
        while first < len(marks) and marks[first][1] <= start:
            first += 1
        touched = first
        inside = False
        begin, end = match.start, match.end
        while touched < len(marks) and marks[touched][0] < end:
            inside = inside or (marks[touched][0] <= match.start and match.end <= marks[touched][1])
            begin, end = min(begin, marks[touched][0]), max(end, marks[touched][1])
            touched += 1
        if not inside:
            yield begin, rank, match._replace(start=begin, end=end)
