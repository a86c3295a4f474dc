"""Measures what the editor feels: `make bench`. Prints medians of several runs, asserts nothing."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from dingbridge.core import guard, outbox, transcript
from dingbridge.core.chunking import split
from dingbridge.core.limits import CHUNK_CHARACTERS, MSG_PARAM_BYTES
from dingbridge.core.messages import Message, Outbound, Role, Target
from dingbridge.core.rendering import for_dingtalk
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


CUT = {
    "Markdown": "## 标题 title\n\nSome words of a paragraph, 还有中文。And more of it.\nA line.\n\n"
    "- an item\n- [a link](https://example.com/path) in another\n\n```python\ndef f():\n"
    "    return 1\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n\n",
    "Chinese prose": "这是一个没有换行的中文句子，后面还有。",
    "one line": "x",
    "code": "```python\n" + "    some = code + 1\n" * 20_000 + "```\n\n",
    "fences": "```\nx\n```\n",
    "links of 30 KB": f"[text](https://example.com/{'a' * 30_000})\n",
    "combining marks": "\u0301",
    "10,000 nested quotes": ">" * 10_000 + " deep\n",
}
"""What is cut in the bench, over and over up to the size."""


def chunking() -> dict[str, list[float]]:
    """Cutting 1 MB and 10 MB of UTF-8 for OpenAPI, measured by turns in time of the processor; the
    ratio is that of the best runs, which other work on the machine disturbed least."""
    figures: dict[str, list[float]] = {}
    for name, unit in CUT.items():
        long = (unit * (10_000_000 // len(unit.encode()) + 1)).encode()
        texts = {size: long[: size * 1_000_000].decode(errors="ignore") for size in (1, 10)}
        costs: dict[int, list[float]] = {size: [] for size in texts}
        for _ in range(5):
            for size, text in texts.items():
                began = time.process_time()
                split(text, CHUNK_CHARACTERS, MSG_PARAM_BYTES)
                costs[size].append((time.process_time() - began) * 1000)
        least, most = (min(costs[size]) for size in texts)
        figures[f"10 MB are cut: {name}"] = costs[10]
        figures["the same over 1 MB, as a ratio (no unit)".ljust(43) + name] = [most / least]
        figures["the same in MB/s".ljust(43) + name] = [10_000 / most]
    return figures


def masking_and_drawing() -> dict[str, list[float]]:
    """Looking for secrets in 1 MB and 10 MB, and drawing 100 KB of Markdown, as above."""
    environment = {f"V{number}_TOKEN": f"v4lue-{number}-of-a-token" for number in range(20)}
    figures: dict[str, list[float]] = {}
    for name in ("Markdown", "Chinese prose", "code"):
        unit = CUT[name]
        long = unit * (10_000_000 // len(unit.encode()) + 1)
        texts = {size: long[: size * len(long) // 10] for size in (1, 10)}
        costs: dict[int, list[float]] = {size: [] for size in texts}
        for _ in range(3):
            for size, text in texts.items():
                began = time.process_time()
                guard.mask(text, ("an-app-secret",), environment)
                costs[size].append((time.process_time() - began) * 1000)
        least, most = (min(costs[size]) for size in texts)
        figures[f"10 MB are searched for secrets: {name}"] = costs[10]
        figures["searching, over 1 MB, as a ratio (no unit)".ljust(43) + name] = [most / least]
        figures["searching in MB/s".ljust(43) + name] = [10_000 / most]
    text = CUT["Markdown"] * 400
    drawn = []
    for _ in range(5):
        began = time.process_time()
        for_dingtalk(text)
        drawn.append((time.process_time() - began) * 1000)
    return {**figures, f"{len(text.encode()) // 1000} KB of Markdown are drawn": drawn}


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
        collected.update(chunking())
        collected.update(masking_and_drawing())
    print(f"{'':42} median     worst  (ms)", file=sys.stdout)  # noqa: T201 - a report
    for name, values in collected.items():
        line = f"{name:42} {statistics.median(values):6.2f} {max(values):9.2f}"
        print(line, file=sys.stdout)  # noqa: T201 - a report


if __name__ == "__main__":
    main()
