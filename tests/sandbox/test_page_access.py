"""Who may use the page of a sandbox, and what a browser may do with what it gets."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest

from dingbridge.sandbox import Fault, Sandbox
from tests.support.sandbox_calls import fetch_token, request
from tests.support.sandbox_page import do, own_headers, upload

ASSETS = resources.files("dingbridge.sandbox.page").joinpath("assets")
SAID = {"user": "zhangsan", "place": "cid1TO1zhangsan==", "text": "rm -rf"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:8765"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Host": "attacker.example"}, 403),
        ({"Host": "127.0.0.1.attacker.example:80"}, 403),
        ({"Origin": "http://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["", "main.js"])
def test_the_page_is_for_this_machine_and_no_other_site(
    sandbox: Sandbox, path: str, headers: dict[str, str], status: int
) -> None:
    assert request("GET", sandbox.page + path, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({"Origin": None}, 403),
        ({"Origin": "http://attacker.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Host": "attacker.example", "Origin": "http://attacker.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_nobody_but_the_page_itself_speaks_in_the_name_of_everybody(
    sandbox: Sandbox, changed: dict[str, str | None], status: int
) -> None:
    headers = {**own_headers(sandbox), **changed}
    given = {name: value for name, value in headers.items() if value is not None}
    assert request("POST", f"{sandbox.page}say", json=SAID, headers=given).status_code == status
    assert len(sandbox.client.said()) == (status == 200)


@pytest.mark.parametrize("path", ["", "/", "/wrong-token/", "/wrong-token/main.js", "/events"])
def test_without_its_token_the_page_says_so_and_is_no_call_of_dingtalk(
    sandbox: Sandbox, path: str
) -> None:
    sandbox.client.fault(Fault("*", body="{}"))
    answer = request("GET", f"{sandbox.url}/_page{path}")
    assert answer.status_code == 403
    assert "`page`" in answer.json()["error"]
    assert sandbox.client.calls() == []


def test_the_page_and_the_control_address_have_two_tokens(sandbox: Sandbox) -> None:
    control, page = sandbox.control.rpartition("/")[2], sandbox.page.split("/")[-2]
    assert control != page
    assert request("GET", f"{sandbox.url}/_page/{control}/").status_code == 403
    assert request("GET", f"{sandbox.url}/_sandbox/{page}").status_code == 403


def test_who_controls_a_sandbox_can_ask_for_its_page(sandbox: Sandbox) -> None:
    assert sandbox.client.page() == sandbox.page


def test_a_browser_may_load_nothing_of_the_page_from_elsewhere_and_run_no_text_of_it(
    sandbox: Sandbox,
) -> None:
    for path in ("", "main.js", "page.css"):
        headers = request("GET", sandbox.page + path).headers
        policy = dict(
            each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        sources = {one for name in policy if name.endswith("-src") for one in policy[name].split()}
        assert sources == {"'none'", "'self'", "blob:"}
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_the_files_of_the_page_name_no_other_host_and_hold_no_script_or_style_of_their_own() -> (
    None
):
    files = {each.name: each.read_text("utf-8") for each in ASSETS.iterdir()}
    assert {"index.html", "main.js", "page.css", "icon.svg"} <= {*files}
    for name, text in files.items():
        known = text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(?:https?:)?//[\w-]+\.\w|@import|url\(", known), name
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", files["index.html"])
    sinks = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function"
    assert {name for name, text in files.items() if re.search(sinks, text)} == {"html.js"}


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2froutes.py", "%2e%2e%2froutes.py", "routes.py"]
)
def test_nothing_but_the_files_of_the_page_is_handed_out(sandbox: Sandbox, name: str) -> None:
    assert request("GET", sandbox.page + name).status_code == 404


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0jpeg", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", "application/octet-stream"),
        (b"<svg onload='alert(1)'/>", "application/octet-stream"),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_of_somebody_is_shown_as_a_picture_or_saved_and_never_run(
    sandbox: Sandbox, data: bytes, kind: str
) -> None:
    answer = request("GET", f"{sandbox.page}sent/{upload(sandbox, data)}")
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    saved = answer.headers.get("Content-Disposition") == "attachment"
    assert saved == (not kind.startswith("image/"))


def test_what_a_bridge_uploaded_can_be_seen(sandbox: Sandbox) -> None:
    address = f"{sandbox.url}/media/upload?type=image&access_token={fetch_token(sandbox)}"
    media_id = request("POST", address, files={"media": ("a.png", PNG)}).json()["media_id"]
    assert request("GET", f"{sandbox.page}media/{media_id}").content == PNG
    assert request("GET", f"{sandbox.page}media/@unknown").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {**SAID, "user": "nobody"},
        {**SAID, "place": "cidNOWHERE=="},
        {**SAID, "text": " "},
        {**SAID, "quote": "msgUNKNOWN=="},
        {**SAID, "files": [{"code": "x"}]},
        {**SAID, "color": "red"},
        {"text": "hello"},
    ],
)
def test_what_cannot_be_said_is_refused_in_words(sandbox: Sandbox, body: dict[str, Any]) -> None:
    status, answer = do(sandbox, "say", **body)
    assert status == 400
    assert answer["error"]
    assert sandbox.client.said() == []


def test_an_answer_to_the_page_holds_no_secret(sandbox: Sandbox) -> None:
    status, answer = do(sandbox, "say", **SAID)
    assert (status, answer) == (200, {"done": True, "lost": True})
