"""What the editor is told. Each update is one table in Lua, named by its `kind`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue import health
from dingbridge.core.messages import Delivery, DeliveryReport, Message
from dingbridge.core.questions import ReplyContext
from dingbridge.core.sessions.destinations import NOBODY, Destination

Level = Literal["info", "warn", "error"]


class HostStarted(Struct, frozen=True, tag_field="kind", tag="host"):
    """The host is there. `channel` is where it can be reached, `path` the name under which it
    knows the plugin."""

    channel: int
    path: str


class Configured(Struct, frozen=True, tag_field="kind", tag="configured"):
    """The settings of this revision are in force: what was told before may be true no more."""

    revision: int


class ShowNotice(Struct, frozen=True, tag_field="kind", tag="say"):
    """A line for the user."""

    text: str
    level: Level = "info"


ReportName = Literal["status", "outbox", "pairings"]


class ReportLine(Struct, frozen=True):
    """A line of a report, with the id of the message it is about, as commands take it."""

    text: str
    message: str = ""


class Report(Struct, frozen=True, tag_field="kind", tag="report"):
    """Several lines for the user, who may look at them as long as they like. `again`: the report is
    shown and shall be as things are now; where it is not shown any more, nothing opens."""

    name: ReportName
    lines: tuple[ReportLine, ...]
    again: bool = False


class SessionRow(Struct, frozen=True):
    """A session as it is listed. `created` is Unix seconds."""

    id: str
    title: str
    created: float
    bound: bool = False


class ShowSessions(Struct, frozen=True, tag_field="kind", tag="sessions"):
    """All sessions, in the order of `:Chat next`; `current` is the one that is meant where the
    editor shows none, empty without one."""

    list: tuple[SessionRow, ...]
    current: str = ""


class ShowSession(Struct, frozen=True, tag_field="kind", tag="open"):
    """Show a session."""

    id: str


class Pick(Struct, frozen=True, tag_field="kind", tag="pick"):
    """Let the user choose among the sessions."""


class Closed(Struct, frozen=True, tag_field="kind", tag="closed"):
    """A session is gone."""

    id: str


class ShowMessages(Struct, frozen=True, tag_field="kind", tag="messages"):
    """More of a session's transcript; `reset` starts it anew."""

    id: str
    list: tuple[Message, ...]
    reset: bool = False


class ShowEnd(Struct, frozen=True, tag_field="kind", tag="ending"):
    """The end of a session's transcript as it stands on the disk. What the editor has of it is
    brought up to date and into this order, or begins anew where it is another one. Messages that
    are in `since` came after all of these, in that order. Is there `more` above, the editor asks
    for it, by the event `earlier`."""

    id: str
    list: tuple[Message, ...]
    since: tuple[str, ...] = ()
    more: bool = False


class Earlier(Struct, frozen=True, tag_field="kind", tag="earlier"):
    """What stands above all that the editor has of a transcript; is there `more`, it asks again."""

    id: str
    list: tuple[Message, ...]
    more: bool


class ShowDelivery(Struct, frozen=True, tag_field="kind", tag="fate"):
    """What became of a message that is in the transcript, or its whole `text`."""

    id: str
    message: str
    delivery: Delivery
    reason: str = ""
    text: str = ""


class ShowDestinations(Struct, frozen=True, tag_field="kind", tag="destinations"):
    """The conversations of a session: the one that a new text is for (empty: nobody), whether the
    user chose it, and all that can be chosen. `robot` is the account's (`routing.robot_name`); both
    are empty where the session is not bound."""

    id: str
    account: str = ""
    robot: str = ""
    current: Destination = NOBODY
    chosen: bool = False
    known: tuple[Destination, ...] = ()


class MoveDraft(Struct, frozen=True, tag_field="kind", tag="move_draft"):
    """The session's draft is for this conversation now; empty: it stays in the editor."""

    id: str
    destination: Destination


class ChooseDestination(Struct, frozen=True, tag_field="kind", tag="choose_destination"):
    """Let the user choose among the conversations of a session."""

    id: str


class SendDraft(Struct, frozen=True, tag_field="kind", tag="send_draft"):
    """Send what stands in the session's draft."""

    id: str


class Unsent(Struct, frozen=True, tag_field="kind", tag="unsent"):
    """A draft was not taken: its text belongs into the draft again."""

    id: str


class Confirmed(Struct, frozen=True, tag_field="kind", tag="confirmed"):
    """A message that stays here is on the disk, or went with its session: the editor need not keep
    it any longer."""

    id: str


class Leaving(Struct, frozen=True, tag_field="kind", tag="leaving"):
    """How far we are with leaving."""

    word: Literal["begun", "done"]


class ServiceGone(Struct, frozen=True, tag_field="kind", tag="service_gone"):
    """The service is gone; another one is on its way."""


class ServiceBack(Struct, frozen=True, tag_field="kind", tag="service_back"):
    """There is a service again, which knows nothing of what is shown and was sent here."""


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
    """Ids of the latest messages that failed and that wait, as commands take them."""

    failed: tuple[str, ...]
    waiting: tuple[str, ...]


class ShowStatus(Struct, frozen=True, kw_only=True, tag_field="kind", tag="status"):
    """The state of the bridge; see `require('dingbridge').status()`, which leaves out `outbox`."""

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


class TriggerEvent(Struct, frozen=True, tag_field="kind", tag="event"):
    """A `User` autocommand with its data."""

    name: str
    data: dict[str, str]


class Respond(Struct, frozen=True, tag_field="kind", tag="respond"):
    """Ask the Lua function that answers; replies name `request`. The session's `instructions`,
    `cwd` and `model` are empty when it has none; `files` are paths of what came along. `asked` is
    given back with each reply: a later service knows by it where that belongs."""

    request: str
    session: str
    message: Message
    asked: ReplyContext
    instructions: str = ""
    cwd: str = ""
    model: str = ""
    files: tuple[str, ...] = ()


class RespondWithdrawn(Struct, frozen=True, tag_field="kind", tag="withdrawn"):
    """Another editor answers this request of `Respond`: what the Lua function says to it does not
    count."""

    request: str


class Look(Struct, frozen=True, tag_field="kind", tag="look"):
    """Have the editor look at something for a remote command; its answer names `request`. `cwd` is
    the session's project folder, `path` an absolute one that may be shown."""

    request: str
    what: str
    cwd: str
    path: str = ""
    line: int = 0
    level: str = ""


AccessRow = tuple[str, str]
"""What a command about access takes, and who that is in words."""


class ShowAccess(Struct, frozen=True, tag_field="kind", tag="let_in"):
    """Who asks an account to be let in, by code, and whom a code let in, by id."""

    account: str
    asking: tuple[AccessRow, ...]
    paired: tuple[AccessRow, ...]


class Choose(Struct, frozen=True, tag_field="kind", tag="choose"):
    """Let the user choose one of the rows for a command about access."""

    command: Literal["pair", "deny", "revoke"]
    rows: tuple[AccessRow, ...]


class Edit(Struct, frozen=True, tag_field="kind", tag="edit"):
    """Open a file."""

    path: str


class Install(Struct, frozen=True, tag_field="kind", tag="install"):
    """Make the plugin's own environment; `extras` as they were typed."""

    extras: str


Update = (
    HostStarted
    | Configured
    | ShowNotice
    | Report
    | ShowSessions
    | ShowSession
    | Pick
    | Closed
    | ShowMessages
    | ShowEnd
    | Earlier
    | ShowDelivery
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
    | TriggerEvent
    | Respond
    | RespondWithdrawn
    | Look
    | ShowAccess
    | Choose
    | Edit
    | Install
)


def not_delivered(report: DeliveryReport) -> ShowNotice:
    """The line about a message that was given up; that of one the user dropped is no complaint."""
    if report.dropped:
        return ShowNotice(_dropped(report.title, is_late=report.may_have_arrived))
    return ShowNotice(_not_delivered(report.title, report.place, report.reason), "error")


def _dropped(title: str, *, is_late: bool) -> str:
    if title:
        return say.TITLED_DROPPED_LATE(title=title) if is_late else say.TITLED_DROPPED(title=title)
    return say.DROPPED_LATE() if is_late else say.DROPPED()


def _not_delivered(title: str, place: str, reason: str) -> str:
    reason = reason or health.NO_REASON()
    if title and place:
        return say.TITLED_NOT_DELIVERED_TO(place=place, title=title, reason=reason)
    if title:
        return say.TITLED_NOT_DELIVERED(title=title, reason=reason)
    if place:
        return say.NOT_DELIVERED_TO(place=place, reason=reason)
    return say.NOT_DELIVERED(reason=reason)


def report(name: ReportName, text: str, *, again: bool = False) -> Report:
    """A report of lines that are about no message."""
    return Report(name, tuple(ReportLine(line) for line in text.split("\n")), again)
