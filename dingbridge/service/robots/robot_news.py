"""News: what the service of a robot sends to the editors that use it, as immutable values.

`robot_requests` is the other direction. "Member" is an editor that is attached to the robot.
"""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.delivery.message_rows import MessageRow
from dingbridge.core.messages import At, DeliveryReport, Inbound, Message, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import Question
from dingbridge.core.sessions.robot_state import RobotState
from dingbridge.core.sessions.scopes import SessionStart
from dingbridge.protocol.updates import MessageCommand


class Appeared(Struct, frozen=True):
    """A robot message is new in a session; its files are still being fetched."""

    inbound: Inbound
    session: str


class Arrived(Struct, frozen=True):
    """A robot message is new in a session, complete; `files` are the paths of its files.

    `has_appeared`: an `Appeared` came before.
    """

    inbound: Inbound
    session: str
    message: Message
    files: tuple[str, ...] = ()
    has_appeared: bool = False


class Turn(Struct, frozen=True):
    """A question to a responder.

    The answer goes to `target` and mentions `at`; `asker` is the identity of the person who asked.
    `tried` are the members (numbers) that did not answer it.
    """

    question: Question
    target: Target
    asker: str = ""
    at: At = At()
    tried: tuple[int, ...] = ()


class RestoreBinding(Struct, frozen=True):
    """Reply to the `Hello` of a member without a bound session.

    It should bind `session` (empty: none); `target` is the conversation that spoke to it last.
    """

    session: str = ""
    target: Target | None = None


class SessionBound(Struct, frozen=True):
    """The member's session is bound, durably; or another editor has written into its transcript.

    `target` is the conversation that spoke to it last, if any.
    """

    session: str
    target: Target | None = None


class Ruling(Struct, frozen=True):
    """The options in force for the robot: set up last, by the editor of process `by`."""

    options: Options
    by: int


class Unbound(Struct, frozen=True):
    """The editor of process `by` has released the session that this member has bound."""

    session: str
    by: int


class AnswerInstead(Struct, frozen=True):
    """The member's responder should answer, because another one did not."""

    turn: Turn


class AnswerWithdrawn(Struct, frozen=True):
    """Another member answers the question, or runs the command, of this name instead."""

    name: str


class DeliveryUpdate(Struct, frozen=True):
    """The delivery state of an outbound message, for the editors that show it."""

    report: DeliveryReport
    session: str


class Deliver(Struct, frozen=True):
    """A robot message for a session of this member.

    `again`: the transcript may contain it already. `start` is set when the session is created on
    demand. `instructions` are those of the conversation.
    """

    key: str
    inbound: Inbound
    session: str
    again: bool = False
    start: SessionStart | None = None
    instructions: str = ""


class MayAsk(Struct, frozen=True):
    """Reply to `Asking`: it is durable that this robot message is being answered."""

    key: str


class ProgramAnswerLost(Struct, frozen=True):
    """A program was answering this robot message, and the service ended before the program.

    The sender is notified; nobody else gets the message.
    """

    key: str
    inbound: Inbound
    session: str


class CarryOut(Struct, frozen=True):
    """A remote command about a session of this member; its sender is allowed to use it.

    `again`: it may have been run already. `admin`: an admin sent it. `tried` are the members
    (numbers) that did not run it.
    """

    key: str
    inbound: Inbound
    session: str
    again: bool = False
    admin: bool = False
    start: SessionStart | None = None
    tried: tuple[int, ...] = ()


class PairingRequested(Struct, frozen=True):
    """Somebody requests access. `who` describes whom the code would admit."""

    code: str
    id: str
    kind: str
    who: str


class PairingsReport(Struct, frozen=True):
    """Reply to `ShowPairings`: the open codes with who asks, and the whole list in words."""

    asking: tuple[tuple[str, str], ...]
    text: str


class AccessChanged(Struct, frozen=True):
    """Sent to a member that joins, and after each change.

    `asking` are the open codes with who asks, `paired` the admitted ids with their names.
    """

    asking: tuple[tuple[str, str], ...] = ()
    paired: tuple[tuple[str, str], ...] = ()


class OutboxLines(Struct, frozen=True):
    """Reply to `ShowOutbox`: lines with the id of their message, as commands take it.

    The first line is the summary. The id is empty for a line that is about no message.
    """

    lines: tuple[tuple[str, str], ...]


class MessageChoice(Struct, frozen=True):
    """Reply to `ListMessages`, or to a `Retry` of all: the user chooses one of these messages."""

    command: MessageCommand
    rows: tuple[MessageRow, ...]


class LinkNews(Struct, frozen=True):
    """The link's state changed. `next_try` is the next attempt in Unix seconds, or 0."""

    link: str
    reason: str = ""
    fix: str = ""
    next_try: float = 0.0


class TriedAgain(Struct, frozen=True):
    """These failed messages are sent again, as the member asked: their ends concern its editor,
    also if another one sent them or an earlier service reported their failure."""

    ids: tuple[str, ...]


class Notice(Struct, frozen=True):
    """A message for the user. `level` is info, warn or error."""

    text: str
    level: str = "info"


News = (
    RestoreBinding
    | SessionBound
    | Ruling
    | Unbound
    | Appeared
    | Arrived
    | AnswerInstead
    | AnswerWithdrawn
    | DeliveryUpdate
    | Deliver
    | MayAsk
    | ProgramAnswerLost
    | CarryOut
    | PairingRequested
    | PairingsReport
    | AccessChanged
    | OutboxLines
    | MessageChoice
    | RobotState
    | LinkNews
    | TriedAgain
    | Notice
)
