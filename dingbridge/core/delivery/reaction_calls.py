"""The API calls that add a reaction to a message and remove it (doc/dingtalk.md §7).

A reaction is a short label, such as 👀, on a message that is being worked on.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.delivery.quota import Budget, Quota, QuotaKind
from dingbridge.core.messages import Inbound

CALLS_KEPT: Final = 4
"""One part in so many of the month's calls is reserved for messages."""

_ADD: Final = "/v1.0/robot/emotion/reply"
_REMOVE: Final = "/v1.0/robot/emotion/recall"
_TEXT_LABEL: Final = 2
_EMOTION_ID: Final = "2659900"
_BACKGROUND_ID: Final = "im_bg_1"


class Reaction(Struct, frozen=True):
    """A label on a message. `name` is what it shows, even if the option has changed since."""

    robot_code: str
    conversation_id: str
    message_id: str
    name: str


class AddReaction(Struct, frozen=True):
    """Step: add it."""

    reaction: Reaction


class RemoveReaction(Struct, frozen=True):
    """Step: remove it."""

    reaction: Reaction


Step = AddReaction | RemoveReaction


def reaction_to(inbound: Inbound, name: str) -> Reaction | None:
    """The reaction for this message; None when the option is off (`name` is empty)."""
    if not name.strip():
        return None
    return Reaction(inbound.robot_code, inbound.conversation.id, inbound.id, name.strip())


def quota_is_short(quota: Quota, budget: Budget) -> bool:
    """Whether the rest of the month's calls is reserved for messages; a reaction costs two
    calls.
    """
    if QuotaKind.CALLS in quota.spent:
        return True
    return bool(budget.calls) and quota.calls * CALLS_KEPT >= budget.calls * (CALLS_KEPT - 1)


def request(step: Step, robot_code: str) -> tuple[str, bytes]:
    """Path and body of the call for this step (§7); both calls have the same body."""
    reaction = step.reaction
    label = {
        "emotionId": _EMOTION_ID,
        "emotionName": reaction.name,
        "text": reaction.name,
        "backgroundId": _BACKGROUND_ID,
    }
    body = {
        "robotCode": robot_code,
        "openMsgId": reaction.message_id,
        "openConversationId": reaction.conversation_id,
        "emotionType": _TEXT_LABEL,
        "emotionName": reaction.name,
        "textEmotion": label,
    }
    return (_ADD if isinstance(step, AddReaction) else _REMOVE), json_wire.encode(body)


class _Answer(Struct):
    success: Any = None


def accepted(body: bytes) -> bool:
    """Whether an answer with HTTP 200 reports success in its body, too (§7)."""
    try:
        said = json_wire.decode(body, _Answer).success
    except json_wire.NotReadable:
        return False
    return said is True or json_wire.text_of(said).lower() == "true"
