"""The one declaration of every option, and of the sentences said about options that are wrong.

Reading (`settings.py`), the editor's own check (`lua/dingbridge/options.lua`, by way of the
generated `declared.lua`), the README and `:help` all come from the tables below. An option stands
here only when something uses it. No sentence shows the value of an option, so that no secret can
reach a message; only a placeholder is quoted, and the host of a webhook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

PREFIX = "integrations.dingtalk"
"""Where the options stand in the table given to `setup()`; every problem's path begins with it."""

WRAPPERS = {"channels": "dingtalk"}
"""Outer key to inner key of a pasted block whose inside is read as if it stood at the top."""


class Kind(str, Enum):
    """What an option's value may be."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    FLAG = "flag"
    NUMBER = "number"
    WHOLE = "whole number"
    CHOICE = "choice"
    LIST = "list of text"
    WEBHOOK = "webhook address"
    ENDPOINT = "address"
    PROXY = "proxy address"
    RESPONDER = "responder"
    KEY = "key"


class Option(Struct, frozen=True, kw_only=True):
    """One option.

    `name` is canonical, dotted when nested; `meaning` is one sentence with the unit. `aliases` are
    further canonical spellings (the camelCase form of each is accepted too). `env` is the variable
    read when the option is not given. `least` and `most` bound a number. `belongs` says what to put
    in the place of a placeholder; without it the value is not compared with placeholders. `needs`
    names the option this one is useless without, `default_from` the option whose value is the
    default.
    """

    name: str
    kind: Kind
    meaning: str
    default: str | bool | float | tuple[str, ...] | None = ""
    aliases: tuple[str, ...] = ()
    env: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    belongs: str = ""
    needs: str = ""
    default_from: str = ""

    @property
    def field(self) -> str:
        """The attribute of `settings.Options` that holds the value."""
        return self.name.replace(".", "_")

    @property
    def is_secret(self) -> bool:
        """Whether the value must never be shown. Webhook and proxy addresses hold credentials."""
        return self.kind in (Kind.SECRET, Kind.WEBHOOK, Kind.PROXY)

    @property
    def expects(self) -> str:
        """What a value must be, in words that follow "expected" and "must be"."""
        if self.kind is Kind.CHOICE:
            return " or ".join(f"'{choice}'" for choice in self.choices)
        if self.kind in (Kind.NUMBER, Kind.WHOLE):
            return f"a {self.kind.value} from {self.least} to {self.most}"
        return EXPECTED[self.kind]

    def spellings(self) -> Iterator[str]:
        """Every dotted path that means this option, the canonical one first."""
        for name in (self.name, *self.aliases):
            yield name
            if camel_case(name) != name:
                yield camel_case(name)


def camel_case(name: str) -> str:
    """`name` in camelCase, each dotted part for itself: `dm.allow_from` is `dm.allowFrom`."""
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


EXPECTED = {
    Kind.TEXT: "text in quotes",
    Kind.SECRET: "text in quotes",
    Kind.FLAG: "true or false",
    Kind.LIST: "a list of text",
    Kind.WEBHOOK: "the robot's address, https://oapi.dingtalk.com/robot/send?access_token=...",
    Kind.ENDPOINT: "an address such as https://api.dingtalk.com (http:// only for this machine)",
    Kind.PROXY: "an address such as http://127.0.0.1:8080",
    Kind.RESPONDER: "a Lua function, or a list of a program and its arguments",
    Kind.KEY: "a key such as '<C-s>', or false",
}

OPTIONS: tuple[Option, ...] = (
    Option(
        name="enabled",
        kind=Kind.FLAG,
        default=True,
        env="DINGTALK_ENABLED",
        meaning="Whether the bridge runs at all.",
    ),
    Option(
        name="webhook",
        kind=Kind.WEBHOOK,
        env="DINGTALK_WEBHOOK",
        belongs="the whole address that DingTalk shows for the robot",
        meaning="Address of a custom group robot, for one-way messages to its group.",
    ),
    Option(
        name="secret",
        kind=Kind.SECRET,
        env="DINGTALK_SECRET",
        belongs="the robot's signing secret, which begins with SEC,",
        needs="webhook",
        meaning="Signing secret of the custom robot, when its security setting is a signature.",
    ),
    Option(
        name="keyword",
        kind=Kind.TEXT,
        env="DINGTALK_KEYWORD",
        meaning="Keyword the custom robot requires; put in front of a message that lacks it.",
    ),
    Option(
        name="app_key",
        kind=Kind.TEXT,
        aliases=("client_id",),
        env="DINGTALK_CLIENT_ID",
        belongs="the app's Client ID (AppKey)",
        needs="app_secret",
        meaning="Client ID (AppKey) of the enterprise app, for conversations both ways.",
    ),
    Option(
        name="app_secret",
        kind=Kind.SECRET,
        aliases=("client_secret",),
        env="DINGTALK_CLIENT_SECRET",
        belongs="the app's Client Secret (AppSecret)",
        needs="app_key",
        meaning="Client Secret (AppSecret) of the enterprise app.",
    ),
    Option(
        name="robot_code",
        kind=Kind.TEXT,
        belongs="the robot's code",
        default_from="app_key",
        meaning="The robot's code; a message's own robot code wins for the reply to it.",
    ),
    Option(
        name="conversation_id",
        kind=Kind.TEXT,
        env="DINGTALK_CONVERSATION_ID",
        belongs="the group's conversation id",
        meaning="Group that messages go to when they answer nobody.",
    ),
    Option(
        name="user_id",
        kind=Kind.TEXT,
        env="DINGTALK_USER_ID",
        belongs="the person's staff id",
        meaning="Person (staff id) that messages go to when they answer nobody.",
    ),
    Option(
        name="msgtype",
        kind=Kind.CHOICE,
        default="markdown",
        choices=("markdown", "text"),
        meaning="Form in which messages are sent.",
    ),
    Option(
        name="text_chunk_limit",
        kind=Kind.WHOLE,
        default=20000,
        least=100,
        most=20000,
        meaning="Characters a chunk may have; the platform's byte ceilings hold as well.",
    ),
    Option(
        name="delivery",
        kind=Kind.CHOICE,
        default="at_least_once",
        choices=("at_least_once", "at_most_once"),
        meaning=(
            "What to do with a message that may have arrived, where DingTalk cannot recognise a"
            " repeat: send it again, or not."
        ),
    ),
    Option(
        name="quota.calls",
        kind=Kind.WHOLE,
        default=5000,
        least=0,
        most=100_000_000,
        meaning="API calls that the organisation has in a month; a warning comes at 80 %, 0: none.",
    ),
    Option(
        name="quota.pushes",
        kind=Kind.WHOLE,
        default=3000,
        least=0,
        most=100_000_000,
        meaning="Pushes that the organisation has in a month; a warning comes at 80 %, 0: none.",
    ),
    Option(
        name="allow_from",
        kind=Kind.LIST,
        default=(),
        aliases=("dm.allow_from",),
        env="DINGTALK_ALLOW_FROM",
        belongs="a staff id",
        meaning="Staff ids that may write to the session; '*' is everybody, empty is nobody.",
    ),
    Option(
        name="endpoint.api",
        kind=Kind.ENDPOINT,
        default="https://api.dingtalk.com",
        env="DINGTALK_OPENAPI_ENDPOINT",
        meaning="Address of the OpenAPI.",
    ),
    Option(
        name="endpoint.oapi",
        kind=Kind.ENDPOINT,
        default="https://oapi.dingtalk.com",
        env="DINGTALK_OAPI_ENDPOINT",
        meaning="Address of the older API, which also serves robot webhooks.",
    ),
    Option(
        name="proxy",
        kind=Kind.PROXY,
        meaning="Proxy for HTTP and for the socket; not given: HTTPS_PROXY of the environment.",
    ),
    Option(
        name="python",
        kind=Kind.TEXT,
        meaning="Python interpreter of the host process; not given: the plugin's own.",
    ),
    Option(
        name="responder",
        kind=Kind.RESPONDER,
        default=None,
        meaning="What answers in a session: a Lua function, or a program and its arguments, which"
        " are passed as they are; not given: a person.",
    ),
    Option(
        name="responder_timeout",
        kind=Kind.NUMBER,
        default=300,
        least=1,
        most=86400,
        meaning="Seconds a responder may take for one answer.",
    ),
    Option(
        name="send_key",
        kind=Kind.KEY,
        default="<C-s>",
        meaning="Key that sends the draft, in normal and insert mode; false: none.",
    ),
    Option(
        name="verbose",
        kind=Kind.FLAG,
        default=False,
        meaning="Whether the log file tells every step.",
    ),
)

SPELLINGS = {spelling: option.name for option in OPTIONS for spelling in option.spellings()}
"""Dotted path as a user may write it, to canonical name."""
GROUPS = tuple(sorted({spelling.rpartition(".")[0] for spelling in SPELLINGS} - {""}))
"""Names whose value is a table of further options."""

SENTENCES = {
    "unknown": "unknown option",
    "unknown_near": "unknown option, did you mean %s?",
    "unnamed": "every entry needs a name",
    "expected": "expected %s, got %s",
    "must": "must be %s",
    "empty": "is empty; fill it in or leave it out",
    "control": "holds a control character such as a line break",
    "placeholder": '"%s" is a placeholder; put %s here',
    "variable": "the environment variable %s is not set",
    "differs": "has another value than %s, which is the same option",
    "needs": "needs %s as well",
    "https": "must begin with https://",
    "host": "%s is no host of DingTalk (dingtalk.com, dingtalk.io), nor one that endpoint.api or"
    " endpoint.oapi names",
    "path": "must have the path /robot/send",
    "token": "has no access_token",
}

TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
"""Words for a flag that comes from the environment, in lower case."""

DINGTALK_DOMAINS = ("dingtalk.com", "dingtalk.io")

PLACEHOLDERS = (
    "app_key",
    "app_secret",
    "client_id",
    "client_secret",
    "your_app_key",
    "your_app_secret",
    "your_client_id",
    "your_client_secret",
    "your_conversation_id",
    "your_robot_code",
    "your_staff_id",
    "your_user_id",
)
"""What examples put for a value, in lower case and with `-` as `_`. Besides these, a value made of
`x` only (also after `ding`) and one in angle brackets are placeholders."""
