"""The one declaration of every option.

Reading (`settings.py`), the editor's own check (`lua/dingbridge/options.lua`, by way of the
generated `declared.lua`), the README and `:help` all come from the tables below. An option stands
here only when something uses it.
"""

from __future__ import annotations

from dingbridge.core.kinds import Kind, Option
from dingbridge.core.table_options import GROUP_OPTIONS, OUTER_OPTIONS

PREFIX = "integrations.dingtalk"
"""Where the options stand in the table given to `setup()`; every problem's path begins with it."""

WRAPPERS = {"channels": "dingtalk"}
"""Outer key to inner key of a pasted block whose inside is read as if it stood at the top. Its
other entries are accounts, when their `type` is the inner key."""

DEFAULT_ACCOUNT = "default"
"""Name of the account that the outer table is."""

ROBOT = ("app_key", "app_secret", "webhook", "secret")
"""What says which robot an account is. An account that gives any of these takes none of them, and
no `robot_code`, from the outer table: half of one robot and half of another is no robot."""

REMOTE_COMMANDS = (
    *("help", "status", "session", "list", "new", "clear", "stop", "whoami", "whereami"),
    *("history", "where", "diag", "qf", "diff", "file", "open", "run"),
)
"""Names of what can be asked from DingTalk, without the `/` in front."""

EVERYTHING = "*"
"""Stands for all remote commands in a list of them, and for everybody in a list of people."""

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
        meaning="The robot's code; a message's own wins for the reply to it, unless it is refused.",
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
        name="table",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "native", "text", "code"),
        meaning=(
            "How tables are sent: 'native' = drawn by DingTalk, which some phones do not do;"
            " 'text' = aligned plain text; 'code' = a code block; 'auto' = what every phone shows:"
            " 'text' for a table with links, else 'code'."
        ),
    ),
    Option(
        name="file_after",
        kind=Kind.WHOLE,
        default=0,
        least=0,
        most=1000,
        meaning=(
            "Chunks after which a message goes as its beginning and a file with all of it;"
            " 0: never."
        ),
    ),
    Option(
        name="mention_asker",
        kind=Kind.FLAG,
        default=True,
        meaning="Whether an answer in a group mentions the person who asked.",
    ),
    Option(
        name="reaction",
        kind=Kind.SIGN,
        default="👀",
        meaning="Sign on a message until it is answered; false: none.",
    ),
    Option(
        name="mask_secrets",
        kind=Kind.FLAG,
        default=True,
        meaning="Whether keys, tokens and passwords are masked before a text leaves.",
    ),
    Option(
        name="mask_secrets_except",
        kind=Kind.LIST,
        default=(),
        belongs="a conversation id or a staff id",
        meaning="Conversation ids and staff ids to which texts go unmasked.",
    ),
    Option(
        name="media.size",
        kind=Kind.WHOLE,
        default=100,
        least=1,
        most=1000,
        meaning="Megabytes that a received picture, file or recording may have.",
    ),
    Option(
        name="media.days",
        kind=Kind.WHOLE,
        default=30,
        least=1,
        most=3650,
        meaning="Days that received files are kept.",
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
        name="dm.policy",
        kind=Kind.CHOICE,
        default="pairing",
        choices=("pairing", "allowlist", "open", "disabled"),
        aliases=("dm_policy", "sender_policy"),
        meaning="Who may write 1:1: those paired or listed, those listed, everybody, or nobody.",
    ),
    Option(
        name="allow_from",
        kind=Kind.LIST,
        default=None,
        aliases=("dm.allow_from",),
        env="DINGTALK_ALLOW_FROM",
        belongs="a staff id",
        meaning=(
            "Staff ids that may write to the session; '*' is everybody, empty is nobody. A list"
            " that is given also holds under the policy 'open'."
        ),
    ),
    Option(
        name="group_policy",
        kind=Kind.CHOICE,
        default="disabled",
        choices=("disabled", "allowlist", "open"),
        meaning="Which groups may speak to the robot: none, those in `groups` or paired, or all.",
    ),
    Option(
        name="groups",
        kind=Kind.CONVERSATIONS,
        default={},
        belongs="the group's conversation id",
        meaning=(
            "Settings of single groups by conversation id; '*' holds what is not given for a"
            " group, and admits none."
        ),
    ),
    Option(
        name="require_mention",
        kind=Kind.FLAG,
        default=True,
        meaning="Whether a message in a group must mention the robot.",
    ),
    Option(
        name="admins",
        kind=Kind.PEOPLE,
        default=(),
        belongs="a staff id",
        meaning="Staff ids that may use all remote commands; they are admitted as well.",
    ),
    Option(
        name="commands",
        kind=Kind.COMMANDS,
        default=("help", "status", "whoami", "whereami", "stop"),
        meaning="Remote commands that everybody admitted may use, with or without '/'; '*' is all.",
    ),
    Option(
        name="jobs",
        kind=Kind.PROGRAMS,
        default={},
        meaning=(
            "What `/run name` starts: names, each with a program and its arguments, which are"
            " passed as they are."
        ),
    ),
    Option(
        name="session_scope",
        kind=Kind.CHOICE,
        default="bound",
        choices=("bound", "user", "conversation", "single"),
        meaning=(
            "Which session a message reaches: the one bound in the editor, or one made on demand"
            " for each person, for each conversation, or for all."
        ),
    ),
    Option(
        name="instructions",
        kind=Kind.PROSE,
        meaning="What the responder of a session made on demand is told first.",
    ),
    Option(
        name="cwd",
        kind=Kind.TEXT,
        meaning="Folder of a session made on demand; not given: the editor's.",
    ),
    Option(
        name="model",
        kind=Kind.TEXT,
        meaning="Model that the responder of a session made on demand should use.",
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
        editor_wide=True,
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
        name="autostart",
        kind=Kind.FLAG,
        editor_wide=True,
        default=True,
        meaning="Whether the channel starts with Neovim, where a session is bound in this folder or"
        " `session_scope` makes sessions on demand; false: with the first command.",
    ),
    Option(
        name="send_key",
        kind=Kind.KEY,
        editor_wide=True,
        default="<C-s>",
        meaning="Key that sends the draft, in normal and insert mode; false: none.",
    ),
    Option(
        name="verbose",
        kind=Kind.FLAG,
        editor_wide=True,
        default=False,
        meaning="Whether the log file tells every step.",
    ),
)

BY_NAME = {option.name: option for option in (*OPTIONS, *OUTER_OPTIONS)}
"""All options of the table itself by canonical name."""

SPELLINGS = {
    spelling: option.name for option in BY_NAME.values() for spelling in option.spellings()
}
"""Dotted path as a user may write it, to canonical name."""
GROUPS = tuple(sorted({spelling.rpartition(".")[0] for spelling in SPELLINGS} - {""}))
"""Names whose value is a table of further options."""
GROUP_SPELLINGS = {
    spelling: option.name for option in GROUP_OPTIONS for spelling in option.spellings()
}
"""The same for what can be given for one group in `groups`."""
