"""`dingbridge notify` beside a service, beside others who have the robot, and alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.delivery import outbox_records
from dingbridge.core.delivery.outbox import Outbox, fold
from dingbridge.core.delivery.routing import custom_robot
from dingbridge.edges.programs.process_identity import born
from dingbridge.edges.storage.card import OwnerCard, read_card
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor, bind
from tests.shell.test_cli import ROOT, environment, run
from tests.support import services
from tests.support.editor import Editor
from tests.support.processes import Child, frozen, until

ROBOT_SEND = "/robot/send"
SINGLE_SEND = "/v1.0/robot/oToMessages/batchSend"

posix = pytest.mark.skipif(os.name != "posix", reason="freezes a process")


def folders(home: Path) -> dict[str, str]:
    """Where the editors with this home keep their files."""
    return {
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "NVIM_APPNAME": "nvim",
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def webhook(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """The environment of somebody with a custom robot."""
    return {
        **folders(home),
        "DINGTALK_WEBHOOK": sandbox.webhook_url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
    }


@pytest.fixture
def app(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """The environment of somebody with an app."""
    return {
        **folders(home),
        "DINGTALK_CLIENT_ID": sandbox.client_id,
        "DINGTALK_CLIENT_SECRET": sandbox.client_secret,
        "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
        "DINGTALK_USER_ID": "zhangsan",
    }


def notifying(*words: str, environ: dict[str, str]) -> Child:
    """The command, started."""
    return Child(
        [sys.executable, "-m", "dingbridge.cli", "notify", *words],
        env=environment(environ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(child: Child) -> tuple[int, str]:
    """How it has ended, and what it has said."""
    said, complained = child.communicate(timeout=45)
    return child.returncode, (said + complained).decode()


def kept(home: Path) -> Outbox:
    """The outbox in the data folder."""
    records, _ = Journal(home / "data" / "nvim" / "chat-dingtalk-outbox.jsonl").read(
        outbox_records.decode
    )
    return fold(records)


def posts(sandbox: Sandbox, path: str = ROBOT_SEND) -> int:
    """How often a message was posted."""
    return len(sandbox.client.calls(path))


def serve(editor: Editor, options: dict[str, Any]) -> int:
    """Let a service send for the robot of these options; its process."""
    editor.setup(options)
    editor.listen()
    editor.chat("notify from the editor")
    editor.until(lambda: editor.heard("DingbridgeDelivered"), "the editor's message is sent")
    return editor.until(editor.service_pid)


# --- by the service -------------------------------------------------------------------------------


def test_a_running_service_sends_what_the_shell_hands_over(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    words = ["--title", "值班", "--at-user", "zhangsan", "--verbose"]
    done = run("notify", *words, "from the shell", environ=webhook)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "delivered to the robot's group\n",
        "",
    )
    [_, arrived] = sandbox.client.arrived()
    assert (arrived.title, arrived.at["atUserIds"]) == ("值班", ["zhangsan"])
    assert arrived.text.startswith("from the shell")
    # By the service's queue: it is written down there.
    assert len(kept(editor.home).done) == 2
    assert posts(sandbox) == 2


def test_the_shell_and_the_editors_share_one_link_and_one_access_token(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], app: dict[str, str]
) -> None:
    bound = bind(editor, {**api_options, "user_id": "zhangsan"})
    bound.chat("notify from the editor")
    sandbox.client.wait_arrived(1)
    assert run("notify", "from the shell", environ=app).returncode == 0
    assert posts(sandbox, SINGLE_SEND) == 2
    assert posts(sandbox, "/v1.0/oauth2/accessToken") == 1
    assert sandbox.client.connections().total == 1


def test_the_shell_does_not_spend_again_what_the_editors_have_used_of_a_robots_minute(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    for number in range(19):
        editor.lua("require('dingbridge').notify(...)", f"message {number}")
        sandbox.client.wait_arrived(number + 2)
    done = run("notify", "--timeout", "2", "one too many", environ=webhook)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("dingbridge: not delivered in time: 20 messages a minute")
    assert posts(sandbox) == 20
    # It was given up: nobody sends it later.
    assert kept(editor.home).queued == 0
    assert len(kept(editor.home).dropped) == 1


def test_the_shell_hears_of_a_message_that_leaves_with_those_of_the_editors_as_one(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    for number in range(17):
        editor.lua("require('dingbridge').notify(...)", f"message {number}")
        sandbox.client.wait_arrived(number + 2)
    sandbox.client.fault(Fault.hang(ROBOT_SEND))
    editor.chat("notify the nineteenth")
    sandbox.client.wait_hanging(1)
    editor.chat("notify waits with it")
    with notifying("from the shell", environ=webhook) as child:
        until(lambda: kept(editor.home).queued == 3, "it is written down")
        sandbox.client.release()
        assert ended(child) == (0, "")
    assert posts(sandbox) == 20
    assert sandbox.client.arrived()[-1].text == "waits with it\n\n---\n\nfrom the shell"


def trouble(sandbox: Sandbox, name: str) -> None:
    """What goes wrong at DingTalk from now on."""
    match name:
        case "refused":
            sandbox.client.fault(Fault.errcode(ROBOT_SEND, 430104, "improper content"))
        case "refused after a lost answer":
            sandbox.client.fault(Fault.drop(ROBOT_SEND, when="after"))
            sandbox.client.fault(Fault.errcode(ROBOT_SEND, 430104, "improper content"))
        case "accepted after a lost answer":
            sandbox.client.fault(Fault.drop(ROBOT_SEND, when="after"))
        case "a gateway's page":
            sandbox.client.fault(Fault.html(ROBOT_SEND, 502, times=None))
        case "a gateway's page, once":
            sandbox.client.fault(Fault.html(ROBOT_SEND, 502))
        case "asked to wait":
            sandbox.client.fault(Fault.errcode(ROBOT_SEND, 130101, "send too fast", times=None))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("refused", 1),
        ("refused after a lost answer", 1),
        ("accepted after a lost answer", 0),
        ("a gateway's page", 3),
        ("a gateway's page, once", 0),
        ("asked to wait", 1),
    ],
)
def test_the_shell_hears_the_same_of_its_message_with_a_service_and_without(
    start_editor: StartEditor,
    sandbox: Sandbox,
    webhook_options: dict[str, Any],
    webhook: dict[str, str],
    tmp_path: Path,
    name: str,
    code: int,
) -> None:
    alone = {**webhook, **folders(tmp_path / "alone")}
    trouble(sandbox, name)
    words = ("notify", "--timeout", "3", "hello")
    expected = run(*words, environ=alone)
    sandbox.client.clear_faults()
    assert expected.returncode == code
    editor = start_editor()
    serve(editor, webhook_options)
    before = len(kept(editor.home).done)
    trouble(sandbox, name)
    done = run(*words, environ=webhook)
    assert (done.returncode, done.stderr) == (expected.returncode, expected.stderr)
    left = kept(editor.home)
    assert (left.queued, len(left.dead), len(left.done)) == (0, 0, before + 1)


@posix
def test_what_the_shell_waits_for_no_longer_is_not_sent(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    trouble(sandbox, "a gateway's page")
    before = posts(sandbox)
    with notifying("hello", environ=webhook) as child:
        until(lambda: posts(sandbox) > before, "an attempt")
        child.send_signal(signal.SIGINT)
        assert ended(child) == (130, "")
    until(lambda: kept(editor.home).queued == 0, "it was given up")
    assert len(kept(editor.home).dropped) == 1


# --- a service that hangs or ends -----------------------------------------------------------------


@posix
def test_a_service_that_does_not_answer_is_named_and_nothing_is_sent(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    process = serve(editor, webhook_options)
    before = posts(sandbox)
    with frozen(process):
        done = run("notify", "--timeout", "1", "hello", environ=webhook)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"the service (process {process}), which does not answer" in line
    assert "may have arrived" not in line
    # The service works again, and has heard of nothing.
    assert run("notify", "afterwards", environ=webhook).returncode == 0
    assert posts(sandbox) == before + 1


@posix
def test_a_service_that_hangs_with_the_message_leaves_its_fate_unknown(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    process = serve(editor, webhook_options)
    sandbox.client.fault(Fault.hang(ROBOT_SEND))
    with notifying("--timeout", "6", "hello", environ=webhook) as child:
        sandbox.client.wait_hanging(1)
        with frozen(process):
            code, said = ended(child)
        sandbox.client.release()
    assert code == 1
    assert "It may have arrived: look in DingTalk before you send it again" in said
    until(lambda: kept(editor.home).queued == 0, "the service knows its fate")
    assert [each.text for each in sandbox.client.arrived()].count("hello") == 1


@posix
def test_the_next_service_tells_the_fate_of_what_was_handed_to_one_that_was_killed(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    sandbox.client.fault(Fault.hang(ROBOT_SEND))
    with notifying("--verbose", "hello", environ=webhook) as child:
        sandbox.client.wait_hanging(1)
        editor.kill_service()
        code, said = ended(child)
        sandbox.client.release()
    assert (code, "delivered to the robot's group" in said) == (0, True), said
    assert "may be there twice" not in said
    assert [each.text for each in sandbox.client.arrived()].count("hello") == 1


@posix
def test_when_nobody_is_left_the_shell_takes_back_what_the_killed_service_had_not_tried(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    sandbox.client.fault(Fault.hang(ROBOT_SEND))
    editor.lua("require('dingbridge').notify('before it')")
    sandbox.client.wait_hanging(1)
    with notifying("hello", environ=webhook) as child:
        until(lambda: kept(editor.home).queued == 2, "it is written down")
        editor.kill_all()
        assert ended(child) == (0, "")
    assert [each.text for each in sandbox.client.arrived()].count("hello") == 1
    # A later service finds nothing of it.
    assert [one.outbound.text for one in kept(editor.home).waiting.values()] == ["before it"]


@posix
def test_when_nobody_is_left_and_it_was_tried_the_shell_says_that_it_may_have_arrived(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    serve(editor, webhook_options)
    sandbox.client.fault(Fault.hang(ROBOT_SEND, when="after"))
    with notifying("hello", environ=webhook) as child:
        sandbox.client.wait_hanging(1)
        editor.kill_all()
        code, said = ended(child)
    assert code == 1
    assert "It may have arrived: look in DingTalk before you send it again" in said
    assert [each.text for each in sandbox.client.arrived()].count("hello") == 1
    assert kept(editor.home).queued == 0


# --- somebody else has the robot ------------------------------------------------------------------


def others(home: Path, robot: str, who: str) -> tuple[OwnerLock, OwnerCard, str]:
    """A lock that somebody else takes, with the card, and what is said about it."""
    pid = os.getpid()
    everywhere = OwnerLock(home / "state" / "dingbridge" / "robots", robot)
    match who:
        case "another data folder":
            card = OwnerCard(pid, born=born(pid), data="/elsewhere", holder="service")
            return everywhere, card, f"the service of another data folder (process {pid}, /els"
        case "another notify":
            card = OwnerCard(pid, born=born(pid), holder="notify")
            return everywhere, card, f"held by dingbridge notify (process {pid})"
        case "a Neovim that runs 0.1":
            old = OwnerLock(home / "data" / "nvim" / "dingbridge", robot)
            card = OwnerCard(pid, "/a/socket", "its secret")
            return old, card, f"a Neovim that runs dingbridge 0.1 (process {pid})"
    return everywhere, OwnerCard(), "held by a process that is not known here"


@pytest.mark.parametrize(
    "who", ["another data folder", "another notify", "a Neovim that runs 0.1", "nobody knows who"]
)
def test_who_has_the_robot_is_named_and_it_is_sent_once_that_is_gone(
    sandbox: Sandbox, webhook: dict[str, str], home: Path, who: str
) -> None:
    lock, card, said = others(home, custom_robot(sandbox.webhook_url), who)
    assert lock.acquire(card)
    done = run("notify", "--timeout", "1", "hello", environ=webhook)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("dingbridge: not delivered in time: this robot is held by ")
    assert said in line
    assert "its secret" not in line
    assert posts(sandbox) == 0
    with notifying("hello", environ=webhook) as child:
        lock.release()
        assert ended(child) == (0, "")
    assert posts(sandbox) == 1


def test_two_that_notify_at_once_send_one_after_the_other(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    sandbox.client.fault(Fault.hang(ROBOT_SEND))
    with notifying("one", environ=webhook) as first:
        sandbox.client.wait_hanging(1)
        with notifying("two", environ=webhook) as second:
            # It meets the other's lock.
            robots = Path(webhook["XDG_STATE_HOME"], "dingbridge", "robots")
            card = read_card(robots, custom_robot(sandbox.webhook_url))
            assert (card.pid, card.holder) == (first.pid, "notify")
            assert second.poll() is None
            sandbox.client.release()
            assert ended(second) == (0, "")
        assert ended(first) == (0, "")
    assert [each.text for each in sandbox.client.arrived()] == ["one", "two"]


def test_a_service_waits_for_a_notify_that_sends_and_says_so(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    sandbox.client.fault(Fault.hang(ROBOT_SEND))
    with notifying("from the shell", environ=webhook) as child:
        sandbox.client.wait_hanging(1)
        editor.setup(webhook_options)
        editor.chat("notify from the editor")
        editor.until_said(f"held by dingbridge notify (process {child.pid})")
        sandbox.client.release()
        assert ended(child) == (0, "")
    sandbox.client.wait_arrived(2)
    assert posts(sandbox) == 2


def test_alone_it_makes_no_data_folder_and_starts_no_service(
    sandbox: Sandbox, webhook: dict[str, str], home: Path
) -> None:
    assert run("notify", "hello", environ=webhook).returncode == 0
    assert not (home / "data").exists()
    assert not services.running(home / "data" / "nvim")
    # Its lock is released, and nothing refers to it any more.
    robots = home / "state" / "dingbridge" / "robots"
    assert [each.suffix for each in robots.iterdir()] == [".lock"]


def test_a_service_that_does_not_use_the_robot_leaves_it_to_the_shell(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], webhook: dict[str, str]
) -> None:
    bind(editor, api_options)
    assert run("notify", "hello", environ=webhook).returncode == 0
    assert posts(sandbox) == 1
    assert kept(editor.home).done == {}


def test_a_folder_that_cannot_be_written_keeps_nobody_from_notifying(
    sandbox: Sandbox, webhook: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a file").touch()
    environ = {**webhook, "XDG_STATE_HOME": str(tmp_path / "a file")}
    assert run("notify", "hello", environ=environ).returncode == 0
    assert posts(sandbox) == 1
