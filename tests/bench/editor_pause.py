"""The longest time that the editor did not get round to a timer of 1 ms, with a control run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dingbridge.core.messages import Message, Role
from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import SessionInfo
from tests.bench.figures import OURS, Figure
from tests.bench.processes import WITHIN, Bridge, Server, bridge
from tests.bench.starting import timed
from tests.support.editor import Editor

ARRIVING = 1000
LONG = 100_000
BIG = 1_000_000
WATCH = """
_G.pause, _G.last = 0, vim.uv.hrtime()
_G.watch = vim.uv.new_timer()
_G.watch:start(1, 1, function()
  local now = vim.uv.hrtime()
  _G.pause, _G.last = math.max(_G.pause, (now - _G.last) / 1e6), now
end)
"""
STOP = "_G.watch:stop(); _G.watch:close(); return _G.pause"
CONTROL = "without the plugin"


def watched(editor: Editor, act: Callable[[], object]) -> float:
    """The longest pause, in milliseconds, while `act` ran."""
    editor.lua(WATCH)
    act()
    return float(editor.lua(STOP))


def one_round(server: Server) -> Iterator[Figure]:
    """1,000 messages that arrive, 1 MB that leaves, a session of 100,000 messages that opens."""
    yield from _arriving(server)
    yield from _big(server)
    yield from _long(server)


def _control(seconds: float) -> float:
    """The longest pause of an editor without the plugin that is asked as often for as long."""
    with tempfile.TemporaryDirectory() as folder:
        editor = Editor(Path(folder))
        try:
            end = time.monotonic() + seconds
            return watched(editor, lambda: editor.until(lambda: time.monotonic() > end, "", WITHIN))
        finally:
            editor.close()


def _figures(name: str, pause: float, seconds: float) -> Iterator[Figure]:
    what = f"longest pause of the editor: {name}"
    yield Figure(what, OURS, "ms", pause)
    yield Figure(what, CONTROL, "ms", _control(min(seconds, 5.0)))


def _arriving(server: Server) -> Iterator[Figure]:
    client = f"{OURS}-pause"
    with bridge(server.url, client) as one:
        one.attach_screen()
        began = time.monotonic()

        def arrive() -> None:
            server.flood(client, ARRIVING)
            one.until_shown(ARRIVING)

        pause = watched(one.editor, arrive)
        yield from _figures(f"{ARRIVING:,} messages arrive", pause, time.monotonic() - began)


def _big(server: Server) -> Iterator[Figure]:
    client = f"{OURS}-big"
    with bridge(server.url, client, file_after=0) as one:
        server.flood(client, 1)
        one.until_shown(1)
        one.attach_screen()
        server.reset()
        one.editor.lua("_G.big = string.rep('Some words of a line.\\n', ...)", BIG // 22)
        began = time.monotonic()

        warm: list[float] = []

        def send() -> None:
            one.editor.lua("require('dingbridge').send(_G.big)")
            warm.append(timed(one, "vim.cmd('Chat unknown')"))
            server.calls(1)
            one.until_shown(2)

        pause = watched(one.editor, send)
        yield from _figures("1 MB is sent", pause, time.monotonic() - began)
        yield Figure("warm :Chat right after 1 MB blocks", OURS, "ms", warm[0])


def long_session(home: Path, count: int = LONG) -> None:
    """Writes a session of so many messages, with the id `long`, where an editor will look."""
    folder = home / "data" / "nvim" / "dingbridge" / "sessions"
    folder.mkdir(parents=True)
    messages = [
        Message(f"m{n}", Role.DINGTALK, "张三", f"message {n}\n\n- with a *list*\n", float(n))
        for n in range(count)
    ]
    info = SessionInfo("long", "Long", 1.0)
    (folder / "long.jsonl").write_bytes(transcript.encode_all(info, messages))


def _long(server: Server) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        long_session(Path(folder) / "home")
        one = Bridge(Path(folder), server.url, f"{OURS}-long")
        try:
            one.editor.setup(one.options)
            # `:Chat list` reads the sessions; its question would wait for an answer for ever.
            one.editor.lua("vim.ui.select = function() end")
            one.editor.chat("list")
            one.editor.until(one.editor.sessions)
            one.attach_screen()
            began = time.monotonic()
            ended: list[float] = []

            def look() -> None:
                one.editor.chat("open long")
                last = f"message {LONG - 1}"
                one.editor.until(lambda: last in _screen(one), "its end on the screen", WITHIN)
                ended.append(time.monotonic() - began)
                one.editor.until(lambda: one.shown() == LONG, "all of it", WITHIN)

            pause = watched(one.editor, look)
            name = f"session of {LONG:,} until its end is on the screen"
            yield Figure(name, OURS, "ms", ended[0] * 1000)
            yield from _figures(f"a session of {LONG:,} opens", pause, time.monotonic() - began)
        finally:
            one.close()


def _screen(one: Bridge) -> str:
    """The text of the transcript's last lines that a window shows."""
    return str(
        one.editor.lua("""
        for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
          local buffer = vim.api.nvim_win_get_buf(window)
          if vim.b[buffer].dingbridge_part == 'transcript' then
            local last = vim.fn.line('w$', window)
            local lines = vim.api.nvim_buf_get_lines(buffer, math.max(0, last - 40), last, false)
            return table.concat(lines, '\\n')
          end
        end
        return ''
        """)
    )
