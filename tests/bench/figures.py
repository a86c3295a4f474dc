"""Figures of the bench: collected over the rounds, printed as medians, spread and ratios."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from msgspec import Struct


class Figure(Struct, frozen=True):
    """One value of one round. `name` says what, `who` on which side, `unit` in what."""

    name: str
    who: str
    unit: str
    value: float


OURS = "dingbridge"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(figures: Iterable[Figure]) -> list[str]:
    """A Markdown table: a line for each name and side. The ratio is ours over the other's, round by
    round, and its median; rounds are paired in the order in which they were measured."""
    values: dict[tuple[str, str, str], list[float]] = {}
    for one in figures:
        values.setdefault((one.name, one.who, one.unit), []).append(one.value)
    lines = [
        "| what | side | unit | median | least | most | dingbridge ÷ this |",
        "| --- | --- | --- | --: | --: | --: | --: |",
    ]
    for (name, who, unit), measured in values.items():
        ours = values.get((name, OURS, unit), [])
        ratio = ""
        if who != OURS and ours:
            pairs = [a / b for a, b in zip(ours, measured, strict=False) if b]
            ratio = short(statistics.median(pairs)) if pairs else ""
        cells = (short(statistics.median(measured)), short(min(measured)), short(max(measured)))
        lines.append(f"| {name} | {who} | {unit} | {' | '.join(cells)} | {ratio} |")
    return lines


def short(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.5f}"
