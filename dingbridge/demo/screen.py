"""Opens Neovim with a bound session on the left and 张三's phone on the right."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dingbridge.demo.neovim import find_neovim, plugin_folder, surroundings
from dingbridge.demo.service import ended_at_last
from dingbridge.sandbox.server import SHOWN_OF_BODIES, Sandbox
from dingbridge.sandbox.settings import Settings

INIT = Path(__file__).with_name("init.lua")
ENDED = 128
"""What a shell adds to the number of the signal that ended a program."""
ENDED_WITHIN = 5.0
"""Seconds that Neovim's children may take to end."""


def show() -> int:
    """Run the demo in this terminal until Neovim is left; returns Neovim's exit code."""
    neovim = find_neovim()
    plugin_folder()
    with (
        tempfile.TemporaryDirectory(prefix="dingbridge-", ignore_cleanup_errors=True) as home,
        Sandbox(Settings(body_characters=SHOWN_OF_BODIES)) as sandbox,
        _signals_end_it(),
        ended_at_last(Path(home)),
    ):
        environ = {
            **surroundings(Path(home), os.environ),
            # The bridge reads its settings from here, as it would for a real robot.
            "DINGTALK_CLIENT_ID": sandbox.client_id,
            "DINGTALK_CLIENT_SECRET": sandbox.client_secret,
            "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
            "DINGTALK_OAPI_ENDPOINT": sandbox.url,
            "DINGTALK_ALLOW_FROM": "zhangsan",
            "DINGBRIDGE_DEMO_PYTHON": sys.executable,
            "DINGBRIDGE_DEMO_CONTROL": sandbox.control,
            "PYTHONUTF8": "1",
        }
        command = [neovim, "--clean", "-n", "-u", str(INIT)]
        with (
            _everybody_has_ended() as inherited,
            subprocess.Popen(  # noqa: S603 - see find_neovim
                command, env=environ, pass_fds=inherited
            ) as editor,
        ):
            try:
                return editor.wait()
            finally:
                editor.terminate()


@contextmanager
def _everybody_has_ended() -> Iterator[tuple[int, ...]]:
    """At the end wait for all that got these descriptors from us: a Neovim that is ended from
    outside leaves others behind for a moment, which still write files."""
    if sys.platform == "win32":
        yield ()
        return
    ours, theirs = os.pipe()
    try:
        yield (theirs,)
    finally:
        os.close(theirs)
        # It is readable once nobody holds the other end any more.
        select.select([ours], [], [], ENDED_WITHIN)
        os.close(ours)


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let the signals that end a program run the clean-up first."""

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(ENDED + number)

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
