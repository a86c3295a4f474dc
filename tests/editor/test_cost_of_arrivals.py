"""What messages cost on their way to the screen: a batch hardly more than one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.bench import host
from tests.bench.processes import COUNT_REDRAWS, counted_python, usage
from tests.conftest import StartEditor, bind
from tests.support.editor import Editor
from tests.support.flood import message, packed

MANY = 500
ALONE = 10
"""Messages that come one after the other."""


class Costs:
    """What the processes of an editor have cost so far."""

    def __init__(self, start_editor: StartEditor, folder: Path, options: dict[str, Any]) -> None:
        self._counts = folder / "counts"
        self._counts.write_bytes(bytes(host.SIZE * len(host.COUNTED)))
        self.editor = start_editor("home", {host.COUNTS: str(self._counts)})
        self.editor.lua(COUNT_REDRAWS)
        # Without a screen nothing is drawn.
        self.editor.nvim.ui_attach(120, 40, rgb=True)
        open_to_all = {"dm": {"policy": "open"}, "allow_from": ["*"]}
        python = counted_python(folder)
        bind(self.editor, {**options, **open_to_all, "python": python})

    def now(self) -> dict[str, int]:
        """Everything that is counted."""
        written = usage(self.editor.service_pid()).written
        redraws = int(self.editor.lua("return _G.redraws"))
        return {**host.read(self._counts), "redraws": redraws, "bytes": written}

    def since(self, before: dict[str, int]) -> dict[str, int]:
        """What has been counted since then."""
        return {name: value - before[name] for name, value in self.now().items()}


def arrive(sandbox: Sandbox, editor: Editor, first: int, count: int) -> None:
    """Have messages come together, and wait until the last one is shown and was announced."""
    numbers = range(first, first + count)
    sandbox.client.raw_frame(packed(message(number) for number in numbers), wire=True)
    editor.until(lambda: len(editor.heard("DingbridgeReceived")) == first + count)
    texts = [row["text"] for row in editor.transcript()]
    assert texts == [f"message {number}" for number in range(first + count)]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what a process writes")
def test_a_batch_costs_hardly_more_than_one_message(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    costs = Costs(start_editor, tmp_path, api_options)
    editor = costs.editor
    editor.listen()
    arrive(sandbox, editor, 0, 1)
    before = costs.now()
    for number in range(ALONE):
        arrive(sandbox, editor, 1 + number, 1)
    alone = costs.since(before)
    before = costs.now()
    arrive(sandbox, editor, 1 + ALONE, MANY)
    many = costs.since(before)
    most = {"posts": 5, "notifications": 2, "fsyncs": 3, "redraws": 4}
    assert {name: alone[name] <= ALONE * limit for name, limit in most.items()} == dict.fromkeys(
        most, True
    ), alone
    assert {name: many[name] <= MANY / 10 for name in most} == dict.fromkeys(most, True), many
    assert many["bytes"] / MANY < 2 * alone["bytes"] / ALONE
