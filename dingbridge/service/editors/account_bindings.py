"""The sessions bound to an account, in this editor and in others."""

from __future__ import annotations

from collections.abc import Collection

from dingbridge.service.editors.sessions import EditorSessions


class AccountBindings:
    """Keeps `EditorSessions.bindings` up to date for one account. Service loop only.

    free ──hold()──▶ bound ──release()──▶ released ──the robot confirms──▶ free
    """

    def __init__(self, account: str, sessions: EditorSessions) -> None:
        self._account = account
        self._sessions = sessions
        self.here = ""
        """The session bound in this editor; empty without one."""
        self.pending = ("", "")
        """The session being bound and the one before it, until the binding is durable."""
        self._at_robot: frozenset[str] = frozenset()
        # Released here; the robot may still list them.
        self._released: set[str] = set()

    def hold(self, session: str) -> None:
        """Bind this session in the editor; empty for none."""
        self.here = session
        self._released.discard(session)
        self.update()

    def release(self, session: str) -> bool:
        """Release a session. Returns whether it was the one bound here."""
        self._released.add(session)
        is_here = session == self.here
        if is_here:
            self.pending = ("", "")
            self.here = ""
        self.update()
        return is_here

    def robot_has(self, bound: Collection[str]) -> None:
        """The robot reports all bound sessions."""
        self._released &= set(bound)
        self.moved(bound)

    def moved(self, bound: Collection[str] = ()) -> None:
        """The account belongs to another robot now, which has these sessions bound."""
        self._at_robot = frozenset(bound)
        self.update()

    def update(self) -> None:
        """Update `EditorSessions.bindings`."""
        bindings = self._sessions.bindings
        before = {session for session, name in bindings.items() if name == self._account}
        gone = {self.pending[1], *self._released, ""}
        now = {self.here} | (self._at_robot - gone)
        now &= self._sessions.known
        for session in before - now:
            del bindings[session]
        for session in now - bindings.keys():
            bindings[session] = self._account
        for session in before ^ now:
            self._sessions.readdressed(session)
