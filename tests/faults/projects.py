"""A project folder of a history, and what its editors have in common."""

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
    """A folder in which one editor works or several. They have one session, and whoever starts
    there next takes over what an earlier one could not hand over. `released`: the session was
    unbound by hand."""

    def __init__(self, number: int, home: Path) -> None:
        self.number = number
        self.folder = home / f"project-{number}"
        self.session = ""
        self.released = False
        self.accepted = home / f"accepted-{number}.jsonl"

    def accepted_of(self, ids: dict[str, int]) -> tuple[int, ...]:
        """Which of these messages were accepted, in order, whoever was told so."""
        told = dict.fromkeys(lines(self.accepted))
        return tuple(ids[each] for each in told if each in ids)


def lines(path: Path) -> list[str]:
    """The texts in a file of records. A Neovim may have been killed in the midst of a line."""
    found = []
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        found.append(str(json.loads(line)))
    return found
