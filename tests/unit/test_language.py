"""The catalogue in other languages: complete, with the same parts, as setting or locale choose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest

from dingbridge.core.catalogue import language, link
from dingbridge.core.catalogue import sessions as words_of_sessions
from dingbridge.core.catalogue import translations as of_languages
from dingbridge.core.catalogue.chinese import declared
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.commands import chat_keys, remote_commands
from dingbridge.core.commands.editor_commands import Subcommand
from dingbridge.core.errors import BridgeError, in_words, told, without_stop
from dingbridge.core.listing import comma_list
from dingbridge.core.options.declarations import OPTIONS, TABLE_OPTIONS
from dingbridge.core.options.groups import GROUP_OPTIONS
from tests.unit.test_catalogue import MODULES, SENTENCES, sentences

CHINESE = re.compile(r"[\u3400-\u9fff]")
MEANINGS = {
    **{option.name: option for option in (*OPTIONS, *TABLE_OPTIONS)},
    **{f"groups.{{id}}.{option.name}": option for option in GROUP_OPTIONS},
}
"""The options by the names that the documents give to them."""
CHINESE_ENVIRONMENT = {"LANG": "zh_CN.UTF-8"}


@pytest.fixture(autouse=True)
def the_language_of_the_tests() -> Iterator[None]:
    """Sentences as they were, after each test."""
    yield
    language.use("auto", {})


def translations(of: Literal["en", "zh"]) -> dict[str, str]:
    return {
        f"{source.__name__.rpartition('.')[2]}.{name}": text
        for source, translation in of_languages.modules(of)
        for name, text in vars(translation).items()
        if name.isupper()
    }


def is_bilingual(sentence: Sentence) -> bool:
    return bool(CHINESE.search(sentence.text)) or any("chinese" in one for one in sentence.parts)


def test_every_sentence_has_a_chinese_text() -> None:
    assert SENTENCES.keys() - translations("zh").keys() == set()


def test_every_sentence_for_dingtalk_has_an_english_text() -> None:
    bilingual = {name for name, one in SENTENCES.items() if is_bilingual(one)}
    assert bilingual - translations("en").keys() == set()
    assert {name for name, text in translations("en").items() if CHINESE.search(text)} == set()


@pytest.mark.parametrize("of", ["en", "zh"])
def test_a_translation_belongs_to_a_sentence_and_has_its_parts(of: Literal["en", "zh"]) -> None:
    found = translations(of)
    assert found.keys() - SENTENCES.keys() == set()
    for name, text in found.items():
        assert Sentence(text).parts <= SENTENCES[name].parts, name
        # What is said in two languages names some things twice, or for one of them.
        if not is_bilingual(SENTENCES[name]):
            assert Sentence(text).parts == SENTENCES[name].parts, name


def test_what_is_code_in_a_sentence_is_the_same_in_chinese() -> None:
    commands = "|".join(command.value.name for command in Subcommand)
    code = re.compile(rf"`[^`]+`|:Chat(?: (?:{commands})\b)?")
    for name, text in translations("zh").items():
        source = SENTENCES[name].text
        # What is said in two languages may name a command once in each.
        held = set if is_bilingual(SENTENCES[name]) else sorted
        assert held(code.findall(text)) == held(code.findall(source)), name


def test_every_key_option_and_remote_command_has_a_chinese_meaning() -> None:
    assert declared.KEYS.keys() == set(chat_keys.NAMES)
    assert declared.OPTIONS.keys() == MEANINGS.keys()
    assert declared.REMOTE_COMMANDS.keys() == set(remote_commands.NAMES)


def test_the_chinese_meaning_of_an_option_has_its_code_and_its_choices() -> None:
    code = re.compile(r"`[^`]+`")
    for name, option in MEANINGS.items():
        meaning = declared.OPTIONS[name]
        assert sorted(code.findall(meaning)) == sorted(code.findall(option.meaning)), name
        for choice in option.choices:
            assert f"'{choice}'" in meaning or f"'{choice}'" not in option.meaning, name


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "auto"),
        ({"LC_ALL": "zh_CN.UTF-8", "LC_MESSAGES": "C", "LANG": "C"}, "zh"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "auto"),
        ({}, "auto"),
    ],
)
def test_the_first_variable_of_the_locale_decides(
    environment: dict[str, str], chosen: language.Language
) -> None:
    assert language.of_environment(environment) == chosen


def test_sentences_follow_the_setting_or_else_the_locale() -> None:
    assert link.CHECK_NETWORK() == "check the network"
    language.use("auto", CHINESE_ENVIRONMENT)
    assert link.CHECK_NETWORK() == "请检查网络"
    language.use("en", CHINESE_ENVIRONMENT)
    assert link.CHECK_NETWORK() == "check the network"
    language.use("zh", {})
    assert link.CONNECTED(name="main") == "main 已连接"


def test_what_to_do_follows_in_the_punctuation_of_the_language() -> None:
    language.use("zh", {})
    reason, fix = link.NO_CONNECTION(), link.CHECK_NETWORK()
    assert in_words(reason, fix) == "连不上钉钉。请检查网络"
    assert in_words(f"{reason}。", fix) == "连不上钉钉。请检查网络"
    assert told(BridgeError(f"{reason}。", fix=fix))[0] == "连不上钉钉；请检查网络"
    assert without_stop("连不上钉钉。") == reason


def test_a_part_in_chinese_stands_without_a_space_beside_chinese() -> None:
    language.use("zh", {})
    assert link.CONNECTED(name="main") == "main 已连接"
    assert link.CONNECTED(name="钉钉") == "钉钉已连接"
    assert link.CONNECTED(name="（主） ") == "（主）  已连接"
    assert words_of_sessions.WRITES_TO(title="a b", place="张 三") == "“a b”现在发给张 三"
    assert comma_list(["main", "备用"]) == "main、备用"


def test_a_chinese_text_serves_one_and_many() -> None:
    for module in MODULES:
        for name, one in sentences(module).items():
            if one.one:
                language.use("zh", {})
                parts = dict.fromkeys(one.parts, "x") | {"count": 1}
                assert one(**parts) == translations("zh")[f"{module}.{name}"].format_map(parts)
