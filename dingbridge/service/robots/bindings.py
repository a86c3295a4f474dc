"""Which sessions the editors of a robot have bound, in memory and in the state file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import structs

from dingbridge.core.sessions.state import (
    State,
    binding_for,
    binding_of,
    with_binding,
    with_title,
    without_binding,
)
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.conversations import BoundEditor
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.runtime import Runtime


class Bindings:
    """Binds and releases sessions. Service loop only.

    Several editors may bind the same session, and a project folder may have several bound sessions.
    `notify` sends news to one member.
    """

    def __init__(
        self,
        robot: str,
        members: Mapping[int, BoundEditor],
        cache: StateCache,
        runtime: Runtime,
        notify: Callable[[int, News], None],
    ) -> None:
        self._robot = robot
        self._members = members
        self._cache = cache
        self._runtime = runtime
        self._notify = notify

    def restore(self, member: int, cwd: str) -> None:
        """Bind a new member to the latest session of its project folder."""
        binding = binding_for(self._cache.state, self._robot, cwd)
        if binding is None:
            self._notify(member, robot_news.RestoreBinding())
            return
        self._members[member].session = binding.session
        self._notify(member, robot_news.RestoreBinding(binding.session, binding.target))

    def come_back(self, member: int, session: str, title: str, cwd: str) -> None:
        """A new member has bound this session already: the time of its binding stays."""
        known = self._cache.state.bindings.get(session)
        self._bind(member, session, title, cwd, known.time if known else self._runtime.now())

    def bind(self, member: int, session: str, title: str, cwd: str) -> None:
        """Bind a session in place of the member's earlier one, which stays bound where another
        editor has it."""
        self._bind(member, session, title, cwd, self._runtime.now())

    def _bind(self, member: int, session: str, title: str, cwd: str, time: float) -> None:
        before = self._members[member].session
        self._members[member].session = session
        is_over = before not in ("", session) and not self._holders(before)
        known = binding_of(self._cache.state, self._robot, session)
        binding = structs.replace(known, title=title, cwd=cwd, time=time)

        def change(state: State) -> State:
            if is_over:
                state = without_binding(state, before, instead=session)
            return with_binding(state, binding)

        self._cache.change(change, lambda: self._notify_bound(member, session))

    def _notify_bound(self, member: int, session: str) -> None:
        """Report the binding and the conversation that wrote to the session last."""
        target = binding_of(self._cache.state, self._robot, session).target
        self._notify(member, robot_news.SessionBound(session, target))

    def retitle(self, session: str, title: str) -> None:
        """A session has another title. Every editor that is attached says so."""
        known = self._cache.state.bindings.get(session)
        if known is not None and known.title != title:
            self._cache.change(lambda state: with_title(state, session, title))

    def unbind(self, member: int, session: str) -> None:
        """Release a session in all editors, on behalf of a member."""
        for other in self._holders(session):
            self._members[other].session = ""
            if other != member:
                self._notify(other, robot_news.Unbound(session, self._members[member].pid))
        self._cache.change(lambda state: without_binding(state, session))

    def _holders(self, session: str) -> list[int]:
        return [name for name, member in self._members.items() if member.session == session]
