"""Configurations from other bridges' guides work as they are pasted, and do what the guides say.

Each example stands here as it was published. JSON and JSON5 are parsed as what they are and handed
over under `integrations.dingtalk`; Lua is run in a Neovim; a `.env` text is a file or the
environment. What stands for the reader's own values is refused by name, and nothing else is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.errors import BadOptions
from dingbridge.core.options.groups import GroupOptions
from dingbridge.core.options.settings import Configuration, read_all, wants
from dingbridge.edges.programs.settings_lookup import look_up
from tests.editor.test_options_lua import Lua, said_by_the_editor, seen_in_the_table
from tests.editor.test_options_lua import lua as lua
from tests.support.neovim import find_neovim
from tests.support.processes import run

ROOT = Path(__file__).resolve().parents[3]
AT = "integrations.dingtalk"

ENV = """\
DINGTALK_ENABLED=true
DINGTALK_CLIENT_ID=dingxxxxxxxxxxxx
DINGTALK_CLIENT_SECRET=xxxxxxxxxxxxxxxx
DINGTALK_ALLOW_FROM=user1,user2
"""

JSON_WITH_PLACEHOLDERS = """\
{
  "channels": {
    "dingtalk": {
      "enabled": true,
      "clientId": "YOUR_APP_KEY",
      "clientSecret": "YOUR_APP_SECRET",
      "allowFrom": ["YOUR_STAFF_ID"]
    }
  }
}
"""

JSON_COMPLETE = """\
{
  "channels": {
    "dingtalk": {
      "enabled": true,
      "clientId": "dingabcdef123456",
      "clientSecret": "abcdefghijklmnopqrstuvwxyz123456",
      "allowFrom": ["123456789"]
    }
  }
}
"""

LUA_WEBHOOK = """\
require('chat').setup({
  integrations = {
    dingtalk = {
      webhook = 'https://oapi.dingtalk.com/robot/send?access_token=XXX',
    },
  },
})
"""

LUA_API = """\
require('chat').setup({
  integrations = {
    dingtalk = {
      app_key = 'YOUR_APP_KEY',
      app_secret = 'YOUR_APP_SECRET',
      conversation_id = 'YOUR_CONVERSATION_ID',
      user_id = 'YOUR_USER_ID',
    },
  },
})
"""

JSON5_MINIMAL = """\
{
  channels: {
    dingtalk: {
      enabled: true,
      clientId: "YOUR_APP_KEY",
      clientSecret: "YOUR_APP_SECRET"
    }
  }
}
"""

JSON5_ACCOUNTS = """\
{
  channels: {
    dingtalk: {
      accounts: {
        work: { clientId: "APP_KEY", clientSecret: "APP_SECRET" },
        personal: { clientId: "APP_KEY", clientSecret: "APP_SECRET" }
      }
    }
  }
}
"""

JSON_NAMED_CHANNEL = (
    '{ "channels": { "my-dingtalk": { "type": "dingtalk", "clientId": "$DINGTALK_CLIENT_ID",'
    ' "clientSecret": "$DINGTALK_CLIENT_SECRET", "senderPolicy": "open", "sessionScope": "user",'
    ' "cwd": "/path/to/your/project", "instructions": "You are a concise coding assistant'
    ' responding via DingTalk.", "groupPolicy": "open", "groups": { "*": { "requireMention": true'
    " } } } } }"
)

EXPORTS = "export DINGTALK_CLIENT_ID=<your-app-key> export DINGTALK_CLIENT_SECRET=<your-app-secret>"

JSON_ENV = (
    '{ "env": { "DINGTALK_CLIENT_ID": "your-app-key",'
    ' "DINGTALK_CLIENT_SECRET": "your-app-secret" } }'
)

OWN_VALUES = {
    "dingxxxxxxxxxxxx": "dingabcdef123456",
    "xxxxxxxxxxxxxxxx": "s3cret-of-the-app",
    "YOUR_APP_KEY": "dingabcdef123456",
    "YOUR_APP_SECRET": "s3cret-of-the-app",
    "YOUR_STAFF_ID": "manager01",
    "YOUR_CONVERSATION_ID": "cidA1b2C3==",
    "YOUR_USER_ID": "manager01",
    "<your-app-key>": "dingabcdef123456",
    "<your-app-secret>": "s3cret-of-the-app",
    "your-app-key": "dingabcdef123456",
    "your-app-secret": "s3cret-of-the-app",
    "XXX": "0123456789abcdef",
}


def filled_in(text: str) -> str:
    """The example with the reader's own values instead of the placeholders."""
    whole = re.compile("|".join(rf"(?<![\w-]){re.escape(key)}(?![\w-])" for key in OWN_VALUES))
    return whole.sub(lambda match: OWN_VALUES[match[0]], text)


def json5(text: str) -> Any:
    """What the example says, with its bare names put into quotes."""
    return json.loads(re.sub(r"([{,]\s*)(\w+):", r'\1"\2":', text))


def variables(text: str) -> dict[str, str]:
    """The environment after a shell has read the text."""
    return dict(re.findall(r"(DINGTALK_\w+)=(\S+)", text))


def problems(raw: object, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(BadOptions) as caught:
        read_all(raw, environ or {})
    return list(caught.value.problems)


def placeholders(found: list[str]) -> list[tuple[str, str]]:
    """Where each placeholder stands; fails if any problem is another one."""
    matches = [re.fullmatch(r'(.+?): "(.+)" is a placeholder; put .+ here', said) for said in found]
    assert all(matches), found
    return sorted((match[1].removeprefix(AT), match[2]) for match in matches if match)


# --- a service with its settings in .env ----------------------------------------------------------


def test_a_dotenv_text_left_as_it_is_gets_its_two_placeholders_named(tmp_path: Path) -> None:
    (tmp_path / "dingtalk.env").write_text(ENV, "utf-8")
    raw = {"env_file": str(tmp_path / "dingtalk.env")}
    from_file = look_up(wants(raw, {}))
    with pytest.raises(BadOptions) as caught:
        read_all(raw, {}, from_file)
    assert placeholders(list(caught.value.problems)) == [
        ("$DINGTALK_CLIENT_ID in env_file", "dingxxxxxxxxxxxx"),
        ("$DINGTALK_CLIENT_SECRET in env_file", "xxxxxxxxxxxxxxxx"),
    ]
    assert placeholders(problems({}, variables(ENV))) == [
        ("$DINGTALK_CLIENT_ID", "dingxxxxxxxxxxxx"),
        ("$DINGTALK_CLIENT_SECRET", "xxxxxxxxxxxxxxxx"),
    ]


@pytest.mark.parametrize("place", ["env_file", "environment"])
def test_a_dotenv_text_starts_the_channel_for_the_listed_employees(
    place: str, tmp_path: Path
) -> None:
    (tmp_path / "dingtalk.env").write_text(filled_in(ENV), "utf-8")
    raw: dict[str, object] = {"env_file": str(tmp_path / "dingtalk.env")}
    if place == "environment":
        raw = {}
    environ = variables(filled_in(ENV)) if place == "environment" else {}
    options = read_all(raw, environ, look_up(wants(raw, environ))).default
    assert (options.enabled, options.mode) == (True, "api")
    assert (options.app_key, options.app_secret) == ("dingabcdef123456", "s3cret-of-the-app")
    assert options.allow_from == ("user1", "user2")


def test_the_enabled_variable_starts_the_channel_or_does_not() -> None:
    environ = variables(filled_in(ENV).replace("true", "false"))
    assert read_all({}, environ).default.mode == "off"


def test_without_the_optional_allow_list_nobody_is_on_it() -> None:
    environ = variables(filled_in(ENV))
    del environ["DINGTALK_ALLOW_FROM"]
    options = read_all({}, environ).default
    # Elsewhere a missing list admits everybody; here strangers ask to be paired.
    assert (options.allow_from, options.dm_policy) == (None, "pairing")


# --- a gateway with its settings in JSON ----------------------------------------------------------


def test_a_json_block_left_as_it_is_gets_its_three_placeholders_named() -> None:
    assert placeholders(problems(json.loads(JSON_WITH_PLACEHOLDERS))) == [
        (".channels.dingtalk.allowFrom[1]", "YOUR_STAFF_ID"),
        (".channels.dingtalk.clientId", "YOUR_APP_KEY"),
        (".channels.dingtalk.clientSecret", "YOUR_APP_SECRET"),
    ]


@pytest.mark.parametrize(
    ("text", "staff"), [(JSON_WITH_PLACEHOLDERS, "manager01"), (JSON_COMPLETE, "123456789")]
)
def test_a_json_block_enables_the_channel_for_its_staff_id(text: str, staff: str) -> None:
    options = read_all(json.loads(filled_in(text)), {}).default
    assert (options.account, options.mode, options.enabled) == ("default", "api", True)
    assert options.app_key == "dingabcdef123456"
    assert options.allow_from == (staff,)


@pytest.mark.parametrize(
    "listed", ['["123456789"]', '["123456789", "987654321"]', '["*"]'], ids=str
)
def test_every_form_of_the_json_allow_list_is_taken_as_it_is(listed: str) -> None:
    text = JSON_COMPLETE.replace('["123456789"]', listed)
    assert read_all(json.loads(text), {}).default.allow_from == tuple(json.loads(listed))


# --- Lua ------------------------------------------------------------------------------------------

RUN = """
vim.opt.runtimepath:prepend(arg[1])
assert(loadstring(assert(io.open(arg[2], 'rb')):read('*a')))()
io.write(vim.json.encode({
  said = vim.tbl_map(function(line) return line.text end, require('dingbridge.notice').said),
  options = require('dingbridge.host_settings').new_settings().options,
}))
"""


def set_up(code: str, folder: Path) -> dict[str, Any]:
    """What Neovim says to the example, and the table that the host gets."""
    (folder / "run.lua").write_text(RUN, "utf-8")
    (folder / "example.lua").write_text(code, "utf-8")
    done = run(
        [find_neovim(), "--clean", "--headless", "-l", "run.lua", str(ROOT), "example.lua"],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "NVIM_LOG_FILE": str(folder / "nvim.log")},
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("code", [LUA_WEBHOOK, LUA_API], ids=["webhook", "api"])
def test_a_lua_example_left_as_it_is_gets_its_placeholders_named(code: str, tmp_path: Path) -> None:
    found = set_up(code, tmp_path)
    named = placeholders(problems(found["options"]))
    assert [word for _, word in named] == [word for word in OWN_VALUES if f"{word}'" in code]
    [said] = found["said"]
    assert [word in said for _, word in named] == [True] * len(named)


def test_the_lua_example_of_webhook_mode_sends_one_way(tmp_path: Path) -> None:
    found = set_up(filled_in(LUA_WEBHOOK), tmp_path)
    options = read_all(found["options"], {}).default
    assert found["said"] == []
    assert options.mode == "webhook"
    assert options.webhook.endswith("access_token=0123456789abcdef")


def test_the_lua_example_of_api_mode_speaks_both_ways(tmp_path: Path) -> None:
    found = set_up(filled_in(LUA_API), tmp_path)
    options = read_all(found["options"], {}).default
    assert found["said"] == []
    assert (options.mode, options.conversation_id, options.user_id) == (
        "api", "cidA1b2C3==", "manager01"
    )  # fmt: skip
    assert options.text_chunk_limit == 20_000


# --- a gateway with its settings in JSON5 ---------------------------------------------------------


def test_the_json5_examples_left_as_they_are_get_their_placeholders_named() -> None:
    assert placeholders(problems(json5(JSON5_MINIMAL))) == [
        (".channels.dingtalk.clientId", "YOUR_APP_KEY"),
        (".channels.dingtalk.clientSecret", "YOUR_APP_SECRET"),
    ]
    assert placeholders(problems(json5(JSON5_ACCOUNTS))) == [
        (f".channels.dingtalk.accounts.{name}.{key}", word)
        for name in ("personal", "work")
        for key, word in (("clientId", "APP_KEY"), ("clientSecret", "APP_SECRET"))
    ]


def test_the_minimal_json5_example_uses_pairing_and_mentions_by_default() -> None:
    options = read_all(json5(filled_in(JSON5_MINIMAL)), {}).default
    assert options.mode == "api"
    assert (options.dm_policy, options.require_mention) == ("pairing", True)


def test_the_json5_example_with_two_accounts_gives_two_robots() -> None:
    raw = json5(JSON5_ACCOUNTS)
    for name, account in raw["channels"]["dingtalk"]["accounts"].items():
        account.update(clientId=f"ding{name}", clientSecret=f"s3cret-of-{name}")
    found = read_all(raw, {})
    assert {name: (o.mode, o.app_key, o.app_secret) for name, o in found.accounts.items()} == {
        "work": ("api", "dingwork", "s3cret-of-work"),
        "personal": ("api", "dingpersonal", "s3cret-of-personal"),
    }


REFERENCE: list[tuple[str, object, str, object]] = [
    ("clientId", "dinga2", "app_key", "dinga2"),
    ("clientSecret", "another", "app_secret", "another"),
    *(("dm.policy", each, "dm_policy", each) for each in ("pairing", "allowlist", "open",
                                                          "disabled")),
    ("dm.allowFrom", ["a"], "allow_from", ("a",)),
    *(("groupPolicy", each, "group_policy", each) for each in ("open", "allowlist", "disabled")),
    ("groups", {"cidA==": {"requireMention": False, "tools": ["/status"], "users": ["u"]}},
     "groups", {"cidA==": GroupOptions(require_mention=False, tools=("status",), users=("u",))}),
    ("requireMention", False, "require_mention", False),
    ("textChunkLimit", 4000, "text_chunk_limit", 4000),
]  # fmt: skip
"""Every row of the guide's reference: its path below `channels.dingtalk`, and what it sets."""


@pytest.mark.parametrize(("path", "value", "field", "expected"), REFERENCE, ids=str)
def test_every_setting_of_the_json5_reference_does_what_it_says(
    path: str, value: object, field: str, expected: object
) -> None:
    raw = json5(filled_in(JSON5_MINIMAL))
    block = raw["channels"]["dingtalk"]
    *outer, last = path.split(".")
    for name in outer:
        block = block.setdefault(name, {})
    block[last] = value
    assert getattr(read_all(raw, {}).default, field) == expected


# --- an agent with named channels in JSON ---------------------------------------------------------


def named_channel(text: str = JSON_NAMED_CHANNEL, **others: object) -> Any:
    raw = json.loads(text)
    raw["channels"]["my-dingtalk"].update(others)
    return raw


def assert_is_named_channel(found: Configuration) -> None:
    assert [*found.accounts] == [found.default_account] == ["my-dingtalk"]
    options = found.default
    assert (options.mode, options.app_key, options.app_secret) == (
        "api", "dingabcdef123456", "s3cret-of-the-app"
    )  # fmt: skip
    assert (options.dm_policy, options.allow_from) == ("open", None)
    assert (options.group_policy, options.session_scope) == ("open", "user")
    assert options.cwd == "/path/to/your/project"
    assert options.instructions == "You are a concise coding assistant responding via DingTalk."
    assert options.groups == {"*": GroupOptions(require_mention=True)}
    assert options.group("cidAny==").require_mention is True


def test_a_named_channel_takes_its_credentials_from_the_environment() -> None:
    assert_is_named_channel(read_all(named_channel(), variables(filled_in(EXPORTS))))


def test_a_named_channel_takes_its_credentials_from_the_section_env() -> None:
    raw = named_channel() | json.loads(filled_in(JSON_ENV))
    assert_is_named_channel(read_all(raw, {}))


@pytest.mark.parametrize("source", ["exports", "env"])
def test_credentials_left_as_they_are_get_named(source: str) -> None:
    marked = "<your-app-{}>" if source == "exports" else "your-app-{}"
    raw = named_channel() | (json.loads(JSON_ENV) if source == "env" else {})
    environ = variables(EXPORTS) if source == "exports" else {}
    assert placeholders(problems(raw, environ)) == [
        (".channels.my-dingtalk.clientId", marked.format("key")),
        (".channels.my-dingtalk.clientSecret", marked.format("secret")),
    ]


def test_without_its_credentials_a_named_channel_asks_for_the_variables() -> None:
    assert problems(named_channel()) == [
        f"{AT}.channels.my-dingtalk.{key}: the environment variable {name} is not set"
        for key, name in (
            ("clientId", "DINGTALK_CLIENT_ID"), ("clientSecret", "DINGTALK_CLIENT_SECRET")
        )
    ]  # fmt: skip


def test_the_advice_around_the_named_channel_can_be_followed() -> None:
    environ = variables(filled_in(EXPORTS))
    raw = named_channel(
        model="qwen3.5-plus",
        senderPolicy="allowlist",
        groupPolicy="allowlist",
        groups={"*": {"requireMention": True}, "cidQuiet==": {"requireMention": False}},
    )
    options = read_all(raw, environ).default
    assert (options.model, options.dm_policy) == ("qwen3.5-plus", "allowlist")
    assert options.group("cidQuiet==").require_mention is False
    assert options.group("cidOther==").require_mention is True
    quiet = named_channel()
    del quiet["channels"]["my-dingtalk"]["groupPolicy"]
    assert read_all(quiet, environ).default.group_policy == "disabled"


# --- the editor's own check -----------------------------------------------------------------------


def test_the_editor_names_the_placeholders_at_once_and_finds_no_other_fault(lua: Lua) -> None:
    texts = [JSON_WITH_PLACEHOLDERS, JSON_COMPLETE, JSON5_MINIMAL, JSON5_ACCOUNTS]
    raws = [json5(text) for text in (*texts, *map(filled_in, texts[:3]))]
    raws += [named_channel(), named_channel() | json.loads(JSON_ENV), {"env_file": "a.env"}]
    refused = 0
    for raw, told in zip(raws, said_by_the_editor(lua, raws), strict=True):
        named = [said for said in seen_in_the_table(raw) if "is a placeholder" in said]
        assert told == named, raw
        refused += bool(told)
    assert 0 < refused < len(raws)
