"""A finding: a state, a sentence about it, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from wcwidth import wcswidth

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.catalogue import editor

FindingState = Literal["ok", "info", "warn", "error", "unknown"]
"""`unknown`: it cannot be known from here, or was not asked because something before it fails."""

SIGNS: dict[FindingState, str] = {"ok": "✓", "info": "·", "warn": "!", "error": "✗", "unknown": "?"}
"""The sign of each state, which stands beside its word: no colour is needed to read it."""

WORDS = {
    "ok": say.OK,
    "info": say.INFO,
    "warn": editor.LEVEL_WARN,
    "error": editor.LEVEL_ERROR,
    "unknown": say.UNKNOWN,
}


class HealthFinding(Struct, frozen=True):
    """One finding.

    - `subject`: what it is about, in a word or two
    - `fixes`: what helps, most likely first; empty if nothing is wrong
    - `public`: the sentence for a report to others, if this one names people or quotes somebody
    """

    subject: str
    state: FindingState
    sentence: str
    fixes: tuple[str, ...] = ()
    public: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether something does not work."""
        return self.state == "error"


def lines(finding: HealthFinding) -> tuple[str, ...]:
    """The lines that show a finding: its state, subject and sentence, then each fix.

    >>> lines(HealthFinding("Clock", "warn", "The clock is late.", ("Set it.",)))
    ('! warning  Clock: The clock is late.', '           → Set it.')
    """
    word = WORDS[finding.state]().lower()
    gap = " " * max(1, 9 - wcswidth(word))
    head = f"{SIGNS[finding.state]} {word}{gap}{finding.subject}: {finding.sentence}"
    return (head, *(f"{'':<11}→ {fix}" for fix in finding.fixes))


def verdict(findings: Iterable[HealthFinding]) -> str:
    """One sentence about all of them."""
    states = [finding.state for finding in findings]
    bad, doubtful = states.count("error"), states.count("warn")
    if not bad and not doubtful:
        return say.ALL_WELL()
    return say.VERDICT(errors=bad, warnings=doubtful)
