"""The `User` autocommands that the bridge triggers, with the names of their data.

The table in the documents comes from here; a test compares it with what the bridge sends.
"""

from __future__ import annotations

from msgspec import Struct


class Autocommand(Struct, frozen=True):
    """One pattern of `User`. `data` are the fields that are always there, all strings; `meaning`
    says when it is triggered."""

    name: str
    data: tuple[str, ...]
    meaning: str


_MESSAGE = ("id", "session", "account")
_CONVERSATION = ("target", "target_name")

AUTOCOMMANDS = (
    Autocommand(
        "DingbridgeConnected", ("account",), "The link stands, for the first time or again."
    ),
    Autocommand(
        "DingbridgeDisconnected",
        ("account", "reason"),
        "The link was lost (once for each outage) or closed, or the service ended.",
    ),
    Autocommand(
        "DingbridgePairing",
        ("account", "code", "id", "kind", "who"),
        "Somebody asks for access, for themselves or for a group.",
    ),
    Autocommand(
        "DingbridgeReceived",
        (*_MESSAGE, "author", "user_id", "conversation_id", "text", "files", *_CONVERSATION),
        "A message reached a session here.",
    ),
    Autocommand(
        "DingbridgeQueued",
        (*_MESSAGE, *_CONVERSATION),
        "A message is on disk and will be sent, even after a crash.",
    ),
    Autocommand(
        "DingbridgeDelivered",
        (*_MESSAGE, "reason", *_CONVERSATION),
        "A message was delivered. `reason` is empty, or says that it may be there twice.",
    ),
    Autocommand(
        "DingbridgeApproval",
        ("code", "session", "state", "title"),
        "A request for approval is open, or was closed: `state` is `open`, `allow`, `always`,"
        " `reject`, `expired` or `withdrawn`.",
    ),
    Autocommand(
        "DingbridgeFailed",
        (*_MESSAGE, "reason", *_CONVERSATION),
        "A message failed for good.",
    ),
)
