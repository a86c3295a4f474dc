"""`doc/dingbridge.txt`: the documents of the manual, one after the other, as help of Neovim."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from dingbridge.core.commands.autocommands import AUTOCOMMANDS
from dingbridge.core.commands.editor_commands import EDITOR_COMMANDS
from docgen import markdown, vimhelp

DOCUMENTS = (
    "README.md",
    "doc/install.md",
    "doc/setup-dingtalk.md",
    "doc/configuration.md",
    "doc/editor.md",
    "doc/access-control.md",
    "doc/remote-commands.md",
    "doc/delivery.md",
    "doc/recipes.md",
    "doc/responders.md",
    "doc/agents.md",
    "doc/approvals.md",
    "doc/lua-api.md",
    "doc/cli.md",
    "doc/troubleshooting.md",
    "doc/privacy-and-security.md",
    "doc/upgrading.md",
)
"""What users read, in the order of `:help`. What is about working on the project is not in it."""

_FIRST = "*dingbridge.txt*  A Neovim chat session on DingTalk"
_MODELINE = "vim:tw=78:ts=8:noet:ft=help:norl:"


def help_text(sources: Mapping[str, str]) -> str:
    """The whole of `doc/dingbridge.txt`, given the text of each document; others are left out.

    Raises ValueError for a link between documents that leads nowhere.
    """
    trees = {name: markdown.parse(sources[name]) for name in DOCUMENTS}
    tags: dict[str, str] = {}
    for name, tree in trees.items():
        for heading in markdown.headings(tree):
            tags.setdefault(name, heading.tags[0])
            tags[f"{name}#{heading.anchor}"] = heading.tags[0]
    names = {f":{name}" for name in EDITOR_COMMANDS} | {each.name for each in AUTOCOMMANDS}
    lines = [_FIRST]
    for name, tree in trees.items():
        lines += ["", *vimhelp.page(tree, _links(name, tags), names)]
    return "\n".join([*lines, "", _MODELINE]) + "\n"


def _links(document: str, tags: Mapping[str, str]) -> Callable[[str], str]:
    """What a link of that document becomes: `|tag|`, a file outside the manual, or a URL."""

    def resolve(address: str) -> str:
        if address.startswith("https:"):
            return address
        path, mark, anchor = address.partition("#")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(document), path))
        place = f"{name if path else document}{mark}{anchor}"
        if place in tags:
            return f"|{tags[place]}|"
        if mark or name in DOCUMENTS:
            raise ValueError(f"{document}: no heading for the link {address}")
        return name

    return resolve
