"""Writes what the doctor found, and what may be shown of the log, to a file for a bug report."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import platform
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from dingbridge import __version__
from dingbridge.core import catalogue
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.doctor import bug_report
from dingbridge.core.doctor.finding import HealthFinding
from dingbridge.core.errors import BridgeError
from dingbridge.core.sessions.state import State
from dingbridge.edges.storage import installed_code, own_files
from dingbridge.shell import disk_report
from dingbridge.shell.doctor import Doctor

_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
_METHODS = ("debug", "info", "warning", "error", "exception")


def name_now() -> str:
    """A name for the file."""
    return f"dingbridge-report-{datetime.now():%Y%m%d-%H%M%S}.txt"


def write_report(
    path: Path, doctor: Doctor, findings: Sequence[HealthFinding], data: Path, log: Path
) -> None:
    """Write the report, for its owner alone. Raises `OSError`."""
    try:
        state = disk_report.state_in(data)
    except BridgeError:
        state = State()
    private = bug_report.private_values(state, doctor.configuration)
    folders = {str(Path.home()), str(data), str(log.parent)}
    folders |= {os.environ[name] for name in _FOLDERS if os.environ.get(name)}
    places = frozenset({*folders, Path.home().name, platform.node()})
    head = f"dingbridge {__version__}, {platform.platform()}\n\n"
    vocabulary = bug_report.words_of(_sentences())
    text = bug_report.report(findings, _lines(log), vocabulary, private | places)
    own_files.write_whole(path, (head + text).encode("utf-8", "replace"))


def _lines(log: Path) -> list[str]:
    try:
        with own_files.reading(log) as file:
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _sentences() -> Iterator[str]:
    """All sentences of the catalogue, all texts of log lines, and the names of modules."""
    for module in pkgutil.iter_modules(catalogue.__path__):
        found = vars(importlib.import_module(f"{catalogue.__name__}.{module.name}"))
        yield from (one.text for one in found.values() if isinstance(one, Sentence))
    for path in installed_code.PACKAGE.rglob("*.py"):
        yield " ".join(path.relative_to(installed_code.PACKAGE).with_suffix("").parts)
        yield path.stem
        yield from _texts_in(path)


def _texts_in(path: Path) -> Iterator[str]:
    """The first argument of each call that logs."""
    with path.open(encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            first = node.args[0]
            if node.func.attr in _METHODS and isinstance(first, ast.Constant):
                yield str(first.value)
