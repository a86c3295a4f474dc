"""What is installed, what the editor looks for, and the documented versions agree."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tarfile
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

import dingbridge
from dingbridge import executables, launch
from tests.support.processes import run

ROOT = Path(__file__).resolve().parents[2]

IMPORTED_AS = {
    "websocket-client": "websocket",
    "python-dotenv": "dotenv",
    "markdown-it-py": "markdown_it",
}
"""Packages that are imported by another name than they are installed by."""


TOP_LEVEL = {
    *("dingbridge", "doc", "lua", "rplugin", "tests", ".ci"),
    *("README.md", "README.zh-CN.md", "CHANGELOG.md", "LICENSE"),
    *("pyproject.toml", "constraints.txt", "Makefile", "MANIFEST.in", "Containerfile"),
    *("lazy.lua", ".luarc.json", ".gitignore"),
}
"""What the first page of the project may show; anything else stands in one of its folders."""


def project() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def dependencies() -> set[str]:
    """The packages that the project needs to run, from its own declaration."""
    [listed] = re.findall(r"^dependencies = \[(.*?)^\]", project(), re.MULTILINE | re.DOTALL)
    return set(re.findall(r'"([A-Za-z0-9._-]+?)[<>=~!]', listed))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_the_top_level_holds_nothing_that_belongs_into_a_folder() -> None:
    listed = run(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    assert listed.returncode == 0, listed.stderr
    names = {name.partition("/")[0] for name in listed.stdout.split("\0") if name}
    assert {"dingbridge", "README.md"} <= names
    assert names <= TOP_LEVEL


def test_the_host_looks_for_exactly_the_packages_that_are_installed() -> None:
    # An agent's turn says that the first one is missing, and without the second the setup shows an
    # address instead of a QR code; all else works without them.
    needed = dependencies() - {"agent-client-protocol", "segno"}
    assert set(launch.NEEDED) == {IMPORTED_AS.get(name, name) for name in needed}


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
    assert (3, int(oldest)) == executables.OLDEST
    assert f'target-version = "py3{oldest}"' in project()
    assert f'python_version = "3.{oldest}"' in project()
    assert sys.version_info >= (3, int(oldest))


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert dingbridge.__version__ in versions


def test_the_package_has_the_version_of_its_source() -> None:
    assert metadata.version("dingbridge") == dingbridge.__version__


@pytest.mark.parametrize("module", [dingbridge, launch, executables])
def test_an_older_python_can_read_what_refuses_it(module: ModuleType) -> None:
    assert module.__file__
    ast.parse(Path(module.__file__).read_text(encoding="utf-8"), feature_version=(3, 5))


def constraints() -> dict[str, list[str]]:
    """The versions that are tested, oldest first, by package."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, version = line.partition(";")[0].strip().split("==")
            found.setdefault(name, []).append(version)
    return found


def release(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def test_no_package_may_be_older_than_what_is_tested() -> None:
    tested = constraints()
    bounds = re.findall(r'"([a-z][A-Za-z0-9-]*)>=([0-9.]+),<([0-9.]+)"', project())
    assert len(bounds) > 20
    for name, oldest, end in bounds:
        versions = sorted(map(release, tested[name]))
        count = len(release(oldest))
        assert release(oldest) == versions[0][:count], name
        assert versions[-1] < release(end), name


def test_what_is_installed_here_is_what_is_tested() -> None:
    tested = constraints()
    for name in dependencies():
        assert metadata.version(name) in tested[name]


def test_the_source_distribution_is_complete(tmp_path: Path) -> None:
    """Built without a network, from a copy of the checkout."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=ignored)
    code = "from setuptools import build_meta; print(build_meta.build_sdist('dist'))"
    done = run([sys.executable, "-c", code], cwd=copy, text=True)
    assert done.returncode == 0, done.stderr
    assert "deprecat" not in done.stderr.lower()
    [archive] = (copy / "dist").iterdir()
    with tarfile.open(archive) as tar:
        packed = {name.partition("/")[2] for name in tar.getnames()}
        [described] = (
            name for name in tar.getnames() if name.count("/") == 1 and "PKG-INFO" in name
        )
        about = tar.extractfile(described)
        assert about is not None
        text = about.read().decode()
    whole = ("lua", "rplugin", "doc", "tests", "dingbridge")
    wanted = {
        path.relative_to(copy).as_posix()
        for top in whole
        for path in (copy / top).rglob("*")
        if path.is_file() and path.name != "tags"
    }
    alone = {
        "Makefile",
        "README.md",
        "README.zh-CN.md",
        "LICENSE",
        "CHANGELOG.md",
        "pyproject.toml",
        "constraints.txt",
    }
    assert wanted | alone | {".ci/run"} <= packed
    assert "License-Expression: Apache-2.0" in text
    for minor in range(executables.OLDEST[1], executables.NEWEST[1] + 1):
        assert f"Classifier: Programming Language :: Python :: 3.{minor}\n" in text


def test_the_newest_python_is_the_same_everywhere() -> None:
    lua = (ROOT / "lua" / "dingbridge" / "python.lua").read_text(encoding="utf-8")
    [found] = re.findall(r"local OLDEST, NEWEST = (\d+), (\d+)", lua)
    assert tuple(map(int, found)) == (executables.OLDEST[1], executables.NEWEST[1])
    for name in ("README.md", "README.zh-CN.md", "doc/install.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(rf"CPython\s+3\.{found[0]} (to|到) 3\.{found[1]}\b", text), name


def test_the_oldest_neovim_is_the_same_everywhere() -> None:
    health = (ROOT / "lua" / "dingbridge" / "health.lua").read_text(encoding="utf-8")
    [oldest] = re.findall(r"local OLDEST = '([\d.]+)'", health)
    for name in ("README.md", "README.zh-CN.md", "doc/install.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(rf"Neovim {re.escape(oldest)} (and later|或更高版本)", text), name
