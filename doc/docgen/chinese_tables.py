"""The tables of the Chinese documents, from the same declarations as those of the English ones."""

from __future__ import annotations

from dingbridge.core.catalogue import language
from dingbridge.core.catalogue.chinese import declared
from dingbridge.core.commands import remote_commands
from dingbridge.core.dingtalk import error_codes
from dingbridge.core.options.kinds import Option, OptionKind
from docgen.tables import cell, code_names, default, every_option, table


def chinese_tables() -> dict[str, str]:
    """Every table of the documents in `doc/zh`, by name."""
    language.use("zh", {})
    try:
        return {"options": _options(), "remote commands": _remote(), "codes": _codes()}
    finally:
        language.use("auto", {})


def _options() -> str:
    rows = [
        (
            f"`{name}`",
            f"`{option.default_from}` 的值" if option.default_from else default(option),
            cell("".join([declared.OPTIONS[name], *_notes(option)])),
        )
        for name, option in every_option()
    ]
    return table(("选项", "默认值", "含义"), rows)


def _notes(option: Option) -> list[str]:
    notes: list[str] = []
    if option.kind is OptionKind.CHOICE:
        choices = "、".join(f"'{choice}'" for choice in option.choices)
        notes.append(f"可选：{choices}。")
    elif option.kind in (OptionKind.NUMBER, OptionKind.WHOLE):
        notes.append(f"{option.expects}。")
    _, *others = option.spellings()
    if others:
        notes.append("也可写作 " + "、".join(f"`{name}`" for name in others) + "。")
    if option.env:
        notes.append(f"环境变量：`{option.env}`。")
    if option.may_come_from_a_command:
        notes.append("可以由命令给出。")
    if option.editor_wide:
        notes.append("不能写在单个账号里。")
    return notes


def _remote() -> str:
    rows = [
        (cell(f"`{one.form}`"), f"`/{one.chinese}`", cell(declared.REMOTE_COMMANDS[one.name]))
        for one in remote_commands.COMMANDS
    ]
    return table(("命令", "中文", "回答或作用"), rows)


def _codes() -> str:
    rows = [
        (code_names(rule), cell(rule.sentence + rule.remedy))
        for rule in error_codes.RULES
        if rule.codes
    ]
    return table(("错误码", "含义和处理办法"), rows)
