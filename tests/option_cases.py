"""Tables of options with what is wrong with them, for the reader in Python and the one in Lua."""

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
    """`raw` as JSON, `environ`, and the problems expected, each without the leading path."""

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
    Case("another key", {"send_key": "<leader>s"}),
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

BAD: list[Case] = [
    Case("a typo", {"app_kye": 1}, (".app_kye: unknown option, did you mean app_key?",)),
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
            "responder": "prog",
            "proxy": 1,
        },
        (
            ".allow_from: expected a list of text, got text",
            ".enabled: expected true or false, got text",
            ".keyword: expected text in quotes, got an empty table",
            ".msgtype: expected 'markdown' or 'text', got a list",
            f".proxy: expected {PROXY}, got a number",
            ".python: expected text in quotes, got a table",
            f".responder: expected {RESPONDER}, got text",
            ".responder_timeout: expected a number from 1 to 86400, got true or false",
            f".send_key: expected {KEY}, got true or false",
            ".text_chunk_limit: expected a whole number from 100 to 20000, got text",
            ".user_id: expected text in quotes, got a number",
            ".verbose: expected true or false, got a number",
        ),
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
        (".delivery: must be 'at_least_once' or 'at_most_once'",),
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
        (".allow_from: expected a list of text, got a table",),
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
        ('.allowFrom[1]: "YOUR_STAFF_ID" is a placeholder; put a staff id here',),
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
        ('$DINGTALK_ALLOW_FROM[2]: "YOUR_STAFF_ID" is a placeholder; put a staff id here',),
        {"DINGTALK_ALLOW_FROM": "a,,YOUR_STAFF_ID"},
    ),
    Case(
        "a number that is a word",
        {"text_chunk_limit": "$LIMIT"},
        (f"{AT}.text_chunk_limit: expected a whole number from 100 to 20000, got text",),
        {"LIMIT": "0x100"},
    ),
]


def expected(case: Case) -> list[str]:
    """The problems of `case` in full and in order."""
    whole = case in BAD_ENVIRONMENT
    return sorted(problem if whole else AT + problem for problem in case.problems)


CASES = [*GOOD, *BAD, *BAD_ENVIRONMENT]
