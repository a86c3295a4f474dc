"""The trash: transcripts that were cleared or deleted, and the way back."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from dingbridge.edges.storage import own_files

_KEPT = re.compile(r"(.+)-([0-9]+)\.jsonl")
"""The name of a transcript in the trash: its session, and the time in nanoseconds."""


class Trash:
    """The folder `trash` in the folder of transcripts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trash = folder / "trash"

    def put(self, session: str) -> None:
        """Move a session's files here, unless it has none."""
        if not (self._folder / f"{session}.jsonl").exists():
            return
        own_files.make_own_folder(self._trash)
        name = f"{session}-{time.time_ns()}"
        # The transcript first: if the disk refuses the second step or after a crash, the title is
        # still in the session's place, where `bring_back` leaves it.
        for ending in ("jsonl", "title"):
            path = self._folder / f"{session}.{ending}"
            if path.exists():
                os.replace(path, self._trash / f"{name}.{ending}")

    def bring_back(self) -> str:
        """Move what was put here last back into its session, above what that got meanwhile. Returns
        the session, or an empty id if there is nothing."""
        names = (_KEPT.fullmatch(path.name) for path in self._trash.glob("*.jsonl"))
        kept = [found for found in names if found is not None]
        latest = max(kept, key=lambda found: int(found[2]), default=None)
        if latest is None:
            return ""
        session, before = latest[1], self._trash / latest[0]
        title = self._folder / f"{session}.title"
        old_title = before.with_suffix(".title")
        # After a crash between these steps the next try finds the rest.
        if not title.exists() and old_title.exists():
            os.replace(old_title, title)
        _put_above(before, self._folder / f"{session}.jsonl")
        before.unlink(missing_ok=True)
        old_title.unlink(missing_ok=True)
        return session


def _put_above(before: Path, path: Path) -> None:
    """Put the lines of one file above those of another one, which may not exist."""
    try:
        with (
            own_files.reading(path) as since,
            own_files.reading(before) as old,
            own_files.replacing(path) as file,
        ):
            shutil.copyfileobj(old, file)
            file.write(b"\n")  # its last line may be torn
            shutil.copyfileobj(since, file)
    except FileNotFoundError:
        os.replace(before, path)
