"""Which sessions are bound to the robot of an account: in this editor, and in others."""

from __future__ import annotations

from collections.abc import Collection

from dingbridge.service.editors.sessions import EditorSessions


class AccountBindings:
    """Keeps `EditorSessions.bindings` true for one account. Service loop only.

    free ──hold()──▶ bound ──release()──▶ released ──the robot knows──▶ free
    """

    def __init__(self, account: str, sessions: EditorSessions) -> None:
        self._account = account
        self._sessions = sessions
        self.here = ""
        """The session that is bound in this editor; empty without one."""
        self.pending = ("", "")
        """The session that is being bound, and the one before it, until that is on disk."""
        self._at_robot: frozenset[str] = frozenset()
        # Released here just now, which the robot may not know yet.
        self._released: set[str] = set()

    def hold(self, session: str) -> None:
        """From now on this session is the bound one here, or none."""
        self.here = session
        self._released.discard(session)
        self.update()

    def release(self, session: str) -> bool:
        """Release a session. Returns whether it is the one that is bound here."""
        self._released.add(session)
        is_here = session == self.here
        if is_here:
            self.pending = ("", "")
            self.here = ""
        self.update()
        return is_here

    def robot_has(self, bound: Collection[str]) -> None:
        """The robot has reported which sessions are bound."""
        self._released &= set(bound)
        self.moved(bound)

    def moved(self, bound: Collection[str] = ()) -> None:
        """The account belongs to another robot, where these sessions are bound."""
        self._at_robot = frozenset(bound)
        self.update()

    def update(self) -> None:
        """Write down in `bindings` what is bound to the account."""
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
