"""`dingbridge doctor` in a shell, and the same for `:Chat doctor`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.catalogue import language
from dingbridge.core.commands.editor_commands import for_outside
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.doctor import ping
from dingbridge.core.doctor.computer_findings import NeovimFacts
from dingbridge.core.doctor.finding import HealthFinding, lines, verdict
from dingbridge.core.doctor.ping_findings import PingReport
from dingbridge.core.options.declarations import Options
from dingbridge.edges.log import LOG_FILE
from dingbridge.edges.storage.data_paths import data_folder, log_folder
from dingbridge.shell.doctor import Doctor, DoctorCall
from dingbridge.shell.notify_command import table_in
from dingbridge.shell.outcome import DELIVERED, REFUSED, UNREACHABLE
from dingbridge.shell.report_file import name_now, write_report
from dingbridge.shell.service_answers import awaited_ping

Show = Callable[[str], None]
"""Shows a line."""


def run(asked: argparse.Namespace) -> int:
    """Examine, and show each finding. Returns the exit code. Raises `UsageError`."""
    table, path = ({}, "") if asked.config is None else table_in(asked.config)
    call = DoctorCall(table, str(Path.cwd()), data_folder(), log_folder() / LOG_FILE, path)
    has_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    wants_ping = has_terminal if asked.ping is None else asked.ping
    report = Path(asked.report or name_now()) if asked.report is not None else None
    return _examine(call, _print, report, wants_ping=wants_ping, is_asked=bool(asked.ping))


def main() -> int:
    """The same for Neovim, which writes its settings to standard input as JSON and reads lines as
    JSON strings. Returns the exit code."""
    given: dict[str, Any] = json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    language.use(given["language"], os.environ)
    call = DoctorCall(
        options=given["options"],
        cwd=given["cwd"],
        data=Path(given["data"]),
        log=Path(given["log"]),
        path=given["path"],
        problems=tuple(given["problems"]),
        neovim=msgspec.convert(given["neovim"], NeovimFacts),
    )
    report = call.log.parent / name_now() if given["report"] else None
    return _examine(call, _write_json, report, wants_ping=report is None)


def _examine(
    call: DoctorCall,
    show: Show,
    report: Path | None,
    *,
    wants_ping: bool,
    is_asked: bool = False,
) -> int:
    # Without a handler, logging would print what the requests log.
    logging.getLogger("dingbridge").addHandler(logging.NullHandler())
    doctor = Doctor(call, dict(os.environ))
    found: list[HealthFinding] = []

    def note(finding: HealthFinding) -> None:
        found.append(finding)
        for line in lines(finding):
            show(line)

    for finding in doctor.findings():
        note(finding)
    if wants_ping:
        for options in _pinged(doctor):
            for finding in _ping(call.data, options, show):
                note(finding)
    if is_asked and not _pinged(doctor):
        note(HealthFinding(say.PING(), "error", say.PING_NEEDS_LINK(), (say.OPEN_NEOVIM(),)))
    show("")
    show(verdict(found))
    if report is not None:
        try:
            write_report(report, doctor, found, call.data, call.log)
        except OSError as problem:
            show(say.REPORT_NOT_WRITTEN(path=report, reason=problem.strerror))
        else:
            show(say.REPORT_WRITTEN(path=report))
    if not any(one.is_bad for one in found):
        return DELIVERED
    return UNREACHABLE if doctor.is_unreachable else REFUSED


def _pinged(doctor: Doctor) -> tuple[Options, ...]:
    """The default account, if it has an open link; else the first one that has."""
    if doctor.configuration is None:
        return ()
    every = (doctor.configuration.default, *doctor.configuration.accounts.values())
    return tuple(options for options in every if doctor.is_linked(options))[:1]


def _ping(data: Path, options: Options, show: Show) -> Iterator[HealthFinding]:
    digits = f"{secrets.randbelow(10_000):04}"
    report, is_over = PingReport(digits), False
    for step in awaited_ping(data, robot_name(options), digits, ping.WITHIN):
        if step.step == "awaited":
            show("")
            show(say.SEND_PING(seconds=round(ping.WITHIN), text=ping.text(digits)))
            show(say.PING_ONLY())
            show("")
        yield from report.findings(step)
        is_over = step.step in ("answered", "failed", "missed")
    if not is_over:
        yield HealthFinding(say.PING(), "error", say.PING_LOST())


def _print(line: str) -> None:
    print(for_outside(line), flush=True)  # noqa: T201 - this is what was asked for


def _write_json(line: str) -> None:
    text = json.dumps(line, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
    sys.stdout.buffer.flush()
