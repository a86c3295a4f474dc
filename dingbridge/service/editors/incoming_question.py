"""Has robot messages answered, each in its turn."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.delivery import routing
from dingbridge.core.dingtalk import addressees
from dingbridge.core.messages import Message
from dingbridge.service.agents.turn_queue import QueuedTurn
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.backends import Backend
from dingbridge.service.editors.delivered_message import DeliveredMessage
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.robots import robot_requests


class ResponderTurns:
    """The turns of all messages of an editor with its responders.

    - `asked` keeps the order of each conversation.
    - `ended` is called with the key of a message that needs nothing more.
    """

    def __init__(self, replies: ResponderReplies, ended: Callable[[str], None]) -> None:
        self.replies = replies
        self.ended = ended
        self.asked = ArrivalOrder()


class IncomingQuestion:
    """One message as a question to the responder. Service loop only.

    waiting ──complete, and its turn──▶ noted ──on disk──▶ asked ──answered, or not──▶ done
    """

    def __init__(self, turns: ResponderTurns, message: DeliveredMessage) -> None:
        self._turns = turns
        self._message = message
        self._is_complete = False
        # They start the next message of the conversation, or of the backend. None while others are
        # before this one, and once it has called them.
        self._start_next: Callable[[], None] | None = None
        self._free_backend: Callable[[], None] | None = None

    def wait_for_turn(self) -> None:
        """The message is in the transcript; the responder is asked after earlier ones."""
        self._turns.asked.put(self._message.place, self._has_turn)

    def complete(self) -> None:
        """The message is complete, with its attachments."""
        self._is_complete = True
        self._note()

    def give_up(self) -> None:
        """Nothing waits for this message any more."""
        for done in (self._start_next, self._free_backend):
            if done is not None:
                done()

    def _has_turn(self, done: Callable[[], None]) -> None:
        self._start_next = done
        if self._message.is_over:
            done()
        self._note()

    def _note(self) -> None:
        """Have it answered, once it is on the disk that it is."""
        if self._message.is_over or self._start_next is None or not self._is_complete:
            return
        done, self._start_next = self._start_next, None
        deliver, account = self._message.deliver, self._message.account
        backend = self._turns.replies.backend(account, deliver.session)
        queue = backend.queue(deliver.session, self._message.robot) if backend else None
        if backend is None or deliver.inbound.says_nothing:
            self._done()
        elif queue is None:
            account.member.notify(robot_requests.Asking(deliver.key, backend.noted_as))
        else:
            turn = QueuedTurn(
                session=deliver.session,
                start=self._has_turn_of(backend),
                withdrawn=self._withdrawn,
                asker=deliver.inbound.sender.identity,
                is_next=self._aside is not None,
            )
            before = queue(turn)
            if before:
                self._turns.replies.waiting.queued(account, deliver, before)
        done()

    def _has_turn_of(self, backend: Backend) -> Callable[[Callable[[], None]], None]:
        def start(done: Callable[[], None]) -> None:
            # Not sooner: what nothing was started for is not lost with the service.
            self._free_backend, deliver = done, self._message.deliver
            if self._message.is_over or not self._message.is_here:
                done()
            elif not self._turns.replies.has_turn(self._message.account, deliver.session):
                self._turns.replies.waiting.dropped(self._message.account, deliver)
                self._done()
            else:
                asking = robot_requests.Asking(deliver.key, backend.noted_as)
                self._message.account.member.notify(asking)

        return start

    def _withdrawn(self) -> bool:
        """Its author does not want an answer any more. Returns False if nothing waited for it."""
        if self._message.is_over or not self._message.is_here:
            return False
        self._turns.replies.waiting.withdrawn(self._message.deliver)
        self._done()
        return True

    @property
    def _aside(self) -> str | None:
        """What a message with `/btw` says, which is asked before those that wait; None for
        another message."""
        command = addressees.command_in(self._message.deliver.inbound)
        return command.text if isinstance(command, remote.Btw) else None

    def ask(self, message: Message, files: tuple[str, ...]) -> None:
        """It is on the disk that the responder is asked: ask it."""
        deliver, aside = self._message.deliver, self._aside
        target = routing.reply_target(deliver.inbound)
        if aside:
            message = structs.replace(message, text=aside)
        self._turns.replies.ask(
            deliver.session, message, self._message.account, target, deliver, files, self._done
        )

    def _done(self) -> None:
        key = self._message.deliver.key
        self._message.account.member.notify(robot_requests.InTranscript(key))
        self._turns.ended(key)
        if self._free_backend is not None:
            self._free_backend()
