"""Which messages of others nobody has seen yet, in each session."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from msgspec import Struct

KEPT = 1000
"""Ids of unread messages that are kept for each session. What is older counts as one part, which is
read with the first message that is known by its id."""


class Unread(Struct, frozen=True):
    """The unread messages of a session: how many, and the id of the first."""

    count: int
    since: str


class UnreadMessages:
    """Counts the unread messages of each session.

        unread = UnreadMessages()
        unread.add("s1", ["m1", "m2"])
        unread.read("s1", "m1")
        unread.counts  # {"s1": Unread(1, "m2")}

    `counts` is replaced with each change and never changed, so that another thread may read it. A
    session without unread messages is not in it.
    """

    def __init__(self) -> None:
        self.counts: Mapping[str, Unread] = {}
        # The ids of the latest unread messages, in order; fewer than counted after a restart.
        self._ids: dict[str, deque[str]] = {}

    def restore(self, counts: Mapping[str, Unread]) -> None:
        """Take over the counts of an earlier service, for sessions without a count."""
        self.counts = {**counts, **self.counts}

    def add(self, session: str, ids: Sequence[str]) -> None:
        """Count new messages, at least one."""
        self._ids.setdefault(session, deque(maxlen=KEPT)).extend(ids)
        before = self.counts.get(session, Unread(0, ids[0]))
        now = Unread(before.count + len(ids), before.since)
        self.counts = {**self.counts, session: now}

    def read(self, session: str, message: str) -> bool:
        """Everything up to `message` was seen. Returns whether that changes anything: what was read
        earlier does not."""
        before = self.counts.get(session)
        if before is None:
            return False
        ids = self._ids.get(session, deque())
        if message in ids:
            while ids.popleft() != message:
                pass
        elif before.count == len(ids):
            return False
        if ids:
            self.counts = {**self.counts, session: Unread(len(ids), ids[0])}
        else:
            self._ids.pop(session, None)
            self.counts = {name: one for name, one in self.counts.items() if name != session}
        return True

    def latest(self, session: str) -> str:
        """The id of the last unread message; empty without one that is known by its id."""
        ids = self._ids.get(session)
        return ids[-1] if ids else ""
