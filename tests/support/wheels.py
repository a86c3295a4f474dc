"""Wheels of installed packages, so that pip can install them again without a network."""

from __future__ import annotations

import re
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def write_wheels(folder: Path, *roots: str) -> None:
    """Write wheels of these distributions and everything they require."""
    waiting, done = list(roots), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in done:
            done.add(name)
            found = distribution(name)
            _write(folder, found)
            waiting += [each for each in map(_needed, found.requires or []) if each]


def _needed(written: str) -> str:
    """The package named in a requirement; empty if it belongs to another Python or to an extra."""
    requirement = Requirement(written)
    is_here = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    return requirement.name.lower() if is_here else ""


def _write(folder: Path, found: Distribution) -> None:
    tag = re.findall(r"^Tag: (\S+)", found.read_text("WHEEL") or "", re.MULTILINE)[-1]
    name = re.sub(r"[-_.]+", "_", found.metadata["Name"])
    with zipfile.ZipFile(folder / f"{name}-{found.version}-{tag}.whl", "w") as wheel:
        for file in found.files or []:
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.suffix != ".pyc" and path.is_file():
                wheel.write(path, file.as_posix())
