"""The agents of a service, one for each session that has one: they outlive the editors."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import get_args

from msgspec import structs

from dingbridge.core.agents import failure_texts, turn_result
from dingbridge.core.agents.known_agents import AgentChoice, title
from dingbridge.core.agents.turn_events import (
    AgentEvent,
    AgentGone,
    AgentProgram,
    AgentSessionsListed,
    AgentSettings,
    AgentStarted,
    Prompt,
    Setting,
    TurnEnded,
    TurnFailed,
)
from dingbridge.core.agents.turn_record import TurnRecord
from dingbridge.core.agents.turn_result import FailureWords, TurnResult
from dingbridge.core.catalogue import agents as agent_words
from dingbridge.core.text import clean_name
from dingbridge.service.agents.agent_book import AgentBook
from dingbridge.service.agents.agent_ports import AgentPorts, AgentRunner
from dingbridge.service.agents.running_turn import AgentQuestion, RunningTurn, TurnPorts
from dingbridge.service.agents.turn_queue import TurnQueue
from dingbridge.service.sessions.live_turns import LiveTurns

log = logging.getLogger(__name__)

LONGEST_ID = 1000
"""Characters of an agent's own id of a session. One that is longer is not kept: the agent begins
anew after a restart."""

SessionsListed = Callable[[AgentSessionsListed], None]

SettingChosen = Callable[[str], None]
"""Gets why a choice failed, in the agent's words; empty if it holds, or will with the next turn."""


class Agents:
    """Runs the turns of agents, one at a time for each session. Service loop only."""

    def __init__(self, book: AgentBook, live: LiveTurns, ports: AgentPorts) -> None:
        self.book = book
        self.queue = TurnQueue()
        self._live = live
        self._ports = ports
        self._runner: AgentRunner | None = None
        self._turns: dict[str, RunningTurn] = {}
        self._programs: dict[str, tuple[tuple[AgentChoice, str], AgentProgram]] = {}
        self._started: dict[str, AgentStarted] = {}
        self._listing: dict[str, list[SessionsListed]] = {}
        # What waits for the agent to take a choice, in order.
        self._choices: dict[tuple[str, Setting], list[SettingChosen]] = {}

    # --- turns ------------------------------------------------------------------------------------

    def ask(self, turn: AgentQuestion, cwd: str, folder: str, environ: Mapping[str, str]) -> None:
        """Start a turn. The session's agent is started unless it runs: in the folder `cwd` of the
        session, else in that of the editor, `folder`, with the environment `environ`."""
        runner = self._need_runner()
        session, entry = turn.session, self.book.of(turn.session)
        ports = TurnPorts(runner, self._live, self._ports)
        self._turns[turn.request] = RunningTurn(turn, ports)
        log.debug("message %s of session %s is with %s", turn.request, session, turn.agent.name)
        runner.prompt(
            Prompt(
                request=turn.request,
                session=session,
                program=self._program(turn.session, turn.agent, cwd, folder, environ),
                text=turn.text,
                files=turn.files,
                instructions=turn.instructions,
                model=entry.model or turn.model,
                mode=entry.mode,
                resume=entry.agent_session if entry.agent == turn.agent.name else "",
                silence=turn.silence,
            )
        )

    def _program(
        self, session: str, agent: AgentChoice, cwd: str, folder: str, environ: Mapping[str, str]
    ) -> AgentProgram:
        """How the agent is started: as before, while neither agent nor folder of the session are
        others and the agent runs, so that it goes on for another editor."""
        key = agent, cwd
        known = self._programs.get(session)
        if known is not None and known[0][0] != agent:
            # What was always allowed was allowed to the other agent.
            self._ports.approvals.forget_always(session)
        if known is None or known[0] != key:
            place = os.path.expanduser(cwd) or folder
            known = key, AgentProgram(agent.name, agent.argv, place, environ)
            self._programs[session] = known
        return known[1]

    def running(self, session: str) -> AgentQuestion | None:
        """The turn that runs in a session."""
        found = self._find(session)
        return found.turn if found is not None else None

    def stop(self, session: str, asker: str | None = None) -> bool:
        """End the turn that runs in a session; with `asker`, only that person's. Returns whether
        there is one."""
        found = self._find(session)
        if found is None or self._runner is None:
            return False
        if asker is not None and found.turn.asker != asker:
            return False
        self._runner.cancel(session)
        return True

    def end_turns(self) -> None:
        """The service ends: end all turns with words, and start no more. Their approvals are
        withdrawn."""
        self.queue.close()
        for request in tuple(self._turns):
            try:
                self._end(request, TurnFailed(request, "ended"))
            except Exception:  # any defect of one: the others end as well
                log.exception("a turn could not be ended")

    def _find(self, session: str) -> RunningTurn | None:
        return next((one for one in self._turns.values() if one.turn.session == session), None)

    # --- agents -----------------------------------------------------------------------------------

    def started(self, session: str) -> AgentStarted | None:
        """What the agent of a session offers, once it runs."""
        return self._started.get(session)

    def end_session(self, session: str) -> None:
        """End the agent of a session; its turn fails, and nobody waits for its list. Nothing is
        always allowed there any more."""
        self._ports.approvals.forget_always(session)
        self._programs.pop(session, None)
        self._started.pop(session, None)
        self._listed(AgentSessionsListed(session, (), agent_words.ENDED_MEANWHILE()))
        if self._runner is not None:
            self._runner.close(session)

    def forget(self, session: str) -> None:
        """The session was deleted: end its agent, for good."""
        self.end_session(session)
        self.book.forget(session)

    def set_mode(self, session: str, mode: str, then: SettingChosen) -> None:
        """Use another mode of the session's agent, from now on."""
        if self._choose(session, "mode", mode, then) and self._runner is not None:
            self._runner.set_mode(session, mode)

    def set_model(self, session: str, model: str, then: SettingChosen) -> None:
        """Use another model of the session's agent, from now on."""
        if self._choose(session, "model", model, then) and self._runner is not None:
            self._runner.set_model(session, model)

    def _choose(self, session: str, setting: Setting, name: str, then: SettingChosen) -> bool:
        """Returns whether an agent runs that must change it; else the next prompt does."""
        before = getattr(self.book.of(session), setting)
        self.book.change(session, **{setting: name})
        if session not in self._started:
            then("")
            return False

        def chosen(failure: str) -> None:
            if failure and getattr(self.book.of(session), setting) == name:
                # Else each turn would fail that begins with it.
                self.book.change(session, **{setting: before})
            then(failure)

        self._choices.setdefault((session, setting), []).append(chosen)
        return True

    def _chosen(self, session: str, setting: Setting, failure: str = "") -> None:
        waiting = self._choices.get((session, setting))
        if waiting:
            waiting.pop(0)(failure)

    def _take_back(self, session: str, setting: Setting) -> None:
        """The agent refuses the choice that its turn begins with: the next turn does without."""
        name, turn = getattr(self.book.of(session), setting), self._find(session)
        if name and not self._choices.get((session, setting)):
            self.book.change(session, **{setting: ""})
            if turn is not None:
                turn.record.remark(agent_words.TAKEN_BACK(setting=setting, name=clean_name(name)))

    def list_sessions(
        self,
        session: str,
        agent: AgentChoice,
        folders: tuple[str, str],
        environ: Mapping[str, str],
        then: SessionsListed,
    ) -> None:
        """Ask the agent of a session for its own sessions. `folders`: the session's and the
        editor's."""
        waiting = self._listing.setdefault(session, [])
        waiting.append(then)
        if len(waiting) == 1:
            program = self._program(session, agent, *folders, environ)
            self._need_runner().list_sessions(session, program)

    def stop_all(self) -> None:
        """End all agents. Waits up to a second, so not for the loop."""
        if self._runner is not None:
            self._runner.stop()

    # --- events -----------------------------------------------------------------------------------

    def _need_runner(self) -> AgentRunner:
        if self._runner is None:
            self._runner = self._ports.make_runner(self._notify)
        return self._runner

    def _notify(self, event: AgentEvent) -> None:
        """For the agents' thread."""
        self._ports.post(lambda: self._heard(event))

    def _heard(self, event: AgentEvent) -> None:
        match event:
            case AgentStarted():
                self._start(event)
            case AgentSettings(session=session):
                known = self._started.get(session)
                if known is not None:
                    self._started[session] = structs.replace(
                        known, mode=event.mode, model=event.model
                    )
                if event.answers is not None:
                    self._chosen(session, event.answers, event.failure)
                if event.refused is not None:
                    self._take_back(session, event.refused)
            case AgentGone(session=session):
                self._started.pop(session, None)
                if self._find(session) is None and session not in self._listing:
                    # The next one gets the environment of the editor that starts it.
                    self._programs.pop(session, None)
                for setting in get_args(Setting):
                    for chosen in self._choices.pop((session, setting), ()):
                        chosen("")  # the next agent of the session begins with it
            case AgentSessionsListed():
                self._listed(event)
            case TurnEnded(request=request) | TurnFailed(request=request):
                self._end(request, event)
            case _:
                turn = self._turns.get(event.request)
                if turn is not None:
                    turn.heard(event)

    def _listed(self, event: AgentSessionsListed) -> None:
        for then in self._listing.pop(event.session, ()):
            then(event)

    def _start(self, event: AgentStarted) -> None:
        known = self._programs.get(event.session)
        if known is not None:
            self._started[event.session] = event
            name = known[0][0].name
            own = event.agent_session if len(event.agent_session) <= LONGEST_ID else ""
            self.book.change(event.session, agent=name, agent_session=own)

    def _end(self, request: str, event: TurnEnded | TurnFailed) -> None:
        running = self._turns.pop(request, None)
        if running is None:
            return
        agent = running.turn.agent
        if isinstance(event, TurnFailed) and event.kind != "ended":
            log.error("no answer from %s: %s: %s", agent.name, event.kind, event.detail)

        def result(record: TurnRecord) -> TurnResult:
            name = title(agent.name)
            if isinstance(event, TurnFailed):
                words = FailureWords(
                    failure_texts.reason(event.kind, agent), failure_texts.remedy(event.kind, agent)
                )
                return turn_result.failed(record, name, event, words)
            return turn_result.ended(record, name, event)

        running.end(result)
