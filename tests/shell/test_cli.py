"""The shell command against the sandbox, as a program of its own."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dingbridge import __version__
from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import CustomRobot
from tests.support import processes
from tests.support.pieces import joined
from tests.support.processes import Child

pytestmark = pytest.mark.environment

ROOT = Path(__file__).resolve().parents[2]
SIGNING = "SECsandbox0123456789abcdef"
TOKEN = "sandbox-robot-token"
STRAY = ("DINGTALK_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(STRAY)}
    return {**kept, "PYTHONUTF8": "1", **given}


def run(
    *words: str, environ: Mapping[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    done = processes.run(
        [sys.executable, "-m", "dingbridge.cli", *words],
        env=environment(environ),
        cwd=ROOT,
        given=given,
        seconds=50,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


@pytest.fixture
def webhook(sandbox: Sandbox) -> dict[str, str]:
    """The environment of somebody with a custom robot."""
    return {"DINGTALK_WEBHOOK": sandbox.webhook_url, "DINGTALK_OAPI_ENDPOINT": sandbox.url}


@pytest.fixture
def app(sandbox: Sandbox) -> dict[str, str]:
    """The environment of somebody with an app."""
    return {
        "DINGTALK_CLIENT_ID": sandbox.client_id,
        "DINGTALK_CLIENT_SECRET": sandbox.client_secret,
        "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
    }


def robot_at(sandbox: Sandbox, robot: CustomRobot) -> dict[str, str]:
    """The environment for one more custom robot of the sandbox."""
    sandbox.client.add_robot(robot)
    return {
        "DINGTALK_WEBHOOK": f"{sandbox.url}/robot/send?access_token={robot.token}",
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
    }


def nobodys_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# --- delivered ------------------------------------------------------------------------------------


def test_a_notification_reaches_the_robots_group_without_a_word(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    done = run("notify", "build is green", environ=webhook)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.text, arrived.title) == (
        "webhook",
        "build is green",
        "build is green",
    )


def test_verbose_says_where_it_went(webhook: dict[str, str]) -> None:
    done = run("notify", "--verbose", "hello", environ=webhook)
    assert (done.returncode, done.stdout) == (0, "delivered to the robot's group\n")


def test_title_and_mentions_are_sent_along(sandbox: Sandbox, webhook: dict[str, str]) -> None:
    words = ["--title", "值班", "--at-user", "zhangsan", "--at-user", "lisi"]
    done = run("notify", *words, "--at-mobile", "13800000000", "look", environ=webhook)
    assert done.returncode == 0
    [arrived] = sandbox.client.arrived()
    assert arrived.title == "值班"
    assert arrived.at == {
        "atUserIds": ["zhangsan", "lisi"],
        "atMobiles": ["13800000000"],
        "isAtAll": False,
    }


def test_everybody_is_mentioned_only_when_asked_for(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    run("notify", "quiet", environ=webhook)
    run("notify", "--at-all", "loud", environ=webhook)
    quiet, loud = sandbox.client.arrived()
    assert not quiet.at.get("isAtAll")
    assert loud.at["isAtAll"] is True


def test_a_signature_is_made_and_a_missing_keyword_put_in_front(sandbox: Sandbox) -> None:
    environ = robot_at(sandbox, CustomRobot("strict", secret=SIGNING, keywords=("告警",)))
    settings = {**environ, "DINGTALK_SECRET": SIGNING, "DINGTALK_KEYWORD": "告警"}
    assert run("notify", "disk is full", environ=settings).returncode == 0
    [arrived] = sandbox.client.arrived()
    assert arrived.text.startswith("告警")
    assert arrived.text.endswith("disk is full")


def test_without_a_webhook_it_goes_to_the_configured_group(
    sandbox: Sandbox, app: dict[str, str]
) -> None:
    environ = {**app, "DINGTALK_CONVERSATION_ID": "cidTEAM==", "DINGTALK_USER_ID": "zhangsan"}
    assert run("notify", "hi", environ=environ).returncode == 0
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.conversation_id) == ("group", "cidTEAM==")


def test_without_a_group_it_goes_to_the_configured_person_and_a_mention_is_said_to_be_lost(
    sandbox: Sandbox, app: dict[str, str]
) -> None:
    done = run("notify", "--at-all", "hi", environ={**app, "DINGTALK_USER_ID": "zhangsan"})
    assert done.returncode == 0
    assert "a mention needs a webhook" in done.stderr
    [arrived] = sandbox.client.arrived()
    assert (arrived.route, arrived.user_ids) == ("single", ("zhangsan",))


def test_standard_input_is_sent_without_its_last_line_end_and_whatever_its_bytes(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    assert run("notify", "-", environ=webhook, given=b"one\n\xff\xfe two\n").returncode == 0
    assert sandbox.client.arrived()[0].text == "one  \n\ufffd\ufffd two"


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are no bytes on Windows")
def test_an_argument_that_is_no_utf8_is_sent_with_replacement_characters(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    assert run("notify", os.fsdecode(b"caf\xe9"), environ=webhook).returncode == 0
    assert sandbox.client.arrived()[0].text == "caf\ufffd"


def test_a_long_text_arrives_whole_in_several_pieces(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    text = "".join(f"第{number}行：一切正常。\n" for number in range(1, 2200)).rstrip()
    assert len(text) > 20000
    assert run("notify", "-", environ=webhook, given=text.encode()).returncode == 0
    pieces = [arrived.text for arrived in sandbox.client.arrived()]
    assert len(pieces) > 1
    assert joined(pieces) == text.replace("\n", "  \n")


# --- refused, unreachable, interrupted ------------------------------------------------------------


def test_a_refusal_ends_with_1_and_one_line_with_the_fix(sandbox: Sandbox) -> None:
    environ = robot_at(sandbox, CustomRobot("signed", secret=SIGNING))
    done = run("notify", "hi", environ={**environ, "DINGTALK_SECRET": SIGNING[:-1] + "0"})
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("dingbridge: ")
    assert "secret" in line
    assert sandbox.client.arrived() == []


def test_wrong_credentials_end_with_1(app: dict[str, str]) -> None:
    environ = {**app, "DINGTALK_CLIENT_SECRET": "not-this-one", "DINGTALK_USER_ID": "zhangsan"}
    done = run("notify", "hi", environ=environ)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "app_secret" in done.stderr


def test_a_refusal_after_a_lost_answer_says_that_it_may_have_arrived(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    sandbox.client.fault(Fault.drop("/robot/send", when="after"))
    sandbox.client.fault(Fault.errcode("/robot/send", 430104, "improper content"))
    done = run("notify", "hi", environ=webhook)
    assert done.returncode == 1
    assert "may have arrived" in done.stderr
    assert len(sandbox.client.arrived()) == 1


def test_a_message_that_may_be_there_twice_is_delivered_with_a_word_about_it(
    sandbox: Sandbox, app: dict[str, str]
) -> None:
    sandbox.client.fault(Fault.drop("/v1.0/robot/oToMessages/batchSend", when="after"))
    done = run("notify", "hi", environ={**app, "DINGTALK_USER_ID": "zhangsan"})
    assert done.returncode == 0
    assert "may be there twice" in done.stderr


def test_a_pause_that_dingtalk_asks_for_counts_as_refused_when_time_is_up(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    sandbox.client.fault(Fault.errcode("/robot/send", 130101, "send too fast", times=None))
    done = run("notify", "--timeout", "3", "hi", environ=webhook)
    assert done.returncode == 1
    assert "not delivered in time: " in done.stderr
    assert "--timeout" in done.stderr


def test_nobody_there_ends_with_3(webhook: dict[str, str]) -> None:
    closed = f"http://127.0.0.1:{nobodys_port()}"
    environ = {
        "DINGTALK_WEBHOOK": f"{closed}/robot/send?access_token={TOKEN}",
        "DINGTALK_OAPI_ENDPOINT": closed,
    }
    done = run("notify", "--timeout", "3", "hi", environ=environ)
    assert (done.returncode, done.stdout) == (3, "")
    [line] = done.stderr.splitlines()
    assert "no connection to DingTalk" in line
    assert TOKEN not in line


def test_a_gateways_error_page_ends_with_3(sandbox: Sandbox, webhook: dict[str, str]) -> None:
    sandbox.client.fault(Fault.html("/robot/send", 502, times=None))
    done = run("notify", "--timeout", "3", "hi", environ=webhook)
    assert done.returncode == 3
    assert "<html>" not in done.stderr


def test_a_passing_failure_is_tried_again_without_noise(
    sandbox: Sandbox, webhook: dict[str, str]
) -> None:
    sandbox.client.fault(Fault.html("/robot/send", 503, times=1))
    done = run("notify", "hi", environ=webhook)
    assert (done.returncode, done.stderr) == (0, "")
    assert [arrived.text for arrived in sandbox.client.arrived()] == ["hi"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_at_a_terminal_it_says_why_it_waits(sandbox: Sandbox, webhook: dict[str, str]) -> None:
    sandbox.client.fault(Fault.html("/robot/send", 503, times=1))
    ours, theirs = pty.openpty()
    done = processes.run(
        [sys.executable, "-m", "dingbridge.cli", "notify", "hi"],
        env=environment(webhook),
        cwd=ROOT,
        stderr=theirs,
        seconds=50,
    )
    os.close(theirs)
    assert done.returncode == 0
    assert "dingbridge: not yet: " in os.read(ours, 4096).decode()
    os.close(ours)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_with_130(sandbox: Sandbox, webhook: dict[str, str]) -> None:
    sandbox.client.fault(Fault.errcode("/robot/send", 130101, "send too fast", times=None))
    with Child(
        [sys.executable, "-m", "dingbridge.cli", "notify", "hi"],
        env=environment(webhook),
        cwd=ROOT,
        stderr=subprocess.PIPE,
    ) as program:
        sandbox.client.wait_calls(lambda call: call.path == "/robot/send", timeout=10)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=10)
    assert (program.returncode, said) == (130, b"")


# --- settings and usage ---------------------------------------------------------------------------


def test_settings_come_from_a_file_in_either_form(sandbox: Sandbox, tmp_path: Path) -> None:
    inner = {"webhook": "$MY_ROBOT", "endpoint": {"oapi": sandbox.url}}
    for number, table in enumerate([inner, {"integrations": {"dingtalk": inner}}]):
        config = tmp_path / f"{number}.json"
        config.write_text(json.dumps(table), "utf-8")
        config.chmod(0o600)
        done = run(
            "notify",
            "--config",
            str(config),
            f"message {number}",
            environ={"MY_ROBOT": sandbox.webhook_url},
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert [each.text for each in sandbox.client.arrived()] == ["message 0", "message 1"]


@pytest.mark.skipif(os.name != "posix", reason="the bits mean something on POSIX only")
def test_a_file_that_others_can_read_is_used_with_a_warning(
    sandbox: Sandbox, webhook: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "open.json"
    config.write_text("{}", "utf-8")
    config.chmod(0o644)
    done = run("notify", "--config", str(config), "hi", environ=webhook)
    assert done.returncode == 0
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"webhook": "SECRETVALUE', "is not valid JSON, line 1"),
        ("[" * 100_000, "is not valid JSON"),
        ("\udcff", "is not valid JSON"),
        ("[1]", "must hold an object"),
        ('{"integrations": {"slack": {}}}', "integrations must hold dingtalk"),
        ('{"integrations": 3}', "integrations must hold dingtalk"),
        ('{"web_hook": "SECRETVALUE", "user_id": 3}', "did you mean webhook?"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_2_and_none_of_its_words(
    tmp_path: Path, content: str, complaint: str
) -> None:
    config = tmp_path / "bad.json"
    config.write_text(content, "utf-8", errors="surrogateescape")
    config.chmod(0o600)
    done = run("notify", "--config", str(config), "hi", environ={})
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "SECRETVALUE" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    done = run("notify", "--config", str(tmp_path / "no.json"), "hi", environ={})
    assert done.returncode == 2
    assert "cannot read" in done.stderr


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({}, "set DINGTALK_WEBHOOK, or DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET"),
        ({"DINGTALK_ENABLED": "no"}, "enabled is false"),
        ({"DINGTALK_WEBHOOK": "https://example.com/robot/send?access_token=tok123"}, "no host of"),
        (
            {"DINGTALK_CLIENT_ID": "ding1", "DINGTALK_CLIENT_SECRET": "hidden-value"},
            "nobody to notify; set DINGTALK_CONVERSATION_ID or DINGTALK_USER_ID",
        ),
    ],
)
def test_settings_that_cannot_be_used_end_with_2_and_say_what_to_set(
    environ: dict[str, str], complaint: str
) -> None:
    done = run("notify", "hi", environ=environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "tok123" not in done.stderr
    assert "hidden-value" not in done.stderr


@pytest.mark.parametrize("given", [b"", b" \n\t\n"])
def test_an_empty_text_ends_with_2(webhook: dict[str, str], given: bytes) -> None:
    done = run("notify", "-", environ=webhook, given=given)
    assert done.returncode == 2
    assert "the text is empty" in done.stderr
    assert run("notify", "", environ=webhook).returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("shout",),
        ("notify",),
        ("notify", "--timeout", "0", "hi"),
        ("notify", "--timeout", "soon", "hi"),
        ("sandbox", "--port", "65536"),
    ],
)
def test_a_wrong_usage_ends_with_2(words: tuple[str, ...]) -> None:
    done = run(*words, environ={})
    assert done.returncode == 2
    assert done.stderr.startswith("usage: dingbridge")


def test_a_secret_given_as_an_argument_by_mistake_is_not_repeated() -> None:
    done = run("notify", "hi", "--secret", SIGNING, environ={})
    assert done.returncode == 2
    assert SIGNING not in done.stderr


def test_no_secret_is_said_when_the_other_side_repeats_what_was_sent(
    sandbox: Sandbox, app: dict[str, str]
) -> None:
    said = f"the secret {sandbox.client_secret} is not liked"
    sandbox.client.fault(Fault.http("/v1.0/oauth2/accessToken", 400, said, times=None))
    done = run("notify", "hi", environ={**app, "DINGTALK_USER_ID": "zhangsan"})
    assert done.returncode == 1
    assert "is not liked" in done.stderr
    assert sandbox.client_secret not in done.stderr


def test_help_names_the_commands_and_the_variables() -> None:
    done = run("--help", environ={})
    assert done.returncode == 0
    for command in ("notify", "sandbox", "demo"):
        assert f"\n    {command} " in done.stdout
    helped = run("notify", "--help", environ={}).stdout
    assert "DINGTALK_WEBHOOK" in helped
    assert "3 unreachable" in helped


def test_version_is_the_packages() -> None:
    assert run("--version", environ={}).stdout == f"dingbridge {__version__}\n"


# --- sandbox --------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_the_sandbox_serves_until_it_is_ended() -> None:
    with Child(
        [sys.executable, "-m", "dingbridge.cli", "sandbox"],
        env=environment({}),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        line: dict[str, Any] = json.loads(program.stdout.readline())
        environ = {"DINGTALK_WEBHOOK": line["webhook"], "DINGTALK_OAPI_ENDPOINT": line["url"]}
        assert run("notify", "hi", environ=environ).returncode == 0
        assert [each.text for each in SandboxClient(line["control"]).arrived()] == ["hi"]
        program.terminate()
        assert program.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_said_in_one_line(sandbox: Sandbox) -> None:
    port = sandbox.url.rpartition(":")[2]
    done = run("sandbox", "--port", port, environ={})
    assert done.returncode == 2
    assert f"cannot serve on port {port}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_without_aiohttp_the_command_that_installs_it_is_shown(
    tmp_path: Path, command: str
) -> None:
    # A package of that name that behaves as if it were not there.
    (tmp_path / "aiohttp.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'aiohttp'\", name='aiohttp')\n", "utf-8"
    )
    done = run(command, environ={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert f"{sys.executable} -m pip install aiohttp" in done.stderr
    assert "Traceback" not in done.stderr
