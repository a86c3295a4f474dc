"""The robot messages that are not done, and which editor has each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import structs

from dingbridge.core.sessions import inbox
from dingbridge.core.sessions.inbox import OpenMessage, Received
from dingbridge.service.robots import robot_requests
from dingbridge.service.robots.robot_ports import Records

NOBODY = -1
ON_ITS_WAY = -2
"""Instead of a member: no editor has the message, or it waits for a command before it."""


class OpenMessages:
    """The open messages by key, each with its member, as the inbox on disk has them. Service loop
    only.

    - `has_left` tells whether the outbox knows a message by its id.
    """

    def __init__(self, records: Records, has_left: Callable[[str], bool]) -> None:
        self._records = records
        self._has_left = has_left
        self._open: dict[str, tuple[OpenMessage, int]] = {}
        self._patient: set[str] = set()

    def restore(self, saved: Mapping[str, OpenMessage]) -> None:
        """Continue with the messages that an earlier service did not finish. No editor has them."""
        self._open = {key: (entry, NOBODY) for key, entry in saved.items()}
        self._patient = set(saved)

    def put(self, key: str, entry: OpenMessage, holder: int) -> None:
        """A member has a message from now on."""
        self._open[key] = (entry, holder)

    def held_by(self, holder: int) -> list[tuple[str, OpenMessage]]:
        """All messages of a member."""
        return [(key, entry) for key, (entry, held_by) in self._open.items() if held_by == holder]

    def of(self, key: str, holder: int) -> OpenMessage | None:
        """The message, if this member has it."""
        entry, held_by = self._open.get(key, (None, NOBODY))
        return entry if held_by == holder else None

    def be_patient(self, key: str) -> None:
        """The message came while there was no editor: it waits for one."""
        self._patient.add(key)

    def is_patient(self, key: str) -> bool:
        """Whether the message came while there was no editor."""
        return key in self._patient

    def receive(self, received: Received, then: Callable[[], None]) -> None:
        """Write a message down once more; `then` runs once it is on disk."""
        self._records.received(received, then)

    def routed(self, key: str, entry: OpenMessage, then: Callable[[], None]) -> None:
        """A command goes to its session; `then` runs once that is on disk."""
        self._records.routed(key, entry.session, then)

    def asking(self, member: int, ask: robot_requests.Asking, then: Callable[[], None]) -> None:
        """A member is about to have its message answered; `then` runs once that is on disk."""
        entry = self.of(ask.key, member)
        if entry is not None:
            self._open[ask.key] = (structs.replace(entry, asked=ask.by), member)
            self._records.asked(ask.key, entry.session, ask.by, then)

    def is_answered(self, key: str, entry: OpenMessage) -> bool:
        """Whether the responder was asked and needs no other editor: an editor keeps track of a Lua
        function, and a program's answer may have been sent before the crash."""
        answer = inbox.answer_id(inbox.message_id(key))
        return entry.asked == "function" or (bool(entry.asked) and self._has_left(answer))

    def done(self, key: str) -> None:
        """A message is done."""
        self._patient.discard(key)
        if self._open.pop(key, None) is not None:
            self._records.handed(key)
