"""A question to a responder, and where its answer goes."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.messages import At, Message, Target


class Question(Struct, frozen=True, kw_only=True):
    """A message for the responder.

    `instructions`, `cwd` and `model` are those the session was created with, or empty. `files` are
    the paths of the files that came with the message.
    """

    session: str
    message: Message
    instructions: str = ""
    cwd: str = ""
    model: str = ""
    files: tuple[str, ...] = ()


class ReplyContext(Struct, frozen=True):
    """Where an answer goes, and whom it mentions.

    An empty `account` means: stay in the editor. `robot` is the account's robot that received the
    message; `asker` is the identity of its author, empty for the editor's user.
    """

    session: str
    account: str
    target: Target
    asker: str = ""
    at: At = At()
    robot: str = ""
