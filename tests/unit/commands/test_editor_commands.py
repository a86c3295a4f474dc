"""Reading the line after `:Chat`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.commands.command_lines import CommandLine, parse
from dingbridge.core.commands.editor_commands import COMMANDS, Subcommand, SubcommandDeclaration
from dingbridge.core.errors import BridgeError


def call(name: str, argument: str) -> CommandLine:
    [command] = [one for one in Subcommand if one.value.name == name]
    return CommandLine(command, argument)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("", call("", "")),
        ("   ", call("", "")),
        ("new", call("new", "")),
        ("new  Two  words ", call("new", "Two  words ")),
        ("list", call("list", "")),
        (" list ", call("list", "")),
        ("open 20261121-1", call("open", "20261121-1")),
        ("open  20261121-1 ", call("open", "20261121-1")),
        ("next", call("next", "")),
        ("prev", call("prev", "")),
        ("clear", call("clear", "")),
        ("delete", call("delete", "")),
        ("save /tmp/a b.md ", call("save", "/tmp/a b.md")),
        ("load C:\\a\\b.md", call("load", "C:\\a\\b.md")),
        ("send", call("send", "")),
        ("send   ", call("send", "")),
        ("""send "a"  'b' \\n |x""", call("send", """"a"  'b' \\n |x""")),
        ("send one\ntwo", call("send", "one\ntwo")),
        ("send-file  a b.pdf ", call("send-file", "a b.pdf")),
        ("send-image", call("send-image", "")),
        ("bridge dingtalk", call("bridge", "")),
        ("bridge  dingtalk  work", call("bridge", "work")),
        ("unbridge", call("unbridge", "")),
        ("unbridge dingtalk", call("unbridge", "")),
        ("unbridge dingtalk work", call("unbridge", "work")),
        ("pair", call("pair", "")),
        ("pair  ABCD2345  once", call("pair", "ABCD2345 once")),
        ("pair ABCD 2345", call("pair", "ABCD2345")),
        ("pair abcd-2345 once", call("pair", "abcd-2345 once")),
        ("pair AB CD 23 45  once", call("pair", "ABCD2345 once")),
        ("pair work:ABCD 2345 once", call("pair", "work:ABCD2345 once")),
        ("pair work: ABCD 2345", call("pair", "work:ABCD2345")),
        (
            "pair \uff21\uff22\uff23\uff24\u3000\uff12\uff13\uff14\uff15",
            call("pair", "\uff21\uff22\uff23\uff24\uff12\uff13\uff14\uff15"),
        ),
        ("deny", call("deny", "")),
        ("revoke", call("revoke", "")),
        ("deny ABCD2345", call("deny", "ABCD2345")),
        ("deny ABCD 2345", call("deny", "ABCD2345")),
        ("deny work:abcd 2345", call("deny", "work:abcd2345")),
        ("revoke zhangsan", call("revoke", "zhangsan")),
        ("notify 构建  完成", call("notify", "构建  完成")),
        ("status", call("status", "")),
        ("outbox", call("outbox", "")),
        ("retry", call("retry", "")),
        ("retry 0123abcd+2 ", call("retry", "0123abcd+2")),
        ("drop  0123abcd", call("drop", "0123abcd")),
        ("log", call("log", "")),
        ("stop", call("stop", "")),
    ],
)
def test_a_line_becomes_a_name_and_its_argument(line: str, read: CommandLine) -> None:
    assert parse(line) == read


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "sned hello",
            "unknown subcommand sned: did you mean send? :Chat help commands lists all",
        ),
        (
            "bridg dingtalk",
            "unknown subcommand bridg: did you mean bridge or unbridge?"
            " :Chat help commands lists all",
        ),
        ("List", "unknown subcommand List: did you mean list? :Chat help commands lists all"),
        ("open", "open needs an argument: :Chat open {id}"),
        ("open  ", "open needs an argument: :Chat open {id}"),
        ("save", "save needs an argument: :Chat save {file}"),
        ("load", "load needs an argument: :Chat load {file}"),
        ("bridge", "bridge needs an argument: :Chat bridge dingtalk [account]"),
        ("deny ABCD 234", "deny takes one code of 8 characters: :Chat deny [code]"),
        ("deny ABCD2345 once", "deny takes one code of 8 characters: :Chat deny [code]"),
        ("pair ABCD2345 twice", "pair takes one code of 8 characters: :Chat pair [code] [once]"),
        ("pair once", "pair takes one code of 8 characters: :Chat pair [code] [once]"),
        ("drop a b", "drop takes one argument only: :Chat drop [id]"),
        ("retry a b", "retry takes one argument only: :Chat retry [id]"),
        ("outbox all", ":Chat outbox takes no argument"),
        ("open a b", "open takes one argument only: :Chat open {id}"),
        (
            "bridge dingtalk x y",
            "bridge takes two arguments only: :Chat bridge dingtalk [account]",
        ),
        ("list all", ":Chat list takes no argument"),
        ("stop now", ":Chat stop takes no argument"),
        ("bridge dingtlak", "unknown platform dingtlak: did you mean dingtalk?"),
        ("bridge irc", "unknown platform irc: known are dingtalk"),
        ("unbridge irc", "unknown platform irc: known are dingtalk"),
    ],
)
def test_a_line_that_cannot_be_run_says_why(line: str, sentence: str) -> None:
    with pytest.raises(BridgeError) as caught:
        parse(line)
    assert caught.value.message == sentence


def test_a_word_like_no_subcommand_says_where_they_are_listed() -> None:
    with pytest.raises(BridgeError) as caught:
        parse("zzz")
    assert caught.value.message == "unknown subcommand zzz; :Chat help commands lists all"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name or "none")
def test_only_what_sends_text_or_lines_takes_a_range(command: SubcommandDeclaration) -> None:
    line = f"{command.name} dingtalk" if command.arguments else command.name
    if command.name in ("send", "send-image", "notify"):
        assert parse(line, has_range=True).command.value is command
    else:
        with pytest.raises(BridgeError, match="takes no range"):
            parse(line, has_range=True)


@given(text=st.text(min_size=1).filter(lambda text: text[0].strip() == text[0]))
def test_text_to_send_arrives_exactly_as_it_was_typed(text: str) -> None:
    assert parse(f"send {text}") == call("send", text)


@given(line=st.text())
def test_any_line_is_read_or_refused(line: str) -> None:
    try:
        name = parse(line).command.value.name
    except BridgeError:
        return
    assert name in {command.name for command in COMMANDS}
