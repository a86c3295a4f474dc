"""The request for one chunk of a message: address and body, by route."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.approvals import tap_links
from dingbridge.core.delivery import mentions
from dingbridge.core.delivery.outgoing_text import without_acting_links
from dingbridge.core.delivery.plan import KEY_CHARACTERS
from dingbridge.core.delivery.plan_steps import Chunk
from dingbridge.core.delivery.routing import Route, custom_robot, of_another_robot, routes
from dingbridge.core.delivery.sent_messages import TEXT_CHARACTERS, SentChunk
from dingbridge.core.dingtalk import media, request_bodies
from dingbridge.core.dingtalk.media import OutgoingMedia
from dingbridge.core.dingtalk.robot_codes import own_code
from dingbridge.core.markdown.chunking import LARGEST_CODE_POINT, encoded_size
from dingbridge.core.messages import At, Outbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import destinations

_SINGLE = "/v1.0/robot/oToMessages/batchSend"
_GROUP = "/v1.0/robot/groupMessages/send"


class UploadedFile(Struct, frozen=True):
    """An uploaded file, and the type of its upload."""

    parcel: OutgoingMedia
    media_id: str


def ways(options: Options, outbound: Outbound, now: float) -> tuple[Route, ...]:
    """The routes that the message can take at `now` (Unix seconds), best first."""
    found = routes(
        outbound.target, api=bool(options.app_key), webhook=custom_robot(options.webhook), now=now
    )
    # Files go by OpenAPI. Without it, the other routes send pictures or refuse with a reason.
    direct = tuple(route for route in found if route in (Route.SINGLE, Route.GROUP))
    return direct if outbound.file_name and direct else found


def robot(
    options: Options, outbound: Outbound, chunk: Chunk, route: Route, now: float
) -> tuple[str, bytes]:
    """URL and body for the custom robot's webhook, or for the session webhook in the target.

    `now` is Unix seconds, for the signature. Raises `Refused` for a message to another custom
    robot's group: the settings may have changed since it was queued.
    """
    session = outbound.target.session_webhook
    at = _mentioned(outbound, chunk)
    if route is Route.SESSION and session is not None:
        text = chunk.text + _taps(options, outbound, chunk)
        return session.url, request_bodies.robot_body(options.msgtype, outbound.title, text, at)
    if not outbound.target.is_group_of(custom_robot(options.webhook)):
        raise of_another_robot()
    url = options.webhook
    if options.secret:
        url = request_bodies.signed_url(url, options.secret, int(now * 1000))
    text = request_bodies.with_keyword(chunk.text, options.keyword)
    body = request_bodies.robot_body(options.msgtype, outbound.title, text, at, msg_uuid=chunk.key)
    return url, body


def _mentioned(outbound: Outbound, chunk: Chunk) -> At:
    """The people a chunk mentions: all in the first one, later only those named in it.

    So nobody is notified again by every chunk.
    """
    if chunk.start == 0:
        return outbound.at

    def named(people: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(who for who in people if request_bodies.mentions(chunk.text, who))

    return At(named(outbound.at.user_ids), named(outbound.at.mobiles))


def _named(outbound: Outbound, text: str) -> str:
    """`text` with names instead of ids, without links that act, which a name may complete."""
    named = mentions.readable(text, outbound.at, dict(outbound.names))
    return without_acting_links(named)


def _taps(options: Options, outbound: Outbound, chunk: Chunk | None = None) -> str:
    """The links of `Outbound.taps`, for its last chunk. No text of others contains them: they come
    after everything that removes links."""
    is_last = chunk is None or chunk.end >= len(outbound.text)
    if not outbound.taps or not is_last or outbound.target.conversation_id:
        return ""
    return tap_links.written(outbound.taps) if options.msgtype == "markdown" else ""


def openapi(options: Options, outbound: Outbound, chunk: Chunk, route: Route) -> tuple[str, bytes]:
    """URL and body for OpenAPI, to a person or a group (doc/dingtalk.md §3)."""
    target = outbound.target
    text = _named(outbound, chunk.text) + _taps(options, outbound, chunk)
    code = target.robot_code or own_code(options)
    if route is Route.SINGLE:
        return f"{options.endpoint_api}{_SINGLE}", request_bodies.send_to_people(
            code, (target.user_id,), options.msgtype, outbound.title, text
        )
    return f"{options.endpoint_api}{_GROUP}", request_bodies.send_to_group(
        code, target.conversation_id, options.msgtype, outbound.title, text
    )


def file(
    options: Options, outbound: Outbound, uploaded: UploadedFile, route: Route
) -> tuple[str, bytes]:
    """URL and body for an uploaded file (doc/dingtalk.md §6): by OpenAPI, or for a picture also in
    Markdown by the session webhook.
    """
    target, media_id, parcel = outbound.target, uploaded.media_id, uploaded.parcel
    session = target.session_webhook
    if route is Route.SESSION and session is not None:
        picture = media.markdown_picture(media_id, parcel.name)
        return session.url, request_bodies.robot_body(
            "markdown", outbound.title, picture, outbound.at
        )
    code = target.robot_code or own_code(options)
    name, file_type = parcel.name, parcel.file_type
    if route is Route.SINGLE:
        people = (target.user_id,)
        if parcel.upload == "image":
            body = request_bodies.picture_to_people(code, people, media_id)
        else:
            body = request_bodies.file_to_people(code, people, media_id, name, file_type)
        return f"{options.endpoint_api}{_SINGLE}", body
    group = target.conversation_id
    if parcel.upload == "image":
        body = request_bodies.picture_to_group(code, group, media_id)
    else:
        body = request_bodies.file_to_group(code, group, media_id, name, file_type)
    return f"{options.endpoint_api}{_GROUP}", body


def room(options: Options, outbound: Outbound, route: Route) -> tuple[int, int]:
    """The space for a chunk's text by this route: characters, and JSON-escaped bytes.

    Space for mentions and the keyword is reserved in both.
    """
    if outbound.file_name:
        # A file is always one chunk.
        return len(outbound.text) + 1, encoded_size(outbound.text) + LARGEST_CODE_POINT
    links = _taps(options, outbound)
    characters = options.text_chunk_limit - len(links)
    if route in (Route.SINGLE, Route.GROUP):
        size = request_bodies.msg_param_room(options.msgtype, outbound.title) - encoded_size(links)
        named = _named(outbound, outbound.text)
        if named != outbound.text:
            # All names that replace ids may be in one chunk.
            characters -= max(0, len(named) - len(outbound.text))
            size -= max(0, encoded_size(named) - encoded_size(outbound.text))
        return characters, size
    characters -= request_bodies.mention_characters(options.msgtype, outbound.at)
    if route is Route.SESSION:
        size = request_bodies.robot_room(options.msgtype, outbound.title, outbound.at)
        return characters, size - encoded_size(links)
    characters -= len(request_bodies.with_keyword("", options.keyword))
    key = "0" * KEY_CHARACTERS
    size = request_bodies.robot_room(options.msgtype, outbound.title, outbound.at, msg_uuid=key)
    return characters, size - request_bodies.keyword_bytes(options.keyword)


def sent(outbound: Outbound, chunk: Chunk, key: str, time: float) -> SentChunk:
    """The record of a chunk that was accepted at `time` (Unix seconds).

    `key` is that of the answer, empty without one.
    """
    text = outbound.text[chunk.start : min(chunk.end, chunk.start + 4 * TEXT_CHARACTERS)]
    target = outbound.target
    return SentChunk(
        message=outbound.id,
        session="",
        text=text,
        time=time,
        key=key,
        place=target.conversation_id or target.user_id,
        is_group=bool(target.conversation_id),
        robot_code=target.robot_code,
        name=destinations.name(target),
    )
