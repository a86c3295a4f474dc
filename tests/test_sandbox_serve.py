"""The sandbox as a program of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from dingbridge.sandbox import Sandbox, SandboxClient
from tests.editor import Editor

ROOT = Path(__file__).resolve().parents[1]
DRIVING = re.compile(r"^( *)control=http://127.0.0.1:8765/_sandbox\n(?:\1.*\n)+", re.MULTILINE)
"""The lines that the documents show for a sandbox's control address."""


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


@pytest.mark.skipif(not (shutil.which("sh") and shutil.which("curl")), reason="needs sh and curl")
@pytest.mark.parametrize("document", ["README.md", "doc/dingbridge.txt"])
def test_the_lines_that_the_documents_show_drive_a_sandbox(
    bound: Editor, sandbox: Sandbox, document: str
) -> None:
    found = DRIVING.search((ROOT / document).read_text("utf-8"))
    assert found
    bound.type_draft("is anybody there?")
    SandboxClient(sandbox.url).say("hello?", user="zhangsan")
    bound.until(bound.transcript)
    bound.nvim.command("write")
    sandbox.client.wait_arrived(1)
    shown = found[0].partition("```")[0].replace("http://127.0.0.1:8765", sandbox.url)
    done = subprocess.run(
        ["sh", "-c", f"set -e\n{shown}"],
        env={**os.environ, "no_proxy": "*"},
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"lost":false') == 2
    assert '"text":"is anybody there?"' in done.stdout
    bound.until(lambda: "hello" in [each["text"] for each in bound.transcript()])
    assert [each.lost for each in sandbox.client.said()] == [False] * 3


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "", 200, None),
        ("GET", "/", 200, None),
        ("POST", "/speak", 404, "there is no 'speak'"),
        ("GET", "/log", 404, "there is no 'log'"),
        ("GET", "/say", 405, "'say' takes a POST"),
        ("POST", "/log/arrived", 405, "'log/arrived' takes a GET"),
        ("GET", "/log/nothing", 404, "there is no 'log/nothing'"),
    ],
)
def test_a_wrong_control_address_is_answered_with_what_there_is(
    sandbox: Sandbox, method: str, path: str, status: int, words: str | None
) -> None:
    with requests.Session() as http:
        http.trust_env = False
        response = http.request(method, f"{sandbox.url}/_sandbox{path}", timeout=5)
    answer: dict[str, Any] = response.json()
    assert (response.status_code, answer.get("error")) == (status, words)
    assert "say" in answer["POST"]
    assert {"log/arrived", "connections"} <= {*answer["GET"]}
