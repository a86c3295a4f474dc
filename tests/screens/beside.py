"""A picture of Neovim and of the sandbox's page beside it, in one conversation."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

from PIL import Image

from tests.browser.on_thread import OwnThread
from tests.screens.scene import Scene, scene, seconds
from tests.screens.terminal import DARK
from tests.support import chromium

COLUMNS, LINES = 80, 33
PAGE_WIDTH = 420
"""Dots: that of a phone, at which the page shows nothing but the conversation."""
GAP = 2
DAY = "2026-11-30"
ANSWER = """**通过了** All of it:

| step | result | time |
|---|:-:|--:|
| lint | ✓ | 12 s |
| test | ✓ | 2.1 min |"""


NEXT = "Shall we tag it?"


class Clock:
    """DingTalk's clock, which is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def conversation(one: Scene, clock: Clock) -> None:
    """A question, its answer, and the next question, while somebody writes."""
    one.bind()
    clock.now = seconds(f"{DAY} 14:02")
    one.say("14:02", "构建 #812 通过了吗？", "zhangsan", None)
    clock.now = seconds(f"{DAY} 14:03")
    one.write("14:03", ANSWER)
    clock.now = seconds(f"{DAY} 14:05")
    one.say("14:05", NEXT, "zhangsan", None)
    one.keys("iYes, please. I write the notes for `2.4`.")


def take(display: str, file: Path) -> None:
    """Take the picture."""
    from playwright.sync_api import sync_playwright

    clock = Clock()
    clock.now = seconds(f"{DAY} 14:00")
    with scene(display, COLUMNS, LINES, DARK, clock=clock) as one, closing(OwnThread()) as thread:
        conversation(one, clock)
        one.picture(file)
        terminal = Image.open(file).convert("RGB")
        running = thread.do(sync_playwright().start)
        browser = running.chromium.launch(
            executable_path=chromium.program(), args=[*chromium.FLAGS]
        )
        page = browser.new_page(
            viewport={"width": PAGE_WIDTH, "height": terminal.height},
            timezone_id="UTC",
            locale="en-GB",
            color_scheme="dark",
        )
        page.goto(one.sandbox.page)
        page.get_by_role("button", name="dingbridge").click()
        page.mouse.move(0, 0)
        page.get_by_text(NEXT, exact=True).last.wait_for()
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
        browser.close()
        running.stop()
    both = Image.new("RGB", (terminal.width + GAP + PAGE_WIDTH, terminal.height), "#4f5258")
    both.paste(terminal, (0, 0))
    both.paste(shot, (terminal.width + GAP, 0))
    both.quantize(128).save(file, optimize=True)
