"""Sends notifications to Neovim. The only module that calls pynvim."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from dingbridge.protocol.updates import Update

log = logging.getLogger(__name__)

APPLY = "require('dingbridge.updates').apply(...)"
"""The only Lua code that is run from here. Everything from outside is an argument of it."""


class Neovim:
    """Notifications to the editor. `nvim` is pynvim's object; no requests are made."""

    def __init__(self, nvim: Any) -> None:
        self._nvim = nvim

    @property
    def channel(self) -> int:
        """The number of this host's RPC channel in the editor."""
        return int(self._nvim.channel_id)

    def show(self, *updates: Update) -> None:
        """Send updates, in order. On the host loop only."""
        self.apply(msgspec.to_builtins(updates))

    def apply(self, shown: Any) -> None:
        """Send updates that are encoded as tables already. On the host loop only."""
        self._nvim.exec_lua(APPLY, shown, async_=True)

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the host loop. For other threads; never raises once the loop is closed."""
        try:
            self._nvim.async_call(call)
        except RuntimeError:
            # The loop is closed: Neovim has exited.
            log.debug("the editor has left")
