"""A Neovim that sends one message and exits at once, as a script does."""

from __future__ import annotations

import json

from tests.faults.editors import Seat
from tests.faults.projects import RECORD, lines
from tests.support.editor import environment
from tests.support.neovim import find_neovim
from tests.support.processes import run

SECONDS = 20.0
"""Seconds in which such a Neovim is gone, on a busy machine."""

_SEND = """
local given = vim.json.decode(table.concat(vim.fn.readfile(vim.env.SHOT), '\\n'))
assert(loadstring(given.record))(unpack(given.records))
require('dingbridge').setup(given.options)
local id = require('dingbridge')[given.call](given.text)
vim.fn.writefile({ vim.json.encode(id) }, vim.env.SHOT .. '.ids', 'a')
"""


class Shot:
    """`nvim --headless "+lua …" +qa` in the folder of a seat."""

    def __init__(self, seat: Seat, message: int, text: str, *, session: bool) -> None:
        self.name = f"shot {message}"
        self.seat = seat
        self.message = message
        self._file = seat.install.home / f"shot-{message}.json"
        self._text = text
        self._call = "send" if session else "notify"

    @property
    def records(self) -> tuple[str, str, str]:
        """Where its events are noted: what `RECORD` is given. What was accepted counts for the
        folder. Of ends and arrivals each Neovim there hears by itself."""
        accepted, *_ = self.seat.records
        received, ended = (
            self._file.with_suffix(f".{what}.jsonl") for what in ("received", "ended")
        )
        return accepted, str(received), str(ended)

    def fire(self) -> bool:
        """Send. Returns whether the message was submitted."""
        install, project = self.seat.install, self.seat.project
        project.folder.mkdir(exist_ok=True)
        given = {
            "record": RECORD,
            "records": self.records,
            "options": install.options,
            "call": self._call,
            "text": self._text,
        }
        self._file.write_text(json.dumps(given))
        script = self._file.with_suffix(".lua")
        script.write_text(_SEND)
        run(
            [
                *(find_neovim(), "--clean", "-n", "--headless"),
                *("--cmd", f"lua vim.opt.rtp:append([==[{install.plugin}]==])"),
                *("-c", f"luafile {script}", "-c", "qa"),
            ],
            seconds=SECONDS,
            cwd=project.folder,
            env=environment(install.home, {**install.environ, "SHOT": str(self._file)}),
        )
        return bool(self._ids())

    def accepted(self) -> tuple[int, ...]:
        """The message, if it was accepted."""
        return self.seat.project.accepted_of(dict.fromkeys(self._ids(), self.message))

    def _ids(self) -> list[str]:
        return lines(self._file.with_suffix(".json.ids"))
