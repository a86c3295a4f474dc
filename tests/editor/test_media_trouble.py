"""Whatever goes wrong with what came along, the message comes, and all after it in their order."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.editor.test_media_received import DOWNLOAD, arrive, files
from tests.support.editor import Editor, texts

pytestmark = pytest.mark.shared_editor

TOKEN = "/v1.0/oauth2/accessToken"
LONG = 30.0
"""Seconds that attempts, and an answer that never comes, may take."""


def until_both(editor: Editor) -> str:
    """The first of two messages, once it is whole and the second is there as well."""

    def both() -> list[str]:
        found = texts(editor)
        return found if found[1:] and "fetching" not in found[0] else []

    first, second = editor.until(both, "both", LONG)
    assert second == "later"
    return first


@pytest.mark.slow
def test_an_answer_that_never_comes_is_told_meanwhile_and_given_up(
    bound: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang("/files/*", times=None))
    sandbox.client.say_file("a.txt", b"abc")
    sandbox.client.say("later")
    bound.until_said("fetching what came with a message")
    bound.until(lambda: texts(bound) == ["fetching a.txt …", "later"])
    why = "no answer came within the time limit. Ask for it to be sent again"
    assert until_both(bound) == f"[file: a.txt] (not fetched: {why})"
    assert sandbox.client.wait_hanging() == 1
    sandbox.client.release()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            Fault.http(DOWNLOAD, 500, "system.err", times=None),
            "DingTalk is busy. DingTalk says: system.err",
        ),
        (Fault.drop(DOWNLOAD, times=None), "the connection broke before the answer"),
        (Fault.drop("/files/*", times=None), "the connection broke before the answer"),
        (Fault.drop(TOKEN, times=None), "the connection broke before the answer"),
        (Fault.html("/files/*", 502, times=None), "the file could not be fetched (HTTP 502)"),
        (Fault.http("/files/*", 403, "expired"), "it is not available any more (HTTP 403)"),
    ],
    ids=["error", "address", "file", "token", "gateway", "expired"],
)
def test_a_file_that_did_not_come_says_why_and_what_to_do_and_never_that_it_may_have_arrived(
    bound: Editor, sandbox: Sandbox, fault: Fault, reason: str
) -> None:
    sandbox.client.fault(fault)
    sandbox.client.say_file("a.txt", b"abc")
    sandbox.client.say("later")
    told = until_both(bound)
    assert told == f"[file: a.txt] (not fetched: {reason}. Ask for it to be sent again)"
    assert files(bound) == []


def test_what_to_do_about_the_settings_is_told_as_well(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.fault(
        Fault.http(DOWNLOAD, 403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    )
    sandbox.client.say_file("a.txt", b"abc")
    sandbox.client.say("later")
    told = until_both(bound)
    assert "Grant it in the DingTalk console" in told
    assert told.endswith(". Ask for it to be sent again)")


def test_a_file_that_is_too_large_need_not_be_sent_again(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bound.setup({**api_options, "media": {"size": 1}})
    bound.until_lua("require('dingbridge.host_settings').is_configured()")
    sandbox.client.say_file("a.txt", b"x" * 1_100_000)
    sandbox.client.say("later")
    assert until_both(bound) == "[file: a.txt] (not fetched: it is larger than 1 MB)"


def test_a_code_that_has_expired_is_told(bound: Editor, sandbox: Sandbox) -> None:
    code = sandbox.client.offer(b"abc")
    sandbox.client.advance(7 * 86_400)
    content = {"downloadCode": code, "fileName": "a.txt"}
    sandbox.client.say(msgtype="file", content=content)
    sandbox.client.say("later")
    assert "not fetched" in until_both(bound)


def test_one_failure_that_passes_is_not_seen(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.drop("/files/*"))
    sandbox.client.say_file("a.txt", b"abc")
    arrive(bound)
    assert [path.read_bytes() for path in files(bound)] == [b"abc"]


@pytest.mark.usefixtures("start_editor")
def test_a_folder_that_cannot_be_used_loses_no_message(bound: Editor, sandbox: Sandbox) -> None:
    folder = bound.data / "dingbridge" / "media"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    sandbox.client.say_file("a.txt", b"abc")
    sandbox.client.say("later")
    assert "not fetched: it cannot be written" in until_both(bound)


def test_one_access_token_does_for_many_files(bound: Editor, sandbox: Sandbox) -> None:
    for number in range(3):
        sandbox.client.say_picture()
        arrive(bound, number + 1)
    assert len(sandbox.client.calls(TOKEN)) == 1


def test_a_token_that_was_revoked_is_replaced(bound: Editor, sandbox: Sandbox) -> None:
    sandbox.client.say_picture()
    arrive(bound)
    sandbox.client.revoke_tokens()
    sandbox.client.say_picture()
    arrive(bound, 2)
    assert len(files(bound)) == 2


def test_a_host_killed_while_it_fetches_leaves_each_message_once(
    bound: Editor, sandbox: Sandbox
) -> None:
    session = bound.status()["session"]
    sandbox.client.fault(Fault.hang("/files/*"))
    sandbox.client.say_file("late.txt", b"late")
    sandbox.client.say("second")
    sandbox.client.wait_hanging()
    bound.kill_host()
    bound.until_lua("not require('dingbridge.host').is_running()")
    sandbox.client.release()
    bound.chat()
    bound.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("third")
    bound.until(lambda: any(row["text"] == "third" for row in bound.transcript(session)))
    first, *others = [str(row["text"]) for row in bound.transcript(session)]
    assert "late.txt](" in first
    assert others == ["second", "third"]
    assert [path.read_bytes() for path in files(bound)] == [b"late"]
