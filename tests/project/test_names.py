"""A name stands for one thing, so that readers and searches find that thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "dingbridge"

APART = ("sandbox", "demo", "core/catalogue")
"""The simulated DingTalk, the demo and the sentences, whose files may be named as those of the
product that they belong to."""

VERBS = {"tell", "say", "knock", "obey", "insist"}
"""Verbs that picture what a function does; the field's are `notify`, `submit`, `apply`."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def public_types(module: ast.Module) -> Iterator[str]:
    """The classes of a module and the names that it gives to types, such as unions."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[:1].isupper() and not name.isupper():
                yield name


def test_the_name_of_a_class_is_given_once() -> None:
    places = defaultdict(list)
    for name, module in modules():
        for each in public_types(module):
            if not each.startswith("_"):
                places[each].append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_the_name_of_a_file_is_given_once_in_the_product() -> None:
    places = defaultdict(list)
    for name, _ in modules():
        path = Path(name)
        if path.stem != "__init__" and not name.startswith(APART):
            places[path.stem].append(name)
    assert {stem: found for stem, found in places.items() if len(found) > 1} == {}


def test_functions_are_named_by_the_verbs_of_the_field() -> None:
    found = [
        f"{name}:{node.lineno} {node.name}"
        for name, module in modules()
        if not name.startswith(APART)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.strip("_").split("_")[0] in VERBS
    ]
    assert found == []
