"""The files of the setup: how far it has come, the secrets of a robot, a new file of the user."""

from __future__ import annotations

import contextlib
from pathlib import Path

from dingbridge.core.setup import progress as progresses
from dingbridge.core.setup.progress import Progress
from dingbridge.edges.storage import own_files

PROGRESS_FILE = "setup.json"


class SetupFiles:
    """The files in `folder`, which is dingbridge's own below the data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "dingbridge"

    def left(self) -> Progress | None:
        """How far the setup had come that was left; None if none was."""
        try:
            with own_files.reading(self._folder / PROGRESS_FILE) as file:
                return progresses.decode(file.read())
        except OSError:
            return None

    def keep(self, progress: Progress) -> None:
        """Write down how far the setup has come. Raises `OSError`."""
        own_files.make_own_folder(self._folder)
        own_files.write_whole(self._folder / PROGRESS_FILE, progresses.encode(progress))

    def forget(self) -> None:
        """The setup is done, or begins again."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / PROGRESS_FILE).unlink()

    def secrets_of(self, robot: str) -> Path:
        """The file with the secrets of a robot, for `env_file`."""
        return self._folder / f"{robot}.env"

    def store(self, robot: str, content: bytes) -> Path:
        """Write the secrets of a robot, for its owner alone. Raises `OSError`."""
        own_files.make_own_folder(self._folder)
        path = self.secrets_of(robot)
        own_files.write_whole(path, content)
        return path


def write_new(path: Path, lines: list[str]) -> None:
    """Write a file of the user that must not be there yet. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def free_name(path: Path) -> Path:
    """`path`, or with a number in its name the first that is not there."""
    number, found = 1, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found
