"""An editor's requests to a robot, kept until the robot has answered them."""

from __future__ import annotations

from collections import OrderedDict

from dingbridge.core.messages import Delivery
from dingbridge.service.editors.editor_ports import RobotAccess
from dingbridge.service.robots.robot_requests import (
    Answers,
    Ask,
    Bind,
    Busy,
    Hello,
    QueryDeliveries,
    SendMessage,
    Unbind,
)

ENDS_KEPT = 1000
"""Maximum number of final deliveries to remember, so that each is reported once."""


class PendingRequests:
    """Keeps requests until the robot has answered. Service loop only.

    reserved ──send()──▶ unanswered ──the robot has it on disk──▶ under way ──▶ ended
       └──give_up()──▶ dropped
    """

    def __init__(self, robot: RobotAccess, pid: int, cwd: str, pending: set[str]) -> None:
        self._robot = robot
        self._pid = pid
        self._cwd = cwd
        # Shared by all editors: these messages are not lost, even if no robot knows them.
        self._pending = pending
        self._bound = ("", "")
        self._again = False
        self._line: dict[str, SendMessage | None] = {}
        self._unanswered: dict[str, SendMessage] = {}
        self._under_way: set[str] = set()
        self._ended: OrderedDict[str, tuple[Delivery, str]] = OrderedDict()
        self._is_newcomer = True
        # Messages whose final delivery an earlier service may have reported, with the one reported
        # since.
        self._perhaps_told: dict[str, tuple[Delivery, str] | None] = {}
        self._untold: list[Ask] = []
        self._busy = False
        self._answers = False

    @property
    def unanswered(self) -> tuple[SendMessage, ...]:
        """Messages that no robot has on disk yet."""
        return tuple(self._unanswered.values())

    def gone(self) -> None:
        """The editor has left; its unanswered messages are on disk."""
        self._pending.difference_update({*self._line, *self._unanswered})

    def came_back(self) -> None:
        """The editor comes from an earlier service: it knows its bindings."""
        self._again = True
        self._is_newcomer = False

    def joined(self) -> None:
        """The robot can be used: submit `Hello`, then everything unanswered."""
        session, title = self._bound
        self._robot.notify(Hello(self._pid, self._cwd, session, title, self._again, self._answers))
        self._again = False
        untold, self._untold = self._untold, []
        for ask in (*self._unanswered.values(), *untold):
            self._robot.notify(ask)
        if self._busy:
            self._robot.notify(Busy(True))

    def notify(self, ask: Ask) -> None:
        """Submit a request now, or once the robot can be used."""
        if not self._robot.notify(ask):
            self._untold.append(ask)

    def reserve(self, message: str) -> None:
        """Reserve the place of a message that is still being made: later messages wait for it."""
        self._line[message] = None
        self._pending.add(message)

    def give_up(self, message: str) -> None:
        """Release the reserved place of this message."""
        self._line.pop(message, None)
        self._pending.discard(message)
        self._advance()

    def send(self, ask: SendMessage) -> None:
        """Submit a message in its place. It is kept until the robot has answered."""
        self._line[ask.outbound.id] = ask
        self._pending.add(ask.outbound.id)
        self._advance()

    def _advance(self) -> None:
        while self._line:
            first, ask = next(iter(self._line.items()))
            if ask is None:
                return
            del self._line[first]
            self._hand_over(ask)

    def _hand_over(self, ask: SendMessage) -> None:
        self._unanswered[ask.outbound.id] = ask
        self.expect(ask.outbound.id)
        self._robot.notify(ask)

    def expect(self, message: str) -> None:
        """The editor waits for the final delivery of a message, which it sent now or under an
        earlier service."""
        self._perhaps_told.pop(message, None)
        self._under_way.add(message)

    def answered(self, message: str) -> bool:
        """The robot has the message. Returns whether that is new."""
        self._pending.discard(message)
        return self._unanswered.pop(message, None) is not None

    def ask(self, session: str, messages: tuple[str, ...]) -> None:
        """Ask for the delivery of messages that a transcript shows without a final one.

        An earlier service may have reported it and been killed before it was in the transcript.
        """
        if not self._is_newcomer:
            new = (message for message in messages if not self.sent(message))
            self._perhaps_told.update(dict.fromkeys(new))
        self.notify(QueryDeliveries(session, messages))

    def perhaps_told(self, message: str, end: tuple[Delivery, str]) -> bool:
        """Whether the editor may know this final delivery from an earlier service and does not wait
        for it."""
        if message not in self._perhaps_told:
            return False
        before, self._perhaps_told[message] = self._perhaps_told[message], end
        return before in (None, end)

    def sent(self, message: str) -> bool:
        """Whether this editor sent the message."""
        return message in self._under_way or message in self._ended

    def ended(self, message: str, end: tuple[Delivery, str]) -> bool:
        """The message has this final delivery and reason. Returns whether that is new: the robot
        reports it when it happens, and again to an editor that asked."""
        known = self._ended.pop(message, None)
        self._under_way.discard(message)
        self._ended[message] = end
        while len(self._ended) > ENDS_KEPT:
            self._ended.popitem(last=False)
        return known != end

    def goes_on(self, message: str) -> None:
        """The message is under way; if it had a final delivery, it was retried."""
        self._perhaps_told.pop(message, None)
        if self._ended.pop(message, None) is not None:
            self._under_way.add(message)

    def moved(self) -> tuple[SendMessage, ...]:
        """The account belongs to another robot now. Returns the messages that the earlier robot has
        not answered, in order, for its journal."""
        behind = [ask for ask in self._line.values() if ask is not None]
        self._line = {message: None for message, ask in self._line.items() if ask is None}
        left = (*self.unanswered, *behind)
        self._pending.difference_update(ask.outbound.id for ask in left)
        self._unanswered = {}
        self._under_way = set()
        self._untold = []
        return left

    def work(self, *, busy: bool) -> None:
        """Report whether the responder is working."""
        self._busy = busy
        self._robot.notify(Busy(busy))

    def answers(self, *, answers: bool) -> None:
        """Report whether there is a responder, if that has changed."""
        if answers != self._answers:
            self._answers = answers
            self._robot.notify(Answers(answers))

    def bind(self, session: str, title: str) -> bool:
        """Request to bind a session; while the robot cannot be used, with the next `Hello`. Returns
        False then."""
        self._bound = (session, title)
        # An earlier release that was not submitted is void.
        self._untold = [ask for ask in self._untold if ask != Unbind(session)]
        return self._robot.notify(Bind(session, title, self._cwd))

    def holds(self, session: str, title: str) -> None:
        """This session is bound here."""
        self._bound = (session, title)

    def unbind(self, session: str) -> None:
        """Request to release a session."""
        self.notify(Unbind(session))

    def released(self) -> None:
        """No session is bound here."""
        self._bound = ("", "")
