"""A draft goes to the conversation that its bar named when it was begun."""

from __future__ import annotations

import re
from typing import Any

import pytest
from wcwidth import wcswidth

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import SandboxGroup
from tests.support.drafts import (
    GROUP,
    LISI,
    TEAM,
    ZHANGSAN,
    bar,
    keys,
    say,
    until_arrived,
    until_bar,
)
from tests.support.editor import Editor

pytestmark = pytest.mark.shared_editor


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
    assert "your last text went to 张三 (1:1)" in until_bar(chat, f"Draft → {GROUP} (group)")


def test_who_is_admitted_does_not_take_over_an_empty_draft(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    chat.setup({**api_options, "allow_from": ["zhangsan"]})
    say(chat, sandbox, "first", "zhangsan")
    until_bar(chat, "Draft → 张三 (1:1)")
    sandbox.client.say("may I?", user="lisi")
    code = chat.until_said(":Chat pair ").rpartition(":Chat pair ")[2].split()[0]
    chat.chat(f"pair {code}")
    shown = until_bar(chat, "李四 (1:1) wrote: <C-t> goes there")
    assert "Draft → 张三 (1:1)" in shown
    keys(chat, "<C-t>")
    assert "Draft → 李四 (1:1)" in until_bar(chat, ":w or <C-s> sends")
    keys(chat, "iyes<C-s>")
    assert until_arrived(chat, sandbox, "yes") == LISI


def test_the_first_who_is_admitted_is_written_to(
    chat: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    chat.setup({**api_options, "allow_from": []})
    sandbox.client.say("may I?", user="lisi")
    code = chat.until_said(":Chat pair ").rpartition(":Chat pair ")[2].split()[0]
    chat.chat(f"pair {code}")
    until_bar(chat, "Draft → 李四 (1:1)")


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
