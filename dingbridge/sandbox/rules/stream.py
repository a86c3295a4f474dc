"""Rules of Stream Mode and of what it pushes (doc/dingtalk.md §0, §4, §5 and §8.6)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import ApiRule, Behaviour

PROTOCOL: Final = "developerpedia, docs/learn/stream/protocol.md"
FAQ: Final = "developerpedia, docs/learn/stream/faq.md"
RECEIVED: Final = "接收消息"
TYPES: Final = "消息发送与接收类型"
BILLING: Final = "计费模型说明"

NAME_MISSING = ApiRule(
    "A connection is opened with id and secret",
    "4.1",
    PROTOCOL,
    400,
    "invalidParameter",
    "clientId or clientSecret is blank",
)
SECRET_WRONG = ApiRule(
    "A connection is not opened with a wrong secret",
    "4.1",
    "answers of the real server",
    401,
    "authFailed",
    "鉴权失败",
)
SUBSCRIPTIONS = ApiRule(
    "A connection is opened for something",
    "4.1",
    PROTOCOL,
    400,
    "invalidParameter",
    "subscriptions is invalid",
)
EVENT_TOPIC = ApiRule(
    "Events are subscribed to all at once",
    "4.1",
    PROTOCOL,
    400,
    "invalidParameter",
    "topic of EVENT has to be *",
)
CALLBACK_TOPIC = ApiRule(
    "Callbacks are subscribed to by a topic that exists",
    "4.1",
    PROTOCOL,
    400,
    "invalidParameter",
    "topic {topic} is invalid",
)
USER_AGENT = ApiRule(
    "A user agent is a name and a version",
    "4.1",
    PROTOCOL,
    400,
    "invalidParameter",
    "ua is invalid",
)
XML = Behaviour(
    "Without an Accept header for JSON the answer is XML",
    "4.1",
    "official SDK for Node, comment",
    "`application/xml`",
)
TICKET_ONCE = Behaviour("A ticket opens one connection", "4.1", PROTOCOL, "HTTP 400")
TICKET_LIFE = Behaviour("A ticket is good for 90 seconds", "4.1", PROTOCOL, "HTTP 400")
AT_RANDOM = Behaviour(
    "Each push goes to one connection of the app at random", "4.4", PROTOCOL, "one frame"
)
NOBODY = Behaviour(
    "A message that nobody is connected for is lost", "4.3", PROTOCOL, "no push, now or later"
)
DISCONNECTED = Behaviour(
    "A connection that was told to leave gets nothing more and is closed ten seconds later",
    "4.2",
    PROTOCOL,
    "SYSTEM `disconnect`, then the end",
)
LIFETIME = Behaviour(
    "DingTalk asks a connection to leave when it has lived long enough",
    "4.2",
    PROTOCOL,
    "SYSTEM `disconnect`; off by default, as no lifetime is published",
)
PINGED = Behaviour(
    "A connection is pinged now and then",
    "4.5",
    "seen by several bridges",
    "SYSTEM `ping`; off by default, as no interval is published",
)
OWN_APP = Behaviour(
    "An app gets the messages to its own robot and knows people by ids of its own",
    "5.1",
    RECEIVED,
    "no push to other apps, another `senderId`",
)
BOTH_ROBOTS = Behaviour(
    "A message to two robots reaches both under the same msgId",
    "4.3",
    RECEIVED,
    "two pushes",
)
NO_FILES_IN_GROUPS = Behaviour(
    "Voice, video and files are not delivered in groups", "5.2", TYPES, "no push"
)
MENTIONED_ONLY = Behaviour(
    "A robot gets a message from a group only if it is mentioned",
    "5.1",
    RECEIVED,
    "no push; pushed all the same unless asked for, to test a client's own check",
)
NO_STAFF_ID = Behaviour(
    "People outside the organisation have no staff id", "5.1", RECEIVED, "no `senderStaffId`"
)
MENTION_REMOVED = Behaviour(
    "A mention of the robot is taken out and leaves its space", "5.1", RECEIVED, "` text`"
)
PUSHES_SPENT = Behaviour(
    "An organisation gets 3000 pushes a month and then messages without their words",
    "0",
    BILLING,
    "`errorCode` 20001, no `text`, no `content`",
)
TAP = Behaviour(
    "A tap on a link of DingTalk sends its text as the person who taps",
    "8.6",
    "TuWenCard04",
    "a robot message by that person",
)

RULES = (
    *(NAME_MISSING, SECRET_WRONG, SUBSCRIPTIONS, EVENT_TOPIC, CALLBACK_TOPIC, USER_AGENT, XML),
    *(TICKET_ONCE, TICKET_LIFE, AT_RANDOM, NOBODY, DISCONNECTED, LIFETIME, PINGED, OWN_APP),
    *(BOTH_ROBOTS, NO_FILES_IN_GROUPS, MENTIONED_ONLY, NO_STAFF_ID, MENTION_REMOVED),
    *(PUSHES_SPENT, TAP),
)
"""All of them, in the order of the table."""
