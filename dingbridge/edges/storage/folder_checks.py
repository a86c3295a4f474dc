"""Checks, when a host starts, whether other users can read or change our folders."""

from __future__ import annotations

import shlex
from pathlib import Path

from dingbridge.core.catalogue import files as say
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
