"""Processes that the bench starts and measures, by what Linux shows in `/proc`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from msgspec import Struct

from tests.bench import host
from tests.support import services
from tests.support.editor import ROOT, Editor
from tests.support.identity import IDENTITY
from tests.support.processes import Child, run, until

TICK = os.sysconf("SC_CLK_TCK")
BUNDLES = ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables with the certificates that clients trust."""

WITHIN = 300.0
"""Seconds that one measurement may take."""

LIFE = 10 * WITHIN
"""Seconds after which a process is ended in any case."""


COUNT_REDRAWS = """
_G.redraws = 0
vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('bench'), {
  on_start = function() _G.redraws = _G.redraws + 1 end,
})
"""


# A list of all messages would take the editor longer than what is measured.
SHOWN = """
local store = require('dingbridge.state')
local transcript = store.transcripts[store.current]
local count = transcript and #transcript.list or 0
for _, part in ipairs(transcript and transcript.above or {}) do
  count = count + #part
end
return count
"""


class Usage(Struct, frozen=True):
    """What a process used so far: CPU in seconds, `write` calls and the bytes they wrote."""

    cpu: float
    writes: int
    written: int

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.cpu - other.cpu, self.writes - other.writes, self.written - other.written)


def usage(pid: int) -> Usage:
    """What the process used until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    io = dict(re.findall(r"(\w+): (\d+)", Path(f"/proc/{pid}/io").read_text()))
    return Usage((int(fields[11]) + int(fields[12])) / TICK, int(io["syscw"]), int(io["wchar"]))


def memory(pid: int) -> float:
    """The process's proportional set size in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) / 1024


def wake_ups(pid: int) -> dict[str, int]:
    """How often each thread went to sleep by itself and woke, by its number."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        found[task.name] = int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[0])
    return found


class Server:
    """The generator in its process, with `tls` over TLS. `environ` is what lets clients believe its
    certificate. `with Server() as server: …`"""

    def __init__(self, *, tls: bool = False) -> None:
        self._tls = tls
        self._folder = tempfile.TemporaryDirectory()
        self._http = requests.Session()
        self._http.trust_env = False  # a bundle of the environment's would hide our certificate
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Server:
        words = []
        if self._tls:
            identity = Path(self._folder.name) / "identity.pem"
            identity.write_text(IDENTITY)
            words.append(str(identity))
            self.environ = dict.fromkeys(BUNDLES, str(identity))
            self._http.verify = str(identity)
        self._process = start("tests.bench.generator", *words)
        self.url = self._process.line()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._process.end()
        self._folder.cleanup()

    def flood(self, client: str, count: int) -> dict[str, Any]:
        """Push `count` frames to a client; see `Generator._flood`."""
        return dict(
            self._http.post(
                self.url + "/bench/flood",
                json={"client": client, "count": count, "within": WITHIN},
                timeout=WITHIN + 10,
            ).json()
        )

    def reset(self) -> None:
        """Forget the calls so far."""
        self._http.post(self.url + "/bench/reset", timeout=10)

    def hold(self, hold: bool) -> None:
        """Leave each send without an answer, or answer all of them."""
        self._http.post(self.url + "/bench/hold", json={"hold": hold}, timeout=10)

    def calls(self, count: int) -> list[tuple[float, str, int]]:
        """The first calls that sent something, once there are `count`: when, where, bytes."""
        answer = self._http.get(
            self.url + "/bench/calls",
            params={"wait": count, "within": WITHIN},
            timeout=WITHIN + 10,
        )
        calls = [(float(at), str(path), int(size)) for at, path, size in answer.json()]
        if len(calls) < count:
            raise RuntimeError(f"{len(calls)} of {count} messages came within {WITHIN} s")
        return calls

    def wait_for(self, client: str) -> None:
        """Wait until a client is connected."""

        def connected() -> bool:
            return client in self._http.get(self.url + "/bench/clients", timeout=10).json()

        until(connected, f"{client} connects")


def start(module: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Child:
    """A Python process that ends with its standard input, or with `Child.end`. It has these
    variables besides ours."""
    return Child(
        [sys.executable, "-m", module, *arguments],
        seconds=LIFE,
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def sends(name: str, url: str, count: int) -> dict[str, Any]:
    """Run one of the partners' senders to its end; see `partners`."""
    argv = [sys.executable, "-m", "tests.bench.partners", name, url, str(count)]
    done = run(argv, seconds=WITHIN, check=True, cwd=ROOT, text=True)
    return dict(json.loads(done.stdout))


class Bridge:
    """dingbridge in a Neovim of its own, counted."""

    def __init__(
        self,
        folder: Path,
        url: str,
        name: str = "dingbridge",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.counts = folder / "counts"
        self.counts.write_bytes(bytes(host.SIZE * len(host.COUNTED)))
        self.options: dict[str, Any] = {
            "app_key": name,
            "app_secret": "secret",
            "dm": {"policy": "open", "allow_from": ["*"]},
            "endpoint": {"api": url, "oapi": url},
            "python": counted_python(folder),
        }
        self.editor = Editor(
            folder / "home",
            {"DINGBRIDGE_BENCH_COUNTS": str(self.counts), **(environ or {})},
            life=LIFE,
        )
        self.editor.lua(COUNT_REDRAWS)

    def connect(self, **options: Any) -> None:
        """Set up, bind a new session and wait for the link; an option that is None is left out."""
        given = {**self.options, **options}
        self.editor.setup({name: value for name, value in given.items() if value is not None})
        self.editor.chat("new Bench")
        self.editor.until(self.editor.sessions)
        self.editor.chat("bridge dingtalk")
        if options.get("app_key", "") is not None:
            self.editor.until_lua("require('dingbridge').status().connected")
        else:
            self.editor.until_lua("require('dingbridge').status().mode == 'webhook'")

    def shown(self) -> int:
        """How many messages the session shown has."""
        return int(self.editor.lua(SHOWN))

    def until_shown(self, count: int) -> None:
        """Wait until that many messages are in the transcript's buffer."""
        self.editor.until(lambda: self.shown() >= count, f"{count} messages", WITHIN)

    def until_sent(self) -> None:
        """Wait until nothing is queued any more."""
        self.editor.until_lua("require('dingbridge').status().queued == 0")

    def attach_screen(self) -> None:
        """Let the editor draw, as it does for a user; without a screen it never redraws."""
        self.editor.nvim.ui_attach(120, 40, rgb=True)

    def counted(self) -> dict[str, int]:
        """The counts of the edges of host and service, and the editor's redraws, until now."""
        return {**host.read(self.counts), "redraws": int(self.editor.lua("return _G.redraws"))}

    def usages(self) -> dict[str, Usage]:
        """What each process used so far."""
        return {
            "editor": usage(self.editor.pid()),
            "host": usage(self.editor.host_pid()),
            "service": usage(self.editor.service_pid()),
        }

    def close(self) -> None:
        """Leave the editor, and end its service."""
        self.editor.close()
        services.end(self.editor.data)


def counted_python(folder: Path) -> str:
    """A program that takes Python's place, with the counts and without the pace of `host`."""
    script = folder / "python"
    words = f'exec "{sys.executable}" "{Path(host.__file__)}" "$@"\n'
    script.write_text("#!/bin/sh\n" + words, encoding="utf-8")
    script.chmod(0o700)
    return str(script)


@contextmanager
def bridge(
    url: str,
    name: str = "dingbridge",
    environ: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Bridge]:
    """A connected bridge, which is closed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        one = Bridge(Path(folder), url, name, environ)
        try:
            one.connect(**options)
            yield one
        finally:
            one.close()
