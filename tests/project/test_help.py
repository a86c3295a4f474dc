"""`:help dingbridge`: Neovim finds every tag, and every link leads somewhere."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from dingbridge.core.commands.autocommands import AUTOCOMMANDS
from dingbridge.core.commands.editor_commands import COMMANDS
from dingbridge.core.options.declarations import OPTIONS
from docgen.layout import width
from tests.support import processes
from tests.support.documents import DEVELOPERS, HELP, MANUAL, ROOT, TEXTS
from tests.support.neovim import find_neovim

pytestmark = pytest.mark.environment

TEXT = TEXTS[HELP]
SECTIONS = """\
    access accounts api-mode autostart cli-notify commands commands-more configure contents
    conversation-ids create-app custom-robot demo draft events exit-codes failed files first-steps
    health install limits links log looks lua media notify() options others outside pairing privacy
    promises quota reading-options remote remote-limits remote-roles report responders robot sandbox
    scopes send() send-files sending sessions() setup() shell shell-outbox shell-status staff-ids
    status() statusline() stream targets transcript() trouble trouble-access trouble-api
    trouble-by-hand trouble-host trouble-link trouble-no-reply trouble-outbox trouble-webhook
    waiting webhook-mode
"""
"""Tags that were there in a release, without `dingbridge-`: notes and settings lead to them."""


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tags that Neovim finds in a copy of the help, each with its file."""
    doc = tmp_path_factory.mktemp("help") / "doc"
    doc.mkdir()
    shutil.copy(ROOT / HELP, doc)
    program = [find_neovim(), "--clean", "--headless", "-c", f"helptags {doc}", "-c", "qall!"]
    done = processes.run(program, encoding="utf-8")
    # Neovim complains of a tag that is there twice.
    assert (done.returncode, done.stderr) == (0, "")
    lines = (doc / "tags").read_text("utf-8").splitlines()
    return {tag: file for tag, file, _ in (line.split("\t") for line in lines) if tag[0] != "!"}


def test_neovim_finds_the_tags_of_the_help(tags: dict[str, str]) -> None:
    wanted = {
        "dingbridge",
        "dingbridge.txt",
        *(f"dingbridge-{section}" for section in SECTIONS.split()),
    }
    for command in COMMANDS:
        wanted |= {f":{name}-{command.name}".rstrip("-") for name in ("Chat", "DingTalk")}
    wanted |= {f"dingbridge-option-{option.name}" for option in OPTIONS}
    wanted |= {each.name for each in AUTOCOMMANDS}
    assert wanted <= {*tags}
    assert {*tags.values()} == {"dingbridge.txt"}


def test_every_tag_is_what_the_line_looks_like(tags: dict[str, str]) -> None:
    assert {*re.findall(r"(?<!\S)\*([^*\s]+)\*(?!\S)", TEXT)} == {*tags}


def test_every_link_in_the_help_leads_somewhere(tags: dict[str, str]) -> None:
    links = {*re.findall(r"(?<![\w`|])\|([^|\s`]+)\|", TEXT)}
    assert len(links) > 30
    assert links <= {*tags}


def test_no_line_of_the_help_is_wider_than_its_window() -> None:
    assert [line for line in TEXT.splitlines() if width(line) > 78] == []


PARSE = """
if vim.fn.has('nvim-0.11') == 0 then
  return -- its parser knows less
end
vim.cmd.edit(arg[1])
local root = vim.treesitter.get_parser(0, 'vimdoc'):parse()[1]:root()
local function show(node)
  if node:type() == 'ERROR' or node:missing() then
    io.write(vim.fn.getline(node:start() + 1), '\\n')
  end
  for child in node:iter_children() do
    show(child)
  end
end
show(root)
"""


def test_neovim_reads_every_line_of_the_help_as_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "parse.lua").write_text(PARSE, "utf-8")
    program = [find_neovim(), "--clean", "--headless", "-l", "parse.lua", str(ROOT / HELP)]
    done = processes.run(program, cwd=tmp_path, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_help_ends_with_a_modeline_for_help_files() -> None:
    assert TEXT.startswith("*dingbridge.txt*")
    assert re.search(r"\nvim:.*\bft=help:.*\n\Z", TEXT)


def test_every_document_for_users_is_in_the_help() -> None:
    for name in {*MANUAL} - DEVELOPERS:
        [title] = re.findall(r"\A<!-- tag: (\S+) -->", TEXTS[name])
        assert f"*{title}*" in TEXT, name


def test_the_help_opens_at_the_tags_that_our_messages_name(tags: dict[str, str]) -> None:
    sources = [*(ROOT / "lua").rglob("*.lua"), *(ROOT / "dingbridge").rglob("*.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    named = {*re.findall(r":help (dingbridge(?:-[\w-]*\w)?)(?![\w%-])", text)}
    assert named
    assert named <= {*tags}
