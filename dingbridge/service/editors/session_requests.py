"""Remote commands about a session: new, clear, stop, history, and those about its agent."""

from __future__ import annotations

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.commands import status_replies
from dingbridge.core.sessions.transcript import Transcript
from dingbridge.service.editors.agent_requests import AboutAgent, AgentRequests
from dingbridge.service.editors.responders import Responders
from dingbridge.service.editors.running_command import RunningCommand
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.sessions.session_ports import Storage

AboutSession = (
    remote.NewSession | remote.ClearSession | remote.StopAnswer | AboutAgent | remote.History
)


class SessionRequests:
    """Carries out these commands. Service loop only."""

    def __init__(
        self,
        storage: Storage,
        sessions: EditorSessions,
        responders: Responders,
        about_agent: AgentRequests,
    ) -> None:
        self._about_agent = about_agent
        self._storage = storage
        self._sessions = sessions
        self._responders = responders

    def carry_out(self, request: AboutSession, command: RunningCommand) -> None:
        """Carry out a command and answer it."""
        match request:
            case remote.NewSession():
                self._new(command)
            case remote.ClearSession():
                self._sessions.clear(command.order.session)
                command.answer(say.CLEARED())
            case remote.StopAnswer():
                self._stop(command)
            case remote.ChooseAgent() | remote.ListAgentSessions() | remote.ResumeAgentSession():
                self._about_agent.carry_out(request, command)
            case remote.History(count=count):
                self._history(command, count)

    def _new(self, command: RunningCommand) -> None:
        """Bind a new session in place of the bound one."""
        session = self._sessions.new("")
        command.account.bind(session)
        command.answer(say.NEW_SESSION_NAMED(title=self._sessions.title(session)))

    def _stop(self, command: RunningCommand) -> None:
        """End the turn that runs, if its asker or an admin says so, and withdraw what waits of the
        one who says it."""
        session, asker = command.order.session, command.order.inbound.sender.identity
        withdrawn = self._responders.withdraw_waiting(session, asker)
        stopped = self._responders.stop(session, None if command.order.admin else asker)
        words = [say.STOPPED()] if stopped else []
        if withdrawn:
            words.append(say.WAITING_WITHDRAWN(count=withdrawn))
        command.answer("\n\n".join(words) or say.NOTHING_TO_STOP())

    def _history(self, command: RunningCommand, count: int) -> None:
        def loaded(transcript: Transcript) -> None:
            messages = transcript.messages
            command.answer_excerpt(
                lambda mask: status_replies.describe_history(messages, count, mask=mask)
            )

        self._storage.load(command.order.session, loaded)
