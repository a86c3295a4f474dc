"""`dingbridge doctor` against the sandbox, as a program of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.shell.test_cli import run

pytestmark = pytest.mark.environment


@pytest.fixture
def app(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with an app, and folders of their own."""
    return {
        "DINGTALK_CLIENT_ID": sandbox.client_id,
        "DINGTALK_CLIENT_SECRET": sandbox.client_secret,
        "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


def test_without_a_neovim_it_examines_what_it_can_and_says_what_it_cannot_know(
    app: dict[str, str],
) -> None:
    done = run("doctor", environ=app)
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "? unknown  Editor:",
        "✓ ok       Python: 3.",
        "✓ ok       Settings: API mode, both ways, app dingsandbox",
        "✓ ok       Settings: app_secret: from the environment variable DINGTALK_CLIENT_SECRET",
        "✓ ok       DNS: 127.0.0.1 resolved",
        "✓ ok       Clock:",
        "✓ ok       Access token:",
        "✓ ok       Stream Mode:",
        "✓ ok       Permissions: qyapi_robot_sendmsg is granted",
        "· note     Service: none runs",
        "? unknown  Link: no service has this robot",
        "✓ ok       Queue: nothing waits",
        "· note     Quota:",
        "MB are free",
        "Nothing is wrong.",
    ):
        assert words in done.stdout


def test_it_leaves_nothing_behind(app: dict[str, str], tmp_path: Path) -> None:
    run("doctor", environ=app)
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "state").exists()


def test_an_error_is_shown_with_what_helps_and_by_the_exit_code(app: dict[str, str]) -> None:
    done = run("doctor", environ={**app, "DINGTALK_CLIENT_SECRET": "wrong-secret-of-the-test"})
    assert done.returncode == 1
    assert "✗ error    Access token: DingTalk does not accept the app's credentials." in done.stdout
    assert "→ Compare app_key and app_secret" in done.stdout
    assert "wrong-secret-of-the-test" not in done.stdout


def test_problems_of_the_settings_are_findings(app: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "settings.json"
    config.write_text(json.dumps({"app_keyy": "dingabc"}))
    config.chmod(0o600)
    done = run("doctor", "--config", str(config), environ=app)
    assert done.returncode == 1
    assert "✗ error    Settings: app_keyy" in done.stdout
    assert "Access token" not in done.stdout


def test_options_and_variables_that_nothing_uses_are_told(
    app: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    config = tmp_path / "settings.json"
    config.write_text(json.dumps({"webhook": sandbox.webhook_url, "allow_from": ["manager01"]}))
    config.chmod(0o600)
    environ = {k: v for k, v in app.items() if "CLIENT" not in k}
    more = {"DINGTALK_CLIENTID": "x", "DINGTALK_WEBHOOK": sandbox.webhook_url}
    done = run("doctor", "--config", str(config), environ={**environ, **more})
    assert "because they need an app: allow_from" in done.stdout
    assert "that nothing reads: DINGTALK_CLIENTID" in done.stdout
    assert "DINGTALK_WEBHOOK is not used: `webhook` comes from elsewhere" in done.stdout
    assert "· note     Access token: webhook mode needs none" in done.stdout


def test_an_unreachable_dingtalk_has_an_exit_code_of_its_own(app: dict[str, str]) -> None:
    nobody = {"DINGTALK_OPENAPI_ENDPOINT": "http://127.0.0.1:1"}
    done = run("doctor", environ={**app, **nobody})
    assert done.returncode == 3
    assert "? unknown  Access token: not asked" in done.stdout


def test_a_warning_alone_is_no_error(app: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.client.configure(missing_scopes=("Card.Instance.Write",))
    done = run("doctor", environ=app)
    assert done.returncode == 0
    assert "! warning  Permissions: Card.Instance.Write is lacking" in done.stdout
    assert "open-dev.dingtalk.com/appscope/apply?content=dingsandbox" in done.stdout


def test_a_ping_that_is_asked_for_needs_a_link(app: dict[str, str]) -> None:
    done = run("doctor", "--ping", environ=app)
    assert done.returncode == 1
    assert "✗ error    Ping: not tried, because no service has an open link" in done.stdout


def test_a_slow_dingtalk_does_not_stop_it(app: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.hang("/v1.0/oauth2/accessToken"))
    done = run("doctor", environ=app)
    assert done.returncode == 1
    assert "Access token: no answer came within the time limit" in done.stdout


PLANTED = {
    "secret": "SECplanted0123456789abcdef0123",
    "name": "王小明",
    "nick": "Xiaoming-Planted",
    "person": "planted-staff-id",
    "group": "cidPlantedGroup==",
    "text": "planted text of a message about the connection",
    "title": "Planted title",
    "folder": "planted-project",
    "token": "planted-access-token-0123456789",
}


def test_a_report_for_others_has_no_secret_name_or_text(
    app: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    data, log = tmp_path / "data" / "nvim", tmp_path / "state" / "nvim" / "dingbridge.log"
    for folder in (data, log.parent):
        folder.mkdir(parents=True, mode=0o700)
    plant_state(data)
    plant_log(log)
    config = tmp_path / "settings.json"
    options = {
        "webhook": f"{sandbox.url}/robot/send?access_token={PLANTED['token']}",
        "secret": PLANTED["secret"],
        "allow_from": [PLANTED["person"]],
        "groups": {PLANTED["group"]: {}},
        "proxy": "http://planted-user:planted-password@127.0.0.1:9",
    }
    config.write_text(json.dumps(options))
    config.chmod(0o600)
    path = tmp_path / "report.txt"
    done = run("doctor", "--config", str(config), "--report", str(path), environ=app)
    assert f"The report is {path}" in done.stdout
    written = path.read_text("utf-8")
    assert path.stat().st_mode & 0o077 == 0
    hidden = [*PLANTED.values(), *app.values(), "planted-user", "planted-password"]
    assert [each for each in hidden if each in written] == []
    assert "lanted" not in written
    for words in ("dingbridge 0.", "Settings: API mode", "Proxy:", "WARNING dingbridge.",
                  "code 430104", "0123456789abcdef"):  # fmt: skip
        assert words in written


def plant_state(data: Path) -> None:
    """A state file full of what is private."""
    bound = {
        "session": "s1",
        "title": PLANTED["title"],
        "cwd": f"/src/{PLANTED['folder']}",
        "conversation_id": PLANTED["group"],
        "user_id": PLANTED["person"],
        "label": PLANTED["name"],
    }
    path = data / "chat-dingtalk-state.json"
    path.write_text(json.dumps({"version": 1, "bindings": {"s1": bound}}))
    path.chmod(0o600)


def plant_log(log: Path) -> None:
    """A log full of what is private, as no log should be."""
    stamp = "2026-11-30 10:00:00,000"
    lines = (
        f"{stamp} INFO dingbridge.service.robots.inbound_router.{PLANTED['folder']}: message from"
        f" staff id {PLANTED['person']} ({PLANTED['name']}), conversationId {PLANTED['group']}",
        f"{stamp} DEBUG dingbridge.service.robots.inbound_router: its text: {PLANTED['text']}",
        f"{stamp} WARNING dingbridge.edges.dingtalk.sender: message 0123456789abcdef: refused with"
        f" code 430104. DingTalk says: {PLANTED['text']} by {PLANTED['nick']}",
        f"{stamp} ERROR dingbridge.core: {PLANTED['secret']} access_token={PLANTED['token']}",
        "Traceback (most recent call last):",
        f'  File "/home/{PLANTED["nick"]}/dingbridge/core/text.py", line 12, in clean',
        f"ValueError: {PLANTED['text']}",
    )
    log.write_text("\n".join(lines) + "\n", "utf-8")
    log.chmod(0o600)
