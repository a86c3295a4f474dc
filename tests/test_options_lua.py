"""The editor's own check of options says exactly what the host would say, and reads the same."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dingbridge.core.errors import BadOptions
from dingbridge.core.options import GROUP_SPELLINGS, OPTIONS, SPELLINGS
from dingbridge.core.settings import read_all
from tests import processes
from tests.neovim import find_neovim
from tests.option_cases import CASES, OUTSIDE, SECRET, WEBHOOK, Case, expected

LUA = Path(__file__).resolve().parent.parent / "lua"

CHECK = """
local options = require('dingbridge.options')
local results = {}
for number, case in ipairs(input) do
  local problems, values, accounts, default, mode = options.check(case.raw, case.environ)
  assert(#problems > 0 or values == accounts[default])
  results[number] = { problems = problems, accounts = accounts, default = default, mode = mode }
end
return results
"""

Lua = Callable[[str, object], Any]


@pytest.fixture(scope="module")
def lua(tmp_path_factory: pytest.TempPathFactory) -> Lua:
    """Runs Lua in a real Neovim with a value as `input`; gives what the code returns."""

    def run(code: str, value: object) -> Any:
        folder = tmp_path_factory.mktemp("lua")
        (folder / "input.json").write_text(json.dumps(value), encoding="utf-8")
        script = f"""
local function contents(name)
  local file = assert(io.open(arg[1] .. '/' .. name, 'rb'))
  return file:read('*a')
end
vim.opt.runtimepath:prepend(arg[2])
local input = vim.json.decode(contents('input.json'))
local result = (function()
{code}
end)()
local file = assert(io.open(arg[1] .. '/output.json', 'wb'))
file:write(vim.json.encode(result))
file:close()
"""
        (folder / "script.lua").write_text(script, encoding="utf-8")
        program = [find_neovim(), "--clean", "-l", "script.lua", str(folder), str(LUA.parent)]
        done = processes.run(program, cwd=folder, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads((folder / "output.json").read_bytes())

    return run


def checked(lua: Lua, cases: list[tuple[object, dict[str, str]]]) -> list[dict[str, Any]]:
    given = [{"raw": raw, "environ": environ} for raw, environ in cases]
    results: list[dict[str, Any]] = lua(CHECK, given)
    assert len(results) == len(cases)
    return results


@pytest.fixture(scope="module")
def results(lua: Lua) -> dict[str, dict[str, Any]]:
    """What the editor says about every case, from one process."""
    found = checked(lua, [(case.raw, case.environ) for case in CASES])
    assert len({case.title for case in CASES}) == len(CASES)
    return {case.title: result for case, result in zip(CASES, found, strict=True)}


def host_says(raw: object, environ: dict[str, str]) -> tuple[list[str], object]:
    """The problems, or what the host reads: the default account's name, and all values of each."""
    try:
        found = read_all(raw, environ)
    except BadOptions as error:
        return list(error.problems), None
    accounts = {
        name: {
            option.name: plain(msgspec.to_builtins(getattr(options, option.field)))
            for option in OPTIONS
        }
        for name, options in found.accounts.items()
    }
    return [], (found.default_account, accounts)


def editor_says(result: dict[str, Any]) -> object:
    """The same of the editor, where nil stands for the empty default."""
    accounts = {
        name: {
            option.name: plain(values.get(option.name, msgspec.to_builtins(option.default)))
            for option in OPTIONS
        }
        for name, values in result["accounts"].items()
    }
    return (result["default"], accounts)


def plain(value: object) -> object:
    """Without what Lua cannot tell apart: what is nil is not there, an empty table is either."""
    if isinstance(value, dict):
        value = {key: plain(inner) for key, inner in value.items() if inner is not None}
    elif isinstance(value, list | tuple):
        value = [plain(inner) for inner in value]
    return [] if value == {} else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_editor_finds_the_same_problems_as_the_host(
    case: Case, results: dict[str, dict[str, Any]]
) -> None:
    said = list(results[case.title]["problems"])
    assert said == expected(case) == host_says(case.raw, case.environ)[0]
    assert SECRET not in str(said)


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.problems], ids=lambda case: case.title
)
def test_the_editor_reads_the_same_values_as_the_host(
    case: Case, results: dict[str, dict[str, Any]]
) -> None:
    assert editor_says(results[case.title]) == host_says(case.raw, case.environ)[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_editor_tells_the_mode_as_the_host_will(
    case: Case, results: dict[str, dict[str, Any]]
) -> None:
    if case.problems:
        assert results[case.title]["mode"] == "off"
    elif case not in OUTSIDE:
        assert results[case.title]["mode"] == read_all(case.raw, case.environ).default.mode


PROGRAM = {"cmd": ["pass", "ding"]}
FILE = {"env_file": "~/ding.env"}
IN_FILE = {"app_key": "$KEY", "app_secret": "$SECRET"}


@pytest.mark.parametrize(
    ("raw", "mode"),
    [
        ({"app_key": PROGRAM, "app_secret": PROGRAM}, "api"),
        ({"app_key": "dinga1", "app_secret": PROGRAM}, "api"),
        ({"webhook": PROGRAM}, "webhook"),
        ({"webhook": PROGRAM, "enabled": False}, "off"),
        ({**FILE, "app_key": "dinga1", "app_secret": SECRET}, "api"),
        ({**FILE, **IN_FILE}, "api"),
        (FILE, "unknown"),
        ({**FILE, "app_key": "dinga1"}, "unknown"),
        ({**FILE, "webhook": WEBHOOK}, "unknown"),
        ({**FILE, "enabled": False}, "off"),
        ({"env": {"DINGTALK_WEBHOOK": WEBHOOK}}, "webhook"),
        ({"accounts": {"work": {"app_key": PROGRAM, "app_secret": PROGRAM}}}, "api"),
    ],
)
def test_what_the_editor_does_not_read_itself_is_off_only_when_that_is_sure(
    lua: Lua, raw: object, mode: str
) -> None:
    [result] = checked(lua, [(raw, {})])
    assert (result["problems"], result["mode"]) == ([], mode)


PIECES: list[object] = [
    None, True, False, 0, 1, 150, 20000.0, 2.5, -1, "", " x ", "$A", "${B}", "$NONE", "XXX", "text",
    "<a b>", "dingxx", "dingxxx", "<C-s>", [], {}, ["a"], ["$A", 1], [["a"]], {"lua": True},
    {"a": 1}, ["*"], ["/help", "status"], ["hlep"], "open", "allowlist", "disabled", "user", "work",
    {"cmd": ["pass", "ding"]}, {"cmd": []}, {"cmd": ["a"], "b": 1}, {"cmd": None}, "a\nb", "a\vb",
    WEBHOOK, WEBHOOK + "&a#b", "http://localhost", "https://[::1]:1", "http://127.0.0.1:70000",
    "https://a.b/c/", "http://x@y:1/", "https://dingtalk.com/robot/send?&access_token=b", "é",
    "a\tb",
    "https://", "://", "http://a b", "https://a?b", "1e3", "https://a_b", "http://[zz]", "HTTP://h/",
]  # fmt: skip
GOOD_PIECES: dict[str, list[object]] = {
    "app_key": ["dinga1", "dinga2", "$A", {"cmd": ["id"]}],
    "app_secret": ["s3cret1", "$A", "$NONE", {"cmd": ["pass", "ding"]}],
    "webhook": [WEBHOOK, "$NONE", "https://elsewhere.example/robot/send?access_token=x"],
    "groups": [],
    "enabled": [True, False],
    "endpoint.oapi": ["https://elsewhere.example", "$NONE"],
    "default_account": ["work", "default", "my-dingtalk", "$NONE"],
    "env_file": ["~/x.env"],
    "allow_from": [["a"], ["$A", "b"], ["$NONE"], []],
    "commands": [["/help"], ["*"]],
}
"""Values that fit, so that what several tables give together is compared as well."""


def random_table(chance: random.Random, depth: int = 3) -> dict[str, object]:
    tables = ("dm", "endpoint", "channels", "dingtalk", "accounts", "groups", "jobs", "env")
    names = [*SPELLINGS, *tables, "allowFrom", "api", "oapi", "type", "work", "home", "my-dingtalk"]
    names += [*GROUP_SPELLINGS, "*", "cidA+/b=", "YOUR_CONVERSATION_ID", "default", "DINGTALK", "A"]
    table: dict[str, object] = {}
    for _ in range(chance.randrange(6)):
        name = chance.choice(names)
        if chance.random() < 0.2:
            spot = chance.randrange(len(name))
            name = name[:spot] + chance.choice("aeK_é .-") + name[spot + chance.randrange(2) :]
        nested = name in tables or name in ("*", "work", "home", "my-dingtalk", "cidA+/b=")
        deeper = depth and nested and chance.random() < 0.9
        table[name] = random_table(chance, depth - 1) if deeper else chance.choice(PIECES)
    return table


def likely_table(chance: random.Random) -> dict[str, object]:
    """A table that is mostly right, with accounts, groups and variables."""

    def account() -> dict[str, object]:
        chosen = chance.sample([*GOOD_PIECES], chance.randrange(4))
        wide = ("default_account", "env_file")
        table: dict[str, object] = {
            name: chance.choice(GOOD_PIECES[name])
            for name in chosen
            if GOOD_PIECES[name] and name not in wide
        }
        if "groups" in chosen:
            table["groups"] = {
                name: {
                    key: value
                    for key, value in {
                        "requireMention": chance.choice([True, False, "$NONE", None]),
                        "users": chance.choice([["a"], [], ["$NONE"], None]),
                        "tools": chance.choice([["/where"], ["*"], None]),
                    }.items()
                    if chance.random() < 0.7
                }
                for name in chance.sample(["*", "cidA==", "cidB"], 2)
            }
        return table

    table = account()
    for wide in ("default_account", "env_file"):
        if chance.random() < 0.3:
            table[wide] = chance.choice(GOOD_PIECES[wide])
    if chance.random() < 0.6:
        names = chance.sample(["work", "home", "default"], chance.randrange(3))
        table["accounts"] = {name: account() for name in names}
    if chance.random() < 0.4:
        table["channels"] = {"my-dingtalk": {"type": "dingtalk", **account()}}
        if chance.random() < 0.5:
            inner = {key: value for key, value in table.items() if key != "channels"}
            table["channels"] = {"dingtalk": inner}
    if chance.random() < 0.4:
        table["env"] = {"A": "dinga3", "NONE": " ", "DINGTALK_CLIENT_SECRET": "s3cret2"}
    return table


def test_editor_and_host_agree_on_two_thousand_random_tables(lua: Lua) -> None:
    chance = random.Random(20)
    environ = {"A": "a,b", "B": "400", "DINGTALK_OAPI_ENDPOINT": "http://localhost:80"}
    tables = [random_table(chance) for _ in range(1000)]
    tables += [likely_table(chance) for _ in range(1000)]
    cases: list[tuple[object, dict[str, str]]] = [
        (raw, environ if chance.random() < 0.5 else {}) for raw in tables
    ]
    flawless = several = 0
    for (raw, held), result in zip(cases, checked(lua, cases), strict=True):
        problems, values = host_says(raw, held)
        assert list(result["problems"]) == problems, raw
        if not problems:
            flawless += 1
            assert editor_says(result) == values, raw
            several += len(result["accounts"]) > 1
    assert 250 < flawless < 1750
    assert several > 50


def test_lua_functions_and_mixed_tables_are_judged_in_the_editor(lua: Lua) -> None:
    assert lua(
        """
local function f() end
local looped = { keyword = 'x' }
looped.channels = { dingtalk = looped }
local check = require('dingbridge.options').check
return {
  fine = #check({ responder = f }, {}),
  lua = ({ check({ responder = f }, {}) })[2].responder,
  wrong = check({ keyword = f, allow_from = { f } }, {}),
  mixed = check({ 'x', keyword = 'y' }, {}),
  looped = check(looped, {}),
  odd = check({ text_chunk_limit = 0 / 0, responder_timeout = 1 / 0 }, {}),
}
""",
        {},
    ) == {
        "fine": 0,
        "lua": "lua",
        "wrong": [
            "integrations.dingtalk.allow_from[1]: expected text in quotes, got a function",
            "integrations.dingtalk.keyword: expected text in quotes, got a function",
        ],
        "mixed": ["integrations.dingtalk: every entry needs a name"],
        "looped": ["integrations.dingtalk.channels.dingtalk.channels: unknown option"],
        "odd": [
            "integrations.dingtalk.responder_timeout: must be a number from 1 to 86400",
            "integrations.dingtalk.text_chunk_limit: must be a whole number from 100 to 20000",
        ],
    }


def test_without_a_second_argument_the_environment_is_the_editors(lua: Lua) -> None:
    code = """
vim.env.DINGTALK_ENABLED = 'perhaps'
vim.env.DINGBRIDGE_TEST_NAME = 'somebody'
return { require('dingbridge.options').check({ user_id = '$DINGBRIDGE_TEST_NAME' }) }
"""
    problems, values, *_ = lua(code, {})
    assert "$DINGTALK_ENABLED: must be true or false" in problems
    assert values["user_id"] == "somebody"


def test_canonical_unwraps_every_spelling_and_keeps_the_values_as_written(lua: Lua) -> None:
    raw = {
        "clientId": "$KEY",
        "dm": {"allowFrom": ["a"]},
        "channels": {"dingtalk": {"sendKey": False, "endpoint": {"api": "x"}}},
        "unknown": 1,
    }
    assert lua("return require('dingbridge.options').canonical(input)", raw) == {
        "app_key": "$KEY",
        "allow_from": ["a"],
        "send_key": False,
        "endpoint.api": "x",
    }


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("Chat st", ["status", "stop"]),
        ("DingTalk st", ["status", "stop"]),
        ("'<,'>Chat no", ["notify"]),
        ("'A,'BChat no", ["notify"]),
        ("vertical Chat pre", ["prev"]),
        ("Chat open ", ["alpha", "beta"]),
        ("Chat open b", ["beta"]),
        ("Chat  open  b", ["beta"]),
        ("Chat open alpha b", []),
        ("Chat bridge ", ["dingtalk"]),
        ("Chat unbridge ding", ["dingtalk"]),
        ("Chat bridge slack", []),
        ("Chat list ", []),
        ("DingTalk send Chat st", []),
        ("Chat nothing ", []),
        ("Chat pair ", ["ABCD2345", "work:EFGH2345"]),
        ("Chat pair ABCD2345 ", ["once"]),
        ("Chat deny work", ["work:EFGH2345"]),
        ("Chat deny ABCD2345 ", []),
        ("Chat revoke l", ["lisi"]),
        ("Chat save scr", ["script.lua"]),
    ],
)
def test_the_command_line_is_completed(lua: Lua, line: str, candidates: list[str]) -> None:
    assert completed(lua, line) == candidates


def completed(lua: Lua, line: str) -> list[str]:
    code = """
local lead = input:match('%S*$')
return require('dingbridge.complete').complete(lead, input, #input, {
  session = { 'alpha', 'beta' },
  asking = { 'ABCD2345', 'work:EFGH2345' },
  let_in = { 'lisi' },
})
"""
    return list(lua(code, line))


def test_every_subcommand_is_offered_and_sessions_may_be_unknown(lua: Lua) -> None:
    offered = completed(lua, "Chat ")
    assert offered[:4] == ["new", "list", "open", "next"]
    assert "" not in offered
    code = "return require('dingbridge.complete').complete('', 'Chat open ', 10, {})"
    assert list(lua(code, {})) == []
