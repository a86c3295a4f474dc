"""Who is let in. Nobody is, unless a setting names them."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from dingbridge.core.messages import ConversationKind, Inbound

EVERYBODY = "*"


class Admitted(Struct, frozen=True):
    """The message may reach the session."""


class NotForUs(Struct, frozen=True):
    """The message was not meant for the robot; it is passed over without a word."""

    reason: str


class Stranger(Struct, frozen=True):
    """The sender is not allowed. `refusal` tells them so, kindly, in words they can act on."""

    refusal: str


def admit(inbound: Inbound, allow_from: Collection[str]) -> Admitted | NotForUs | Stranger:
    """Decide on one message.

    Identity is the staff id, or the exact `senderId` for people outside the organisation; the nick
    is chosen by its bearer and decides nothing. A group message must mention the robot.
    """
    group = inbound.conversation.kind is ConversationKind.GROUP
    if group and not inbound.mentioned:
        return NotForUs("a group message that does not mention the robot")
    identity = inbound.sender.identity
    # An empty identity is nobody's, even if an empty text got into the list.
    if EVERYBODY in allow_from or (identity and identity in allow_from):
        return Admitted()
    return Stranger(refusal(identity))


def refusal(identity: str) -> str:
    """What a stranger is told: why, their own id, and the setting it belongs in."""
    return (
        "抱歉，我还不能为您服务：您不在允许名单中。\n\n"
        f"Sorry, I may not talk to you yet. Your id is `{identity}`; the owner of this robot "
        f"can let you in with `allow_from = {{ '{identity}' }}`."
    )
