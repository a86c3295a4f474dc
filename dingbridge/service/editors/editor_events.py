"""Decodes the editor's events and turns them into calls of the bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from dingbridge.core.catalogue import service as say
from dingbridge.core.commands import command_lines
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At
from dingbridge.core.questions import ReplyContext
from dingbridge.core.sessions.destinations import Destination
from dingbridge.core.user_file import UserFile
from dingbridge.edges.programs.responder_program import Answered
from dingbridge.protocol.decode import read_as
from dingbridge.protocol.frames import EditorEvent, FromHost, RunCommand, UserPresence
from dingbridge.service.editors import command_dispatch
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.editors.command_context import CommandContext


class SendRequest(Struct, frozen=True):
    """A draft, or `require('dingbridge').send()`.

    - `file_id` is the id of the file's message, if there is text as well.
    - `opened` is set if the caller named no session; see `CommandContext`.
    - `begun_for` is the conversation on the session's bar when the text was begun. A draft always
      has one, even if that is nobody.
    """

    id: str
    text: str = ""
    session: str = ""
    opened: int | None = None
    target: str = ""
    file_id: str = ""
    begun_for: Destination | None = None


class NotifyRequest(Struct, frozen=True):
    """`require('dingbridge').notify()`; `when_away`: settings and presence may hold it back."""

    id: str
    text: str
    title: str = ""
    at_user_ids: tuple[str, ...] = ()
    at_mobiles: tuple[str, ...] = ()
    at_all: bool = False
    target: str = ""
    when_away: bool = False


class Reply(Struct, frozen=True):
    """An answer of the Lua responder, or the `failure` that prevented it.

    `id` is the id of the answer's message; `asked` came with the question.
    """

    request: str
    id: str = ""
    text: str = ""
    failure: str = ""
    asked: ReplyContext | None = None


class QuestionTaken(Struct, frozen=True):
    """The Lua responder was called for a question."""

    request: str


class WorkingRequest(Struct, frozen=True):
    """The questions that the Lua responder still works on, each with its context."""

    questions: tuple[Reply, ...]


class OpenRequest(Struct, frozen=True):
    """The user chose a session."""

    session: str


class ReadRequest(Struct, frozen=True):
    """The user has seen a session up to a message, an id."""

    session: str
    message: str


class InDraftRequest(Struct, frozen=True):
    """The user has put the text of a failed message, which never had a destination, into the draft
    again."""

    session: str
    message: str


class ShownRequest(Struct, frozen=True):
    """The sessions whose transcripts the editor has loaded."""

    sessions: tuple[str, ...]


class UnfinishedMessage(Struct, frozen=True):
    """A message under way. `session` is empty for a notification."""

    id: str
    session: str
    account: str


class UnderWayRequest(Struct, frozen=True):
    """The messages for whose final delivery the editor waits, in order."""

    messages: tuple[UnfinishedMessage, ...]


class ToRequest(Struct, frozen=True):
    """The conversation for new texts of a session; None for the one that wrote last. Unless it
    `stays`, the next one that writes replaces it."""

    session: str
    destination: Destination | None = None
    stays: bool = False


class Looked(Struct, frozen=True):
    """What the editor found for a remote command, or the `failure`."""

    request: str
    found: Any = None
    failure: str = ""


class RefreshRequest(Struct, frozen=True):
    """A report on the screen needs an update."""

    report: str


def carry_out(bridge: Bridge, frame: RunCommand | EditorEvent) -> None:
    """Carry out a request. Raises `BridgeError` if that is impossible."""
    match frame:
        case RunCommand(line=line, place=place, has_range=has_range, id=message, file=file):
            at = read_as(place, CommandContext, "command")
            call = command_lines.parse(line, has_range=has_range)
            command_dispatch.dispatch(bridge, call, at, message, file)
        case EditorEvent(name=name, payload=payload, file=file):
            action(bridge, name, payload, file)()


def message_of(frame: RunCommand | EditorEvent) -> str:
    """The id of the message that a frame makes; empty if it makes none."""
    match frame:
        case RunCommand(id=message):
            return message
        case EditorEvent(payload=payload):
            return str(payload.get("id", "")) if isinstance(payload, dict) else ""


def is_by_user(frame: FromHost) -> bool:
    """Whether the frame shows that the user is active in this editor."""
    match frame:
        case RunCommand():
            return True
        case UserPresence(away=away):
            return not away
        case EditorEvent(name=name):
            return name in ("send", "open")
        case _:
            return False


def action(
    bridge: Bridge, name: str, payload: Any, file: UserFile | None = None
) -> Callable[[], None]:
    """Decode an event and return the call that carries it out. Raises `BridgeError` if it is
    malformed."""
    if name == "send":
        asked = read_as(payload, SendRequest, name)
        return lambda: _send(bridge, asked, file)
    if name == "notify":
        note = read_as(payload, NotifyRequest, name)
        at = At(note.at_user_ids, note.at_mobiles, note.at_all)

        def notify() -> None:
            if note.when_away:
                bridge.away.send(note.id, note.text, note.title, note.target)
                return
            bridge.sending.notify(note.id, note.text, note.title, at, note.target)

        return notify
    if name == "open":
        session = read_as(payload, OpenRequest, name).session
        return lambda: bridge.sessions.open(session)
    if name == "earlier":
        session = read_as(payload, OpenRequest, name).session
        return lambda: bridge.sessions.fill(session)
    if name == "read":
        seen = read_as(payload, ReadRequest, name)
        return lambda: bridge.unread.read(seen.session, seen.message)
    if name == "in_draft":
        failed = read_as(payload, InDraftRequest, name)
        return lambda: bridge.sessions.store.keep_here(failed.session, failed.message)
    if name == "shown":
        sessions = read_as(payload, ShownRequest, name).sessions
        return lambda: bridge.sessions.watch_all(sessions)
    if name == "under_way":
        messages = read_as(payload, UnderWayRequest, name).messages

        def expect() -> None:
            for one in messages:
                bridge.sending.expect(one.account, one.session, one.id)

        return expect
    if name == "to":
        to = read_as(payload, ToRequest, name)
        return lambda: bridge.destination_choice.chosen(to.session, to.destination, stays=to.stays)
    if name == "reply":
        return _reply(bridge, read_as(payload, Reply, name))
    if name == "taken":
        request = read_as(payload, QuestionTaken, name).request
        return lambda: bridge.responders.taken(request)
    if name == "working":
        questions = read_as(payload, WorkingRequest, name).questions

        def take_up() -> None:
            for one in questions:
                if one.asked is not None:
                    bridge.replies.take_up(one.request, one.asked)

        return take_up
    if name == "looked":
        looked = read_as(payload, Looked, name)
        return lambda: bridge.lookups.looked(looked.request, looked.found, looked.failure)
    if name == "refresh":
        report = read_as(payload, RefreshRequest, name).report
        return lambda: bridge.reports.show_again(report)
    raise BridgeError(say.UNKNOWN_EVENT(name=name))


def _reply(bridge: Bridge, reply: Reply) -> Callable[[], None]:
    if reply.failure:
        return lambda: bridge.replies.could_not_reply(reply.request, reply.failure, reply.asked)
    return lambda: bridge.replies.replied(reply.request, reply.text, reply.asked, reply.id)


def _send(bridge: Bridge, asked: SendRequest, file: UserFile | None) -> None:
    """Send the text, then the file. Sends neither if the file has no target."""
    session, begun_for = asked.session or bridge.sessions.current, asked.begun_for
    if asked.opened is not None:
        session = bridge.sessions.meant(session, asked.opened)
    if session != asked.session:
        begun_for = None
    if file is not None:
        bridge.files.need_target(session, asked.target, begun_for)
    if asked.text or file is None:
        command_dispatch.send(bridge, session, asked.id, asked.text, asked.target, begun_for)
    if file is not None:
        name = asked.file_id or asked.id
        bridge.files.send_file(session, name, file, asked.target, begun_for)


def replied(bridge: Bridge, answer: Answered) -> None:
    """A responder program has answered or failed."""
    if answer.failure:
        bridge.replies.could_not_reply(answer.request, answer.failure)
    else:
        bridge.replies.replied(answer.request, answer.text)
