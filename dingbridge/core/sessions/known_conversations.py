"""The conversations that spoke to a robot, and how they resolve an id."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from dingbridge.core.messages import ConversationKind, Inbound, Target

MOST = 1000
"""Conversations of a robot (a count) that are remembered; the longest silent ones are removed."""


class KnownConversation(Struct, frozen=True):
    """A conversation that spoke: its kind, the person's staff id and its name.

    The staff id is that of a 1:1 chat; empty for a person outside the organisation.
    """

    kind: ConversationKind
    user_id: str = ""
    label: str = ""


Acquaintances = Mapping[str, KnownConversation]
"""Conversations by id, in the order of their last message."""


def met(known: Acquaintances, inbound: Inbound) -> Acquaintances:
    """`known` with the conversation of a message; the same object if that changes nothing."""
    conversation, sender = inbound.conversation, inbound.sender
    is_group = conversation.kind is ConversationKind.GROUP
    met = KnownConversation(
        conversation.kind,
        "" if is_group else sender.staff_id,
        conversation.title if is_group else sender.nick,
    )
    if known.get(conversation.id) == met:
        return known
    others = {id: one for id, one in known.items() if id != conversation.id}
    kept = list(others.items())[-(MOST - 1) :]
    return {**dict(kept), conversation.id: met}


def resolved(known: Acquaintances, target: Target) -> Target:
    """The target of an id.

    A known id overrides its form and the kind it was given with: the conversation id of a 1:1 chat
    looks like a group's (doc/dingtalk.md §5.1), but leads to the person.
    """
    found = known.get(target.conversation_id or target.user_id)
    if found is not None and found.kind is ConversationKind.SINGLE:
        chat = target.conversation_id or target.user_id
        return structs.replace(
            target,
            conversation_id="",
            user_id=found.user_id,
            private="" if found.user_id else chat,
            label=found.label,
            guessed=False,
        )
    if not target.guessed:
        return target
    if found is not None and target.user_id:
        return structs.replace(
            target, conversation_id=target.user_id, user_id="", label=found.label, guessed=False
        )
    if found is None and target.conversation_id:
        people = (one for one in known.values() if one.user_id == target.conversation_id)
        person = next(people, None)
        if person is not None:
            return structs.replace(
                target,
                conversation_id="",
                user_id=person.user_id,
                label=person.label,
                guessed=False,
            )
    return target
