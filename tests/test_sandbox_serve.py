"""The sandbox as a program of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
import requests

from dingbridge.sandbox import SandboxClient


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_says_where_and_ends_at_a_signal(number: int) -> None:
    code = "from dingbridge.sandbox import serve; serve(0)"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    ) as program:
        try:
            assert program.stdout is not None
            line = json.loads(program.stdout.readline())
            assert line["endpoint"] == {"api": line["url"], "oapi": line["url"]}
            with requests.Session() as http:
                http.trust_env = False
                body = {"msgtype": "text", "text": {"content": "你好"}}
                assert http.post(line["webhook"], json=body, timeout=5).json()["errcode"] == 0
            assert SandboxClient(line["url"]).arrived()[0].text == "你好"
            program.send_signal(number)
            out, err = program.communicate(timeout=10)
        finally:
            program.kill()
    assert (program.returncode, out, err) == (0, "", "")
