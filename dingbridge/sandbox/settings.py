"""What a sandbox is made of: its app, its custom robots, its people and groups, its limits."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

TEAM = "cidTEAM=="
"""Conversation id of the default group."""


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who can write to the robot.

    `staff_id` is empty for people outside the robot's organisation (doc/dingtalk.md §5.1).
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


class SandboxGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """A group in which the robot is installed. `conversation_id` is its `openConversationId`."""

    conversation_id: str
    title: str


class App(Struct, frozen=True, forbid_unknown_fields=True):
    """An internal app with its robot, whose code is the `client_id`. `missing_scopes` are the
    permissions it lacks."""

    client_id: str
    client_secret: str
    robot_name: str = "dingbridge"
    missing_scopes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"App(client_id={self.client_id!r}, client_secret='***')"


class CustomRobot(Struct, frozen=True, forbid_unknown_fields=True):
    """A custom robot of a group (doc/dingtalk.md §1): one-way, known by its token.

    A `secret` switches the signature check on, `keywords` the keyword check.
    """

    token: str
    name: str = "通知"
    secret: str = ""
    keywords: tuple[str, ...] = ()
    conversation_id: str = TEAM

    def __repr__(self) -> str:
        return f"CustomRobot(name={self.name!r}, token='***', keywords={self.keywords!r})"


PEOPLE = (
    Person("张三", staff_id="zhangsan", admin=True),
    Person("李四", staff_id="lisi"),
    Person("陌生人", sender_id="$:LWCP_v1:$stranger", conversation_id="cid1TO1stranger=="),
)
GROUPS = (SandboxGroup(TEAM, "产品讨论群"), SandboxGroup("cidONCALL==", "运维值班群"))
ROBOTS = (CustomRobot("sandbox-robot-token"),)


MEGABYTE = 1024 * 1024
UPLOAD_LIMITS = {
    "image": 20 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 20 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
"""Bytes of an upload by its type (doc/dingtalk.md §6)."""


UNLIMITED: dict[str, Any] = {
    "rate_per_minute": None,
    "session_rate_per_minute": None,
    "calls_per_second": None,
    "calls_per_month": None,
    "pushes_per_month": None,
}
"""Settings that switch off all limits on how much and how fast."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be chosen about a sandbox. The defaults are the platform's own limits.

    `client_id`, `client_secret`, `robot_name` and `missing_scopes` are those of the first app,
    `other_apps` are further ones of the same organisation, `corporation`.

    Times are seconds. `rate_per_minute` and `session_rate_per_minute` are messages per rolling
    minute of one custom robot and of one conversation's session webhooks; `throttle_seconds` is the
    penalty for crossing one. `calls_per_second` are those of one app to one interface,
    `calls_per_month` and `pushes_per_month` those of the organisation. None switches a limit off,
    `UNLIMITED` all of them.

    `ping_interval` is the pause between SYSTEM pings and `connection_lifetime` the time after which
    a client gets `disconnect`; None does neither. `flow_controlled` are the staff ids that may get
    no more 1:1 messages. `chance` starts the random choice between several connections.
    `upload_limits` are bytes by the type of an upload, instead of the platform's own;
    `download_code_lifetime` is how long the files of a message can be asked for,
    `file_address_lifetime` how long the address works that one gets then. `card_bytes` is how much
    one streaming update may hold, whose real limit is unconfirmed. `scan_interval` is how often a
    client is asked to poll while an app is made by a scan. `body_characters` is how much of each
    body and each frame the records keep, with its secrets masked; 0 keeps nothing of them.
    `bridge_address` is how the addresses begin that bridges get, such as session webhooks, where
    something stands in front of the sandbox.
    """

    client_id: str = "dingsandbox"
    client_secret: str = "sandbox-client-secret-not-real"  # noqa: S105 - opens nothing but a sandbox
    robot_name: str = "dingbridge"
    missing_scopes: tuple[str, ...] = ()
    other_apps: tuple[App, ...] = ()
    corporation: str = "dingsandboxcorp"
    robots: tuple[CustomRobot, ...] = ROBOTS
    people: tuple[Person, ...] = PEOPLE
    groups: tuple[SandboxGroup, ...] = GROUPS
    rate_per_minute: int | None = 20
    session_rate_per_minute: int | None = 20
    throttle_seconds: float = 600.0
    calls_per_second: int | None = 20
    calls_per_month: int | None = 5_000
    pushes_per_month: int | None = 3_000
    token_lifetime: int = 7200
    ticket_lifetime: float = 90.0
    session_lifetime: float = 5400.0
    disconnect_grace: float = 10.0
    ping_interval: float | None = None
    connection_lifetime: float | None = None
    flow_controlled: tuple[str, ...] = ()
    chance: int = 0
    upload_limits: dict[str, int] = {}
    download_code_lifetime: float = 7200.0
    file_address_lifetime: float = 600.0
    card_bytes: int = 100 * 1024
    scan_interval: int = 5
    body_characters: int = 0
    bridge_address: str = ""

    def __repr__(self) -> str:
        return f"Settings(client_id={self.client_id!r}, client_secret='***')"

    @classmethod
    def unlimited(cls, **changes: Any) -> Settings:
        """Settings for floods: no limit on how much and how fast, and these changes."""
        return cls(**{**UNLIMITED, **changes})

    @property
    def apps(self) -> tuple[App, ...]:
        """All apps, the first one first."""
        first = App(self.client_id, self.client_secret, self.robot_name, self.missing_scopes)
        return (first, *self.other_apps)

    def app(self, client_id: str) -> App | None:
        """The app with this id, which is also the code of its robot."""
        return next((app for app in self.apps if app.client_id == client_id), None)

    def sender_id(self, person: Person, app: App) -> str:
        """What a person is called in messages to this app: each app has ids of its own
        (doc/dingtalk.md §5.1)."""
        return person.encrypted_id + self._of(app)

    def conversation_with(self, person: Person, app: App) -> str:
        """The 1:1 chat of a person with the robot of this app."""
        return person.single_conversation + self._of(app)

    def _of(self, app: App) -> str:
        return "" if app.client_id == self.client_id else app.client_id

    def upload_limit(self, kind: str) -> int:
        """Most bytes of an upload of this type."""
        return self.upload_limits.get(kind, UPLOAD_LIMITS[kind])

    def person(self, who: str) -> Person:
        """The person known by this staff id, nick or sender id. Raises ValueError for others."""
        for person in self.people:
            if who in (person.staff_id, person.nick, person.encrypted_id) and who:
                return person
        raise ValueError(f"nobody here is called {who!r}")

    def group(self, which: str) -> SandboxGroup:
        """The group with this conversation id or title. Raises ValueError for others."""
        for group in self.groups:
            if which in (group.conversation_id, group.title):
                return group
        raise ValueError(f"there is no group {which!r}")
