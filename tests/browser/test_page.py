"""The page in a real browser, without an editor: what is drawn, and what can be done with it."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any, get_args

import pytest
from PIL import Image

from dingbridge.sandbox import Sandbox
from dingbridge.sandbox.commands import FaultName
from tests.browser.conftest import OpenPage
from tests.sandbox.test_page_rendering import HOSTILE
from tests.sandbox.test_sandbox_cards import AI, BOTH, CALLBACK, STREAM, body, good, update
from tests.sandbox.test_sandbox_stream import TOPIC, dial, read, register
from tests.support.sandbox_calls import fetch_token, post, request

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SCRIPTS = "() => [...document.querySelectorAll('#log script, #log style, #log iframe, #log form')]"


def answer(sandbox: Sandbox, text: str, **words: Any) -> None:
    """A robot's answer in Markdown to the last message, or to a new one."""
    said = sandbox.client.said()
    webhook = said[-1].session_webhook if said else sandbox.client.say("?", **words).session_webhook
    given = {"msgtype": "markdown", "markdown": {"title": "t", "text": text}}
    assert request("POST", webhook, json=given).json()["errcode"] == 0


def send_card(sandbox: Sandbox, **fields: Any) -> None:
    robot = {"spaceType": "IM_ROBOT", "robotCode": sandbox.client_id}
    good(sandbox, "POST", BOTH, body(imRobotOpenDeliverModel=robot, **fields))


def eventually(page: Page, expression: str) -> None:
    """Waits until an expression is true in the page. Playwright's own way takes `eval`, which the
    page does not allow."""
    page.evaluate(
        f"""() => new Promise((resolve) => {{
          const look = () => ({expression} ? resolve() : requestAnimationFrame(look))
          look()
        }})"""
    )


def robots(page: Page) -> Locator:
    return page.locator(".message[data-robot=true]")


# --- hostile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [0, 1])
def test_no_text_of_anybody_acts_in_the_page(
    sandbox: Sandbox, open_page: OpenPage, half: int
) -> None:
    page = open_page()
    hostile = HOSTILE[half::2]
    for text in hostile:
        sandbox.client.say(text)
        answer(sandbox, text)
    eventually(page, f"document.querySelectorAll('.message').length === {2 * len(hostile)}")
    assert page.evaluate(SCRIPTS) == []
    assert (
        page.evaluate(
            """() => [...document.querySelectorAll('#log *')].flatMap((element) =>
              element.getAttributeNames().filter((name) => /^on|^style$/.test(name)))"""
        )
        == []
    )
    for link in page.locator("#log [role=link]").all():
        assert link.get_attribute("href") is None
    shown = page.locator(".message[data-mine=true] .text").all_inner_texts()
    assert shown == [re.sub("\x00", "", text) for text in hostile]


def test_hostile_names_are_words(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = open_page()
    sandbox.client.say_file("<img src=x onerror=alert(1)>.pdf", b"x")
    sandbox.client.say("x", extra={"senderNick": "<script>alert(1)</script>"})
    page.get_by_text("<script>alert(1)</script>").first.wait_for()
    assert page.locator(".file-name").inner_text() == "<img src=x onerror=alert(1)>.pdf"
    assert page.evaluate(SCRIPTS) == []


def test_an_address_is_shown_before_it_is_opened(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = open_page()
    answer(sandbox, "[click me](https://elsewhere.example/steal?x=1)")
    page.get_by_role("link", name="click me").press("Enter")
    dialog = page.get_by_role("dialog")
    assert "https://elsewhere.example/steal?x=1" in dialog.inner_text()
    opening = dialog.get_by_role("link", name="Open in a new tab")
    assert opening.get_attribute("rel") == "noopener noreferrer"
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_a_picture_of_another_host_is_named_and_not_loaded(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    answer(sandbox, "![pixel](https://elsewhere.example/pixel.gif)")
    robots(page).get_by_text("https://elsewhere.example/pixel.gif").wait_for()
    assert robots(page).locator("img").count() == 0


# --- what robots do -------------------------------------------------------------------------------


def test_a_button_of_a_card_calls_the_bridge_and_its_answer_changes_the_card(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    topics = [{"type": "CALLBACK", "topic": each} for each in (TOPIC, CALLBACK)]
    granted = register(sandbox, subscriptions=topics).json()
    socket = dial(granted["endpoint"], granted["ticket"])
    page = open_page()
    buttons = {"msgButtons": [{"text": "允许", "id": "allow", "request": True, "color": "blue"}]}
    params = {"title": "May I?", "markdown": "**rm**", "sys_full_json_obj": json.dumps(buttons)}
    send_card(sandbox, cardData={"cardParamMap": params})
    page.get_by_role("button", name="允许").click()
    frame, data = read(socket)
    assert (data["userId"], "allow" in data["content"]) == ("zhangsan", True)
    done = {"cardData": {"cardParamMap": {"title": "Allowed", "sys_full_json_obj": "{}"}}}
    ack = {
        "code": 200,
        "headers": {"messageId": frame["headers"]["messageId"], "contentType": "application/json"},
        "message": "OK",
        "data": json.dumps({"response": done}),
    }
    socket.send(json.dumps(ack))
    page.get_by_role("heading", name="Allowed").wait_for()
    assert page.get_by_role("button", name="允许").count() == 0
    assert page.get_by_text("张三 pressed allow").count() == 1


def test_a_card_grows_while_it_is_streamed(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = open_page()
    data = {"cardParamMap": {"flowStatus": "1", "msgContent": ""}}
    send_card(sandbox, cardTemplateId=AI, cardData=data)
    page.get_by_text("Working …").wait_for()
    good(sandbox, "PUT", STREAM, update(content="one"))
    page.locator(".card", has_text="Writing …").wait_for()
    good(sandbox, "PUT", STREAM, update(content="one **two**", isFinalize=True))
    page.locator(".card strong", has_text="two").wait_for()
    assert page.locator(".card-state").count() == 0


def test_a_reaction_comes_and_goes(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = open_page()
    said = sandbox.client.say("?")
    about = {"openMsgId": said.message_id, "openConversationId": said.conversation_id}
    given = {**about, "robotCode": sandbox.client_id, "emotionName": "👀"}
    good_reaction(sandbox, "reply", given)
    page.locator(".reactions", has_text="👀").wait_for()
    good_reaction(sandbox, "recall", given)
    page.locator(".reactions").wait_for(state="detached")


def good_reaction(sandbox: Sandbox, what: str, given: dict[str, Any]) -> None:
    path = f"/v1.0/robot/emotion/{what}"
    assert post(sandbox, path, given, fetch_token(sandbox)) == (200, {"success": True})


# --- people ---------------------------------------------------------------------------------------


def test_each_person_has_a_chat_of_their_own_and_sees_the_groups(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    sandbox.client.say("only mine", user="lisi")
    answer(sandbox, "for you")
    page.locator(".person", has_text="李四").locator(".dot").wait_for()
    page.get_by_role("radio", name="李四").check(force=True)
    page.locator(".message[data-mine=true]", has_text="only mine").wait_for()
    sandbox.client.say("@dingbridge hi", user="陌生人", group="产品讨论群")
    group = page.get_by_role("button", name="产品讨论群")
    group.get_by_text("1 unread").wait_for()
    group.click()
    page.locator(".message[data-mine=false] .mention", has_text="@dingbridge").wait_for()
    group.get_by_text("1 unread").wait_for(state="detached")


def test_nothing_is_lost_when_the_sandbox_starts_anew(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    sandbox.client.say("before")
    page.locator(".message", has_text="before").wait_for()
    sandbox.stop()
    page.get_by_role("alert").get_by_text("does not answer").wait_for()
    sandbox.start()
    sandbox.client.say("after")
    page.locator(".message", has_text="after").wait_for()
    assert page.locator(".message .text").all_inner_texts() == ["before", "after"]
    page.get_by_role("alert").wait_for(state="hidden")


def test_reading_older_messages_is_not_disturbed_by_new_ones(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    for number in range(40):
        sandbox.client.say(f"message {number}")
    page.get_by_text("message 39", exact=True).last.wait_for()
    page.locator("#log").evaluate("log => { log.scrollTop = 0 }")
    sandbox.client.say("the newest")
    newer = page.get_by_role("button", name="New messages below")
    newer.wait_for()
    assert page.locator("#log").evaluate("log => log.scrollTop") == 0
    newer.click()
    newer.wait_for(state="hidden")


def test_a_picture_that_comes_late_leaves_the_last_message_in_sight(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    for _ in range(3):
        sandbox.client.say_picture(tall_picture())
    sandbox.client.say("the last one")
    page = open_page(viewport={"width": 1000, "height": 600})
    last = page.locator(".message").last
    eventually(page, "[...document.images].every((one) => one.naturalHeight === 400)")
    eventually(page, "log.scrollHeight - log.scrollTop - log.clientHeight < 2")
    assert last.locator(".fate").is_visible()


def tall_picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (200, 400), "#17324d").save(data, "PNG")
    return data.getvalue()


# --- the wire -------------------------------------------------------------------------------------


def test_the_wire_shows_a_request_and_what_was_answered_without_the_token(
    sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    page.keyboard.press("Alt+w")
    given = {"appKey": sandbox.client_id, "appSecret": sandbox.client_secret}
    address = f"{sandbox.url}/v1.0/oauth2/accessToken"
    token = request("POST", address, json=given).json()["accessToken"]
    row = page.locator(".wire-row", has_text="/v1.0/oauth2/accessToken")
    row.locator("summary").click()
    row.get_by_text('"appKey"').wait_for()
    shown = page.content()
    assert "200" in row.inner_text()
    assert token not in shown
    assert sandbox.client_secret not in shown


def test_every_fault_can_be_injected(sandbox: Sandbox, open_page: OpenPage) -> None:
    page = open_page()
    sandbox.client.say("something to deliver again")
    page.get_by_role("button", name="Wire and faults").click()
    buttons = page.locator(".faults button")
    names = [each.get_attribute("data-fault") for each in buttons.all()]
    assert names == [*get_args(FaultName)]
    for button in buttons.all()[:-1]:
        button.click()
        page.locator("#announcer", has_text=button.get_attribute("title") or "?").wait_for(
            state="attached"
        )
    state = page.locator(".wire-state")
    for words in ("3,000", "API calls", "Clock 2 h ahead", "Permissions taken away", "faults wait"):
        state.get_by_text(words.replace("3,000", "/ 0")).first.wait_for()
    buttons.last.click()
    state.get_by_text("Permissions taken away").wait_for(state="detached")
    state.get_by_text("faults wait").wait_for(state="detached")
