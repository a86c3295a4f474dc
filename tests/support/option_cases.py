"""Options tables and their problems, for the reader in Python and the one in Lua."""

from __future__ import annotations

from typing import NamedTuple

AT = "integrations.dingtalk"
SECRET = "v3ry-s3cret-v4lue"
WEBHOOK = f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}"
ADDRESS = "the robot's address, https://oapi.dingtalk.com/robot/send?access_token=..."
ENDPOINT = "an address such as https://api.dingtalk.com (http:// only for this machine)"
PROXY = "an address such as http://127.0.0.1:8080"
RESPONDER = "a Lua function, or a list of a program and its arguments"
KEY = "a key such as '<C-s>', or false"
NO_HOST = (
    "is no host of DingTalk (dingtalk.com, dingtalk.io), nor one that endpoint.api or"
    " endpoint.oapi names"
)
APP = {"app_key": "dingabcdef123456", "app_secret": SECRET}


class Case(NamedTuple):
    """One table: `raw` in JSON, `environ`, and the expected problems without the path of the
    table."""

    title: str
    raw: object
    problems: tuple[str, ...] = ()
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed


def _webhook(url: str, *problems: str) -> Case:
    return Case(f"webhook {url}", {"webhook": url}, tuple(f".webhook: {x}" for x in problems))


def _placeholder(key: str, value: str, belongs: str, **others: str) -> Case:
    problem = f'.{key}: "{value}" is a placeholder; put {belongs} here'
    return Case(f"placeholder {value} as {key}", {key: value, **others}, (problem,))


_ID = "the app's Client ID (AppKey)"
_APP_SECRET = "the app's Client Secret (AppSecret)"

GOOD: list[Case] = [
    Case("nothing", {}),
    Case("nothing, as an empty list", []),
    Case("nothing, as null", None),
    Case("a webhook alone", {"webhook": WEBHOOK}),
    Case("a webhook with everything", {"webhook": WEBHOOK, "secret": "SECx", "keyword": "build"}),
    Case("snake_case app", APP),
    Case("camelCase app", {"appKey": "dinga1", "appSecret": SECRET}),
    Case("client names", {"client_id": "dinga1", "client_secret": SECRET}),
    Case("camelCase client names", {"clientId": "dinga1", "clientSecret": SECRET}),
    Case(
        "a pasted block with all options of a JSON guide",
        {
            "channels": {
                "dingtalk": {
                    "enabled": True,
                    "clientId": "dingabcdef123456",
                    "clientSecret": SECRET,
                    "allowFrom": ["123456789"],
                    "textChunkLimit": 4000,
                }
            }
        },
    ),
    Case("an empty pasted block", {"channels": []}),
    Case("a pasted block that is empty inside", {"channels": {"dingtalk": []}}),
    Case("nested dm", {"dm": {"allowFrom": ["a", "b"]}}),
    Case("nested dm in snake_case", {"dm": {"allow_from": ["a", "b"]}}),
    Case("dm as an empty list", {"dm": []}),
    Case("an empty allow list", {"allow_from": []}),
    Case("an empty allow list, as a table", {"allow_from": {}}),
    Case("everybody", {"allow_from": ["*"]}),
    Case(
        "credentials of the environment",
        {},
        (),
        {
            "DINGTALK_CLIENT_ID": "dinga1",
            "DINGTALK_CLIENT_SECRET": SECRET,
            "DINGTALK_ALLOW_FROM": " user1, user2 ,",
            "DINGTALK_ENABLED": "Yes",
        },
    ),
    Case(
        "key from the table, secret from the environment",
        {"app_key": "dinga1"},
        (),
        {
            "DINGTALK_CLIENT_SECRET": SECRET,
        },
    ),
    Case("a variable that is empty counts as not set", {}, (), {"DINGTALK_WEBHOOK": " "}),
    Case("the table wins over a bad variable", {"enabled": True}, (), {"DINGTALK_ENABLED": "?"}),
    Case("null falls back to the environment", {"enabled": None}, (), {"DINGTALK_ENABLED": "0"}),
    Case(
        "named variables",
        {"app_key": "$KEY", "app_secret": " ${THE_SECRET} "},
        (),
        {
            "KEY": "dinga1",
            "THE_SECRET": SECRET,
        },
    ),
    Case(
        "named variables for every kind",
        {
            "allow_from": "$WHO",
            "text_chunk_limit": "$LIMIT",
            "verbose": "$SAY",
            "responder_timeout": "${WAIT}",
            "msgtype": "$FORM",
        },
        (),
        {"WHO": "a,b", "LIMIT": "4000", "SAY": "on", "WAIT": "2.5", "FORM": "text"},
    ),
    Case("a named variable inside a list", {"allow_from": ["$WHO", "b"]}, (), {"WHO": "a"}),
    Case("a dollar sign in the middle is text", {"keyword": "US$NAME"}),
    Case("a whole number as a float", {"text_chunk_limit": 20000.0}),
    Case("the smallest chunk", {"text_chunk_limit": 100}),
    Case("a delivery that never repeats", {"delivery": "at_most_once"}),
    Case("a quota that is not watched", {"quota": {"calls": 0, "pushes": 0}}),
    Case("a quota of the environment", {"quota": {"calls": "$CALLS"}}, (), {"CALLS": "10000"}),
    Case("half seconds", {"responder_timeout": 1.5}),
    Case(
        "two spellings that agree",
        {"app_key": "dinga1", "clientId": " dinga1", "app_secret": SECRET},
    ),
    Case("a Lua function answers", {"responder": {"lua": True}}),
    Case("a program answers", {"responder": ["prog", "", "$HOME", "a b\n"]}),
    Case("no key", {"send_key": False}),
    Case("notices of everything", {"notify_on": "all"}),
    Case("no reaction", {"reaction": False}),
    Case("another reaction", {"reaction": "🤔", "media": {"size": 5, "days": 7}}),
    Case("another key", {"send_key": "<leader>s"}),
    Case("other keys for the chat", {"keys": {"reply": "<leader>r", "yank_code": False}}),
    Case("no other keys for the chat", {"keys": []}),
    Case(
        "an endpoint on this machine",
        {
            "endpoint": {"api": "http://127.0.0.1:8080/", "oapi": "http://[::1]:8081"},
            "webhook": f"http://127.0.0.1:8080/robot/send?access_token={SECRET}",
        },
    ),
    Case(
        "an endpoint on this machine from the environment",
        {},
        (),
        {
            "DINGTALK_OAPI_ENDPOINT": "http://localhost:9",
            "DINGTALK_WEBHOOK": f"http://LOCALHOST:9/robot/send?x=1&access_token={SECRET}",
        },
    ),
    Case("an endpoint abroad", {"endpoint.api": "https://api.dingtalk.io"}),
    Case("a proxy with a password", {"proxy": f"http://me:{SECRET}@proxy.example:3128/"}),
    _webhook(f"https://oapi.dingtalk.io/robot/send?access_token={SECRET}"),
    _webhook(f"HTTPS://OAPI.DingTalk.com:443/robot/send?access_token={SECRET}"),
    Case("a keyword that looks like a placeholder", {"keyword": "XXX"}),
    Case("Chinese text", {"keyword": "告警"}),
]

KNOWN = (
    "help, status, whoami, whereami, list, session, new, clear, stop, history, where, diag, qf,"
    " diff, file, open, run"
)
OTHER_APP = {"app_key": "dingother", "app_secret": SECRET + "2"}
PROGRAM = "a list of a program and its arguments"
ACCOUNT_NAME = (
    "the name of an account has letters, digits, _ and - (40 at most), and is not dingtalk"
)
BESIDE = "holds for all accounts; put it beside them, not into one"
SEVERAL: list[Case] = [
    Case("two accounts", {"accounts": {"work": APP, "personal": OTHER_APP}}),
    Case("two accounts in a pasted block", {"channels": {"dingtalk": {"accounts": {"a": APP}}}}),
    Case(
        "a robot code that belongs to another robot",
        {**APP, "robot_code": "code", "accounts": {"work": OTHER_APP}},
    ),
    Case("a webhook beside an app", {**APP, "accounts": {"hook": {"webhook": WEBHOOK}}}),
    Case("an account around the others", {**APP, "accounts": {"personal": OTHER_APP}}),
    Case(
        "an account that takes the robot from around it",
        {"accounts": {"work": {}}, **APP},
        (".accounts: default and work have the same robot; give each its own app_key or webhook",),
    ),
    Case(
        "an account that takes the robot of the environment",
        {"accounts": {"work": {}}},
        (),
        {
            "DINGTALK_CLIENT_ID": "dinga1",
            "DINGTALK_CLIENT_SECRET": SECRET,
        },
    ),
    Case("no accounts, as an empty list", {"accounts": []}),
    Case("an account that is null", {"accounts": {"work": None}}),
    Case(
        "an account given in two parts",
        {
            "accounts": {"work": {"app_key": "dinga1"}},
            "channels": {"dingtalk": {"accounts": {"work": {"appSecret": SECRET}}}},
        },
    ),
    Case(
        "an account given twice",
        {
            "accounts": {"work": APP},
            "channels": {"work": {"type": "dingtalk", "clientId": "dinga2"}},
        },
        (
            f".channels.work.clientId: has another value than {AT}.accounts.work.app_key,"
            " which is the same option",
        ),
    ),
    Case(
        "half of a robot in an account",
        {**APP, "accounts": {"work": {"app_key": "dinga2"}}},
        (".accounts.work.app_key: needs app_secret as well",),
    ),
    Case(
        "another half from the environment",
        {"accounts": {"work": {"app_key": "dinga2"}}},
        (".accounts.work.app_key: needs app_secret as well",),
        {"DINGTALK_CLIENT_SECRET": SECRET},
    ),
    Case(
        "two accounts with one robot",
        {"accounts": {"b": APP, "a": APP}},
        (".accounts: a and b have the same robot; give each its own app_key or webhook",),
    ),
    Case(
        "two accounts with one robot, one of them off",
        {"accounts": {"b": APP, "a": {**APP, "enabled": False}}},
    ),
    Case(
        "two accounts with one webhook",
        {"accounts": {"b": {"webhook": WEBHOOK}, "a": {"webhook": WEBHOOK}}},
        (".accounts: a and b have the same robot; give each its own app_key or webhook",),
    ),
    Case(
        "two accounts with one placeholder",
        {"accounts": {"b": {**APP, "app_key": "APP_KEY"}, "a": {**APP, "app_key": "APP_KEY"}}},
        tuple(
            f'.accounts.{name}.app_key: "APP_KEY" is a placeholder; put {_ID} here' for name in "ab"
        ),
    ),
    Case(
        "what is for all, in an account",
        {
            "accounts": {
                "work": {
                    **APP,
                    "python": "p",
                    "sendKey": "x",
                    "verbose": True,
                    "envFile": "a",
                    "env": {},
                    "accounts": {},
                    "default_account": "work",
                }
            },
        },
        tuple(
            f".accounts.work.{name}: {BESIDE}"
            for name in (
                "python",
                "sendKey",
                "verbose",
                "envFile",
                "env",
                "accounts",
                "default_account",
            )
        ),
    ),
    Case(
        "a pasted block in an account",
        {"accounts": {"work": {"channels": {}}}},
        (".accounts.work.channels: unknown option",),
    ),
    Case(
        "a typo in an account",
        {"accounts": {"work": {"dm": {"polcy": "open"}}}},
        (".accounts.work.dm.polcy: unknown option, did you mean policy?",),
    ),
    Case(
        "names no account can have",
        {"accounts": {"DingTalk": {}, "a b": {}, "a:b": {}, "a" * 41: {}, "工作": {}}},
        (
            f".accounts.DingTalk: {ACCOUNT_NAME}",
            f".accounts[...]: {ACCOUNT_NAME}",
            f".accounts.{'a' * 41}: {ACCOUNT_NAME}",
            f".accounts.工作: {ACCOUNT_NAME}",
        ),
    ),
    Case(
        "accounts that are no table",
        {"accounts": ["work"]},
        (".accounts: expected a table of accounts by name, got a list",),
    ),
    Case(
        "an account that is no table",
        {"accounts": {"work": True}},
        (".accounts.work: expected a table of options, got true or false",),
    ),
    Case(
        "a bad value that every account gives anew",
        {"msgtype": "html", "accounts": {"work": {**APP, "msgtype": "text"}}},
        (".msgtype: must be 'markdown' or 'text'",),
    ),
    Case(
        "a default account",
        {"defaultAccount": "work", "accounts": {"work": APP, "personal": OTHER_APP}},
    ),
    Case("the default account when nothing else is given", {"default_account": "default"}),
    Case(
        "a default account that is none",
        {"default_account": "wrok", "accounts": {"work": APP, "personal": OTHER_APP}},
        (".default_account: is no account; there are personal, work",),
    ),
    Case(
        "accounts as channels",
        {
            "channels": {
                "my-dingtalk": {"type": "dingtalk", **APP},
                "other": {"type": " dingtalk ", **OTHER_APP},
            }
        },
    ),
    Case("a type beside the options", {"type": "dingtalk", **APP}),
    Case("a type that is nothing", {"type": None, **APP}),
    Case("a type in an account", {"accounts": {"work": {"type": " dingtalk ", **APP}}}),
    Case(
        "the type of another network beside the options",
        {"type": "slack", **APP},
        (".type: only 'dingtalk' is served here",),
    ),
    Case(
        "a type that is no text beside the options",
        {"type": 5, **APP},
        (".type: expected 'dingtalk', got a number",),
    ),
    Case(
        "a type within a group of options",
        {"dm": {"type": "dingtalk"}},
        (".dm.type: unknown option",),
    ),
    Case("the pasted block with a type", {"channels": {"dingtalk": {"type": "dingtalk", **APP}}}),
    Case(
        "channels of other networks",
        {
            "channels": {
                "a": {"type": "telegram"},
                "b": {"type": 1},
                "c": {"type": False},
                "d": {"type": None},
                "dingtalk": {"type": "slack"},
            }
        },
        (
            ".channels.a.type: only 'dingtalk' is served here",
            ".channels.b.type: expected 'dingtalk', got a number",
            ".channels.c.type: expected 'dingtalk', got true or false",
            ".channels.d: unknown option",
            ".channels.dingtalk.type: only 'dingtalk' is served here",
        ),
    ),
    Case(
        "the type of another network in an account",
        {"accounts": {"work": {"type": "slack", **APP}}},
        (".accounts.work.type: only 'dingtalk' is served here",),
    ),
]

PEOPLE: list[Case] = [
    Case("every policy", {"dm": {"policy": "allowlist"}, "group_policy": "open"}),
    Case("policies in camelCase", {"senderPolicy": "open", "groupPolicy": "allowlist"}),
    Case(
        "two names of a policy",
        {"dm": {"policy": "open"}, "sender_policy": "disabled"},
        (f".sender_policy: has another value than {AT}.dm.policy, which is the same option",),
    ),
    Case(
        "policies that there are not",
        {"dm": {"policy": "all"}, "group_policy": "pairing"},
        (
            ".dm.policy: must be 'pairing' or 'allowlist' or 'open' or 'disabled'",
            ".group_policy: must be 'disabled' or 'allowlist' or 'open'",
        ),
    ),
    Case(
        "groups",
        {
            "groups": {
                "*": {"requireMention": False},
                "cidAb+c/d==": {
                    "require_mention": True,
                    "users": ["a", "*"],
                    "tools": ["/where", "diag"],
                    "instructions": "Be\nbrief.",
                },
                "cidEmpty": [],
            }
        },
    ),
    Case("a group with blanks around its id", {"groups": {" cidA ": {"users": [" lisi "]}}}),
    Case(
        "a group with and without blanks around its id",
        {"groups": {" cidA": {"users": ["a"]}, "cidA": {"users": ["b"]}}},
        (f".groups[...]: has another value than {AT}.groups['cidA'], which is the same option",),
    ),
    Case("a group that is null", {"groups": {"cidA": None}}),
    Case("no groups", {"groups": []}),
    Case(
        "groups as a list",
        {"groups": ["cidA"]},
        (".groups: expected a table of options by conversation id, got a list",),
    ),
    Case(
        "groups that are wrong",
        {
            "groups": {
                "cid==": {"requireMentoin": True, "users": "a", "tools": ["wehre", "zzz", 1]},
                "YOUR_CONVERSATION_ID": {},
                " ": {},
                "cidB": True,
                "https://a.example": {"tools": True},
            }
        },
        (
            ".groups['cid=='].requireMentoin: unknown option, did you mean requireMention?",
            ".groups['cid=='].users: expected a list of text such as { 'zhangsan' }, got text",
            ".groups['cid=='].tools[1]: no remote command, did you mean where?",
            f".groups['cid=='].tools[2]: no remote command; there are {KNOWN}",
            ".groups['cid=='].tools[3]: expected text in quotes, got a number",
            ".groups['YOUR_CONVERSATION_ID']: \"YOUR_CONVERSATION_ID\" is a placeholder; put the"
            " group's conversation id here",
            ".groups[...]: is empty; fill it in or leave it out",
            ".groups['cidB']: expected a table of options, got true or false",
            ".groups[...].tools: expected a list of remote commands such as 'status', got true or"
            " false",
        ),
    ),
    Case(
        "two spellings in a group",
        {"groups": {"c": {"requireMention": True, "require_mention": False}}},
        (
            f".groups['c'].require_mention: has another value than {AT}.groups['c'].requireMention,"
            " which is the same option",
        ),
    ),
    Case(
        "groups of an account over those around it",
        {
            "groups": {"*": {"users": ["a"], "tools": ["help"]}, "cidA": {"users": ["b"]}},
            "accounts": {
                "work": {**APP, "groups": {"*": {"users": []}, "cidB": {}}},
                "home": {**OTHER_APP},
            },
        },
    ),
    Case("admins", {"admins": ["boss"], "commands": ["/help", "where", "*"]}),
    Case(
        "everybody as admin",
        {"admins": ["*", "YOUR_STAFF_ID"]},
        (
            ".admins[1]: '*' would be everybody; name each one",
            '.admins[2]: "YOUR_STAFF_ID" is a placeholder'
            "; put a staff id (:Chat help staff-ids) here",
        ),
    ),
    Case(
        "commands that there are not",
        {"commands": ["//help", "Help", "/"]},
        (
            ".commands[1]: no remote command, did you mean help?",
            ".commands[2]: no remote command, did you mean help?",
            f".commands[3]: no remote command; there are {KNOWN}",
        ),
    ),
    Case("jobs", {"jobs": {"test": ["make", "test", "$HOME"], "发布": ["./release"], "no": None}}),
    Case(
        "jobs that are wrong",
        {"jobs": {"a": "make", "b c": ["x"], "d": [], "e": [" "]}},
        (
            f".jobs.a: expected {PROGRAM}, got text",
            ".jobs[...]: the name of a program is one word",
            f".jobs.d: expected {PROGRAM}, got an empty table",
            ".jobs.e[1]: is empty; fill it in or leave it out",
        ),
    ),
    Case(
        "jobs as a list",
        {"jobs": ["make"]},
        (".jobs: expected a table of programs by name, got a list",),
    ),
    Case(
        "a session on demand",
        {
            "sessionScope": "conversation",
            "instructions": "One.\n\tTwo.",
            "cwd": "~/a",
            "model": "m",
        },
    ),
    Case(
        "a session of no scope",
        {"session_scope": "all", "instructions": "a\0b", "cwd": "a\nb"},
        (
            ".session_scope: must be 'bound' or 'user' or 'conversation' or 'single'",
            ".instructions: holds a control character such as a line break",
            ".cwd: holds a control character such as a line break",
        ),
    ),
]

OUTSIDE: list[Case] = [
    Case(
        "variables of a table",
        {
            "env": {"KEY": "dinga1", "DINGTALK_CLIENT_SECRET": SECRET, "OTHER": ""},
            "app_key": "$KEY",
        },
    ),
    Case(
        "the environment wins over the table",
        {"env": {"DINGTALK_ENABLED": "?"}},
        (),
        {"DINGTALK_ENABLED": "no"},
    ),
    Case(
        "a blank variable does not hide the table",
        {"env": {"DINGTALK_ENABLED": "no"}},
        (),
        {"DINGTALK_ENABLED": " "},
    ),
    Case(
        "variables that are no text",
        {"env": {"A": 1, "B": None, "C": ["x"]}},
        (
            ".env.A: expected text in quotes, got a number",
            ".env.C: expected text in quotes, got a list",
        ),
    ),
    Case(
        "variables that are no table",
        {"env": "A=1"},
        (".env: expected a table of text by name, got text",),
    ),
    Case(
        "a variable that two tables give",
        {"env": {"A": "1", "B": "2"}, "channels": {"dingtalk": {"env": {"A": "1", "B": "3"}}}},
        (f".env.B: has another value than {AT}.channels.dingtalk.env.B, which is the same option",),
    ),
    Case(
        "a variable that neither place has",
        {"env": {"A": " "}, "app_secret": "$A", "app_key": "k"},
        (".app_secret: the environment variable A is not set",),
    ),
    Case(
        "a file that was not read",
        {
            "env_file": "~/dingtalk.env",
            "app_key": "$KEY",
            "allow_from": ["a", "$WHO"],
            "text_chunk_limit": "$LIMIT",
            "groups": {"cidA": {"users": ["$WHO"]}},
        },
    ),
    Case("a file that may hold what is missing", {"env_file": "a.env", "app_key": "dinga1"}),
    Case(
        "a file that may name the endpoint",
        {
            "envFile": "a.env",
            "endpoint": {"oapi": "$OAPI"},
            "webhook": f"http://127.0.0.1:1/robot/send?access_token={SECRET}",
        },
    ),
    Case(
        "a file whose name is not known",
        {"env_file": "$FILE", "app_secret": "$S", "app_key": "k"},
        (
            ".app_secret: the environment variable S is not set",
            ".env_file: the environment variable FILE is not set",
        ),
    ),
    Case("a file named by a variable", {"env_file": "$FILE", "user_id": "$U"}, (), {"FILE": "x"}),
    Case(
        "a file that is no text",
        {"env_file": ["x"]},
        (".env_file: expected text in quotes, got a list",),
    ),
    Case(
        "secrets from programs",
        {
            "app_key": {"cmd": ["id"]},
            "app_secret": {"cmd": ["pass", "ding", "$X"]},
            "webhook": {"cmd": ["pass", "hook"]},
            "proxy": {"cmd": ["proxy"]},
            "user_id": {"cmd": ["whoami"]},
        },
    ),
    Case(
        "programs that are none",
        {
            "app_key": {"cmd": "pass ding"},
            "app_secret": {"cmd": []},
            "webhook": {"cmd": [1, "a\0"]},
            "proxy": {"cmd": ["p"], "shell": True},
            "user_id": {"cmd": None},
        },
        (
            f".app_key.cmd: expected {PROGRAM}, got text",
            f".app_secret.cmd: expected {PROGRAM}, got an empty table",
            ".webhook.cmd[1]: expected text in quotes, got a number",
            ".webhook.cmd[2]: holds a control character such as a line break",
            f".proxy: expected {PROXY}, got a table",
            f".user_id.cmd: expected {PROGRAM}, got nothing",
        ),
    ),
    Case(
        "a program where none may speak",
        {"keyword": {"cmd": ["x"]}, "enabled": {"cmd": ["x"]}},
        (
            ".keyword: expected text in quotes, got a table",
            ".enabled: expected true or false, got a table",
        ),
    ),
]

BAD: list[Case] = [
    Case("a typo", {"app_kye": 1}, (".app_kye: unknown option, did you mean app_key?",)),
    Case(
        "a typo that others need",
        {"app_keyy": "dinga1", "app_secret": SECRET, "accounts": {"work": {**APP, "apKey": "d"}}},
        (
            ".app_keyy: unknown option, did you mean app_key?",
            ".accounts.work.apKey: unknown option, did you mean appKey?",
        ),
    ),
    Case(
        "a typo in camelCase",
        {"clientID": 1},
        (".clientID: unknown option, did you mean clientId?",),
    ),
    Case(
        "a typo in a group",
        {"dm": {"alowFrom": []}},
        (".dm.alowFrom: unknown option, did you mean allowFrom?",),
    ),
    Case(
        "a typo in a pasted block",
        {"channels": {"dingtalk": {"webhok": 1}}},
        (".channels.dingtalk.webhok: unknown option, did you mean webhook?",),
    ),
    Case(
        "a pasted block in a pasted block",
        {"channels": {"dingtalk": {"channels": {}}}},
        (".channels.dingtalk.channels: unknown option",),
    ),
    Case(
        "another network",
        {"channels": {"dingtlak": {}, "irc": {}}},
        (
            ".channels.dingtlak: unknown option, did you mean dingtalk?",
            ".channels.irc: unknown option",
        ),
    ),
    Case("a name like no other", {"zzz": 1}, (".zzz: unknown option",)),
    Case("a name with an odd sign", {WEBHOOK: 1, "": 2}, ("[...]: unknown option",)),
    Case("a very long name", {"a" * 61: 1}, ("[...]: unknown option",)),
    Case("a Chinese name", {"群": 1}, (".群: unknown option",)),
    Case("a group of groups", {"dm": {"dm": {}}}, (".dm.dm: unknown option",)),
    Case("a list in place of the table", ["x"], (": expected a table of options, got a list",)),
    Case("text in place of the table", "x", (": expected a table of options, got text",)),
    Case(
        "a group that is text",
        {"dm": "x", "endpoint": True, "channels": 1},
        (
            ".channels: expected a table of options, got a number",
            ".dm: expected a table of options, got text",
            ".endpoint: expected a table of options, got true or false",
        ),
    ),
    Case(
        "everything of the wrong kind",
        {
            "enabled": "true",
            "keyword": {},
            "user_id": 42,
            "msgtype": ["text"],
            "verbose": 1,
            "text_chunk_limit": "4000",
            "responder_timeout": True,
            "allow_from": "a,b",
            "python": {"a": 1},
            "send_key": True,
            "notify_on": True,
            "reaction": True,
            "responder": "prog",
            "proxy": 1,
        },
        (
            ".allow_from: expected a list of text such as { 'zhangsan' }, got text",
            ".enabled: expected true or false, got text",
            ".keyword: expected text in quotes, got an empty table",
            ".msgtype: expected 'markdown' or 'text', got a list",
            ".notify_on: expected 'mention' or 'all' or 'never', got true or false",
            f".proxy: expected {PROXY}, got a number",
            ".python: expected text in quotes, got a table",
            ".reaction: expected a short text such as '👀', or false, got true or false",
            f".responder: expected {RESPONDER}, got text",
            ".responder_timeout: expected a number from 1 to 86400, got true or false",
            f".send_key: expected {KEY}, got true or false",
            ".text_chunk_limit: expected a whole number from 100 to 20000, got text",
            ".user_id: expected text in quotes, got a number",
            ".verbose: expected true or false, got a number",
        ),
    ),
    Case(
        "keys of the wrong kind",
        {"keys": {"repply": "gr", "hide": 3, "help": True, "retry": " ", "open": "a\nb"}},
        (
            f".keys.help: expected {KEY}, got true or false",
            f".keys.hide: expected {KEY}, got a number",
            ".keys.open: holds a control character such as a line break",
            ".keys.repply: unknown option, did you mean reply?",
            ".keys.retry: is empty; fill it in or leave it out",
        ),
    ),
    Case(
        "keys in a list",
        {"keys": ["gr"]},
        (".keys: expected a table of keys by name, got a list",),
    ),
    Case(
        "a secret of the wrong kind",
        {"app_key": "dinga1", "app_secret": [SECRET]},
        (".app_secret: expected text in quotes, got a list",),
    ),
    Case(
        "a webhook of the wrong kind",
        {"webhook": {"url": WEBHOOK}},
        (f".webhook: expected {ADDRESS}, got a table",),
    ),
    Case(
        "an endpoint of the wrong kind",
        {"endpoint": {"api": 1}},
        (f".endpoint.api: expected {ENDPOINT}, got a number",),
    ),
    Case(
        "empty text",
        {"keyword": "", "user_id": " \t "},
        (
            ".keyword: is empty; fill it in or leave it out",
            ".user_id: is empty; fill it in or leave it out",
        ),
    ),
    Case(
        "a line break in the middle",
        {"keyword": "a\nb"},
        (".keyword: holds a control character such as a line break",),
    ),
    Case(
        "a zero byte",
        {"python": "a\0b"},
        (".python: holds a control character such as a line break",),
    ),
    Case("an unknown form", {"msgtype": "html"}, (".msgtype: must be 'markdown' or 'text'",)),
    Case(
        "an unknown delivery",
        {"delivery": "exactly_once"},
        (".delivery: must be 'at_least_once' or 'at_most_once'; did you mean 'at_least_once'?",),
    ),
    Case(
        "a quota below nothing",
        {"quota": {"calls": -1, "pushes": "many"}},
        (
            ".quota.calls: must be a whole number from 0 to 100000000",
            ".quota.pushes: expected a whole number from 0 to 100000000, got text",
        ),
    ),
    Case(
        "a chunk too small",
        {"text_chunk_limit": 99},
        (".text_chunk_limit: must be a whole number from 100 to 20000",),
    ),
    Case(
        "a chunk too large",
        {"textChunkLimit": 20001},
        (".textChunkLimit: must be a whole number from 100 to 20000",),
    ),
    Case(
        "a chunk and a half",
        {"text_chunk_limit": 150.5},
        (".text_chunk_limit: must be a whole number from 100 to 20000",),
    ),
    Case(
        "no time to answer",
        {"responder_timeout": 0},
        (".responder_timeout: must be a number from 1 to 86400",),
    ),
    Case(
        "bad items of a list",
        {"allow_from": ["a", 7, None, "", ["b"], "$NOBODY"]},
        (
            ".allow_from[2]: expected text in quotes, got a number",
            ".allow_from[3]: expected text in quotes, got nothing",
            ".allow_from[4]: is empty; fill it in or leave it out",
            ".allow_from[5]: expected text in quotes, got a list",
            ".allow_from[6]: the environment variable NOBODY is not set",
        ),
    ),
    Case(
        "names where a list belongs",
        {"allow_from": {"a": True}},
        (".allow_from: expected a list of text such as { 'zhangsan' }, got a table",),
    ),
    Case(
        "an empty responder",
        {"responder": []},
        (f".responder: expected {RESPONDER}, got an empty table",),
    ),
    Case(
        "a responder of another shape",
        {"responder": {"lua": 1}},
        (f".responder: expected {RESPONDER}, got a table",),
    ),
    Case(
        "a responder with too much",
        {"responder": {"lua": True, "python": True}},
        (f".responder: expected {RESPONDER}, got a table",),
    ),
    Case(
        "bad words of a responder",
        {"responder": [" ", 1, "a\0"]},
        (
            ".responder[1]: is empty; fill it in or leave it out",
            ".responder[2]: expected text in quotes, got a number",
            ".responder[3]: holds a control character such as a line break",
        ),
    ),
    Case(
        "a variable that is not set",
        {"app_key": "$GONE", "app_secret": "${ALSO_GONE}"},
        (
            ".app_key: the environment variable GONE is not set",
            ".app_secret: the environment variable ALSO_GONE is not set",
        ),
    ),
    Case(
        "a key without its secret", {"clientId": "dinga1"}, (".clientId: needs app_secret as well",)
    ),
    Case("a secret without its key", {"appSecret": SECRET}, (".appSecret: needs app_key as well",)),
    Case("a signature without a webhook", {"secret": SECRET}, (".secret: needs webhook as well",)),
    Case(
        "two spellings that differ",
        {
            "app_key": "dinga1",
            "clientId": "dinga2",
            "appSecret": SECRET,
            "client_secret": SECRET + "2",
        },
        (
            f".clientId: has another value than {AT}.app_key, which is the same option",
            f".client_secret: has another value than {AT}.appSecret, which is the same option",
        ),
    ),
    Case(
        "two lists that differ",
        {"allow_from": ["a"], "dm": {"allowFrom": ["b"]}},
        (f".dm.allowFrom: has another value than {AT}.allow_from, which is the same option",),
    ),
    Case(
        "a pasted block that differs",
        {"verbose": True, "channels": {"dingtalk": {"verbose": False}}},
        (
            f".verbose: has another value than {AT}.channels.dingtalk.verbose,"
            " which is the same option",
        ),
    ),
    _placeholder("app_key", "YOUR_APP_KEY", _ID, app_secret=SECRET),
    _placeholder("clientId", "APP_KEY", _ID, app_secret=SECRET),
    _placeholder("client_id", "your-app-key", _ID, app_secret=SECRET),
    _placeholder("client_id", "<your-app-key>", _ID, app_secret=SECRET),
    _placeholder("client_id", "dingxxxxxxxxxxxx", _ID, app_secret=SECRET),
    _placeholder("app_secret", "YOUR_APP_SECRET", _APP_SECRET, app_key="dinga1"),
    _placeholder("app_secret", "APP_SECRET", _APP_SECRET, app_key="dinga1"),
    _placeholder("app_secret", "xxxxxxxxxxxxxxxx", _APP_SECRET, app_key="dinga1"),
    _placeholder("conversation_id", "YOUR_CONVERSATION_ID", "the group's conversation id"),
    _placeholder("user_id", "YOUR_USER_ID", "the person's staff id"),
    Case(
        "a placeholder in a list",
        {"allowFrom": ["YOUR_STAFF_ID"]},
        (
            '.allowFrom[1]: "YOUR_STAFF_ID" is a placeholder'
            "; put a staff id (:Chat help staff-ids) here",
        ),
    ),
    Case(
        "a placeholder by way of a variable",
        {"app_key": "$K", "app_secret": SECRET},
        (f'.app_key: "YOUR_APP_KEY" is a placeholder; put {_ID} here',),
        {"K": "YOUR_APP_KEY"},
    ),
    _webhook(
        "https://oapi.dingtalk.com/robot/send?access_token=XXX",
        '"XXX" is a placeholder; put the whole address that DingTalk shows for the robot here',
    ),
    _webhook(SECRET, f"must be {ADDRESS}"),
    _webhook(f"ftp://oapi.dingtalk.com/robot/send?access_token={SECRET}", f"must be {ADDRESS}"),
    _webhook(
        f"http://oapi.dingtalk.com/robot/send?access_token={SECRET}", "must begin with https://"
    ),
    _webhook(f"https://evil.example/robot/send?access_token={SECRET}", f"evil.example {NO_HOST}"),
    _webhook(
        f"https://dingtalk.com.evil.example/robot/send?access_token={SECRET}",
        f"dingtalk.com.evil.example {NO_HOST}",
    ),
    _webhook(
        f"https://evildingtalk.com/robot/send?access_token={SECRET}", f"evildingtalk.com {NO_HOST}"
    ),
    _webhook(
        f"https://oapi.dingtalk.com@evil.example/robot/send?access_token={SECRET}",
        f"must be {ADDRESS}",
    ),
    _webhook(
        f"https://evil.example\\.dingtalk.com/robot/send?access_token={SECRET}",
        f"must be {ADDRESS}",
    ),
    _webhook(f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}#x", f"must be {ADDRESS}"),
    _webhook(f"https://oapi.dingtalk.com:0/robot/send?access_token={SECRET}", f"must be {ADDRESS}"),
    _webhook(
        f"https://oapi.dingtalk.com:99999/robot/send?access_token={SECRET}", f"must be {ADDRESS}"
    ),
    _webhook(f"https://oapi.dingtalk.com:/robot/send?access_token={SECRET}", f"must be {ADDRESS}"),
    _webhook(
        f"https://oapi.dingtalk.com/robot/send/?access_token={SECRET}",
        "must have the path /robot/send",
    ),
    _webhook(f"https://oapi.dingtalk.com/?access_token={SECRET}", "must have the path /robot/send"),
    _webhook("https://oapi.dingtalk.com/robot/send", "has no access_token"),
    _webhook("https://oapi.dingtalk.com/robot/send?access_token=", "has no access_token"),
    _webhook(f"https://oapi.dingtalk.com/robot/send?token={SECRET}", "has no access_token"),
    _webhook(f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}…", f"must be {ADDRESS}"),
    _webhook(f"http://127.0.0.1:8080/robot/send?access_token={SECRET}", "must begin with https://"),
    Case(
        "plain http to another machine",
        {"endpoint": {"api": "http://api.dingtalk.com"}},
        (f".endpoint.api: must be {ENDPOINT}",),
    ),
    Case(
        "an endpoint with a question",
        {"endpoint": {"oapi": "https://a.example/?b"}},
        (f".endpoint.oapi: must be {ENDPOINT}",),
    ),
    Case(
        "an endpoint with a password",
        {"endpoint": {"oapi": f"https://me:{SECRET}@a.example"}},
        (f".endpoint.oapi: must be {ENDPOINT}",),
    ),
    Case(
        "a proxy of an unknown kind",
        {"proxy": f"socks5://me:{SECRET}@a.example:1"},
        (f".proxy: must be {PROXY}",),
    ),
    Case("a proxy without its scheme", {"proxy": "a.example:3128"}, (f".proxy: must be {PROXY}",)),
]

BAD_ENVIRONMENT: list[Case] = [
    Case(
        "a flag of the environment",
        {},
        ("$DINGTALK_ENABLED: must be true or false",),
        {
            "DINGTALK_ENABLED": "perhaps",
        },
    ),
    Case(
        "an id of the environment",
        {},
        (
            "$DINGTALK_CLIENT_ID: needs app_secret as well",
            f'$DINGTALK_CLIENT_ID: "dingxxxxxxxxxxxx" is a placeholder; put {_ID} here',
        ),
        {"DINGTALK_CLIENT_ID": "dingxxxxxxxxxxxx"},
    ),
    Case(
        "a list of the environment",
        {},
        (
            '$DINGTALK_ALLOW_FROM[2]: "YOUR_STAFF_ID" is a placeholder'
            "; put a staff id (:Chat help staff-ids) here",
        ),
        {"DINGTALK_ALLOW_FROM": "a,,YOUR_STAFF_ID"},
    ),
    Case(
        "a placeholder in the table of variables",
        {"env": {"DINGTALK_USER_ID": "YOUR_USER_ID"}},
        (
            '$DINGTALK_USER_ID in env: "YOUR_USER_ID" is a placeholder; put the person\'s staff id'
            " here",
        ),
    ),
    Case(
        "a number that is a word",
        {"text_chunk_limit": "$LIMIT"},
        (f"{AT}.text_chunk_limit: expected a whole number from 100 to 20000, got text",),
        {"LIMIT": "0x100"},
    ),
]


def expected(case: Case) -> list[str]:
    """The expected problems of `case`, with their full path, in order."""
    whole = case in BAD_ENVIRONMENT
    return sorted(problem if whole else AT + problem for problem in case.problems)


CASES = [*GOOD, *SEVERAL, *PEOPLE, *OUTSIDE, *BAD, *BAD_ENVIRONMENT]
