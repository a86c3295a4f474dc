"""The generated files below the project's folder, and which of them are out of date."""

from __future__ import annotations

from pathlib import Path

from docgen.chinese_tables import chinese_tables
from docgen.lua_declarations import chat_lua, declared_lua, sentences_lua, translation_lua
from docgen.lua_types import types_lua
from docgen.manual import DOCUMENTS, help_text
from docgen.tables import filled, tables

HELP = "doc/dingbridge.txt"
DECLARED = "lua/dingbridge/generated.lua"
CHAT = "lua/dingbridge/generated_chat.lua"
TYPES = "lua/dingbridge/types.lua"
SENTENCES = "lua/dingbridge/sentences.lua"
CHINESE = "lua/dingbridge/chinese.lua"
ENGLISH = "lua/dingbridge/english.lua"
_MESSAGE_FORMAT = "lua/dingbridge/message_format.lua"


def rendered(root: Path) -> dict[str, str]:
    """What each generated file should hold, given the documents below `root`."""
    bodies = tables(_held(root / _MESSAGE_FORMAT))
    others = sorted(f"doc/{path.name}" for path in (root / "doc").glob("*.md"))
    documents = {name: filled(_held(root / name), bodies) for name in (*DOCUMENTS, *others)}
    chinese = {
        f"doc/zh/{path.name}": filled(path.read_text(encoding="utf-8"), chinese_tables())
        for path in sorted((root / "doc" / "zh").glob("*.md"))
    }
    lua = {
        DECLARED: declared_lua(),
        CHAT: chat_lua(),
        TYPES: types_lua(),
        SENTENCES: sentences_lua(),
        CHINESE: translation_lua("zh"),
        ENGLISH: translation_lua("en"),
    }
    return {**lua, **documents, **chinese, HELP: help_text(documents)}


def stale(root: Path) -> list[str]:
    """The generated files below `root` that are missing or out of date."""
    return list(_other_than_held(root))


def write(root: Path) -> list[str]:
    """Brings the generated files below `root` up to date; tells which were changed."""
    texts = _other_than_held(root)
    for name, text in texts.items():
        with (root / name).open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return list(texts)


def _other_than_held(root: Path) -> dict[str, str]:
    return {name: text for name, text in rendered(root).items() if text != _held(root / name)}


def _held(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
