"""Reading options: every spelling, every problem at once, and no secret in any text."""

from __future__ import annotations

import string
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from dingbridge.core.errors import BadOptions
from dingbridge.core.options.declarations import BY_NAME, OPTIONS, SPELLINGS, Options
from dingbridge.core.options.groups import GROUP_SPELLINGS
from dingbridge.core.options.kinds import Option, OptionKind, declared_in, spellings_of
from dingbridge.core.options.settings import read, wants
from dingbridge.core.options.sources import DEFAULT, Source
from tests.support.option_cases import APP, CASES, SECRET, WEBHOOK, Case, expected

EXAMPLES: dict[str, object] = {
    "enabled": False,
    "webhook": WEBHOOK,
    "secret": SECRET,
    "keyword": "build",
    "autostart": False,
    "notify_on": "all",
    "notify_when": "always",
    "language": "zh",
    "quiet_hours": "22:00-08:00",
    "app_key": "dinga1",
    "app_secret": SECRET,
    "robot_code": "dinga2",
    "conversation_id": "cidAbc=",
    "user_id": "manager1",
    "msgtype": "text",
    "text_chunk_limit": 4000,
    "delivery": "at_most_once",
    "quota.calls": 10_000,
    "quota.pushes": 0,
    "dm.policy": "open",
    "allow_from": ["a", "b"],
    "group_policy": "allowlist",
    "groups": {"cidA==": {"users": ["a"]}},
    "require_mention": False,
    "admins": ["boss"],
    "commands": ["/where"],
    "jobs": {"test": ["make", "test"]},
    "session_scope": "user",
    "table": "code",
    "file_after": 3,
    "mention_asker": False,
    "reaction": "🤔",
    "approval_cards": False,
    "mask_secrets": False,
    "mask_secrets_except": ["zhangsan"],
    "media.size": 5,
    "media.days": 7,
    "instructions": "Be brief.\nAvoid tables.",
    "cwd": "/home/me/project",
    "model": "small",
    "endpoint.api": "https://api.dingtalk.io",
    "endpoint.oapi": "https://oapi.dingtalk.io",
    "proxy": f"http://me:{SECRET}@127.0.0.1:1",
    "python": "/usr/bin/python3",
    "responder": ["prog", "argument"],
    "responder_timeout": 5,
    "agent": "qwen",
    "agent_silence": 60,
    "agent_progress": 5,
    "mirror": True,
    "send_key": "<F5>",
    "keys": {"reply": "<leader>r", "hide": False},
    "verbose": True,
    "window.height": 20,
    "window.layout": "float",
    "window.width": 0.4,
}
COMPANIONS: dict[str, object] = {"webhook": WEBHOOK, **APP}


def problems(raw: object, environ: dict[str, str] | None = None) -> list[str]:
    try:
        read(raw, environ or {})
    except BadOptions as error:
        return [*error.problems] or ["refused without a reason"]
    return []


def nested(spelling: str, value: object) -> dict[str, object]:
    group, _, name = spelling.rpartition(".")
    return {group: {name: value}} if group else {name: value}


def needed(option: Option) -> dict[str, object]:
    return {option.needs: COMPANIONS[option.needs]} if option.needs else {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_each_table_has_exactly_the_problems_a_user_should_hear(case: Case) -> None:
    assert problems(case.raw, case.environ) == expected(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_no_problem_and_no_repr_shows_a_secret(case: Case) -> None:
    assert SECRET not in str(problems(case.raw, case.environ))
    if not case.problems:
        assert SECRET not in repr(read(case.raw, case.environ))


def test_every_declared_option_has_an_example_here() -> None:
    assert set(EXAMPLES) == {option.name for option in OPTIONS}


class Declaring(Struct):
    loud: Annotated[bool, Option(OptionKind.FLAG), "Whether it is heard."] = True
    far_off: Annotated[
        Literal["near", "far"],
        Option(OptionKind.CHOICE, name="far.off", aliases=("way_off",)),
        "How far.",
    ] = "near"
    held: Annotated[
        dict[str, str], Option(OptionKind.VARIABLES, editor_wide=True), "What is held."
    ] = {}
    no_option: int = 0


def test_an_option_is_declared_by_its_field_alone() -> None:
    loud, far_off, held = declared_in(Declaring)
    assert (loud.name, loud.default, loud.meaning) == ("loud", True, "Whether it is heard.")
    assert (far_off.name, far_off.field, far_off.default) == ("far.off", "far_off", "near")
    assert far_off.expects == "'near' or 'far'"
    assert (held.default, held.editor_wide) == ({}, True)
    assert spellings_of((loud, far_off)) == {
        "loud": "loud", "far.off": "far.off", "way_off": "far.off", "wayOff": "far.off",
    }  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_spelling_of_an_option_gives_the_same_options(option: Option) -> None:
    value = EXAMPLES[option.name]
    wanted = read(nested(option.name, value) | needed(option), {})
    assert getattr(wanted, option.field) != getattr(read({}, {}), option.field)
    for spelling in option.spellings():
        for block in (nested(spelling, value), {spelling: value}):
            assert read(block | needed(option), {}) == wanted
            assert read({"channels": {"dingtalk": block | needed(option)}}, {}) == wanted


@pytest.mark.parametrize(
    "option", [option for option in OPTIONS if option.env], ids=lambda option: option.env
)
def test_every_variable_of_the_environment_stands_for_its_option(option: Option) -> None:
    value = EXAMPLES[option.name]
    held = ",".join(value) if isinstance(value, list) else str(value)
    wanted = read(nested(option.name, value) | needed(option), {})
    for found, source in (
        (read(needed(option), {option.env: held}), Source("variable", option.env)),
        (
            read(nested(option.name, "$ANY") | needed(option), {"ANY": held}),
            Source("variable", "ANY"),
        ),
    ):
        assert found.sources[option.name] == source
        assert structs.replace(found, sources=wanted.sources) == wanted


def test_an_option_in_the_table_beats_the_environment() -> None:
    assert read({"user_id": "me"}, {"DINGTALK_USER_ID": "you"}).user_id == "me"


def test_defaults_are_those_that_are_declared() -> None:
    options = read({}, {})
    for option in OPTIONS:
        assert getattr(options, option.field) == option.default
        assert options.sources[option.name] == DEFAULT


def test_the_robot_code_is_the_app_key_unless_it_is_given() -> None:
    assert read(APP, {}).robot_code == APP["app_key"]
    assert read({**APP, "robotCode": "other"}, {}).robot_code == "other"


@pytest.mark.parametrize(
    ("raw", "mode"),
    [
        ({}, "off"),
        ({"webhook": WEBHOOK}, "webhook"),
        (APP, "api"),
        ({**APP, "webhook": WEBHOOK}, "api"),
        ({**APP, "enabled": False}, "off"),
    ],
)
def test_the_mode_follows_from_what_is_configured(raw: dict[str, object], mode: str) -> None:
    options = read(raw, {})
    assert options.mode == mode
    assert bool(options.missing()) == (mode == "off")


def test_an_unconfigured_bridge_names_both_ways_to_configure_it() -> None:
    text = " ".join(read({}, {}).missing())
    assert "webhook is not set" in text
    assert "app_key and app_secret are not set" in text


def test_a_disabled_bridge_says_that_it_is_disabled() -> None:
    assert read({"enabled": False}, {}).missing() == ("enabled is false; set it to true",)


def test_repr_shows_what_is_harmless_and_masks_what_is_not() -> None:
    shown = repr(read({**APP, "webhook": WEBHOOK, "proxy": f"http://a:{SECRET}@b:1"}, {}))
    assert "app_key='dingabcdef123456'" in shown
    assert "webhook='***'" in shown
    assert "proxy='***'" in shown
    assert SECRET not in shown


def test_a_number_that_is_none_is_refused() -> None:
    assert problems({"responder_timeout": float("nan")})
    assert problems({"text_chunk_limit": float("inf")})


def test_entries_without_a_name_are_refused() -> None:
    assert problems({1: "x"}) == ["integrations.dingtalk: every entry needs a name"]
    assert problems({"channels": {1: "x"}}) == [
        "integrations.dingtalk.channels: every entry needs a name"
    ]


def test_a_value_of_no_known_kind_is_refused() -> None:
    assert problems({"keyword": b"x"}) == [
        "integrations.dingtalk.keyword: expected text in quotes, got something else"
    ]


NAMES = ["dm", "endpoint", "channels", "dingtalk", "type", "work", "*", "cmd", "HOME"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["$HOME", "${NONE}", "XXX", "text", WEBHOOK, "http://127.0.0.1:1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SPELLINGS, *GROUP_SPELLINGS, *NAMES]), inner)
        | st.dictionaries(st.text(string.printable), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(
    raw=VALUES, environ=st.dictionaries(st.sampled_from(["HOME", "DINGTALK_USER_ID"]), st.text())
)
def test_any_table_is_read_or_refused_with_reasons(raw: Any, environ: dict[str, str]) -> None:
    assert all(wants(raw, environ).commands)
    found = problems(raw, environ)
    assert found == sorted(set(found))
    assert all(": " in problem for problem in found)
    if not found:
        assert isinstance(read(raw, environ), Options)


TOKENS = st.text(string.ascii_letters + string.digits, min_size=20, max_size=40)


@given(
    token=TOKENS,
    name=st.sampled_from([o.name for o in BY_NAME.values() if o.kind is not OptionKind.RESPONDER]),
)
def test_a_secret_in_the_wrong_place_is_not_repeated(token: str, name: str) -> None:
    for value in (
        token,
        [token],
        {token[:9]: token},
        f"http://a/{token}",
        f"x://{token}",
        [1, token],
        {"cmd": token},
        {"cmd": [1, token]},
        {"cidA": token},
        {"cidA": {"tools": [token], "users": token}},
        {"work": [token]},
        {"work": {"app_secret": {"cmd": token}}},
    ):
        for problem in problems(nested(name, value)):
            assert token not in problem
