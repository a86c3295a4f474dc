"""The language of what the editor shows and the robot answers, as locale and setting choose it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor, bind
from tests.editor.test_guidance import until_guided
from tests.editor.test_report import until_shown
from tests.support.editor import Editor

CHINESE = re.compile(r"[\u3400-\u9fff]")
LOCALE = {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "", "LC_ALL": ""}
ENGLISH_WORDS = re.compile(r"(?<![./:\w-])[a-z]{3,} [a-z]{3,}")
"""Two words, neither of them a part of a path or a name."""


@pytest.fixture
def chinese(start_editor: StartEditor) -> Editor:
    """An editor of somebody whose system speaks Chinese."""
    return start_editor(environ=LOCALE)


def answer(sandbox: Sandbox, text: str, user: str) -> str:
    """What the robot answers to a message."""
    said = sandbox.client.say(text, user=user)
    [answered] = sandbox.client.wait_arrived(lambda one: one.reply_to == said.message_id)
    return answered.text


def english_left(text: str) -> list[str]:
    """The lines of a text that have English words and no Chinese ones."""
    return [
        line
        for line in text.splitlines()
        if ENGLISH_WORDS.search(line) and not CHINESE.search(line)
    ]


# --- by the locale --------------------------------------------------------------------------------


def test_in_a_chinese_locale_the_editor_speaks_chinese(
    chinese: Editor, api_options: dict[str, Any]
) -> None:
    chinese.setup({})
    chinese.chat()
    assert english_left(until_guided(chinese, "还没有设置钉钉")) == []
    bind(chinese, api_options)
    chinese.until_said("已绑定钉钉")
    assert english_left(until_guided(chinese, "从手机上给机器人发消息")) == []
    chinese.chat("status")
    status = until_shown(chinese, "连接：已连接")
    assert {line.partition("：")[0] for line in status["lines"] if "：" in line} >= {
        *("模式", "应用", "连接", "排队", "已准入", "会话", "消息发给"),
    }
    assert "钉钉状态" in status["bar"]
    assert "刷新" in status["bar"]
    assert [text for text in chinese.said() if not CHINESE.search(text)] == []


def test_in_a_chinese_locale_the_robot_answers_in_chinese_alone(
    chinese: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(chinese, {**api_options, "commands": ["status", "help"]})
    told = answer(sandbox, "hello?", "lisi")
    assert "我还不认识您" in told
    assert "I do not know you" not in told
    helped = answer(sandbox, "/help", "zhangsan")
    assert "命令：" in helped
    assert "`/whoami` 我是谁 · 您的编号" in helped
    assert "Commands" not in helped
    assert "Your id" not in helped
    assert "- 连接：已连接" in answer(sandbox, "/status", "zhangsan")


def test_elsewhere_the_editor_speaks_english_and_the_robot_both(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, api_options)
    editor.until_said("is bound to DingTalk")
    told = answer(sandbox, "hello?", "lisi")
    assert "我还不认识您" in told
    assert "I do not know you yet" in told


# --- by the setting -------------------------------------------------------------------------------


def test_english_is_spoken_in_a_chinese_locale_when_it_is_set(
    chinese: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(chinese, {**api_options, "language": "en"})
    chinese.until_said("is bound to DingTalk")
    told = answer(sandbox, "hello?", "lisi")
    assert "I do not know you yet" in told
    assert not CHINESE.search(told)
    assert not CHINESE.search(answer(sandbox, "/help", "zhangsan"))
    assert not any(CHINESE.search(text.replace("李四", "")) for text in chinese.said())


def test_chinese_is_spoken_in_an_english_locale_when_it_is_set(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor(environ={"LANG": "C", "LC_MESSAGES": "", "LC_ALL": ""})
    editor.setup({"language": "zh"})
    editor.chat()
    until_guided(editor, "还没有设置钉钉")
    bind(editor, {**api_options, "language": "zh"})
    editor.until_said("已绑定钉钉")
    assert "I do not know you" not in answer(sandbox, "hello?", "lisi")
    editor.chat("service stop")
    editor.until_said("后台服务已停止")
    assert [text for text in editor.said() if not CHINESE.search(text)] == []


def test_setting_up_again_changes_the_language(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, {**api_options, "language": "zh"})
    assert "命令：" in answer(sandbox, "/help", "zhangsan")
    editor.setup({**api_options, "language": "en"})
    editor.chat("status")
    until_shown(editor, "link: connected")
    assert "Commands:" in answer(sandbox, "/help", "zhangsan")
    editor.setup({**api_options, "language": "zh"})
    editor.chat("status")
    until_shown(editor, "连接：已连接")
    assert "命令：" in answer(sandbox, "/help", "zhangsan")


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ({"LANG": "C"}, "language: must be 'auto' or 'en' or 'zh'"),
        (LOCALE, "language: 应为：'auto' 或 'en' 或 'zh'"),
    ],
)
def test_a_language_that_there_is_not_is_told_with_the_choices(
    start_editor: StartEditor, locale: dict[str, str], told: str
) -> None:
    editor = start_editor(environ=locale)
    editor.setup({"language": "french"})
    editor.until_said(told)


# --- on the screen --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        # Between Chinese characters, and not before punctuation that ends something.
        ("已经完成，请查看结果", ["已经完成，", "请查看结果"]),
        ("一二三四五，六七八", ["一二三四", "五，六七八"]),
        ("一二三四（五六）", ["一二三四", "（五六）"]),
        ("从 main 发给张三", ["从 main 发", "给张三"]),
        # As before without Chinese.
        ("from main to zhangsan", ["from main ", "to ", "zhangsan"]),
        ("abcdefghijklmnop", ["abcdefghij", "klmnop"]),
    ],
)
def test_lines_end_between_chinese_characters(chinese: Editor, text: str, lines: list[str]) -> None:
    assert chinese.lua("return require('dingbridge.wrap').lines(...)", text, 10) == lines


def test_lua_leaves_out_the_space_beside_a_part_in_chinese(chinese: Editor) -> None:
    say = "return require('dingbridge.say')('sent_to', { who = ... })"
    assert chinese.lua(say, "lisi") == "已发给 lisi ✓"
    assert chinese.lua(say, "李 四") == "已发给李 四 ✓"
