"""Remote commands about the project folder: its files, changes, jobs, and what the editor shows."""

from __future__ import annotations

from functools import partial

from dingbridge.core.commands import editor_replies
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.errors import BridgeError
from dingbridge.service.editors.editor_lookups import EditorLookups
from dingbridge.service.editors.editor_ports import Project
from dingbridge.service.editors.running_command import RunningCommand

ForProject = (
    remote.Where
    | remote.Diagnostics
    | remote.Quickfix
    | remote.Diff
    | remote.FileSlice
    | remote.OpenAt
    | remote.RunJob
)


class ProjectRequests:
    """Carries out these commands. Service loop only."""

    def __init__(self, project: Project, lookups: EditorLookups) -> None:
        self._project = project
        self._lookups = lookups
        self._running: set[str] = set()

    @property
    def is_working(self) -> bool:
        """Whether a job runs."""
        return bool(self._running)

    def carry_out(self, request: ForProject, command: RunningCommand) -> None:
        """Carry out a command and answer it."""
        match request:
            case remote.Where():
                self._where(command)
            case remote.Diagnostics(level=level):
                describe = editor_replies.describe_diagnostics
                self._lookups.ask("diag", command, describe, level=level)
            case remote.Quickfix():
                self._lookups.ask("qf", command, editor_replies.describe_quickfix)
            case remote.Diff(path=path):
                self._diff(command, path)
            case remote.FileSlice(path=path, first=first, last=last):
                self._file(command, path, first, last)
            case remote.OpenAt(path=path, line=line):
                self._open(command, path, line)
            case remote.RunJob(name=name):
                self._run(command, name)

    def _where(self, command: RunningCommand) -> None:
        def found(branch: str) -> None:
            self._lookups.ask(
                "where", command, lambda place, _: editor_replies.describe_where(place, branch)
            )

        self._project.branch(command.cwd, found)

    def _diff(self, command: RunningCommand, path: str) -> None:
        def found(output: str) -> None:
            command.answer_excerpt(lambda mask: editor_replies.describe_diff(output, path, mask))

        self._project.diff(command.cwd, path, found, command.failed)

    def _file(self, command: RunningCommand, path: str, first: int, last: int) -> None:
        def found(lines: editor_replies.Lines) -> None:
            command.answer_excerpt(partial(editor_replies.describe_lines, lines))

        self._project.lines(command.cwd, path, (first, last), found, command.failed)

    def _open(self, command: RunningCommand, path: str, line: int) -> None:
        def found(whole: str) -> None:
            self._lookups.ask(
                "open",
                command,
                lambda opened, _: editor_replies.describe_opened(opened),
                path=whole,
                line=line,
            )

        self._project.find(command.cwd, path, found, command.failed)

    def _run(self, command: RunningCommand, name: str) -> None:
        jobs = command.account.options.jobs
        if name not in jobs:
            command.answer(editor_replies.describe_jobs(jobs, name))
            return

        def ended(status: int, output: str) -> None:
            self._running.discard(command.order.key)
            command.answer_excerpt(
                lambda mask: editor_replies.describe_run(name, status, output, mask)
            )

        def failed(error: BridgeError) -> None:
            self._running.discard(command.order.key)
            command.failed(error)

        self._running.add(command.order.key)
        self._project.run(jobs[name], command.cwd, ended, failed)
