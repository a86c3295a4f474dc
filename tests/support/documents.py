"""The documents of the project and their code blocks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]

README = "README.md"
CHINESE = "README.zh-CN.md"
HELP = "doc/dingbridge.txt"
MANUAL = [README, *sorted(f"doc/{path.name}" for path in (ROOT / "doc").glob("*.md"))]
"""The documents in English, by their path below the project's folder."""
IN_CHINESE = sorted(f"doc/zh/{path.name}" for path in (ROOT / "doc" / "zh").glob("*.md"))
"""Those of the manual that there are in Chinese as well."""
DEVELOPERS = {
    *("doc/architecture.md", "doc/contributing.md"),
    *("doc/dingtalk.md", "doc/performance.md", "doc/sandbox.md"),
}
"""Those that are not for users of the plugin."""

TEXTS = {name: (ROOT / name).read_text("utf-8") for name in (*MANUAL, CHINESE, *IN_CHINESE, HELP)}
WHOLE = "\n".join(TEXTS[name] for name in MANUAL)
"""All of the manual."""


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a language in a document; a block without one is `text`."""
    return [code for info, code in _fences(name) if info == language]


def languages(name: str) -> set[str]:
    """The languages of the code blocks in a document."""
    return {info for info, _ in _fences(name)}


@cache
def _fences(name: str) -> list[tuple[str, str]]:
    # Only what stands inside a paragraph is left unread.
    tokens = MarkdownIt("commonmark").disable("inline").parse(TEXTS[name])
    return [(token.info or "text", token.content) for token in tokens if token.type == "fence"]
