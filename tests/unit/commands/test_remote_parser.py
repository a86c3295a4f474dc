"""What people may say to the bridge from their phone, and what it says to them."""

from __future__ import annotations

from datetime import timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.commands import editor_replies, remote_parser, status_replies
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.commands.remote_commands import (
    COMMANDS,
    NAMES,
    ChooseSession,
    ClearSession,
    Diagnostics,
    Diff,
    FileSlice,
    Help,
    History,
    ListSessions,
    NewSession,
    OpenAt,
    Quickfix,
    RemoteCommand,
    RunJob,
    Status,
    StopAnswer,
    Users,
    Where,
    WhereAmI,
    WhoAmI,
)
from dingbridge.core.commands.remote_parser import Bad, UnknownCommand
from dingbridge.core.commands.status_replies import BoundRow
from dingbridge.core.markdown.code_blocks import code_span, fenced
from dingbridge.core.messages import Conversation, ConversationKind, Message, Role, Sender

pytestmark = pytest.mark.environment

# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/help", Help()),
        ("/帮助", Help()),
        ("/status", Status()),
        ("/状态", Status()),
        ("/whoami", WhoAmI()),
        ("/我是谁", WhoAmI()),
        ("/whereami", WhereAmI()),
        ("/我在哪", WhereAmI()),
        ("/list", ListSessions()),
        (" /LIST \n", ListSessions()),
        ("/列表 发布 计划", ListSessions("发布 计划")),
        ("/list all", ListSessions("all")),
        ("/session", ChooseSession()),
        ("/session ", ChooseSession()),
        ("/session 2", ChooseSession("2")),
        ("/Session   20261121-2 ", ChooseSession("20261121-2")),
        ("／会话　２", ChooseSession("2")),
        ("/会话：2", ChooseSession("2")),
        ("/new", NewSession()),
        ("/新建", NewSession()),
        ("/clear", ClearSession()),
        ("/清空", ClearSession()),
        ("/stop", StopAnswer()),
        ("/stop!", StopAnswer()),
        ("/停止。", StopAnswer()),
        ("/history", History(5)),
        ("/历史 10", History(10)),
        ("/history １０", History(10)),
        ("/where", Where()),
        ("/位置", Where()),
        ("/diag", Diagnostics()),
        ("/诊断 错误", Diagnostics("error")),
        ("/diag ERROR", Diagnostics("error")),
        ("/diag warnings", Diagnostics("warn")),
        ("/qf", Quickfix()),
        ("/快速修复", Quickfix()),
        ("/diff", Diff()),
        ("/差异 src/a b.py", Diff("src/a b.py")),
        ("/file src/a.py", FileSlice("src/a.py", 1, 40)),
        ("/file src/a.py:10", FileSlice("src/a.py", 10, 49)),
        ("/file src/a.py:10-40", FileSlice("src/a.py", 10, 40)),
        ("/file:src/a.py:10-40", FileSlice("src/a.py", 10, 40)),
        ("／文件　我的 文件.md：１０－４０", FileSlice("我的 文件.md", 10, 40)),
        ("/file a:b.py:3-3", FileSlice("a:b.py", 3, 3)),
        ("/file C:\\x.py:1-200", FileSlice("C:\\x.py", 1, 200)),
        ("/open src/a.py", OpenAt("src/a.py", 1)),
        ("/打开 src/a.py:88", OpenAt("src/a.py", 88)),
        ("/open src/a.py:88-90", OpenAt("src/a.py", 88)),
        ("/run", RunJob()),
        ("/运行 test", RunJob("test")),
    ],
)
def test_commands_are_understood_in_both_languages(text: str, command: RemoteCommand) -> None:
    assert remote_parser.read(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "please /list",
        "list",
        "",
        "/",
        "/ list",
        "//comment",
        "/* comment */",
        "/usr/bin/python is missing",
        "/tmp/a.txt",
        "/a.txt",
        "/list.txt",
        "/list/",
        "/etc/hosts:10",
        "/etc: what is it",
        "/^a+$/",
        "/[a-z]/g",
        "/2 is a half",
        "/tmp, then",
        "/tmp\nis full",
        "/" + "字" * 33,
        "、帮助",
        "\\list",
    ],
)
def test_what_only_looks_like_a_command_is_for_the_session(text: str) -> None:
    assert remote_parser.read(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/where is the config?", "where"),
        ("/clear the cache please", "clear"),
        ("/new\nplease write a test", "new"),
        ("/session 2\nplease", "session"),
        ("/session 1 2", "session"),
        ("/history 0", "history"),
        ("/history 51", "history"),
        ("/history -1", "history"),
        ("/history many", "history"),
        ("/history ²", "history"),
        ("/history " + "9" * 5000, "history"),
        ("/diag info", "diag"),
        ("/file", "file"),
        ("/file :10", "file"),
        ("/file a.py:0", "file"),
        ("/file a.py:40-10", "file"),
        ("/file a.py:1-201", "file"),
        ("/file " + "x" * 1001, "file"),
        ("/open", "open"),
        ("/run test --fast", "run"),
        ("/文件", "file"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_answered_with_the_right_form(
    text: str, name: str
) -> None:
    bad = remote_parser.read(text)
    assert isinstance(bad, Bad)
    assert bad.declaration.name == name
    assert f"`{bad.declaration.form}`" in status_replies.describe_bad(bad)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("/lists", "list"),
        ("/sessionz", "session"),
        ("/session2", "session"),
        ("/stat", "status"),
        ("/histroy 5", "history"),
        ("/fi", "file"),
        ("/STOPP", "stop"),
        ("/会话2", "会话"),
        ("/帮我", "帮助"),
        ("/shell", "help"),
        ("/wher", "where"),
        ("/ex quit", ""),
        ("/tmp is full", ""),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest_known(text: str, nearest: str) -> None:
    unknown = remote_parser.read(text)
    assert isinstance(unknown, UnknownCommand)
    assert unknown.nearest == nearest
    words = status_replies.describe_unknown(unknown)
    assert "`/help`" in words
    assert not nearest or f"`/{nearest}`" in words


WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
"""ASCII in the width of Chinese characters."""


@given(
    st.sampled_from([word for one in COMMANDS for word in (one.name, one.chinese)]),
    st.lists(st.sampled_from([str.upper, str.lower, str.title, lambda text: text.translate(WIDE)])),
    st.sampled_from("/／"),
    st.text(),
)
def test_a_known_word_never_reaches_the_session(
    word: str, changes: list[Any], slash: str, rest: str
) -> None:
    for change in changes:
        word = change(word)
    assert isinstance(remote_parser.read(f"{slash}{word}"), (RemoteCommand, Bad))
    assert isinstance(remote_parser.read(f"{slash}{word} {rest}"), (RemoteCommand, Bad))


@given(st.text())
def test_any_text_is_read_and_one_without_a_slash_is_no_command(text: str) -> None:
    found = remote_parser.read(text)
    assert found is None or text.strip()[0] in "/／"


@given(st.text(alphabet="/:：-. \n05９abfilexyz文件打开", max_size=60))
def test_any_text_that_almost_is_a_command_is_read(text: str) -> None:
    found = remote_parser.read("/" + text)
    if isinstance(found, FileSlice):
        assert 1 <= found.first <= found.last < found.first + remote.MOST_LINES
        assert found.path
    if isinstance(found, UnknownCommand):
        assert "\n" not in found.word


# --- the declaration ------------------------------------------------------------------------------


def test_every_command_is_declared_once_in_both_languages_with_one_value() -> None:
    words = [word for one in COMMANDS for word in (one.name, one.chinese)]
    assert len(set(words)) == len(words) == 2 * len(NAMES)
    kinds = get_args(RemoteCommand)
    for one in COMMANDS:
        arguments = {"file": " a.py", "open": " a.py", "resume": " 1", "btw": " text"}
        command = remote_parser.read(f"/{one.name}{arguments.get(one.name, '')}")
        assert isinstance(command, kinds)
        assert command.declaration is one
        assert one.meaning
        assert one.meaning_chinese


def test_what_changes_something_is_marked() -> None:
    assert {one.name for one in COMMANDS if one.effect} == {
        *("session", "new", "clear", "stop", "open", "run"),
        *("approve", "reject", "always", "mute", "agent", "resume"),
    }


def test_who_is_let_in_may_ask_for_help_and_an_id_and_change_nothing_but_stop_an_answer() -> None:
    users = {one.name: one.users for one in COMMANDS if one.users is not Users.LISTED}
    assert users == {
        **dict.fromkeys(("help", "whoami", "approve", "reject", "always", "btw"), Users.ALL),
        **dict.fromkeys(("status", "whereami", "stop"), Users.BY_DEFAULT),
    }


# --- sessions -------------------------------------------------------------------------------------

ROWS = [
    BoundRow("20261121-1", "Release", "/home/me/dingbridge", busy=False),
    BoundRow("20261121-2", "修复", "/srv/shop/", busy=True, here=True),
    BoundRow("3", "Notes", "/", busy=False),
]


@pytest.mark.parametrize(
    ("wanted", "session"),
    [
        ("1", "20261121-1"),
        ("02", "20261121-2"),
        ("20261121-2", "20261121-2"),
        ("3", "3"),
        ("0", None),
        ("4", None),
        ("-1", None),
        ("²", None),
        ("20261121", None),
        ("9" * 5000, None),
    ],
)
def test_a_session_is_chosen_by_its_number_or_its_id(wanted: str, session: str | None) -> None:
    chosen = status_replies.choose(ROWS, wanted)
    assert (chosen.session if chosen else None) == session


@given(st.text(), st.integers(0, 3))
def test_any_choice_is_one_of_the_sessions_or_none(wanted: str, count: int) -> None:
    assert status_replies.choose(ROWS[:count], wanted) in [*ROWS[:count], None]


def test_the_list_names_each_session_with_its_folder_and_who_is_busy() -> None:
    first, second, third, blank, hint = status_replies.describe_sessions(ROWS).splitlines()
    assert first == "1. Release · dingbridge"
    assert second == "2. 修复 · shop (忙 busy) ←"
    assert third == "3. Notes · /"
    assert blank == ""
    assert "/session N" in hint


def test_without_sessions_the_list_says_so() -> None:
    assert "No session is bound" in status_replies.describe_sessions([])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("SHOP", ["2"]), ("notes", ["3"]), ("20261121", ["1", "2"]), ("[%", []), ("nothing", [])],
)
def test_a_list_is_searched_and_keeps_the_numbers_that_choose(
    text: str, numbers: list[str]
) -> None:
    shown = status_replies.describe_sessions(ROWS, text).splitlines()
    assert [line[2] for line in shown if line.startswith("**")] == numbers
    for number in numbers:
        chosen = status_replies.choose(ROWS, number)
        assert chosen
        assert any(chosen.title in line for line in shown)


# --- words ----------------------------------------------------------------------------------------


def test_help_lists_what_the_asker_may_use_and_nothing_else() -> None:
    shown = status_replies.describe_help(("status", "file")).splitlines()
    assert shown[2:] == [
        "- `/status` 状态 · 桥的状态 How it goes",
        "- `/file path:10-40` 文件 · 文件内容 Lines of a file",
    ]
    assert "no command" in status_replies.describe_help(())
    everything = status_replies.describe_help(NAMES)
    assert all(f"`{one.form}`" in everything for one in COMMANDS)
    assert max(map(len, everything.splitlines())) <= 50


def test_a_command_that_is_not_allowed_is_refused_with_the_id_and_the_setting() -> None:
    words = status_replies.describe_not_allowed("run", "lisi", "groups['cid`1'].tools")
    assert "`/run`" in words
    assert "`lisi`" in words
    assert "`` groups['cid`1'].tools ``" in words


def test_status_shows_the_session_the_link_and_what_waits() -> None:
    words = status_replies.describe_status(
        ROWS[1], link="connected", editors=2, queued=1, failed=3, problem="no network\nat all"
    )
    assert words.splitlines() == [
        "- 会话 Session: 修复 · shop (忙 busy) ←",
        "- 连接 Link: connected",
        "- 编辑器 Editors: 2",
        "- 待发 Queued: 1 · 失败 Failed: 3",
        "- 问题 Problem: no network at all",
    ]
    quiet = status_replies.describe_status(None, link="off", editors=1, queued=0, failed=0)
    assert "none" in quiet
    assert "Problem" not in quiet


def test_whoami_shows_the_own_ids_the_role_and_the_commands() -> None:
    words = status_replies.describe_whoami(
        Sender("zhangsan", "$:LWCP_v1:$abc", "张三"), ("help", "stop"), is_admin=False
    )
    assert "`zhangsan`" in words
    assert "`$:LWCP_v1:$abc`" in words
    assert "member" in words
    assert words.endswith("`/help` `/stop`")
    outside = status_replies.describe_whoami(Sender("", "x", "张三"), NAMES, is_admin=True)
    assert "admin" in outside
    assert "Staff id: 没有 none" in outside
    assert "张三" not in words + outside


def test_whereami_shows_the_conversation_id_and_its_session() -> None:
    group = Conversation("cid+/=", ConversationKind.GROUP, "产品讨论群")
    words = status_replies.describe_whereami(group, ROWS[0])
    assert "group · 产品讨论群" in words
    assert "`cid+/=`" in words
    assert "Release" in words
    single = status_replies.describe_whereami(Conversation("c1", ConversationKind.SINGLE), None)
    assert "1:1" in single


def message(number: int, text: str = "text") -> Message:
    return Message(f"m{number}", Role.DINGTALK, f"author {number}", text, 1_795_000_000.0 + number)


def test_history_shows_the_last_messages_shortened_to_a_line() -> None:
    messages = [message(1), message(2, "two\nlines `code`"), message(3, "长" * 500)]
    shown = status_replies.describe_history(messages, 2, timezone.utc).splitlines()
    assert shown == [
        "- **author 2** 11-18 11:06 `` two lines `code` ``",
        f"- **author 3** 11-18 11:06 `{'长' * 199}…`",
    ]
    assert "no messages" in status_replies.describe_history([], 5)
    assert "no messages" in status_replies.describe_history(messages, 0)
    odd = structs.replace(message(1), time=1e300)
    assert "** ? `" in status_replies.describe_history([odd], 1)


def test_where_is_shown_with_function_and_branch() -> None:
    found = {
        "file": "src/a.py",
        "line": 12,
        "column": 3,
        "function": "main",
        "filetype": "python",
        "modified": True,
    }
    words = editor_replies.describe_where(found, "feature/`x`")
    assert words.splitlines() == [
        "- `src/a.py:12:3` (未保存 modified)",
        "- 函数 Function: `main`",
        "- 分支 Branch: `` feature/`x` ``",
        "- 类型 Type: `python`",
    ]
    bare = editor_replies.describe_where({"file": "a", "line": 1, "column": 1}, "")
    assert bare == "- `a:1:1`"


def test_diagnostics_are_counted_and_listed() -> None:
    items = [
        {"file": "a.py", "line": 3, "severity": "error", "message": "undefined `x`\x1b[31m"},
        {"file": "b.py", "line": 9, "severity": "warn", "message": "unused"},
    ]
    found = {"total": 30, "errors": 10, "warnings": 20, "items": items}
    assert editor_replies.describe_diagnostics(found).splitlines() == [
        "诊断 Diagnostics: 30 (❌ 10 · ⚠️ 20)",
        "",
        "- ❌ `a.py:3` `` undefined `x` ``",
        "- ⚠️ `b.py:9` `unused`",
        "- … 还有 and 28 项 more",
    ]
    none = {"total": 0, "errors": 0, "warnings": 0, "items": []}
    assert "No diagnostics" in editor_replies.describe_diagnostics(none)


def test_the_quickfix_list_is_listed() -> None:
    found = {"total": 1, "items": [{"file": "a.c", "line": 1, "severity": "", "message": "m"}]}
    words = editor_replies.describe_quickfix(found)
    assert words.splitlines() == ["快速修复 Quickfix: 1", "", "- `a.c:1` `m`"]
    assert "empty" in editor_replies.describe_quickfix({"total": 0, "items": []})


@pytest.mark.parametrize("file", [".env", "conf/my-secrets.yaml", "keys\\server.pem.old"])
def test_lines_of_a_secret_file_leave_in_no_list(file: str) -> None:
    items = [
        {"file": file, "line": 1, "severity": "", "message": "PIN=4711"},
        {"file": "a.c", "line": 1, "severity": "", "message": "m"},
    ]
    found = {"total": 2, "errors": 1, "warnings": 0, "items": items}
    for describe in (editor_replies.describe_quickfix, editor_replies.describe_diagnostics):
        words = describe(found)
        assert "4711" not in words
        assert "`a.c:1` `m`" in words
        assert "1 项在机密文件中，不显示 in secret files, not shown" in words


@pytest.mark.parametrize(
    "found", [None, [], {}, "words", {"file": 1, "line": "x", "items": [3], "total": "many"}]
)
def test_an_answer_that_cannot_be_read_is_told_as_such(found: object) -> None:
    for words in (
        editor_replies.describe_where(found, ""),
        editor_replies.describe_diagnostics(found),
        editor_replies.describe_quickfix(found),
        editor_replies.describe_opened(found),
    ):
        assert "cannot be read" in words


def test_an_opened_file_is_named() -> None:
    assert "`a.py:88`" in editor_replies.describe_opened({"file": "a.py", "line": 88})


def test_lines_of_a_file_are_shown_with_the_command_that_shows_what_follows() -> None:
    lines = Lines("src/a.py", 10, 12, "a\n```\nb\x1b[2J", more=True)
    words = editor_replies.describe_lines(lines)
    assert words.startswith(fenced("a\n```\nb", "src/a.py", "py", 10, 12))
    assert words.endswith("`/file src/a.py:13`")
    assert "cut here" in editor_replies.describe_lines(Lines("a", 1, 1, "x", more=True, cut=True))
    assert "more" not in editor_replies.describe_lines(Lines("a", 1, 1, "x"))


def test_a_long_diff_ends_at_a_line_and_says_how_much_is_missing() -> None:
    output = "".join(f"+line {number}\n" for number in range(5000))
    words = editor_replies.describe_diff(output)
    kept = words.count("+line")
    assert len(words) < editor_replies.DIFF + 200
    assert f"{5000 - kept} 行 more lines" in words
    assert "```diff\n+line 0\n" in words
    assert f"+line {kept - 1}\n```" in words
    assert "more" not in editor_replies.describe_diff("+one\n", "a.py")
    assert "No changes `a.py`" in editor_replies.describe_diff("\n", "a.py")
    one_line = editor_replies.describe_diff("x" * 50_000)
    assert len(one_line) < editor_replies.DIFF + 200


def test_a_job_tells_how_it_ended_and_the_end_of_what_it_printed() -> None:
    output = "".join(f"line {number}\n" for number in range(5000))
    words = editor_replies.describe_run("test", 2, output)
    assert words.startswith("❌ `test`")
    assert "status 2" in words
    assert "line 4999\n```" in words
    assert len(words) < editor_replies.TAIL + 200
    assert editor_replies.describe_run("test", 0, "\n").startswith("✅")
    assert "```" not in editor_replies.describe_run("test", 0, "\n")


def test_jobs_are_listed_and_an_unknown_one_is_named() -> None:
    assert "`/run test` `/run lint`" in editor_replies.describe_jobs(("test", "lint"))
    unknown = editor_replies.describe_jobs(("test",), "tset")
    assert "`tset`" in unknown
    assert "`/run test`" in unknown
    assert "no jobs" in editor_replies.describe_jobs(())


@given(st.text())
def test_code_on_one_line_cannot_end_early(text: str) -> None:
    span = code_span(text)
    marks = span[: len(span) - len(span.lstrip("`"))]
    inside = span[len(marks) : -len(marks)]
    assert span.endswith(marks)
    assert marks not in inside
    assert not inside.startswith("`")
    assert not inside.endswith("`")
    assert "\n" not in span


@given(st.text(), st.text(), st.integers(0, 255))
def test_no_output_breaks_out_of_its_block(output: str, name: str, status: int) -> None:
    for words in (
        editor_replies.describe_run(name, status, output),
        editor_replies.describe_diff(output, name),
    ):
        lines = words.split("\n")
        if len(lines) > 1:
            fence = lines[1][: len(lines[1]) - len(lines[1].lstrip("`"))]
            assert len(fence) >= 3
            assert [line for line in lines[2:] if line.startswith(fence)] == [fence]
