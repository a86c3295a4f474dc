"""What goes out for one chunk of a message: the address and the body, by route."""

from __future__ import annotations

from dingbridge.core import payloads
from dingbridge.core.messages import Outbound
from dingbridge.core.plan import KEY_CHARACTERS, Chunk
from dingbridge.core.routing import Route, routes
from dingbridge.core.settings import Options

_SINGLE = "/v1.0/robot/oToMessages/batchSend"
_GROUP = "/v1.0/robot/groupMessages/send"


def ways(options: Options, outbound: Outbound, now: float) -> tuple[Route, ...]:
    """The routes that the message can take at `now` (Unix seconds), best first."""
    return routes(
        outbound.target, api=bool(options.app_key), webhook=bool(options.webhook), now=now
    )


def robot(
    options: Options, outbound: Outbound, chunk: Chunk, route: Route, now: float
) -> tuple[str, bytes]:
    """Address and body for the custom robot's webhook, or for the session webhook, which the
    message's target has. `now` is Unix seconds, for the signature."""
    session = outbound.target.session_webhook
    if route is Route.SESSION and session is not None:
        return session.url, payloads.robot_body(
            options.msgtype, outbound.title, chunk.text, outbound.at
        )
    url = options.webhook
    if options.secret:
        url = payloads.signed_url(url, options.secret, int(now * 1000))
    text = payloads.with_keyword(chunk.text, options.keyword)
    body = payloads.robot_body(
        options.msgtype, outbound.title, text, outbound.at, msg_uuid=chunk.key
    )
    return url, body


def openapi(options: Options, outbound: Outbound, text: str, route: Route) -> tuple[str, bytes]:
    """Address and body for OpenAPI, to a person or a group (protocol section 3)."""
    target = outbound.target
    code = target.robot_code or options.robot_code or options.app_key
    if route is Route.SINGLE:
        return f"{options.endpoint_api}{_SINGLE}", payloads.send_to_people(
            code, (target.user_id,), options.msgtype, outbound.title, text
        )
    return f"{options.endpoint_api}{_GROUP}", payloads.send_to_group(
        code, target.conversation_id, options.msgtype, outbound.title, text
    )


def room(options: Options, outbound: Outbound, route: Route) -> tuple[int, int]:
    """What a chunk may hold by this route: characters, and JSON-escaped bytes."""
    if route in (Route.SINGLE, Route.GROUP):
        size = payloads.msg_param_room(options.msgtype, outbound.title)
    elif route is Route.SESSION:
        size = payloads.robot_room(options.msgtype, outbound.title, outbound.at)
    else:
        key = "0" * KEY_CHARACTERS
        size = payloads.robot_room(options.msgtype, outbound.title, outbound.at, msg_uuid=key)
        size -= payloads.keyword_bytes(options.keyword)
    return options.text_chunk_limit, size
