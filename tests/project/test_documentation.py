"""The documents tell of everything there is and of nothing else."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from dingbridge import __version__, cli
from dingbridge.core import timeouts
from dingbridge.core.access import pairing, pairing_codes, pairing_state, policy
from dingbridge.core.commands import editor_replies
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.commands.autocommands import AUTOCOMMANDS
from dingbridge.core.commands.editor_commands import COMMANDS
from dingbridge.core.options.declarations import BY_NAME, OPTIONS
from dingbridge.core.sessions import targets
from dingbridge.core.text import visible
from dingbridge.edges import log
from dingbridge.edges.programs import settings_lookup
from dingbridge.edges.storage import robot_files
from dingbridge.sandbox.rules import GROUPS
from dingbridge.service import adapters
from dingbridge.shell import outcome
from tests.support import processes
from tests.support.documents import CHINESE, IN_CHINESE, MANUAL, README, ROOT, TEXTS, WHOLE
from tests.support.neovim import find_neovim

pytestmark = pytest.mark.environment

FUNCTIONS = ("setup", "send", "notify", "watch", "status", "statusline", "sessions", "transcript")
SUBCOMMANDS_OF_THE_SHELL = (*("notify", "setup", "status", "outbox", "doctor", "sandbox", "demo"),)
EXIT_CODES = {
    outcome.DELIVERED: "delivered",
    outcome.REFUSED: "refused",
    outcome.USAGE: "usage",
    outcome.UNREACHABLE: "reached",
}
LOG_LINES = ("DingTalk: enabled", "Channel started (Stream Mode)", "has access", "chunk 1 of 3",
             "DingTalk channel connected via Stream Mode", "message from staff id",
             "conversationId")  # fmt: skip
"""What set-up guides tell people to look for."""
EVENT = re.compile(r'_event\(\s*"(\w+)"((?:, |,\s+)[^;]*?)?\)\n')
ADDED = re.compile(r"updates\.TriggerEvent\(name, \{(.*?)\*\*data\}\)")


def events() -> dict[str, set[str]]:
    """Each `User` autocommand that the bridge sends, with the names of the data it always has."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "dingbridge/service").rglob("*.py")):
        source = path.read_text("utf-8")
        added = ADDED.search(source)
        always = {*re.findall(r'"(\w+)":', added[1])} if added else set()
        for match in EVENT.finditer(source):
            data = always | {*re.findall(r"(\w+)=", match[2] or "")}
            found[match[1]] = found.get(match[1], data) & data
    return found


SHOW = """
vim.opt.runtimepath:prepend(arg[1])
local look = require('dingbridge.message_format')
local function show(author, target, minute, text, fate)
  local time = os.date('*t')
  time.hour, time.min = 14, minute
  local message = { author = author, time = os.time(time), text = text, delivery = fate }
  message.reason, message.role, message.target_name = '', 'editor', target
  local heading = look.heading(message, 50)
  for number, line in ipairs(look.lines(message)) do
    local sign = number == 1 and heading.virt_text and (' ' .. heading.virt_text[1][1]) or ''
    io.write(vim.trim(line .. sign), '\\n')
  end
end
"""
"""Prints messages line by line, each heading with the sign of its fate."""


def prose() -> str:
    """The manual without its examples, in which a slash may mean anything."""
    return re.sub(r"^```.*?^```$", "", WHOLE, flags=re.MULTILINE | re.DOTALL)


def sentences() -> str:
    """The manual on one line, so that sentences are found wherever their lines end."""
    return " ".join(WHOLE.split())


# --- where things stand -------------------------------------------------------------------------


def test_the_readme_is_read_in_five_minutes() -> None:
    for name in (README, CHINESE):
        assert len(TEXTS[name].splitlines()) <= 250, name


def test_the_readme_leads_to_every_document() -> None:
    in_chinese = {name: name.replace("doc/zh/", "doc/") for name in IN_CHINESE}
    for name in (README, CHINESE):
        led_to = {*re.findall(r"\]\((doc/[\w/-]+\.md)\)", TEXTS[name])}
        assert {in_chinese.get(each, each) for each in led_to} == {*MANUAL} - {README}, name
        assert led_to >= {*IN_CHINESE} or name == README


@pytest.mark.parametrize("name", MANUAL[1:])
def test_a_document_begins_with_a_sentence_that_says_what_it_answers(name: str) -> None:
    assert re.match(r"<!-- tag: [\w-]+ -->\n# .+\n\nThis page tells [^.]+\.\n", TEXTS[name])


def test_each_reference_to_dingtalks_interfaces_leads_to_a_row() -> None:
    rows = {*re.findall(r"^\| ([0-9.]+) \|", TEXTS["doc/dingtalk.md"], re.MULTILINE)}
    known = rows | {row.partition(".")[0] for row in rows}
    for path in sorted((ROOT / "dingbridge").rglob("*.py")):
        for number in re.findall(r"§([0-9]+(?:\.[0-9]+)?)", path.read_text("utf-8")):
            assert number in known, f"{path}: §{number}"
    assert {rule.section for rules in GROUPS.values() for rule in rules} <= known


def test_the_first_screen_has_the_picture_and_the_two_commands() -> None:
    first = TEXTS[README].splitlines()[:45]
    assert "make demo" in "\n".join(first)
    assert "make test" in "\n".join(first)
    assert any("✓ sent" in line for line in first)
    assert all(visible(line) or not line for line in first)


def test_the_picture_shows_messages_as_they_appear(tmp_path: Path) -> None:
    rows = [row.split("│")[1] for row in TEXTS[README].splitlines() if row.startswith("│")]
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


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# --- everything is documented -------------------------------------------------------------------


def test_every_subcommand_and_option_is_told() -> None:
    for command in COMMANDS:
        assert f"Chat {command.name}".rstrip() in WHOLE
    for option in OPTIONS:
        assert f"| `{option.name}` |" in WHOLE
        assert option.env in WHOLE


def test_every_lua_function_and_every_field_of_its_answer_is_told() -> None:
    text = TEXTS["doc/lua-api.md"]
    for function in FUNCTIONS:
        assert re.search(rf"^## {function}\(", text, re.MULTILINE), function
    annotations = (ROOT / "lua/dingbridge/state.lua").read_text("utf-8")
    fields = re.findall(r"---@field (\w+)", annotations)
    assert {"last_error", "delivery", "bound"} <= {*fields}
    for field in fields:
        assert f"`{field}`" in text, field


def test_every_event_is_declared_with_its_data() -> None:
    assert events()["DingbridgeConnected"] == {"account"}
    declared = {each.name: {*each.data} for each in AUTOCOMMANDS}
    assert {*declared} == {*events()}
    # What the source does not spell out there, `Editor.heard` compares wherever an event is heard.
    for name, data in events().items():
        assert data <= declared[name]


def test_every_remote_command_is_told_with_its_chinese_word() -> None:
    told = TEXTS["doc/remote-commands.md"].replace("\\|", "|")
    for command in remote.COMMANDS:
        assert f"| `{command.form}` | `/{command.chinese}` |" in told
    [held] = re.findall(r"`commands`: when it is not\s+given,([^.]*)\.", told)
    assert tuple(re.findall(r"/(\w+)", held)) == BY_NAME["commands"].default
    [always] = re.findall(r"^- ([^.]*) are for everybody who has access\.", told, re.MULTILINE)
    assert re.findall(r"/(\w+)", always) == [*policy.ALWAYS]


def test_every_policy_and_scope_is_told() -> None:
    for option in OPTIONS:
        if option.name in ("dm.policy", "session_scope"):
            for choice in option.choices:
                assert re.search(rf"^\| `'{choice}'` \|", WHOLE, re.MULTILINE), choice


def test_what_is_told_of_pairing_and_of_paths_is_so() -> None:
    text = sentences()
    minutes = {300.0: "five", 600.0: "ten"}
    for words in (
        f"may have {pairing.PENDING_EACH} requests open",
        f"{pairing.PENDING_MOST} may be open in all",
        f"After {pairing.WRONG_MOST} wrong codes within {minutes[pairing_state.WRONG_WITHIN]}"
        f" minutes, none is taken for {minutes[pairing_state.CLOSED_FOR]} minutes",
        f"every {minutes[pairing.REPEAT_EVERY]} minutes at most",
        f"or `n`, up to {remote.MOST_MESSAGES}",
        f"up to {remote.MOST_LINES}; {remote.FEW_LINES} without a last line",
        f"at most {timeouts.JOB_WITHIN / 60:g} minutes",
        f"the last {editor_replies.TAIL:,} characters",
        f"up to {editor_replies.DIFF:,} characters",
        f"at most {settings_lookup.COMMAND_WITHIN:g} seconds",
    ):
        assert words in text
    assert pairing_state.VALID_FOR == pairing_state.ONCE_FOR == 3600
    assert "within an hour" in text
    assert "them for an hour" in text
    for code in re.findall(r"Chat (?:pair|deny) ([A-Z0-9]{5,})", text):
        assert pairing_codes.find(code, [code])
        assert len(code) == pairing_codes.CHARACTERS
        assert {*code} <= {*pairing_codes.ALPHABET}


def spoken() -> str:
    """Every text in the code, a line each; without placeholders."""
    found = [
        re.sub(r"\{\w*\}", "\n", node.value)
        for path in (ROOT / "dingbridge").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    found += [
        re.sub(r"%[sd]", "\n", path.read_text("utf-8")) for path in (ROOT / "lua").rglob("*.lua")
    ]
    return "\n".join(found)


def test_the_messages_that_are_explained_are_those_that_people_read() -> None:
    tables = re.findall(
        r"^\| what (?:they or )?you read \| do \|\n.*\n((?:\|.*\n)+)", WHOLE, re.MULTILINE
    )
    said = spoken()
    quoted = [row.split(" | ")[0] for table in tables for row in table.splitlines()]
    assert len(quoted) > 15
    for words in quoted:
        for piece in re.split(r"…|`[^`]*`|\([^)]*\)", words):
            piece = piece.strip(" |,.:")
            assert len(piece) < 7 or piece in said, piece


def test_what_a_program_finds_in_its_environment_is_told() -> None:
    given = {*re.findall(r"\bDINGBRIDGE_\w+", inspect.getsource(adapters))}
    assert given
    assert {*re.findall(r"\bDINGBRIDGE_\w+", WHOLE)} == given


def test_the_log_lines_that_guides_promise_are_told() -> None:
    for line in LOG_LINES:
        assert line in WHOLE


def test_targets_that_are_shown_can_be_used() -> None:
    shown = {*re.findall(r"\bdingtalk:[\w+/:=]+", WHOLE)}
    assert len(shown) >= 3
    read = {targets.read(each, ("work",)) for each in shown}
    assert {each.account for each in read} == {"", "work"}
    assert {bool(each.target.conversation_id) for each in read} == {True, False}


def test_every_file_is_told() -> None:
    sessions = f"{robot_files.SESSIONS_FOLDER.as_posix()}/"
    shared = (robot_files.STATE_FILE, robot_files.OUTBOX_FILE, robot_files.INBOX_FILE)
    for file in (*shared, sessions, log.LOG_FILE):
        assert file in TEXTS["doc/privacy-and-security.md"], file


def test_the_shell_command_is_told_with_its_arguments_and_exit_codes() -> None:
    text = TEXTS["doc/cli.md"]
    for subcommand in SUBCOMMANDS_OF_THE_SHELL:
        assert f"dingbridge {subcommand}" in text
        with pytest.raises(SystemExit):
            cli.main([subcommand, "--help"])
    for argument in re.findall(r'"(--[a-z-]+)"', inspect.getsource(cli._parser)):
        if argument != "--version":
            assert argument in text, argument
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^\| {code} \|.*{meaning}", text, re.MULTILINE), code


# --- and nothing else is ------------------------------------------------------------------------


def test_nothing_is_told_that_does_not_exist() -> None:
    for text in (WHOLE, *(TEXTS[name] for name in (CHINESE, *IN_CHINESE))):
        subcommands = {command.name for command in COMMANDS}
        assert {*re.findall(r":(?:Chat|DingTalk)[ -]([a-z]+)", text)} <= subcommands
        assert {*re.findall(r"\bDINGTALK_\w+", text)} <= {option.env for option in OPTIONS}
        assert {*re.findall(r"'dingbridge'\)?\.(\w+)", text)} <= {*FUNCTIONS}
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert {*re.findall(r"`make (\w+)`", text)} <= {*targets}
        assert {*re.findall(r"`dingbridge (\w+)", text)} <= {*SUBCOMMANDS_OF_THE_SHELL}
    look = (ROOT / "lua/dingbridge/message_format.lua").read_text("utf-8")
    known = {*events(), *re.findall(r"\bDingbridge[A-Z]\w+", look)}
    assert {*re.findall(r"\bDingbridge[A-Z]\w+", WHOLE)} <= known
    known = {command.name for command in remote.COMMANDS}
    assert {*re.findall(r"(?<![\w./<>~')-])/([a-z]+)(?=[^\w/]|$)", prose())} <= known
