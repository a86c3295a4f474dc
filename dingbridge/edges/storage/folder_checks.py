"""Checks whether other users can read or change our folders, and whether we can."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from dingbridge.core.catalogue import files as say
from dingbridge.core.doctor.computer_findings import FilesFacts, FolderFacts
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.robot_files import OUTGOING_FOLDER, SESSIONS_FOLDER, SPOOL_FOLDER

OURS = (
    Path("dingbridge"),
    SPOOL_FOLDER,
    SESSIONS_FOLDER,
    SESSIONS_FOLDER / "trash",
    OUTGOING_FOLDER.parent,
    OUTGOING_FOLDER,
)
"""Our folders below the data folder, which nobody else may access."""


def mended(data: Path) -> tuple[str, ...]:
    """Remove other users' permissions on our folders.

    Returns sentences about permissions that we must not change, because all of Neovim uses the data
    folder.
    """
    told = []
    for folder in OURS:
        if (data / folder).is_dir():
            try:
                own_files.make_own_folder(data / folder)
            except OSError as cause:
                told.append(say.FOLDER_UNSAFE(folder=data / folder, reason=cause.strerror))
    match own_files.may_be_changed(data):
        case "by_its_owner":
            told.append(say.FOLDER_OF_ANOTHER(folder=data, path=shlex.quote(str(data))))
        case None:
            pass
        case "by_others":
            told.append(say.FOLDER_WRITABLE(folder=data, path=shlex.quote(str(data))))
    return tuple(told)


LOOKED_AT = 20_000
"""Files (a count) of the data folder whose permissions are looked at."""


def files_facts(data: Path, log: Path) -> FilesFacts:
    """What there is to know about the data folder and the log file `log`. Creates nothing."""
    exposed: list[str] = []
    roots: dict[str, None] = {}
    for root, path in _ours(data, log):
        if _is_exposed(path):
            exposed.append(str(path))
            roots[str(root)] = None
    try:
        size: int | None = log.stat().st_size
    except OSError:
        size = None
    return FilesFacts(
        _folder(data),
        _folder(log.parent),
        str(log),
        _free(data),
        tuple(sorted(exposed)),
        tuple(sorted(roots)),
        own_files.may_be_changed(data) is not None,
        size,
    )


def _folder(path: Path) -> FolderFacts:
    nearest = path
    while not os.path.lexists(nearest) and nearest.parent != nearest:
        nearest = nearest.parent
    is_folder = nearest.is_dir()
    is_writable = is_folder and os.access(nearest, os.W_OK | os.X_OK)
    return FolderFacts(str(path), str(nearest), is_folder, is_writable)


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(_folder(path).nearest).free
    except OSError:
        return None


def _ours(data: Path, log: Path) -> Iterator[tuple[Path, Path]]:
    """Our files and folders, each after the one to remove permissions from."""
    try:
        names = sorted(os.listdir(data))
    except OSError:
        names = []
    for name in names:
        if name.startswith("chat-dingtalk-"):
            yield data / name, data / name
    ours = data / "dingbridge"
    left = LOOKED_AT
    for folder, folders, files in os.walk(ours):
        yield ours, Path(folder)
        for name in files:
            yield ours, Path(folder, name)
        left -= len(folders) + len(files)
        if left <= 0:
            break
    yield log, log
    yield Path(f"{log}.1"), Path(f"{log}.1")


def _is_exposed(path: Path) -> bool:
    if os.name != "posix":
        return False
    try:
        found = path.stat()
    except OSError:
        return False
    return bool(stat.S_IMODE(found.st_mode) & 0o077) or found.st_uid != os.geteuid()
