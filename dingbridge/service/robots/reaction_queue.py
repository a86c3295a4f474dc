"""The reactions that a robot shows at messages: its reaction thread, started with the first one."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.delivery.reaction_calls import Reaction
from dingbridge.core.delivery.reactions import CALL_TIMEOUT
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.state import State, with_reactions
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import RobotClient
from dingbridge.edges.dingtalk.reaction_thread import ReactionThread
from dingbridge.edges.storage.robot_records import RobotRecords
from dingbridge.service.robots.robot_resources import RobotResources


class ReactionQueue:
    """The port `Reactions`. Service loop only, but for those methods that say otherwise.

    - `counted` gets the number of calls that were made, and the platform's code if it refused one.
    """

    def __init__(
        self,
        robot: str,
        options: Options,
        resources: RobotResources,
        records: RobotRecords,
        counted: Callable[[int, str], None],
    ) -> None:
        self._robot = robot
        self._options = options
        self._resources = resources
        self._records = records
        self._counted = counted
        self._thread: ReactionThread | None = None
        self._waiting: list[tuple[Reaction, bool]] = []
        self._is_idle = True

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        if self._thread is not None:
            self._thread.configure(self._client())

    def restore(self, outstanding: tuple[Reaction, ...]) -> None:
        """Remove the reactions that an earlier owner has left at messages."""
        if outstanding:
            self._start(outstanding)

    def react(self, reaction: Reaction, *, short: bool) -> None:
        """Show a reaction at a message, unless the quota is `short`."""
        self._waiting.append((reaction, short))
        if len(self._waiting) == 1:
            self._resources.post(self._submit)

    def _submit(self) -> None:
        """Wake the thread once for all messages of a turn."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._start(()).arrived(waiting)

    def unreact(self, message_id: str) -> None:
        """Remove the reaction at a message."""
        self._submit()
        if self._thread is not None:
            self._thread.finished(message_id)

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to be sent."""
        if idle != self._is_idle and self._thread is not None:
            self._thread.idle(idle=idle)
        self._is_idle = idle

    def stop(self) -> None:
        """End the thread soon."""
        if self._thread is not None:
            self._thread.stop()

    def _start(self, outstanding: tuple[Reaction, ...]) -> ReactionThread:
        if self._thread is None:
            post = self._resources.post
            self._thread = ReactionThread(
                self._client(),
                outstanding,
                self._write_outstanding,
                lambda calls, code: post(lambda: self._counted(calls, code)),
                idle=self._is_idle,
            )
            self._thread.start()
        return self._thread

    def _client(self) -> RobotClient:
        http = Http(self._options.proxy, connect_timeout=CALL_TIMEOUT, read_timeout=CALL_TIMEOUT)
        return self._resources.client(self._options, http)

    def _write_outstanding(self, reactions: tuple[Reaction, ...], *, soon: bool) -> None:
        """Write down which reactions messages may show. For the reaction thread."""

        def change(state: State) -> State:
            return with_reactions(state, self._robot, reactions)

        if soon:
            self._records.soon(change)
        else:
            self._records.update(change)
