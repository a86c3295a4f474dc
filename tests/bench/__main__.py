"""`python -m tests.bench [PART …]`: measures all parts, or some, and prints one table for each.

`BENCH_ROUNDS` (5) says how many rounds; each round runs every side of every part.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator

from tests.bench import busy, editor_pause, inbound, outgoing, resources, scale, starting, texts
from tests.bench.figures import Figure, table
from tests.bench.processes import Server

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
PARTS: dict[str, tuple[Callable[[Server], Iterator[Figure]], ...]] = {
    "in": (inbound.one_round, inbound.over_tls, inbound.alone),
    "out": (outgoing.one_round, outgoing.latency),
    "start": (starting.one_round,),
    "pause": (editor_pause.one_round,),
    "busy": (busy.one_round,),
    "resources": (resources.one_round,),
    "scale": (scale.one_round,),
    "texts": (texts.one_round,),
}


def main() -> None:
    """Measure, and print Markdown."""
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise SystemExit(f"unknown part {unknown.pop()}; valid: {' '.join(PARTS)}")
    # As users have it: what was compiled once is kept.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    figures: dict[str, list[Figure]] = {part: [] for part in wanted}
    try:
        with Server() as server:
            for number in range(ROUNDS):
                for part in wanted:
                    say(f"round {number + 1} of {ROUNDS}: {part}", sys.stderr.write)
                    for measure in PARTS[part]:
                        figures[part].extend(measure(server))
    finally:
        # What was measured before a failure took minutes.
        say(f"{machine()}, {ROUNDS} rounds\n")
        for part, measured in figures.items():
            say(f"## {part}\n")
            say("\n".join(table(measured)) + "\n")


def machine() -> str:
    """The machine in a few words."""
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}, CPython {platform.python_version()}"


def say(text: str, write: Callable[[str], object] = sys.stdout.write) -> None:
    """One line for the reader."""
    write(text + "\n")


if __name__ == "__main__":
    main()
