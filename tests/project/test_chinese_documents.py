"""The documents in Chinese say what the English ones of the same names say, and no less."""

from __future__ import annotations

import re

import pytest

from dingbridge.core import timeouts
from dingbridge.core.access import pairing, pairing_state, policy
from dingbridge.core.commands import editor_replies
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.options.declarations import BY_NAME
from dingbridge.edges.programs import settings_lookup
from docgen.chinese_tables import chinese_tables
from tests.project.test_documentation import spoken
from tests.support.documents import CHINESE, IN_CHINESE, MANUAL, TEXTS, blocks, languages

ENGLISH = {name: name.replace("doc/zh/", "doc/") for name in IN_CHINESE}
ALL = "\n".join(TEXTS[name] for name in IN_CHINESE)


def without_code(text: str) -> str:
    """The text without blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_there_is_an_english_document_of_each_name() -> None:
    assert len(IN_CHINESE) >= 5
    assert {*ENGLISH.values()} <= {*MANUAL}


@pytest.mark.parametrize("name", IN_CHINESE)
def test_a_document_begins_with_what_it_answers_and_leads_to_the_english_one(name: str) -> None:
    link = f"[English](../{name.rpartition('/')[2]})"
    assert re.match(rf"# .+\n\n本页[^。]+。\n\n{re.escape(link)}\n", TEXTS[name])


@pytest.mark.parametrize("name", IN_CHINESE)
def test_a_document_has_the_parts_of_the_english_one(name: str) -> None:
    def parts(text: str) -> list[str]:
        return re.findall(r"^(?:#+|\d\.|-|\|)(?= )", without_code(text), re.MULTILINE)

    assert parts(TEXTS[name]) == parts(TEXTS[ENGLISH[name]])


@pytest.mark.parametrize("name", IN_CHINESE)
def test_examples_are_those_of_the_english_document(name: str) -> None:
    assert languages(name) == languages(ENGLISH[name])
    for language in languages(name) - {"text"}:
        assert blocks(name, language) == blocks(ENGLISH[name], language)
    # What is printed is in the language of the reader.
    assert len(blocks(name, "text")) == len(blocks(ENGLISH[name], "text"))


def test_every_table_has_its_place() -> None:
    for name in chinese_tables():
        assert ALL.count(f"<!-- {name}: generated -->") == 1, name
        assert ALL.count(f"<!-- {name}: end -->") == 1, name


def test_the_messages_that_are_explained_are_those_that_people_read() -> None:
    tables = re.findall(r"^\| 看到的文字 \| 处理办法 \|\n.*\n((?:\|.*\n)+)", ALL, re.MULTILINE)
    said = spoken()
    quoted = [row.split(" | ")[0] for table in tables for row in table.splitlines()]
    quoted += re.findall(r"“([^”]+)”：", TEXTS["doc/zh/troubleshooting.md"])
    assert len(quoted) > 30
    for words in quoted:
        for piece in re.split(r"…|`[^`]*`|（[^）]*）", words):
            piece = piece.strip(" |，。：")
            assert len(piece) < 4 or piece in said, piece


def test_what_is_told_of_numbers_and_of_commands_is_so() -> None:
    # Between Chinese characters, a line's end is no blank.
    text = re.sub(r"(?<=[^\x00-\xff])\n(?=[^\x00-\xff])", "", ALL).replace("\n", " ")
    minutes = {300.0: "五", 600.0: "十"}
    for words in (
        f"每人最多有 {pairing.PENDING_EACH} 个待处理的申请",
        f"总共最多 {pairing.PENDING_MOST} 个",
        f"{minutes[pairing_state.WRONG_WITHIN]}分钟内输错 {pairing.WRONG_MOST} 次之后，"
        f"{minutes[pairing_state.CLOSED_FOR]}分钟内不再接受",
        f"最多每{minutes[pairing.REPEAT_EVERY]}分钟一次",
        f"或 `n` 条，最多 {remote.MOST_MESSAGES} 条",
        f"最多 {remote.MOST_LINES} 行；不写末行则为 {remote.FEW_LINES} 行",
        f"最多 {timeouts.JOB_WITHIN / 60:g} 分钟",
        f"最后 {editor_replies.TAIL:,} 个字符",
        f"最多 {editor_replies.DIFF:,} 个字符",
        f"最多运行 {settings_lookup.COMMAND_WITHIN:g} 秒",
    ):
        assert words in text, words
    [held] = re.findall(r"`commands` 列出的命令；没有设置时是 ([^。]*)。", text)
    assert tuple(re.findall(r"/(\w+)", held)) == BY_NAME["commands"].default
    [always] = re.findall(r"- ([^。]*) 对已准入的人始终可用。", text)
    assert re.findall(r"/(\w+)", always) == [*policy.ALWAYS]


def test_the_readme_in_chinese_leads_to_them() -> None:
    for name in IN_CHINESE:
        assert f"]({name})（中文）" in TEXTS[CHINESE]
