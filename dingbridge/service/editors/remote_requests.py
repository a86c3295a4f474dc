"""Dispatches the remote commands that need this editor."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.delivery import routing
from dingbridge.core.dingtalk import addressees
from dingbridge.core.secrets.excerpts import Mask
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.project_requests import ForProject, ProjectRequests
from dingbridge.service.editors.running_command import RunningCommand
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.session_requests import SessionRequests
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.robot_news import CarryOut

log = logging.getLogger(__name__)


class RemoteRequests:
    """Carries out remote commands and answers in their conversation. Service loop only.

    A command is done once its answer is in the outbox, so that no answer is lost. One that changes
    something is never run twice. `cwd` is the project folder of sessions without one.
    """

    def __init__(
        self,
        sessions: EditorSessions,
        sending: Sending,
        for_session: SessionRequests,
        for_project: ProjectRequests,
        cwd: str,
    ) -> None:
        self._sessions = sessions
        self._sending = sending
        self._for_session = for_session
        self._for_project = for_project
        self._cwd = cwd

    def carry_out(self, account: Account, order: CarryOut) -> None:
        """Carry out a command. The robot has checked that its sender may use it."""
        if order.start is not None:
            self._sessions.begin(order.session, account.name, order.start)
        request = addressees.command_in(order.inbound)
        robot = routing.robot_name(account.options)

        def answer(words: str) -> None:
            if routing.robot_name(account.options) not in ("", robot):
                # Targets of one robot mean nothing to another one.
                log.warning("%s is another robot now: an answer stays unsaid", account.name)
                return
            self._sending.answer(account, routing.reply_target(order.inbound), words)
            account.member.notify(robot_requests.InTranscript(order.key))

        def answer_excerpt(describe: Callable[[Mask], str]) -> None:
            self._sending.answer_excerpt(account, routing.reply_target(order.inbound), describe)
            account.member.notify(robot_requests.InTranscript(order.key))

        if not isinstance(request, remote.ForSession):
            account.member.notify(robot_requests.InTranscript(order.key))
        elif order.again and request.declaration.effect:
            answer(say.PERHAPS_DONE())
        else:
            cwd = self._folder(order.session)
            self._dispatch(request, RunningCommand(account, order, cwd, answer, answer_excerpt))

    def _dispatch(self, request: remote.ForSession, command: RunningCommand) -> None:
        if isinstance(request, ForProject):
            self._for_project.carry_out(request, command)
        else:
            self._for_session.carry_out(request, command)

    def _folder(self, session: str) -> str:
        """The session's project folder."""
        info = self._sessions.info(session)
        return os.path.expanduser(info.cwd) if info is not None and info.cwd else self._cwd
