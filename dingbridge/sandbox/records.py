"""The records of a sandbox, which tests query as JSON."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

ArrivalRoute = Literal["webhook", "session", "single", "group"]


class ArrivedMessage(Struct, frozen=True):
    """One message that DingTalk accepted, in the order of acceptance.

    `route` is how it came: a custom robot's webhook, a session webhook, or OpenAPI to people or to
    a group. `robot` is the custom robot's name or the `robotCode`. `msgtype` is the `msgKey` on the
    OpenAPI routes. `size` is the bytes of the request body, `param_size` those of `msgParam`.
    `reply_to` is the `msgId` whose session webhook was used. `time` is Unix seconds. `media_id`
    names the upload that a picture, file, voice or video shows; `text` of a file is its name.
    """

    number: int
    time: float
    route: ArrivalRoute
    robot: str
    conversation_id: str
    user_ids: tuple[str, ...]
    msgtype: str
    title: str
    text: str
    at: dict[str, Any]
    size: int
    param_size: int = 0
    reply_to: str = ""
    process_query_key: str = ""
    body: dict[str, Any] = {}
    media_id: str = ""


class Uploaded(Struct, frozen=True):
    """One upload that was taken. `sha256` is the hex digest of its bytes; `time` Unix seconds."""

    number: int
    time: float
    type: str
    media_id: str
    file_name: str
    size: int
    sha256: str


class Reacted(Struct, frozen=True):
    """A reaction that was put on a message, or recalled from it. `label` is its text."""

    number: int
    time: float
    action: Literal["reply", "recall"]
    message_id: str
    label: str


class Recalled(Struct, frozen=True):
    """A message that was taken back. `message` is the `number` with which it arrived."""

    number: int
    time: float
    message: int
    process_query_key: str


class Card(Struct, frozen=True):
    """A card as it is after a change (doc/dingtalk.md §8).

    `data` are its variables, `private` what somebody who pressed a button sees in their place, by
    user id. `places` are the spaces it was delivered to. `state` is what its streaming variable is
    in, `guids` the streaming updates that were taken. `client_id` is the app's. `time` is when it
    changed, in Unix seconds.
    """

    out_track_id: str
    template: str
    client_id: str
    callback: str
    data: dict[str, str]
    private: dict[str, dict[str, str]] = {}
    places: tuple[str, ...] = ()
    state: Literal["processing", "inputing", "finished", "failed"] = "processing"
    guids: tuple[str, ...] = ()
    time: float = 0.0


class Pressed(Struct, frozen=True):
    """A button that was pressed. `header_id` is the id of the callback's frame; `lost` as in
    `Said`."""

    number: int
    time: float
    out_track_id: str
    user_id: str
    action: str
    header_id: str
    connection_id: str
    lost: bool


class Ack(Struct, frozen=True):
    """One frame a client sent on its socket.

    `message_id` is the `headers.messageId` it acknowledges; `data` its decoded `data` string. A
    frame that is no acknowledgement has the code 0 and stands in `raw`.
    """

    number: int
    time: float
    connection_id: str
    message_id: str
    code: int
    message: str = ""
    data: Any = None
    raw: str = ""


class RecordedCall(Struct, frozen=True):
    """One request, without its query and headers, which hold secrets.

    `status` is 0 when no answer was given; `code` is the `errcode` or the `code` of the answer;
    `fault` says which fault was applied. `asked` and `answered` are the beginnings of the two
    bodies, with secrets masked, if the settings want them.
    """

    number: int
    method: str
    path: str
    status: int
    code: str
    began: float
    ended: float
    size: int
    fault: str = ""
    asked: str = ""
    answered: str = ""


class PushedFrame(Struct, frozen=True):
    """One frame that was sent to a client. `kind` is SYSTEM, EVENT or CALLBACK; `header_id` is its
    `headers.messageId`, which the acknowledgement repeats; `size` is in characters, and `text` its
    beginning, with secrets masked, if the settings want it."""

    number: int
    time: float
    connection_id: str
    header_id: str
    kind: str
    topic: str
    size: int
    text: str = ""


class Said(Struct, frozen=True):
    """A message said to the robot and what became of it.

    `lost` is true when no connection took it: nobody was connected, it went to a half-open one, or
    DingTalk does not deliver such a message there, which `why` says.
    """

    number: int
    time: float
    message_id: str
    header_id: str
    conversation_id: str
    connection_id: str
    lost: bool
    session_webhook: str = ""
    why: str = ""

    def __repr__(self) -> str:
        fate = "lost" if self.lost else f"to {self.connection_id}"
        return f"Said({self.message_id!r}, header_id={self.header_id!r}, {fate})"


class Connection(Struct, frozen=True):
    """One stream connection of an app. `state` ends at "closed", `closed` is then the time, else
    0."""

    id: str
    state: Literal["open", "leaving", "half-open", "closed"]
    opened: float
    closed: float
    ua: str
    topics: tuple[str, ...]
    client_id: str = ""


class Connections(Struct, frozen=True):
    """All stream connections so far and every attempt to register one."""

    all: tuple[Connection, ...]
    attempts: tuple[RecordedCall, ...]

    @property
    def open(self) -> tuple[Connection, ...]:
        """Those that are not closed; leaving and half-open ones included."""
        return tuple(each for each in self.all if each.state != "closed")

    @property
    def total(self) -> int:
        """How many were ever opened."""
        return len(self.all)
