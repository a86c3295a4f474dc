"""A running agent and the requests to it, with limits on time and one kind of error.

The agent is offered neither files nor terminals. It runs on this computer as the user, so it reads
and writes files and runs programs itself, and asks before it does: served by us the same would need
a second check of every path and program, and the editor's unsaved text is not in the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import pydantic
from acp import PROTOCOL_VERSION, Client, RequestError, schema
from acp.client.connection import ClientSideConnection

from dingbridge import __version__
from dingbridge.core.agents.turn_events import AgentProgram
from dingbridge.core.catalogue import agents as say
from dingbridge.edges.agents import agent_process
from dingbridge.edges.agents.agent_answers import AgentAnswers
from dingbridge.edges.agents.agent_failure import AgentFailure
from dingbridge.edges.agents.agent_process import GONE_WITHIN, AgentProcess
from dingbridge.edges.agents.message_stream import MessageStream, RawMessage

T = TypeVar("T")

log = logging.getLogger(__name__)

OPENS_WITHIN = 120.0
"""Seconds for each answer before the first prompt. Agents that are started by `npx` fetch
themselves first; Node takes ten seconds on a busy computer."""

_LOGIN_NEEDED = -32000
_NOT_FOUND = -32601
_CANCELLED = -32800

Login = schema.EnvVarAuthMethod | schema.TerminalAuthMethod | schema.AuthMethodAgent


class AgentConnection:
    """An agent that has answered `initialize`. `incoming` gets its notifications and requests, on
    the loop and in order."""

    def __init__(
        self,
        process: AgentProcess,
        environ: Mapping[str, str],
        incoming: Callable[[RawMessage], None],
        seconds: float,
    ) -> None:
        self.process = process
        self._limit = seconds
        self._incoming = incoming
        self._answers = AgentAnswers()
        self._stream = MessageStream(process.stdout, process.stdin, self._take, self._answers.asked)
        # All requests of the agent are answered in `incoming`, so the library needs no client.
        self._library = ClientSideConnection(lambda _: cast(Client, _NoClient()), self._stream)
        self._heard = 0.0
        process.ended.add_done_callback(lambda _: self._give_up_soon())
        self.capabilities = schema.AgentCapabilities()
        self.prompts = schema.PromptCapabilities()
        self.sessions = schema.SessionCapabilities()
        self.name, self.version = "", ""
        self._logins: list[Login] = []
        self._environ = environ

    @classmethod
    async def open(
        cls, program: AgentProgram, incoming: Callable[[RawMessage], None], seconds: float
    ) -> AgentConnection:
        """Start an agent and agree on the protocol. No answer but that to a prompt may take more
        than `seconds`. Raises `AgentFailure`."""
        process = await agent_process.start(program)
        connection = cls(process, program.environ, incoming, seconds)
        try:
            await connection._initialize()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _initialize(self) -> None:
        asked = self._library.initialize(
            protocol_version=PROTOCOL_VERSION,
            client_capabilities=schema.ClientCapabilities(
                fs=schema.FileSystemCapabilities(read_text_file=False, write_text_file=False),
                terminal=False,
            ),
            client_info=schema.Implementation(name="dingbridge", version=__version__),
        )
        answer = await self.request("initialize", asked)
        if answer.protocol_version != PROTOCOL_VERSION:
            version = answer.protocol_version
            raise AgentFailure("protocol", say.VERSION_IS(version=version))
        self.capabilities = answer.agent_capabilities or self.capabilities
        self.prompts = self.capabilities.prompt_capabilities or self.prompts
        self.sessions = self.capabilities.session_capabilities or self.sessions
        if answer.agent_info is not None:
            self.name = answer.agent_info.title or answer.agent_info.name
            self.version = answer.agent_info.version
        self._logins = list(answer.auth_methods or ())

    @property
    def is_open(self) -> bool:
        """Whether the agent still runs."""
        return not self.process.ended.done()

    @property
    def library(self) -> ClientSideConnection:
        """The library's requests, each for `request`."""
        return self._library

    async def request(self, method: str, asked: Awaitable[T]) -> T:
        """Wait for the answer to a request, with a limit. Raises `AgentFailure`."""
        try:
            return await asyncio.wait_for(asked, self._limit)
        except asyncio.TimeoutError:
            words = say.NO_ANSWER_WITHIN(method=method, seconds=self._limit)
            raise AgentFailure("silent", words) from None
        except Exception as cause:  # raised again, as what it means
            raise await self._failure(cause) from cause

    async def until_silent(
        self, method: str, asked: Awaitable[T], seconds: float, waits: Callable[[], bool]
    ) -> T:
        """Wait for the answer to a request while the agent sends anything at least every `seconds`,
        or `waits` for people. Raises `AgentFailure`."""
        self.is_heard()
        answer = asyncio.ensure_future(asked)
        try:
            while not answer.done():
                left = self._heard + seconds - asyncio.get_running_loop().time()
                if waits():
                    left = seconds
                if left <= 0:
                    words = say.NO_ANSWER_WITHIN(method=method, seconds=seconds)
                    raise AgentFailure("silent", words)
                await asyncio.wait((answer,), timeout=left)
            return answer.result()
        except AgentFailure:
            raise
        except Exception as cause:  # raised again, as what it means
            raise await self._failure(cause) from cause
        finally:
            await cancelled(answer)

    async def log_in(self) -> bool:
        """Log in with keys of the environment, where the agent offers that and they are there.
        Returns whether it did, once. Raises `AgentFailure`."""
        for way in self._logins:
            if isinstance(way, schema.EnvVarAuthMethod):
                needed = [each.name for each in way.vars if not each.optional]
                if needed and all(self._environ.get(name) for name in needed):
                    self._logins.remove(way)
                    await self.request("authenticate", self._library.authenticate(way.id))
                    return True
        return False

    def _give_up_soon(self) -> None:
        """Fail what still waits for an answer, in case the end of the agent's output is not seen:
        somebody else may have it open. What the agent said last is read before."""
        loop = asyncio.get_running_loop()
        loop.call_later(GONE_WITHIN, lambda: loop.create_task(self._library.close()))

    def is_heard(self) -> None:
        """Note that the agent is not silent."""
        self._heard = asyncio.get_running_loop().time()

    async def _failure(self, cause: Exception) -> Exception:
        """What an exception of the library means."""
        match cause:
            case RequestError(code=code) if code == _LOGIN_NEEDED:
                ways = (
                    f"{each.name}: {each.description}" if each.description else each.name
                    for each in self._logins
                )
                return AgentFailure("login", "\n".join((_words(cause), *ways)))
            case RequestError():
                return AgentFailure("refused", _words(cause))
            case pydantic.ValidationError():
                first = cause.errors(include_url=False, include_input=False)[0]
                where = ".".join(map(str, first["loc"]))
                return AgentFailure("protocol", f"{cause.title} {where}: {first['msg']}")
            case ConnectionError() | OSError():
                return AgentFailure("died", await self.process.last_words())
            case _:
                return cause

    def answer(self, message_id: object, result: dict[str, Any]) -> None:
        """Answer a request of the agent, if it still runs."""
        self._write({"jsonrpc": "2.0", "id": message_id, "result": result})

    def refuse(self, message_id: object, method: str) -> None:
        """Answer a request of the agent that we do not know or did not offer."""
        error = {"code": _NOT_FOUND, "message": "Method not found", "data": {"method": method}}
        self._write({"jsonrpc": "2.0", "id": message_id, "error": error})

    def withdrawn(self, message_id: object) -> None:
        """Answer a request that the agent has cancelled."""
        error = {"code": _CANCELLED, "message": "Request cancelled"}
        self._write({"jsonrpc": "2.0", "id": message_id, "error": error})

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification, if the agent still runs."""
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def _write(self, message: RawMessage) -> None:
        with contextlib.suppress(ConnectionError):
            self._stream.write(message)

    async def close(self) -> None:
        """End the agent and all it has started."""
        try:
            await self._library.close()
        finally:
            await self.process.end()

    def _take(self, message: RawMessage) -> bool:
        self.is_heard()
        if "method" not in message:
            return not self._answers.repair(message)
        try:
            self._incoming(message)
        except Exception:
            # One message that nobody expected must not end the agent: the reader would stop.
            log.exception("a message of an agent was passed over")
        return True


async def cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task


class _NoClient:
    """The library's client, which nothing arrives at."""


def _words(error: RequestError) -> str:
    """An agent's error: its message and what it says in the data, on as many lines."""
    data = error.data
    if isinstance(data, dict):
        data = data.get("details") or data.get("message") or data.get("error")
    more = data if isinstance(data, str) and data != str(error) else ""
    return "\n".join(filter(None, (str(error), more)))
