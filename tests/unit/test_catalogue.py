"""Sentences stand in the catalogue, once: none elsewhere, none unused, each with all its parts."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.commands.editor_commands import Subcommand
from tests.project.test_architecture import GENERATED, LUA, PACKAGE, PYTHON, name_of, nodes

CATALOGUE = PACKAGE / "core" / "catalogue"
MODULES = sorted(path.stem for path in CATALOGUE.glob("*.py") if path.stem != "__init__")


def sentences(module: str) -> dict[str, Sentence]:
    found = vars(importlib.import_module(f"dingbridge.core.catalogue.{module}"))
    return {name: one for name, one in found.items() if isinstance(one, Sentence)}


SENTENCES = {
    f"{module}.{name}": one for module in MODULES for name, one in sentences(module).items()
}
OF_LUA = ("editor", "health", "options", "transcript", "values")
"""The modules that Lua says."""

CODE = [path for path in PYTHON if not path.is_relative_to(CATALOGUE)]

# --- use ------------------------------------------------------------------------------------------


@cache
def aliases(path: Path) -> dict[str, str]:
    """The names that a file has for modules of the catalogue."""
    return {
        alias.asname or alias.name: alias.name
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module == "dingbridge.core.catalogue"
        for alias in node.names
    }


def named(node: ast.expr, known: dict[str, str]) -> str | None:
    """The sentence that an expression names, as `module.NAME`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module = known.get(node.value.id)
        return f"{module}.{node.attr}" if module and node.attr.isupper() else None
    return None


def all_named(within: Iterable[ast.AST], known: dict[str, str]) -> set[str]:
    found = (named(each, known) for each in within if isinstance(each, ast.expr))
    return {name for name in found if name}


def test_there_are_sentences() -> None:
    assert len(SENTENCES) > 300


def test_every_sentence_is_used_and_every_one_that_is_used_is_there() -> None:
    used = {name for path in CODE for name in all_named(nodes(path), aliases(path))}
    used |= {f"{module}.{name.upper()}" for module in OF_LUA for name in lua_names()}
    used = {name for name in used if not name.startswith(tuple(OF_LUA)) or name in SENTENCES}
    assert used - SENTENCES.keys() == set()
    assert SENTENCES.keys() - used == set()


def test_no_sentence_stands_twice() -> None:
    names: dict[str, list[str]] = {}
    for name, one in SENTENCES.items():
        names.setdefault(one.text.casefold().rstrip("."), []).append(name)
    assert [each for each in names.values() if len(each) > 1] == []


def lua_names() -> set[str]:
    """The names of the sentences that Lua says, or may say by way of a variable."""
    return {text for path in LUA if not is_generated(path) for _, text in lua_strings(path)}


def is_generated(path: Path) -> bool:
    return name_of(path) in GENERATED


LUA_TOKEN = re.compile(
    r"--\[(=*)\[.*?\]\1\]|--[^\n]*|\[(=*)\[.*?\]\2\]"
    r"|'(?P<single>(?:\\.|[^'\\\n])*)'|\"(?P<double>(?:\\.|[^\"\\\n])*)\"",
    re.DOTALL,
)


def lua_strings(path: Path) -> Iterator[tuple[int, str]]:
    """The strings in a Lua file, as they are written."""
    code = path.read_text("utf-8")
    for found in LUA_TOKEN.finditer(code):
        text = found["single"] if found["single"] is not None else found["double"]
        if text is not None:
            yield code.count("\n", 0, found.start()) + 1, text


def calls(path: Path) -> Iterator[tuple[ast.Call, set[str]]]:
    """The calls of sentences in a file, with those that may be meant: the one that is named, or
    those that a local variable holds."""
    known = aliases(path)
    for scope in nodes(path) if known else ():
        if not isinstance(scope, ast.FunctionDef | ast.Module):
            continue
        inside = [*ast.walk(scope)] if isinstance(scope, ast.FunctionDef) else [*outside(scope)]
        held: dict[str, set[str]] = {}
        for node in inside:
            if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call):
                names = all_named(ast.walk(node.value), known)
                for target in node.targets:
                    for each in ast.walk(target):
                        if isinstance(each, ast.Name) and names:
                            held.setdefault(each.id, set()).update(names)
        for node in inside:
            if isinstance(node, ast.Call):
                one = named(node.func, known)
                if one is not None:
                    yield node, {one}
                elif isinstance(node.func, ast.Name) and node.func.id in held:
                    yield node, held[node.func.id]


def outside(module: ast.Module) -> Iterator[ast.AST]:
    """What stands outside functions."""
    for node in module.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from ast.walk(node)


def test_a_sentence_is_given_its_parts_by_name_and_no_others() -> None:
    for path in CODE:
        for call, meant in calls(path):
            where = f"{name_of(path)}:{call.lineno} {sorted(meant)}"
            assert not call.args, where
            given = {keyword.arg for keyword in call.keywords}
            needed = [SENTENCES[one].parts for one in meant]
            assert frozenset().union(*needed) == given, where


AFTER_A_LABEL = {
    *("remote.NONE", "remote.ADMIN", "remote.MEMBER"),
    *("status.NONE", "status.NOBODY_KNOWN", "editor.NOBODY_YET"),
}
"""Words that stand alone after the label of a line: `session: none`. So do those of `values.py`,
what a value must be and what it is instead."""


def test_a_sentence_is_no_part_of_another() -> None:
    for path in CODE:
        known = aliases(path)
        for call, meant in calls(path):
            given = [node for each in call.keywords for node in ast.walk(each.value)]
            parts = {name for name in all_named(given, known) if not name.startswith("values.")}
            assert parts <= AFTER_A_LABEL, f"{name_of(path)}:{call.lineno} {sorted(meant)}"


LUA_CALL = re.compile(r"\bsay\('(\w+)'(?:, (\{.*?\}|\w+))?\)", re.DOTALL)


def test_lua_names_sentences_that_there_are_and_gives_their_parts() -> None:
    for path in LUA:
        code = path.read_text("utf-8")
        for found in LUA_CALL.finditer(code):
            where = f"{name_of(path)}:{code.count(chr(10), 0, found.start()) + 1} {found[1]}"
            names = [f"{module}.{found[1].upper()}" for module in OF_LUA]
            sentence = next((SENTENCES[name] for name in names if name in SENTENCES), None)
            assert sentence is not None, where
            given = found[2] or ""
            if not given or given.startswith("{"):
                assert {*re.findall(r"(\w+) = ", given)} == sentence.parts, where


def test_lua_can_put_in_the_parts_of_what_it_says() -> None:
    for name in filter(lambda name: name.startswith(OF_LUA), SENTENCES):
        one = SENTENCES[name]
        left = re.findall(r"\{\{(\w+)\}\}", one.text)
        assert not {*left} & one.parts, f"it could not tell the two apart: {name}"
        specs = [spec for _, _, spec, _ in Formatter().parse(one.text) if spec]
        assert specs == [], name
        assert sum(f"{module}.{name.partition('.')[2]}" in SENTENCES for module in OF_LUA) == 1


def test_a_sentence_names_its_parts() -> None:
    for name, one in SENTENCES.items():
        assert one.text, name
        for text in filter(None, (one.text, one.one)):
            fields = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
            assert all(re.fullmatch(r"[a-z_]+", field) for field in fields), name
            assert {*fields} <= one.parts, name
        assert one.one == "" or "{count" in one.text, name


FOLLOWS_A_NAME = {
    *("options", "settings"),  # the path of an option, as their first lines say
    *("shell.SECONDS_BOUNDS", "shell.PORT_BOUNDS"),  # argparse names the argument before them
}
PREDICATE = re.compile(
    r"(is|are|was|were|has|had|have|cannot be|could|must|needs|did|does|took|ended|said|gave|holds"
    r"|belongs|differs|lacks|goes|comes|wants|takes)\b"
)
"""What a sentence begins with that leaves it to another one to say what it is about."""


def test_a_sentence_says_what_it_is_about() -> None:
    clauses = {name for name, one in SENTENCES.items() if PREDICATE.match(one.text)}
    follows = {n for n in clauses if n in FOLLOWS_A_NAME or n.partition(".")[0] in FOLLOWS_A_NAME}
    assert clauses - follows == set()
    assert all(any(name.startswith(each) for name in follows) for each in FOLLOWS_A_NAME)


def test_a_sentence_names_commands_that_there_are_and_people_on_dingtalk_are_told_of_none() -> None:
    known = {command.value.name for command in Subcommand} | {"starts", "works"}
    for name, one in SENTENCES.items():
        assert {*re.findall(r":Chat ([a-z-]+)", one.text)} <= known, name
        assert ":Chat" not in one.text or not name.startswith("remote."), name


# --- elsewhere ------------------------------------------------------------------------------------

PROSE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|[\u4e00-\u9fff]")
"""Two words, or Chinese: what people may read."""

DECLARED = "declares something together with its meaning, which the manual is made of"
KINDS = "names the kinds of secrets, a table of its own"
LOG = "reasons for the log"

NO_CATALOGUE = {
    "dingbridge/core/options/declarations.py": DECLARED,
    "dingbridge/core/options/groups.py": DECLARED,
    "dingbridge/core/options/kinds.py": DECLARED,
    "dingbridge/core/commands/chat_keys.py": DECLARED,
    "dingbridge/core/commands/editor_commands.py": DECLARED,
    "dingbridge/core/commands/remote_commands.py": DECLARED,
    "dingbridge/core/commands/autocommands.py": DECLARED,
    "doc/docgen/": "writes the manual",
    "dingbridge/core/secrets/patterns.py": KINDS,
    "dingbridge/core/secrets/patterns_in_context.py": KINDS,
    "dingbridge/core/secrets/private_keys.py": KINDS,
    "dingbridge/core/secrets/masking.py": KINDS,
    "dingbridge/core/secrets/detection.py": KINDS,
    "dingbridge/edges/ipc/": LOG,
    "dingbridge/edges/dingtalk/reaction_requests.py": LOG,
    "dingbridge/core/agents/known_agents.py": "names agents and their commands",
    "dingbridge/edges/picture/fonts.py": "names of font files",
    "dingbridge/core/markdown/rendering/tags.py": "names of HTML",
    "dingbridge/launch.py": "is read by a Python that is too old for the catalogue",
    "dingbridge/demo/": "plays the people",
    "dingbridge/sandbox/": "speaks as DingTalk does",
}
"""What holds prose of its own, and why."""

SINGLE = {
    "in the output": "an argument of a function",
    "first and no more": "an argument of a function",
    ":help dingbridge-options": "a tag of the manual",
    ":help dingbridge-option-{}": "a tag of the manual",
    "session webhook": "a route, as the log and the outbox write it",
    "OpenAPI group": "a route, as the log and the outbox write it",
    "not started": "a kind of failure, as the code names it",
    "API calls": "a kind, as the state file writes it",
    "\n\\ No newline at end of file": "a part of the format of diffs",
    **dict.fromkeys(
        (
            *("[interactive card message]", "[卡片消息]", "关键词", "签名", "签名过期", "白名单"),
            *("white list", "too long", "too fast", "per minute"),
        ),
        "what DingTalk writes",
    ),
    **dict.fromkeys(
        (
            *("positional arguments:", "show this help message and exit"),
            "show program's version number and exit",
        ),
        "what argparse writes",
    ),
    "not found": "what DingTalk reads in an ack",
    "Request cancelled": "what the agent reads",
    "Method not found": "what the agent reads",
    "Tunnel connection failed": "what http.client writes",
    "import sys, pip; print(*sys.version_info[:2])": "a program",
    "access token fetched; another one is fetched in {} s": LOG,
    "{} is not the id of a session": "a defect",
    "start of {}": "a task of the disk, for the log",
    " again, after {} failed attempts": LOG,
}
"""Single strings that nobody reads, and why."""

LOGGING = {"debug", "info", "warning", "error", "exception", "log"}
NOT_SHOWN = {
    *("ValueError", "TypeError", "AssertionError", "RuntimeError", "NotReadable"),  # defects
    *("NotForUs", "SayNothing"),  # their reasons are for the log
    *("compile", "regex"),  # of regular expressions
}


def is_not_shown(call: ast.Call) -> bool:
    """Whether nobody reads what a call is given."""
    if isinstance(call.func, ast.Attribute):
        owner = ast.unparse(call.func.value)
        is_log = call.func.attr in LOGGING and owner.endswith(("log", "of_account"))
        return is_log or call.func.attr in NOT_SHOWN
    return isinstance(call.func, ast.Name) and call.func.id in NOT_SHOWN


@cache
def strings(path: Path) -> tuple[tuple[int, str], ...]:
    """The strings in a file that somebody may read, with `{}` for what is put into them."""
    return tuple(_strings(path))


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    skipped: set[int] = set()
    for node in nodes(path):
        if id(node) in skipped:
            skipped.update(map(id, ast.iter_child_nodes(node)))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))  # a docstring
        elif isinstance(node, ast.Call) and is_not_shown(node):
            skipped.update(map(id, ast.iter_child_nodes(node)))
        elif isinstance(node, ast.JoinedStr):
            skipped.update(id(each) for each in node.values if isinstance(each, ast.Constant))
            pieces = (
                str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values
            )
            yield node.lineno, "".join(pieces)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def is_listed(path: Path, listed: Iterable[str]) -> bool:
    """Whether a file stands in a list of files and of folders, which end in a slash."""
    name = name_of(path)
    return any(name == one or (one.endswith("/") and name.startswith(one)) for one in listed)


CHECKED = [path for path in CODE if not is_listed(path, NO_CATALOGUE)]


def test_python_says_nothing_that_is_not_in_the_catalogue() -> None:
    found = {
        f"{name_of(path)}:{line}: {text!r}"
        for path in CHECKED
        for line, text in strings(path)
        if PROSE.search(text) and text not in SINGLE
    }
    assert found == set()


LUA_WITHOUT_SENTENCES = {
    "lua/dingbridge/generated.lua": "is made from the declarations",
    "lua/dingbridge/generated_chat.lua": "is made from the declarations",
    "lua/dingbridge/types.lua": "is made from the declarations",
    "lua/dingbridge/sentences.lua": "is made from the catalogue",
    "lua/dingbridge/english.lua": "is made from the catalogue",
    "lua/dingbridge/chinese.lua": "is made from the catalogue",
}
LUA_SINGLE = {
    **dict.fromkeys(
        (
            "Chat on DingTalk (dingbridge)",
            "Go on with an empty draft after :edit, which detaches from the buffer",
            "Keep the conversation of the draft",
            "Show the transcript again on :edit",
        ),
        "describes a command or an autocommand of ours",
    ),
    "png jpg jpeg gif webp bmp heic pdf mp3 amr wav ogg m4a mp4 mov webm docx xlsx pptx zip": (
        "endings of files"
    ),
    ":help dingbridge-options": "a tag of the manual",
    **dict.fromkeys(
        (
            *("hours of the day", "list of ", "text of several lines", "whole number"),
            *("keys by name", "programs by name", "settings of conversations", "webhook address"),
        ),
        "a kind of option",
    ),
    **dict.fromkeys(("Invalid channel", "Channel doesn't exist"), "what Neovim writes"),
    **dict.fromkeys(
        (
            *("aboveleft split", "botright vsplit", "topleft vsplit", "botright split"),
            *("tab split", "silent! checktime "),
        ),
        "commands of Neovim",
    ),
}


LUA_CHECKED = [path for path in LUA if not is_listed(path, LUA_WITHOUT_SENTENCES)]


def test_lua_says_nothing_that_is_not_in_the_catalogue() -> None:
    found = {
        f"{name_of(path)}:{line}: {text!r}"
        for path in LUA_CHECKED
        for line, text in lua_strings(path)
        if PROSE.search(text) and text not in LUA_SINGLE
    }
    assert found == set()


def test_what_is_allowed_elsewhere_is_there() -> None:
    shown = {text for path in CHECKED for _, text in strings(path)}
    assert SINGLE.keys() - shown == set()
    assert LUA_SINGLE.keys() - {text for path in LUA for _, text in lua_strings(path)} == set()
    for name in NO_CATALOGUE:
        paths = [path for path in CODE if name_of(path).startswith(name)]
        assert any(PROSE.search(text) for path in paths for _, text in strings(path)), name
