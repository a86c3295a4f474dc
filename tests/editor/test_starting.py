"""How the host starts, with which interpreter, and what is said when it cannot."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge import __version__
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import ROOT, Editor
from tests.support.neovim import find_neovim
from tests.support.processes import is_alive, run, until

pytestmark = pytest.mark.environment
posix = pytest.mark.skipif(os.name != "posix", reason="programs of POSIX")

STUB = ROOT / "rplugin" / "python3" / "dingbridge_rplugin.py"


def host_pids(editor: Editor) -> list[int]:
    """The processes that the editor started and that still run."""
    return list(editor.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())"))


def write_program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def old_python(path: Path) -> str:
    """A program that is Python 3.8 for whatever it runs."""
    code = (
        "import runpy, sys; sys.version_info = (3, 8, 1); sys.argv[:] = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return write_program(path, f'#!/bin/sh\nexec \'{sys.executable}\' -c "{code}" "$@"\n')


def write_manifest(editor: Editor, manifest: Path) -> None:
    """`:UpdateRemotePlugins`, whose file name Neovim computes when it has started fully."""
    editor.lua("vim.g.python3_host_prog = ...", sys.executable)
    editor.lua("vim.g.loaded_remote_plugins = ...", str(manifest))
    editor.nvim.command("UpdateRemotePlugins")


def test_setup_defines_the_commands_and_starts_no_process(editor: Editor) -> None:
    editor.setup({"webhook": "https://oapi.dingtalk.com/robot/send?access_token=abc"})
    assert editor.lua("return vim.fn.exists(':Chat')") == 2
    assert editor.lua("return vim.fn.exists(':DingTalk')") == 2
    assert editor.status()["mode"] == "webhook"
    assert host_pids(editor) == []


def test_the_first_command_starts_the_host_and_is_carried_out(editor: Editor) -> None:
    editor.setup({})
    editor.chat("new First")
    editor.until(lambda: [row["title"] for row in editor.sessions()] == ["First"])
    assert len(host_pids(editor)) == 1


def test_without_setup_a_lua_call_starts_the_host_as_well(editor: Editor) -> None:
    editor.lua("require('dingbridge').send('hello')")
    editor.until_said("no such session")


def test_the_option_python_chooses_the_interpreter(editor: Editor, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    program = write_program(
        tmp_path / "my-python", f'#!/bin/sh\necho ran > "{trace}"\nexec "{sys.executable}" "$@"\n'
    )
    editor.setup({"python": program})
    editor.chat("new x")
    editor.until(editor.sessions)
    assert trace.exists()


def test_the_plugins_own_environment_comes_before_the_global_setting(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    for folder in ("lua", "rplugin"):
        shutil.copytree(ROOT / folder, plugin / folder)
    other = write_program(tmp_path / "other-python", "#!/bin/sh\n")
    look = (
        "lua vim.opt.rtp:append(vim.env.PLUGIN); vim.g.python3_host_prog = vim.env.OTHER;"
        "io.write(require('dingbridge.host').python().written)"
    )

    def chosen() -> str:
        shown = run(
            [find_neovim(), "--clean", "--headless", "-c", look, "-c", "qa!"],
            env={**os.environ, "PLUGIN": str(plugin), "OTHER": other},
            text=True,
        )
        return str(shown.stdout)

    assert chosen() == other
    own = plugin / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    write_program(own, "#!/bin/sh\n")
    assert chosen() == other  # it is no environment yet
    settings = plugin / ".venv" / "pyvenv.cfg"
    settings.write_text("version = 3.9.18\n")
    assert chosen() == other
    settings.write_text("version = 3.11.2\n")
    assert chosen() == str(own)
    own.unlink()
    assert chosen() == other


def test_missing_packages_are_named_with_the_command_that_installs_them(
    editor: Editor, tmp_path: Path
) -> None:
    program = write_program(
        tmp_path / "bare-python", f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n'
    )
    editor.setup({"python": program})
    editor.chat("new x")
    said = editor.until_said("missing")
    assert "pynvim" in said
    assert "Take the option `python` out of the settings, then run :Chat install" in said
    assert "pip install" not in said  # distributions refuse that
    # Nothing is left behind that keeps the next attempt from working.
    editor.setup({"python": sys.executable})
    editor.chat("new works")
    editor.until(editor.sessions)


def test_an_interpreter_that_ends_at_once_is_told_in_words_and_breaks_no_command(
    editor: Editor, tmp_path: Path
) -> None:
    editor.setup({"python": write_program(tmp_path / "dead", "#!/bin/sh\nexit 3\n")})
    # It is gone before the editor says the first word to it.
    editor.lua("""
        local notify = vim.rpcnotify
        vim.rpcnotify = function(...)
          vim.uv.sleep(50)
          return notify(...)
        end
    """)
    for act in (
        "vim.cmd('Chat new x')",
        "require('dingbridge').send('hello')",
        "vim.cmd('Chat send hello')",
        "vim.cmd('Chat'); require('dingbridge').setup({ keyword = 'x' })",
    ):
        editor.setup({"python": str(tmp_path / "dead")})
        editor.lua(act)
        editor.until_said("cannot start")
        editor.until_lua("not require('dingbridge.host').is_running()")


def test_a_host_of_another_version_is_named_with_what_to_do(editor: Editor) -> None:
    editor.lua("require('dingbridge.generated').version = '0.0.1'")
    editor.setup({})
    editor.chat("new works")
    said = editor.until_said("the plugin was upgraded")
    assert f"its host is dingbridge {__version__}, this Neovim has loaded 0.0.1" in said
    assert "start Neovim again" in said
    editor.until(editor.sessions)


def test_an_old_python_is_refused_by_its_version(editor: Editor, tmp_path: Path) -> None:
    program = old_python(tmp_path / "old-python")
    editor.setup({"python": program})
    editor.chat("new x")
    assert "3.8" in editor.until_said("3.10 or newer")


def test_an_interpreter_that_does_not_exist_is_told_with_the_option(editor: Editor) -> None:
    editor.setup({"python": "/nowhere/python"})
    editor.chat("new x")
    assert "option `python`" in editor.until_said("/nowhere/python")


def test_the_manifest_gives_the_same_commands(
    start_editor: StartEditor, tmp_path: Path, webhook_options: dict[str, Any], sandbox: Sandbox
) -> None:
    manifest = tmp_path / "rplugin.vim"
    environ = {
        "NVIM_RPLUGIN_MANIFEST": str(manifest),
        "DINGTALK_WEBHOOK": sandbox.webhook_url,
        "DINGTALK_OAPI_ENDPOINT": sandbox.url,
    }
    first = start_editor("manifest", environ)
    first.lua("vim.g.python3_host_prog = ...", sys.executable)
    write_manifest(first, manifest)
    assert "dingbridge_rplugin" in manifest.read_text()

    second = start_editor("manifest", environ)
    second.lua("vim.g.python3_host_prog = ...", sys.executable)
    second.execute("source", manifest)
    second.nvim.command("Chat notify by manifest")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "by manifest"
    second.nvim.command("DingTalk new Second")
    second.until(second.sessions)
    second.lua("require('dingbridge').notify('by lua')")
    assert sandbox.client.wait_arrived(2)[1].text == "by lua"
    assert len(host_pids(second)) == 1


def test_the_first_command_of_the_manifest_takes_its_line_for_no_range(
    start_editor: StartEditor, tmp_path: Path
) -> None:
    manifest = tmp_path / "rplugin.vim"
    editor = start_editor("manifest", {"NVIM_RPLUGIN_MANIFEST": str(manifest)})
    editor.lua("vim.g.python3_host_prog = ...", sys.executable)
    write_manifest(editor, manifest)
    editor.execute("source", manifest)
    editor.type_draft("local secret = 1")
    editor.nvim.command("Chat send")
    editor.until_said("no session yet")
    assert editor.transcript() == []


def test_a_command_of_another_plugin_is_left_alone_but_dingtalk_is_ours(editor: Editor) -> None:
    editor.nvim.command("command Chat let g:theirs = 1")
    editor.setup({})
    editor.nvim.command("Chat")
    assert editor.nvim.vars["theirs"] == 1
    editor.nvim.command("DingTalk new Ours")
    editor.until(editor.sessions)


def test_require_chat_is_ours_unless_another_plugin_has_it(editor: Editor, tmp_path: Path) -> None:
    editor.lua(
        "require('chat').setup({ integrations = { dingtalk = { webhook = ... } } })",
        "https://oapi.dingtalk.com/robot/send?access_token=abc",
    )
    assert editor.status()["mode"] == "webhook"

    other = tmp_path / "other" / "lua" / "chat"
    other.mkdir(parents=True)
    (other / "init.lua").write_text("return { theirs = true }\n")
    editor.lua("vim.opt.rtp:append(...)", str(other.parents[1]))
    editor.lua("package.loaded.chat = nil")
    assert editor.lua("return require('chat').theirs") is True


def test_all_problems_of_the_settings_are_told_together_and_the_editor_goes_on(
    editor: Editor,
) -> None:
    editor.lua(
        "require('chat').setup({ integrations = { telegram = {}, dingtalk = ... } })",
        {
            "app_kye": "x",
            "app_secret": "YOUR_APP_SECRET",
            "msgtype": 3,
            "webhook": "https://evil.example/robot/send?access_token=hidden-token",
        },
    )
    [said] = editor.said()
    for words in (
        "integrations.telegram",
        "app_kye",
        "did you mean",
        "app_key",
        "YOUR_APP_SECRET",
        "msgtype",
    ):
        assert words in said
    editor.chat("new Goes on")
    more = editor.until_said("webhook: evil.example is no host of DingTalk")
    assert {*said.split("\n")} & {*more.split("\n")} == {"the settings have problems:"}
    assert "hidden-token" not in said + more
    editor.until(editor.sessions)
    editor.chat("bridge dingtalk")
    every = editor.until_said("the settings cannot be used")
    assert {*said.split("\n")[1:], *more.split("\n")[1:]} <= {*every.split("\n")}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"integrations": {"dingtlk": {}}}, "integrations.dingtlk: unknown option, did you mean"),
        ({"integration": {"dingtalk": {}}}, "integration: unknown option, did you mean integra"),
        ({"integrations": {"slack": {}}}, "integrations.slack: only 'dingtalk' is served here"),
        ({"integrations": "dingtalk"}, "integrations: expected a table with dingtalk, got text"),
        ({"instruction": "x"}, "\n  instruction: unknown option, did you mean"),
        (
            {"verbose": True, "integrations": {"dingtalk": {"keyword": "x"}}},
            "verbose: belongs inside integrations = { dingtalk = { … } }",
        ),
        (
            {"dm": {"policy": "open"}, "integrations": {"dingtalk": {}}},
            "dm: belongs inside integrations = { dingtalk = { … } }",
        ),
        (
            {"dingtalk": {"app_key": "dingabc", "app_secret": "x"}},
            "dingtalk: belongs inside integrations = { dingtalk = { … } }",
        ),
        ({"app_keyy": "dingabc", "app_secret": "x"}, "app_keyy: unknown option, did you mean"),
    ],
)
def test_what_is_wrong_around_the_options_is_told_with_the_nearest_name(
    editor: Editor, given: dict[str, Any], words: str
) -> None:
    editor.setup(given)
    [said] = editor.said()
    assert words in said
    assert said.count("\n") == 1
    assert editor.status()["mode"] == "off"
    editor.chat("bridge dingtalk")
    again = editor.until_said("the settings cannot be used")
    assert words in again
    assert again.count("\n") == 1
    assert len(editor.said()) == 2


def test_setup_may_be_called_again_while_the_host_runs(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor.setup({})
    editor.chat("notify nowhere")
    editor.until_said("not set up")
    editor.setup(webhook_options)
    editor.chat("notify somewhere")
    assert sandbox.client.wait_arrived(1)[0].text == "somewhere"


def test_what_is_sent_between_two_setups_never_goes_by_the_second_one(
    editor: Editor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    webhook_options: dict[str, Any],
) -> None:
    """Lua may do all of it before the host even runs."""
    app = {**api_options, "user_id": "zhangsan"}
    editor.lua(
        """
        local app, group = ...
        local chat = require('dingbridge')
        chat.setup(app)
        chat.notify('for one person')
        chat.setup(group)
        chat.notify('for the group')
        """,
        app,
        webhook_options,
    )
    # The first one may wait for its app to be set up again.
    sandbox.client.wait_arrived(lambda one: one.route == "webhook")
    editor.setup(app)
    editor.chat("notify for one person again")
    arrived = sandbox.client.wait_arrived(3)
    assert sorted((one.route, one.text) for one in arrived) == [
        ("single", "for one person"),
        ("single", "for one person again"),
        ("webhook", "for the group"),
    ]


def waiting_program(pipe: Path, says: str) -> list[str]:
    """A program that tells a secret once somebody has written into the pipe."""
    return ["/bin/sh", "-c", 'read -r _ < "$1"; echo "$2"', "sh", str(pipe), says]


@pytest.mark.skipif(os.name != "posix", reason="a named pipe says when the program goes on")
def test_what_is_sent_after_a_setup_waits_for_the_programs_it_names(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    editor.setup(webhook_options)
    editor.chat("notify before")
    sandbox.client.wait_arrived(1)
    app = {**sandbox.settings(), "user_id": "zhangsan"}
    app.pop("webhook")
    secret = waiting_program(pipe, str(app["app_secret"]))
    editor.setup({**app, "app_secret": {"cmd": secret}})
    editor.chat("notify after")
    editor.until_said("the settings wait for /bin/sh")
    assert len(sandbox.client.arrived()) == 1
    pipe.write_text("go\n")
    [_, after] = sandbox.client.wait_arrived(2)
    assert (after.route, after.text) == ("single", "after")


@pytest.mark.skipif(os.name != "posix", reason="a named pipe says when the program goes on")
def test_settings_that_correct_others_do_not_wait_for_them(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    app = sandbox.settings()
    editor.setup({**app, "app_secret": {"cmd": waiting_program(pipe, "never said")}})
    editor.lua("require('dingbridge.host').start()")
    editor.setup(webhook_options)
    editor.chat("notify at once")
    assert sandbox.client.wait_arrived(1)[0].text == "at once"
    with pytest.raises(OSError, match="No such device"):  # nobody reads from it any more
        os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.skipif(os.name != "posix", reason="a named pipe says when the program goes on")
def test_what_waits_for_settings_when_the_editor_is_left_goes_by_no_others(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    editor = start_editor()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    editor.setup(webhook_options)
    editor.chat("notify before")
    sandbox.client.wait_arrived(1)
    secret = {"cmd": waiting_program(pipe, "never said")}
    editor.lua(
        """
        local waiting, group = ...
        local chat = require('dingbridge')
        chat.setup(waiting)
        chat.notify('for the app')
        chat.setup(group)
        chat.notify('for the group')
        """,
        {**sandbox.settings(), "app_secret": secret},
        webhook_options,
    )
    editor.close()
    following = start_editor()
    following.setup(webhook_options)
    following.chat("notify after")
    arrived = [one.text for one in sandbox.client.wait_arrived(3)]
    assert arrived == ["before", "for the group", "after"]


def test_leaving_the_editor_ends_the_host_and_closes_the_link(
    bound: Editor, sandbox: Sandbox
) -> None:
    [pid] = host_pids(bound)
    bound.close()
    sandbox.client.wait_connections(0)
    until(lambda: not is_alive(pid), "the host is gone")


def test_no_secret_is_in_the_argument_list_of_the_host(
    bound: Editor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    [pid] = host_pids(bound)
    shown = Path(f"/proc/{pid}/cmdline")
    if not shown.exists():
        pytest.skip("this system does not show argument lists as files")
    assert sandbox.client_secret not in shown.read_text()


CURRENT_LINES = "return vim.api.nvim_buf_get_lines(0, 0, -1, false)"

# --- the window before the session ----------------------------------------------------------------


def test_the_first_command_asks_neovim_for_no_digest_which_it_would_test_first(
    editor: Editor,
) -> None:
    editor.lua("""
        _G.digests = 0
        local sha256 = vim.fn.sha256
        vim.fn.sha256 = function(text)
          _G.digests = _G.digests + 1
          return sha256(text)
        end
    """)
    editor.setup({"app_key": "dingx", "app_secret": "secret"})
    editor.chat("new")
    editor.until(editor.sessions)
    assert editor.lua("return _G.digests") == 0


@pytest.fixture
def gate(tmp_path: Path, editor: Editor) -> Path:
    """A file without which the host of the editor does not start."""
    path, script = tmp_path / "gate", tmp_path / "python"
    words = f'while ! test -e "{path}"; do sleep 0.01; done\nexec "{sys.executable}" "$@"\n'
    script.write_text("#!/bin/sh\n" + words, encoding="utf-8")
    script.chmod(0o700)
    editor.setup({"python": str(script)})
    editor.nvim.ui_attach(80, 24)
    return path


@posix
def test_the_chat_window_does_not_wait_for_host_and_service(editor: Editor, gate: Path) -> None:
    editor.chat()
    editor.until(lambda: editor.windows() == 2)
    editor.nvim.input("ifirst<CR>words")
    editor.until(lambda: editor.nvim.current.buffer[:] == ["first", "words"])
    editor.nvim.input("<Esc>")
    editor.nvim.command("write")
    editor.until_said("the session is not there yet")
    editor.nvim.input("A and")
    editor.until(lambda: editor.nvim.current.buffer[:] == ["first", "words and"])
    gate.touch()
    [row] = editor.until(editor.sessions)
    editor.until(lambda: editor.chat_lines(row["id"], "draft") == ["first", "words and"])
    # The user goes on writing as if nothing had happened.
    editor.nvim.input(" more")
    editor.until(lambda: editor.chat_lines(row["id"], "draft") == ["first", "words and more"])
    assert editor.windows() == 2
    assert sorted(each.name for each in editor.nvim.buffers if "starting" in each.name) == []
    editor.nvim.input("<Esc>")
    editor.nvim.command("write")
    editor.until(lambda: [one["text"] for one in editor.transcript()] == ["first\nwords and more"])


@posix
@pytest.mark.parametrize("command", ["Chat", "Chat new"])
def test_keys_typed_right_behind_the_first_command_go_into_the_draft(
    editor: Editor, gate: Path, command: str
) -> None:
    code = editor.nvim.current.buffer
    code[:] = ["code"]
    editor.nvim.input(f":{command}<CR>ihello")
    editor.until(lambda: editor.lua(CURRENT_LINES) == ["hello"])
    assert code[:] == ["code"]
    gate.touch()
    [row] = editor.until(editor.sessions)
    editor.until(lambda: editor.chat_lines(row["id"], "draft") == ["hello"])


@pytest.mark.parametrize("command", ["Chat", "Chat new"])
def test_keys_typed_right_behind_a_later_command_go_into_the_draft(
    editor: Editor, command: str
) -> None:
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    code = editor.nvim.current.buffer
    code[:] = ["code"]
    editor.chat("new first")
    [first] = editor.until(editor.sessions)
    editor.until_lua("(vim.b.dingbridge_session or '') ~= ''")
    editor.nvim.input("q")
    editor.until(lambda: editor.nvim.current.buffer == code)
    editor.nvim.input(f":{command}<CR>ihello")
    editor.until(lambda: editor.lua(CURRENT_LINES) == ["hello"])
    assert code[:] == ["code"]
    editor.until(lambda: len(editor.sessions()) == len(command.split()))
    shown = editor.sessions()[0]["id"]
    editor.until(lambda: editor.chat_lines(shown, "draft") == ["hello"])
    assert (shown == first["id"]) is (command == "Chat")


def test_who_has_left_the_window_before_the_session_is_there_stays_elsewhere(
    editor: Editor, gate: Path
) -> None:
    editor.nvim.current.buffer[:] = ["code"]
    editor.nvim.input(":Chat<CR>ihello<Esc><C-w>t")
    editor.until(lambda: editor.nvim.current.buffer[:] == ["code"])
    gate.touch()
    [row] = editor.until(editor.sessions)
    editor.until(lambda: editor.chat_lines(row["id"], "draft") == ["hello"])
    assert editor.nvim.current.buffer[:] == ["code"]


def test_who_has_left_a_chat_that_was_shown_again_stays_elsewhere(editor: Editor) -> None:
    editor.setup({})
    editor.nvim.ui_attach(80, 24)
    editor.nvim.current.buffer[:] = ["code"]
    editor.chat("new first")
    editor.until_lua("(vim.b.dingbridge_session or '') ~= ''")
    opened = editor.lua("return require('dingbridge.state').opened")
    editor.nvim.input(":Chat<CR><C-w>t")
    editor.until_lua(f"require('dingbridge.state').opened > {opened}")
    assert editor.nvim.current.buffer[:] == ["code"]


@posix
@pytest.mark.parametrize("typed", ["", "precious"])
def test_a_window_whose_host_cannot_start_goes_unless_something_was_typed(
    editor: Editor, gate: Path, typed: str
) -> None:
    editor.chat("new")
    editor.until(lambda: editor.windows() == 2)
    if typed:
        editor.nvim.input(f"i{typed}<Esc>")
        editor.until(lambda: editor.nvim.current.buffer[:] == [typed])
    [pid] = host_pids(editor)
    os.kill(pid, signal.SIGKILL)
    editor.until_said("cannot start")
    assert editor.windows() == (2 if typed else 1)
    assert not typed or editor.nvim.current.buffer[:] == [typed]
