"""Runs and checks many histories: `python -m tests.faults.soak N`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from msgspec import Struct

from tests.faults import check
from tests.faults.check import Records
from tests.faults.histories import history
from tests.faults.machine import Machine, running

LOG_LINES = 60
"""What a report shows of the plugin's log."""
HISTORIES_PER_WORKER = 50
"""A worker is replaced after so many, so that nothing it leaks adds up."""
AT_ONCE = 3
"""Histories for each core: they mostly wait."""


class Outcome(Struct, frozen=True):
    """The result of one history. `report` is empty if all is well."""

    seed: int
    seconds: float
    operations: int
    accepted: int
    said: int
    kinds: tuple[str, ...] = ()
    report: str = ""


def run(seed: int, home: Path, *, calm: bool = False) -> Outcome:
    """Run and check the history of a seed. `home` is removed if all is well."""
    began = time.monotonic()
    chosen = history(seed, calm=calm)
    home.mkdir(mode=0o700, parents=True)
    records = Records()
    with running(chosen, home) as machine:
        try:
            records = machine.run()
            violations = check.judge(records)
        except Exception:  # noqa: BLE001 - any failure is reported with its seed
            violations = [check.Violation("broke off", traceback.format_exc())]
        told = report(machine, records, violations) if violations else ""
    if not violations:
        shutil.rmtree(home, ignore_errors=True)
    return Outcome(
        seed,
        time.monotonic() - began,
        len(chosen.operations),
        sum(len(accepted) for accepted in records.accepted.values()),
        sum(said.admitted for said in records.said),
        tuple(sorted({violation.kind for violation in violations})),
        told,
    )


def report(machine: Machine, records: Records, violations: list[check.Violation]) -> str:
    """Everything needed to understand a failure."""
    client = machine.sandbox.client
    lines = [str(machine.history), "", "violations:"]
    lines += [f"  {violation}" for violation in violations]
    lines += ["", "accepted:"]
    for sender, accepted in records.accepted.items():
        lines.append(f"  {sender}: {' '.join(f'm{message}' for message in accepted) or 'nothing'}")
    doubtful = [f"m{sent.message}" for sent in records.sent if not sent.certain]
    lines.append(f"  may be missing (their editor or host was killed): {' '.join(doubtful) or '-'}")
    lines += ["", "arrived:"]
    for arrived in client.arrived():
        found = check.lines_of(arrived.text)
        words = " ".join(f"m{message}l{line}" for message, line in found) or repr(arrived.text[:40])
        lines.append(f"  {arrived.time:.2f} {arrived.route} {arrived.conversation_id}: {words}")
    lines += ["", "said:"]
    acked = {ack.message_id for ack in client.acks()}
    for said in client.said():
        fate = "acked" if said.header_id in acked else "lost" if said.lost else "not acked"
        lines.append(f"  {said.time:.2f} {said.message_id} to {said.connection_id or '-'}: {fate}")
    lines += ["", "transcripts:"]
    for session, texts in records.transcripts.items():
        numbers = " ".join(f"i{number}" for text in texts for number in check.heard(text))
        lines.append(f"  {session}: {numbers or 'nothing'}")
    lines += ["", "links:"]
    for link in records.links:
        given_up = " (given up)" if link.given_up else ""
        lines.append(f"  {link.id}: {link.opened:.2f} to {link.closed:.2f}{given_up}")
    lines += ["", "calls:"]
    for call in client.calls():
        code = f" {call.code}" if call.code else ""
        fault = f" [{call.fault}]" if call.fault else ""
        lines.append(f"  {call.began:.2f} {call.path}: {call.status}{code}{fault}")
    for log in sorted(machine.home.glob("state/*/dingbridge.log")):
        tail = log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
        lines += ["", f"{log}, its last {LOG_LINES} lines:", *tail]
    return "\n".join(lines)


def _work(task: tuple[int, str, bool]) -> Outcome:
    seed, folder, calm = task
    return run(seed, Path(folder, f"seed-{seed}"), calm=calm)


def _folder() -> str:
    """A new folder, in memory if possible: histories sync many small files."""
    memory = Path("/dev/shm")
    return tempfile.mkdtemp(prefix="dingbridge-", dir=memory if memory.is_dir() else None)


def soak(first: int, count: int, *, jobs: int, seconds: float, calm: bool) -> int:
    """Run the histories of `count` seeds. Returns the number of failures."""
    folder = _folder()
    began = time.monotonic()
    failed: list[Outcome] = []
    done: list[Outcome] = []
    tasks = ((seed, folder, calm) for seed in range(first, first + count))
    kinds: Counter[str] = Counter()
    pool = multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=HISTORIES_PER_WORKER)
    with pool:
        for outcome in pool.imap_unordered(_work, tasks):
            done.append(outcome)
            if outcome.report:
                failed.append(outcome)
                kinds.update(outcome.kinds)
                _show_notice(f"{'=' * 100}\n{outcome.report}\n")
            if len(done) % 50 == 0 or len(done) == count:
                _show_notice(_progress(done, failed, time.monotonic() - began))
            if seconds and time.monotonic() - began > seconds:
                break
        pool.terminate()
    _show_notice(_progress(done, failed, time.monotonic() - began))
    for kind, number in kinds.most_common():
        seeds = " ".join(str(each.seed) for each in failed if kind in each.kinds)
        _show_notice(f"{kind}: {number} histories, seeds {seeds}")
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)
    return len(failed)


def _progress(done: list[Outcome], failed: list[Outcome], seconds: float) -> str:
    return (
        f"{len(done)} histories in {seconds:.0f} s ({len(done) / max(seconds, 0.1):.1f} a second), "
        f"{sum(each.operations for each in done)} operations, "
        f"{sum(each.accepted for each in done)} messages accepted, "
        f"{sum(each.said for each in done)} received; {len(failed)} histories failed; "
        f"the longest took {max((each.seconds for each in done), default=0):.1f} s"
    )


def _show_notice(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """The command line. Exits with 1 after a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("count", type=int, help="how many histories")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first seed")
    parser.add_argument(
        "--jobs",
        type=int,
        default=AT_ONCE * (os.cpu_count() or 1),
        help="histories at once; they mostly wait",
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so many seconds")
    parser.add_argument("--calm", action="store_true", help="one editor, and nobody is killed")
    parser.add_argument("--show", action="store_true", help="only print the histories")
    chosen = parser.parse_args()
    if chosen.show:
        for seed in range(chosen.first, chosen.first + chosen.count):
            _show_notice(str(history(seed, calm=chosen.calm)))
        return 0
    failed = soak(
        chosen.first,
        chosen.count,
        jobs=chosen.jobs,
        seconds=chosen.seconds,
        calm=chosen.calm,
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
