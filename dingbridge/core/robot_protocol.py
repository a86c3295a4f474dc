"""What the owner of a robot and the editors that use it tell each other, in immutable values.

The owner holds the link, the queue and the memory of what was seen. Every editor is a member: it
tells the owner things (`Ask`) and is told things (`News`).
"""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.delivery.outbox import Purpose
from dingbridge.core.messages import (
    At,
    DeliveryReport,
    Inbound,
    Message,
    Outbound,
    Question,
    Target,
)
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.inbox import Answerer


class Hello(Struct, frozen=True):
    """First word of a member. `cwd` is its project folder, `bound` the session that it has bound
    already, or empty. `again`: it was attached to the service before, so what it has not bound it
    does not want. `answers`: it has a responder."""

    pid: int
    cwd: str
    bound: str = ""
    title: str = ""
    again: bool = False
    answers: bool = False


class Answers(Struct, frozen=True):
    """Whether the member has a responder."""

    answers: bool


class Bind(Struct, frozen=True):
    """The member's session is to be bound, in the place of any other that only it has bound."""

    session: str
    title: str
    cwd: str


class Unbind(Struct, frozen=True):
    """A session is no longer to be bound, in whichever editor."""

    session: str


class SendMessage(Struct, frozen=True):
    """A message is to go out. It may be told again when its fate did not come back."""

    outbound: Outbound
    kind: Purpose
    session: str


class Known(Struct, frozen=True):
    """What became of these messages, which a transcript shows without a fate?"""

    session: str
    ids: tuple[str, ...]


class Appeared(Struct, frozen=True):
    """A robot message is new in a session, and its files are still fetched."""

    inbound: Inbound
    session: str


class Arrived(Struct, frozen=True):
    """A robot message is new in a session, with all that came along, of which `files` are the
    paths. `has_appeared`: it was told before, without that."""

    inbound: Inbound
    session: str
    message: Message
    files: tuple[str, ...] = ()
    has_appeared: bool = False


class InSession(Struct, frozen=True):
    """A robot message has come into the transcript: all other members are told."""

    news: Appeared | Arrived


class Asking(Struct, frozen=True):
    """The member is about to have a delivered robot message answered, once it `MayAsk`."""

    key: str
    by: Answerer


class InTranscript(Struct, frozen=True):
    """A delivered robot message stands in its transcript, and what answers it has ended."""

    key: str


class Turn(Struct, frozen=True):
    """A question to a responder. `target` is where the answer goes, whom it mentions is `at`, and
    `asker` is the identity of who asked. These members (numbers) were `tried` before."""

    question: Question
    target: Target
    asker: str = ""
    at: At = At()
    tried: tuple[int, ...] = ()


class Unanswered(Struct, frozen=True):
    """The member's editor has not taken up a question, or it has `left` without an answer."""

    turn: Turn
    left: bool


class PassOn(Struct, frozen=True):
    """The member's editor does not answer what a command from DingTalk wants to know of it."""

    order: CarryOut


class Busy(Struct, frozen=True):
    """Whether the member's responder is working."""

    busy: bool


class Retry(Struct, frozen=True):
    """Try a dead letter again; an empty id means all of them."""

    id: str


class Drop(Struct, frozen=True):
    """Give up a message that waits or that failed."""

    id: str


class ShowOutbox(Struct, frozen=True):
    """What is in the outbox? `prefix` stands before every id in the answer: by the name that the
    editor's settings give the account, its commands know whose message is meant."""

    prefix: str = ""


class Pair(Struct, frozen=True):
    """Let in whom this code belongs to: for good, or `once`, which is for an hour."""

    code: str
    once: bool = False


class Deny(Struct, frozen=True):
    """Refuse whom this code belongs to."""

    code: str


class Revoke(Struct, frozen=True):
    """Whoever has this identity or conversation id is not let in by a code any more."""

    id: str


class ShowPairings(Struct, frozen=True):
    """Who asks to be let in, and who was?"""


Ask = (
    Hello
    | Bind
    | Unbind
    | SendMessage
    | Known
    | InSession
    | Asking
    | InTranscript
    | Answers
    | Unanswered
    | PassOn
    | Busy
    | Retry
    | Drop
    | ShowOutbox
    | Pair
    | Deny
    | Revoke
    | ShowPairings
)


class Restore(Struct, frozen=True):
    """Answer to the `Hello` of a member that has bound nothing: the session that it should take up,
    or none, and the conversation that spoke to it last."""

    session: str = ""
    target: Target | None = None


class SessionBound(Struct, frozen=True):
    """The member's session is bound, and that is on the disk; or another editor has just written
    into its transcript. `target` is the conversation that spoke to it last, if any did."""

    session: str
    target: Target | None = None


class Ruling(Struct, frozen=True):
    """The options that hold for the robot, as the editor of the process `by` was set up last."""

    options: Options
    by: int


class Unbound(Struct, frozen=True):
    """Another editor, of the process `by`, has released the session that this one has bound."""

    session: str
    by: int


class AnswerInstead(Struct, frozen=True):
    """The member's responder is to answer, as another one has not."""

    turn: Turn


class AnswerWithdrawn(Struct, frozen=True):
    """Another member answers the question or carries out the command of this name instead."""

    name: str


class DeliveryUpdate(Struct, frozen=True):
    """News of an outbound message, for whoever shows it."""

    report: DeliveryReport
    session: str


class SessionStart(Struct, frozen=True):
    """What a session begins with that is made on demand. `cwd` is its project folder."""

    title: str
    instructions: str = ""
    cwd: str = ""
    model: str = ""


class Deliver(Struct, frozen=True):
    """A robot message for a session of this member. `again`: it may stand there already. `start` is
    there for a session that is made on demand, `instructions` are those of the conversation."""

    key: str
    inbound: Inbound
    session: str
    again: bool = False
    start: SessionStart | None = None
    instructions: str = ""


class MayAsk(Struct, frozen=True):
    """It is on the disk that the robot message of this name is asked about: now it may be."""

    key: str


class ProgramAnswerLost(Struct, frozen=True):
    """A robot message of this session was given to a program, and the service ended before the
    program. Whoever wrote is to be told; the message goes to nobody again."""

    key: str
    inbound: Inbound
    session: str


class CarryOut(Struct, frozen=True):
    """A remote command that its sender may use, about a session of this member. `again`: it may
    have been carried out already; `admin`: it comes from one. These members (numbers) were `tried`
    before."""

    key: str
    inbound: Inbound
    session: str
    again: bool = False
    admin: bool = False
    start: SessionStart | None = None
    tried: tuple[int, ...] = ()


class PairingRequested(Struct, frozen=True):
    """Somebody asks to be let in. `who` says in words whom the code would let in."""

    code: str
    id: str
    kind: str
    who: str


class PairingsReport(Struct, frozen=True):
    """Answer to `ShowPairings`: the open codes with who asks, and all of it in words."""

    asking: tuple[tuple[str, str], ...]
    text: str


class AccessChanged(Struct, frozen=True):
    """Told to whoever joins, and when it changes: the open codes with who asks, and the ids of
    those whom a code let in with who they are."""

    asking: tuple[tuple[str, str], ...] = ()
    paired: tuple[tuple[str, str], ...] = ()


class OutboxLines(Struct, frozen=True):
    """Answer to `ShowOutbox`: lines, each with the id of the message it is about, as commands take
    it; empty for a line about none. The first one sums up."""

    lines: tuple[tuple[str, str], ...]


class RobotState(Struct, frozen=True):
    """How the owner is doing. `cool_down_until` is Unix seconds, 0 without one; `quota` is the
    month's use in words, `admitted` says who is let in, and `asking` counts who asks to be.
    `failed_ids` and `waiting_ids` are those of the latest messages in the outbox, newest first.
    `bound` are the sessions that the robot's editors have bound."""

    link: str
    queued: int
    failed: int
    refused: int
    last_error: str = ""
    cool_down_until: float = 0.0
    cool_down_reason: str = ""
    quota: str = ""
    admitted: str = ""
    asking: int = 0
    failed_ids: tuple[str, ...] = ()
    waiting_ids: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()


class LinkNews(Struct, frozen=True):
    """The link's state changed. `next_try` is when it is opened again, in Unix seconds, or 0."""

    link: str
    reason: str = ""
    fix: str = ""
    next_try: float = 0.0


class Notice(Struct, frozen=True):
    """Something the user should read. `level` is info, warn or error."""

    text: str
    level: str = "info"


News = (
    Restore
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
    | RobotState
    | LinkNews
    | Notice
)
