"""The handlers that pynvim registers. Each body is one call inside the error boundary."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvim

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    # The package stands beside this folder; no installation is needed to find it.
    sys.path.insert(0, str(ROOT))

from dingbridge.launch import forget_current_folder  # noqa: E402 - the path comes first

# Neovim's provider starts its host in the current folder, with the user's PYTHONPATH.
forget_current_folder()

from dingbridge.core.errors import BridgeError  # noqa: E402 - only what is ours is imported now
from dingbridge.editor.host import Host  # noqa: E402

COMPLETE = "customlist,v:lua.require'dingbridge.complete'.line"
CONTEXT = "v:lua.require'dingbridge.command_context'.take(<lt>range>, <lt>line1>, <lt>line2>)"
"""Evaluated with the command, so that the host need not query the editor. `<lt>` prevents a
replacement when Neovim defines the command that starts the host."""


@pynvim.plugin
class DingbridgePlugin:
    """Commands and events from the editor."""

    def __init__(self, nvim: Any) -> None:
        # pynvim names the handlers by the path of this file, as it was given, with slashes.
        self._host = Host(nvim, Path(os.path.normpath(__file__)).as_posix())

    @pynvim.command("Chat", nargs="?", range="", complete=COMPLETE, eval=CONTEXT)
    def chat(self, arguments: list[str], _: list[int], sent: Any) -> None:
        """`:Chat …`"""
        self._bounded(lambda: self._host.command(" ".join(arguments), sent))

    @pynvim.command("DingTalk", nargs="?", range="", complete=COMPLETE, eval=CONTEXT)
    def dingtalk(self, arguments: list[str], _: list[int], sent: Any) -> None:
        """`:DingTalk …`, the same subcommands."""
        self._bounded(lambda: self._host.command(" ".join(arguments), sent))

    @pynvim.rpc_export("dingbridge_event")
    def event(self, name: str, payload: Any) -> None:
        """An event from Lua."""
        self._bounded(lambda: self._host.event(name, payload))

    @pynvim.rpc_export("dingbridge_stop")
    def stop(self) -> None:
        """Neovim exits."""
        self._bounded(self._host.stop)

    def _bounded(self, call: Callable[[], None]) -> None:
        """The error boundary: pynvim would echo an exception with its arguments."""
        try:
            call()
        except BridgeError as error:
            self._host.refused(error)
        except Exception as error:  # noqa: BLE001 - nothing may pass this boundary
            self._host.broke(error)
