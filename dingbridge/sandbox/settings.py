"""What a sandbox is made of: its app, its custom robots, its people and groups, its limits."""

from __future__ import annotations

from msgspec import Struct

TEAM = "cidTEAM=="
"""Conversation id of the default group."""


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who can write to the robot.

    `staff_id` is empty for people outside the robot's organisation (protocol section 5.1).
    `sender_id` and `conversation_id` (their 1:1 chat with the robot) are made from the name when
    they are left empty.
    """

    nick: str
    staff_id: str = ""
    sender_id: str = ""
    conversation_id: str = ""
    admin: bool = False

    @property
    def key(self) -> str:
        """A short word that is this person's own: the staff id, or the nick without one."""
        return self.staff_id or self.nick

    @property
    def encrypted_id(self) -> str:
        """The `senderId` of this person's messages."""
        return self.sender_id or f"$:LWCP_v1:${self.key}"

    @property
    def single_conversation(self) -> str:
        """The `conversationId` of this person's 1:1 chat with the robot."""
        return self.conversation_id or f"cid1TO1{self.key}=="


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """A group in which the robot is installed. `conversation_id` is its `openConversationId`."""

    conversation_id: str
    title: str


class Robot(Struct, frozen=True, forbid_unknown_fields=True):
    """A custom robot of a group (protocol section 1): one-way, known by its token.

    A `secret` switches the signature check on, `keywords` the keyword check.
    """

    token: str
    name: str = "通知"
    secret: str = ""
    keywords: tuple[str, ...] = ()
    conversation_id: str = TEAM

    def __repr__(self) -> str:
        return f"Robot(name={self.name!r}, token='***', keywords={self.keywords!r})"


PEOPLE = (
    Person("张三", staff_id="zhangsan", admin=True),
    Person("李四", staff_id="lisi"),
    Person("陌生人", sender_id="$:LWCP_v1:$stranger", conversation_id="cid1TO1stranger=="),
)
GROUPS = (Group(TEAM, "产品讨论群"),)
ROBOTS = (Robot("sandbox-robot-token"),)


MEGABYTE = 1024 * 1024
UPLOAD_LIMITS = {
    "image": 20 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 20 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
"""Bytes of an upload by its type (protocol section 6)."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be chosen about a sandbox. The defaults are the platform's own limits.

    Times are seconds. `rate_per_minute` and `session_rate_per_minute` are messages per rolling
    minute of one custom robot and of one conversation's session webhooks, None switches the limit
    off; `throttle_seconds` is the penalty for crossing it. `ping_interval` is the pause between
    SYSTEM pings, None sends none. `missing_scopes` are permissions the app lacks,
    `flow_controlled` the staff ids that may get no more 1:1 messages. `chance` starts the random
    choice between several connections. `upload_limits` are bytes by the type of an upload, in the
    place of the platform's own;
    `download_code_lifetime` is how long the files of a message can be asked for,
    `file_address_lifetime` how long the address works that one gets then.
    """

    client_id: str = "dingsandbox"
    client_secret: str = "sandbox-client-secret-not-real"  # noqa: S105 - opens nothing but a sandbox
    robot_name: str = "dingbridge"
    robots: tuple[Robot, ...] = ROBOTS
    people: tuple[Person, ...] = PEOPLE
    groups: tuple[Group, ...] = GROUPS
    rate_per_minute: int | None = 20
    session_rate_per_minute: int | None = None
    throttle_seconds: float = 600.0
    token_lifetime: int = 7200
    ticket_lifetime: float = 90.0
    session_lifetime: float = 5400.0
    disconnect_grace: float = 10.0
    ping_interval: float | None = None
    missing_scopes: tuple[str, ...] = ()
    flow_controlled: tuple[str, ...] = ()
    chance: int = 0
    upload_limits: dict[str, int] = {}
    download_code_lifetime: float = 7200.0
    file_address_lifetime: float = 600.0

    def __repr__(self) -> str:
        return f"Settings(client_id={self.client_id!r}, client_secret='***')"

    def upload_limit(self, kind: str) -> int:
        """Most bytes of an upload of this type."""
        return self.upload_limits.get(kind, UPLOAD_LIMITS[kind])

    def person(self, who: str) -> Person:
        """The person known by this staff id, nick or sender id. Raises ValueError for others."""
        for person in self.people:
            if who in (person.staff_id, person.nick, person.encrypted_id) and who:
                return person
        raise ValueError(f"nobody here is called {who!r}")

    def group(self, which: str) -> Group:
        """The group with this conversation id or title. Raises ValueError for others."""
        for group in self.groups:
            if which in (group.conversation_id, group.title):
                return group
        raise ValueError(f"there is no group {which!r}")
