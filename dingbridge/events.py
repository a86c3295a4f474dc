"""What the editor says to the host, read and turned into calls of the bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dingbridge.bridge.application import Bridge
from dingbridge.core.catalogue import service as say
from dingbridge.core.destinations import Destination
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At

T = TypeVar("T")


class SendRequest(Struct, frozen=True):
    """A draft, or `require('dingbridge').send()`. `file` is an absolute path, `file_id` the id of
    the message that brings it. `opened`, as of a `Place`, is there when the caller named no
    session. `begun_for` is the conversation that the session's bar named when the text was begun,
    if it named one; a draft always tells, nobody as well."""

    id: str
    text: str = ""
    session: str = ""
    opened: int | None = None
    target: str = ""
    file: str = ""
    file_id: str = ""
    begun_for: Destination | None = None


class NotifyRequest(Struct, frozen=True):
    """`require('dingbridge').notify()`."""

    id: str
    text: str
    title: str = ""
    at_user_ids: tuple[str, ...] = ()
    at_mobiles: tuple[str, ...] = ()
    at_all: bool = False
    target: str = ""


class Reply(Struct, frozen=True):
    """What the Lua responder said, or why it could not."""

    request: str
    text: str = ""
    failure: str = ""


class OpenRequest(Struct, frozen=True):
    """A session chosen in the editor."""

    session: str


class ToRequest(Struct, frozen=True):
    """The conversation that new texts of a session are for; none: whoever speaks. Unless it
    `stays`, it gives way to whoever speaks next."""

    session: str
    destination: Destination | None = None
    stays: bool = False


class Looked(Struct, frozen=True):
    """What the editor found for a remote command, or why it found nothing."""

    request: str
    found: Any = None
    failure: str = ""


class RefreshRequest(Struct, frozen=True):
    """A report that is shown, by its name, to be brought up to date."""

    report: str


def action(bridge: Bridge, name: str, payload: Any) -> Callable[[], None]:
    """What an event of the editor asks for. Raises `BridgeError` for one that cannot be used."""
    if name == "send":
        asked = read_as(payload, SendRequest, name)
        return lambda: _send(bridge, asked)
    if name == "notify":
        note = read_as(payload, NotifyRequest, name)
        at = At(note.at_user_ids, note.at_mobiles, note.at_all)

        def tell() -> None:
            bridge.deliveries.notify(note.id, note.text, note.title, at, note.target)

        return tell
    if name == "open":
        session = read_as(payload, OpenRequest, name).session
        return lambda: bridge.sessions.open(session)
    if name == "to":
        to = read_as(payload, ToRequest, name)
        return lambda: bridge.choosing.chosen(to.session, to.destination, stays=to.stays)
    if name == "reply":
        reply = read_as(payload, Reply, name)
        if reply.failure:
            return lambda: bridge.answering.could_not_reply(reply.request, reply.failure)
        return lambda: bridge.answering.replied(reply.request, reply.text)
    if name == "looked":
        looked = read_as(payload, Looked, name)
        return lambda: bridge.remote_commands.looked(looked.request, looked.found, looked.failure)
    if name == "refresh":
        report = read_as(payload, RefreshRequest, name).report
        return lambda: bridge.show_again(report)
    raise BridgeError(say.UNKNOWN_EVENT(name=name))


def _send(bridge: Bridge, asked: SendRequest) -> None:
    """The text and then the file; neither when the file could go nowhere."""
    session, begun_for = asked.session or bridge.sessions.current, asked.begun_for
    if asked.opened is not None:
        session = bridge.sessions.meant(session, asked.opened)
    if session != asked.session:
        begun_for = None
    if asked.file:
        bridge.enclosures.need_target(session, asked.target, begun_for)
    if asked.text or not asked.file:
        bridge.send(session, asked.id, asked.text, asked.target, begun_for)
    if asked.file:
        name = asked.file_id or asked.id
        bridge.enclosures.send_file(session, name, asked.file, asked.target, begun_for)


def read_as(payload: object, kind: type[T], name: str) -> T:
    """What came from Lua, whose callers may pass anything, as a value of ours. Raises
    `BridgeError` when it is none."""
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as error:
        raise BridgeError(say.UNUSABLE_EVENT(name=name, reason=error)) from error
