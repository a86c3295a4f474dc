"""Updates for the editor. Each is one table in Lua, with its name in `kind`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge import __version__
from dingbridge.core.agents.turn_steps import StepChange, TurnStep
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.questions import ReplyContext
from dingbridge.core.sessions.destinations import NOBODY, Destination

Level = Literal["info", "warn", "error"]


class HostStarted(Struct, frozen=True, tag_field="kind", tag="host"):
    """The host has started. `channel` is its RPC channel, `path` its path of the plugin,
    `version` that of its code.
    """

    channel: int
    path: str
    version: str = __version__


class Configured(Struct, frozen=True, tag_field="kind", tag="configured"):
    """The settings of this revision are in effect; earlier updates may be outdated."""

    revision: int


class ShowNotice(Struct, frozen=True, tag_field="kind", tag="say"):
    """A line for the user. If a message of a `session` says it as well, the editor only keeps the
    line while that session is in a window.
    """

    text: str
    level: Level = "info"
    session: str = ""


class ShowKeptHere(Struct, frozen=True, tag_field="kind", tag="kept_here"):
    """A message that nobody reads was put into a session. The editor says so if the session is in
    no window, where the mark of the message would be seen.
    """

    session: str


ReportName = Literal["status", "outbox", "pairings"]


class ReportLine(Struct, frozen=True):
    """A line of a report, with the id of its message for commands, or empty."""

    text: str
    message: str = ""


class Report(Struct, frozen=True, tag_field="kind", tag="report"):
    """Several lines for the user. `again`: refresh the report if it is open; do not open it."""

    name: ReportName
    lines: tuple[ReportLine, ...]
    again: bool = False


class SessionRow(Struct, frozen=True):
    """A session in the list. `created` is Unix seconds."""

    id: str
    title: str
    created: float
    bound: bool = False


class ShowSessions(Struct, frozen=True, tag_field="kind", tag="sessions"):
    """All sessions, in the order of `:Chat next`. `current` is the one that commands use if the
    editor shows none, or empty.
    """

    list: tuple[SessionRow, ...]
    current: str = ""


class ShowSession(Struct, frozen=True, tag_field="kind", tag="open"):
    """Show a session."""

    id: str


class LatestMessage(Struct, frozen=True):
    """The last message of a session: its first words, and when it was written (Unix seconds)."""

    session: str
    author: str
    text: str
    time: float


class Pick(Struct, frozen=True, tag_field="kind", tag="pick"):
    """Let the user choose among the sessions. `latest` are the last messages of those that have
    any."""

    latest: tuple[LatestMessage, ...]


class FoundMessage(Struct, frozen=True):
    """A message that a search found; `text` is the line with its words."""

    session: str
    title: str
    message: str
    author: str
    time: float
    text: str


class ShowFound(Struct, frozen=True, tag_field="kind", tag="found"):
    """The result of a search for `typed`: messages, the latest first."""

    typed: str
    words: tuple[str, ...]
    ignores_case: bool
    list: tuple[FoundMessage, ...]


class Closed(Struct, frozen=True, tag_field="kind", tag="closed"):
    """A session is gone."""

    id: str


class ShowMessages(Struct, frozen=True, tag_field="kind", tag="messages"):
    """More of a session's transcript; `reset` starts it anew."""

    id: str
    list: tuple[Message, ...]
    reset: bool = False


class ShowEnd(Struct, frozen=True, tag_field="kind", tag="ending"):
    """The end of a session's transcript as it is on disk.

    The editor updates and reorders the messages that it has, or starts again if the transcript is
    another one. `since` lists later messages in order. If there is `more` above, the editor
    requests it with the event `earlier`.
    """

    id: str
    list: tuple[Message, ...]
    since: tuple[str, ...] = ()
    more: bool = False


class Earlier(Struct, frozen=True, tag_field="kind", tag="earlier"):
    """The part above the messages that the editor has; if there is `more`, it asks again."""

    id: str
    list: tuple[Message, ...]
    more: bool


class ShowDelivery(Struct, frozen=True, tag_field="kind", tag="fate"):
    """A new delivery state of a message in the transcript, or its complete `text`."""

    id: str
    message: str
    delivery: Delivery
    reason: str = ""
    text: str = ""


class ShowTurn(Struct, frozen=True, tag_field="kind", tag="turn"):
    """An agent's answer so far, in place of an earlier one of its session. It stands below the
    transcript, which gets the whole answer at the end.

    The last `planned` of the message's steps are its plan.
    """

    id: str
    message: Message
    planned: int = 0


class TurnGrew(Struct, frozen=True, tag_field="kind", tag="turn_grew"):
    """More of the answer `message` of `ShowTurn`: text to append, steps, and the whole plan if it
    has changed."""

    id: str
    message: str
    text: str = ""
    steps: tuple[StepChange, ...] = ()
    plan: tuple[TurnStep, ...] | None = None


class TurnOver(Struct, frozen=True, tag_field="kind", tag="turn_over"):
    """The answer `message` of `ShowTurn` is not worked on any more: remove it."""

    id: str
    message: str


class ShowDestinations(Struct, frozen=True, tag_field="kind", tag="destinations"):
    """The conversations of a session: the one for new texts (empty: none), whether the user chose
    it, and all choices.

    `robot` is the account's robot (`routing.robot_name`); account and robot are empty if the
    session is not bound.
    """

    id: str
    account: str = ""
    robot: str = ""
    current: Destination = NOBODY
    chosen: bool = False
    known: tuple[Destination, ...] = ()


class MoveDraft(Struct, frozen=True, tag_field="kind", tag="move_draft"):
    """The session's draft goes to this conversation now; empty: it stays in the editor."""

    id: str
    destination: Destination


class ChooseDestination(Struct, frozen=True, tag_field="kind", tag="choose_destination"):
    """Let the user choose among the conversations of a session."""

    id: str


class SendDraft(Struct, frozen=True, tag_field="kind", tag="send_draft"):
    """Send the session's draft."""

    id: str


class Unsent(Struct, frozen=True, tag_field="kind", tag="unsent"):
    """A draft was refused: put its text back into the draft."""

    id: str


class Confirmed(Struct, frozen=True, tag_field="kind", tag="confirmed"):
    """The editor can drop its copy of a message: it is durable, or its session was deleted."""

    id: str


class Leaving(Struct, frozen=True, tag_field="kind", tag="leaving"):
    """Progress of an editor's exit."""

    word: Literal["begun", "done"]


class ServiceGone(Struct, frozen=True, tag_field="kind", tag="service_gone"):
    """The service is gone; another one is starting."""


class ServiceBack(Struct, frozen=True, tag_field="kind", tag="service_back"):
    """A new service is attached, which knows nothing of what this editor shows and has sent."""


class AccountStatus(Struct, frozen=True, kw_only=True):
    """The state of one account, by the names of `ShowStatus`. `owner` is always empty: in 0.1 it
    named another Neovim."""

    account: str
    mode: str
    connected: bool
    session: str
    owner: str = ""
    link: str
    target: str
    queued: int
    failed: int
    refused: int
    asking: int
    last_error: str
    cool_down_until: float
    cool_down: str
    quota: str


class OutboxIds(Struct, frozen=True, kw_only=True):
    """Ids of the latest messages that failed, that wait, and that can be recalled, as commands take
    them."""

    failed: tuple[str, ...]
    waiting: tuple[str, ...]
    recallable: tuple[str, ...] = ()


class UnreadRow(Struct, frozen=True):
    """The unread messages of a session: how many, and the id of the first."""

    session: str
    count: int
    since: str


class ShowStatus(Struct, frozen=True, kw_only=True, tag_field="kind", tag="status"):
    """The state of the bridge; see `require('dingbridge').status()`, which leaves out `outbox` and
    adds up `unread`."""

    mode: str
    connected: bool
    account: str
    session: str
    owner: str = ""
    link: str
    target: str
    queued: int
    failed: int
    refused: int
    asking: int
    last_error: str
    cool_down_until: float
    cool_down: str
    quota: str
    accounts: tuple[AccountStatus, ...]
    outbox: OutboxIds
    unread: tuple[UnreadRow, ...] = ()


class UnseenMessage(Struct, frozen=True):
    """A robot message in a session, both by id."""

    session: str
    message: str


class NotifyArrivals(Struct, frozen=True, tag_field="kind", tag="arrived"):
    """Notify the user of these messages, unless they are on the screen. Only the editor that took
    them in gets this."""

    list: tuple[UnseenMessage, ...]


class TriggerEvent(Struct, frozen=True, tag_field="kind", tag="event"):
    """A `User` autocommand with its data."""

    name: str
    data: dict[str, str]


class Respond(Struct, frozen=True, tag_field="kind", tag="respond"):
    """Call the Lua responder; replies name `request`.

    - `instructions`, `cwd`, `model`: the session's, or empty
    - `files`: paths of attachments
    - `asked`: returned with each reply, so that a later service knows where it belongs
    """

    request: str
    session: str
    message: Message
    asked: ReplyContext
    instructions: str = ""
    cwd: str = ""
    model: str = ""
    files: tuple[str, ...] = ()


class Answering(Struct, frozen=True):
    """A message that a responder is working on."""

    session: str
    message: str


class ShowAnswering(Struct, frozen=True, tag_field="kind", tag="answering"):
    """All messages that the editor's responder is working on."""

    list: tuple[Answering, ...]


class RespondWithdrawn(Struct, frozen=True, tag_field="kind", tag="withdrawn"):
    """Another editor answers this request of `Respond`: replies of the Lua function are ignored."""

    request: str


class Look(Struct, frozen=True, tag_field="kind", tag="look"):
    """Ask the editor for data for a remote command; its answer names `request`.

    `cwd` is the session's project folder, `path` an absolute path that may be shown.
    """

    request: str
    what: str
    cwd: str
    path: str = ""
    line: int = 0
    level: str = ""


ArgumentRow = tuple[str, str]
"""The argument of a command (a code or an id), and the person, group or message in words."""


class ShowAccess(Struct, frozen=True, tag_field="kind", tag="let_in"):
    """Open access requests of an account, by code, and pairings, by id."""

    account: str
    asking: tuple[ArgumentRow, ...]
    paired: tuple[ArgumentRow, ...]


MessageCommand = Literal["retry", "drop", "recall"]
"""A command about a message."""


class Choose(Struct, frozen=True, tag_field="kind", tag="choose"):
    """Let the user choose one of the rows as the argument of a command."""

    command: Literal["pair", "deny", "revoke"] | MessageCommand
    rows: tuple[ArgumentRow, ...]


class ShowApproval(Struct, frozen=True, kw_only=True, tag_field="kind", tag="approval"):
    """A request that waits for an answer, and is shown until `CloseApproval`. What an agent wrote
    is without characters that act.

    - `source`: who asks; `title`: to do what; `tool`: with which kind of tool
    - `detail`: arguments or diff, Markdown
    - `until`: Unix seconds
    - `can_always`: it can be allowed always
    """

    code: str
    session: str
    source: str
    title: str
    tool: str
    detail: str
    until: float
    can_always: bool


class CloseApproval(Struct, frozen=True, tag_field="kind", tag="approval_closed"):
    """A request waits no more; `words` say why."""

    code: str
    words: str


ApprovalCommand = Literal["approve", "reject", "always"]


class ChooseApproval(Struct, frozen=True, tag_field="kind", tag="choose_approval"):
    """Let the user choose one of the requests that wait, for a command without a code."""

    command: ApprovalCommand


class Edit(Struct, frozen=True, tag_field="kind", tag="edit"):
    """Open a file."""

    path: str


class RunInEditor(Struct, frozen=True, tag_field="kind", tag="run"):
    """Carry out a subcommand that needs neither host nor service; `argument` as typed."""

    name: str
    argument: str


Update = (
    HostStarted
    | Configured
    | ShowNotice
    | Report
    | ShowSessions
    | ShowSession
    | Pick
    | ShowFound
    | Closed
    | ShowMessages
    | ShowEnd
    | Earlier
    | ShowDelivery
    | ShowTurn
    | TurnGrew
    | TurnOver
    | ShowDestinations
    | MoveDraft
    | ChooseDestination
    | SendDraft
    | Unsent
    | Confirmed
    | Leaving
    | ServiceGone
    | ServiceBack
    | ShowStatus
    | NotifyArrivals
    | TriggerEvent
    | Respond
    | ShowAnswering
    | RespondWithdrawn
    | Look
    | ShowAccess
    | Choose
    | ShowApproval
    | CloseApproval
    | ChooseApproval
    | Edit
    | RunInEditor
    | ShowKeptHere
)


def report(name: ReportName, text: str, *, again: bool = False) -> Report:
    """A report whose lines are not about messages."""
    return Report(name, tuple(ReportLine(line) for line in text.split("\n")), again)
