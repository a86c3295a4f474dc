"""The values that every part of the bridge speaks: messages, targets and their deliveries."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal

from msgspec import Struct, structs

PLATFORM: Final = "dingtalk"
"""The network's name as users write it: in settings, after `:Chat bridge`, before a target."""

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""The name of an account."""


class Role(str, Enum):
    """Who speaks in a session."""

    EDITOR = "editor"
    DINGTALK = "dingtalk"
    RESPONDER = "responder"
    NOTICE = "notice"


class Delivery(str, Enum):
    """What became of an outbound message. `NONE` marks one that is not meant to leave; `UNSAVED` is
    shown of one that the disk refuses so far, and never written."""

    NONE = ""
    UNSAVED = "unsaved"
    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"


class ConversationKind(str, Enum):
    """A chat with one person or with a group (`conversationType`, protocol section 5.1)."""

    SINGLE = "1"
    GROUP = "2"


class Conversation(Struct, frozen=True):
    """A DingTalk chat. `id` is the `openConversationId`; `title` is empty for 1:1 chats."""

    id: str
    kind: ConversationKind
    title: str = ""


_ENCRYPTED: Final = "$:"
_MARK: Final = "sender:"

SENDER_IDS: Final = (_ENCRYPTED, _MARK)
"""What the identity of a person without a staff id begins with, and no staff id does."""


class Sender(Struct, frozen=True):
    """The author of a robot message.

    `staff_id` is empty for people outside the robot's organisation (protocol section 5.1), and
    never begins with one of `SENDER_IDS`. `nick` is chosen by the person and identifies nobody.
    """

    staff_id: str
    sender_id: str
    nick: str

    @property
    def identity(self) -> str:
        """The id that an access rule names: the staff id, or without one the exact `senderId`.

        The platform's sender ids begin with `$:`. Any other gets a mark, so that it cannot be a
        staff id: `sender:user001`.
        """
        if self.staff_id or not self.sender_id or self.sender_id.startswith(_ENCRYPTED):
            return self.staff_id or self.sender_id
        return f"{_MARK}{self.sender_id}"


class SessionWebhook(Struct, frozen=True):
    """The reply URL that came with a message. The URL is a secret; `expires` is Unix seconds."""

    url: str
    expires: float

    def __repr__(self) -> str:
        return f"SessionWebhook(url='***', expires={self.expires!r})"


class Attachment(Struct, frozen=True):
    """A picture, file, voice message or video that came with a message.

    `download_code` gets its bytes (protocol section 6) and is not for showing. `file_name` is what
    the sender called it, fit to be shown but not to be trusted as a path; empty without a name.
    `size` is bytes, `duration` seconds, each 0 when unknown. The characters from `start` to `end`
    of the message's text stand for it; both are -1 when none do.
    """

    kind: Literal["picture", "file", "audio", "video"]
    download_code: str
    file_name: str = ""
    size: int = 0
    duration: float = 0.0
    start: int = -1
    end: int = -1

    def __repr__(self) -> str:
        named = f"kind={self.kind!r}, download_code='***', file_name={self.file_name!r}"
        measured = f"size={self.size!r}, duration={self.duration!r}"
        return f"Attachment({named}, {measured}, start={self.start!r}, end={self.end!r})"


class Quoted(Struct, frozen=True):
    """The message that a message answers (protocol section 5.3).

    `text` is Markdown, cut to a sane length, and empty when the platform sent no content.
    `author` is a name to show, empty when unknown. `ours` tells that the robot wrote it, and `key`
    is the `processQueryKey` of that sending, empty without one. `created` is Unix seconds, 0 when
    unknown.
    """

    text: str = ""
    author: str = ""
    ours: bool = False
    message_id: str = ""
    key: str = ""
    created: float = 0.0
    attachments: tuple[Attachment, ...] = ()


class Inbound(Struct, frozen=True):
    """One robot message as it came in. `created` is Unix seconds; `id` is the `msgId`.

    `text` is Markdown in which words stand for each of the `attachments`, and empty when a reader
    would see nothing of it; `quote` is the message that it answers.
    """

    id: str
    robot_code: str
    conversation: Conversation
    sender: Sender
    mentioned: bool
    msgtype: str
    text: str
    created: float
    session_webhook: SessionWebhook | None = None
    attachments: tuple[Attachment, ...] = ()
    quote: Quoted | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing in it to answer: no words, no attachment and no quote of any."""
        quote = self.quote
        is_bare = not self.text and not self.attachments
        return is_bare and (quote is None or not (quote.text or quote.attachments))


class At(Struct, frozen=True):
    """Who an outbound message mentions (protocol section 1)."""

    user_ids: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()
    all: bool = False


class Target(Struct, frozen=True):
    """Where an outbound message goes.

    Routes are tried in this order: the session webhook while it is valid, then OpenAPI by
    `conversation_id` (group) or `user_id` (1:1). `private` stands for a conversation to which no id
    leads, but only its session webhook: the id of a 1:1 chat with somebody from outside the
    organisation, or what `routing.of_session` gives. All of these empty means the group of a custom
    robot: the one that `custom_robot` names, see `routing.custom_robot`, or whichever is configured
    where it is empty, as earlier versions left it. `guessed`: the user wrote an id without its
    kind, so that what the robot's owner knows of it decides.
    """

    conversation_id: str = ""
    user_id: str = ""
    robot_code: str = ""
    session_webhook: SessionWebhook | None = None
    label: str = ""
    private: str = ""
    custom_robot: str = ""
    guessed: bool = False

    @property
    def key(self) -> str:
        """The conversation among all of its robot, as kind and id: two targets with the same key
        are the same conversation, whatever way leads there."""
        if self.conversation_id:
            return f"group:{self.conversation_id}"
        if self.user_id:
            return f"user:{self.user_id}"
        if self.private:
            return f"private:{self.private}"
        return f"robot:{self.custom_robot}"

    @property
    def lasting(self) -> Target:
        """The target without its session webhook, which is secret and stays in memory."""
        return structs.replace(self, session_webhook=None)

    @property
    def place(self) -> str:
        """The id of the conversation, or in a 1:1 chat the person's, whatever way leads there; for
        a custom robot's group the robot's name."""
        return self.conversation_id or self.user_id or self.private or self.custom_robot

    def is_group_of(self, custom_robot: str) -> bool:
        """Whether it is the group of this custom robot, named as by `routing.custom_robot`."""
        elsewhere = self.conversation_id or self.user_id or self.private or self.session_webhook
        return not elsewhere and self.custom_robot in ("", custom_robot)


class Outbound(Struct, frozen=True):
    """A message on its way out, whole; the sender cuts it into chunks. `id` names it for ever.
    `names` are the names of those whom `at` mentions by staff id, for ways that mention nobody.

    With a `file_name` it is a file that goes by that name: the one at the path `file`, which is a
    copy of ours, or, without a path, one that holds `text`.
    """

    id: str
    target: Target
    text: str
    title: str = ""
    at: At = At()
    names: tuple[tuple[str, str], ...] = ()
    file: str = ""
    file_name: str = ""


class Message(Struct, frozen=True):
    """One entry of a session's transcript. `time` is Unix seconds; `reason` explains a failure.

    `target` is the address of the conversation that it came from or goes to (`core.targets`),
    `target_name` says in words which one that is, and `robot` names the robot that speaks there
    (`routing.robot_name`); all are empty for what stays in the editor.
    """

    id: str
    role: Role
    author: str
    text: str
    time: float
    delivery: Delivery = Delivery.NONE
    reason: str = ""
    target: str = ""
    target_name: str = ""
    robot: str = ""


class DeliveryReport(Struct, frozen=True):
    """News of an outbound message from the sender: its new state and, in words, why. `title` says
    which one it is, where that may have to be told; `key` is the conversation that it goes to
    (`Target.key`) and `place` says in words which one that is, both empty where nobody knows.
    `dropped`: it has failed because the user gave it up, and `may_have_arrived` before that.
    `unanswered`: it waits or has failed because nobody answered who could have been DingTalk."""

    message_id: str
    delivery: Delivery
    reason: str = ""
    sent_chunks: int = 0
    chunks: int = 0
    title: str = ""
    key: str = ""
    place: str = ""
    dropped: bool = False
    may_have_arrived: bool = False
    unanswered: bool = False
