"""Values used in all layers: messages, targets and deliveries."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType, structs

from dingbridge.core.agents.turn_steps import TurnStep

PLATFORM: Final = "dingtalk"
"""The network's name as users write it: in settings, after `:Chat bridge`, before a target."""

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""The name of an account."""


class Role(str, Enum):
    """The author's role in a session."""

    EDITOR = "editor"
    DINGTALK = "dingtalk"
    RESPONDER = "responder"
    NOTICE = "notice"


class Delivery(str, Enum):
    """The delivery state of an outbound message.

    `NONE`: it is not to be sent. `UNSAVED`: it could not be stored yet; shown, but never written.
    `RECALLED`: it was sent, and removed from DingTalk at the user's request.
    """

    NONE = ""
    UNSAVED = "unsaved"
    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    RECALLED = "recalled"


class ConversationKind(str, Enum):
    """A chat with one person or with a group (`conversationType`, doc/dingtalk.md §5.1)."""

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
"""Prefixes of identities of people without a staff id; no staff id has one."""


class Sender(Struct, frozen=True):
    """The author of a robot message.

    `staff_id` is empty for people outside the robot's organisation (doc/dingtalk.md §5.1), and
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

    - `download_code`: fetches its bytes (doc/dingtalk.md §6); not to be shown
    - `file_name`: the sender's name for it, safe to show but not as a path; empty without one
    - `size`: bytes; `duration`: seconds; each 0 when unknown
    - `start`, `end`: the characters of the message's text that stand for it; both -1 without any
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
    """The message that a message answers (doc/dingtalk.md §5.3).

    - `text`: Markdown, shortened; empty when the platform sent no content
    - `author`: a name to show, empty when unknown
    - `ours`: the robot wrote it; `key`: the `processQueryKey` of that sending, or empty
    - `created`: Unix seconds, 0 when unknown
    """

    text: str = ""
    author: str = ""
    ours: bool = False
    message_id: str = ""
    key: str = ""
    created: float = 0.0
    attachments: tuple[Attachment, ...] = ()


class Inbound(Struct, frozen=True):
    """One robot message. `created` is Unix seconds; `id` is the `msgId`.

    `text` is Markdown with words for each of the `attachments`; empty if nothing of it is visible.
    `quote` is the message that it answers. `was_kept`: its sender got access only afterwards.
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
    was_kept: bool = False

    @property
    def says_nothing(self) -> bool:
        """Whether the message is empty: neither it nor its quote has text or attachments."""
        quote = self.quote
        is_bare = not self.text and not self.attachments
        return is_bare and (quote is None or not (quote.text or quote.attachments))


class At(Struct, frozen=True):
    """Who an outbound message mentions (doc/dingtalk.md §1)."""

    user_ids: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()
    all: bool = False


class Target(Struct, frozen=True):
    """Where an outbound message goes.

    Routes are tried in this order: the session webhook while it is valid, then OpenAPI by
    `conversation_id` (group) or `user_id` (1:1).

    - `private`: a conversation that only its session webhook reaches: the id of a 1:1 chat with a
      person outside the organisation, or the result of `routing.of_session`
    - `custom_robot`: if all of these are empty, the custom robot whose group it is (see
      `routing.custom_robot`); empty, as earlier versions left it: the configured one
    - `guessed`: the user wrote an id without its kind; the robot's service resolves it
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
        """The conversation among all of its robot, as kind and id.

        Two targets with the same key are the same conversation, whatever their routes.
        """
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
        """The conversation's id; in a 1:1 chat the person's, for a custom robot's group the robot's
        name.
        """
        return self.conversation_id or self.user_id or self.private or self.custom_robot

    def is_group_of(self, custom_robot: str) -> bool:
        """Whether it is the group of this custom robot, named as by `routing.custom_robot`."""
        elsewhere = self.conversation_id or self.user_id or self.private or self.session_webhook
        return not elsewhere and self.custom_robot in ("", custom_robot)


class Outbound(Struct, frozen=True):
    """An outbound message as a whole; the sender cuts it into chunks. `id` is permanent.

    `names` are the names of the people that `at` mentions by staff id, for routes without mentions.
    With a `file_name` it is a file: the copy at the path `file`, or, without a path, one that
    contains `text`.

    `taps` are commands that answer an approval by a tap (`approvals.tap_links`), for a 1:1 chat.
    """

    id: str
    target: Target
    text: str
    title: str = ""
    at: At = At()
    names: tuple[tuple[str, str], ...] = ()
    file: str = ""
    file_name: str = ""
    taps: tuple[str, ...] = ()


class Message(Struct, frozen=True):
    """One entry of a session's transcript. `time` is Unix seconds; `reason` explains a failure.

    - `steps`: what an agent did for this answer, if an agent wrote it
    - `target`: the address of its conversation (`sessions.targets`)
    - `target_name`: the name of that conversation
    - `robot`: the robot that speaks there (`routing.robot_name`)

    The last three are empty for an entry that stays in the editor.
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
    steps: tuple[TurnStep, ...] | UnsetType = UNSET


class DeliveryReport(Struct, frozen=True):
    """The sender's report on an outbound message: its new state and, in words, why.

    - `title`: its title, where needed
    - `key`: its conversation (`Target.key`), `place`: the same in words; both empty when unknown
    - `dropped`: failed, because the user discarded it; `may_have_arrived`: before that
    - `unanswered`: it waits or failed because nothing that could be DingTalk answered
    """

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
