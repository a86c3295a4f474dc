"""The editor tells at once what can be seen in the table, in the words of the host, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.catalogue import options as at_once
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.errors import BadOptions
from dingbridge.core.options.declarations import BY_NAME, SPELLINGS
from dingbridge.core.options.groups import GROUP_SPELLINGS
from dingbridge.core.options.kinds import EXPECTED, OptionKind
from dingbridge.core.options.settings import read_all
from tests.support import processes
from tests.support.neovim import find_neovim
from tests.support.option_cases import AT, CASES, OUTSIDE, SECRET, WEBHOOK, Case

LUA = Path(__file__).resolve().parents[2] / "lua"

CHECK = """
return vim.tbl_map(function(raw)
  return (require('dingbridge.options').check({ integrations = { dingtalk = raw } }))
end, input)
"""
FORESEE = """
return vim.tbl_map(function(case)
  for name, text in pairs(case.environ) do
    vim.env[name] = text
  end
  local _, _, written = require('dingbridge.options').check(case.raw)
  local accounts, default = require('dingbridge.accounts').foresee(written)
  for name in pairs(case.environ) do
    vim.env[name] = nil
  end
  return { accounts = accounts, default = default }
end, input)
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


def said_by_the_editor(lua: Lua, tables: list[object]) -> list[list[str]]:
    """What the editor says about each table of options."""
    results = [list(problems) for problems in lua(CHECK, tables)]
    assert len(results) == len(tables)
    return results


def said_by_the_host(raw: object, environ: dict[str, str] | None = None) -> list[str]:
    try:
        read_all(raw, environ or {})
    except BadOptions as error:
        return list(error.problems)
    return []


ADDRESSES = {
    EXPECTED[kind].text for kind in (OptionKind.WEBHOOK, OptionKind.ENDPOINT, OptionKind.PROXY)
}
FORMS = [
    re.compile(re.escape(one(**dict.fromkeys(one.parts, "\0"))).replace("\0", "(.*)"), re.DOTALL)
    for one in vars(at_once).values()
    if isinstance(one, Sentence)
]


def without_variables(raw: object) -> object:
    """The same table, in which `env` gives no values."""
    if isinstance(raw, dict):
        blank = {name: " " if isinstance(text, str) else text for name, text in
                 (raw["env"] if isinstance(raw.get("env"), dict) else {}).items()}  # fmt: skip
        inner = {key: without_variables(value) for key, value in raw.items()}
        return inner | {"env": blank} if blank else inner
    return [*map(without_variables, raw)] if isinstance(raw, list) else raw


def seen_in_the_table(raw: object) -> list[str]:
    """The host's problems in the table, of the kinds that must be reported at once."""
    found = []
    for problem in said_by_the_host(without_variables(raw)):
        path, _, sentence = problem.partition(": ")
        fits = [match for form in FORMS if (match := form.fullmatch(sentence))]
        of_address = sentence.removeprefix("must be ") in ADDRESSES
        if fits and not path.startswith("$") and not of_address:
            found.append(problem)
    return found


@pytest.fixture(scope="module")
def told(lua: Lua) -> dict[str, list[str]]:
    """What the editor says about every case, from one process."""
    found = said_by_the_editor(lua, [case.raw for case in CASES])
    assert len({case.title for case in CASES}) == len(CASES)
    return {case.title: problems for case, problems in zip(CASES, found, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_editor_tells_at_once_what_can_be_seen_in_the_table(
    case: Case, told: dict[str, list[str]]
) -> None:
    assert told[case.title] == seen_in_the_table(case.raw)
    assert set(told[case.title]) <= set(said_by_the_host(case.raw, case.environ))
    assert SECRET not in str(told[case.title])


def test_the_editor_tells_most_of_what_is_wrong(told: dict[str, list[str]]) -> None:
    bad = [case for case in CASES if case.problems]
    assert sum(bool(told[case.title]) for case in bad) > 0.55 * len(bad)


NAMES = st.sampled_from(
    [
        *SPELLINGS,
        *GROUP_SPELLINGS,
        *("dm", "endpoint", "media", "quota", "channels", "dingtalk", "type", "work", "default"),
        *("*", "cidA+/b=", "YOUR_CONVERSATION_ID", "app_kye", "allowform", "cmd", "lua"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=8)
    | st.sampled_from(
        ["$HOME", "${NONE}", " $A ", "XXX", "dingxxx", "YOUR_APP_KEY", "<a b>", "text"]
    )
    | st.sampled_from(["open", "user", "dingtalk", " dingtalk ", WEBHOOK, "http://127.0.0.1:1"])
)
TABLES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=4)
        | st.dictionaries(st.text(max_size=6), inner, max_size=2)
    ),
    max_leaves=15,
)


@settings(max_examples=10, deadline=None)
@given(tables=st.lists(st.dictionaries(NAMES, TABLES, max_size=6), min_size=30, max_size=50))
def test_what_the_editor_refuses_the_host_refuses_and_what_it_must_see_it_sees(
    lua: Lua, tables: list[object]
) -> None:
    for raw, problems in zip(tables, said_by_the_editor(lua, tables), strict=True):
        assert set(seen_in_the_table(raw)) <= set(problems), raw
        assert said_by_the_host(raw) or not problems, raw


def test_every_kind_of_option_is_checked_for_its_type(lua: Lua) -> None:
    wrong: dict[str, object] = dict.fromkeys(BY_NAME, 1.5)
    wrong |= {name: "x" for name, option in BY_NAME.items() if option.least or option.most}
    [problems] = said_by_the_editor(lua, [wrong])
    assert {problem.partition(": expected ")[0] for problem in problems} == {
        f"{AT}.{name}" for name in BY_NAME
    }


def test_lua_functions_and_mixed_tables_are_judged(lua: Lua) -> None:
    assert lua(
        """
local function f() end
local looped = { keyword = 'x' }
looped.channels = { dingtalk = looped }
local function check(raw)
  return (require('dingbridge.options').check(raw))
end
return {
  fine = #check({ responder = f }),
  wrong = check({ keyword = f, allow_from = { f } }),
  mixed = check({ 'x', keyword = 'y' }),
  looped = check(looped),
  odd = check({ text_chunk_limit = 0 / 0, responder_timeout = 1 / 0 }),
}
""",
        {},
    ) == {
        "fine": 0,
        "wrong": [
            "allow_from[1]: expected text in quotes, got a function",
            "keyword: expected text in quotes, got a function",
        ],
        "mixed": ["setup(): every entry needs a name"],
        "looped": ["channels.dingtalk.channels: unknown option"],
        "odd": [
            "responder_timeout: must be a number from 1 to 86400",
            "text_chunk_limit: must be a whole number from 100 to 20000",
        ],
    }


# --- what is foreseen before a host has read the settings -----------------------------------------

FLAWLESS = [case for case in CASES if not case.problems and case not in OUTSIDE]


def test_the_editor_foresees_the_accounts_as_the_host_will_read_them(lua: Lua) -> None:
    cases = [{"raw": case.raw, "environ": case.environ} for case in FLAWLESS]
    for case, foreseen in zip(FLAWLESS, lua(FORESEE, cases), strict=True):
        read = read_all(case.raw, case.environ)
        assert foreseen["default"] == read.default_account, case.title
        assert {
            name: (one["mode"], one.get("app_key", ""), one["on_demand"])
            for name, one in foreseen["accounts"].items()
        } == {
            name: (one.mode, one.app_key, one.session_scope != "bound")
            for name, one in read.accounts.items()
        }, case.title


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
    [foreseen] = lua(FORESEE, [{"raw": raw, "environ": {}}])
    assert foreseen["accounts"][foreseen["default"]]["mode"] == mode


# --- completion -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("Chat st", ["status", "stop"]),
        ("DingTalk st", ["status", "stop"]),
        ("'<,'>Chat no", ["notify", "notify-when-done"]),
        ("'A,'BChat no", ["notify", "notify-when-done"]),
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
        ("Chat install ", ["images", "keyring"]),
        ("Chat install x", []),
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
