"""The tables of the documents, each in Markdown and from the declaration of what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dingbridge.core.commands import autocommands, remote_commands
from dingbridge.core.commands.chat_keys import CHAT_KEYS
from dingbridge.core.commands.editor_commands import COMMANDS, SubcommandDeclaration
from dingbridge.core.dingtalk import error_codes
from dingbridge.core.options.declarations import OPTIONS, TABLE_OPTIONS
from dingbridge.core.options.groups import GROUP_OPTIONS
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.sandbox.rules import GROUPS
from dingbridge.sandbox.rules.rule import Rule
from docgen.lua_declarations import lua_literal

_HIGHLIGHT = re.compile(r"^  (Dingbridge\w+) = '(\w+)', -- (.+)$", re.MULTILINE)


def tables(message_format: str) -> dict[str, str]:
    """Every table by name. `message_format` is the text of the Lua module of that name, which
    declares the highlight groups."""
    return {
        "options": options(),
        "commands": commands(),
        "keys": keys(),
        "remote commands": remote(),
        "events": events(),
        "codes": dingtalk_codes(),
        "highlights": highlights(message_format),
        "rules": sandbox_rules(),
    }


def filled(text: str, bodies: Mapping[str, str]) -> str:
    """`text` with each table between its marks, `<!-- options: generated -->` and
    `<!-- options: end -->`. Raises ValueError for a table whose end is not marked."""
    for name, body in bodies.items():
        begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
        before, found, rest = text.partition(begin)
        if found:
            _, closed, after = rest.partition(end)
            if not closed:
                raise ValueError(f"{begin} without {end}")
            text = f"{before}{begin}\n\n{body}\n{end}{after}"
    return text


def every_option() -> list[tuple[str, Option]]:
    """All options with the names that the documents give to them; those of a group come last."""
    inside = [(f"groups.{{id}}.{option.name}", option) for option in GROUP_OPTIONS]
    return [*((option.name, option) for option in (*OPTIONS, *TABLE_OPTIONS)), *inside]


def options() -> str:
    """Name, default and meaning of every option."""
    rows = [
        (f"`{name}`", _default(option), cell(" ".join([option.meaning, *_notes(option)])))
        for name, option in every_option()
    ]
    return table(("option", "default", "meaning"), rows)


def commands() -> str:
    """Every subcommand of `:Chat`."""
    rows = [(f"`{_shown(command)}`", cell(command.meaning)) for command in COMMANDS]
    return table(("command", "meaning"), rows)


def keys() -> str:
    """Every key of the chat, with its name in the option `keys`."""
    rows = [
        (
            ", ".join(f"`{default}`" for default in key.defaults),
            f"`{key.name}`",
            " and ".join(key.buffers),
            cell(key.meaning),
        )
        for key in CHAT_KEYS
    ]
    return table(("key", "name", "where", "effect"), rows)


def remote() -> str:
    """Every command that is sent from DingTalk, in both languages."""
    rows = [
        (cell(f"`{one.form}`"), f"`/{one.chinese}`", cell((kind.__doc__ or "").split("\n")[0]))
        for kind in remote_commands.KINDS
        for one in (kind.declaration,)
    ]
    return table(("command", "Chinese", "answer or effect"), rows)


def events() -> str:
    """Every `User` autocommand with the names of its data."""
    rows = [
        (f"`{one.name}`", ", ".join(f"`{name}`" for name in one.data), cell(one.meaning))
        for one in autocommands.AUTOCOMMANDS
    ]
    return table(("event", "data", "when"), rows)


def dingtalk_codes() -> str:
    """Every code of DingTalk that the bridge knows, in the order of the rules."""
    rows = [
        (code_names(rule), cell(f"{rule.sentence} {rule.remedy}".rstrip()))
        for rule in error_codes.RULES
        if rule.codes
    ]
    return table(("code", "meaning, and what to do"), rows)


def highlights(message_format: str) -> str:
    """Every highlight group with the group that it links to."""
    rows = [
        (f"`{name}`", f"`{link}`", cell(use))
        for name, link, use in _HIGHLIGHT.findall(message_format)
    ]
    return table(("group", "links to", "used for"), rows)


def sandbox_rules() -> str:
    """Every rule of the platform that the sandbox keeps, in a table for each group of them."""
    return "\n".join(
        f"### {title}\n\n{table(('rule', 'from', 'answer', 'test'), map(_rule, rules))}"
        for title, rules in GROUPS.items()
    )


def _rule(rule: Rule) -> tuple[str, str, str, str]:
    return f"{rule.says}.", rule.source, rule.answer, f"`{rule.test}`"


def code_names(rule: error_codes.CodeRule) -> str:
    """The codes of a rule, and the words that it goes by."""
    names = ", ".join(f"`{code}`" for code in rule.codes)
    return f"{names} ({rule.words[0]})" if rule.words else names


def _default(option: Option) -> str:
    return f"the value of {option.default_from}" if option.default_from else default(option)


def default(option: Option) -> str:
    """The default as Lua source; empty for an option that is not given."""
    return "" if option.default in ("", None) else f"`{lua_literal(option.default)}`"


def _notes(option: Option) -> list[str]:
    """What else there is to say: values, other names, sources."""
    notes: list[str] = []
    if option.kind in (OptionKind.CHOICE, OptionKind.NUMBER, OptionKind.WHOLE):
        notes.append(f"{option.expects[0].upper()}{option.expects[1:]}.")
    _, *others = option.spellings()
    if others:
        notes.append(f"Also: {', '.join(f'`{name}`' for name in others)}.")
    if option.env:
        notes.append(f"Environment: `{option.env}`.")
    if option.may_come_from_a_command:
        notes.append("May come from a command.")
    if option.editor_wide:
        notes.append("Not for a single account.")
    return notes


def _shown(command: SubcommandDeclaration) -> str:
    line = " ".join(part for part in (":Chat", command.name, command.arguments) if part)
    return line.replace(":", ":[range]", 1) if command.takes_range else line


def cell(text: str) -> str:
    """Text with marks of code in it; nothing else in it is a mark."""
    parts = re.split(r"(`[^`]*`)", text.replace("|", "\\|"))
    parts[::2] = [part.replace("*", "\\*").replace("<", "&lt;") for part in parts[::2]]
    return "".join(parts)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = [*head]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
