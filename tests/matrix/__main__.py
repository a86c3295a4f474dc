"""`python -m tests.matrix [ENTRY …]`: runs tests on other versions of Neovim and CPython, one entry
after the other, and prints a table.

An entry is a release of Debian, such as `trixie`, or a version of CPython, such as `3.10`. What
runs is the commit that is checked out. Exits with 0 only if every entry ran and nothing failed.
`doc/contributing.md` lists the entries and the variables.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.matrix.places import Debian, Interpreter, NotMade, Place
from tests.matrix.results import Result, failed, read, table
from tests.support.processes import Child, run

ENTRIES = ("trixie", "sid", "3.10")
"""The oldest supported Neovim; the newest, with the newest CPython; the oldest CPython."""

ROOT = Path(__file__).resolve().parents[2]
INSIDE = Path(__file__).with_name("inside.sh")


def main(names: list[str]) -> int:
    """What the process exits with."""
    places = [place(name) for name in names or ENTRIES]
    problems = {each.name: each.problem() for each in places}
    for name, problem in problems.items():
        if problem:
            sys.stderr.write(f"{name}: {problem}\n")
    results: list[Result] = []
    try:
        for each in places:
            problem = problems[each.name]
            results.append(failed(each.name, problem) if problem else run_in(each))
    except KeyboardInterrupt:
        return 130
    finally:
        say("\n".join(["", *table(results)]))
    return 0 if all(result.is_good for result in results) else 1


def place(name: str) -> Place:
    """The place of an entry."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("MATRIX_FOLDER") or cache / "dingbridge-matrix").resolve()
    if re.fullmatch(r"3\.\d+", name):
        return Interpreter(name, folder)
    if re.fullmatch(r"[a-z]+", name):
        return Debian(name, folder, os.environ.get("MATRIX_MIRROR", ""))
    raise SystemExit(f"{name!r} is not an entry; valid: a release of Debian, or such as 3.10")


def run_in(where: Place) -> Result:
    """Run the tests of one entry. Shows what happens, and never takes longer than the deadline."""
    minutes = float(os.environ.get("MATRIX_MINUTES", "60"))
    options = ["-q", "-rfEs", "-n", os.environ.get("MATRIX_WORKERS", "4"), "--dist", "worksteal"]
    say(f"\n== {where.name}: {' '.join(where.tests)}")
    try:
        home = where.prepare()
    except NotMade as failure:
        return failed(where.name, str(failure))
    bundle = home / "commit.bundle"
    run(["git", "bundle", "create", "--quiet", str(bundle), "HEAD"], cwd=ROOT, check=True)
    bundle.chmod(0o644)
    for name in ("versions", "report.xml"):
        (home / name).unlink(missing_ok=True)
    command = where.command(INSIDE.read_text("utf-8"), [*options, *where.tests])
    with Child(command, seconds=minutes * 60, stdin=subprocess.DEVNULL) as child:
        child.wait()
    if child.is_late:
        return failed(where.name, f"did not end within {minutes:g} minutes")
    return read(where.name, where.tests, home, child.returncode)


def say(text: str) -> None:
    """Text for the reader, in order with that of the programs."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # The same as Ctrl-C: nothing that was started continues.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
