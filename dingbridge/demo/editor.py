"""A Neovim without a screen, driven as its user would."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pynvim

from dingbridge.demo.conversation import SpokenLine
from dingbridge.demo.neovim import find_neovim, plugin_folder, surroundings

T = TypeVar("T")


class HeadlessNeovim:
    """A headless Neovim with the plugin, for use as a context manager. `home` holds its files."""

    def __init__(self, home: Path) -> None:
        arguments = [find_neovim(), "--clean", "-n", "--embed", "--headless"]
        before = dict(os.environ)
        changed = surroundings(home, before)
        # pynvim starts its child with this process's environment.
        os.environ.clear()
        os.environ.update(changed)
        try:
            self._nvim = pynvim.attach("child", argv=arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
        self._lua("vim.opt.rtp:prepend(...)", str(plugin_folder()))

    def __enter__(self) -> HeadlessNeovim:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._nvim.command("qa!")
        except (EOFError, OSError):
            pass  # it is gone, as asked
        finally:
            self._nvim.close()

    @property
    def version(self) -> str:
        """Neovim's version, such as `0.11.4`."""
        return str(
            self._lua("local v = vim.version(); return v.major .. '.' .. v.minor .. '.' .. v.patch")
        )

    def setup(self, options: dict[str, Any]) -> None:
        """`require('dingbridge').setup(options)`."""
        self._lua("require('dingbridge').setup(...)", options)

    def command(self, words: str) -> None:
        """Give a command, without its colon. Raises `ValueError` when Neovim refuses it."""
        try:
            self._nvim.command(words)
        except pynvim.NvimError as refused:
            raise ValueError(f":{words}: {refused}") from refused

    def send_draft(self, text: str) -> None:
        """Write `text` into the draft and send it."""
        self._nvim.current.buffer[:] = text.split("\n")
        self.command("write")

    def status(self) -> dict[str, Any]:
        """`require('dingbridge').status()`."""
        return dict(self._lua("return require('dingbridge').status()"))

    def said(self) -> list[str]:
        """The notices that the user got so far."""
        rows = self._lua("return require('dingbridge.notice').said")
        return [str(row["text"]) for row in rows or []]

    def transcript(self) -> list[SpokenLine]:
        """The messages of the session in front, in their order."""
        rows = self._lua(
            "return require('dingbridge').transcript(require('dingbridge.state').current)"
        )
        return [
            SpokenLine(str(row["author"]), str(row["text"]), str(row["delivery"]))
            for row in rows or []
        ]

    def until(self, look: Callable[[], T], wanted: str, seconds: float) -> T:
        """Wait until `look()` gives something true, and return it.

        Raises `TimeoutError`, naming what was wanted, when it does not within `seconds`.
        """
        end = time.monotonic() + seconds
        while not (seen := look()):
            if time.monotonic() > end:
                raise TimeoutError(f"{wanted}: not within {seconds:g} seconds")
            # The editor works on while it waits; this asks it to, instead of sleeping here.
            self._lua("vim.wait(10, function() return false end, 5)")
        return seen

    def _lua(self, code: str, *arguments: Any) -> Any:
        return self._nvim.exec_lua(code, *arguments)
