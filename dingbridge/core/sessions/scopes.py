"""Session scopes: which messages share a session, and the options of one created on demand."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.catalogue import editor
from dingbridge.core.messages import ConversationKind, Inbound
from dingbridge.core.options.declarations import Options


class SessionStart(Struct, frozen=True):
    """How a session begins that is created on demand. `cwd` is its project folder."""

    title: str
    instructions: str = ""
    cwd: str = ""
    model: str = ""


def key(options: Options, robot: str, inbound: Inbound) -> str:
    """The key of the message's session in the state file, by `session_scope`.

    - `user`: one session per person, wherever they write
    - `single`: one session for everybody
    - otherwise: one session per conversation
    """
    if options.session_scope == "user":
        return f"{robot}/user/{inbound.sender.identity}"
    if options.session_scope == "single":
        return f"{robot}/single"
    return f"{robot}/{inbound.conversation.id}"


def is_made(options: Options) -> bool:
    """Whether sessions are created on demand, rather than bound in an editor."""
    return options.session_scope != "bound"


def start(options: Options, inbound: Inbound) -> SessionStart:
    """How the session begins that is created for this message."""
    conversation = inbound.conversation
    nick = inbound.sender.nick
    title = {
        "user": nick,
        "conversation": conversation.title or nick,
    }.get(options.session_scope, editor.BAR_DINGTALK())
    return SessionStart(title, instructions(options, inbound), options.cwd, options.model)


def instructions(options: Options, inbound: Inbound) -> str:
    """The instructions for the message's conversation: those of the group, else of the account."""
    if inbound.conversation.kind is ConversationKind.GROUP:
        group = options.group(inbound.conversation.id)
        if group.instructions is not None:
            return group.instructions
    return options.instructions
