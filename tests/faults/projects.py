"""The project folder of some editors, with their common records."""

from __future__ import annotations

import json
from pathlib import Path

RECORD = """
local accepted, received, ended = ...
local group = vim.api.nvim_create_augroup('fault_machine', {})
local function note(event, path, words)
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = event,
    callback = function(args)
      vim.fn.writefile({ vim.json.encode(words(args.data)) }, path, 'as')
    end,
  })
end
note('DingbridgeQueued', accepted, function(data) return data.id end)
note('DingbridgeReceived', received, function(data) return data.text end)
note('DingbridgeDelivered', ended, function(data) return data.id end)
note('DingbridgeFailed', ended, function(data) return data.id end)
"""
"""Lua that notes the events of a Neovim, each in a file."""


class Project:
    """A folder with one editor or several, and one session.

    The next editor there submits what an earlier one could not. `released`: the session was unbound
    by hand.
    """

    def __init__(self, number: int, home: Path) -> None:
        self.number = number
        self.folder = home / f"project-{number}"
        self.session = ""
        self.released = False
        self.accepted = home / f"accepted-{number}.jsonl"

    def accepted_of(self, ids: dict[str, int]) -> tuple[int, ...]:
        """The messages of `ids` that were accepted, in order, whichever editor learned of it."""
        told = dict.fromkeys(lines(self.accepted))
        return tuple(ids[each] for each in told if each in ids)


def lines(path: Path) -> list[str]:
    """The texts in a file of records. The last line may be torn, if its Neovim was killed."""
    found = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        found.append(str(json.loads(line)))
    return found
