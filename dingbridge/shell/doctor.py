"""Gathers what the doctor wants to know, and yields what it finds.

It runs in a process of its own, so that it may wait: each step outside has a deadline. It asks the
service by the local socket, and starts neither service nor Neovim.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from dingbridge import __version__
from dingbridge.core.catalogue import doctor as say
from dingbridge.core.delivery import quota
from dingbridge.core.delivery.quota import Budget, Quota
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.doctor import (
    computer_findings,
    platform_findings,
    service_findings,
    settings_findings,
)
from dingbridge.core.doctor.computer_findings import NeovimFacts
from dingbridge.core.doctor.finding import HealthFinding
from dingbridge.core.doctor.platform_facts import AppFacts
from dingbridge.core.doctor.service_facts import RobotFacts, ServiceFacts
from dingbridge.core.doctor.service_findings import ServiceAbsence
from dingbridge.core.errors import BridgeError
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import Configuration, variables_read
from dingbridge.edges.agents.agent_findings import agent_findings
from dingbridge.edges.dingtalk.app_checks import AppChecks
from dingbridge.edges.programs.process import keep_from_children
from dingbridge.edges.programs.settings_check import settings_facts
from dingbridge.edges.storage import installed_code
from dingbridge.edges.storage.folder_checks import files_facts
from dingbridge.shell import disk_report
from dingbridge.shell.service_answers import service_facts


class DoctorCall(Struct, frozen=True):
    """Who asks the doctor: the settings and folders of a Neovim, or of the shell.

    - `options` is the table with the options, `path` where it is in the argument of `setup()`,
      `problems` what Neovim found wrong with it
    - `cwd` is where relative paths start, `data` and `log` are the data folder and the log file
    """

    options: Any
    cwd: str
    data: Path
    log: Path
    path: str = ""
    problems: tuple[str, ...] = ()
    neovim: NeovimFacts | None = None


class Doctor:
    """One examination. `findings` fills the attributes on its way."""

    def __init__(self, call: DoctorCall, environ: Mapping[str, str]) -> None:
        self._call = call
        self._environ = environ
        self.configuration: Configuration | None = None
        """The settings; None while they have problems."""

        self.service: ServiceFacts | ServiceAbsence = "none"
        self.is_unreachable = False
        """Whether DingTalk could not be reached."""

    def findings(self) -> Iterator[HealthFinding]:
        """Everything, in the order in which one thing needs the other."""
        call = self._call
        python = ".".join(map(str, sys.version_info[:3]))
        yield from computer_findings.programs(call.neovim, python, sys.executable)
        self.service = service_facts(call.data)
        facts = self.service if isinstance(self.service, ServiceFacts) else None
        yield from computer_findings.versions(__version__, installed_code.newest(), facts)
        yield from self._settings()
        yield from computer_findings.files(files_facts(call.data, call.log))
        yield from self._platform()
        yield from service_findings.service(self.service)
        for options in self._accounts():
            yield from self._named(options, self._robot(options))
        yield from agent_findings(call.options, call.cwd, self._environ)

    def _settings(self) -> Iterator[HealthFinding]:
        call = self._call
        keep_from_children(variables_read(call.options))
        facts = settings_facts(
            call.options, call.path, call.problems, call.cwd, self._environ, run_programs=True
        )
        if not facts.problems:
            self.configuration = facts.configuration
        yield from settings_findings.settings(facts)

    def _accounts(self) -> tuple[Options, ...]:
        accounts = self.configuration.accounts.values() if self.configuration is not None else ()
        return tuple(options for options in accounts if options.mode != "off")

    def _named(self, options: Options, found: Iterator[HealthFinding]) -> Iterator[HealthFinding]:
        """With the account's name in the subject, if there are several."""
        if len(self._accounts()) < 2:
            yield from found
            return
        for one in found:
            subject = say.OF_ACCOUNT(subject=one.subject, account=options.account)
            yield structs.replace(one, subject=subject)

    # --- DingTalk ---------------------------------------------------------------------------------

    def _platform(self) -> Iterator[HealthFinding]:
        known: set[tuple[str, str, str]] = set()
        for options in self._accounts():
            address = (options.endpoint_api, options.endpoint_oapi, options.proxy)
            with AppChecks(options) as checks:
                if address not in known:
                    known.add(address)
                    reached = checks.reached()
                    self.is_unreachable |= any(one.failed for one in reached)
                    yield from platform_findings.way(checks.proxy(), reached)
                yield from self._named(options, self._app(options, checks))

    def _app(self, options: Options, checks: AppChecks) -> Iterator[HealthFinding]:
        if options.mode != "api":
            yield from platform_findings.app(AppFacts(""))
            return
        if self.is_unreachable:
            yield from platform_findings.app(AppFacts(options.app_key))
            return
        is_linked = self.is_linked(options)
        yield from platform_findings.app(checks.facts(is_linked=is_linked), is_linked=is_linked)

    # --- the robot in the service -----------------------------------------------------------------

    def is_linked(self, options: Options) -> bool:
        """Whether the service has an open connection for this account."""
        facts = self._facts(options)
        return facts is not None and facts.link == LinkState.CONNECTED.value

    def _facts(self, options: Options) -> RobotFacts | None:
        return service_findings.robot_of(self.service, robot_name(options))

    def _robot(self, options: Options) -> Iterator[HealthFinding]:
        facts, now = self._facts(options), time.time()
        if options.mode == "api":
            yield service_findings.link(facts, now)
        if facts is not None:
            yield from service_findings.queue(facts, now)
            yield service_findings.quota(facts.quota)
            return
        yield from self._on_disk(options)

    def _on_disk(self, options: Options) -> Iterator[HealthFinding]:
        """Queue and quota by the files, where no service has the robot."""
        try:
            outbox = disk_report.outbox_in(self._call.data)
            state = disk_report.state_in(self._call.data)
        except BridgeError as error:
            yield HealthFinding(say.QUEUE(), "error", error.message)
            return
        facts = RobotFacts("", queued=outbox.queued, failed=len(outbox.dead))
        yield from service_findings.queue(facts, 0.0)
        counted = state.quotas.get(robot_name(options), Quota())
        words = quota.describe(counted, Budget(options.quota_calls, options.quota_pushes))
        yield service_findings.quota(words, is_gone=counted.gone)
