"""The settings that a setup ends with."""

from __future__ import annotations

import io

from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.setup import snippet
from dingbridge.core.setup.progress import Progress

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


@given(PRINTABLE, PRINTABLE)
def test_a_secret_is_read_from_its_file_as_it_was(key: str, secret: str) -> None:
    text = snippet.file_of({"app_key": key, "app_secret": secret}).decode()
    found = {line.key: line.value for line in parse_stream(io.StringIO(text)) if line.key}
    assert found == {"DINGTALK_CLIENT_ID": key, "DINGTALK_CLIENT_SECRET": secret}


def test_a_table_has_what_differs_and_nothing_else() -> None:
    lookups: snippet.Table = {"env_file": "~/x.env"}
    assert snippet.table_of(Progress(), lookups, {}) == lookups
    full = Progress(keyword="构建", admitted="zhangsan")
    assert snippet.lines_of(snippet.table_of(full, lookups, {"api": "http://a'b\\"})) == [
        "require('dingbridge').setup({",
        "  env_file = '~/x.env',",
        "  keyword = '构建',",
        "  allow_from = { 'zhangsan' },",
        "  endpoint = { api = 'http://a\\'b\\\\' },",
        "})",
    ]


def test_the_name_of_a_webhook_reveals_nothing_of_it() -> None:
    webhook = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"
    name = snippet.robot_name({"webhook": webhook})
    assert name.startswith("webhook-")
    assert not any(name.removeprefix("webhook-")[:4] in part for part in (webhook,))
    assert snippet.robot_name({"app_key": "dingabc", "app_secret": "x"}) == "dingabc"
