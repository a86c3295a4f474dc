"""Requests for access, and the owner's decisions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from msgspec import structs

from dingbridge.core.access.first_message import kept
from dingbridge.core.access.pairing import Accepted, Problem, TellCode, accept, ask
from dingbridge.core.access.pairing_state import AccessRequest, Pairings
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender, SessionWebhook
from dingbridge.core.sessions.inbox import Received

NOW = 1_800_000_000.0
WRONG = "33333333"
Chance = Callable[[int], int]
CHANCE: Chance = random.Random(1).randrange


def said_by(staff_id: str, nick: str = "Ann", group: str = "", title: str = "Team") -> Inbound:
    """A 1:1 message, or with `group` one in that group."""
    kind = ConversationKind.GROUP if group else ConversationKind.SINGLE
    return Inbound(
        id="m1",
        robot_code="robot",
        conversation=Conversation(group or f"cid-{staff_id}", kind, title if group else ""),
        sender=Sender(staff_id, f"$:LWCP_v1:{staff_id}", nick),
        mentioned=True,
        msgtype="text",
        text="hello",
        created=NOW,
        session_webhook=SessionWebhook("https://oapi.dingtalk.com/sendBySession?session=s", NOW),
    )


def asked(pairings: Pairings, inbound: Inbound, now: float = NOW) -> tuple[Pairings, AccessRequest]:
    """The pairings after this message has requested access, and the request."""
    pairings, answer = ask(pairings, inbound, now, CHANCE)
    assert isinstance(answer, TellCode), answer
    return pairings, answer.request


def let_in(pairings: Pairings, code: str, now: float = NOW, *, once: bool = False) -> Pairings:
    pairings, answer = accept(pairings, code, now, once=once)
    assert isinstance(answer, Accepted), answer
    return pairings


def problem(pairings: Pairings, code: str, now: float = NOW) -> tuple[Pairings, str]:
    pairings, answer = accept(pairings, code, now)
    assert isinstance(answer, Problem), answer
    return pairings, answer.sentence


def is_closed(sentence: str) -> bool:
    return sentence.startswith("Too many wrong codes")


def first(text: str = "hello", **changes: Any) -> Received:
    return kept(
        Received("app", "app/m1", structs.replace(said_by("ann"), text=text, **changes), NOW)
    )
