"""Titles of sessions: those that users give, and those derived from the first message."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.markdown import code_blocks
from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import destinations, targets
from dingbridge.core.text import NAME_CHARACTERS, clean_name, tame


def given(text: str) -> str:
    """The title that a user typed: on one line, without invisible characters; may be empty."""
    return " ".join(tame(text).split())


def derived(message: Message) -> str:
    """The title of a session whose first message this is: the conversation, if it has a name, or
    else the first words. Empty if the message names nothing, such as a notice.

    >>> derived(Message("m1", Role.EDITOR, "You", "# Release **notes**", 0.0))
    'Release notes'
    """
    if message.role not in (Role.EDITOR, Role.DINGTALK):
        return ""
    partner = _partner(message)
    if not partner and not message.text.strip():
        return ""
    return clean_name(partner or code_blocks.title(message.text, NAME_CHARACTERS))


def _partner(message: Message) -> str:
    """The name of the message's conversation; empty without one."""
    if not message.target:
        return ""
    address, label = targets.whole(message.target), destinations.label(message.target_name)
    is_named = address.kind != "robot" and label not in (address.id, say.LAST_SPEAKER())
    return label if is_named else ""
