"""Several accounts in one table: what each inherits, the default one, and what is reported."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.errors import BadOptions
from dingbridge.core.options.declarations import OPTIONS, ROBOT
from dingbridge.core.options.groups import GroupOptions
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.core.options.lookup_failures import (
    EditorClosing,
    EndedWith,
    FileFailure,
    NoAnswer,
    NoSuchPath,
    NotAbsolute,
    NotAFile,
    NoText,
    NotStarted,
    ProgramFailure,
    Stopped,
    TookTooLong,
    TooLarge,
    Unreadable,
)
from dingbridge.core.options.lookups import LookupResults, Wants, not_looked_up
from dingbridge.core.options.option_report import describe_sources
from dingbridge.core.options.settings import Configuration, read, read_all, wants
from dingbridge.core.options.sources import DEFAULT
from tests.support.option_cases import AT, OTHER_APP, SECRET, WEBHOOK
from tests.unit.options.test_options import EXAMPLES, nested

WORK = {"app_key": "dingwork", "app_secret": SECRET}
HOME = {"app_key": "dinghome", "app_secret": SECRET + "2"}
PASS = ("pass", "ding")
BY_PASS = {"app_key": "dingwork", "app_secret": {"cmd": [*PASS]}}


def problems(raw: object, found: LookupResults, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(BadOptions) as caught:
        read_all(raw, environ or {}, found)
    return list(caught.value.problems)


# --- what an account takes from where -------------------------------------------------------------


PLAIN = [
    option
    for option in OPTIONS
    if not option.editor_wide and option.name not in (*ROBOT, "robot_code", "groups")
]


@pytest.mark.parametrize("option", PLAIN, ids=lambda option: option.name)
def test_an_account_takes_from_around_it_what_it_does_not_give(option: Any) -> None:
    example = nested(option.name, EXAMPLES[option.name])
    value = getattr(read(example, {}), option.field)
    outer = read_all({**example, "accounts": {"work": WORK, "home": HOME}}, {})
    assert [getattr(account, option.field) for account in outer.accounts.values()] == [value] * 2
    own = read_all({"accounts": {"work": WORK | example, "home": HOME}}, {})
    assert getattr(own.accounts["work"], option.field) == value
    assert getattr(own.accounts["home"], option.field) != value


def test_what_an_account_gives_wins_over_what_is_around_it_and_over_the_environment() -> None:
    found = read_all(
        {"user_id": "outer", "accounts": {"a": {**WORK, "userId": "own"}, "b": HOME}},
        {"DINGTALK_USER_ID": "environment", "DINGTALK_CONVERSATION_ID": "cidE"},
    )
    assert [account.user_id for account in found.accounts.values()] == ["own", "outer"]
    assert [account.conversation_id for account in found.accounts.values()] == ["cidE", "cidE"]


@pytest.mark.parametrize("name", ["python", "send_key", "verbose"])
def test_what_is_for_the_whole_editor_holds_in_every_account(name: str) -> None:
    found = read_all({name: EXAMPLES[name], "accounts": {"work": WORK, "home": HOME}}, {})
    assert [getattr(each, name) for each in found.accounts.values()] == [EXAMPLES[name]] * 2


def test_a_robot_is_taken_as_a_whole_or_not_at_all() -> None:
    found = read_all(
        {
            **OTHER_APP,
            "robot_code": "code",
            "accounts": {"work": WORK, "hook": {"webhook": WEBHOOK + "2"}},
        },
        {"DINGTALK_WEBHOOK": WEBHOOK, "DINGTALK_SECRET": SECRET, "DINGTALK_CLIENT_ID": "dingenv"},
    )
    hook, work = found.accounts["hook"], found.accounts["work"]
    assert (hook.mode, hook.app_key, hook.app_secret, hook.secret) == ("webhook", "", "", "")
    assert (work.robot_code, work.webhook, work.secret) == ("dingwork", "", "")
    assert found.accounts["default"].robot_code == "code"


def test_the_environment_alone_makes_no_account_beside_those_that_are_given() -> None:
    environ = {"DINGTALK_CLIENT_ID": "dinge", "DINGTALK_CLIENT_SECRET": SECRET}
    assert [*read_all({"accounts": {"work": WORK}}, environ).accounts] == ["work"]
    taken = read_all({"accounts": {"work": {}}}, environ)
    assert taken.default.app_key == "dinge"
    assert taken.default.account == "work"


def test_half_a_robot_in_the_environment_is_no_matter_to_accounts_with_their_own() -> None:
    environ = {"DINGTALK_CLIENT_ID": "YOUR_APP_KEY"}
    assert read_all({"accounts": {"work": WORK}}, environ).default.app_key == "dingwork"


def test_groups_are_merged_key_by_key() -> None:
    found = read_all(
        {
            "groups": {
                "*": {"users": ["a"], "tools": ["/help"]},
                "cidA": {"requireMention": False},
            },
            "accounts": {
                "work": {**WORK, "groups": {"*": {"users": []}, "cidB": {"instructions": "B"}}},
                "home": HOME,
            },
        },
        {},
    )
    assert found.accounts["work"].groups == {
        "*": GroupOptions(users=(), tools=("help",)),
        "cidA": GroupOptions(require_mention=False),
        "cidB": GroupOptions(instructions="B"),
    }
    assert found.accounts["home"].groups == {
        "*": GroupOptions(users=("a",), tools=("help",)),
        "cidA": GroupOptions(require_mention=False),
    }


def test_a_group_has_its_own_settings_then_those_of_the_star_then_the_accounts() -> None:
    options = read(
        {
            "require_mention": False,
            "groups": {"*": {"users": ["a"], "tools": ["*"]}, "cidA": {"users": [], "tools": []}},
        },
        {},
    )
    assert options.group("cidA") == GroupOptions(require_mention=False, users=(), tools=())
    assert options.group("cidB") == GroupOptions(require_mention=False, users=("a",), tools=("*",))
    assert read({}, {}).group("cidA") == GroupOptions(require_mention=True)
    starred = read({"groups": {"*": {"requireMention": False}, "c": {"requireMention": True}}}, {})
    assert (starred.group("c").require_mention, starred.group("d").require_mention) == (True, False)


# --- which one is meant ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({}, "default"),
        ({"accounts": {"work": WORK}}, "work"),
        ({"accounts": {"work": {**WORK, "enabled": False}}}, "work"),
        ({"accounts": {"work": WORK, "home": HOME}}, "home"),
        ({"accounts": {"work": WORK, "home": {**HOME, "enabled": False}}}, "work"),
        ({"accounts": {"work": WORK, "a": HOME, "default": OTHER_APP}}, "default"),
        ({"accounts": {"work": WORK, "default": {**HOME, "enabled": False}}}, "work"),
        ({**OTHER_APP, "accounts": {"a": HOME}}, "default"),
        ({"enabled": False, "accounts": {"b": WORK, "a": HOME}}, "a"),
        ({"accounts": {"work": WORK, "home": HOME}, "default_account": "work"}, "work"),
        ({"channels": {"my-dingtalk": {"type": "dingtalk", **WORK}}}, "my-dingtalk"),
    ],
)
def test_the_account_that_is_meant_when_none_is_named(raw: object, name: str) -> None:
    found = read_all(raw, {})
    assert found.default_account == name
    assert read(raw, {}) == found.default == found.accounts[name]
    assert [*found.accounts] == sorted(found.accounts)
    assert all(each == options.account for each, options in found.accounts.items())


def test_an_account_that_lacks_its_robot_names_its_own_settings() -> None:
    found = read_all({"accounts": {"work": WORK, "home": {"enabled": True}}}, {})
    assert "accounts.home.webhook is not set" in found.accounts["home"].missing()[0]


# --- what is held outside -------------------------------------------------------------------------


def test_a_table_wants_each_program_once_and_its_file() -> None:
    raw = {
        "env_file": "~/$X.env",
        "proxy": {"cmd": ["proxy"]},
        "accounts": {"work": BY_PASS, "home": BY_PASS, "bad": {"app_key": {"cmd": "pass"}}},
    }
    assert wants(raw, {}) == Wants((PASS, ("proxy",)), "~/$X.env")
    assert wants({"env_file": "$FILE"}, {"FILE": "/a"}) == Wants((), "/a")
    assert wants({"env_file": "$FILE", "env": {"FILE": "/b"}}, {}) == Wants((), "/b")
    assert wants({"env_file": "$FILE"}, {}) == Wants()
    assert wants([1], {}) == Wants()


def test_nothing_is_run_for_an_account_that_is_off() -> None:
    off = {**BY_PASS, "enabled": False}
    assert wants(off, {}) == Wants()
    assert wants(BY_PASS, {"DINGTALK_ENABLED": "no"}) == Wants()
    assert wants({"accounts": {"work": off, "home": HOME}}, {}) == Wants()
    assert wants({"enabled": False, "accounts": {"work": {**BY_PASS, "enabled": True}}}, {}) == (
        Wants((PASS,))
    )
    assert read(off, {}, LookupResults()).mode == "off"


def test_what_a_program_said_is_the_value_and_is_never_shown() -> None:
    found = LookupResults(outputs={PASS: SECRET, ("id",): "dingfromid"})
    options = read({**BY_PASS, "app_key": {"cmd": ["id"]}}, {}, found)
    assert (options.mode, options.app_secret, options.app_key) == ("api", SECRET, "dingfromid")
    assert "dingfromid" not in repr(options)
    assert set(options.secrets) == {SECRET, "dingfromid"}
    assert SECRET not in repr(found) + repr(options) + str(describe_sources(options))


@pytest.mark.parametrize(
    "option",
    [option for option in OPTIONS if option.may_come_from_a_command],
    ids=lambda option: option.name,
)
@pytest.mark.parametrize("program", ["pass", "$KEY in env", "default", "setup()", "/a in env_file"])
def test_what_a_program_said_is_never_shown_whatever_the_program_is_called(
    option: Option, program: str
) -> None:
    said = {
        "webhook": f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}",
        "proxy": f"http://{SECRET}@127.0.0.1:1",
    }.get(option.name, SECRET)
    robot: dict[str, object] = {"webhook": WEBHOOK, "app_key": "dinga1", "app_secret": "s"}
    raw = robot | {option.name: {"cmd": [program, "--argument"]}}
    options = read(raw, {}, LookupResults(outputs={(program, "--argument"): said}))
    assert getattr(options, option.field) == said
    assert said in options.secrets
    assert SECRET not in repr(options) + str(describe_sources(options))
    assert f"{option.name}: *** (the command {program})" in describe_sources(options)


def test_what_a_program_said_is_hidden_when_it_is_written_in_the_settings_as_well() -> None:
    raw = {"appKey": "dingboth", "app_key": {"cmd": [*PASS]}, "app_secret": "s"}
    options = read(raw, {}, LookupResults(outputs={PASS: "dingboth"}))
    assert options.app_key == options.robot_code == "dingboth"
    assert "dingboth" in options.secrets
    assert "dingboth" not in repr(options) + str(describe_sources(options))


def test_what_a_program_said_is_checked_like_what_is_written() -> None:
    found = LookupResults(outputs={PASS: "xxxxxxxx"})
    assert problems(BY_PASS, found) == [
        f'{AT}.app_secret: "xxxxxxxx" is a placeholder; put the app\'s Client Secret (AppSecret)'
        " here"
    ]
    hook = f"http://evil.example/robot/send?access_token={SECRET}"
    [said] = problems({"webhook": {"cmd": [*PASS]}}, LookupResults(outputs={PASS: hook}))
    assert said == f"{AT}.webhook: must begin with https://"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (NotStarted("Permission denied"), "could not be started (Permission denied)"),
        (TookTooLong(30.0), "took longer than 30 s"),
        (Stopped(), "was stopped"),
        (EndedWith(1), "ended with status 1"),
        (NoText(), "said something that is no text"),
        (NoAnswer(), "gave no answer"),
        (EditorClosing(), "was not run: the editor is closing"),
    ],
)
def test_a_program_that_failed_is_named_without_its_arguments(
    failure: ProgramFailure, words: str
) -> None:
    found = LookupResults(failures={PASS: failure})
    assert problems(BY_PASS, found) == [f"{AT}.app_secret: the command pass {words}"]


def test_the_environment_wins_over_the_table_and_the_table_over_the_file() -> None:
    raw = {"env_file": "x", "env": {"B": "table", "C": "table"}, "allow_from": ["$A", "$B", "$C"]}
    file = LookupResults(variables={"A": "file", "B": "file", "C": "file"})
    options = read(raw, {"C": "environment"}, file)
    assert options.allow_from == ("file", "table", "environment")


def test_a_variable_that_the_file_lacks_as_well_is_missing() -> None:
    raw = {"env_file": "x", "app_key": "$KEY", "app_secret": "s"}
    assert problems(raw, LookupResults(variables={})) == [
        f"{AT}.app_key: the environment variable KEY is not set"
    ]
    assert read(raw, {}, LookupResults()).app_key == ""


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (NotAbsolute(), "must be an absolute path: begin it with / or ~"),
        (NotAFile(), "cannot be read (not a file)"),
        (TooLarge(10), "cannot be read (larger than 10 bytes)"),
        (NoText(), "cannot be read (no UTF-8 text)"),
        (NoSuchPath(), "cannot be read (no such path)"),
        (Unreadable("Permission denied"), "cannot be read (Permission denied)"),
        (EditorClosing(), "was not read: the editor is closing"),
    ],
)
def test_a_file_that_cannot_be_read_is_the_one_problem(failure: FileFailure, words: str) -> None:
    raw = {"env_file": "x", "app_key": "$KEY", "app_secret": "s"}
    assert problems(raw, LookupResults(file_failure=failure)) == [f"{AT}.env_file: {words}"]


def test_what_was_not_looked_up_before_the_editor_closed_is_said_to_be_so() -> None:
    raw = {"env_file": "x", **BY_PASS}
    found = not_looked_up(wants(raw, {}))
    assert problems(raw, found) == [
        f"{AT}.app_secret: the command pass was not run: the editor is closing",
        f"{AT}.env_file: was not read: the editor is closing",
    ]
    assert not_looked_up(Wants()) == LookupResults()


def test_a_secret_of_the_file_is_not_in_a_problem() -> None:
    file = LookupResults(variables={"DINGTALK_CLIENT_SECRET": SECRET, "LIMIT": SECRET})
    said = problems({"env_file": "x", "text_chunk_limit": "$LIMIT"}, file)
    assert "$DINGTALK_CLIENT_SECRET in env_file: needs app_key as well" in said
    assert SECRET not in str(said)


# --- where it came from ---------------------------------------------------------------------------


def test_status_can_say_where_each_value_came_from_without_a_secret() -> None:
    options = read(
        {
            "env_file": "x",
            "env": {"DINGTALK_USER_ID": "me"},
            "app_key": "${KEY}",
            "app_secret": {"cmd": [*PASS]},
            "proxy": "http://127.0.0.1:1",
            "instructions": "One.\n" + "x" * 100,
            "groups": {"cidA": {}, "*": {}},
            "jobs": {"test": ["make"]},
            "responder": ["/usr/bin/answer", SECRET],
            "verbose": True,
            "admins": [],
            "quota": {"calls": 5},
        },
        {"DINGTALK_ALLOW_FROM": "user1,user2"},
        LookupResults(variables={"KEY": "dinga1"}, outputs={PASS: SECRET}),
    )
    assert describe_sources(options) == [
        "app_key: dinga1 ($KEY in env_file)",
        "app_secret: *** (the command pass)",
        "user_id: me ($DINGTALK_USER_ID in env)",
        "quota.calls: 5 (setup())",
        "allow_from: user1, user2 ($DINGTALK_ALLOW_FROM)",
        "groups: cidA, * (setup())",
        "admins: none (setup())",
        "jobs: test (setup())",
        "instructions: One. " + "x" * 54 + "… (setup())",
        "proxy: *** (setup())",
        "responder: /usr/bin/answer (setup())",
        "verbose: true (setup())",
    ]
    assert describe_sources(read({}, {})) == []


# --- properties -----------------------------------------------------------------------------------

PIECES: dict[str, st.SearchStrategy[Any]] = {
    "app_key": st.sampled_from(["dinga", "dingb", "$KEY", {"cmd": ["id"]}]),
    "app_secret": st.sampled_from(["one", "two", {"cmd": [*PASS]}]),
    "webhook": st.sampled_from([WEBHOOK, WEBHOOK + "2"]),
    "enabled": st.booleans(),
    "user_id": st.sampled_from(["me", "$USER_ID"]),
    "msgtype": st.sampled_from(["text", "markdown"]),
}
TABLES = st.fixed_dictionaries({}, optional=PIECES)
NAMES = st.text(string.ascii_letters + "_-", min_size=1, max_size=5)
CONFIGURATIONS = st.builds(
    lambda outer, accounts: outer | {"accounts": accounts},
    TABLES,
    st.dictionaries(NAMES, TABLES, max_size=4),
)


def looked_up(raw: object) -> Configuration | None:
    environ = {"KEY": "dingkey", "USER_ID": "you"}
    wanted = wants(raw, environ)
    found = LookupResults(outputs={argv: f"said by {argv[0]}" for argv in wanted.commands})
    try:
        return read_all(raw, environ, found)
    except BadOptions:
        return None


@given(CONFIGURATIONS)
def test_no_two_accounts_that_run_have_one_robot(raw: dict[str, Any]) -> None:
    found = looked_up(raw)
    if found is not None:
        robots = [o.app_key or o.webhook for o in found.accounts.values() if o.enabled]
        named = [robot for robot in robots if robot]
        assert len(named) == len(set(named))
        assert found.default_account in found.accounts


@given(CONFIGURATIONS)
def test_every_value_comes_from_the_account_or_from_around_it_or_is_the_default(
    raw: dict[str, Any],
) -> None:
    found = looked_up(raw)
    for name, options in (found.accounts if found else {}).items():
        own = raw["accounts"].get(name, {})
        for key, value in (("user_id", "$USER_ID"), ("msgtype", None), ("enabled", None)):
            given_here = own.get(key, raw.get(key))
            expected = "you" if given_here == value and value else given_here
            option = next(option for option in OPTIONS if option.name == key)
            assert getattr(options, key) == (option.default if expected is None else expected)
        if own.keys() & {*ROBOT} and options.enabled:
            assert bool(options.webhook) == ("webhook" in own)
            assert bool(options.app_key) == ("app_key" in own)


@given(CONFIGURATIONS)
def test_what_an_account_wants_is_there_when_it_runs(raw: dict[str, Any]) -> None:
    found = looked_up(raw)
    for options in found.accounts.values() if found else ():
        for option in OPTIONS:
            if option.kind in (OptionKind.SECRET, OptionKind.WEBHOOK) and options.enabled:
                came = options.sources[option.name] != DEFAULT
                assert came == bool(getattr(options, option.field))


@pytest.mark.parametrize(
    ("agent", "name"), [("qwen", "qwen"), ({"name": "mine", "command": ["my-agent"]}, "mine")]
)
def test_an_agent_is_listed_by_its_name(agent: object, name: str) -> None:
    [line] = [one for one in describe_sources(read({"agent": agent}, {})) if "agent" in one]
    assert line.startswith(f"agent: {name} (")
