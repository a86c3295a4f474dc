"""A conversation between the page in a real browser and a real Neovim."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from dingbridge.demo.words import CODE
from dingbridge.sandbox import Sandbox
from dingbridge.sandbox.speaking import PICTURE
from tests.browser.conftest import OpenPage
from tests.support.editor import Editor
from tests.support.sandbox_calls import request

if TYPE_CHECKING:
    from playwright.sync_api import Page


def write(page: Page, text: str) -> None:
    page.locator("#draft").fill(text)
    page.locator("#draft").press("Enter")


def send_draft(editor: Editor, text: str) -> None:
    editor.type_draft(text)
    editor.nvim.command("write")


def texts(editor: Editor) -> list[str]:
    return [each["text"] for each in editor.transcript()]


def drop(page: Page, name: str, kind: str, data: bytes) -> None:
    """Drops a file on the chat, as a file manager does."""
    given = page.evaluate_handle(
        """([name, type, encoded]) => {
          const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0))
          const transfer = new DataTransfer()
          transfer.items.add(new File([bytes], name, { type }))
          return transfer
        }""",
        [name, kind, base64.b64encode(data).decode()],
    )
    page.dispatch_event("#log", "dragover", {"dataTransfer": given})
    page.locator("#drop").wait_for()
    page.dispatch_event("#log", "drop", {"dataTransfer": given})


def test_a_question_in_the_page_is_answered_from_neovim(bound: Editor, open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_text("bridge connected", exact=True).wait_for()
    write(page, "昨晚的构建通过了吗？")
    bound.until(lambda: "昨晚的构建通过了吗？" in texts(bound))
    page.locator("[data-fate=got]").wait_for()
    send_draft(bound, "**通过了** ✅ `build 1024`\n\n- one\n- two")
    answer = page.locator(".message[data-robot=true]")
    answer.locator("strong", has_text="通过了").wait_for()
    assert answer.locator("code").inner_text() == "build 1024"
    assert answer.locator("li").all_inner_texts() == ["one", "two"]


def test_in_a_group_the_robot_hears_who_mentions_it_and_answers_with_a_mention(
    bound: Editor, open_page: OpenPage
) -> None:
    page = open_page()
    page.get_by_role("button", name="产品讨论群").click()
    write(page, "nobody is meant")
    page.get_by_text("the robot was not mentioned").first.wait_for()
    draft = page.locator("#draft")
    draft.press_sequentially("@ding")
    page.get_by_role("option", name="dingbridge").wait_for()
    draft.press("Enter")
    assert draft.input_value() == "@dingbridge "
    draft.press_sequentially("are you there?")
    draft.press("Enter")
    bound.until(lambda: "are you there?" in texts(bound))
    assert texts(bound) == ["are you there?"]
    send_draft(bound, "yes")
    page.locator(".message[data-robot=true]").get_by_text("yes").wait_for()


def test_pictures_files_and_voice_reach_neovim(
    bound: Editor, sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    drop(page, "shot.png", "image/png", PICTURE)
    page.get_by_role("button", name="Remove shot.png").wait_for()
    write(page, "what is this?")
    bound.until(lambda: any("what is this?" in text for text in texts(bound)))
    drop(page, "notes.txt", "text/plain", b"some notes")
    page.get_by_role("link", name="Save notes.txt").wait_for()
    bound.until(lambda: any("notes.txt" in text for text in texts(bound)))
    page.get_by_role("button", name="Speak").click()
    page.get_by_label("What is recognised of it").fill("明天下午三点开会")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    bound.until(lambda: any("明天下午三点开会" in text for text in texts(bound)))
    assert [each.lost for each in sandbox.client.said()] == [False] * 3
    assert page.locator(".message img.picture").evaluate("image => image.naturalWidth") == 1


def test_a_quote_reaches_neovim_with_the_answer(bound: Editor, open_page: OpenPage) -> None:
    page = open_page()
    write(page, "first")
    bound.until(lambda: texts(bound) == ["first"])
    send_draft(bound, "the disk is full")
    answer = page.locator(".message[data-robot=true]")
    answer.hover()
    answer.get_by_role("button", name="Answer with a quote").click()
    page.locator(".quoting", has_text="the disk is full").wait_for()
    write(page, "which one?")
    bound.until(lambda: texts(bound)[-1].endswith("which one?"))
    assert "the disk is full" in texts(bound)[-1]
    assert page.locator(".message[data-mine=true] .quoted").inner_text().endswith("is full")


def test_a_tap_on_a_link_of_dingtalk_sends_its_text_to_neovim(
    bound: Editor, sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    sandbox.client.say("may I?")
    bound.until(lambda: texts(bound) == ["may I?"])
    send_link(sandbox, "[允许](dtmd://dingtalkclient/sendMessage?content=allow%203)")
    page.get_by_role("link", name="允许").click()
    bound.until(lambda: texts(bound)[-1] == "allow 3")
    page.locator(".message[data-mine=true]", has_text="allow 3").wait_for()


def send_link(sandbox: Sandbox, text: str) -> None:
    body = {"msgtype": "markdown", "markdown": {"title": "?", "text": text}}
    webhook = sandbox.client.said()[-1].session_webhook
    assert request("POST", webhook, json=body).json()["errcode"] == 0


def test_a_line_that_is_cut_in_the_page_comes_back(
    bound: Editor, sandbox: Sandbox, open_page: OpenPage
) -> None:
    page = open_page()
    page.get_by_role("button", name="Wire and faults").click()
    page.get_by_role("button", name="Cut line").click()
    sandbox.client.wait_connections(1, total=2)
    page.get_by_text("bridge connected", exact=True).wait_for()
    write(page, "still there?")
    bound.until(lambda: texts(bound) == ["still there?"])


def test_an_expired_webhook_is_seen_on_the_wire_and_the_answer_takes_another_way(
    bound: Editor, open_page: OpenPage
) -> None:
    page = open_page()
    write(page, "hello")
    bound.until(lambda: texts(bound) == ["hello"])
    page.get_by_role("button", name="Wire and faults").click()
    page.get_by_role("button", name="Expired webhook").click()
    page.get_by_text("Done: All session webhooks").wait_for(state="attached")
    send_draft(bound, "here I am")
    page.locator(".message[data-robot=true]", has_text="here I am").wait_for()
    page.locator(".wire-row[data-bad=true]", has_text="/robot/sendBySession").wait_for()
    page.locator(".wire-row[data-bad=false]", has_text="/oToMessages/batchSend").wait_for()


def test_somebody_who_has_no_access_gets_a_code_and_is_let_in_from_neovim(
    bound: Editor, open_page: OpenPage
) -> None:
    page = open_page()
    page.get_by_role("radio", name="李四").check(force=True)
    write(page, "may I?")
    told = page.locator(".message[data-robot=true]").first
    told.wait_for()
    code = CODE.search(told.inner_text())
    assert code
    assert texts(bound) == []
    bound.chat(f"pair {code[1]}")
    page.get_by_text("You have access").first.wait_for()
    bound.until(lambda: texts(bound) == ["may I?"])


def test_a_message_that_is_recalled_in_neovim_disappears(
    bound: Editor, open_page: OpenPage
) -> None:
    page = open_page()
    write(page, "hello")
    bound.until(lambda: texts(bound) == ["hello"])
    page.get_by_role("button", name="Wire and faults").click()
    page.get_by_role("button", name="Expired webhook").click()  # what goes by OpenAPI has a key
    page.get_by_text("Done: All session webhooks").wait_for(state="attached")
    send_draft(bound, "never mind")
    page.locator(".message", has_text="never mind").wait_for()
    bound.until(lambda: bound.transcript()[-1]["delivery"] == "sent")
    bound.chat(f"recall {bound.transcript()[-1]['id']}")
    page.get_by_text("dingbridge recalled a message").wait_for()
    assert page.locator(".message", has_text="never mind").count() == 0
