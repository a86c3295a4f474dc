"""The agent's own session in a running process: opened or resumed, with its mode and model."""

from __future__ import annotations

import logging
from datetime import datetime

from acp import schema

from dingbridge.core.agents.turn_events import AgentSettings, AgentStarted, Prompt, Setting
from dingbridge.core.catalogue import agents as say
from dingbridge.edges.agents.agent_connection import AgentConnection
from dingbridge.edges.agents.agent_failure import AgentFailure
from dingbridge.edges.agents.session_settings import Choice, SessionSettings, opened

log = logging.getLogger(__name__)


class OpenedSession:
    """The session of one process; another one takes its place if a prompt wants to resume that."""

    def __init__(self, connection: AgentConnection) -> None:
        self.connection = connection
        self.id = ""
        """The agent's own id of it; empty until it is open."""
        self.is_new = False
        """Whether the agent has been asked nothing in it."""
        self._wanted = ""
        self._settings = SessionSettings()

    async def open(self, prompt: Prompt) -> AgentStarted | None:
        """Open or resume the session, unless the right one is open. Raises `AgentFailure`."""
        # A session that could not be resumed is not tried again with each prompt.
        if self.id and prompt.resume in ("", self.id, self._wanted):
            return None
        try:
            return await self._open(prompt)
        except AgentFailure as failure:
            if failure.kind != "login" or not await self.connection.log_in():
                raise
            return await self._open(prompt)

    async def _open(self, prompt: Prompt) -> AgentStarted:
        self._wanted = prompt.resume
        self._settings = SessionSettings()
        cwd = prompt.program.cwd
        is_resumed = bool(prompt.resume) and await self._resumed(cwd, prompt.resume)
        if not is_resumed:
            asked = self.connection.library.new_session(cwd=cwd, mcp_servers=[])
            made = await self.connection.request("session/new", asked)
            self.id = made.session_id
            self._settings = opened(made.modes, made.config_options)
        self.is_new = not is_resumed
        mode, model = self._settings.mode, self._settings.model
        return AgentStarted(
            *(prompt.session, self.id, self.connection.name, self.connection.version, is_resumed),
            *(mode.current, mode.offered, model.current, model.offered),
        )

    async def _resumed(self, cwd: str, wanted: str) -> bool:
        """Try to continue an earlier session. What `session/load` plays again is not shown: it is
        of a session that is not open yet."""
        connection = self.connection
        try:
            if connection.sessions.resume is not None:
                resuming = connection.library.resume_session(session_id=wanted, cwd=cwd)
                again = await connection.request("session/resume", resuming)
                self._settings = opened(again.modes, again.config_options)
            elif connection.capabilities.load_session:
                loading = connection.library.load_session(
                    session_id=wanted, cwd=cwd, mcp_servers=[]
                )
                loaded = await connection.request("session/load", loading)
                self._settings = opened(loaded.modes, loaded.config_options)
            else:
                return False
        except AgentFailure as failure:
            if failure.kind != "refused":
                raise
            log.info("an agent did not continue its session: %s", failure.detail)
            return False
        self.id = wanted
        return True

    async def choose(self, mode: str, model: str) -> bool:
        """Choose a mode and a model, each unless it is empty or chosen. Returns whether something
        has changed. Raises `AgentFailure`."""
        before = self._settings
        setting: Setting = "mode"
        try:
            if mode:
                await self._choose_mode(mode)
            setting = "model"
            if model:
                await self._choose_model(model)
        except AgentFailure as failure:
            failure.refused = setting if failure.kind == "refused" else None
            raise
        return before != self._settings

    async def _choose_mode(self, wanted: str) -> None:
        choice = self._settings.mode
        found = choice.find(wanted)
        if found is None:
            words = say.NO_SUCH_MODE(mode=wanted, offered=choice.names)
            raise AgentFailure("refused", words if choice.offered else say.NO_MODES())
        if choice.option:
            await self._set_option(choice, found)
        elif found != choice.current:
            setting = self.connection.library.set_session_mode(session_id=self.id, mode_id=found)
            await self.connection.request("session/set_mode", setting)
            self._settings = self._settings.with_mode(found)

    async def _choose_model(self, wanted: str) -> None:
        choice = self._settings.model
        found = choice.find(wanted)
        if found is None:
            words = say.NO_SUCH_MODEL(model=wanted, offered=choice.names)
            raise AgentFailure("refused", words if choice.offered else say.NO_MODELS())
        await self._set_option(choice, found)

    async def _set_option(self, choice: Choice, found: str) -> None:
        if found == choice.current:
            return
        setting = self.connection.library.set_config_option(
            config_id=choice.option, session_id=self.id, value=found
        )
        options = await self.connection.request("session/set_config_option", setting)
        self._settings = self._settings.with_options(options.config_options)

    def has_set(self, update: object) -> bool:
        """Take over what the agent has set by itself. Returns whether the update is that."""
        match update:
            case schema.CurrentModeUpdate(current_mode_id=mode):
                self._settings = self._settings.with_mode(mode)
            case schema.ConfigOptionUpdate(config_options=options):
                self._settings = self._settings.with_options(options)
            case _:
                return False
        return True

    def settings(
        self,
        session: str,
        failure: str = "",
        answers: Setting | None = None,
        refused: Setting | None = None,
    ) -> AgentSettings:
        """The present mode and model, as an event of the chat session."""
        mode, model = self._settings.mode.current, self._settings.model.current
        return AgentSettings(session, mode, model, failure, answers, refused)

    async def listed(self, cwd: str) -> tuple[tuple[str, str, float], ...]:
        """The agent's sessions in a folder: id, title, Unix seconds. Raises `AgentFailure`."""
        if self.connection.sessions.list is None:
            raise AgentFailure("refused", say.CANNOT_LIST())
        listing = self.connection.library.list_sessions(cwd=cwd)
        listed = await self.connection.request("session/list", listing)
        return tuple(
            (each.session_id, each.title or "", _seconds(each.updated_at))
            for each in listed.sessions
        )


def _seconds(moment: str | None) -> float:
    """Unix seconds of a time of ISO 8601; 0 for anything else."""
    try:
        return datetime.fromisoformat((moment or "").replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
