"""The folder of spool files, which exiting editors write: `dingbridge/unconfirmed/`."""

from __future__ import annotations

import logging
from pathlib import Path

from dingbridge.core.sessions import spool
from dingbridge.core.sessions.spool import SpoolFile
from dingbridge.edges.storage import own_files

log = logging.getLogger(__name__)


class SpoolFolder:
    """Reads and removes spool files. For the disk thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, pid: int | None = None) -> tuple[SpoolFile, ...]:
        """The spool files of all editors, or of the one with this process id."""
        if not self._folder.is_dir():
            return ()
        found = [self._read(path) for path in sorted(self._folder.glob(f"{pid or '*'}-*.json"))]
        return tuple(kept for kept in found if kept is not None)

    def _read(self, path: Path) -> SpoolFile | None:
        try:
            with own_files.reading(path) as file:
                kept = spool.decode(str(path), file.read())
        except OSError as cause:
            log.warning("%s cannot be read: %s", path.name, cause.strerror)
            return None
        if kept is None:
            log.warning("%s is damaged and is passed over", path.name)
        return kept

    def remove(self, path: str) -> None:
        """Remove a file whose requests are all durable elsewhere."""
        Path(path).unlink(missing_ok=True)
