"""Wheels of installed packages, so that pip can install them again without a network."""

from __future__ import annotations

import re
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def write_wheels(folder: Path) -> None:
    """Write wheels of all that the plugin needs, and of what builds it."""
    waiting = ["setuptools", *_needed_by(distribution("dingbridge"))]
    done = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in done:
            done.add(name)
            found = distribution(name)
            _write(folder, found)
            waiting += _needed_by(found)


def _needed_by(found: Distribution) -> list[str]:
    """The packages that a distribution requires, without those of another Python or of an extra."""
    requirements = map(Requirement, found.requires or [])
    return [
        each.name.lower()
        for each in requirements
        if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def _write(folder: Path, found: Distribution) -> None:
    tag = re.findall(r"^Tag: (\S+)", found.read_text("WHEEL") or "", re.MULTILINE)[-1]
    name = re.sub(r"[-_.]+", "_", found.metadata["Name"])
    with zipfile.ZipFile(folder / f"{name}-{found.version}-{tag}.whl", "w") as wheel:
        for file in found.files or []:
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.suffix != ".pyc" and path.is_file():
                wheel.write(path, file.as_posix())
