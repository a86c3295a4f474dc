"""Has robot messages answered, each in its turn."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.delivery import routing
from dingbridge.core.messages import Message
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.delivered_message import DeliveredMessage
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.robots import robot_requests


class ResponderTurns:
    """The turns of all messages of an editor with its responders.

    - `asked` keeps the order of each conversation.
    - `programs` lets a program answer one message at a time.
    - `ended` is called with the key of a message that needs nothing more.
    """

    def __init__(self, replies: ResponderReplies, ended: Callable[[str], None]) -> None:
        self.replies = replies
        self.ended = ended
        self.asked = ArrivalOrder()
        self.programs = ArrivalOrder()


class IncomingQuestion:
    """One message as a question to the responder. Service loop only.

    waiting ──complete, and its turn──▶ noted ──on disk──▶ asked ──answered, or not──▶ done
    """

    def __init__(self, turns: ResponderTurns, message: DeliveredMessage) -> None:
        self._turns = turns
        self._message = message
        self._is_complete = False
        # They start the next message of the conversation, or of the program. None while others are
        # before this one, and once it has called them.
        self._start_next: Callable[[], None] | None = None
        self._free_program: Callable[[], None] | None = None

    def wait_for_turn(self) -> None:
        """The message is in the transcript; the responder is asked after earlier ones."""
        self._turns.asked.put(self._message.place, self._has_turn)

    def complete(self) -> None:
        """The message is complete, with its attachments."""
        self._is_complete = True
        self._note()

    def give_up(self) -> None:
        """Nothing waits for this message any more."""
        for done in (self._start_next, self._free_program):
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
        responder = account.options.responder
        if responder is None or deliver.inbound.says_nothing:
            self._done()
        elif responder == "lua":
            account.member.notify(robot_requests.Asking(deliver.key, "function"))
        else:
            self._turns.programs.put((self._message.robot, ""), self._has_program)
        done()

    def _has_program(self, done: Callable[[], None]) -> None:
        # Not sooner: what no program was started for is not lost with the service.
        self._free_program = done
        if self._message.is_over or not self._message.is_here:
            done()
        else:
            asking = robot_requests.Asking(self._message.deliver.key, "program")
            self._message.account.member.notify(asking)

    def ask(self, message: Message, files: tuple[str, ...]) -> None:
        """It is on the disk that the responder is asked: ask it."""
        deliver = self._message.deliver
        target = routing.reply_target(deliver.inbound)
        self._turns.replies.ask(
            deliver.session, message, self._message.account, target, deliver, files, self._done
        )

    def _done(self) -> None:
        key = self._message.deliver.key
        self._message.account.member.notify(robot_requests.InTranscript(key))
        self._turns.ended(key)
        if self._free_program is not None:
            self._free_program()
