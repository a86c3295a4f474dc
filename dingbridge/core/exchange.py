"""What travels between the editors of one app: the small port that a relay could take over.

One editor is the owner: it holds the link, the queue and the memory of what was seen. Every editor,
the owner's own included, is a member: it tells the owner things (`Ask`) and is told things
(`News`). All values are immutable and know their own bytes.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dingbridge.core import wire
from dingbridge.core.messages import DeliveryReport, Inbound, Outbound, Target
from dingbridge.core.outbox import Kind


class Hello(Struct, frozen=True, tag="hello"):
    """First word of a member. `cwd` is its project folder. `again`: it was a member of another
    owner before, and `bound` is the session it has bound, or empty. `supposed`: that is only what
    the state file said while no owner answered, so it is taken from nobody."""

    pid: int
    cwd: str
    bound: str = ""
    title: str = ""
    again: bool = False
    supposed: bool = False


class Bind(Struct, frozen=True, tag="bind"):
    """The member's session is to be bound, in the place of any other of this member."""

    session: str
    title: str
    cwd: str


class Unbind(Struct, frozen=True, tag="unbind"):
    """A session is no longer to be bound."""

    session: str


class Send(Struct, frozen=True, tag="send"):
    """A message is to go out. It may be told again when its fate did not come back."""

    outbound: Outbound
    kind: Kind
    session: str


class Known(Struct, frozen=True, tag="known"):
    """What became of these messages, which a transcript shows without a fate?"""

    session: str
    ids: tuple[str, ...]


class Handed(Struct, frozen=True, tag="handed"):
    """A delivered robot message stands in its transcript."""

    key: str


class Busy(Struct, frozen=True, tag="busy"):
    """Whether the member's responder is working."""

    busy: bool


class Retry(Struct, frozen=True, tag="retry"):
    """Try a dead letter again; an empty id means all of them."""

    id: str


class Drop(Struct, frozen=True, tag="drop"):
    """Give up a message that waits or that failed."""

    id: str


class ShowOutbox(Struct, frozen=True, tag="show_outbox"):
    """What is in the outbox? `prefix` stands before every id in the answer: by the name that the
    editor's settings give the account, its commands know whose message is meant."""

    prefix: str = ""


class Pair(Struct, frozen=True, tag="pair"):
    """Let in whom this code belongs to: for good, or `once`, which is for an hour."""

    code: str
    once: bool = False


class Deny(Struct, frozen=True, tag="deny"):
    """Refuse whom this code belongs to."""

    code: str


class Revoke(Struct, frozen=True, tag="revoke"):
    """Whoever has this identity or conversation id is not let in by a code any more."""

    id: str


class ShowPairings(Struct, frozen=True, tag="show_pairings"):
    """Who asks to be let in, and who was?"""


class Mark(Struct, frozen=True, tag="mark"):
    """Say `Marked`, with this number, once all that was asked for before is on the disk."""

    number: int


Ask = (
    Hello
    | Bind
    | Unbind
    | Send
    | Known
    | Handed
    | Busy
    | Retry
    | Drop
    | ShowOutbox
    | Pair
    | Deny
    | Revoke
    | ShowPairings
    | Mark
)


class Restore(Struct, frozen=True, tag="restore"):
    """Answer to a first `Hello`: the session that this member should take up, or none, and the
    conversation that spoke to it last."""

    session: str = ""
    target: Target | None = None


class Bound(Struct, frozen=True, tag="bound"):
    """The member's session is bound, and that is on the disk; or another editor has just written
    into its transcript. `target` is the conversation that spoke to it last, if any did."""

    session: str
    target: Target | None = None


class Released(Struct, frozen=True, tag="released"):
    """Another editor has bound this session."""

    session: str
    by: int


class Fate(Struct, frozen=True, tag="fate"):
    """News of an outbound message, for whoever shows it."""

    report: DeliveryReport
    session: str


class Start(Struct, frozen=True):
    """What a session begins with that is made on demand. `cwd` is its project folder."""

    title: str
    instructions: str = ""
    cwd: str = ""
    model: str = ""


class Deliver(Struct, frozen=True, tag="deliver"):
    """A robot message for a session of this member. `again`: it may stand there already. `start` is
    there for a session that is made on demand, `instructions` are those of the conversation."""

    key: str
    inbound: Inbound
    session: str
    again: bool = False
    start: Start | None = None
    instructions: str = ""


class CarryOut(Struct, frozen=True, tag="obey"):  # as editors that still run 0.1 read it
    """A remote command that its sender may use, about a session of this member. `again`: it may
    have been carried out already; `admin`: it comes from one."""

    key: str
    inbound: Inbound
    session: str
    again: bool = False
    admin: bool = False
    start: Start | None = None


class PairingAsked(Struct, frozen=True, tag="knock"):  # as above
    """Somebody asks to be let in. `who` says in words whom the code would let in."""

    code: str
    id: str
    kind: str
    who: str


class Pairings(Struct, frozen=True, tag="pairings"):
    """Answer to `ShowPairings`: the open codes with who asks, and all of it in words."""

    asking: tuple[tuple[str, str], ...]
    text: str


class LetIn(Struct, frozen=True, tag="let_in"):
    """Told to whoever joins, and when it changes: the open codes with who asks, and the ids of
    those whom a code let in with who they are."""

    asking: tuple[tuple[str, str], ...] = ()
    paired: tuple[tuple[str, str], ...] = ()


class Letters(Struct, frozen=True, tag="letters"):
    """Answer to `ShowOutbox`: lines, each with the id of the message it is about, as commands take
    it; empty for a line about none. The first one sums up."""

    lines: tuple[tuple[str, str], ...]


class State(Struct, frozen=True, tag="state"):
    """How the owner is doing. `cool_down_until` is Unix seconds, 0 without one; `quota` is the
    month's use in words, `admitted` says who is let in, and `asking` counts who asks to be.
    `failed_ids` and `waiting_ids` are those of the latest messages in the outbox, newest first."""

    owner_pid: int
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


class LinkNews(Struct, frozen=True, tag="link"):
    """The link's state changed. `next_try` is when it is opened again, in Unix seconds, or 0."""

    link: str
    reason: str = ""
    fix: str = ""
    next_try: float = 0.0


class Words(Struct, frozen=True, tag="words"):
    """Something the user should read. `level` is info, warn or error."""

    text: str
    level: str = "info"


class Marked(Struct, frozen=True, tag="marked"):
    """Answer to `Mark`."""

    number: int


News = (
    Restore
    | Bound
    | Released
    | Fate
    | Deliver
    | CarryOut
    | PairingAsked
    | Pairings
    | LetIn
    | Letters
    | State
    | LinkNews
    | Words
    | Marked
)

_encoder = msgspec.msgpack.Encoder()
_asks: msgspec.msgpack.Decoder[Ask] = msgspec.msgpack.Decoder(Ask)
_news: msgspec.msgpack.Decoder[News] = msgspec.msgpack.Decoder(News)


def encode(value: Ask | News) -> bytes:
    """The value's bytes. A lone surrogate in a text becomes U+FFFD."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(msgspec.json.decode(wire.encode(msgspec.to_builtins(value))))


def decode_ask(data: bytes) -> Ask:
    """What a member asks. Raises `ValueError` for anything else."""
    try:
        return _asks.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not a word of an editor") from cause


def decode_news(data: bytes) -> News:
    """What the owner says. Raises `ValueError` for anything else."""
    try:
        return _news.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not a word of the owner") from cause
