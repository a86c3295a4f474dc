"""The layers keep to their arrows, and every module keeps to the rules it can be checked for."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from dingbridge.core.commands.editor_commands import Subcommand
from dingbridge.core.commands.remote_commands import ForRobot, ForSession

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dingbridge"
PYTHON = sorted(
    [path for top in ("dingbridge", "doc", "rplugin") for path in (ROOT / top).rglob("*.py")]
)
LUA = sorted((ROOT / "lua").rglob("*.lua"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
GENERATED = {
    *("lua/dingbridge/generated.lua", "lua/dingbridge/generated_chat.lua"),
    *("lua/dingbridge/types.lua", "lua/dingbridge/sentences.lua"),
    *("lua/dingbridge/english.lua", "lua/dingbridge/chinese.lua"),
}
LONGEST = 300
"""Lines of a module, unless it is a table."""
TABLES = {
    *("dingbridge/core/commands/remote_commands.py", "dingbridge/core/commands/editor_commands.py"),
    *("dingbridge/core/options/declarations.py", "dingbridge/protocol/updates.py"),
    "dingbridge/core/dingtalk/error_codes.py",
}
LONGEST_TEST = 600
"""Lines of a file of the tests, unless it is a table of cases."""
TABLES_OF_TESTS = {"tests/support/guard_corpus.py", "tests/support/option_cases.py"}
MIRRORED = {"unit": "core", "edges": "edges", "protocol": "protocol", "service": "service"}
"""Folders of the tests that are laid out as these of the package are, and start no Neovim."""
CONSTRUCTOR_TAKES = 5

NOT_IN_CORE = {
    *("asyncio", "concurrent", "ctypes", "glob", "http", "importlib", "io", "logging", "mmap"),
    *("multiprocessing", "os", "pathlib", "queue", "random", "secrets", "select", "selectors"),
    *("shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading"),
    *("time", "uuid", "webbrowser", "appdirs", "filelock", "pynvim", "requests", "websocket"),
}
NOT_BEHIND_PORTS = NOT_IN_CORE - {"asyncio", "logging", "os", "pathlib"}
PURE = {"PurePath", "PurePosixPath", "PureWindowsPath"}
"""What core may use of pathlib: names of files, but no files."""

ONLY_IN: dict[str, set[str]] = {
    "requests": {"dingbridge/edges/dingtalk/http/", "dingbridge/sandbox/control_calls.py"},
    "urllib3": {"dingbridge/edges/dingtalk/http/"},
    "websocket": {"dingbridge/edges/dingtalk/stream/"},
    "subprocess": {
        *("dingbridge/edges/programs/", "dingbridge/demo/"),
        *("dingbridge/launch.py", "dingbridge/install.py"),
        "dingbridge/editor/service_link.py",  # for the type of what `background` has started
    },
    "acp": {"dingbridge/edges/agents/"},
    "pydantic": {"dingbridge/edges/agents/"},
    "asyncio": {"dingbridge/service/", "dingbridge/sandbox/", "dingbridge/edges/agents/"},
    "msgpack": {"dingbridge/protocol/"},
    "selectors": {"dingbridge/edges/ipc/"},
    "socket": {
        *("dingbridge/edges/ipc/", "dingbridge/edges/dingtalk/stream/"),
        "dingbridge/edges/dingtalk/http/reach.py",  # which resolves names
    },
    "filelock": {"dingbridge/edges/storage/"},
    "appdirs": {"dingbridge/edges/storage/"},
    "keyring": {"dingbridge/edges/storage/"},
    "segno": {"dingbridge/edges/qr_code.py"},
    "PIL": {"dingbridge/edges/picture/"},
    "pygments": {"dingbridge/edges/picture/"},
    "pynvim": {"rplugin/python3/dingbridge_rplugin.py", "dingbridge/demo/", "dingbridge/launch.py"},
}
"""Who may import a package. The demo plays the user, and the sandbox is apart from the edges."""

PUT_TOGETHER = (
    *("editor/", "service/", "shell/"),
    *("launch.py", "demo/service.py"),
)
"""What knows the edges: it puts layers together."""

REACHES_OUT = {
    *("adapters.py", "mailbox.py", "main.py", "service_log.py", "spool_intake.py"),
    *("agents/data_folder.py", "editors/attached_editor.py", "editors/departure.py"),
    "editors/editor_events.py",
    *("editors/editor_programs.py", "editors/editors.py"),
    *("editors/restored_bindings.py", "editors/robot_membership.py", "editors/shared.py"),
    *("files/media_downloads.py", "files/transfers.py", "files/uploads.py"),
    *("robots/robot_lock.py", "robots/robot_reactions.py", "robots/robot_recalls.py"),
    "robots/robot_cards.py",
    *("robots/request_thread.py", "robots/robot_resources.py"),
    *("robots/robot_service.py", "robots/sender_queue.py", "robots/shutdown.py"),
    *("robots/stream_link.py", "sessions/saved_files.py", "sessions/transcript_storage.py"),
    "sessions/message_search.py",
}
"""The modules of the service that use edges; all others are given what they need by `ports`."""

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "core": ("dingbridge.core",),
    "edges": (
        *("dingbridge.core", "dingbridge.protocol.updates"),
        # Answering programs and `git` are run by one edge, and each that keeps files keeps them
        # for their owner only.
        *("dingbridge.edges.programs", "dingbridge.edges.storage.own_files"),
        "dingbridge.executables",
    ),
    "protocol": ("dingbridge.core", "dingbridge.protocol"),
    "editor": (
        *("dingbridge.core", "dingbridge.protocol", "dingbridge.edges", "dingbridge.editor"),
        "dingbridge.executables",
    ),
    "service": (
        *("dingbridge.core", "dingbridge.protocol", "dingbridge.edges", "dingbridge.service"),
    ),
    "sandbox": ("dingbridge.core", "dingbridge.sandbox"),
}
"""What a layer may import of ours; an edge itself as well, and everybody the version."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that a file is made of, from the outside in."""
    return tuple(ast.walk(parsed(path)))


@cache
def imports(path: Path) -> frozenset[str]:
    """All modules that a file imports, wherever in it, as full names."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} imports by a relative name"
            assert node.module is not None
            for alias in node.names:
                yield full_name(node.module, alias.name)


def full_name(module: str, name: str) -> str:
    """`from module import name` imports a module or something in one."""
    below = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if below.is_dir() or below.with_suffix(".py").is_file() else module


def own_imports(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] == "dingbridge"}


def foreign_imports(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} - {"dingbridge"}


def names_from(path: Path, module: str) -> set[str]:
    """What a file takes from a module; the module's own name when it takes all of it."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name == module}
    return found


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def of_layer(layer: str) -> list[Path]:
    return sorted((PACKAGE / layer).rglob("*.py"))


def edge_of(path: Path) -> str:
    """The edge a file belongs to: a module, or a package as a whole."""
    inside = path.relative_to(PACKAGE / "edges")
    return f"dingbridge.edges.{inside.parts[0].removesuffix('.py')}"


def test_there_is_something_to_look_at() -> None:
    for layer in MAY_IMPORT:
        assert len(of_layer(layer)) > 3
    assert all((PACKAGE / name).exists() for name in PUT_TOGETHER)
    assert len(LUA) > 10
    assert len(PYTHON) > 40


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_a_layer_imports_only_what_is_below_it(layer: str) -> None:
    for path in of_layer(layer):
        allowed = MAY_IMPORT[layer]
        if layer == "edges":
            allowed = (*allowed, edge_of(path))
        above = {
            name
            for name in own_imports(path)
            if name != "dingbridge" and not is_within(name, allowed)
        }
        assert not above, f"{name_of(path)} imports {sorted(above)}"


def test_core_imports_nothing_that_touches_the_outside() -> None:
    for path in of_layer("core"):
        found = foreign_imports(path)
        if names_from(path, "pathlib") <= PURE:
            found -= {"pathlib"}
        assert not found & NOT_IN_CORE, f"{name_of(path)} imports {sorted(found & NOT_IN_CORE)}"
        strange = found - set(sys.stdlib_module_names) - {"msgspec", "markdown_it", "wcwidth"}
        assert not strange, f"{name_of(path)} imports {sorted(strange)}"


def test_core_opens_no_file_and_prints_nothing() -> None:
    for path in of_layer("core"):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                where = f"{name_of(path)}:{node.lineno}"
                assert node.func.id not in {"open", "print", "input", "exec", "eval"}, where


def test_most_of_the_service_reaches_the_outside_by_its_ports_alone() -> None:
    for path in of_layer("service"):
        own = {name for name in own_imports(path) if is_within(name, ("dingbridge.edges",))}
        if name_of(path).removeprefix("dingbridge/service/") in REACHES_OUT:
            assert own, f"{name_of(path)} uses no edge"
            continue
        assert not own, f"{name_of(path)} imports {sorted(own)}"
        found = foreign_imports(path)
        assert not found & NOT_BEHIND_PORTS, f"{name_of(path)}: {sorted(found & NOT_BEHIND_PORTS)}"
        strange = found - set(sys.stdlib_module_names) - {"msgspec"}
        assert not strange, f"{name_of(path)} imports {sorted(strange)}"


def test_only_what_puts_the_layers_together_knows_the_edges() -> None:
    knowing = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.is_relative_to(PACKAGE / "edges")
        and any(is_within(name, ("dingbridge.edges",)) for name in own_imports(path))
    ]
    assert not [name for name in knowing if not name.startswith(PUT_TOGETHER)]
    assert not [name for name in PUT_TOGETHER if not any(one.startswith(name) for one in knowing)]


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Also not for its types alone, which would need them just as much."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    left = {name: own_imports(path) & modules.keys() - {name} for name, path in modules.items()}
    while free := {name for name, needed in left.items() if not needed & left.keys()}:
        left = {name: needed for name, needed in left.items() if name not in free}
    assert left == {}, f"a circle, and what leads to it: {sorted(left)}"


def test_what_comes_from_outside_is_never_unpickled() -> None:
    for path in PYTHON:
        assert not foreign_imports(path) & {"pickle", "marshal", "shelve"}, name_of(path)


@pytest.mark.parametrize("package", ONLY_IN)
def test_each_outside_thing_is_touched_in_one_place(package: str) -> None:
    importers = {name_of(path) for path in PYTHON if package in foreign_imports(path)}
    allowed = tuple(ONLY_IN[package])
    assert importers, f"nobody imports {package} any more"
    assert not {importer for importer in importers if not importer.startswith(allowed)}


def test_only_the_editors_edge_speaks_to_neovim() -> None:
    for path in PYTHON:
        if name_of(path).startswith(("dingbridge/edges/neovim.py", "dingbridge/demo/")):
            continue
        for node in nodes(path):
            if isinstance(node, ast.Attribute):
                of = node.value
                owner = of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")
                assert owner.lstrip("_") not in {"nvim", "vim"}, f"{name_of(path)}:{node.lineno}"


def test_only_the_editors_side_opens_files_that_the_user_names() -> None:
    openers = [path for path in PYTHON if "dingbridge.edges.storage.user_files" in imports(path)]
    assert openers
    assert {path.parent for path in openers} == {PACKAGE / "editor"}
    # What the service has on the disk, its storage opens.
    opening = {"open", "read_bytes", "read_text", "write_bytes", "write_text"}
    for path in of_layer("service"):
        assert "dingbridge.edges.storage.own_files" not in imports(path), name_of(path)
        for node in nodes(path):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                is_opened = called in {"open", "io.open", "os.open"}
                assert not is_opened, f"{name_of(path)}:{node.lineno}"
            if isinstance(node, ast.Attribute) and node.attr in opening - {"open"}:
                raise AssertionError(f"{name_of(path)}:{node.lineno}")


def test_nobody_builds_lua_or_runs_a_shell() -> None:
    for path in PYTHON:
        for node in nodes(path):
            if not isinstance(node, ast.keyword | ast.Attribute):
                continue
            where = f"{name_of(path)}:{node.lineno}"
            if isinstance(node, ast.keyword) and node.arg == "shell":
                raise AssertionError(where)
            if isinstance(node, ast.Attribute) and node.attr in {"exec_lua", "command_output"}:
                allowed = ("dingbridge/edges/neovim.py", "dingbridge/demo/")
                assert name_of(path).startswith(allowed), where
            if isinstance(node, ast.Attribute) and node.attr in {"system", "popen"}:
                raise AssertionError(where)


def test_every_program_that_a_test_starts_has_a_deadline() -> None:
    # What sets up the project is no test, and `processes` is what gives the deadline.
    allowed = {
        *("tests/support/processes.py", "tests/commonmark.py"),
        *("tests/node_agents.py", "tests/node_sdk.py", "tests/foreign_bridges.py"),
    }
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in TESTS
        if name_of(path) not in allowed and "subprocess." in path.read_text(encoding="utf-8")
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"subprocess.run", "subprocess.Popen"}
    ]
    assert found == [], "tests.support.processes runs programs"


@pytest.mark.parametrize(
    ("modules", "function", "commands"),
    [
        (["editors/command_dispatch"], "dispatch", [one.name for one in Subcommand]),
        (["robots/robot_commands"], "_reply", [one.__name__ for one in get_args(ForRobot)]),
        (
            ["editors/session_requests", "editors/project_requests"],
            "carry_out",
            [one.__name__ for one in get_args(ForSession)],
        ),
    ],
)
def test_every_command_that_is_declared_has_its_case(
    modules: list[str], function: str, commands: list[str]
) -> None:
    dispatches = [
        node
        for module in modules
        for node in nodes(PACKAGE / "service" / f"{module}.py")
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    assert len(dispatches) == len(modules)
    patterns = [
        case.pattern
        for dispatch in dispatches
        for node in ast.walk(dispatch)
        for case in getattr(node, "cases", ())
    ]
    texts = [text for pattern in patterns for text in ast.unparse(pattern).split(" | ")]
    shown = [text.partition("(")[0] for text in texts]
    assert [name.rpartition(".")[2] for name in shown] == commands


# --- words ----------------------------------------------------------------------------------------


def test_a_module_says_what_it_is_for_and_so_does_everything_public() -> None:
    silent = [name_of(path) for path in PYTHON if not ast.get_docstring(parsed(path))]
    silent += [
        f"{name_of(path)}:{node.lineno} {where}"
        for path in PYTHON
        for where, node in public(parsed(path), "")
        if not ast.get_docstring(node)
    ]
    assert silent == [], "without a docstring"


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(node: ast.Module | ast.ClassDef, within: str) -> Iterator[tuple[str, Definition]]:
    """The public classes and functions, and the public methods of the former."""
    for child in node.body:
        if isinstance(child, Definition) and not child.name.startswith("_"):
            if has_setter_or_overload(child):
                continue
            yield f"{within}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{child.name}.")


def has_setter_or_overload(node: Definition) -> bool:
    """Their words stand at the getter and at the implementation."""
    shown = [ast.unparse(decorator) for decorator in node.decorator_list]
    return any(name.endswith((".setter", "overload")) for name in shown)


MARK = re.compile(r"#\s*(noqa|type:\s*ignore)")
HIDES = re.compile(rf"{MARK.pattern}|\bexcept\b\s*(:|.*\b(Base)?Exception\b)")
"""Without it, a text need not be looked at any closer."""


def comments(text: str) -> dict[int, str]:
    """The comment of each line that has one."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def words(comment: str) -> str:
    """A comment without its marks for tools."""
    marks = r"#\s*(noqa(:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*)?|type:\s*ignore(\[[^\]]*\])?)"
    return re.sub(marks, "", comment).strip("# -")


def has_reason(found: dict[int, str], line: int) -> bool:
    """Words on the line itself, on the one above, or, for a handler, at the start of its body."""
    return any(len(words(found.get(at, "")).split()) >= 2 for at in (line, line - 1, line + 1))


def test_what_hides_a_fault_gives_its_reason() -> None:
    without = [
        f"{name_of(path)}:{line}"
        for path in [*PYTHON, *TESTS]
        for line in hiding_without_reason(path)
    ]
    assert without == []


def hiding_without_reason(path: Path) -> Iterator[int]:
    """The lines that hide a fault and do not say why."""
    text = path.read_text(encoding="utf-8")
    if not HIDES.search(text):
        return
    found = comments(text)
    for line, comment in found.items():
        if MARK.search(comment) and not (has_reason(found, line) or repeats(found, line)):
            yield line
    handlers = [node for node in nodes(path) if isinstance(node, ast.ExceptHandler)]
    for node in filter(catches_all, handlers):
        if not has_reason(found, node.lineno):
            yield node.lineno


def repeats(found: dict[int, str], line: int) -> bool:
    """The same mark on lines in a row needs its reason once."""
    mark = found[line].split(" - ")[0].strip()
    while line - 1 in found and found[line - 1].split(" - ")[0].strip() == mark:
        line -= 1
    return has_reason(found, line)


def catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    raises = any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
    return not raises and any(
        isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"} for kind in caught
    )


def test_every_protected_call_in_lua_gives_its_reason() -> None:
    for path in LUA:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            code, _, comment = line.partition("--")
            if re.search(r"\bx?pcall\b", code):
                above = lines[number - 1].strip() if number else ""
                said = comment if not above.startswith("--") else comment + above
                assert len(said.strip("- ").split()) >= 3, f"{name_of(path)}:{number + 1}: {line}"


def test_a_module_is_small() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*PYTHON, *LUA]
    }
    assert [name for name in lengths.keys() - GENERATED - TABLES if lengths[name] > LONGEST] == []


def test_a_file_of_tests_is_short_enough_to_be_read_at_once() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in TESTS}
    longer = {name for name, lines in lengths.items() if lines > LONGEST_TEST}
    assert longer == TABLES_OF_TESTS


def test_the_tests_are_laid_out_as_the_package_is() -> None:
    for tests, package in MIRRORED.items():
        folders = {
            path.parent.relative_to(ROOT / "tests" / tests)
            for path in (ROOT / "tests" / tests).rglob("test_*.py")
        }
        assert [each for each in folders if not (PACKAGE / package / each).is_dir()] == []


EDITORS = {"editor", "bound", "start_editor", "shared_editor"}
"""The fixtures of `tests/conftest.py` that start a Neovim."""


def test_only_tests_of_whole_flows_start_a_neovim() -> None:
    for path in TESTS:
        if path.relative_to(ROOT / "tests").parts[0] in MIRRORED:
            functions = {
                node.name: {each.arg for each in node.args.args}
                for node in parsed(path).body
                if isinstance(node, ast.FunctionDef)
                and (node.name.startswith("test_") or "fixture" in shown_decorators(node))
            }
            asked = {name for arguments in functions.values() for name in arguments}
            assert not EDITORS & (asked - functions.keys()), name_of(path)


def shown_decorators(node: ast.FunctionDef) -> str:
    return " ".join(ast.unparse(each) for each in node.decorator_list)


def test_a_constructor_takes_few_things() -> None:
    taken = {
        f"{name_of(path)}:{each.name}": len(made.args.args) + len(made.args.kwonlyargs) - 1
        for path in PYTHON
        if not name_of(path).startswith(("dingbridge/sandbox/", "dingbridge/demo/"))
        for each in parsed(path).body
        if isinstance(each, ast.ClassDef)
        for made in each.body
        if isinstance(made, ast.FunctionDef) and made.name == "__init__"
    }
    assert {name: count for name, count in taken.items() if count > CONSTRUCTOR_TAKES} == {}


SAYING_NOTHING = "ctx|utils|helpers?|managers?"
EMPTY = re.compile(rf"(^|_)({SAYING_NOTHING})(_|$)", re.IGNORECASE)


def test_no_name_is_one_that_says_nothing() -> None:
    for path in [*PYTHON, *LUA]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        split = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name) for name in {*parts, *names_in(path)}}
        assert not {name for name in split if EMPTY.search(name)}, name_of(path)


def names_in(path: Path) -> set[str]:
    """The names in the code of a file, and in strings if it is Lua."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".lua":
        return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"--.*", "", text)))
    if not re.search(SAYING_NOTHING, text, re.IGNORECASE):
        return set()  # nothing that a closer look would find
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}
