"""Routing: the routes of a message, best first, and the default target."""

from __future__ import annotations

import hashlib
from enum import Enum

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.dingtalk.limits import SESSION_WEBHOOK_MARGIN
from dingbridge.core.errors import Refused
from dingbridge.core.messages import ConversationKind, Inbound, Target
from dingbridge.core.options.declarations import Options


class Route(str, Enum):
    """How one chunk is sent. The values are what status and log show."""

    WEBHOOK = "webhook"
    SESSION = "session webhook"
    SINGLE = "OpenAPI 1:1"
    GROUP = "OpenAPI group"


def custom_robot(webhook: str) -> str:
    """A name for the custom robot with this webhook that reveals nothing of it; empty without
    one.
    """
    return hashlib.sha256(webhook.encode()).hexdigest()[:16] if webhook else ""


def robot_name(options: Options) -> str:
    """A name for the configured robot that reveals nothing of it; empty without one."""
    if options.mode == "off":
        return ""
    who = options.app_key if options.mode == "api" else options.webhook
    return hashlib.sha256(who.encode()).hexdigest()[:16]


def of_another_robot() -> Refused:
    """The error for a message to another custom robot's group.

    The configured robot must not send it: its group may be a different one.
    """
    return Refused(
        say.OTHER_CUSTOM_ROBOT(),
        fix=say.SET_THAT_WEBHOOK(),
    )


def routes(target: Target, *, api: bool, webhook: str, now: float) -> tuple[Route, ...]:
    """The routes for a message to `target` at `now` (Unix seconds), best first.

    - `api`: app credentials are configured
    - `webhook`: the configured custom robot, named as by `custom_robot`

    The session webhook is used until shortly before its expiry (doc/dingtalk.md §5.4). A custom
    robot is used for its own group only, never for a conversation or another robot's group.
    """
    found = []
    session = target.session_webhook
    if session is not None and now < session.expires - SESSION_WEBHOOK_MARGIN:
        found.append(Route.SESSION)
    if api and target.conversation_id and not target.user_id:
        found.append(Route.GROUP)
    if api and target.user_id:
        found.append(Route.SINGLE)
    if webhook and target.is_group_of(webhook):
        found.append(Route.WEBHOOK)
    return tuple(found)


def notify_target(options: Options) -> Target | None:
    """The target of notifications: the custom robot's group, else the configured target."""
    return _robots_group(options) if options.webhook else configured_target(options)


def notify_robot(options: Options) -> str:
    """A name for the robot that sends notifications."""
    return custom_robot(options.webhook) or robot_name(options)


def configured_target(options: Options) -> Target | None:
    """The target of a session to which nobody has spoken yet; `None` without one."""
    if options.mode == "api" and options.conversation_id:
        return Target(conversation_id=options.conversation_id, label=say.CONFIGURED_CONVERSATION())
    if options.mode == "api" and options.user_id:
        return Target(user_id=options.user_id, label=options.user_id)
    if options.webhook and options.mode != "off":
        return _robots_group(options)
    return None


def _robots_group(options: Options) -> Target:
    return Target(label=say.ROBOTS_GROUP(), custom_robot=custom_robot(options.webhook))


def reply_target(inbound: Inbound) -> Target:
    """The conversation of a message, as a target."""
    group = inbound.conversation.kind is ConversationKind.GROUP
    nick = inbound.sender.nick
    return Target(
        conversation_id=inbound.conversation.id if group else "",
        user_id="" if group else inbound.sender.staff_id,
        private="" if group or inbound.sender.staff_id else inbound.conversation.id,
        robot_code=inbound.robot_code,
        session_webhook=inbound.session_webhook,
        label=inbound.conversation.title or nick if group else nick,
    )


def of_session(session: str) -> Target:
    """A stand-in for a target: the conversation of a session that was created on demand.

    Only the robot's service knows it, and fills it in before anything is sent.
    """
    return Target(private=session)
