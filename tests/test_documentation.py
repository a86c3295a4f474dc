"""README and `:help` tell of everything there is and of nothing else, and their examples work."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge import __version__, cli, live
from dingbridge.core import access, pairing, passcodes, patience, remote, remote_answers, targets
from dingbridge.core.commands import COMMANDS
from dingbridge.core.errors import BadOptions
from dingbridge.core.options import BY_NAME, OPTIONS
from dingbridge.core.outside import Found
from dingbridge.core.settings import Configuration, read_all, wants
from dingbridge.core.text import visible
from dingbridge.edges import log, outside
from dingbridge.edges.storage import robot
from tests import processes
from tests.neovim import find_neovim

pytestmark = pytest.mark.environment

ROOT = Path(__file__).resolve().parent.parent
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "doc/dingbridge.txt")}
README, MANUAL = TEXTS
both = pytest.mark.parametrize("name", TEXTS)

FUNCTIONS = ("setup", "send", "notify", "status", "statusline", "sessions", "transcript")
SUBCOMMANDS_OF_THE_SHELL = ("notify", "status", "outbox", "sandbox", "demo")
EXIT_CODES = {cli.DELIVERED: "delivered", cli.REFUSED: "refused", cli.USAGE: "usage",
              cli.UNREACHABLE: "reached"}  # fmt: skip
LOG_LINES = ("DingTalk: enabled", "Channel started (Stream Mode)", "is let in", "chunk 1 of 3",
             "DingTalk channel connected via Stream Mode", "message from staff id",
             "conversationId")  # fmt: skip
"""What set-up guides tell people to look for."""
EVENT = re.compile(r'_event\(\s*"(\w+)"((?:, |,\s+)[^;]*?)?\)\n')
ADDED = re.compile(r"updates\.Event\(name, \{(.*?)\*\*data\}\)")


def events() -> dict[str, set[str]]:
    """Each `User` autocommand that the bridge sends, with the names of the data it always has."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "dingbridge/bridge").glob("*.py")):
        source = path.read_text("utf-8")
        added = ADDED.search(source)
        always = {*re.findall(r'"(\w+)":', added[1])} if added else set()
        for match in EVENT.finditer(source):
            data = always | {*re.findall(r"(\w+)=", match[2] or "")}
            found[match[1]] = found.get(match[1], data) & data
    return found


SHOW = """
vim.opt.runtimepath:prepend(arg[1])
local look = require('dingbridge.look')
local function show(author, target, minute, text, fate)
  local time = os.date('*t')
  time.hour, time.min = 14, minute
  local message = { author = author, time = os.time(time), text = text, delivery = fate }
  message.reason, message.role, message.target_name = '', 'editor', target
  local heading = look.heading(message, 50)
  for number, line in ipairs(look.lines(message)) do
    local sign = number == 1 and heading.virt_text and (' ' .. heading.virt_text[1][1]) or ''
    line = number == 1 and line:sub(heading.end_col + 1) or line
    io.write(vim.trim(line .. sign), '\\n')
  end
end
"""
"""Prints messages line by line, each heading with the sign of its fate."""


def prose(text: str) -> str:
    """The text without its examples, in which a slash may mean anything."""
    return re.sub(r"^```.*?^```$|>(?:lua|sh|vim)?\n.*?^<$", "", text, flags=re.M | re.S)


# --- everything there is stands in both ---------------------------------------------------------


@both
def test_every_subcommand_and_option_is_told(name: str) -> None:
    text = TEXTS[name]
    for command in COMMANDS:
        assert re.search(rf"Chat {command.name}\b" if command.name else ":Chat\\b", text)
    for option in OPTIONS:
        assert re.search(rf"(?<![\w.]){re.escape(option.name)}(?![\w.]\w)", text), option.name
        assert option.env in text


@both
def test_every_lua_function_and_every_field_of_its_answer_is_told(name: str) -> None:
    for function in FUNCTIONS:
        assert re.search(rf"(?<!\w){function}\(", TEXTS[name]), function
    annotations = (ROOT / "lua/dingbridge/store.lua").read_text("utf-8")
    fields = re.findall(r"---@field (\w+)", annotations)
    assert {"last_error", "delivery", "bound"} <= {*fields}
    for field in fields:
        marked = rf"`{field}`" if name == README else rf"`{field}`|^        {field} +\S"
        assert re.search(marked, TEXTS[name], re.MULTILINE), field


@both
def test_every_event_is_told_with_all_of_its_data(name: str) -> None:
    assert len(events()) >= 7
    assert events()["DingbridgeConnected"] == {"account"}
    for event, data in events().items():
        if name == README:
            [told] = re.findall(rf"^\| `{event}` \|.*$", TEXTS[name], re.MULTILINE)
        else:
            [entry] = re.findall(rf"\*{event}\*\n(.*?)\n\n", TEXTS[name], re.DOTALL)
            told = entry.partition("ata:")[2].partition(".")[0]
        assert {word for word in data if f"`{word}`" not in told} == set(), event


@both
def test_every_remote_command_is_told_with_its_chinese_word(name: str) -> None:
    told = TEXTS[name].replace("\\|", "|")
    for command in remote.COMMANDS:
        english, chinese = re.escape(command.form), re.escape(command.chinese)
        row = rf"^\| `{english}` \| `/{chinese}` \|" if name == README else (
            rf"^{english} +/{chinese}\n    \S"
        )  # fmt: skip
        assert re.search(row, told, re.MULTILINE), command.form
    [held] = re.findall(r"`commands`: when it is not\s+given,([^.]*)\.", TEXTS[name])
    assert tuple(re.findall(r"/(\w+)", held)) == BY_NAME["commands"].default
    [always] = re.findall(r"^- ([^.]*) are for everybody who is let in\.", told, re.MULTILINE)
    assert re.findall(r"/(\w+)", always) == [*access.ALWAYS]


@both
def test_every_policy_and_scope_is_told(name: str) -> None:
    row = "^\\| `'{}'` \\|" if name == README else "^    {} +\\S"
    for option in OPTIONS:
        if option.name in ("dm.policy", "session_scope"):
            for choice in option.choices:
                assert re.search(row.format(choice), TEXTS[name], re.MULTILINE), choice


@both
def test_what_is_told_of_pairing_and_of_paths_is_so(name: str) -> None:
    text = " ".join(TEXTS[name].split())
    minutes = {300.0: "five", 600.0: "ten"}
    for words in (
        f"may have {pairing.PENDING_EACH} requests open",
        f"{pairing.PENDING_MOST} may be open in all",
        f"After {pairing.WRONG_MOST} wrong codes within {minutes[pairing.WRONG_WITHIN]}"
        f" minutes, none is taken for {minutes[pairing.CLOSED_FOR]} minutes",
        f"every {minutes[pairing.REPEAT_EVERY]} minutes at most",
        f"or n, up to {remote.MOST_MESSAGES}".replace(" n,", " `n`," if name == README else " n,"),
        f"up to {remote.MOST_LINES}; {remote.FEW_LINES} without a last line",
        f"at most {patience.JOB_WITHIN / 60:g} minutes",
        f"the last {remote_answers.TAIL:,} characters",
        f"up to {remote_answers.DIFF:,} characters",
        f"at most {outside.COMMAND_WITHIN:g} seconds",
    ):
        assert words in text
    assert pairing.VALID_FOR == pairing.ONCE_FOR == 3600
    assert "within an hour" in text
    assert "in for an hour" in text
    for code in re.findall(r"Chat (?:pair|deny) ([A-Z0-9]{5,})", text):
        assert passcodes.find(code, [code])
        assert len(code) == passcodes.CHARACTERS
        assert {*code} <= {*passcodes.ALPHABET}


@both
def test_what_a_program_finds_in_its_environment_is_told(name: str) -> None:
    given = {*re.findall(r"\bDINGBRIDGE_\w+", inspect.getsource(live))}
    assert given
    assert {*re.findall(r"\bDINGBRIDGE_\w+", TEXTS[name])} == given


@both
def test_the_log_lines_that_guides_promise_are_told(name: str) -> None:
    for line in LOG_LINES:
        assert line in TEXTS[name]


@both
def test_targets_that_are_shown_can_be_used(name: str) -> None:
    shown = {*re.findall(r"\bdingtalk:[\w+/:=]+", TEXTS[name])}
    assert len(shown) >= 3
    read = {targets.read(each, ("work",)) for each in shown}
    assert {each.account for each in read} == {"", "work"}
    assert {bool(each.target.conversation_id) for each in read} == {True, False}


@both
def test_every_file_is_told(name: str) -> None:
    sessions = f"{robot.SESSIONS_FOLDER.as_posix()}/"
    shared = (robot.STATE_FILE, robot.OUTBOX_FILE, robot.INBOX_FILE)
    for file in (*shared, sessions, log.LOG_FILE):
        assert file in TEXTS[name], file


@both
def test_the_shell_command_is_told_with_its_arguments_and_exit_codes(name: str) -> None:
    text = TEXTS[name]
    for subcommand in SUBCOMMANDS_OF_THE_SHELL:
        assert f"dingbridge {subcommand}" in text
        with pytest.raises(SystemExit):
            cli.main([subcommand, "--help"])
    for argument in re.findall(r'"(--[a-z-]+)"', inspect.getsource(cli._parser)):
        if argument != "--version":
            assert argument in text, argument
    for code, meaning in EXIT_CODES.items():
        row = rf"^\| {code} \|.*{meaning}" if name == README else rf"^    {code}    .*{meaning}"
        assert re.search(row, text, re.MULTILINE), code


# --- and nothing else does ----------------------------------------------------------------------


@both
def test_nothing_is_told_that_does_not_exist(name: str) -> None:
    text = TEXTS[name]
    subcommands = {command.name for command in COMMANDS}
    assert {*re.findall(r":(?:Chat|DingTalk)[ -]([a-z]+)", text)} <= subcommands
    assert {*re.findall(r"\bDingbridge[A-Z]\w+", text)} <= {*events()}
    assert {*re.findall(r"\bDINGTALK_\w+", text)} <= {option.env for option in OPTIONS}
    known = {command.name for command in remote.COMMANDS}
    assert {*re.findall(r"(?<![\w./<>~')-])/([a-z]+)(?=[^\w/]|$)", prose(text))} <= known
    assert {*re.findall(r"'dingbridge'\)?\.(\w+)", text)} <= {*FUNCTIONS}
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {*re.findall(r"`make (\w+)`", text)} <= {*targets}
    shell = re.findall(r"`dingbridge (\w+)", text)
    assert shell
    assert {*shell} <= {*SUBCOMMANDS_OF_THE_SHELL}


def test_the_first_screen_has_the_picture_and_the_two_commands() -> None:
    first = TEXTS[README].splitlines()[:45]
    assert "make demo" in "\n".join(first)
    assert "make test" in "\n".join(first)
    assert any("✓ sent" in line for line in first)
    assert all(visible(line) or not line for line in first)


@both
def test_the_picture_shows_messages_as_they_appear(name: str, tmp_path: Path) -> None:
    rows = [row.split("│")[1] for row in TEXTS[name].splitlines() if row.strip().startswith("│")]
    first = next(number for number, row in enumerate(rows) if "Zhang San ·" in row)
    last = next(number for number, row in enumerate(rows) if "Draft →" in row)
    messages = [
        ("Zhang San", "", 2, "Is the build green?", "none"),
        ("You", "Zhang San (1:1)", 3, "Yes, all of it.", "sent"),
        ("You", "Zhang San (1:1)", 4, "Shall I tag it?", "sending"),
    ]
    lua = "\n".join(f"show('{who}', '{target}', {minute}, '{text}', '{fate}')"
                    for who, target, minute, text, fate in messages)  # fmt: skip
    (tmp_path / "show.lua").write_text(SHOW + lua, "utf-8")
    shown = processes.run(
        [find_neovim(), "--clean", "--headless", "-l", "show.lua", str(ROOT)],
        cwd=tmp_path,
        encoding="utf-8",
        check=True,
    ).stdout.splitlines()
    # The last blank line is where the draft's window begins.
    assert [" ".join(row.split()) for row in rows[first:last]] == shown[:-1]


def test_every_link_inside_the_readme_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXTS[README], re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]+)\)", TEXTS[README])
    assert links
    assert {*links} <= anchors


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# --- the examples -------------------------------------------------------------------------------

PLACEHOLDERS = {
    "YOUR_APP_KEY": "dingabcdef123456",
    "YOUR_APP_SECRET": "s3cret-of-the-example",
    "YOUR_CONVERSATION_ID": "cidA1b2C3==",
    "YOUR_USER_ID": "manager01",
    "YOUR_STAFF_ID": "manager01",
    "XXX": "0123456789abcdef",
}
ENVIRONMENT = {
    "DINGTALK_WEBHOOK": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
    "DINGTALK_SECRET": "SEC0123456789abcdef",
    "DINGTALK_CLIENT_ID": "dingabcdef123456",
    "DINGTALK_CLIENT_SECRET": "s3cret-of-the-example",
    "WORK_APP_KEY": "dingwork",
    "WORK_APP_SECRET": "s3cret-of-work",
    "HOME_APP_KEY": "dinghome",
    "HOME_APP_SECRET": "s3cret-of-home",
}
RUN = """
vim.opt.runtimepath:prepend(arg[1])
local function configure(specs)
  for _, spec in ipairs(specs) do
    if spec.config then
      spec.config()
    end
  end
end
-- What a user of that plugin manager has: it calls `config` of each plugin.
package.preload['packer'] = function()
  return { startup = function(declare) declare(function(spec) configure({ spec }) end) end }
end
local file = assert(io.open(arg[2], 'rb'))
local returned = assert(loadstring(file:read('*a')))()
if type(returned) == 'table' then
  configure(returned)
end
io.write(vim.json.encode({
  said = vim.tbl_map(function(line) return line.text end, require('dingbridge.notice').said),
  settings = require('dingbridge.host').new_settings(),
  commands = vim.tbl_keys(vim.api.nvim_get_commands({})),
}))
"""


def examples() -> Iterator[tuple[str, str]]:
    """Every Lua example, named by its file and place in it."""
    fences = {README: r"^```lua\n(.*?)^```$", MANUAL: r">lua\n(.*?)^<$"}
    for name, fence in fences.items():
        for number, code in enumerate(re.findall(fence, TEXTS[name], re.MULTILINE | re.DOTALL), 1):
            yield f"{name} {number}", code


EXAMPLES = dict(examples())
SETTING_UP = {name: code for name, code in EXAMPLES.items() if ".setup({" in code}


def variables(code: str) -> dict[str, str]:
    """The environment variables that the example names, and no others."""
    return {name: value for name, value in ENVIRONMENT.items() if f"${name}'" in code}


def run(folder: Path, code: str) -> dict[str, Any]:
    """What a Neovim with nothing but the plugin and these settings says to the example."""
    (folder / "run.lua").write_text(RUN, "utf-8")
    (folder / "example.lua").write_text(code, "utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DINGTALK_")}
    done = processes.run(
        [find_neovim(), "--clean", "--headless", "-l", "run.lua", str(ROOT), "example.lua"],
        cwd=folder,
        env={**kept, **variables(code), "NVIM_LOG_FILE": str(folder / "nvim.log")},
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def read_whole(found: dict[str, Any], code: str) -> Configuration:
    """What the host makes of the settings, if every program says the secret of the examples."""
    raw, environ = found["settings"]["options"], variables(code)
    wanted = wants(raw, environ)
    outputs = dict.fromkeys(wanted.commands, ENVIRONMENT["DINGTALK_CLIENT_SECRET"])
    return read_all(raw, environ, Found(variables={}, outputs=outputs))


def filled_in(code: str) -> str:
    """The example with every placeholder replaced, as its reader would do it."""
    for placeholder, value in PLACEHOLDERS.items():
        code = re.sub(rf"\b{placeholder}\b", value, code)
    return code


def test_both_documents_show_both_modes_and_both_responders() -> None:
    for name in TEXTS:
        shown = "\n".join(code for place, code in SETTING_UP.items() if place.startswith(name))
        assert "require('chat').setup({\n" in shown
        for needed in ("webhook = 'https://", "app_key = 'YOUR_APP_KEY'", "responder = function",
                       "responder = { '"):  # fmt: skip
            assert needed in shown


@pytest.mark.parametrize("place", EXAMPLES)
def test_every_lua_example_runs_without_a_complaint(place: str, tmp_path: Path) -> None:
    assert run(tmp_path, filled_in(EXAMPLES[place]))["said"] == []


@pytest.mark.parametrize("place", SETTING_UP)
def test_the_host_accepts_every_configuration_that_is_shown(place: str, tmp_path: Path) -> None:
    code = SETTING_UP[place]
    found = run(tmp_path, filled_in(code))
    accounts = read_whole(found, code).accounts
    assert found["settings"]["options"]
    for account in accounts.values():
        assert account.mode == ("webhook" if "webhook =" in code else "api")
        assert account.responder == (
            ("my-assistant", "--plain") if "my-assistant" in code
            else "lua" if "responder = function" in code else None
        )  # fmt: skip
    assert ([*accounts] != ["default"]) == ("accounts =" in code or "['my-" in code)
    assert {"Chat", "DingTalk"} <= {*found["commands"]}


@both
def test_an_example_shows_each_of_these_at_work(name: str) -> None:
    shown = "\n".join(code for place, code in SETTING_UP.items() if place.startswith(name))
    for needed in ("['*'] = {", "require_mention = false", "admins = {", "jobs = {", "tools = {",
                   "accounts = {", "type = 'dingtalk'", "env_file = '", "{ cmd = {",
                   "session_scope = '", "instructions = '"):  # fmt: skip
        assert needed in shown, needed


@pytest.mark.parametrize(
    "place", [place for place in SETTING_UP if filled_in(SETTING_UP[place]) != SETTING_UP[place]]
)
def test_an_example_left_as_it_is_gets_its_placeholders_named(place: str, tmp_path: Path) -> None:
    code = SETTING_UP[place]
    found = run(tmp_path, code)
    [said] = found["said"]
    for placeholder in PLACEHOLDERS:
        assert (f'"{placeholder}" is a placeholder' in said) == (placeholder in code)
    with pytest.raises(BadOptions, match="is a placeholder"):
        read_whole(found, code)


# --- the help -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tags that Neovim finds in a copy of the help, each with its file."""
    doc = tmp_path_factory.mktemp("help") / "doc"
    shutil.copytree(ROOT / "doc", doc, ignore=shutil.ignore_patterns("tags"))
    program = [find_neovim(), "--clean", "--headless", "-c", f"helptags {doc}", "-c", "qall!"]
    done = processes.run(program, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    lines = (doc / "tags").read_text("utf-8").splitlines()
    return {tag: file for tag, file, _ in (line.split("\t") for line in lines) if tag[0] != "!"}


def test_neovim_finds_the_tags_of_the_help(tags: dict[str, str]) -> None:
    sections = ("install", "configure", "webhook-mode", "api-mode", "outside", "robot", "log",
                "access", "pairing", "remote", "scopes", "responders", "accounts", "targets",
                "options", "commands", "lua", "events", "files", "shell", "exit-codes", "limits",
                "trouble")  # fmt: skip
    main = {"dingbridge", "dingbridge.txt", ":Chat", ":DingTalk", ":Chat-bridge"}
    main |= {f"dingbridge-{section}" for section in sections}
    main |= {f"dingbridge-{function}()" for function in FUNCTIONS}
    main |= {f"dingbridge-option-{option.name}" for option in OPTIONS}
    assert main | {*events()} <= {*tags}
    assert {*tags.values()} == {"dingbridge.txt"}


def test_every_link_in_the_help_leads_somewhere(tags: dict[str, str], tmp_path: Path) -> None:
    links = {*re.findall(r"(?<!\S)\(?\|([^|\s]+)\|", TEXTS[MANUAL])}
    assert len(links) > 20
    # Links that are not ours lead into Neovim's own help.
    (tmp_path / "look.lua").write_text(
        "for _, tag in ipairs(arg) do\n"
        "  local ok = pcall(vim.cmd.help, tag)\n"
        "  local found = vim.fn.getcompletion(tag, 'help')\n"
        "  if not ok or not vim.tbl_contains(found, tag) then print(tag) end\n"
        "end\n",
        "utf-8",
    )
    foreign = sorted(links - {*tags})
    program = [find_neovim(), "--clean", "--headless", "-l", str(tmp_path / "look.lua"), *foreign]
    done = processes.run(program, encoding="utf-8")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_no_line_of_the_help_is_wider_than_its_window() -> None:
    def width(line: str) -> int:
        return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)

    assert [line for line in TEXTS[MANUAL].splitlines() if width(line) > 78] == []


def test_the_help_ends_with_a_modeline_for_help_files() -> None:
    assert TEXTS[MANUAL].startswith("*dingbridge.txt*")
    assert re.search(r"\nvim:.*\bft=help:.*\n\Z", TEXTS[MANUAL])
