"""Runs and checks many histories of a message's path: `python -m tests.faults.path N`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import shutil
import sys
import time
import traceback
from collections import Counter
from multiprocessing.util import Finalize
from pathlib import Path

from msgspec import Struct

from tests.faults import check
from tests.faults.check import Records
from tests.faults.path_histories import PathHistory, history
from tests.faults.path_machine import Machine, NearSandbox, settings
from tests.faults.soak import _folder
from tests.faults.template import Template

LOG_LINES = 80
STEPS = 60
HISTORIES_PER_WORKER = 50
AT_ONCE = 4
"""Histories for each core: they mostly wait."""


class Outcome(Struct, frozen=True):
    """The result of one history. `report` is empty if all is well."""

    seed: int
    seconds: float
    faults: tuple[str, ...]
    sent: int
    said: int
    kinds: tuple[str, ...] = ()
    report: str = ""


def run(chosen: PathHistory, home: Path, services: Template, mutation: str = "") -> Outcome:
    """Run and check a history. `home` is removed if all is well."""
    began = time.monotonic()
    home.mkdir(mode=0o700, parents=True)
    records = Records()
    with NearSandbox(settings(chosen)) as sandbox:
        machine = Machine(chosen, home, sandbox, services, mutation)
        try:
            records = machine.run()
            violations = machine.judge(records)
        except Exception:  # noqa: BLE001 - any failure is reported with its seed
            violations = [check.Violation("broke off", traceback.format_exc())]
        told = report(machine, records, violations) if violations else ""
    if not violations:
        shutil.rmtree(home, ignore_errors=True)
    faults = [one.ended.fault for one in machine.deaths]
    return Outcome(
        chosen.seed,
        time.monotonic() - began,
        tuple(f"{'cut' if one.cut else 'kill'} {one.how} {one.step}" for one in faults if one),
        len(records.sent),
        len(records.said),
        tuple(sorted({violation.kind for violation in violations})),
        told,
    )


def report(machine: Machine, records: Records, violations: list[check.Violation]) -> str:
    """Everything needed to understand a failure."""
    client = machine.client
    lines = [str(machine.history), "", "violations:", *(f"  {one}" for one in violations)]
    events: list[tuple[float, str]] = []
    for arrived in client.arrived():
        found = " ".join(f"m{message}l{line}" for message, line in check.lines_of(arrived.text))
        words = found or repr(arrived.text[:40])
        events.append((arrived.time, f"arrived {arrived.route} {arrived.conversation_id}: {words}"))
    for said in client.said():
        to = "lost" if said.lost else f"to {said.connection_id} as {said.header_id}"
        events.append((said.time, f"said {said.message_id} in {said.conversation_id} {to}"))
    events += [(ack.time, f"ack {ack.message_id} {ack.code}") for ack in client.acks()]
    for link in client.connections().all:
        events += [(link.opened, f"{link.id} opened"), (link.closed, f"{link.id} closed")]
    for call in client.calls():
        fault = f" [{call.fault}]" if call.fault else ""
        events.append((call.ended, f"call {call.path}: {call.status} {call.code}{fault}"))
    for death in machine.deaths:
        full = ", was full" if death.ended.was_full else ""
        events.append((death.time, f"service ended: {death.ended.fault}{full}"))
    lines += ["", "events:", *(f"  {at:.3f} {words}" for at, words in sorted(events) if at)]
    lines += ["", "accepted:"]
    for sender, accepted in records.accepted.items():
        lines.append(f"  {sender}: {' '.join(f'm{message}' for message in accepted) or 'nothing'}")
    lines += ["", "transcripts:"]
    for session, texts in records.transcripts.items():
        numbers = " ".join(f"i{number}" for text in texts for number in check.heard(text))
        lines.append(f"  {session}: {numbers or 'nothing'}")
    for number, death in enumerate(machine.deaths, 1):
        lines += ["", f"service {number}, last steps:", *death.ended.steps[-STEPS:]]
    for log in sorted(machine.home.glob("state/*/dingbridge.log")):
        tail = log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
        lines += ["", f"{log}, its last {LOG_LINES} lines:", *tail]
    return "\n".join(lines)


_services: Template | None = None


def _work(task: tuple[int, str, str]) -> Outcome:
    global _services
    if _services is None:
        _services = Template()
        # Ends the services with the worker, which then knows the CPU time of all of them.
        Finalize(None, _services.__exit__, exitpriority=10)
    seed, folder, mutation = task
    return run(history(seed), Path(folder, f"seed-{seed}"), _services, mutation)


def many(first: int, count: int, *, jobs: int, seconds: float, mutation: str) -> int:
    """Run the histories of `count` seeds. Returns the number of failures."""
    folder = _folder()
    began = time.monotonic()
    done: list[Outcome] = []
    failed: list[Outcome] = []
    faults: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    tasks = ((seed, folder, mutation) for seed in range(first, first + count))
    pool = multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=HISTORIES_PER_WORKER)
    with pool:
        for outcome in pool.imap_unordered(_work, tasks):
            done.append(outcome)
            faults.update(outcome.faults)
            if outcome.report:
                failed.append(outcome)
                kinds.update(outcome.kinds)
                _show_notice(f"{'=' * 100}\n{outcome.report}\n")
            if len(done) % 50 == 0:
                _show_notice(_progress(done, failed, faults, time.monotonic() - began))
            if seconds and time.monotonic() - began > seconds:
                break
        pool.close()
        pool.join()
    _show_notice(_progress(done, failed, faults, time.monotonic() - began))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    _show_notice(f"{(usage.ru_utime + usage.ru_stime) / max(len(done), 1):.2f} s of CPU a history")
    for name, number in sorted(faults.items()):
        _show_notice(f"  {number:5} {name}")
    for kind, number in kinds.most_common():
        seeds = " ".join(str(each.seed) for each in failed if kind in each.kinds)
        _show_notice(f"{kind}: {number} histories, seeds {seeds}")
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)
    return len(failed)


def _progress(
    done: list[Outcome], failed: list[Outcome], faults: Counter[str], seconds: float
) -> str:
    return (
        f"{len(done)} histories in {seconds:.0f} s, {faults.total()} services ended by "
        f"{len(faults)} kinds of fault, {sum(one.sent for one in done)} messages sent, "
        f"{sum(one.said for one in done)} received; {len(failed)} histories failed; the longest "
        f"took {max((one.seconds for one in done), default=0):.1f} s"
    )


def _show_notice(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """The command line. Exits with 1 after a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.path", description=__doc__)
    parser.add_argument("count", type=int, help="how many histories")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first seed")
    parser.add_argument("--jobs", type=int, default=AT_ONCE * (os.cpu_count() or 1))
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so many seconds")
    parser.add_argument("--mutation", default="", help="break the service on purpose")
    parser.add_argument("--show", action="store_true", help="only print the histories")
    chosen = parser.parse_args()
    if chosen.show:
        for seed in range(chosen.first, chosen.first + chosen.count):
            _show_notice(str(history(seed)))
        return 0
    failed = many(
        chosen.first,
        chosen.count,
        jobs=chosen.jobs,
        seconds=chosen.seconds,
        mutation=chosen.mutation,
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
