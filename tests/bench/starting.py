"""From `setup()` to a link, beside a bare process that imports the three packages."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import OURS, Figure
from tests.bench.processes import Bridge, Server
from tests.support.processes import run

TIMED = """
local before = vim.uv.hrtime()
{code}
return (vim.uv.hrtime() - before) / 1e6
"""
BARE = "bare process"


def timed(one: Bridge, code: str) -> float:
    """Milliseconds that the editor was busy with `code`."""
    return float(one.editor.lua(TIMED.format(code=code)))


def one_round(server: Server) -> Iterator[Figure]:
    """One start of each side."""
    began = time.perf_counter()
    run([sys.executable, "-c", "import pynvim, requests, websocket"], check=True)
    bare = (time.perf_counter() - began) * 1000
    with tempfile.TemporaryDirectory() as folder:
        one = Bridge(Path(folder), server.url, f"{OURS}-start")
        # Nothing is counted here, so Python itself starts, as users have it.
        one.options["python"] = sys.executable
        try:
            yield from _start(one, bare)
        finally:
            one.close()


def _start(one: Bridge, bare: float) -> Iterator[Figure]:
    one.editor.lua("_G.options = ...", one.options)
    yield Figure("setup()", OURS, "ms", timed(one, "require('dingbridge').setup(_G.options)"))
    began = time.perf_counter()
    yield Figure("first :Chat blocks", OURS, "ms", timed(one, "vim.cmd('Chat new One')"))
    one.editor.until(lambda: one.editor.windows() > 1)
    drawn = (time.perf_counter() - began) * 1000
    one.editor.until(one.editor.sessions)
    one.editor.chat("bridge dingtalk")
    one.editor.until_lua("require('dingbridge').status().connected")
    connected = (time.perf_counter() - began) * 1000
    for what, milliseconds in (("window drawn", drawn), ("connected", connected)):
        name = f"from the first :Chat: {what}"
        yield Figure(name, OURS, "ms", milliseconds)
        yield Figure(name, BARE, "ms", bare)
    yield Figure("warm :Chat blocks", OURS, "ms", timed(one, "vim.cmd('Chat unknown')"))
    began = time.perf_counter()
    one.close()
    yield Figure("leaving the editor takes", OURS, "ms", (time.perf_counter() - began) * 1000)
