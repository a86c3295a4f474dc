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

from dingbridge.sandbox import Fault, Sandbox, SandboxClient, Settings
from tests.sandbox.test_sandbox_stream import register
from tests.support.editor import Editor
from tests.support.processes import Child, run
from tests.support.sandbox_calls import fetch_token, post

ROOT = Path(__file__).resolve().parents[2]
SHOWN = "http://127.0.0.1:8765/_sandbox/TOKEN"
DRIVING = re.compile(rf"^( *)control={SHOWN} .*\n(?:\1.*\n)+", re.MULTILINE)
"""The lines that the documents show for a sandbox's control address."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_says_where_and_ends_at_a_signal(number: int) -> None:
    code = "from dingbridge.sandbox import serve; serve(0)"
    with Child(
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
                assert "<title>dingbridge" in http.get(line["page"], timeout=5).text
            assert SandboxClient(line["control"]).arrived()[0].text == "你好"
            assert "你好" in SandboxClient(line["control"]).calls()[0].asked
            program.send_signal(number)
            out, err = program.communicate(timeout=10)
        finally:
            program.kill()
    assert (program.returncode, out, err) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_somebody_at_a_terminal_is_shown_the_page_to_open() -> None:
    import pty

    ours, theirs = pty.openpty()
    code = "from dingbridge.sandbox import serve; serve(0)"
    with Child([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=theirs) as program:
        try:
            assert program.stdout is not None
            page = json.loads(program.stdout.readline())["page"]
            assert os.read(ours, 1000).decode() == f"Open this in a browser: {page}\r\n"
        finally:
            program.kill()
            os.close(theirs)
            os.close(ours)


@pytest.mark.skipif(not (shutil.which("sh") and shutil.which("curl")), reason="needs sh and curl")
def test_the_lines_that_the_documents_show_drive_a_sandbox(bound: Editor, sandbox: Sandbox) -> None:
    found = DRIVING.search((ROOT / "doc/cli.md").read_text("utf-8"))
    assert found
    sandbox.client.say("hello?", user="zhangsan")
    bound.until(bound.transcript)
    bound.type_draft("is anybody there?")
    bound.nvim.command("write")
    sandbox.client.wait_arrived(1)
    shown = (
        found[0]
        .partition("```")[0]
        .replace("http://127.0.0.1:8765/_sandbox/TOKEN", sandbox.control)
    )
    done = run(
        ["sh", "-c", f"set -e\n{shown}"],
        env={**os.environ, "no_proxy": "*"},
        encoding="utf-8",
        seconds=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"lost":false') == 2
    assert '"text":"is anybody there?"' in done.stdout
    bound.until(lambda: "hello" in [each["text"] for each in bound.transcript()])
    assert [each.lost for each in sandbox.client.said()] == [False] * 3


def test_the_example_in_the_document_runs() -> None:
    text = (ROOT / "doc" / "sandbox.md").read_text("utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    done = run([sys.executable, "-c", example], encoding="utf-8", seconds=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_the_addresses_that_bridges_get_begin_as_they_reach_it() -> None:
    with Sandbox(Settings(bridge_address="https://oapi.dingtalk.com")) as sandbox:
        assert register(sandbox).json()["endpoint"].startswith("wss://oapi.dingtalk.com/")
        code = sandbox.client.offer(b"bytes")
        wanted = {"robotCode": sandbox.client_id, "downloadCode": code}
        path = "/v1.0/robot/messageFiles/download"
        _, download = post(sandbox, path, wanted, fetch_token(sandbox))
        given = [sandbox.client.say("hi").session_webhook, download["downloadUrl"]]
        assert [each[:26] for each in given] == ["https://oapi.dingtalk.com/"] * 2
        assert sandbox.url.startswith("http://127.0.0.1:")


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
        kind = {"Content-Type": "application/json"}
        response = http.request(method, sandbox.control + path, headers=kind, timeout=5)
    answer: dict[str, Any] = response.json()
    assert (response.status_code, answer.get("error")) == (status, words)
    assert "say" in answer["POST"]
    assert {"log/arrived", "connections"} <= {*answer["GET"]}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "attacker.example"}, 403),
        ({"Host": "127.0.0.1.attacker.example:80"}, 403),
        ({"Host": "attacker.example:8765"}, 403),
        ({"Origin": "http://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Host": "localhost"}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:8765"}, 200),
    ],
)
def test_no_web_page_speaks_in_the_name_of_everybody(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    with requests.Session() as http:
        http.trust_env = False
        given = {"Content-Type": "application/json", **headers}
        body = b'{"text": "rm -rf", "user": "zhangsan"}'
        answer = http.post(f"{sandbox.control}/say", data=body, headers=given, timeout=5)
    assert answer.status_code == status
    assert len(sandbox.client.said()) == (status == 200)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["", "/", "/say", "/log/arrived", "/wrong-token/say"])
def test_without_its_token_the_control_address_says_so_and_is_no_call_of_dingtalk(
    sandbox: Sandbox, method: str, path: str
) -> None:
    sandbox.client.fault(Fault("*", body="{}"))
    with requests.Session() as http:
        http.trust_env = False
        answer = http.request(method, f"{sandbox.url}/_sandbox{path}", json={}, timeout=5)
    assert answer.status_code == 403
    assert "`control`" in answer.json()["error"]
    assert sandbox.client.calls() == []
    with requests.Session() as http:
        http.trust_env = False
        assert http.get(f"{sandbox.url}/anything", timeout=5).text == "{}"


def test_two_sandboxes_have_two_tokens() -> None:
    with Sandbox() as one, Sandbox() as other:
        assert one.control.rpartition("/")[2] != other.control.rpartition("/")[2]
