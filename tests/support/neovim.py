"""Finds a Neovim that is new enough, as the demo does."""

from __future__ import annotations

from dingbridge.demo.neovim import find_neovim

__all__ = ["find_neovim"]
