"""What an agent wants to do is asked on the page, and answered there: typed, by link, by card."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from dingbridge.sandbox import TEAM, Sandbox
from tests.browser.conftest import OpenPage
from tests.browser.test_conversation import write
from tests.browser.test_page import robots
from tests.browser.test_reach import FAINT, WIDER
from tests.support.agent_sessions import agent, set_up
from tests.support.asking_service import start_service
from tests.support.editor import Editor
from tests.support.scripted_agent import Steps

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

OLD = 'def greet(name):\n    print("Hello")\n    return None\n'
NEW = 'def greet(name):\n    print(f"Hello, {name}, 你好！")\n    return None\n'
CALL = {
    "toolCallId": "w",
    "title": "Edit greeting.py",
    "kind": "edit",
    "status": "pending",
    "content": [{"type": "diff", "path": "greeting.py", "oldText": OLD, "newText": NEW}],
}
TURN: Steps = [["ask", CALL], ["allowed", [["text", "written"]], [["text", "not written"]]]]
WAYS = ("typed", "link", "card")


BROKEN = """() => [...document.querySelectorAll('.card-button, .markdown :not(pre) > code')]
  .filter((element) => {
    const range = document.createRange()
    range.selectNodeContents(element)
    return new Set([...range.getClientRects()].map((each) => Math.round(each.bottom / 8))).size > 1
  })
  .map((element) => element.innerText)"""
"""Buttons and commands that go over more than one line."""


def begin(editor: Editor, options: dict[str, Any], **more: Any) -> None:
    """Set up a session whose agent wants to edit a file in each turn."""
    set_up(editor, options, agent(TURN), **more)


def ask(page: Page) -> Locator:
    """Ask for a turn of the agent. Returns the message with its question."""
    write(page, "请改一下问候语。Please greet me by name.")
    return question(page)


def question(page: Page) -> Locator:
    """The message that asks for an approval, once it is there."""
    found = robots(page).filter(has_text="Valid until")
    found.wait_for()
    return found


def code_of(asked: Locator) -> str:
    """The code of a question, as somebody reads it."""
    found = re.search(r"/approve ([0-9A-Z]{4})\b", asked.inner_text())
    assert found
    return found[1]


def answer(page: Page, asked: Locator, way: str, command: str) -> None:
    """Answer a question in one of the ways."""
    label = {"approve": "同意 Allow", "reject": "拒绝 Reject"}[command]
    if way == "typed":
        write(page, f"/{command} {code_of(asked)}")
    else:
        asked.get_by_role("link" if way == "link" else "button", name=label, exact=True).click()


def says(page: Page, text: str) -> Locator:
    """A message of the robot that is this text, once it is there."""
    found = robots(page).filter(has=page.get_by_text(text, exact=True))
    found.last.wait_for()
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("command", "end"), [("approve", "written"), ("reject", "not written")])
def test_a_question_of_an_agent_is_answered_on_the_page(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    open_page: OpenPage,
    way: str,
    command: str,
    end: str,
) -> None:
    begin(editor, api_options, approval_cards=way == "card")
    page = open_page()
    asked = ask(page)
    diff = asked.locator("code", has_text='print("Hello")').inner_text().splitlines()
    assert '-    print("Hello")' in diff
    assert '+    print(f"Hello, {name}, 你好！")' in diff
    answer(page, asked, way, command)
    says(page, end)
    assert len(sandbox.client.cards()) == (way == "card")


def test_a_card_shows_who_decided_and_has_no_buttons_any_more(
    editor: Editor, api_options: dict[str, Any], open_page: OpenPage
) -> None:
    begin(editor, api_options, approval_cards=True)
    page = open_page()
    asked = ask(page)
    code = code_of(asked)
    page.locator(".conversation .preview", has_text=code).wait_for()
    assert asked.get_by_role("button", name="总是同意 Always").count() == 1
    answer(page, asked, "card", "approve")
    asked.get_by_text(f"已同意 Allowed · {code}").wait_for()
    assert asked.locator(".card-button").count() == 0


@pytest.mark.parametrize("way", WAYS[1:])
def test_a_tap_of_somebody_whose_answer_does_not_count_is_refused(
    editor: Editor, api_options: dict[str, Any], open_page: OpenPage, way: str
) -> None:
    notified = {"user_id": "lisi", "admins": ["zhangsan"]}
    begin(editor, api_options, **notified, approval_cards=way == "card")
    editor.chat("send please greet me by name")
    page = open_page()
    page.get_by_role("radio", name="李四").check(force=True)
    asked = question(page)
    code = code_of(asked)
    answer(page, asked, way, "approve")
    page.get_by_text("No such request for you").wait_for()
    assert editor.status()["approvals"] == 1
    page.get_by_role("radio", name="张三").check(force=True)
    write(page, f"/approve {code}")
    page.get_by_text(f"已同意 Allowed · {code}").wait_for()
    editor.until(lambda: editor.transcript()[-1]["text"] == "written")


def test_in_a_group_a_question_is_read_and_not_tapped(
    editor: Editor, api_options: dict[str, Any], open_page: OpenPage
) -> None:
    begin(editor, api_options, admins=["zhangsan"], conversation_id=TEAM)
    editor.chat("send please greet me by name")
    page = open_page()
    page.get_by_role("button", name="产品讨论群").click()
    asked = question(page)
    assert asked.get_by_role("link").count() == 0
    code = code_of(asked)
    page.get_by_role("radio", name="李四").check(force=True)
    write(page, f"@dingbridge /approve {code}")
    page.get_by_text("No such request for you").wait_for()
    assert editor.status()["approvals"] == 1


def test_a_stranger_who_types_the_code_is_refused(
    editor: Editor, api_options: dict[str, Any], open_page: OpenPage
) -> None:
    begin(editor, api_options)
    page = open_page()
    code = code_of(ask(page))
    page.get_by_role("radio", name="李四").check(force=True)
    write(page, f"/approve {code}")
    page.get_by_text("No such request for you").wait_for()
    assert editor.status()["approvals"] == 1


@pytest.mark.parametrize("way", WAYS[1:])
def test_a_question_that_nobody_answers_expires_and_a_late_answer_changes_nothing(
    editor: Editor, api_options: dict[str, Any], open_page: OpenPage, way: str
) -> None:
    start_service(editor, "tests.support.hasty_service")
    begin(editor, api_options, approval_cards=way == "card")
    page = open_page()
    asked = ask(page)
    code = code_of(asked)
    says(page, "not written")
    page.get_by_text("已过期，视为拒绝 Expired").wait_for()
    if way == "card":
        assert asked.locator(".card-button").count() == 0
        write(page, f"/approve {code}")
    else:
        answer(page, asked, way, "approve")
    page.get_by_text("This request was closed before").wait_for()
    assert editor.transcript()[-1]["text"] == "not written"


@pytest.mark.parametrize("cards", [True, False], ids=["card", "text"])
def test_a_question_can_be_read_in_light_and_dark_and_on_a_phone(
    editor: Editor, api_options: dict[str, Any], open_page: OpenPage, cards: bool
) -> None:
    begin(editor, api_options, approval_cards=cards)
    looks: list[dict[str, Any]] = [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"color_scheme": "light", "viewport": {"width": 375, "height": 812}},
        {"color_scheme": "dark", "viewport": {"width": 375, "height": 812}},
    ]
    pages = [open_page(**look) for look in looks]
    for page in pages[2:]:
        page.get_by_role("button", name="dingbridge").click()
    ask(pages[0])
    for page in pages:
        question(page)
        assert page.evaluate(FAINT) == []
        assert page.evaluate(BROKEN) == []
        assert not page.evaluate(WIDER)
        assert page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")
