"""The page for everybody: by keyboard, by screen reader, in two languages, in light and dark, on a
narrow screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dingbridge.sandbox import Sandbox
from tests.browser.conftest import OpenPage
from tests.browser.test_page import answer, robots, send_card

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMELESS = """() => [...document.querySelectorAll('button, a[href], [role=link], input, textarea')]
  .filter((element) => element.checkVisibility())
  .filter((element) => !(element.getAttribute('aria-label') || element.innerText.trim()
    || element.labels?.[0]?.innerText.trim()))
  .map((element) => element.outerHTML)"""

# The contrast of each text with what is painted behind it (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = ([red, green, blue]) => [red, green, blue]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each)
      if (style.backgroundImage !== 'none') return null
      const colour = channels(style.backgroundColor)
      if (colour[3] === 255) return colour
    }
    return [255, 255, 255, 255]
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const faint = []
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    const unread = element.closest('.unseen, .skip, .person .avatar, script')
    if (!texts.currentNode.data.trim() || unread) continue
    if (!element.checkVisibility({ opacityProperty: true })) continue
    const back = behind(element)
    if (!back) continue
    const [one, other] = [light(channels(getComputedStyle(element).color)), light(back)]
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    if (ratio < 4.5) faint.push(`${texts.currentNode.data.trim()}: ${ratio.toFixed(2)}`)
  }
  return faint
}"""
WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
BUTTONS = {
    "msgButtons": [
        {"text": "允许", "id": "allow", "request": True, "color": "blue"},
        {"text": "拒绝", "id": "deny", "request": True, "color": "gray"},
    ]
}
RICH = "# 标题\n\n`code` **bold** [link](https://a.example)\n\n> quoted\n\n|a|b|\n|-|-|\n|1|2|"


def fill(sandbox: Sandbox) -> None:
    """Something of everything."""
    sandbox.client.say("how is it?", user="zhangsan")
    answer(sandbox, RICH)
    sandbox.client.say_file("需求.pdf", bytes(3000))
    sandbox.client.say_voice(b"x", "明天见", 4000)
    params = {"title": "May I?", "markdown": "`rm`", "sys_full_json_obj": json.dumps(BUTTONS)}
    send_card(sandbox, cardData={"cardParamMap": {**params, "tips": "10 min"}})


def show_all(page: Page) -> None:
    page.get_by_role("heading", name="May I?").wait_for()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_everything_that_can_be_used_has_a_name(
    sandbox: Sandbox, open_page: OpenPage, locale: str
) -> None:
    fill(sandbox)
    page = open_page(locale=locale)
    show_all(page)
    page.keyboard.press("Alt+w")
    page.locator("#wire").wait_for()
    assert page.evaluate(NAMELESS) == []
    for role in ("log", "main", "navigation", "complementary"):
        assert page.get_by_role(role).count() == 1, role


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(sandbox: Sandbox, open_page: OpenPage, scheme: str) -> None:
    fill(sandbox)
    sandbox.client.named_fault("quota")
    page = open_page(color_scheme=scheme)
    show_all(page)
    page.keyboard.press("Alt+w")
    page.locator(".wire-state [data-bad=true]").first.wait_for()
    assert page.evaluate(FAINT) == []


def test_the_colours_of_the_system_are_followed_until_others_are_chosen(
    open_page: OpenPage,
) -> None:
    page = open_page(color_scheme="dark")
    background = "() => getComputedStyle(document.querySelector('.conversations')).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Colours of the system").click()
    page.get_by_role("button", name="Light", exact=True).wait_for()
    light = page.evaluate(background)
    assert light == "rgb(255, 255, 255)" != dark
    page.reload()
    page.get_by_role("button", name="Light", exact=True).click()
    page.get_by_role("button", name="Dark", exact=True).wait_for()
    assert page.evaluate(background) == dark


def test_the_page_speaks_the_language_of_the_browser_until_another_is_chosen(
    open_page: OpenPage,
) -> None:
    page = open_page(locale="zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("heading", name="消息").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Messages").wait_for()
    page.reload()
    page.get_by_role("heading", name="Messages").wait_for()


def test_both_languages_have_the_same_words(open_page: OpenPage) -> None:
    page = open_page()
    shape: dict[str, Any] = page.evaluate(
        """async () => {
          const { WORDS } = await import(new URL('words.js', location.href))
          const shape = (value) => (typeof value === 'object' && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shape(each)]))
            : Array.isArray(value) ? value.length : typeof value)
          return shape(WORDS)
        }"""
    )
    assert shape["en"] == shape["zh"]
    assert len(shape["en"]) > 60


def test_a_conversation_is_led_by_keys_alone(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type("hello\n")
    page.locator(".message[data-mine=true]", has_text="hello").wait_for()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two\n")
    page.locator(".message[data-mine=true]", has_text="two").wait_for()
    assert sandbox.client.said()[-1].lost
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("heading", name="产品讨论群", level=2).wait_for()
    page.keyboard.type("@d")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.type("hi\n")
    page.locator(".message .mention", has_text="@dingbridge").wait_for()
    page.keyboard.press("Alt+ArrowUp")
    page.get_by_role("heading", name="dingbridge", level=2).wait_for()


def test_a_message_is_answered_by_keys_alone(sandbox: Sandbox, open_page: OpenPage) -> None:
    sandbox.client.say("?")
    answer(sandbox, "the answer")
    page = open_page()
    robots(page).wait_for()
    page.locator("#log").focus()
    page.keyboard.press("ArrowUp")
    assert "the answer" in page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".quoting", has_text="the answer").wait_for()
    page.keyboard.press("Escape")
    page.locator(".quoting").wait_for(state="detached")


@pytest.mark.parametrize("width", [800, 1100, 1280, 1900])
def test_nothing_lies_over_anything_else(sandbox: Sandbox, open_page: OpenPage, width: int) -> None:
    fill(sandbox)
    answer(sandbox, f"{'x' * 300} https://a.example/{'y' * 300}\n\n```\n{'z' * 300}\n```")
    page = open_page(viewport={"width": width, "height": 700})
    robots(page).last.hover()
    robots(page).last.get_by_role("button", name="Answer with a quote").click()
    page.keyboard.press("Alt+w")
    page.locator("#wire").wait_for()
    columns = page.evaluate(
        """() => [...document.querySelectorAll('.app > *')]
          .filter((each) => each.checkVisibility())
          .map((each) => each.getBoundingClientRect())
          .map(({ left, right }) => [Math.round(left), Math.round(right)])"""
    )
    assert [right for _, right in columns] == [*(left for left, _ in columns[1:]), width]
    inside = "each => each.scrollWidth <= each.clientWidth"
    assert [page.locator(each).evaluate(inside) for each in ("#chat", "#log", "#wire")] == [
        True
    ] * 3


def test_a_narrow_screen_shows_the_list_or_the_chat(sandbox: Sandbox, open_page: OpenPage) -> None:
    fill(sandbox)
    page = open_page(viewport={"width": 360, "height": 720})
    page.get_by_role("button", name="dingbridge").click()
    show_all(page)
    assert not page.evaluate(WIDER)
    assert page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")
    assert page.get_by_role("navigation").count() == 0
    page.get_by_role("button", name="Back to the conversations").click()
    page.get_by_role("navigation").wait_for()
    page.get_by_role("button", name="Wire and faults").click()
    page.get_by_role("button", name="Cut line").wait_for()
    assert not page.evaluate(WIDER)
