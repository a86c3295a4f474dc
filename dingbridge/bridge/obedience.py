"""Carries out the remote commands that need this editor, and answers in the conversation."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from dingbridge.bridge import updates
from dingbridge.bridge.binding import Account
from dingbridge.bridge.deliveries import Deliveries
from dingbridge.bridge.ports import Chance, Editor, Project, Storage
from dingbridge.bridge.responders import Responders
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import addressing, exchange, remote, remote_answers, remote_words, routing
from dingbridge.core.errors import BridgeError
from dingbridge.core.excerpts import Mask
from dingbridge.core.exchange import Obey
from dingbridge.core.transcript import Transcript

log = logging.getLogger(__name__)

PERHAPS_DONE = (
    "编辑器在执行时结束了，请检查后再试。"
    "The editor ended while it carried this out; check, and try again."
)


class Obedience:
    """Host loop only. A command is over once its answer is on its way, so that it is not lost; one
    that changes something is never carried out twice."""

    def __init__(
        self,
        editor: Editor,
        storage: Storage,
        project: Project,
        chance: Chance,
        sessions: Sessions,
        deliveries: Deliveries,
        responders: Responders,
        cwd: str,
    ) -> None:
        self._editor = editor
        self._storage = storage
        self._project = project
        self._chance = chance
        self._sessions = sessions
        self._deliveries = deliveries
        self._responders = responders
        self._cwd = cwd
        self._looking: dict[str, Callable[[object, str], None]] = {}

    def obey(self, account: Account, obey: Obey) -> None:
        """Carry out a command. The robot's owner has found that its sender may use it."""
        if obey.start is not None:
            self._sessions.begin(obey.session, account.name, obey.start)
        command = addressing.command_in(obey.inbound)

        robot = routing.robot_name(account.options)

        def answer(words: str) -> None:
            if routing.robot_name(account.options) not in ("", robot):
                # Whom one robot may write to, the next one does not know.
                log.warning("%s is another robot now: an answer stays unsaid", account.name)
                return
            self._deliveries.answer(account, routing.reply_target(obey.inbound), words)
            account.member.tell(exchange.Handed(obey.key))

        def answer_excerpt(describe: Callable[[Mask], str]) -> None:
            self._deliveries.answer_excerpt(account, routing.reply_target(obey.inbound), describe)
            account.member.tell(exchange.Handed(obey.key))

        if command is None or isinstance(command, remote.Unknown | remote.Bad):
            account.member.tell(exchange.Handed(obey.key))
        elif obey.again and remote.declared(command).effect:
            answer(PERHAPS_DONE)
        else:
            self._carry_out(account, obey, command, answer, answer_excerpt)

    def _carry_out(
        self,
        account: Account,
        obey: Obey,
        command: remote.Command,
        answer: Callable[[str], None],
        answer_excerpt: Callable[[Callable[[Mask], str]], None],
    ) -> None:
        session, cwd = obey.session, self._folder(obey.session)

        def failed(error: BridgeError) -> None:
            answer(str(error))

        match command:
            case remote.NewSession():
                answer(self._new(account))
            case remote.ClearSession():
                self._sessions.clear(session)
                answer("会话已清空。The session is empty now.")
            case remote.StopAnswer():
                asker = None if obey.admin else obey.inbound.sender.identity
                stopped = self._responders.stop(asker)
                answer(
                    "已停止。Stopped." if stopped else "没有可停止的回答。There is nothing to stop."
                )
            case remote.History(count=count):

                def loaded(transcript: Transcript) -> None:
                    messages = transcript.messages
                    answer_excerpt(
                        lambda mask: remote_words.describe_history(messages, count, mask=mask)
                    )

                self._storage.load(session, loaded)
            case remote.Where():
                self._project.branch(
                    cwd,
                    lambda branch: self._look(
                        "where",
                        cwd,
                        answer_excerpt,
                        lambda found, _: remote_answers.describe_where(found, branch),
                    ),
                )
            case remote.Diagnostics(level=level):
                self._look(
                    "diag", cwd, answer_excerpt, remote_answers.describe_diagnostics, level=level
                )
            case remote.Quickfix():
                self._look("qf", cwd, answer_excerpt, remote_answers.describe_quickfix)
            case remote.OpenAt(path=path, line=line):

                def found(whole: str) -> None:
                    self._look(
                        "open",
                        cwd,
                        answer_excerpt,
                        lambda opened, _: remote_answers.describe_opened(opened),
                        path=whole,
                        line=line,
                    )

                self._project.find(cwd, path, found, failed)
            case remote.FileSlice(path=path, first=first, last=last):
                self._project.lines(
                    cwd,
                    path,
                    (first, last),
                    lambda lines: answer_excerpt(
                        lambda mask: remote_answers.describe_lines(lines, mask)
                    ),
                    failed,
                )
            case remote.Diff(path=path):
                self._project.diff(
                    cwd,
                    path,
                    lambda output: answer_excerpt(
                        lambda mask: remote_answers.describe_diff(output, path, mask)
                    ),
                    failed,
                )
            case remote.RunJob(name=name):
                self._run(account, name, cwd, answer, answer_excerpt, failed)
            case _:
                answer("")

    def _new(self, account: Account) -> str:
        """A new session in the place of the bound one."""
        session = self._sessions.new("")
        account.bind(session)
        return f"新会话已开始。A new session has begun: {self._sessions.title(session)}"

    def _run(
        self,
        account: Account,
        name: str,
        cwd: str,
        answer: Callable[[str], None],
        answer_excerpt: Callable[[Callable[[Mask], str]], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        jobs = account.options.jobs
        if name not in jobs:
            answer(remote_answers.describe_jobs(jobs, name))
            return
        self._project.run(
            jobs[name],
            cwd,
            lambda status, output: answer_excerpt(
                lambda mask: remote_answers.describe_run(name, status, output, mask)
            ),
            failed,
        )

    # --- the editor -----------------------------------------------------------------------------

    def _look(
        self,
        what: str,
        cwd: str,
        answer_excerpt: Callable[[Callable[[Mask], str]], None],
        describe: Callable[[object, Mask], str],
        *,
        path: str = "",
        line: int = 0,
        level: str = "",
    ) -> None:
        request = self._chance.new_id()

        def looked(found: object, failure: str) -> None:
            answer_excerpt(lambda mask: failure or describe(found, mask))

        self._looking[request] = looked
        self._editor.show(updates.Look(request, what, cwd, path, line, level))

    def looked(self, request: str, found: object, failure: str) -> None:
        """What the editor found."""
        then = self._looking.pop(request, None)
        if then is not None:
            then(found, failure)

    def _folder(self, session: str) -> str:
        """The session's project folder."""
        info = self._sessions.info(session)
        return os.path.expanduser(info.cwd) if info is not None and info.cwd else self._cwd
