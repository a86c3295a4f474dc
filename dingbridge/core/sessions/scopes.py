"""Which messages share a session (`session_scope`), and how a session made on demand begins."""

from __future__ import annotations

from dingbridge.core.messages import ConversationKind, Inbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.robot_protocol import SessionStart


def key(options: Options, robot: str, inbound: Inbound) -> str:
    """What all messages of one session have in common, as a key of the state file.

    A conversation speaks to one session, but with the scope 'user' each person to their own,
    wherever they write, and with 'single' everybody to the same one.
    """
    if options.session_scope == "user":
        return f"{robot}/user/{inbound.sender.identity}"
    if options.session_scope == "single":
        return f"{robot}/single"
    return f"{robot}/{inbound.conversation.id}"


def is_made(options: Options) -> bool:
    """Whether sessions are made on demand, rather than bound in an editor."""
    return options.session_scope != "bound"


def start(options: Options, inbound: Inbound) -> SessionStart:
    """What a session begins with that is made for this message."""
    conversation = inbound.conversation
    nick = inbound.sender.nick
    title = {
        "user": nick,
        "conversation": conversation.title or nick,
    }.get(options.session_scope, "DingTalk")
    return SessionStart(title, instructions(options, inbound), options.cwd, options.model)


def instructions(options: Options, inbound: Inbound) -> str:
    """The instructions that hold in the message's conversation: the group's, else the account's."""
    if inbound.conversation.kind is ConversationKind.GROUP:
        group = options.group(inbound.conversation.id)
        if group.instructions is not None:
            return group.instructions
    return options.instructions
