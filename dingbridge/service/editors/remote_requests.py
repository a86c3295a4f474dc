"""Carries out the remote commands that need this editor, and answers in the conversation."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import editor_replies, status_replies
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.delivery import routing
from dingbridge.core.dingtalk import addressees
from dingbridge.core.errors import BridgeError
from dingbridge.core.secrets.excerpts import Mask
from dingbridge.core.sessions.transcript import Transcript
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.responders import Responders
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.ports import Editor, Later, Project, Runtime, Storage
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.robot_news import CarryOut

log = logging.getLogger(__name__)

LOOKS_WITHIN = 2.0
"""Seconds after which a command that an editor does not answer goes to the next one."""


class _Asked(Struct, frozen=True):
    """A command that is carried out: in which session and folder, and how it is answered. The
    excerpt of `answer_excerpt` masks each text before it is cut."""

    account: Account
    order: CarryOut
    cwd: str
    answer: Callable[[str], None]
    answer_excerpt: Callable[[Callable[[Mask], str]], None]

    def failed(self, error: BridgeError) -> None:
        """Tell why it cannot be done."""
        self.answer(str(error))


class _Look(Struct, frozen=True):
    """What the editor was asked to look at, for the command `key`."""

    key: str
    then: Callable[[object, str], None]


class RemoteRequests:
    """Service loop only. A command is over once its answer is on its way, so that it is not lost;
    one that changes something is never carried out twice."""

    def __init__(
        self,
        editor: Editor,
        storage: Storage,
        project: Project,
        runtime: Runtime,
        sessions: EditorSessions,
        deliveries: Sending,
        responders: Responders,
        cwd: str,
        later: Later,
    ) -> None:
        self._editor = editor
        self._storage = storage
        self._project = project
        self._runtime = runtime
        self._sessions = sessions
        self._deliveries = deliveries
        self._responders = responders
        self._cwd = cwd
        self._later = later
        self._looking: dict[str, _Look] = {}
        self._running: set[str] = set()

    def carry_out(self, account: Account, order: CarryOut) -> None:
        """Carry out a command. The robot's owner has found that its sender may use it."""
        if order.start is not None:
            self._sessions.begin(order.session, account.name, order.start)
        command = addressees.command_in(order.inbound)

        robot = routing.robot_name(account.options)

        def answer(words: str) -> None:
            if routing.robot_name(account.options) not in ("", robot):
                # Whom one robot may write to, the next one does not know.
                log.warning("%s is another robot now: an answer stays unsaid", account.name)
                return
            self._deliveries.answer(account, routing.reply_target(order.inbound), words)
            account.member.notify(robot_requests.InTranscript(order.key))

        def answer_excerpt(describe: Callable[[Mask], str]) -> None:
            self._deliveries.answer_excerpt(account, routing.reply_target(order.inbound), describe)
            account.member.notify(robot_requests.InTranscript(order.key))

        if not isinstance(command, remote.ForSession):
            account.member.notify(robot_requests.InTranscript(order.key))
        elif order.again and command.declaration.effect:
            answer(say.PERHAPS_DONE())
        else:
            cwd = self._folder(order.session)
            self._dispatch(command, _Asked(account, order, cwd, answer, answer_excerpt))

    def _dispatch(self, command: remote.ForSession, asked: _Asked) -> None:
        match command:
            case remote.NewSession():
                self._new(asked)
            case remote.ClearSession():
                self._sessions.clear(asked.order.session)
                asked.answer(say.CLEARED())
            case remote.StopAnswer():
                self._stop(asked)
            case remote.History(count=count):
                self._history(asked, count)
            case remote.Where():
                self._where(asked)
            case remote.Diagnostics(level=level):
                self._look("diag", asked, editor_replies.describe_diagnostics, level=level)
            case remote.Quickfix():
                self._look("qf", asked, editor_replies.describe_quickfix)
            case remote.Diff(path=path):
                self._diff(asked, path)
            case remote.FileSlice(path=path, first=first, last=last):
                self._file(asked, path, first, last)
            case remote.OpenAt(path=path, line=line):
                self._open(asked, path, line)
            case remote.RunJob(name=name):
                self._run(asked, name)

    def _new(self, asked: _Asked) -> None:
        """A new session in the place of the bound one."""
        session = self._sessions.new("")
        asked.account.bind(session)
        asked.answer(say.NEW_SESSION_NAMED(title=self._sessions.title(session)))

    def _stop(self, asked: _Asked) -> None:
        asker = None if asked.order.admin else asked.order.inbound.sender.identity
        stopped = self._responders.stop(asker)
        asked.answer(say.STOPPED() if stopped else say.NOTHING_TO_STOP())

    def _history(self, asked: _Asked, count: int) -> None:
        def loaded(transcript: Transcript) -> None:
            messages = transcript.messages
            asked.answer_excerpt(
                lambda mask: status_replies.describe_history(messages, count, mask=mask)
            )

        self._storage.load(asked.order.session, loaded)

    def _diff(self, asked: _Asked, path: str) -> None:
        def found(output: str) -> None:
            asked.answer_excerpt(lambda mask: editor_replies.describe_diff(output, path, mask))

        self._project.diff(asked.cwd, path, found, asked.failed)

    def _file(self, asked: _Asked, path: str, first: int, last: int) -> None:
        def found(lines: editor_replies.Lines) -> None:
            asked.answer_excerpt(partial(editor_replies.describe_lines, lines))

        self._project.lines(asked.cwd, path, (first, last), found, asked.failed)

    def _run(self, asked: _Asked, name: str) -> None:
        jobs = asked.account.options.jobs
        if name not in jobs:
            asked.answer(editor_replies.describe_jobs(jobs, name))
            return

        def ended(status: int, output: str) -> None:
            self._running.discard(asked.order.key)
            asked.answer_excerpt(
                lambda mask: editor_replies.describe_run(name, status, output, mask)
            )

        def failed(error: BridgeError) -> None:
            self._running.discard(asked.order.key)
            asked.failed(error)

        self._running.add(asked.order.key)
        self._project.run(jobs[name], asked.cwd, ended, failed)

    @property
    def is_working(self) -> bool:
        """Whether a job runs."""
        return bool(self._running)

    # --- the editor -----------------------------------------------------------------------------

    def _where(self, asked: _Asked) -> None:
        def found(branch: str) -> None:
            self._look(
                "where", asked, lambda place, _: editor_replies.describe_where(place, branch)
            )

        self._project.branch(asked.cwd, found)

    def _open(self, asked: _Asked, path: str, line: int) -> None:
        def found(whole: str) -> None:
            self._look(
                "open",
                asked,
                lambda opened, _: editor_replies.describe_opened(opened),
                path=whole,
                line=line,
            )

        self._project.find(asked.cwd, path, found, asked.failed)

    def _look(
        self,
        what: str,
        asked: _Asked,
        describe: Callable[[object, Mask], str],
        *,
        path: str = "",
        line: int = 0,
        level: str = "",
    ) -> None:
        request = self._runtime.new_id()

        def looked(found: object, failure: str) -> None:
            asked.answer_excerpt(lambda mask: failure or describe(found, mask))

        self._looking[request] = _Look(asked.order.key, looked)
        self._editor.show(updates.Look(request, what, asked.cwd, path, line, level))
        self._later(LOOKS_WITHIN, lambda: self._pass_on(request, asked))

    def _pass_on(self, request: str, asked: _Asked) -> None:
        """The editor may hang: another one that has the session may answer instead."""
        if request in self._looking:
            asked.account.member.notify(robot_requests.PassOn(asked.order))

    def withdraw(self, key: str) -> None:
        """Another editor carries out this command."""
        self._looking = {name: look for name, look in self._looking.items() if look.key != key}

    def looked(self, request: str, found: object, failure: str) -> None:
        """What the editor found."""
        look = self._looking.pop(request, None)
        if look is not None:
            look.then(found, failure)

    def _folder(self, session: str) -> str:
        """The session's project folder."""
        info = self._sessions.info(session)
        return os.path.expanduser(info.cwd) if info is not None and info.cwd else self._cwd
