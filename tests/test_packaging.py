"""What is installed, what the editor looks for, and what is told of a version are one."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import dingbridge
from dingbridge import launch

ROOT = Path(__file__).resolve().parents[1]

IMPORTED_AS = {
    "websocket-client": "websocket",
    "python-dotenv": "dotenv",
    "markdown-it-py": "markdown_it",
}
"""Packages that are imported by another name than they are installed by."""


def project() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def dependencies() -> set[str]:
    """The packages that the project needs to run, from its own declaration."""
    [listed] = re.findall(r"^dependencies = \[(.*?)^\]", project(), re.MULTILINE | re.DOTALL)
    return set(re.findall(r'"([A-Za-z0-9._-]+?)[<>=~!]', listed))


def test_the_host_looks_for_exactly_the_packages_that_are_installed() -> None:
    assert set(launch.NEEDED) == {IMPORTED_AS.get(name, name) for name in dependencies()}


def test_every_dependency_has_a_range() -> None:
    lists = re.findall(r"^(?:dependencies|sandbox|dev) = \[(.*?)^\]", project(), re.M | re.S)
    required = re.findall(r'"([a-z][A-Za-z0-9-]*[<>=][^"]*)"', "".join(lists))
    assert len(required) > 10
    for requirement in required:
        assert re.fullmatch(r"[A-Za-z0-9-]+>=[0-9.]+,<[0-9.]+", requirement)


def test_what_is_installed_meets_the_declaration() -> None:
    installed = {
        re.split(r"[<>=~!;\[ ]", requirement)[0]
        for requirement in metadata.requires("dingbridge") or []
        if "extra ==" not in requirement
    }
    assert installed == dependencies()


def test_the_oldest_python_is_the_same_everywhere() -> None:
    [oldest] = re.findall(r'requires-python = ">=3\.(\d+)"', project())
    assert (3, int(oldest)) == launch.OLDEST
    assert f'target-version = "py3{oldest}"' in project()
    assert f'python_version = "3.{oldest}"' in project()
    assert sys.version_info >= (3, int(oldest))


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert dingbridge.__version__ in versions


def test_the_package_has_the_version_of_its_source() -> None:
    assert metadata.version("dingbridge") == dingbridge.__version__


def test_an_older_python_can_read_the_file_that_refuses_it() -> None:
    source = Path(launch.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 5))
