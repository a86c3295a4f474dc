"""A draft goes to the conversation that its bar named when it was begun, and nowhere else."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import SandboxGroup
from tests.conftest import StartEditor
from tests.support.editor import Editor

GROUP = "产品讨论群"
TEAM = "cidTEAM=="
ZHANGSAN = "cid1TO1zhangsan=="
LISI = "cid1TO1lisi=="

_BAR = """
local window = vim.iter(vim.api.nvim_list_wins()):find(function(one)
  return vim.endswith(vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(one)), '/draft')
end)
local bar = vim.api.nvim_get_option_value('winbar', { win = window })
return vim.api.nvim_eval_statusline(bar, { winid = window, use_winbar = true, maxwidth = 200 }).str
"""
_IS_KNOWN = """
local text = ...
local store = require('dingbridge.store')
local function spoke(message)
  return message.text == text and vim.iter(store.destinations[store.current].known):any(
    function(one) return one.target == message.target end
  )
end
return vim.iter(store.messages(store.current)):any(spoke)
"""


@pytest.fixture
def editor(shared_editor: Editor) -> Editor:
    """The one editor of these tests."""
    return shared_editor


@pytest.fixture
def chat(bound: Editor, api_options: dict[str, Any]) -> Editor:
    """An editor that is bound, with 张三 and 李四 admitted, in 1:1 chats and in the group."""
    bound.setup({**api_options, "allow_from": ["zhangsan", "lisi"]})
    bound.until_lua("require('dingbridge.host').is_configured()")
    return bound


def bar(editor: Editor) -> str:
    """The line above the draft, as it stands on the screen."""
    return str(editor.lua(_BAR))


def until_bar(editor: Editor, part: str) -> str:
    """Wait until the bar has these words in it."""
    return editor.until(lambda: bar(editor) if part in bar(editor) else "", f"bar: {part}")


def say(editor: Editor, sandbox: Sandbox, text: str, user: str, group: str | None = None) -> None:
    """Somebody writes, it is shown, and the editor knows the conversation."""
    sandbox.client.say(text, user=user, group=group)
    editor.until(lambda: text in [row["text"] for row in editor.transcript()], text)
    editor.until(lambda: editor.lua(_IS_KNOWN, text), f"{text}: its conversation")


def keys(editor: Editor, typed: str) -> None:
    """Keys of a user, one after the other, each of them worked off."""
    editor.nvim.input(typed)
    editor.lua("vim.wait(0)")


def places(sandbox: Sandbox) -> dict[str, str]:
    """Where each text arrived."""
    return {one.text: where(one) for one in sandbox.client.arrived()}


def where(one: ArrivedMessage) -> str:
    return one.conversation_id or "+".join(one.user_ids)


def until_arrived(editor: Editor, sandbox: Sandbox, text: str) -> str:
    """Wait for a text; where it arrived."""
    return editor.until(lambda: places(sandbox).get(text, ""), text)


# --- who the draft is for -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["insert", "normal"])
def test_a_message_from_elsewhere_does_not_redirect_a_draft(
    chat: Editor, sandbox: Sandbox, mode: str
) -> None:
    say(chat, sandbox, "between us?", "zhangsan")
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "iyes, between" + ("<Esc>" if mode == "normal" else ""))
    say(chat, sandbox, "all here?", "lisi", GROUP)
    shown = until_bar(chat, f"{GROUP} (group) wrote: <C-t> goes there")
    assert "Draft → 张三 (1:1)" in shown
    keys(chat, "A us<C-s>" if mode == "normal" else " us<C-s>")
    assert until_arrived(chat, sandbox, "yes, between us") == ZHANGSAN


def test_one_key_moves_the_draft_to_whoever_wrote_meanwhile(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ihello")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, "wrote: <C-t>")
    keys(chat, "<C-t>")
    assert f"Draft → {GROUP} (group)" in until_bar(chat, ":w or <C-s> sends")
    keys(chat, " all<C-s>")
    assert until_arrived(chat, sandbox, "hello all") == TEAM


def test_an_empty_draft_follows_whoever_speaks(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    until_bar(chat, "Draft → 张三 (1:1)")
    say(chat, sandbox, "second", "lisi")
    until_bar(chat, "Draft → 李四 (1:1)")
    keys(chat, "ito li<C-s>")
    assert until_arrived(chat, sandbox, "to li") == LISI


def test_after_sending_the_bar_stays_until_somebody_speaks(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ione")
    say(chat, sandbox, "second", "lisi", GROUP)
    keys(chat, "<C-s>two<C-s>")
    assert until_arrived(chat, sandbox, "two") == ZHANGSAN
    chat.until(lambda: [row["delivery"] for row in chat.transcript()].count("sent") == 2)
    assert "Draft → 张三 (1:1)" in bar(chat)
    say(chat, sandbox, "third", "lisi", GROUP)
    assert "your last text: 张三 (1:1)" in until_bar(chat, f"Draft → {GROUP} (group)")


@pytest.mark.parametrize("width", [60, 50, 43, 36])
def test_in_a_narrow_window_the_bar_says_it_in_fewer_words(
    chat: Editor, sandbox: Sandbox, width: int
) -> None:
    chat.nvim.command("vsplit | wincmd p")
    chat.lua("vim.api.nvim_win_set_width(vim.fn.bufwinid('chat://*/draft'), ...)", width)
    say(chat, sandbox, "first", "zhangsan", GROUP)
    whole = until_bar(chat, f"Draft → {GROUP} (group)")
    keys(chat, "ihello")
    say(chat, sandbox, "second", "lisi")
    marked = until_bar(chat, "<C-t>")
    for line in (whole, marked):
        assert f"Draft → {GROUP} (group)" in line
        assert wcswidth(re.sub(r"\s{3,}", "  ", line)) <= width


def test_a_draft_that_is_emptied_takes_what_the_bar_names_then(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ihello")
    say(chat, sandbox, "second", "lisi")
    keys(chat, "<C-u>")
    until_bar(chat, "Draft → 李四 (1:1)")
    keys(chat, "new<C-s>")
    assert until_arrived(chat, sandbox, "new") == LISI


@pytest.mark.parametrize("emptied", ["<C-s>", "<Esc>dd"])
def test_a_text_that_undo_brings_back_is_for_the_same_people_as_before(
    chat: Editor, sandbox: Sandbox, emptied: str
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, f"ibetween us{emptied}<Esc>")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, f"Draft → {GROUP} (group)")
    keys(chat, "u")
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "A!<C-s>")
    assert until_arrived(chat, sandbox, "between us!") == ZHANGSAN


def test_undo_in_one_go_brings_back_the_conversation_with_the_text(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ito zhang<Esc>")
    say(chat, sandbox, "second", "lisi")
    keys(chat, "ccto li<Esc>")
    until_bar(chat, "Draft → 李四 (1:1)")
    keys(chat, "u")
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "<C-r>")
    until_bar(chat, "Draft → 李四 (1:1)")
    keys(chat, "u<C-s>")
    assert until_arrived(chat, sandbox, "to zhang") == ZHANGSAN


def test_undo_within_a_draft_that_was_moved_does_not_move_it_back(
    chat: Editor, sandbox: Sandbox
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ione<Esc>a two<Esc>")
    say(chat, sandbox, "second", "lisi")
    until_bar(chat, "wrote: <C-t>")
    keys(chat, "<C-t>u")
    until_bar(chat, "Draft → 李四 (1:1)")
    keys(chat, "<C-s>")
    assert until_arrived(chat, sandbox, "one") == LISI


@pytest.mark.parametrize(
    ("typed", "text", "there"),
    [
        ("ux", "between u", ZHANGSAN),
        ("uccnew<Esc>", "new", TEAM),
    ],
)
def test_undo_and_more_in_one_mapping_keeps_the_text_for_its_people(
    chat: Editor, sandbox: Sandbox, typed: str, text: str, there: str
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ibetween us<C-s><Esc>")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, f"Draft → {GROUP} (group)")
    chat.nvim.command(f"nnoremap <buffer> X {typed}")
    keys(chat, "X")
    assert chat.nvim.current.buffer[:] == [text]
    keys(chat, "<C-s>")
    assert until_arrived(chat, sandbox, text.strip()) == there


def test_a_draft_that_was_read_again_keeps_its_conversation(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    chat.nvim.command("edit!")
    keys(chat, "ibetween us")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, f"{GROUP} (group) wrote: <C-t> goes there")
    keys(chat, "<C-s>")
    assert until_arrived(chat, sandbox, "between us") == ZHANGSAN


def test_a_long_name_does_not_hide_what_kind_of_conversation_it_is(
    chat: Editor, sandbox: Sandbox
) -> None:
    sandbox.client.add_group(SandboxGroup("cidLONG==", "张三 (1:1)　" + "发布前的最后检查" * 3))
    say(chat, sandbox, "hello", "lisi", "cidLONG==")
    assert until_bar(chat, "Draft → 张三").split("… ")[1].startswith("(group) ")


def test_undo_and_redo_without_a_history_take_what_the_bar_names(
    chat: Editor, sandbox: Sandbox
) -> None:
    chat.nvim.command("setlocal undolevels=-1")
    say(chat, sandbox, "first", "zhangsan")
    keys(chat, "ione<Esc>dd")
    say(chat, sandbox, "second", "lisi")
    until_bar(chat, "Draft → 李四 (1:1)")
    keys(chat, "itwo<C-s>")
    assert until_arrived(chat, sandbox, "two") == LISI


@pytest.mark.parametrize(
    "write",
    [
        "vim.api.nvim_buf_set_lines(draft, 0, -1, false, { 'text' })",
        "vim.api.nvim_buf_call(draft, function() vim.cmd('silent put =\\'text\\' | 1d _') end)",
        "vim.api.nvim_buf_call(draft, function() vim.api.nvim_paste('text', false, -1) end)",
    ],
    ids=["by the API", "by :put", "pasted"],
)
def test_text_that_is_not_typed_begins_a_draft_as_well(
    chat: Editor, sandbox: Sandbox, write: str
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    chat.lua(f"local draft = vim.fn.bufnr('chat://*/draft') vim.cmd('wincmd k') {write}")
    say(chat, sandbox, "second", "lisi", GROUP)
    until_bar(chat, "Draft → 张三 (1:1)")
    chat.nvim.command("wincmd j")
    chat.nvim.command("write")
    assert until_arrived(chat, sandbox, "text") == ZHANGSAN


def test_a_draft_begun_for_nobody_is_not_sent_to_whoever_speaks_first(
    chat: Editor, sandbox: Sandbox
) -> None:
    until_bar(chat, "Draft → nobody yet")
    keys(chat, "ito myself")
    say(chat, sandbox, "hello", "lisi")
    until_bar(chat, "Draft → nobody yet 李四 (1:1) wrote: <C-t> goes there".replace(" 李", "  李"))
    keys(chat, "<C-s>")
    chat.until_said("when there was nobody to send it to")
    chat.until(lambda: chat.nvim.current.buffer[:] == ["to myself"])
    keys(chat, "<C-t><C-s>")
    assert until_arrived(chat, sandbox, "to myself") == LISI


# --- choosing -----------------------------------------------------------------------------------


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
    assert chat.lua("return _G.picked") == [f"{GROUP} (group)  (now)", "张三 (1:1)"]
    until_bar(chat, "Draft → 张三 (1:1)")
    keys(chat, "ihello<C-s>")
    assert until_arrived(chat, sandbox, "hello") == ZHANGSAN


def test_names_of_conversations_are_completed(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    say(chat, sandbox, "second", "lisi", GROUP)
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    assert chat.lua(complete, "Chat to ") == [f"{GROUP} (group)", "张三 (1:1)"]
    assert chat.lua(complete, "Chat to 张三 (") == ["(1:1)"]


def test_somebody_unknown_cannot_be_chosen(chat: Editor, sandbox: Sandbox) -> None:
    say(chat, sandbox, "first", "zhangsan")
    chat.chat("to 王五")
    chat.until_said("no conversation 王五: known are 张三 (1:1)")
    assert "Draft → 张三 (1:1)" in bar(chat)


# --- what cannot go there any more --------------------------------------------------------------


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
        _G.li = destination.named(require('dingbridge.store').current)
    """)
    chat.chat("unbridge")
    until_bar(chat, "not bound any more")
    keys(chat, "<C-s>")
    chat.chat("bridge dingtalk")
    chat.until(lambda: chat.nvim.current.buffer[:] == ["to li"])
    until_bar(chat, "Draft → 李四 (1:1)")


# --- calls, ranges, files -----------------------------------------------------------------------


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


_SEND_LATE = """
local folder, options = ...
-- The editor is busy: what the host tells of the message that it has written down waits.
vim.wait(20000, function()
  for _, path in ipairs(vim.fn.glob(folder .. '/**/sessions/*.jsonl', true, true)) do
    if table.concat(vim.fn.readfile(path), ' '):find('"text":"second"', 1, true) then
      return true
    end
  end
end, 10, true)
require('dingbridge').setup(options)
require('dingbridge').send('between us')
"""


def test_settings_that_are_given_again_do_not_redirect_a_call(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    say(chat, sandbox, "first", "zhangsan")
    until_bar(chat, "Draft → 张三 (1:1)")
    given = {**api_options, "allow_from": ["zhangsan", "lisi"], "verbose": True}
    sandbox.client.say("second", user="lisi", group=GROUP)
    chat.lua(_SEND_LATE, str(chat.data), given)
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
    assert any(f"### You → {GROUP} (group) ·" in line for line in chat.lines(f"chat://{session}"))
    for name in ("DingbridgeQueued", "DingbridgeDelivered"):
        [told] = chat.heard(name)
        assert (told["target"], told["target_name"]) == group


# --- editors that come and go -------------------------------------------------------------------


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


# --- whatever happens ---------------------------------------------------------------------------

WHO = {"张三 (1:1)": ZHANGSAN, "李四 (1:1)": LISI, f"{GROUP} (group)": TEAM}
SAID = {"zhang": ("zhangsan", None), "li": ("lisi", None), "group": ("lisi", GROUP)}
CURRENT = "return require('dingbridge.store').current"
NUMBERS = itertools.count(1)
KEYS = {
    "type": "A{token}<C-g>u",
    "type on": "A more",
    "send": "<C-s>",
    "empty": "<Esc>ggdG",
    "leave": "<Esc>",
    "undo": "<Esc>u",
    "redo": "<Esc><C-r>",
    "answer": "<C-t>",
}
STEPS = [
    *(("say", who) for who in SAID),
    *(("keys", "type"), ("keys", "send"), ("keys", "undo")) * 2,
    *(("keys", name) for name in KEYS),
    *(("to", who) for who in ("张三 (1:1)", "李四 (1:1)")),
]
"""What may happen, some of it more often."""
BACK_OR_FORTH = {("keys", "undo"), ("keys", "redo")}
MOVES = {("keys", "answer"), *(("to", who) for who in WHO)}


def pointed_at(editor: Editor) -> str:
    """The conversation that the bar names."""
    name = bar(editor).removeprefix(" Draft → ")
    return next((place for who, place in WHO.items() if name.startswith(who)), "")


def token_of(text: str) -> str:
    """What a text was begun with: letters and digits only, which no message form changes."""
    return next(iter(re.findall(r"qt\d+q", text)), "")


def settle(editor: Editor) -> None:
    """Wait until the host has carried out all that was asked of it so far."""
    editor.lua("require('dingbridge.notice').said = {}")
    editor.chat("stop")
    editor.until_said("no answer is being worked on")


def draft(editor: Editor) -> str:
    """What is in the draft."""
    return "\n".join(editor.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)"))


@pytest.mark.timeout(300)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(STEPS), min_size=8, max_size=20))
@example(
    [
        *(("keys", "type"), ("say", "zhang"), ("keys", "send"), ("keys", "answer")),
        *(
            ("keys", "undo"),
            ("keys", "undo"),
            ("keys", "send"),
            ("keys", "answer"),
            ("keys", "send"),
        ),
    ]
)
def test_no_text_ever_arrives_but_where_its_bar_pointed(
    chat: Editor, sandbox: Sandbox, steps: list[tuple[str, str]]
) -> None:
    # In a session of its own, where nobody has spoken, each example begins anew.
    keys(chat, "<Esc>")
    before = chat.lua(CURRENT)
    chat.chat("new")
    chat.until(lambda: chat.lua(CURRENT) != before, "a new session")
    chat.chat("bridge dingtalk")
    chat.until(lambda: chat.status()["session"] == chat.lua(CURRENT), "bound")
    chat.lua("vim.ui.select = function(_, _, choose) choose(nil) end")
    pointed: dict[str, str] = {}
    sent: defaultdict[str, set[str]] = defaultdict(set)
    for kind, what in steps:
        begun = token_of(draft(chat))
        if (kind, what) == ("keys", "send"):
            sent[begun].add(pointed_at(chat))
        if kind == "say":
            say(chat, sandbox, f"words {next(NUMBERS)}", *SAID[what])
        elif kind == "to":
            chat.chat(f"to {what}")
        else:
            keys(chat, KEYS[what].format(token=f"qt{next(NUMBERS)}q"))
        settle(chat)
        now = token_of(draft(chat))
        if now in pointed and (kind, what) not in {*MOVES, *BACK_OR_FORTH}:
            # Whoever speaks: what was begun stays where it was. Undo may bring it back as it was
            # before it was moved.
            assert pointed_at(chat) == pointed[now], (kind, what, steps)
        if now:
            pointed[now] = pointed_at(chat)
    chat.until(lambda: chat.status()["queued"] == 0, "all is sent")
    for one in sandbox.client.arrived():
        token = token_of(one.text)
        assert token not in pointed or where(one) in sent[token], (one.text, steps)
