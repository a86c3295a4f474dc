"""`dingbridge setup` with a keyring: a backend of its own, whose secrets are in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Settings
from tests.support import processes
from tests.support.setup_home import APP, SetupHome, paste, write

pytest.importorskip("keyring", reason="needs the package keyring")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")

BACKEND = """
import json
from pathlib import Path
from keyring.backend import KeyringBackend

KEPT = Path(__file__).with_name("kept.json")

class FileKeyring(KeyringBackend):
    priority = 9

    def set_password(self, service, name, secret):
        KEPT.write_text(json.dumps({**self.kept(), f"{service}/{name}": secret}))

    def get_password(self, service, name):
        return self.kept().get(f"{service}/{name}")

    def delete_password(self, service, name):
        pass

    def kept(self):
        return json.loads(KEPT.read_text()) if KEPT.exists() else {}
"""
"""Like the keyring of a system: another process can ask it."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(other_apps=(APP,), scan_interval=1)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> SetupHome:
    home = SetupHome(tmp_path / "home", sandbox)
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend/file_keyring.py").write_text(BACKEND)
    settings = home.folder / ".config/python_keyring/keyringrc.cfg"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        "[backend]\ndefault-keyring=file_keyring.FileKeyring\n"
        f"keyring-path={tmp_path / 'backend'}\n"
    )
    settings.with_name("config.cfg").write_text(settings.read_text())
    del home.environ["PYTHON_KEYRING_BACKEND"]
    return home


def kept(tmp_path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((tmp_path / "backend/kept.json").read_text())
    return found


def test_the_secret_goes_into_the_keyring_and_no_file(
    home: SetupHome, sandbox: Sandbox, tmp_path: Path
) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("In the system's keyring")
        user.chooses("I have its Client ID")
        user.answers("Client ID (AppKey) of the app: ", APP.client_id)
        user.answers("which is not shown: ", APP.client_secret)
        user.sees("✓ stored in the keyring")
        # From here on it is read as Neovim will read it.
        write(user, sandbox)
        user.sees("app_key = 'dingpasted',")
        user.sees("app_secret = { cmd = { '")
        user.chooses("No, I")
        assert user.ends() == 0
        assert APP.client_secret not in user.raw
    assert kept(tmp_path) == {"dingbridge/dingpasted app_secret": APP.client_secret}
    assert home.holding(APP.client_secret) == []


def test_a_webhook_in_the_keyring_sends(home: SetupHome, sandbox: Sandbox, tmp_path: Path) -> None:
    with home.setup() as user:
        user.chooses("Notifications")
        user.chooses("In the system's keyring")
        user.answers("which is not shown: ", sandbox.webhook_url)
        user.chooses("IP addresses")
        user.sees("✓ stored in the keyring")
        user.sees("webhook = { cmd = { '")
        user.chooses("No, I")
        assert user.ends() == 0
    [(name, webhook)] = kept(tmp_path).items()
    assert webhook == sandbox.webhook_url
    argv = [sys.executable, "-I", "-m", "keyring", "get", *name.split("/")]
    told = processes.run(argv, env=home.environ, text=True)
    assert told.stdout.strip() == sandbox.webhook_url


def test_a_setup_that_was_left_asks_the_keyring(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("In the system's keyring")
        user.chooses("I have its Client ID")
        user.answers("Client ID (AppKey) of the app: ", APP.client_id)
        user.answers("which is not shown: ", APP.client_secret)
        user.sees("Write to the robot now")
        assert user.interrupts() == 130
    with home.setup() as user:
        user.sees("Go on where you were?")
        user.chooses("Go on")
        write(user, sandbox)
        user.sees("✓ answered")


def test_without_one_it_is_not_offered(home: SetupHome) -> None:
    home.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    with home.setup() as user:
        paste(user)
        user.sees("✓ stored in ~/")
