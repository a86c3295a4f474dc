"""Declares every option, as the struct field that holds its value.

The reader (`settings.py`), the editor's check (`lua/dingbridge/options.lua`, by way of
`generated.lua`), the types for lua_ls and the documents are derived from these structs.
"""

# No `from __future__ import annotations`: `declared_in` reads the annotations as values at start.
from typing import Annotated, Literal

from msgspec import Struct

from dingbridge.core.agents.known_agents import AgentChoice
from dingbridge.core.catalogue import settings as say
from dingbridge.core.catalogue import values as words
from dingbridge.core.catalogue.language import Language
from dingbridge.core.commands.remote_commands import COMMANDS, Users
from dingbridge.core.messages import PLATFORM
from dingbridge.core.options.groups import GroupOptions, group_of
from dingbridge.core.options.kinds import Option, OptionKind, declared_in, spellings_of
from dingbridge.core.options.lookups import Argv
from dingbridge.core.options.programs import Responder
from dingbridge.core.options.sources import DEFAULT, Source

PREFIX = f"integrations.{PLATFORM}"
"""Path of the options in the table given to `setup()`; every problem's path begins with it."""

WRAPPERS = {"channels": PLATFORM}
"""Outer to inner key of a pasted block whose content is read as top-level options.

Other entries of the block are accounts if their `type` is the inner key.
"""

DEFAULT_ACCOUNT = "default"
"""Name of the account that the outer table describes."""

ROBOT = ("app_key", "app_secret", "webhook", "secret")
"""Options that identify an account's robot.

An account that gives any of them inherits none of them and no `robot_code`, so that two robots are
never mixed.
"""


class Options(Struct, frozen=True, kw_only=True):
    """All options of one account with their values. Text options default to the empty string.

    An empty `send_key`: no key sends; the same in `keys`, which has what the user changes.
    `allow_from` is None if not given. `groups` is as given, including `*`; use `group` to resolve
    it.
    """

    account: str
    sources: dict[str, Source]
    """The source of each option's value, by canonical name."""

    enabled: Annotated[
        bool, Option(OptionKind.FLAG, env="DINGTALK_ENABLED"), "Whether the bridge runs at all."
    ] = True
    webhook: Annotated[
        str,
        Option(
            OptionKind.WEBHOOK,
            own=True,
            env="DINGTALK_WEBHOOK",
            belongs=words.WHOLE_ADDRESS,
        ),
        "Address of a custom group robot, for one-way messages to its group.",
    ] = ""
    secret: Annotated[
        str,
        Option(
            OptionKind.SECRET,
            own=True,
            env="DINGTALK_SECRET",
            belongs=words.SIGNING_SECRET,
            needs="webhook",
        ),
        "Signing secret of the custom robot, when its security setting is a signature.",
    ] = ""
    keyword: Annotated[
        str,
        Option(OptionKind.TEXT, env="DINGTALK_KEYWORD", own=True),
        "Keyword the custom robot requires; put in front of a message that lacks it.",
    ] = ""
    app_key: Annotated[
        str,
        Option(
            OptionKind.TEXT,
            aliases=("client_id",),
            env="DINGTALK_CLIENT_ID",
            belongs=words.CLIENT_ID,
            needs="app_secret",
        ),
        "Client ID (AppKey) of the enterprise app, for conversations both ways.",
    ] = ""
    app_secret: Annotated[
        str,
        Option(
            OptionKind.SECRET,
            aliases=("client_secret",),
            env="DINGTALK_CLIENT_SECRET",
            belongs=words.CLIENT_SECRET,
            needs="app_key",
        ),
        "Client Secret (AppSecret) of the enterprise app.",
    ] = ""
    robot_code: Annotated[
        str,
        Option(OptionKind.TEXT, belongs=words.ROBOT_CODE, default_from="app_key"),
        "The robot's code; a message's own wins for the reply to it, unless it is refused.",
    ] = ""
    conversation_id: Annotated[
        str,
        Option(
            OptionKind.TEXT,
            env="DINGTALK_CONVERSATION_ID",
            belongs=words.GROUPS_ID,
            own=True,
        ),
        "Group that messages go to when they answer nobody.",
    ] = ""
    user_id: Annotated[
        str,
        Option(OptionKind.TEXT, env="DINGTALK_USER_ID", belongs=words.PERSONS_ID, own=True),
        "Person (staff id) that messages go to when they answer nobody.",
    ] = ""
    msgtype: Annotated[
        Literal["markdown", "text"], Option(OptionKind.CHOICE), "Form in which messages are sent."
    ] = "markdown"
    text_chunk_limit: Annotated[
        int,
        Option(OptionKind.WHOLE, least=100, most=20000),
        "Characters a chunk may have; the platform's byte ceilings hold as well.",
    ] = 20000
    table: Annotated[
        Literal["auto", "native", "text", "code"],
        Option(OptionKind.CHOICE),
        "How tables are sent: 'native' = drawn by DingTalk, which some phones do not"
        " do; 'text' = aligned plain text; 'code' = a code block; 'auto' = what every"
        " phone shows: 'text' for a table with links, else 'code'.",
    ] = "auto"
    file_after: Annotated[
        int,
        Option(OptionKind.WHOLE, least=0, most=1000),
        "Chunks after which a message goes as its beginning and a file with all of it; 0: never.",
    ] = 0
    mention_asker: Annotated[
        bool, Option(OptionKind.FLAG), "Whether an answer in a group mentions the person who asked."
    ] = True
    reaction: Annotated[
        str, Option(OptionKind.SIGN), "Sign on a message until it is answered; false: none."
    ] = "👀"
    approval_cards: Annotated[
        bool,
        Option(OptionKind.FLAG),
        "Whether approvals are asked 1:1 by a card with buttons, if the app may create cards; else"
        " by a text with links.",
    ] = True
    mask_secrets: Annotated[
        bool,
        Option(OptionKind.FLAG, own=True),
        "Whether keys, tokens and passwords are masked before a text leaves.",
    ] = True
    mask_secrets_except: Annotated[
        tuple[str, ...],
        Option(OptionKind.LIST, belongs=words.EITHER_ID, own=True),
        "Conversation ids and staff ids to which texts go unmasked.",
    ] = ()
    media_size: Annotated[
        int,
        Option(OptionKind.WHOLE, name="media.size", least=1, most=1000),
        "Megabytes that a received picture, file or recording may have.",
    ] = 100
    media_days: Annotated[
        int,
        Option(OptionKind.WHOLE, name="media.days", least=1, most=3650),
        "Days that received files are kept.",
    ] = 30
    delivery: Annotated[
        Literal["at_least_once", "at_most_once"],
        Option(OptionKind.CHOICE),
        "What to do with a message that may have arrived, where DingTalk cannot"
        " recognise a repeat: send it again, or not.",
    ] = "at_least_once"
    quota_calls: Annotated[
        int,
        Option(OptionKind.WHOLE, name="quota.calls", least=0, most=100000000),
        "API calls that the organisation has in a month; a warning comes at 80 %, 0: none.",
    ] = 5000
    quota_pushes: Annotated[
        int,
        Option(OptionKind.WHOLE, name="quota.pushes", least=0, most=100000000),
        "Pushes that the organisation has in a month; a warning comes at 80 %, 0: none.",
    ] = 3000
    dm_policy: Annotated[
        Literal["pairing", "allowlist", "open", "disabled"],
        Option(
            OptionKind.CHOICE,
            name="dm.policy",
            aliases=(
                "dm_policy",
                "sender_policy",
            ),
        ),
        "Who may write 1:1: those paired or listed, those listed, everybody, or nobody.",
    ] = "pairing"
    allow_from: Annotated[
        tuple[str, ...] | None,
        Option(
            OptionKind.LIST,
            aliases=("dm.allow_from",),
            env="DINGTALK_ALLOW_FROM",
            belongs=words.STAFF_ID,
        ),
        "Staff ids that may write to the session; `'*'` is everybody, empty is nobody."
        " A list that is given also holds under the policy 'open'.",
    ] = None
    group_policy: Annotated[
        Literal["disabled", "allowlist", "open"],
        Option(OptionKind.CHOICE),
        "Which groups may speak to the robot: none, those in `groups` or paired, or all.",
    ] = "disabled"
    groups: Annotated[
        dict[str, GroupOptions],
        Option(OptionKind.CONVERSATIONS, belongs=words.GROUPS_ID),
        "Settings of single groups by conversation id; `'*'` holds what is not given"
        " for a group, and admits none.",
    ] = {}
    require_mention: Annotated[
        bool, Option(OptionKind.FLAG), "Whether a message in a group must mention the robot."
    ] = True
    admins: Annotated[
        tuple[str, ...],
        Option(OptionKind.PEOPLE, belongs=words.STAFF_ID),
        "Staff ids that may use all remote commands; they are admitted as well.",
    ] = ()
    commands: Annotated[
        tuple[str, ...],
        Option(OptionKind.COMMANDS),
        "Remote commands that everybody admitted may use, with or without '/'; `'*'` is all.",
    ] = tuple(one.name for one in COMMANDS if one.users is not Users.LISTED)
    jobs: Annotated[
        dict[str, Argv],
        Option(OptionKind.PROGRAMS, own=True),
        "What `/run name` starts: names, each with a program and its arguments, which"
        " are passed as they are.",
    ] = {}
    session_scope: Annotated[
        Literal["bound", "user", "conversation", "single"],
        Option(OptionKind.CHOICE),
        "Which session a message reaches: the one bound in the editor, or one made on"
        " demand for each person, for each conversation, or for all.",
    ] = "bound"
    instructions: Annotated[
        str,
        Option(OptionKind.PROSE),
        "First instructions for the responder of a session made on demand.",
    ] = ""
    cwd: Annotated[
        str, Option(OptionKind.TEXT), "Folder of a session made on demand; not given: the editor's."
    ] = ""
    model: Annotated[
        str,
        Option(OptionKind.TEXT),
        "Model that the responder of a session made on demand should use.",
    ] = ""
    endpoint_api: Annotated[
        str,
        Option(OptionKind.ENDPOINT, name="endpoint.api", env="DINGTALK_OPENAPI_ENDPOINT"),
        "Address of the OpenAPI.",
    ] = "https://api.dingtalk.com"
    endpoint_oapi: Annotated[
        str,
        Option(OptionKind.ENDPOINT, name="endpoint.oapi", env="DINGTALK_OAPI_ENDPOINT"),
        "Address of the older API, which also serves robot webhooks.",
    ] = "https://oapi.dingtalk.com"
    proxy: Annotated[
        str,
        Option(OptionKind.PROXY),
        "Proxy for HTTP and for the socket; not given: HTTPS_PROXY of the environment.",
    ] = ""
    python: Annotated[
        str,
        Option(OptionKind.TEXT, editor_wide=True),
        "Python interpreter of host and service; not given: the plugin's own.",
    ] = ""
    responder: Annotated[
        Responder,
        Option(OptionKind.RESPONDER, own=True),
        "What answers in a session: a Lua function, or a program and its arguments,"
        " which are passed as they are; not given: a person.",
    ] = None
    responder_timeout: Annotated[
        float,
        Option(OptionKind.NUMBER, least=1, most=86400, own=True),
        "Seconds a responder may take for one answer.",
    ] = 300
    agent: Annotated[
        AgentChoice | None,
        Option(OptionKind.AGENT, own=True),
        "Coding agent that answers in a session: 'qwen', 'claude', 'codex', 'gemini', 'opencode'"
        " or 'copilot', or `{ command = { 'program', 'argument' }, name = 'mine' }`; not given:"
        " none.",
    ] = None
    agent_silence: Annotated[
        float,
        Option(OptionKind.NUMBER, least=1, most=86400, own=True),
        "Seconds for which an agent may show no sign of life before its turn fails.",
    ] = 600
    agent_progress: Annotated[
        int,
        Option(OptionKind.WHOLE, least=0, most=60, own=True),
        "Minutes between two messages that tell the one who asked what the agent is doing; 0: only"
        " after 3, 10 and 30 minutes. A turn sends 30 of them at most.",
    ] = 0
    mirror: Annotated[
        bool,
        Option(OptionKind.FLAG, own=True),
        "Whether what you type in a bound session with an agent, and its answer, are sent to the"
        " conversation as well.",
    ] = False
    language: Annotated[
        Language,
        Option(OptionKind.CHOICE, editor_wide=True),
        "Language of all that Neovim and the robot say: 'en', 'zh', or 'auto' = Chinese where the"
        " locale is Chinese (`LC_ALL`, `LC_MESSAGES` or `LANG`), elsewhere English in Neovim, and"
        " both in DingTalk. Editors that share a service share the language that was set last.",
    ] = "auto"
    autostart: Annotated[
        bool,
        Option(OptionKind.FLAG, editor_wide=True),
        "Whether the channel starts with Neovim, where a session is bound in this"
        " folder or `session_scope` makes sessions on demand; false: with the first"
        " command.",
    ] = True
    send_key: Annotated[
        str,
        Option(OptionKind.KEY, editor_wide=True),
        "Key that sends the draft, in normal and insert mode; false: none.",
    ] = "<C-s>"
    keys: Annotated[
        dict[str, str],
        Option(OptionKind.KEYS, editor_wide=True),
        "Other keys for the chat, by name; false: none.",
    ] = {}
    notify_on: Annotated[
        Literal["mention", "all", "never"],
        Option(OptionKind.CHOICE, editor_wide=True),
        "What a notice announces when it arrives where you do not see it: 'mention' = messages of"
        " 1:1 chats, and those of groups that mention the robot; 'all' = also those of groups that"
        " mention nobody; 'never' = nothing.",
    ] = "mention"
    notify_when: Annotated[
        Literal["away", "always", "never"],
        Option(OptionKind.CHOICE, editor_wide=True),
        "When the phone is told that something is done or waits: 'away' = while you are in no"
        " Neovim, or have pressed no key for two minutes; 'always'; 'never'.",
    ] = "away"
    quiet_hours: Annotated[
        str,
        Option(OptionKind.HOURS, editor_wide=True),
        "Hours in which the phone is not told that something is done, such as '22:00-08:00';"
        " questions for an approval are sent all the same; false: none.",
    ] = ""
    window_layout: Annotated[
        Literal["right", "left", "bottom", "float", "tab"],
        Option(OptionKind.CHOICE, name="window.layout", editor_wide=True),
        "Where a chat opens: beside or below the other windows, floating above them, or in a tab"
        " page of its own.",
    ] = "right"
    window_width: Annotated[
        float,
        Option(OptionKind.NUMBER, name="window.width", most=1000, editor_wide=True),
        "Width of a chat on the right, on the left or floating: up to 1 a part of the screen,"
        " above it columns.",
    ] = 0.5
    window_height: Annotated[
        float,
        Option(OptionKind.NUMBER, name="window.height", most=1000, editor_wide=True),
        "Height of a chat at the bottom or floating: up to 1 a part of the screen, above it lines.",
    ] = 0.5
    verbose: Annotated[
        bool, Option(OptionKind.FLAG, editor_wide=True), "Whether the log file tells every step."
    ] = False

    @property
    def mode(self) -> Literal["off", "webhook", "api"]:
        """The bridge's mode; API mode if both are configured."""
        if not self.enabled:
            return "off"
        if self.app_key and self.app_secret:
            return "api"
        return "webhook" if self.webhook else "off"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown or logged."""
        values = (getattr(self, option.field) for option in OPTIONS if self.is_hidden(option))
        return tuple(value for value in values if value)

    def missing(self) -> tuple[str, ...]:
        """What is missing to send anything, as sentences; empty unless `mode` is `off`."""
        if self.mode != "off":
            return ()
        if not self.enabled:
            return (say.IS_OFF(path=self.path),)
        return (say.NO_WEBHOOK(path=self.path), say.NO_APP(path=self.path))

    @property
    def path(self) -> str:
        """Where the account's options are in the table of all, with a dot at its end."""
        return "" if self.account == DEFAULT_ACCOUNT else f"accounts.{self.account}."

    def is_hidden(self, option: Option) -> bool:
        """Whether this option's value must never be shown or logged."""
        source = self.sources[option.name]
        if source == DEFAULT and option.default_from:
            source = self.sources[option.default_from]
        return option.is_secret or source.is_secret

    def group(self, conversation_id: str) -> GroupOptions:
        """The options in effect in a group; see `group_of`."""
        return group_of(self.groups, conversation_id, require_mention=self.require_mention)

    def __repr__(self) -> str:
        shown = ", ".join(f"{option.field}={self._shown(option)}" for option in OPTIONS)
        return f"Options(account={self.account!r}, {shown})"

    def _shown(self, option: Option) -> str:
        value = getattr(self, option.field)
        return "'***'" if self.is_hidden(option) and value else repr(value)


class TableOptions(Struct, frozen=True, kw_only=True):
    """The options about the whole table. They are used up when it is read; no value is stored."""

    accounts: Annotated[
        dict[str, Options],
        Option(OptionKind.ACCOUNTS, editor_wide=True),
        "Several robots by name, each with options of its own; what one does not give"
        " comes from the table around.",
    ] = {}
    default_account: Annotated[
        str,
        Option(OptionKind.TEXT, editor_wide=True),
        "Account that is meant when none is named; not given: `default`, else the"
        " first by name that is enabled.",
    ] = ""
    env: Annotated[
        dict[str, str],
        Option(OptionKind.VARIABLES, editor_wide=True),
        "Environment variables of the bridge; those of the editor win.",
    ] = {}
    env_file: Annotated[
        str,
        Option(OptionKind.TEXT, editor_wide=True),
        "File with environment variables, NAME=text in each line; those of the editor"
        " and of `env` win. No file is read that is not named here.",
    ] = ""


OPTIONS = declared_in(Options)
TABLE_OPTIONS = declared_in(TableOptions)
BY_NAME = {option.name: option for option in (*OPTIONS, *TABLE_OPTIONS)}
"""All top-level options by canonical name."""

SPELLINGS = spellings_of(BY_NAME.values())
NESTS = tuple(sorted({spelling.rpartition(".")[0] for spelling in SPELLINGS} - {""}))
"""Names whose value is a table of options."""
