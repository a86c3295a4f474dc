"""Requests: what the editors that use a robot send to its service, as immutable values.

The service holds the link, the queue and the record of messages seen. An editor attached to it is a
"member". `robot_news` is the other direction.
"""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.messages import (
    Outbound,
)
from dingbridge.core.sessions.inbox import ResponderKind
from dingbridge.protocol.updates import MessageCommand
from dingbridge.service.robots.robot_news import Appeared, Arrived, CarryOut, Turn


class Hello(Struct, frozen=True):
    """First request of a member.

    - `cwd`: its project folder
    - `bound`: the session that it has bound already, or empty
    - `again`: it was attached before, so it does not want a session that it has not bound
    - `answers`: it has a responder
    """

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
    """Bind the member's session, in place of any other that only this member has bound."""

    session: str
    title: str
    cwd: str


class Unbind(Struct, frozen=True):
    """Release a session, whichever editor has bound it."""

    session: str


class Retitle(Struct, frozen=True):
    """A bound session has another title."""

    session: str
    title: str


class SendMessage(Struct, frozen=True):
    """Send a message. Repeated if no delivery came back; the service ignores duplicates."""

    outbound: Outbound
    kind: Purpose
    session: str


class QueryDeliveries(Struct, frozen=True):
    """Ask for the delivery of messages that a transcript shows without a final one."""

    session: str
    ids: tuple[str, ...]


class InSession(Struct, frozen=True):
    """A robot message is in the transcript: the service notifies all other members."""

    news: Appeared | Arrived


class Asking(Struct, frozen=True):
    """The member is about to have a robot message answered; it waits for `MayAsk`."""

    key: str
    by: ResponderKind


class InTranscript(Struct, frozen=True):
    """A delivered robot message is in its transcript, and what answered it has ended."""

    key: str


class Unanswered(Struct, frozen=True):
    """The member's editor did not take up a question, or it `left` without an answer."""

    turn: Turn
    left: bool


class PassOn(Struct, frozen=True):
    """The member's editor does not react to a remote command; another member should run it."""

    order: CarryOut


class Busy(Struct, frozen=True):
    """Whether the member's responder is working."""

    busy: bool


class Retry(Struct, frozen=True):
    """Retry a dead letter; an empty id means all of them."""

    id: str


class Drop(Struct, frozen=True):
    """Discard a message that waits or failed."""

    id: str


class Withdraw(Struct, frozen=True):
    """Discard a message that waits, without a word if it is on its way or has ended."""

    id: str


class HoldNotices(Struct, frozen=True):
    """Hold back notices of the robot until then, in Unix seconds; 0: no longer."""

    until: float


class RecallMessage(Struct, frozen=True):
    """Recall a sent message from DingTalk."""

    id: str


class ListMessages(Struct, frozen=True):
    """List the messages that a command can be given for."""

    command: MessageCommand


class ShowOutbox(Struct, frozen=True):
    """List the outbox.

    `prefix` is put before every id in the reply: the account's name in the editor's settings, by
    which its commands find the message.
    """

    prefix: str = ""


class Pair(Struct, frozen=True):
    """Accept a pairing code: permanently, or for an hour with `once`."""

    code: str
    once: bool = False


class Deny(Struct, frozen=True):
    """Deny the request that this code belongs to."""

    code: str


class Revoke(Struct, frozen=True):
    """Revoke the pairing of this identity or conversation id."""

    id: str


class ShowPairings(Struct, frozen=True):
    """List the open requests and the pairings."""


Ask = (
    Hello
    | Bind
    | Unbind
    | Retitle
    | SendMessage
    | QueryDeliveries
    | InSession
    | Asking
    | InTranscript
    | Answers
    | Unanswered
    | PassOn
    | Busy
    | Retry
    | Drop
    | Withdraw
    | HoldNotices
    | RecallMessage
    | ListMessages
    | ShowOutbox
    | Pair
    | Deny
    | Revoke
    | ShowPairings
)

LateAsk = SendMessage | InSession | Asking | InTranscript | Unanswered
"""Requests that are still accepted for an editor that has left while something was under way."""
