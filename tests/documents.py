"""The documents that people read, and the blocks of code in them."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent

README = "README.md"
CHINESE = "README.zh-CN.md"
HELP = "doc/dingbridge.txt"
MANUAL = [README, *sorted(f"doc/{path.name}" for path in (ROOT / "doc").glob("*.md"))]
"""The documents in English, by their path below the project's folder."""
DEVELOPERS = {"doc/development.md", "doc/performance.md", "doc/sandbox.md"}
"""Those that are not for users of the plugin."""

TEXTS = {name: (ROOT / name).read_text("utf-8") for name in (*MANUAL, CHINESE, HELP)}
WHOLE = "\n".join(TEXTS[name] for name in MANUAL)
"""All of the manual."""


def blocks(name: str, language: str) -> list[str]:
    """The blocks of code of that language in a document; `text` is what has none."""
    tokens = MarkdownIt("commonmark").parse(TEXTS[name])
    return [
        token.content
        for token in tokens
        if token.type == "fence" and (token.info or "text") == language
    ]


def languages(name: str) -> set[str]:
    """The languages of the blocks of a document."""
    tokens = MarkdownIt("commonmark").parse(TEXTS[name])
    return {token.info or "text" for token in tokens if token.type == "fence"}
