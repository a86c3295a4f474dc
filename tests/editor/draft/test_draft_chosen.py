"""The user chooses where a draft goes; what cannot go there any more stays in the draft."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.drafts import (
    GROUP,
    TEAM,
    ZHANGSAN,
    bar,
    keys,
    places,
    say,
    until_arrived,
    until_bar,
    where,
)
from tests.support.editor import Editor
from tests.support.processes import frozen

pytestmark = pytest.mark.shared_editor


def test_to_chooses_by_name_and_the_choice_stays(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi")
    keys(chat, "ito zhang<Esc>")
    until_bar(chat, "Draft → 李四 (1:1)")
    chat.chat("to 张三")
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "<C-s>")
    say(chat, sandbox, "third", "lisi")
    until_bar(chat, "李四 (1:1) wrote: <C-t> goes there")
    keys(chat, "imore<C-s>")
    assert until_arrived(chat, sandbox, "more") == ZHANGSAN
    assert places(sandbox)["to zhang"] == ZHANGSAN


def test_to_lets_the_user_pick_among_those_who_wrote(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi", GROUP)
    chat.lua("""
        vim.ui.select = function(entries, how, choose)
          _G.picked = vim.tbl_map(how.format_item, entries)
          choose(entries[2])
        end
    """)
    chat.chat("to")
    chat.until_lua("_G.picked")
    assert chat.lua("return _G.picked") == [f"{GROUP} (group)  (now)", "张三 (1:1)", "lisi (1:1)"]
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "ihello<C-s>")
    assert until_arrived(chat, sandbox, "hello") == ZHANGSAN


@pytest.mark.parametrize(
    ("width", "chosen", "once"),
    [
        (60, "Draft → 张三 (1:1), chosen", "Draft → 李四 (1:1), this text only"),
        (24, "Chosen → 张三 (1:1)", "Once → 李四 (1:1)"),
    ],
)
def test_the_bar_says_that_a_conversation_was_chosen(
    chat: Editor, sandbox: Sandbox, width: int, chosen: str, once: str
) -> None:
    chat.nvim.command("vsplit | wincmd p")
    chat.lua("vim.api.nvim_win_set_width(vim.fn.bufwinid('chat://*/draft'), ...)", width)
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi")
    assert chosen not in until_bar(chat, "Draft → 李四 (1:1)")
    chat.chat("to 张三")
    until_bar(chat, chosen)
    keys(chat, "ihello<Esc>")
    until_bar(chat, chosen)
    keys(chat, "<C-s>")
    say(chat, sandbox, "third", "lisi")
    keys(chat, "<Tab>Ggr")
    until_bar(chat, once)
    keys(chat, "answer<C-s>")
    until_bar(chat, chosen)
    chat.lua("vim.ui.select = function(entries, _, choose) choose(entries[#entries]) end")
    chat.chat("to")
    chat.until(lambda: chosen not in until_bar(chat, "Draft → "))


def test_names_of_conversations_are_completed(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi", GROUP)
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    assert chat.lua(complete, "Chat to ") == [f"{GROUP} (group)", "张三 (1:1)", "lisi (1:1)"]
    assert chat.lua(complete, "Chat to 张三 (") == ["(1:1)"]


def test_somebody_who_is_listed_can_be_chosen_before_they_have_written(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    chat.setup({**api_options, "allow_from": ["zhangsan", "lisi", "*", "$:LWCP_v1:$x"]})
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    chat.until(lambda: chat.lua(complete, "Chat to li") == ["lisi (1:1)"])
    assert chat.lua(complete, "Chat to ") == ["zhangsan (1:1)", "lisi (1:1)"]
    chat.chat("to lisi")
    until_bar(chat, "Draft → lisi (1:1), chosen")
    keys(chat, "ihello<C-s>")
    chat.until(lambda: [row["delivery"] for row in chat.transcript()] == ["sent"])
    assert [one.text for one in sandbox.client.arrived()] == ["hello"]


def test_somebody_unknown_cannot_be_chosen(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    chat.chat("to 王五")
    chat.until_said("no conversation 王五: known are 张三 (1:1)")
    assert "Draft → 张三 (1:1)" in bar(chat)


def test_a_draft_of_a_session_that_was_released_stays_in_the_draft(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "iprivate<Esc>")
    chat.chat("unbridge")
    until_bar(chat, "not bound any more")
    keys(chat, "<C-s>")
    chat.until_said("this text is for 张三 (1:1), and its session is not bound any more")
    chat.until(lambda: chat.nvim.current.buffer[:] == ["private"])
    chat.chat("to")
    chat.until_said("what is sent in it stays here")
    keys(chat, "<C-s>")
    chat.until(lambda: [row["text"] for row in chat.transcript()] == ["first", "private"])
    assert sandbox.client.arrived() == []


def test_a_draft_for_the_people_of_one_robot_never_goes_out_by_another(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any], webhook_options: dict[str, Any]
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "iprivate<Esc>")
    chat.setup(webhook_options)
    until_bar(chat, "bound to another robot now")
    keys(chat, "<C-s>")
    chat.until_said("bound to another robot now")
    chat.until(lambda: chat.nvim.current.buffer[:] == ["private"])
    assert sandbox.client.arrived() == []


def test_a_text_that_is_handed_back_is_not_mixed_with_a_draft_for_others(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi")
    keys(chat, "ito li<Esc>")
    chat.lua("""
        local drafts, destination = require('dingbridge.drafts'), require('dingbridge.destination')
        _G.li = destination.named(require('dingbridge.state').current)
    """)
    chat.chat("unbridge")
    until_bar(chat, "not bound any more")
    keys(chat, "<C-s>")
    chat.chat("bridge dingtalk")
    chat.until(lambda: chat.nvim.current.buffer[:] == ["to li"])
    until_bar(chat, "Draft → 李四 (1:1)")


def test_what_is_sent_without_the_draft_goes_where_the_bar_points(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ibegun<Esc>")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, "wrote: <C-t>")
    chat.lua("require('dingbridge').send('by call')")
    assert until_arrived(chat, sandbox, "by call") == ZHANGSAN
    chat.chat("send by command")
    assert until_arrived(chat, sandbox, "by command") == ZHANGSAN
    path = chat.home / "notes.txt"
    path.write_text("words")
    chat.chat(f"send-file {path}")
    file = chat.until(lambda: sandbox.client.arrived()[2:], "the file")[0]
    assert where(file) in (ZHANGSAN, "zhangsan")


def test_settings_that_are_given_again_do_not_redirect_a_call(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    until_bar(chat, "Draft → 张三 (1:1)")
    given = {**api_options, "allow_from": ["zhangsan", "lisi"], "verbose": True}
    transcript = chat.data / "dingbridge" / "sessions" / f"{chat.status()['session']}.jsonl"
    # The news of the message that is on disk waits.
    with frozen(chat.host_pid()):
        sandbox.client.say("second", user="lisi", group=GROUP)
        chat.until(lambda: '"text":"second"' in transcript.read_text("utf-8"), "on disk")
        chat.setup(given)
        chat.lua("require('dingbridge').send('between us')")
    assert until_arrived(chat, sandbox, "between us") == ZHANGSAN


def test_where_a_message_goes_is_shown_wherever_the_message_is(
    chat: Editor, sandbox: Sandbox
) -> None:
    chat.listen()
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, f"Draft → {GROUP} (group)")
    chat.chat("send hello")
    until_arrived(chat, sandbox, "hello")
    chat.until(lambda: chat.transcript()[-1]["delivery"] == "sent")
    targets = [(row["target"], row["target_name"]) for row in chat.transcript()]
    group = (f"dingtalk:default:group:{TEAM}", f"{GROUP} (group)")
    assert targets == [("dingtalk:default:user:zhangsan", "张三 (1:1)"), group, group]
    session = chat.status()["session"]
    assert any(f"You → {GROUP} (group) ·" in line for line in chat.headings(session))
    for name in ("DingbridgeQueued", "DingbridgeDelivered"):
        [told] = chat.heard(name)
        assert (told["target"], told["target_name"]) == group


def test_those_who_wrote_before_a_restart_can_be_chosen_after_it(
    chat: Editor, sandbox: Sandbox, start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi")
    chat.close()
    later = start_editor()
    later.setup({**api_options, "allow_from": ["zhangsan", "lisi"]})
    later.chat()
    later.until_lua("require('dingbridge').status().connected")
    until_bar(later, "Draft → 李四 (1:1)")
    later.until(lambda: len(later.transcript()) == 2)
    later.chat("to 张三")
    until_bar(later, "Draft → 张三 (1:1)")
    later.type_draft("again")
    later.nvim.command("write")
    assert until_arrived(later, sandbox, "again") in (ZHANGSAN, "zhangsan")


def test_a_draft_keeps_its_conversation_over_the_death_of_the_host(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi")
    chat.chat("to 张三")
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "ibetween us<Esc>")
    chat.kill_host()
    chat.until_said("the host ended")
    keys(chat, "<C-s>")
    assert until_arrived(chat, sandbox, "between us") in (ZHANGSAN, "zhangsan")


def test_each_editor_has_its_own_draft_in_a_session_that_two_have_bound(
    chat: Editor, sandbox: Sandbox, start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    session = chat.status()["session"]
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "iin the first editor<Esc>")
    other = start_editor()
    other.setup({**api_options, "allow_from": ["zhangsan", "lisi"]})
    other.chat(f"open {session}")
    other.until(lambda: other.transcript())
    other.chat("bridge dingtalk")
    other.until(lambda: other.status()["session"] == session, "bound there")
    until_bar(other, "Draft → 张三 (1:1)")
    keys(other, "iin the second editor<Esc>")
    say(other, sandbox, "second", "lisi", GROUP)
    until_bar(other, f"{GROUP} (group) wrote: <C-t> goes there")
    until_bar(chat, f"{GROUP} (group) wrote: <C-t> goes there")
    for editor, text in ((chat, "in the first editor"), (other, "in the second editor")):
        keys(editor, "<C-s>")
        assert until_arrived(editor, sandbox, text) in (ZHANGSAN, "zhangsan")
    assert len(sandbox.client.arrived()) == 2
