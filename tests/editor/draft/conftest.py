"""The one editor of the tests of a module, with its draft."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.editor import Editor


@pytest.fixture
def chat(bound: Editor, api_options: dict[str, Any]) -> Editor:
    """An editor that is bound, with 张三 and 李四 admitted, in 1:1 chats and in the group."""
    bound.setup({**api_options, "allow_from": ["zhangsan", "lisi"]})
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    return bound
