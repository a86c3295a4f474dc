"""What an agent wants to do is shown in Neovim and asked in DingTalk; the first answer counts."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Person
from tests.conftest import StartEditor, bind
from tests.support.asking_service import Asking, robot_of
from tests.support.editor import Editor

DIFF = "```diff\n--- a.py\n+++ a.py\n@@ -1 +1 @@\n-old\n+new\n```"
FLOATS = """
local found = {}
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local buffer = vim.api.nvim_win_get_buf(window)
  if vim.bo[buffer].filetype == 'dingbridge-approval' then
    local config = vim.api.nvim_win_get_config(window)
    found[#found + 1] = {
      title = config.title[1][1],
      footer = config.footer[1][1],
      width = config.width,
      lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false),
      has_focus = window == vim.api.nvim_get_current_win(),
    }
  end
end
return found
"""
SELECTS = """
_G.asked = {}
vim.ui.select = function(items, options, choose)
  local shown = vim.tbl_map(options.format_item or tostring, items)
  table.insert(_G.asked, { prompt = options.prompt, items = shown })
  _G.pick = function(number) choose(items[number], number) end
end
"""


def floats(editor: Editor) -> list[dict[str, Any]]:
    return list(editor.lua(FLOATS))


def shown(editor: Editor, code: str) -> dict[str, Any]:
    """The window of a request, once it is there."""
    return editor.until(
        lambda: next((one for one in floats(editor) if code in one["title"]), {}), code
    )


def gone(editor: Editor) -> bool:
    return editor.until(lambda: not floats(editor), "no window of a request")


@pytest.fixture
def desk(start_editor: StartEditor) -> tuple[Editor, Asking]:
    """An editor with a session, and a source that asks in it."""
    editor = start_editor()
    asking = Asking(editor)
    editor.setup({})
    editor.chat()
    editor.until_lua("require('dingbridge.state').current ~= ''")
    return editor, asking


@pytest.fixture
def both(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> tuple[Editor, Asking, dict[str, str]]:
    """The same with a robot: 张三 asks, 李四 may write, and 王五 is an admin."""
    sandbox.client.add_person(Person("王五", staff_id="wangwu"))
    editor = start_editor()
    asking = Asking(editor)
    options = {
        **api_options,
        "allow_from": ["zhangsan", "lisi"],
        "admins": ["wangwu"],
    }
    bind(editor, options)
    return editor, asking, {"robot": robot_of(options), "asker": "zhangsan"}


def test_a_request_is_shown_without_taking_the_focus_and_allowed_by_its_code(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    editor.listen()
    editor.nvim.input("i")
    code = asking.ask(detail=DIFF)
    window = shown(editor, code)
    assert not window["has_focus"]
    assert window["lines"][0] == "qwen: Edit a.py"
    assert window["lines"][2:] == ["--- a.py", "+++ a.py", "@@ -1 +1 @@", "-old", "+new"]
    assert ":Chat approve" in window["footer"]
    assert editor.nvim.api.get_mode()["mode"] == "i"
    assert editor.status()["approvals"] == 1
    editor.chat(f"approve {code.lower()}")
    assert gone(editor)
    editor.until_said(f"{code} is allowed")
    assert asking.decisions() == ["allow"]
    assert editor.status()["approvals"] == 0
    states = [(one["code"], one["state"]) for one in editor.heard("DingbridgeApproval")]
    assert states == [(code, "open"), (code, "allow")]


def test_the_window_of_a_request_is_as_wide_as_it_needs_and_says_what_lies_below(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    editor.nvim.options["columns"], editor.nvim.options["lines"] = 120, 24
    small = asking.ask(detail=DIFF)
    window = shown(editor, small)
    assert window["width"] < 60
    assert "below" not in window["footer"]
    editor.chat(f"reject {small}")
    long = asking.ask(
        detail="```\n" + "\n".join(f"line {number}" for number in range(40)) + "\n```"
    )
    window = shown(editor, long)
    below = int(window["footer"].split()[1])
    assert f"↓ {below} lines below" in window["footer"]
    assert window["lines"][-1] == "line 39"
    enter(editor, 1)
    editor.nvim.input("G")
    editor.until(lambda: "below" not in shown(editor, long)["footer"])
    assert "a approves" in shown(editor, long)["footer"]


def test_no_empty_lines_stand_around_what_is_in_a_fence(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    code = asking.ask(detail=f"At:\n\n```\na.py:3\n```\n\n{DIFF}\n\n\nThe end.")
    lines = shown(editor, code)["lines"]
    assert lines[2:5] == ["At:", "a.py:3", "--- a.py"]
    assert lines[-2:] == ["+new", "The end."]


def test_a_request_that_is_rejected_is_not_allowed_afterwards(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    code = asking.ask()
    shown(editor, code)
    editor.chat(f"reject {code}")
    editor.until_said("is rejected")
    editor.chat(f"approve {code}")
    editor.until_said("Nothing changes")
    assert asking.decisions() == ["reject"]


def test_always_holds_in_the_session_until_it_is_taken_back(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    editor.chat(f"always {asking.ask()}")
    editor.until_said("every `edit`")
    assert asking.ask() == ""
    assert asking.decisions() == ["always", "always"]
    editor.chat("status")
    editor.until(lambda: any("always allowed" in line for line in report(editor)))
    editor.chat("always off")
    editor.until_said("asked again about edit")
    assert asking.ask() != ""


def report(editor: Editor) -> list[str]:
    return list(
        editor.lua("""
            for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
              if vim.bo[buffer].filetype == 'dingbridge-report' then
                return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
              end
            end
            return {}
        """)
    )


def test_without_a_code_the_one_request_is_chosen_and_its_answer_asked(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    editor.lua(SELECTS)
    editor.chat("approve")
    editor.until_said("no request waits")
    code = asking.ask()
    shown(editor, code)
    editor.chat("approve")
    [asked] = editor.until(lambda: editor.lua("return _G.asked"))
    assert code in asked["prompt"]
    assert len(asked["items"]) == 4
    editor.lua("_G.pick(4)")
    assert editor.until(lambda: shown(editor, code)["has_focus"])
    editor.lua("_G.pick(1)")
    assert gone(editor)
    assert asking.decisions() == ["allow"]


def test_of_several_requests_one_is_chosen_first(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    editor.lua(SELECTS)
    first, second = asking.ask("Edit a.py"), asking.ask("Run make", kind="execute")
    editor.until(lambda: "1 more" in shown(editor, first)["title"])
    editor.chat("reject")
    [asked] = editor.until(lambda: editor.lua("return _G.asked"))
    assert [item[:4] for item in asked["items"]] == [first, second]
    editor.lua("_G.pick(2)")
    editor.until(lambda: asking.decisions("Run make") == ["reject"])
    assert asking.decisions() == []
    editor.until(lambda: "more" not in shown(editor, first)["title"])


def test_codes_complete_the_commands(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    code = asking.ask()
    shown(editor, code)
    assert editor.nvim.funcs.getcompletion("Chat approve ", "cmdline") == [code]
    assert editor.nvim.funcs.getcompletion("Chat always ", "cmdline") == ["off", code]


def test_the_keys_of_the_window_answer_or_put_it_away(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    code = asking.ask()
    shown(editor, code)
    enter = "require('dingbridge.approval_window').enter(require('dingbridge.state').approvals[1])"
    editor.lua(enter)
    editor.nvim.input("q")
    assert gone(editor)
    assert editor.status()["approvals"] == 1
    editor.lua(enter)
    editor.nvim.input("r")
    editor.until(lambda: asking.decisions() == ["reject"])


def enter(editor: Editor, place: int) -> None:
    """Move the cursor into the window of the request with this place in the list."""
    approval = f"require('dingbridge.state').approvals[{place}]"
    editor.lua(f"require('dingbridge.approval_window').enter({approval})")


def test_a_key_for_a_request_that_has_just_closed_does_not_answer_the_next_one(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    first, second = asking.ask(), asking.ask("Run make", kind="execute")
    shown(editor, first)
    enter(editor, 1)
    asking.withdraw(first)
    assert not shown(editor, second)["has_focus"]
    editor.nvim.input("a<Esc>")
    editor.chat(f"reject {second}")
    editor.until(lambda: asking.decisions("Run make"))
    assert asking.decisions("Run make") == ["reject"]


def test_the_request_that_the_user_reads_stays_while_others_come(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    first, second = asking.ask(), asking.ask("Run make", kind="execute")
    editor.until(lambda: editor.status()["approvals"] == 2)
    enter(editor, 2)
    assert shown(editor, second)["has_focus"]
    asking.ask("Run tests", kind="execute")
    editor.until(lambda: editor.status()["approvals"] == 3)
    assert shown(editor, second)["has_focus"]
    editor.chat(f"reject {first}")
    editor.until(lambda: editor.status()["approvals"] == 2)
    assert shown(editor, second)["has_focus"]


@pytest.mark.parametrize("columns", [40, 120])
def test_a_long_request_fits_the_screen_and_stands_in_its_window_as_a_whole(
    desk: tuple[Editor, Asking], columns: int
) -> None:
    editor, asking = desk
    editor.nvim.command(f"set columns={columns} lines=24")
    lines = [f"+line {number} " + "长" * 30 for number in range(200)]
    code = asking.ask("x" * 100, detail="```diff\n" + "\n".join(lines) + "\n```")
    window = shown(editor, code)
    assert window["width"] <= columns - 2
    editor.nvim.command("set columns=60")
    assert editor.until(lambda: shown(editor, code)["width"] <= 58)
    assert window["lines"][-1] == lines[-1]
    assert "x" * 100 in "".join(window["lines"])
    assert editor.lua("return vim.api.nvim_win_get_height(0)") > 0


def test_lines_that_only_begin_like_a_code_block_are_shown(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    blocks = "```json\n{}\n```\n```diff\n+new\n```"
    detail = f"{blocks}\n```rm -rf /\n``` `x` ```\n```reboot\nls\n```"
    code = asking.ask("Run", detail=detail)
    lines = shown(editor, code)["lines"][2:]
    assert lines == ["{}", "+new", "```rm -rf /", "``` `x` ```", "```reboot", "ls"]


def test_a_withdrawn_request_closes(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    code = asking.ask()
    shown(editor, code)
    asking.withdraw(code)
    assert gone(editor)
    assert asking.decisions() == []
    editor.until_said("Nobody waits")


def test_the_requests_of_a_service_that_is_killed_are_gone_and_its_codes_unknown(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    code = asking.ask()
    shown(editor, code)
    editor.kill_service()
    assert gone(editor)
    assert editor.status()["approvals"] == 0
    editor.chat(f"approve {code}")
    editor.until_said(f"no request {code}")
    assert asking.decisions() == []


def test_an_editor_that_comes_later_shows_what_is_open(
    desk: tuple[Editor, Asking], start_editor: StartEditor
) -> None:
    editor, asking = desk
    code = asking.ask()
    other = start_editor()
    other.setup({})
    other.chat()
    shown(other, code)
    other.chat(f"approve {code}")
    assert gone(other)
    assert gone(editor)
    editor.until_said(f"{code} is allowed")


def test_a_request_in_the_command_line_window_waits_until_it_is_left(
    desk: tuple[Editor, Asking],
) -> None:
    editor, asking = desk
    editor.nvim.input("<Esc>:<C-f>")
    editor.until(lambda: editor.nvim.funcs.getcmdwintype() == ":")
    code = asking.ask()
    editor.until(lambda: editor.status()["approvals"] == 1)
    assert floats(editor) == []
    # An interrupt may take the keys behind it with it.
    editor.nvim.input("<Esc>:quit<CR>")
    shown(editor, code)


def test_what_an_agent_writes_does_not_act_on_the_editor(desk: tuple[Editor, Asking]) -> None:
    editor, asking = desk
    code = asking.ask("\x1b[31mEdit\x1b[0m \u202ea.py\nand b.py", detail="\x1b]0;owned\x07x")
    lines = shown(editor, code)["lines"]
    assert lines == ["qwen: Edit a.py and b.py", "", "x"]


# --- with DingTalk --------------------------------------------------------------------------------


def test_the_asker_taps_and_the_editor_hears_who_decided(
    both: tuple[Editor, Asking, dict[str, str]], sandbox: Sandbox
) -> None:
    editor, asking, who = both
    code = asking.ask(detail=DIFF, **who)
    shown(editor, code)
    question = arrives(sandbox, f"/approve {code}")
    assert "-old" in question.text
    sandbox.client.tap(question, "同意 Allow", user="zhangsan")
    assert gone(editor)
    assert "张三" in editor.until_said(f"{code} is allowed")
    assert asking.decisions() == ["allow"]
    arrives(sandbox, "已同意")
    # A second tap is late.
    sandbox.client.tap(question, "拒绝 Reject", user="zhangsan")
    arrives(sandbox, "closed before")
    assert asking.decisions() == ["allow"]


def test_what_is_decided_in_the_editor_is_said_in_dingtalk(
    both: tuple[Editor, Asking, dict[str, str]], sandbox: Sandbox
) -> None:
    editor, asking, who = both
    code = asking.ask(**who)
    arrives(sandbox, f"/approve {code}")
    editor.chat(f"reject {code}")
    arrives(sandbox, "已拒绝", "Neovim")
    assert asking.decisions() == ["reject"]


def test_a_stranger_who_types_the_code_is_refused_with_words(
    both: tuple[Editor, Asking, dict[str, str]], sandbox: Sandbox
) -> None:
    editor, asking, who = both
    code = asking.ask(**who)
    shown(editor, code)
    sandbox.client.say(f"/approve {code}", user="lisi")
    arrives(sandbox, "只能由")
    assert asking.decisions() == []
    assert len(floats(editor)) == 1
    sandbox.client.say(f"/同意 {code}", user="wangwu")
    editor.until(lambda: asking.decisions() == ["allow"])


def test_both_sides_at_once_are_one_decision(
    both: tuple[Editor, Asking, dict[str, str]], sandbox: Sandbox
) -> None:
    editor, asking, who = both
    for number in range(5):
        title = f"Edit {number}"
        code = asking.ask(title, **who)
        arrives(sandbox, f"/approve {code}")
        sandbox.client.say(f"/approve {code}", user="zhangsan")
        editor.chat(f"reject {code}")
        arrives(sandbox, f"`{code}` · `{title}`")
        assert gone(editor)
        assert len(asking.decisions(title)) == 1


def test_a_card_with_buttons_asks_where_the_app_may_create_one(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    editor = start_editor()
    asking = Asking(editor)
    bind(editor, {**api_options, "approval_cards": True})
    who = {"robot": robot_of(api_options), "asker": "zhangsan"}
    code = asking.ask(detail=DIFF, **who)
    [card] = sandbox.client.wait_cards(lambda card: bool(card.places))
    assert card.places == ("dtv1.card//IM_ROBOT.zhangsan",)
    assert f"/approve {code}" in card.data["markdown"]
    assert "+new" in card.data["markdown"]
    pressed = sandbox.client.press(card.out_track_id, "allow1", user="zhangsan")
    assert sandbox.client.wait_ack(pressed.header_id).data == {"status": "SUCCESS", "message": "ok"}
    assert gone(editor)
    assert asking.decisions() == ["allow"]
    ended = sandbox.client.wait_cards(lambda card: "已同意" in card.data["markdown"])[-1]
    assert ended.data["sys_full_json_obj"] == '{"msgButtons":[]}'
    assert ended.data["title"] == card.data["title"]
    assert not [one for one in sandbox.client.arrived() if code in one.text]


def test_an_app_without_the_scope_asks_by_a_text_and_says_how_to_apply(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    sandbox.client.configure(missing_scopes=["Card.Instance.Write"])
    editor = start_editor()
    asking = Asking(editor)
    bind(editor, {**api_options, "approval_cards": True})
    who = {"robot": robot_of(api_options), "asker": "zhangsan"}
    code = asking.ask(**who)
    question = arrives(sandbox, f"/approve {code}")
    editor.until_said("appscope/apply?content=")
    sandbox.client.tap(question, "同意 Allow")
    assert gone(editor)
    second = asking.ask("Run make", **who)
    arrives(sandbox, f"/approve {second}")
    creations = sandbox.client.calls("/v1.0/card/instances/createAndDeliver")
    assert len(creations) == 1


def arrives(sandbox: Sandbox, *parts: str) -> ArrivedMessage:
    """The first message with all of these parts, once it is there."""
    return sandbox.client.wait_arrived(lambda one: all(part in one.text for part in parts))[0]
