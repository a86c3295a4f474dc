"""`:Chat setup` in a real Neovim, and what it leaves for the next one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import App, Settings
from tests.conftest import StartEditor
from tests.support import processes
from tests.support.editor import Editor, texts
from tests.support.setup_home import APP

ANSWERS = """
_G.asked = {}
vim.ui.select = function(items, options, done)
  table.insert(_G.asked, options.prompt)
  _G.choose = function(part)
    for _, item in ipairs(items) do
      if options.format_item(item):find(part, 1, true) then
        _G.choose = nil
        done(item)
        return true
      end
    end
  end
  _G.cancel = function() done(nil) end
end
vim.ui.input = function(options, done)
  table.insert(_G.asked, options.prompt)
  _G.enter = function(text) _G.enter = nil; done(text); return true end
end
vim.fn.inputsecret = function(prompt)
  table.insert(_G.asked, prompt)
  return _G.secret
end
"""
"""Answers instead of the user, when a test says so."""
BUFFER = "dingbridge://setup"

Start = Callable[..., Editor]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(other_apps=(APP,), scan_interval=1)) as running:
        yield running


@pytest.fixture
def start(start_editor: StartEditor, sandbox: Sandbox) -> Start:
    environ = {
        "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "LC_ALL": "C.UTF-8",
    }

    def started(*, answers: bool = True, commands: tuple[str, ...] = ()) -> Editor:
        editor = start_editor(environ=environ, commands=commands)
        if not commands:
            editor.setup({})
        if answers:
            editor.lua(ANSWERS)
        return editor

    return started


def choose(editor: Editor, part: str) -> None:
    """Waits for a question with this option, and takes it."""
    editor.until_lua(f"_G.choose and _G.choose([[{part}]])")


def sees(editor: Editor, part: str) -> None:
    """Waits for words in the window, whose lines are broken at blanks."""
    editor.until(lambda: part in " ".join(" ".join(editor.lines(BUFFER)).split()), part)


def paste(editor: Editor, secret: str = APP.client_secret) -> None:
    """Wants a conversation, and pastes an app's credentials."""
    editor.lua("_G.secret = ...", secret)
    editor.chat("setup")
    choose(editor, "A conversation")
    choose(editor, "I have its Client ID")
    editor.until_lua(f"_G.enter and _G.enter([[{APP.client_id}]])")


def answered(editor: Editor, sandbox: Sandbox, app: App = APP) -> None:
    """Writes to the robot, says that it was the user, and ends the setup."""
    sees(editor, "Write to the robot now")
    sandbox.client.say("早上好", user="zhangsan", app=app.client_id)
    choose(editor, "Yes")
    sandbox.client.wait_arrived(1)
    choose(editor, "Yes: ")
    sees(editor, "Done.")


def goes_both_ways(editor: Editor, sandbox: Sandbox, app: App) -> None:
    """A message arrives in the bound session, and one typed there is delivered."""
    editor.chat("bridge dingtalk")
    editor.until(lambda: editor.status()["connected"], "connected")
    before = len(sandbox.client.arrived())
    sandbox.client.say("现在呢？", user="zhangsan", app=app.client_id)
    editor.until(lambda: "现在呢？" in texts(editor), "the message")
    editor.lua("require('dingbridge').send('好的')")
    arrived = sandbox.client.wait_arrived(before + 1)
    assert arrived[-1].text.strip() == "好的"


def files(home: Path) -> Iterator[Path]:
    return (path for path in home.rglob("*") if path.is_file())


def test_one_scan_leads_to_a_chat_in_this_neovim_and_the_next(
    start: Start, sandbox: Sandbox
) -> None:
    editor = start()
    editor.chat("setup")
    choose(editor, "A conversation")
    choose(editor, "Make it now")
    sees(editor, "█▀▀▀▀▀█")
    sees(editor, "/openapp/registration?user_code=")
    app = sandbox.client.confirm_scan()
    answered(editor, sandbox, app)
    assert "█▀▀▀▀▀█" not in "\n".join(editor.lines(BUFFER))
    sees(editor, "This Neovim uses it already.")
    sees(editor, "allow_from = { 'zhangsan' },")
    goes_both_ways(editor, sandbox, app)
    editor.close()

    snippet = editor.home / "config/nvim/plugin/dingtalk.lua"
    again = start(commands=(f"luafile {snippet}",))
    goes_both_ways(again, sandbox, app)


def test_a_pasted_secret_is_in_its_file_and_nowhere_else(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    paste(editor)
    answered(editor, sandbox)
    goes_both_ways(editor, sandbox, APP)
    secret = APP.client_secret
    shown = editor.lua(
        """
        local all = {}
        for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
          vim.list_extend(all, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
        end
        vim.list_extend(all, { vim.fn.execute('messages'), vim.fn.execute('history all') })
        vim.list_extend(all, { vim.inspect(require('dingbridge.host_settings').options()) })
        return table.concat(all, '\\n')
        """
    )
    assert secret not in shown
    assert not any(secret in said for said in editor.said())
    for pid in (editor.pid(), *processes.descendants(editor.pid()), editor.service_pid()):
        for name in ("cmdline", "environ"):
            told = Path(f"/proc/{pid}/{name}")
            assert not told.exists() or secret.encode() not in told.read_bytes()
    editor.close()
    holding = [path for path in files(editor.home) if secret.encode() in path.read_bytes()]
    assert holding == [editor.data / "dingbridge/dingpasted.env"]
    assert stat.S_IMODE(os.stat(holding[0]).st_mode) == 0o600


def is_asked(editor: Editor, question: str) -> bool:
    """Whether Neovim shows a question of its own, and waits."""
    mode = editor.nvim.api.get_mode()["mode"]
    return mode != "n" and question.strip() in editor.printed()


def test_neovims_own_questions_do(start: Start, sandbox: Sandbox) -> None:
    editor = start(answers=False)
    editor.chat("setup")

    for question, keys in (
        ("What do you want?", "1"),
        ("A conversation needs an app", "1"),
        ("Client ID (AppKey) of the app: ", APP.client_id),
        ("which is not shown: ", APP.client_secret),
    ):
        processes.until(partial(is_asked, editor, question), question)
        editor.nvim.input(f"{keys}<CR>")
    sees(editor, "✓ id and secret are right")
    sees(editor, "Write to the robot now")
    assert APP.client_secret not in editor.printed()


def test_wrong_credentials_are_said_and_typed_again(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    paste(editor, "wrong-Secret_0123456789")
    sees(editor, "does not accept")
    editor.lua("_G.secret = ...", APP.client_secret)
    choose(editor, "Type Client ID")
    editor.until_lua(f"_G.enter and _G.enter([[{APP.client_id}]])")
    sees(editor, "✓ stored in")


def test_a_setup_that_is_left_goes_on_there(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    paste(editor)
    sees(editor, "Write to the robot now")
    editor.nvim.input("q")
    editor.until_said("the setup is left; :Chat setup goes on there")
    editor.until(lambda: not editor.lines(BUFFER), "the window is closed")
    sandbox.client.wait_connections(0)
    editor.chat("setup")
    choose(editor, "Go on")
    answered(editor, sandbox)


def test_a_question_that_is_cancelled_leaves_the_setup(start: Start) -> None:
    editor = start()
    editor.chat("setup")
    editor.until_lua("_G.cancel ~= nil")
    editor.lua("_G.cancel()")
    editor.until_said("the setup is left")
    assert editor.lines(BUFFER) == []


def test_it_ends_with_neovim(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    paste(editor)
    sees(editor, "Write to the robot now")
    sandbox.client.wait_connections(1)
    editor.close()
    sandbox.client.wait_connections(0)


def test_the_keyboard_is_not_taken_from_who_types_elsewhere(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    paste(editor)
    sees(editor, "Write to the robot now")
    editor.nvim.command("wincmd p | startinsert")
    asked = editor.lua("return #_G.asked")
    sandbox.client.say("早上好", user="zhangsan", app=APP.client_id)
    sees(editor, "Press Enter here to answer.")
    assert editor.lua("return #_G.asked") == asked
    editor.nvim.command("stopinsert")
    editor.chat("setup")  # brings the user to the window
    editor.nvim.input("<CR>")
    choose(editor, "Yes")
    sandbox.client.wait_arrived(1)


def test_a_screen_without_room_for_a_code_shows_its_address(start: Start) -> None:
    editor = start()
    editor.nvim.command("set lines=16")
    editor.chat("setup")
    choose(editor, "A conversation")
    choose(editor, "Make it now")
    sees(editor, "/openapp/registration?user_code=")
    assert "█▀▀▀▀▀█" not in "\n".join(editor.lines(BUFFER))
    editor.nvim.command("set lines=40")
    sees(editor, "█▀▀▀▀▀█")


def test_it_asks_in_the_language_of_the_settings(start: Start) -> None:
    editor = start()
    editor.setup({"language": "zh"})
    editor.chat("setup")
    sees(editor, "需要什么？")
    choose(editor, "对话")


def test_own_settings_of_a_robot_are_kept(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    editor.setup({"webhook": sandbox.webhook_url})
    paste(editor)
    answered(editor, sandbox)
    sees(editor, "This Neovim keeps the robot of its own settings")
    assert editor.lua("return require('dingbridge').mode()") == "webhook"


def test_a_robot_that_a_neovim_uses_is_left_to_it(start: Start, sandbox: Sandbox) -> None:
    editor = start()
    editor.setup({"app_key": APP.client_id, "app_secret": APP.client_secret})
    editor.chat("bridge dingtalk")
    editor.until(lambda: editor.status()["connected"], "connected")
    paste(editor)
    sees(editor, "So connection and first message are not tried here")
    choose(editor, "Leave this out")
    choose(editor, "No, I put it")
    sees(editor, "Done.")
    assert len(sandbox.client.connections().open) == 1
    assert sandbox.client.connections().total == 1


def test_the_editor_answers_while_the_network_hangs(start: Start, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.hang("/v1.0/oauth2/accessToken"))
    editor = start()
    paste(editor)
    sandbox.client.wait_hanging(1)
    assert editor.lua("return 1 + 1") == 2
    sandbox.client.release()
    sees(editor, "✓ id and secret are right")
