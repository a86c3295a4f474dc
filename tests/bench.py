"""Measures what the editor feels: `make bench`. Prints medians of several runs, asserts nothing."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from dingbridge.core import outbox, transcript
from dingbridge.core.messages import Message, Outbound, Role, Target
from dingbridge.core.transcript import SessionInfo
from dingbridge.edges.storage.journal import Journal
from dingbridge.sandbox.server import Sandbox
from tests.editor import Editor

RUNS = 9
WARM = 50
MESSAGES = 10_000

TIMED = """
local before = vim.uv.hrtime()
{code}
return (vim.uv.hrtime() - before) / 1e6
"""


def timed(editor: Editor, code: str) -> float:
    """Milliseconds that the editor was busy with `code`."""
    return float(editor.lua(TIMED.format(code=code)))


def one_start(home: Path, options: dict[str, object]) -> dict[str, list[float]]:
    """The figures of one editor from `setup()` to warm commands."""
    editor = Editor(home)
    try:
        editor.lua("_G.options = ...", options)
        figures = {"setup(), cold": [timed(editor, "require('dingbridge').setup(_G.options)")]}
        figures["setup() again"] = [timed(editor, "require('dingbridge').setup(_G.options)")]
        began = time.perf_counter()
        figures["first :Chat blocks"] = [timed(editor, "vim.cmd('Chat new One')")]
        editor.until(editor.sessions)
        figures["first :Chat is carried out after"] = [(time.perf_counter() - began) * 1000]
        editor.chat("bridge dingtalk")
        editor.until_lua("require('dingbridge').status().connected")
        figures["warm :Chat blocks"] = [
            timed(editor, "vim.cmd('Chat unknown')") for _ in range(WARM)
        ]
        figures["warm :Chat is answered after"] = [
            timed(
                editor,
                "local n = #require('dingbridge.notice').said; vim.cmd('Chat unknown'); "
                "vim.wait(1000, function() return #require('dingbridge.notice').said > n end, 0)",
            )
            for _ in range(WARM)
        ]
        figures["leaving the editor takes"] = [leave(editor)]
        return figures
    finally:
        editor.close()


def leave(editor: Editor) -> float:
    """Milliseconds from `:qa!` to the end of the process."""
    began = time.perf_counter()
    editor.close()
    return (time.perf_counter() - began) * 1000


def large_transcript(home: Path) -> dict[str, list[float]]:
    """Opening a session of many messages: the longest time that one update holds the editor."""
    info = SessionInfo("large", "Large", 1.0)
    folder = home / "data" / "nvim" / "dingbridge" / "sessions"
    folder.mkdir(parents=True)
    messages = [
        Message(f"m{n}", Role.DINGTALK, "张三", f"message {n}\n\n- with a *list*\n", float(n))
        for n in range(MESSAGES)
    ]
    (folder / "large.jsonl").write_bytes(transcript.encode_all(info, messages))
    editor = Editor(home)
    try:
        editor.setup({})
        editor.lua(
            """
            local push = require('dingbridge.push')
            local apply = push.apply
            _G.busy = {}
            push.apply = function(updates)
              local before = vim.uv.hrtime()
              apply(updates)
              table.insert(_G.busy, (vim.uv.hrtime() - before) / 1e6)
            end
            """
        )
        began = time.perf_counter()
        editor.chat("open large")
        editor.until(lambda: len(editor.transcript("large")) == MESSAGES, seconds=60)
        whole = (time.perf_counter() - began) * 1000
        busy = [float(value) for value in editor.lua("return _G.busy")]
        return {
            f"{MESSAGES} messages: longest update": [max(busy)],
            f"{MESSAGES} messages: all shown after": [whole],
        }
    finally:
        editor.close()


def journal(folder: Path) -> dict[str, list[float]]:
    """What one more message costs while 10 or 10,000 wait, measured by turns."""
    folder.mkdir()
    journals = {}
    for waiting in (10, MESSAGES):
        journals[waiting] = Journal(folder / f"{waiting}.jsonl")
        journals[waiting].append(*(put(n) for n in range(waiting)))
    costs: dict[int, list[float]] = {waiting: [] for waiting in journals}
    for number in range(1000):
        for waiting, opened in journals.items():
            began = time.perf_counter()
            opened.append(put(MESSAGES + number))
            costs[waiting].append((time.perf_counter() - began) * 1000)
    figures = {f"a message more, {waiting} waiting": list(each) for waiting, each in costs.items()}
    ratio = statistics.median(costs[MESSAGES]) / statistics.median(costs[10])
    return {**figures, "the same as a ratio (no unit)": [ratio]}


def put(number: int) -> bytes:
    """A message as the journal holds it."""
    message = Outbound(f"m{number}", Target(user_id="zhangsan"), "text " * 80)
    return outbox.encode(outbox.Put("robot", message, outbox.Kind.REPLY, "session", 1.0))


def main() -> None:
    """Run everything and print one line for each figure."""
    collected: dict[str, list[float]] = {}
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        options = {key: value for key, value in sandbox.settings().items() if value}
        options["allow_from"] = ["zhangsan"]
        for run in range(RUNS):
            for name, values in one_start(Path(folder, str(run)), options).items():
                collected.setdefault(name, []).extend(values)
        collected.update(large_transcript(Path(folder, "large")))
        collected.update(journal(Path(folder, "journal")))
    print(f"{'':42} median     worst  (ms)", file=sys.stdout)  # noqa: T201 - a report
    for name, values in collected.items():
        line = f"{name:42} {statistics.median(values):6.2f} {max(values):9.2f}"
        print(line, file=sys.stdout)  # noqa: T201 - a report


if __name__ == "__main__":
    main()
