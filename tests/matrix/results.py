"""What the tests of each entry gave, and the table of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from msgspec import Struct

HEADINGS = ("entry", "Neovim", "CPython", "ran", "passed", "failed", "skipped", "seconds")


class Result(Struct, frozen=True):
    """One row. `ran` names the tests, or says why none ran; `failed` includes errors."""

    entry: str
    neovim: str
    cpython: str
    ran: str
    passed: int | None
    failed: int | None
    skipped: int | None
    seconds: int | None
    is_good: bool


def failed(entry: str, why: str) -> Result:
    """The result of an entry that has no report."""
    return Result(entry, "", "", why, None, None, None, None, is_good=False)


def read(entry: str, tests: Sequence[str], home: Path, status: int) -> Result:
    """The result that `inside.sh` and pytest left in the home folder, with their exit status."""
    try:
        neovim, cpython = (home / "versions").read_text("utf-8").split()
    except FileNotFoundError:
        return failed(entry, f"the clone or its environment was not made (status {status})")
    try:
        suite = next(ElementTree.parse(home / "report.xml").iter("testsuite"))
    except FileNotFoundError:
        return failed(entry, f"pytest ended without a report (status {status})")
    ran, *others = (int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped"))
    failures, errors, skipped = others
    return Result(
        entry,
        neovim,
        cpython,
        " ".join(tests),
        ran - sum(others),
        failures + errors,
        skipped,
        round(float(suite.attrib["time"])),
        is_good=status == 0,
    )


def table(results: Iterable[Result]) -> Iterator[str]:
    """The lines of a table in Markdown, with columns of one width."""
    rows = [HEADINGS, *(cells(result) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
        if number == 0:
            yield f"| {' | '.join('-' * width for width in widths)} |"


def cells(result: Result) -> tuple[str, ...]:
    """The texts of a row; empty for what is not known."""
    numbers = (result.passed, result.failed, result.skipped, result.seconds)
    counts = ("" if number is None else str(number) for number in numbers)
    return (result.entry, result.neovim, result.cpython, result.ran, *counts)
