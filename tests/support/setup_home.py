"""An empty home for the guided setup, which asks a sandbox instead of DingTalk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import App
from tests.support.typist import Typist

APP = App("dingpasted", "pasted-Secret_0123456789abcdefghij", robot_name="mine")
"""An app whose credentials are pasted. Its secret is found nowhere but where it belongs."""
STRAY = (
    "DINGTALK_",
    "COLUMNS",
    "LINES",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "PYTHON_KEYRING",
    "XDG_",
)


class SetupHome:
    """A user's home in `folder`. `own` is dingbridge's folder below Neovim's data."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        folder.mkdir()
        self.folder = folder
        self.own = folder / ".local/share/nvim/dingbridge"
        self.snippet = folder / ".config/nvim/plugin/dingtalk.lua"
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.upper().startswith(STRAY)},
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
            "DINGTALK_OAPI_ENDPOINT": sandbox.url,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def setup(self, columns: int = 200) -> Typist:
        """The setup in a terminal."""
        argv = [sys.executable, "-m", "dingbridge.cli", "setup"]
        return Typist(argv, self.environ, columns)

    def left_there(self) -> list[str]:
        """The names of the files of ours, without locks, and without what is being written."""
        names = (path.name for path in self.own.iterdir())
        return sorted(name for name in names if not name.endswith(".lock") and name[0] != ".")

    def holding(self, text: str) -> list[str]:
        """The files anywhere in this home that contain a text."""
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in _files(self.folder)
            if text.encode() in path.read_bytes()
        )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def paste(user: Typist, secret: str = APP.client_secret) -> None:
    """Wants a conversation, and pastes an app's credentials."""
    user.chooses("A conversation")
    user.chooses("I have its Client ID")
    user.answers("Client ID (AppKey) of the app: ", APP.client_id)
    user.answers("which is not shown: ", secret)


def write(user: Typist, sandbox: Sandbox, app: App = APP) -> None:
    """Writes to the robot, and says that it was the user."""
    user.sees("Write to the robot now")
    sandbox.client.say("早上好", user="zhangsan", app=app.client_id)
    user.sees("张三 (zhangsan) wrote: 早上好")
    user.chooses("Yes")
