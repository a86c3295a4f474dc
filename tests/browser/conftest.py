"""A Chromium for the page of the sandbox. Without one, or without Playwright, these tests say so
and are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dingbridge.sandbox import Sandbox, Settings
from tests.browser.on_thread import OwnThread
from tests.support import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request

KEPT = "DINGBRIDGE_SCREENSHOTS"
"""Variable with a folder in which each test leaves a picture of its pages."""
WITHIN = 15_000.0
"""Milliseconds that anything may take to appear."""

OpenPage = Callable[..., "Page"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    if lacking := chromium.missing():
        pytest.skip(lacking)
    from playwright.sync_api import sync_playwright

    thread = OwnThread()
    running = thread.do(sync_playwright().start)
    launched = running.chromium.launch(executable_path=chromium.program(), args=[*chromium.FLAGS])
    yield launched
    launched.close()
    running.stop()
    thread.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that shows its wire."""
    with Sandbox(Settings(client_id=f"dingpage{os.getpid()}", body_characters=4000)) as running:
        yield running


@pytest.fixture
def open_page(
    browser: Browser, sandbox: Sandbox, request: pytest.FixtureRequest
) -> Iterator[OpenPage]:
    """Open the page, with words about the browser as for `new_context`. At the end no page may have
    asked another host, reported an error, or opened a dialog of its own."""
    pages: list[Page] = []
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(message.text)

    def asked(sent: Request) -> None:
        if not sent.url.startswith((sandbox.url, f"blob:{sandbox.url}")):
            wrong.append(f"asked {sent.url}")

    def opened(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def failed(error: Error) -> None:
        wrong.append(f"error: {error}")

    def open_one(**words: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", **words})
        context.set_default_timeout(WITHIN)
        page = context.new_page()
        page.on("console", heard)
        page.on("request", asked)
        page.on("dialog", opened)
        page.on("pageerror", failed)
        pages.append(page)
        page.goto(sandbox.page)
        page.locator("#draft").wait_for(state="attached")
        return page

    yield open_one
    for number, page in enumerate(pages):
        keep(page, request.node.name + (f"-{number}" if number else ""))
        page.context.close()
    assert wrong == []


def keep(page: Page, name: str) -> None:
    """Leaves a picture of the page, if pictures are wanted."""
    folder = os.environ.get(KEPT)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        safe = "".join(each if each.isalnum() else "-" for each in name)
        page.screenshot(path=Path(folder) / f"{safe}.png")
