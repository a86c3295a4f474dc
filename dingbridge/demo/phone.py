"""张三's phone: what is typed here is said to the robot, and what the robot answers is shown."""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TextIO, get_args

from dingbridge.core.text import clean
from dingbridge.demo.words import CODE, WAYS, place_of, width, wrapped
from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.commands import FaultName
from dingbridge.sandbox.records import ArrivedMessage, Said

try:
    import readline
except ModuleNotFoundError:  # Windows has none: what is being typed is then not drawn again
    readline = None  # type: ignore[assignment]  # so that there is one name to ask

ME, ME_ID = "张三", "zhangsan"
STRANGER, STRANGER_ID = "李四", "lisi"
GROUP = "产品讨论群"
PROMPT = f"{ME}> "
HELP = """\
Type a line to write to the editor,
or /help to ask the robot itself.
:group TEXT     ask in the group
:stranger TEXT  as one not allowed
:file PATH      send a file or picture
:fault NAME     cause trouble
:offline        cut the connection
:help           show this again
"""
COMMAND = re.compile(r":[A-Za-z]+!?$")
"""A word that is for the phone. DingTalk's robots have the slash for theirs."""
NEOVIMS = {
    ":Chat": "Tab goes to Neovim, where :Chat belongs.",
    ":q": "Esc, then :q leaves the demo.",
}
"""What to say to a word that is for Neovim."""
GREETING = "你好！Hello from the phone. 能看到我吗？"
CONTROL = "DINGBRIDGE_DEMO_CONTROL"
"""Variable with the address of the sandbox's control API; arguments are for all to see."""
CONNECTED_WITHIN = 30.0
"""Seconds that the editor has for its first connection."""
LISTEN = 20.0
"""Seconds that one question for news lasts before the next one is asked."""
FASTEST_KEY = 0.01
"""Nobody presses a key within so many seconds: an end of input this soon is the terminal's."""
WIDEST = 60
"""Columns of a bubble on a wide screen."""

DIM, BOLD, GREEN, RED, PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


class Phone:
    """Says lines and shows answers. `out` is a terminal."""

    def __init__(self, client: SandboxClient, out: TextIO) -> None:
        self._client = client
        self._out = out
        self._lock = threading.Lock()
        self._shown = 0
        self._typing = False

    def greet(self) -> None:
        """Wait for the editor, then say hello. Raises `TimeoutError` when it does not come."""
        self.note(HELP)
        self.note(f"In a browser:\n{self._client.page()}")
        self._client.wait_connections(1, total=1, timeout=CONNECTED_WITHIN)
        self._say(GREETING, ME_ID)
        self._show([f"{PROMPT}{GREETING}"])

    def enter(self, line: str) -> None:
        """Do what a typed line asks for."""
        word, _, text = line.strip().partition(" ")
        text = text.strip()
        if not COMMAND.match(word):
            if line.strip():
                self._say(line.strip(), ME_ID)
        elif word == ":group" and text:
            self._say(text, ME_ID, GROUP)
        elif word == ":stranger" and text:
            refused = self._refused()
            self._say(text, STRANGER_ID)
            if refused:
                self.note(f"{STRANGER} was told once; now the bridge stays silent.")
        elif word == ":file" and text:
            # A terminal quotes what is dropped on it.
            self._send_file(Path(text.strip("'\"")).expanduser())
        elif word == ":fault":
            self._cause(text)
        elif word == ":offline":
            cut = self._client.abort()
            self.note("Cut. It comes back by itself." if cut else "There is no connection.")
        elif word in NEOVIMS:
            self.note(NEOVIMS[word])
        elif word in (":group", ":stranger", ":file"):
            self.note(f"{word} needs a {'PATH' if word == ':file' else 'TEXT'}.\n{HELP}")
        elif word == ":help":
            self.note(HELP)
        else:
            self.note(f"This phone knows no {word}.\n{HELP}")

    def listen_once(self) -> None:
        """Show what arrives next, or nothing when nothing does for a while."""
        try:
            arrived = self._client.wait_arrived(self._shown + 1, timeout=LISTEN)
        except TimeoutError:
            return
        for each in arrived[self._shown :]:
            self._show(bubble(each, self._columns))
        self._shown = len(arrived)

    def ask(self) -> str:
        """The next typed line. Raises `EOFError` at the end of the input."""
        self._typing = True
        try:
            return input(PROMPT)
        finally:
            self._typing = False

    def note(self, words: str, colour: str = DIM) -> None:
        """Show a remark of the phone itself."""
        lines = [piece for line in words.split("\n") for piece in wrapped(line, self._columns)]
        self._show([f"{colour}{line}{PLAIN}" for line in lines])

    @property
    def _columns(self) -> int:
        return shutil.get_terminal_size().columns - 1

    def _refused(self) -> bool:
        """Whether the last message to the stranger is the code; after access it is a welcome."""
        got = [each.text for each in self._client.arrived() if place_of(each) == STRANGER]
        return bool(got and CODE.search(got[-1]))

    def _send_file(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except OSError as problem:
            self.note(f"{path}: {problem.strerror}", RED)
            return
        if (mimetypes.guess_type(path.name)[0] or "").startswith("image/"):
            said = self._client.say_picture(data, user=ME_ID)
        else:
            said = self._client.say_file(path.name, data, user=ME_ID)
        self._tell_if_lost(said)

    def _cause(self, name: str) -> None:
        known = get_args(FaultName)
        fault: FaultName | None = next((each for each in known if each == name), None)
        if fault is None:
            self.note("Trouble to cause: " + ", ".join(known))
            return
        try:
            self._client.named_fault(fault)
        except ValueError as problem:
            self.note(f"{problem}.")
        else:
            self.note("No trouble any more." if name == "clear" else f"Caused: {name}.")

    def _say(self, text: str, user: str, group: str | None = None) -> None:
        self._tell_if_lost(self._client.say(text, user=user, group=group))

    def _tell_if_lost(self, said: Said) -> None:
        if said.lost:
            self.note("Not delivered: the editor is not connected.", RED)

    def _show(self, lines: list[str]) -> None:
        """Write above the line that is being typed, and draw that one again below."""
        with self._lock:
            typing = self._typing
            written = readline.get_line_buffer() if typing and readline else ""
            again = PROMPT + written if typing else ""
            rows = (width(again) - 1) // max(1, self._columns + 1) if again else 0
            up = f"\x1b[{rows}A" if rows else ""
            self._out.write(f"{up}\r\x1b[J" + "\n".join(lines) + "\n" + again)
            self._out.flush()


def bubble(arrived: ArrivedMessage, columns: int) -> list[str]:
    """A message that arrived, with whom it reached and the way it took, as terminal lines."""
    room = max(10, min(columns, WIDEST) - 2)
    way = f"→ {place_of(arrived)} · {WAYS[arrived.route]}"
    lines = [f"{GREEN}╭ {BOLD}{line}{PLAIN}" for line in wrapped(way, room)[:1]]
    for line in clean(arrived.text).split("\n"):
        lines.extend(f"{GREEN}│{PLAIN} {piece}" for piece in wrapped(line, room))
    return [*lines, f"{GREEN}╰{PLAIN}"]


def main() -> int:
    """Run the phone of the sandbox whose control address is in the environment, until its terminal
    or the sandbox goes away."""
    phone = Phone(SandboxClient(os.environ[CONTROL]), sys.stdout)
    try:
        phone.greet()
    except TimeoutError:
        phone.note("The editor did not connect; :messages on the left says why.")
    except OSError:
        return 0  # requests' errors are of this kind: the sandbox is gone
    threading.Thread(target=_listen, args=(phone,), daemon=True).start()
    while True:
        began = time.monotonic()
        try:
            phone.enter(phone.ask())
        except KeyboardInterrupt:
            phone.note("")
        except EOFError:
            if time.monotonic() - began < FASTEST_KEY:
                return 0
            phone.note("\n:q leaves the demo.")
        except OSError:
            return 0


def _listen(phone: Phone) -> None:
    try:
        while True:
            phone.listen_once()
    except OSError:
        os._exit(0)  # the sandbox is gone, and the main thread waits for a line
