"""`dingbridge setup` for notifications by a custom robot, in a terminal, against the sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import CustomRobot, Settings
from tests.support import processes
from tests.support.setup_home import SetupHome
from tests.support.typist import Typist

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")

SIGNING = "SECsandbox0123456789abcdef"
ROBOTS = (
    CustomRobot("plain-Robot_token0123456789"),
    CustomRobot("signed-Robot_token0123456789", secret=SIGNING),
    CustomRobot("keyed-Robot_token0123456789", keywords=("告警",)),
)
PLAIN, SIGNED, KEYED = ROBOTS


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(robots=ROBOTS)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> SetupHome:
    return SetupHome(tmp_path / "home", sandbox)


def address(sandbox: Sandbox, robot: CustomRobot) -> str:
    return f"{sandbox.url}/robot/send?access_token={robot.token}"


def want(user: Typist, webhook: str) -> None:
    """Wants notifications, and pastes an address."""
    user.chooses("Notifications")
    user.answers("which is not shown: ", webhook)


def notify(home: SetupHome, **options: str) -> str:
    """Sends a notification with what the setup has stored. Returns what went wrong."""
    [file] = home.own.glob("webhook-*.env")
    config = home.folder / "config.json"
    config.write_text(json.dumps({"env_file": str(file), **options}))
    config.chmod(0o600)
    argv = [sys.executable, "-m", "dingbridge.cli", "notify", "--config", str(config), "later"]
    return str(processes.run(argv, env=home.environ, text=True).stderr)


def test_a_robot_that_knows_addresses_sends_hello(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        want(user, address(sandbox, PLAIN))
        user.chooses("IP addresses")
        user.sees("✓ sent: look at the group")
        user.sees("✓ stored in ~/.local/share/nvim/dingbridge/webhook-")
        user.sees("env_file = '~/.local/share/nvim/dingbridge/webhook-")
        user.chooses("No, I")
        assert user.ends() == 0
        assert PLAIN.token not in user.raw
    assert [each.text for each in sandbox.client.arrived()] == ["Hello from dingbridge."]
    assert [Path(each).suffix for each in home.holding(PLAIN.token)] == [".env"]
    assert notify(home) == ""


def test_a_robot_with_a_signature_takes_its_secret(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        want(user, address(sandbox, SIGNED))
        user.chooses("Signature")
        user.answers("begins with SEC and is not shown: ", SIGNING)
        user.sees("✓ sent: look at the group")
        user.chooses("No, I")
        assert user.ends() == 0
        assert SIGNING not in user.raw
    assert [Path(each).suffix for each in home.holding(SIGNING)] == [".env"]
    assert notify(home) == ""


def test_a_robot_with_a_keyword_takes_it(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        want(user, address(sandbox, KEYED))
        user.chooses("Keyword")
        user.answers("One of its keywords: ", "告警")
        user.sees("✓ sent: look at the group")
        user.sees("keyword = '告警',")
        user.chooses("No, I")
        assert user.ends() == 0
    assert notify(home, keyword="告警") == ""


def test_a_wrong_signature_says_so_and_stores_nothing(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        want(user, address(sandbox, SIGNED))
        user.chooses("Signature")
        user.answers("begins with SEC and is not shown: ", "SECwrong0123456789")
        user.sees("sign not match")
        assert home.left_there() == ["setup.json"]
        user.chooses("Type the address again")
        user.answers("which is not shown: ", address(sandbox, SIGNED))
        user.chooses("Signature")
        user.answers("begins with SEC and is not shown: ", SIGNING)
        user.sees("✓ sent: look at the group")
    assert home.holding("SECwrong") == []


def test_an_address_of_nobody_says_so(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        want(user, "https://example.com/robot/send?access_token=0123456789")
        user.sees("webhook")
        user.answers("which is not shown: ", f"{sandbox.url}/robot/send?access_token=none0123456")
        user.chooses("IP addresses")
        user.sees("webhook")
        user.chooses("Leave")
        assert user.ends() == 130
        assert "none0123456" not in user.raw
    assert home.holding("none0123456") == []
