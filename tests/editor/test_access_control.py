"""Who gets in, told with a real Neovim and a DingTalk on loopback: pairing, groups, refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Person, SandboxGroup
from tests.conftest import StartEditor
from tests.support.editor import Editor, texts

pytestmark = pytest.mark.shared_editor

CODE = re.compile(r":DingTalk pair ([0-9A-Z]{8})")
SELECT = """
_G.offered = nil
vim.ui.select = function(items, opts, on_choice)
  _G.offered = vim.tbl_map(opts.format_item, items)
  on_choice(items[1], 1)
end
"""


@pytest.fixture
def strict(editor: Editor, api_options: dict[str, Any]) -> Editor:
    """An editor with nobody on any list."""
    return bind(editor, {**api_options, "allow_from": []})


def bind(editor: Editor, options: dict[str, Any]) -> Editor:
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    editor.until(lambda: editor.status()["session"])
    return editor


def words(sandbox: Sandbox, conversation: str = "") -> list[str]:
    """What the robot said, in one conversation or in all."""
    return [
        each.text for each in sandbox.client.arrived() if conversation in ("", each.conversation_id)
    ]


def asked(sandbox: Sandbox, user: str, group: str | None = None) -> str:
    """Somebody asks for access; returns the code that they get."""
    said = sandbox.client.say("hello?", user=user, group=group)
    [told] = sandbox.client.wait_arrived(lambda one: one.reply_to == said.message_id)
    found = CODE.search(told.text)
    assert found is not None, told.text
    return found[1]


def paired(editor: Editor) -> list[dict[str, Any]]:
    state = json.loads((editor.home / "data/nvim/chat-dingtalk-state.json").read_text())
    return [one for each in state["pairings"].values() for one in each["paired"]]


# --- pairing --------------------------------------------------------------------------------------


def test_a_stranger_gets_a_code_and_is_let_in_by_it_for_good(
    strict: Editor, sandbox: Sandbox, start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    strict.listen()
    window, mode = strict.nvim.current.window, strict.lua("return vim.api.nvim_get_mode().mode")
    code = asked(sandbox, "lisi")
    said = strict.until_said(f":Chat pair {code}")
    assert "lisi" in said
    assert "李四" in said
    assert strict.nvim.current.window == window
    assert strict.lua("return vim.api.nvim_get_mode().mode") == mode
    [event] = strict.until(lambda: strict.heard("DingbridgePairing"))
    assert (event["code"], event["id"], event["kind"]) == (code, "lisi", "person")
    assert strict.status()["asking"] == 1
    assert texts(strict) == []

    strict.chat(f"pair {code.lower()}")
    strict.until_said("has access for good")
    sandbox.client.wait_arrived(lambda each: "您已获准" in each.text)
    sandbox.client.say("now I may", user="lisi")
    strict.until(lambda: texts(strict) == ["hello?", "now I may"])
    assert strict.status()["asking"] == 0

    # It is used up, and it lasts.
    strict.chat(f"pair {code}")
    strict.until(lambda: not strict.said()[-1].endswith("for good"))
    [one] = strict.until(lambda: paired(strict))
    assert (one["id"], one["until"]) == ("lisi", 0)
    strict.close()
    again = start_editor()
    bind(again, {**api_options, "allow_from": []})
    sandbox.client.say("and still may", user="lisi")
    again.until(lambda: "and still may" in texts(again))


def test_once_is_for_an_hour_and_a_pairing_can_be_taken_back(
    strict: Editor, sandbox: Sandbox
) -> None:
    strict.chat(f"pair {asked(sandbox, 'lisi')} once")
    strict.until_said("has access for an hour")
    [one] = strict.until(lambda: paired(strict))
    assert one["until"] - one["since"] == 3600
    strict.until(lambda: texts(strict) == ["hello?"])
    strict.chat("revoke lisi")
    strict.until_said("lisi (李四) is not paired any more")
    sandbox.client.say("still?", user="lisi")
    strict.until(lambda: strict.status()["asking"] == 1)
    assert texts(strict) == ["hello?"]


def test_whoever_is_denied_hears_it_once_and_can_not_ask_again(
    strict: Editor, sandbox: Sandbox
) -> None:
    code = asked(sandbox, "lisi")
    strict.chat(f"deny {code}")
    strict.until_said("has no access")
    sandbox.client.wait_arrived(lambda each: "未获准" in each.text)
    known = len(sandbox.client.arrived())
    before = strict.status()["refused"]
    sandbox.client.say("please", user="lisi")
    strict.until(lambda: strict.status()["refused"] > before)
    assert strict.status()["asking"] == 0
    asked(sandbox, "zhangsan")  # a reply to somebody else comes after all replies to lisi
    assert len(sandbox.client.arrived()) == known + 1


@pytest.mark.parametrize("command", ["Chat", "DingTalk"])
def test_codes_and_ids_are_completed(strict: Editor, sandbox: Sandbox, command: str) -> None:
    def completed(line: str) -> list[str]:
        return list(strict.nvim.funcs.getcompletion(f"{command} {line}", "cmdline"))

    assert completed("pair ") == completed("deny ") == completed("revoke ") == []
    code = asked(sandbox, "lisi")
    strict.until(lambda: completed("pair ") == [code])
    assert completed("deny ") == [code]
    strict.chat(f"pair {code}")
    strict.until(lambda: completed("revoke ") == ["lisi"])
    assert completed("pair ") == completed("deny ") == []
    strict.chat("revoke lisi")
    strict.until(lambda: completed("revoke ") == [])


def test_a_neovim_that_starts_later_completes_who_was_let_in_before(
    strict: Editor, sandbox: Sandbox, start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    strict.chat(f"pair {asked(sandbox, 'lisi')}")
    strict.until(lambda: paired(strict))
    later = start_editor()
    later.setup({**api_options, "allow_from": []})
    later.chat("new Later")
    later.until(lambda: later.nvim.funcs.getcompletion("Chat revoke ", "cmdline") == ["lisi"])


def test_deny_and_revoke_alone_let_the_user_choose(strict: Editor, sandbox: Sandbox) -> None:
    strict.lua(SELECT)
    strict.chat("deny")
    strict.until_said("nobody asks for access")
    strict.chat("revoke")
    strict.until_said("nobody has access by a code")
    strict.chat(f"pair {asked(sandbox, 'zhangsan')}")
    strict.until_said("has access for good")
    sandbox.client.wait_arrived(lambda each: "您已获准" in each.text)
    code = asked(sandbox, "lisi")
    strict.until_said(f"pair {code}")
    strict.chat("deny")
    [offered] = strict.until_lua("_G.offered")
    assert offered.startswith(code)
    strict.until_said("has no access, and may ask again in a day")
    strict.lua("_G.offered = nil")
    strict.chat("revoke")
    [offered] = strict.until_lua("_G.offered")
    assert "zhangsan" in offered
    strict.until_said("is not paired any more")
    assert paired(strict) == []


def test_pair_alone_lets_the_user_choose_and_lists_everything(
    strict: Editor, sandbox: Sandbox
) -> None:
    strict.lua(SELECT)
    strict.chat("pair")
    strict.until_said("nobody asks, and nobody is paired")
    code = asked(sandbox, "lisi")
    strict.chat("pair")
    strict.until_said("has access for good")
    [offered] = strict.lua("return _G.offered")
    assert offered.startswith(code)
    assert "lisi" in offered
    strict.chat("pair")
    assert "lisi" in strict.until_said("paired: ")


def test_a_wrong_code_lets_nobody_in_and_many_of_them_close_the_door(
    strict: Editor, sandbox: Sandbox
) -> None:
    code = asked(sandbox, "lisi")
    for _ in range(5):
        strict.chat("pair AAAAAAAA")
    strict.chat(f"pair {code}")
    strict.until_said("Too many wrong codes")
    sandbox.client.say("am I in?", user="lisi")
    strict.until(lambda: strict.status()["refused"] >= 2)
    assert texts(strict) == []


def test_fifty_strangers_do_not_keep_a_friend_out(strict: Editor, sandbox: Sandbox) -> None:
    for number in range(50):
        sandbox.client.add_person(Person(f"Stranger {number}", staff_id=f"stranger{number}"))
        sandbox.client.say("let me in", user=f"stranger{number}")
    strict.until(lambda: strict.status()["asking"] == 50, seconds=30)
    sandbox.client.wait_arrived(50, timeout=30)
    code = asked(sandbox, "lisi")
    strict.chat(f"pair {code}")
    strict.until_said("has access for good")
    sandbox.client.say("I am the friend", user="lisi")
    strict.until(lambda: texts(strict) == ["hello?", "I am the friend"])
    assert [one["id"] for one in paired(strict)] == ["lisi"]


def test_a_nick_that_imitates_somebody_on_the_list_opens_nothing(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, {**api_options, "admins": ["zhangsan"], "dm": {"policy": "allowlist"}})
    for number, nick in enumerate(("zhangsan", "张三", "*", "admin")):
        sandbox.client.add_person(Person(nick, staff_id=f"impostor{number}"))
        sandbox.client.say("/session 1", user=f"impostor{number}")
    editor.until(lambda: editor.status()["refused"] == 4)
    assert texts(editor) == []
    refusals = sandbox.client.wait_arrived(4)
    assert all("allow_from" in each.text for each in refusals)


def test_people_outside_the_organisation_are_known_by_their_sender_id(
    strict: Editor, sandbox: Sandbox
) -> None:
    code = asked(sandbox, "陌生人")
    strict.chat(f"pair {code}")
    strict.until_said("$:LWCP_v1:$stranger (陌生人) has access for good")
    sandbox.client.say("from outside", user="陌生人")
    strict.until(lambda: texts(strict) == ["hello?", "from outside"])


# --- the first message ----------------------------------------------------------------------------

NOTE = """
local options = ...
_G.asked = {}
options.responder = function(message, reply)
  table.insert(_G.asked, message.text)
  reply('I read it')
end
require('dingbridge').setup(options)
"""


def state(editor: Editor) -> str:
    return (editor.data / "chat-dingtalk-state.json").read_text("utf-8")


def test_nobody_sees_what_a_stranger_wrote_before_the_code_is_taken(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor.lua(NOTE, {**api_options, "allow_from": []})
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    editor.listen()
    code = asked(sandbox, "lisi")
    sandbox.client.say("are you there?", user="lisi")
    editor.until(lambda: editor.status()["refused"] == 2)
    editor.lua("vim.ui.select = function(_, _, on_choice) on_choice(nil) end")
    editor.chat("pair")
    editor.until_said("pending: ")
    assert not any("hello?" in said for said in editor.said())
    assert "hello?" not in str(editor.heard("DingbridgePairing"))
    assert editor.heard("DingbridgeReceived") == []
    assert editor.lua("return _G.asked") == []
    assert texts(editor) == []

    editor.chat(f"pair {code}")
    editor.until(lambda: texts(editor) == ["hello?", "I read it"])
    assert editor.lua("return _G.asked") == ["hello?"]
    [event] = editor.heard("DingbridgeReceived")
    assert event["text"] == "hello?"
    sandbox.client.wait_arrived(lambda each: each.text == "I read it")
    assert "hello?" not in state(editor)


def test_what_a_stranger_wrote_waits_through_a_kill(
    strict: Editor, sandbox: Sandbox, start_editor: StartEditor, api_options: dict[str, Any]
) -> None:
    code = asked(sandbox, "lisi")
    strict.until(lambda: "hello?" in state(strict))
    strict.kill()
    again = start_editor()
    bind(again, {**api_options, "allow_from": []})
    again.until(lambda: again.status()["asking"] == 1)
    assert texts(again) == []
    again.chat(f"pair {code}")
    again.until(lambda: texts(again) == ["hello?"])


def test_what_the_one_who_is_denied_wrote_is_gone(strict: Editor, sandbox: Sandbox) -> None:
    code = asked(sandbox, "lisi")
    strict.until(lambda: "hello?" in state(strict))
    strict.chat(f"deny {code}")
    strict.until_said("has no access")
    strict.until(lambda: "hello?" not in state(strict))
    sandbox.client.wait_arrived(lambda each: "未获准" in each.text)
    strict.chat(f"pair {asked(sandbox, 'zhangsan')}")
    strict.until_said("has access for good")
    sandbox.client.say("and mine is not", user="zhangsan")
    strict.until(lambda: "and mine is not" in texts(strict))
    assert texts(strict) == ["hello?", "and mine is not"]


def test_a_long_first_message_is_cut_and_its_address_is_not_written_down(
    strict: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say("x" * 5000, user="lisi")
    told = sandbox.client.wait_arrived(1)[-1]
    strict.until(lambda: "were not kept" in state(strict))
    assert "sendBySession" not in state(strict)
    assert len(state(strict)) < 10_000
    found = CODE.search(told.text)
    assert found is not None
    strict.chat(f"pair {found[1]}")
    [text] = strict.until(lambda: texts(strict))
    assert text == "x" * 1000 + "\n\n[… 4,000 more characters were not kept]"


def test_a_picture_of_who_is_let_in_is_fetched_then_and_not_before(
    strict: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.say_picture(user="lisi")
    found = CODE.search(sandbox.client.wait_arrived(1)[-1].text)
    assert found is not None
    asked(sandbox, "zhangsan")  # by then the picture of lisi would be on its way
    assert sandbox.client.calls("/v1.0/robot/messageFiles/download") == []
    assert texts(strict) == []
    strict.chat(f"pair {found[1]}")
    [text] = strict.until(lambda: texts(strict))
    assert text.startswith("![picture](")


def test_who_has_no_staff_id_is_welcomed_and_answered(strict: Editor, sandbox: Sandbox) -> None:
    code = asked(sandbox, "陌生人")
    strict.chat(f"pair {code}")
    strict.until(lambda: texts(strict) == ["hello?"])
    sandbox.client.wait_arrived(lambda each: "您已获准" in each.text)
    strict.type_draft("welcome")
    strict.nvim.command("write")
    sandbox.client.wait_arrived(lambda each: each.text == "welcome")


# --- policies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["allowlist", "disabled"])
def test_without_pairing_a_stranger_is_told_what_would_have_to_change(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any], policy: str
) -> None:
    bind(editor, {**api_options, "sender_policy": policy})
    sandbox.client.say("hello", user="lisi")
    [refusal] = sandbox.client.wait_arrived(1)
    assert "`lisi`" in refusal.text
    assert ("allow_from = { 'lisi' }" if policy == "allowlist" else "dm = {") in refusal.text
    sandbox.client.say("hello again", user="lisi")
    editor.until(lambda: editor.status()["refused"] == 2)
    assert len(sandbox.client.arrived()) == 1
    assert texts(editor) == []


def test_an_open_robot_lets_everybody_in(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    del api_options["allow_from"]
    bind(editor, {**api_options, "senderPolicy": "open"})
    sandbox.client.say("anybody", user="陌生人")
    editor.until(lambda: texts(editor) == ["anybody"])


def test_groups_are_closed_until_one_is_let_in_by_its_id_or_by_a_code(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    del api_options["group_policy"]
    bind(editor, api_options)
    sandbox.client.say("hello", group=TEAM)
    [refusal] = sandbox.client.wait_arrived(1)
    assert "group_policy = 'allowlist'" in refusal.text
    assert TEAM in refusal.text

    editor.setup({**api_options, "group_policy": "allowlist"})
    editor.until_lua("require('dingbridge.host_settings').is_configured()")
    code = asked(sandbox, "zhangsan", TEAM)
    editor.chat(f"pair {code}")
    editor.until_said("has access for good")
    sandbox.client.say("from the group", group=TEAM)
    editor.until(lambda: texts(editor) == ["hello?", "from the group"])
    # The group is in; who speaks there is asked all the same.
    sandbox.client.say("me too", user="lisi", group=TEAM)
    editor.until(lambda: editor.status()["refused"] >= 3)
    assert texts(editor) == ["hello?", "from the group"]


def test_a_group_names_its_users_and_whether_it_needs_a_mention(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.add_group(SandboxGroup("cidQUIET==", "Quiet"))
    groups = {
        "*": {"users": ["lisi"]},
        TEAM: {"requireMention": False},
        "cidQUIET==": {"users": ["zhangsan"]},
    }
    bind(editor, {**api_options, "group_policy": "allowlist", "groups": groups})
    sandbox.client.say("no mention", user="lisi", group=TEAM, mention=False)
    editor.until(lambda: texts(editor) == ["no mention"])
    for user in ("lisi", "zhangsan"):
        sandbox.client.say("chatter", user=user, group="cidQUIET==", mention=False)
    sandbox.client.say("not on its list", user="lisi", group="cidQUIET==")
    [refusal] = sandbox.client.wait_arrived(1)
    assert "groups = { ['cidQUIET=='] = { users = { 'lisi' } } }" in refusal.text
    sandbox.client.say("on its list", group="cidQUIET==")
    editor.until(lambda: texts(editor) == ["no mention", "on its list"])
    assert editor.status()["refused"] == 1


def test_a_mention_that_is_only_text_is_none(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, {**api_options, "group_policy": "open"})
    sandbox.client.say("@dingbridge do it", group=TEAM, mention=False)
    sandbox.client.say("a real one", group=TEAM)
    editor.until(lambda: texts(editor) == ["a real one"])
    assert sandbox.client.arrived() == []


# --- the log --------------------------------------------------------------------------------------


def test_the_log_tells_what_the_guides_promise(
    editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    bind(editor, api_options)
    sandbox.client.say("a private matter")
    editor.until(lambda: texts(editor) == ["a private matter"])
    log = editor.log()
    for promised in (
        "DingTalk: enabled",
        "Channel started (Stream Mode)",
        "DingTalk channel connected via Stream Mode",
        "staff id zhangsan",
        "conversationId cid1TO1zhangsan==",
    ):
        assert promised in log, promised
    assert "a private matter" not in log
    editor.setup({**api_options, "verbose": True})
    editor.until_lua("require('dingbridge.host_settings').is_configured()")
    sandbox.client.say("a matter for the log")
    editor.until(lambda: len(texts(editor)) == 2)
    assert "a matter for the log" in editor.log()
