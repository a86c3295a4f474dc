"""The names in a Lua file: those that nothing reads, hides another one or nobody has declared, and
those of functions that we do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from luaparser import ast
from luaparser import astnodes as lua

from tests.support.editor import ROOT

FILES = ("lua/**/*.lua", "dingbridge/**/*.lua")
"""What is read, as patterns below the root of the project."""

GLOBALS = frozenset(
    {
        *("vim", "arg", "require", "pcall", "error", "assert", "print", "type", "select", "unpack"),
        *("pairs", "ipairs", "next", "tonumber", "tostring", "setmetatable", "getmetatable"),
        *("math", "string", "table", "os", "io", "debug", "package", "bit", "dofile"),
    }
)
"""What Neovim gives: our code declares no name for everybody."""

AVOIDED = {"strdisplaywidth": "depends on the current window: nvim_strwidth does not"}
"""Functions of Neovim that give wrong results, and why."""


@dataclass
class _Name:
    line: int
    is_parameter: bool = False
    is_read: bool = False


def findings(source: str) -> list[tuple[int, str]]:
    """The lines of `source` that are not as they should be, and why; in order."""
    reader = _Reader()
    try:
        reader.visit(ast.parse(source))
    except ast.SyntaxException as problem:
        return [(1, str(problem))]
    for number, line in enumerate(source.splitlines(), 1):
        if line != line.rstrip():
            reader.found.append((number, "ends with a space"))
    return sorted(reader.found)


def check() -> list[str]:
    """A line for each finding in the files of the project."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {what}"
        for path in files()
        for line, what in findings(path.read_text("utf-8"))
    ]


def files() -> list[Path]:
    """The files that are checked."""
    return sorted(path for pattern in FILES for path in ROOT.glob(pattern))


class _Reader:
    """Walks through a file, with the names that are declared where it is."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self._scopes: list[dict[str, _Name]] = []
        self._line = 1  # the parser does not say it of a name

    def visit(self, node: object) -> None:
        """Read a node and all that belongs to it."""
        if isinstance(node, lua.Node):
            self._line = node.line or self._line
        match node:
            case lua.Block():
                with self._scope():
                    self._each(node.body)
            case lua.LocalAssign():
                self._each(node.values)
                self._declare(node.targets)
            case lua.LocalFunction():
                self._declare([node.name])
                self._function(node)
            case lua.Function():
                self._set(node.name)
                self._function(node)
            case lua.Method():
                self.visit(node.source)
                self._function(node, "self")
            case lua.AnonymousFunction():
                self._function(node)
            case lua.Fornum():
                self._each([node.start, node.stop, node.step])
                self._loop([node.target], node.body)
            case lua.Forin():
                self._each(node.iter)
                self._loop(node.targets, node.body)
            case lua.Repeat():
                with self._scope():  # the condition sees what the body declares
                    self._each([*node.body.body, node.test])
            case lua.Assign():
                self._each(node.values)
                for target in node.targets:
                    self._set(target)
            case lua.Index():
                self.visit(node.value)
                if isinstance(node.idx, lua.Name) and node.idx.id in AVOIDED:
                    self.found.append((self._line, f"{node.idx.id} {AVOIDED[node.idx.id]}"))
                if node.notation is lua.IndexNotation.SQUARE:
                    self.visit(node.idx)
            case lua.Field():
                if node.between_brackets:
                    self.visit(node.key)
                self.visit(node.value)
            case lua.Invoke():
                self._each([node.source, *node.args])
            case lua.Name():
                self._read(node)
            case lua.Label() | lua.Goto():
                pass
            case lua.Node():
                self._each(vars(node).values())
            case list():
                self._each(node)

    def _each(self, nodes: Iterable[object]) -> None:
        for node in nodes:
            self.visit(node)

    def _function(self, node: lua.Node, *given: str) -> None:
        with self._scope():
            self._scopes[-1].update({name: _Name(self._line, is_read=True) for name in given})
            self._declare(node.args, is_parameter=True)
            self._each(node.body.body)

    def _loop(self, targets: list[lua.Name], body: lua.Block) -> None:
        with self._scope():
            self._declare(targets, is_parameter=True)
            self._each(body.body)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        self._scopes.append({})
        yield
        needed = False  # a parameter is, where a later one is read
        for name, declared in reversed(self._scopes.pop().items()):
            needed = needed or (declared.is_parameter and declared.is_read)
            may_stay = declared.is_read or (declared.is_parameter and needed)
            if not may_stay and not name.startswith("_"):
                self.found.append((declared.line, f"{name} is never read"))

    def _declare(self, names: Iterable[lua.Node], *, is_parameter: bool = False) -> None:
        for node in names:
            if isinstance(node, lua.Name):
                hidden = self._declared(node.id)
                if hidden is not None and not node.id.startswith("_"):
                    self.found.append((self._line, f"{node.id} hides that of line {hidden.line}"))
                self._scopes[-1][node.id] = _Name(self._line, is_parameter)

    def _declared(self, name: str) -> _Name | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def _read(self, node: lua.Name) -> None:
        declared = self._declared(node.id)
        if declared is not None:
            declared.is_read = True
        elif node.id not in GLOBALS:
            self.found.append((self._line, f"{node.id} is not declared"))

    def _set(self, target: lua.Node) -> None:
        if not isinstance(target, lua.Name):
            self.visit(target)
        elif self._declared(target.id) is None:
            self.found.append((self._line, f"{target.id} is set for everybody"))
