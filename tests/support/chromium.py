"""The browser for the page of the sandbox: Chromium, driven by Playwright."""

from __future__ import annotations

import importlib.util
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)


def program() -> str:
    """The path of the browser; empty when there is none."""
    return next(filter(None, map(shutil.which, NAMES)), "")


def missing() -> str:
    """What is missing to use it, in words; empty when nothing is."""
    if importlib.util.find_spec("playwright") is None:
        return "needs Playwright; `make check-browser` installs it"
    return "" if program() else "needs Chromium; Debian has it in the package chromium"
