"""The backend of a coding agent, which the service runs for all editors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dingbridge.core.agents.turn_result import TurnResult
from dingbridge.core.sessions.inbox import ResponderKind
from dingbridge.service.agents.agents import Agents
from dingbridge.service.agents.running_turn import AgentQuestion
from dingbridge.service.editors.backends import BackendAnswer, BackendQuestion, PutInQueue


class AgentBackend:
    """Asks the agent of a session. `folder` is the editor's, and `environ` returns its environment:
    an agent that is started for this editor gets them."""

    noted_as: ResponderKind = "program"
    outlives_editor = True

    def __init__(
        self, agents: Agents, folder: str, environ: Callable[[], Mapping[str, str]]
    ) -> None:
        self._agents = agents
        self._folder = folder
        self._environ = environ

    def queue(self, session: str, robot: str) -> PutInQueue | None:
        """One message of a session at a time, whichever editor and robot it came by."""
        return lambda turn: self._agents.queue.put(session, turn)

    def ask(self, question: BackendQuestion) -> None:
        """Start a turn."""
        options, asked, content = question.options, question.asked, question.turn.question
        agent = self._agents.book.agent(content.session, options)
        assert agent is not None  # noqa: S101 - else another backend is asked

        def ended(result: TurnResult) -> None:
            question.answered(
                BackendAnswer(result.text, result.agent, result.steps, result.problem)
            )

        self._agents.ask(
            AgentQuestion(
                request=question.request,
                session=content.session,
                agent=agent,
                text=content.message.text,
                files=content.files,
                instructions=content.instructions,
                model=content.model,
                silence=options.agent_silence,
                asker=asked.asker,
                robot=asked.robot,
                progress=options.agent_progress,
                report=question.report,
                ended=ended,
            ),
            content.cwd,
            self._folder,
            self._environ(),
        )

    def withdraw(self, session: str, asker: str) -> int:
        """Drop what waits, whichever editor it came by."""
        return self._agents.queue.withdraw(session, asker)

    def stop(self, session: str) -> bool:
        """End the turn that runs in this session."""
        return self._agents.stop(session)
