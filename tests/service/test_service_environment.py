"""What the service gets of the environment of the editor that starts it."""

from __future__ import annotations

import pytest

from dingbridge.edges.programs.background import allowed


@pytest.mark.parametrize(
    "name",
    [
        *("HOME", "PATH", "LANG", "LC_CTYPE", "TZ", "XDG_RUNTIME_DIR", "TMPDIR"),
        *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"),
        *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "all_proxy"),
    ],
)
def test_what_reaches_dingtalk_is_taken_from_the_environment(name: str) -> None:
    assert allowed({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name",
    [
        *("DINGTALK_CLIENT_SECRET", "NVIM", "NVIM_APPNAME", "VIMRUNTIME", "OPENAI_API_KEY"),
        *("PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "MY_HOME", "PATHS", "XDG"),
    ],
)
def test_nothing_else_is_taken_from_the_environment(name: str) -> None:
    assert allowed({name: "x"}) == {}
