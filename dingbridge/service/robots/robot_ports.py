"""What a robot needs of the outside: its files, send queue, reactions and link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import OutboxRecord, Queued
from dingbridge.core.delivery.reactions import Reaction
from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.dingtalk.cards import ButtonCard
from dingbridge.core.errors import DeliveryError
from dingbridge.core.messages import Message
from dingbridge.core.sessions.inbox import Received, ResponderKind
from dingbridge.core.sessions.state import State
from dingbridge.core.sessions.transcript import DeliveryLine


class Records(Protocol):
    """The files of one robot, written in order; no method waits."""

    @property
    def robot(self) -> str:
        """The robot's name in the files."""
        ...

    def outbox(self, record: OutboxRecord, then: Callable[[], None]) -> None:
        """Write a record; `then` runs once it is on the disk."""
        ...

    def received(self, received: Received, then: Callable[[], None]) -> None:
        """Write a robot message into the inbox; `then` runs once it is on disk."""
        ...

    def routed(self, key: str, session: str, then: Callable[[], None]) -> None:
        """A command from DingTalk goes to this session and may be carried out there; `then` runs
        once that is on the disk."""
        ...

    def asked(self, key: str, session: str, by: ResponderKind, then: Callable[[], None]) -> None:
        """Record that `by` is asked about a message in this session; `then` runs once that is
        durable."""
        ...

    def handed(self, key: str) -> None:
        """Write that a robot message is done."""
        ...

    def fates(self, session: str, ends: tuple[DeliveryLine, ...]) -> None:
        """Write the ends of messages into their transcript."""
        ...

    def forget_file(self, message: str) -> None:
        """Remove the copy of a file that was kept for a message."""
        ...

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change what is remembered between runs; `then` runs once it is on the disk."""
        ...

    def soon(self, change: Callable[[State], State]) -> None:
        """The same for what may wait a second, and be lost with a process that is killed."""
        ...

    def settled(self, then: Callable[[], None]) -> None:
        """Call `then` once all that was to be written in state and outbox so far is on the disk."""
        ...

    def traces(
        self,
        session: str,
        messages: tuple[str, ...],
        then: Callable[[set[str], tuple[Message, ...]], None],
    ) -> None:
        """Look up messages that the outbox does not know.

        `then` gets those in another robot's outbox, and those whose result is in the session's
        transcript.
        """
        ...

    def look(self, then: Callable[[tuple[Queued, ...]], None]) -> None:
        """Look for messages that other processes wrote; see `RobotOutbox.look`."""
        ...


class Queue(Protocol):
    """The robot's send queue."""

    def put(self, waiting: QueuedMessage) -> None:
        """Add a message to the end."""
        ...

    def drop(self, message: str) -> bool:
        """Remove a message. Returns whether it was waiting, and will not be sent.

        A message that is being sent is stopped before its next chunk; that is recorded.
        """
        ...

    def hurry(self) -> bool:
        """Make the next attempts of messages that failed to reach DingTalk now. Returns whether any
        waited for one."""
        ...


class Reactions(Protocol):
    """The reactions of the robot on messages, which nothing waits for."""

    def react(self, reaction: Reaction) -> None:
        """Show a reaction at a message."""
        ...

    def unreact(self, message_id: str) -> None:
        """Remove the reaction at a message."""
        ...

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to go out: only then is there time for reactions."""
        ...


class Recalls(Protocol):
    """Requests that recall sent messages."""

    def recall(self, calls: tuple[RecallCall, ...], then: Callable[[str], None]) -> None:
        """Make the calls in order; `then` gets why one was refused, in words, or an empty text."""
        ...


class CardCalls(Protocol):
    """Requests for cards with buttons."""

    def create(self, card: ButtonCard, then: Callable[[DeliveryError | None], None]) -> None:
        """Create and deliver a card; `then` gets why that failed, or None."""
        ...

    def end(self, track: str, text: str, then: Callable[[DeliveryError | None], None]) -> None:
        """Give a card another text, without buttons; `then` gets why that failed, or None."""
        ...


class Link(Protocol):
    """The robot's stream connection."""

    def connect(self) -> None:
        """Open it and keep it open. Does nothing when it is open already."""
        ...

    def disconnect(self) -> None:
        """Close it. Does nothing when it is closed already."""
        ...
