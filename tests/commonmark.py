"""The examples of the CommonMark specification, from the source archive of markdown-it-py.

Its wheel does not have them, and they are not ours to copy: `make install` fetches them once, with
pip, into the environment that runs the tests (`python -m tests.commonmark`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

PACKAGE = "markdown-it-py"
MEMBER = "tests/test_cmark_spec/commonmark.json"
SECONDS = 120


def examples() -> list[str]:
    """The Markdown of every example."""
    return [example["markdown"] for example in json.loads(_place().read_bytes())]


def _place() -> Path:
    return Path(sys.prefix) / "share" / "commonmark" / f"{PACKAGE}-{version(PACKAGE)}.json"


def fetch() -> None:
    """Put the examples where `examples` finds them, unless they are there."""
    place = _place()
    if place.is_file():
        return
    found = _fetched(f"{PACKAGE}=={version(PACKAGE)}")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as new:
        new.write(found)
    Path(new.name).replace(place)


def _fetched(requirement: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", PACKAGE, "--dest", folder, requirement]
        subprocess.run(command, check=True, timeout=SECONDS)
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as tar:
            (member,) = (name for name in tar.getnames() if name.endswith(MEMBER))
            stream = tar.extractfile(member)
            assert stream is not None, member
            return stream.read()


if __name__ == "__main__":
    fetch()
