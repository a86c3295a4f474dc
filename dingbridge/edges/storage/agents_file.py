"""Stores which agent each session has, in a file of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from dingbridge.core.agents import chosen_agents
from dingbridge.core.agents.chosen_agents import ChosenAgent
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.worker import Worker

log = logging.getLogger(__name__)

AGENTS_FILE = Path("dingbridge", "agents.json")


class AgentsFile:
    """The file of a data folder. For the service loop; `disk` does the work."""

    def __init__(self, data: Path, disk: Worker) -> None:
        self._path = data / AGENTS_FILE
        self._disk = disk

    def read(self, then: Callable[[dict[str, ChosenAgent]], None]) -> None:
        """Read it. A file that is missing or damaged counts as empty: then sessions have the agent
        of the settings, which begins anew."""
        self._disk.do(self._read, then)

    def _read(self) -> dict[str, ChosenAgent]:
        try:
            with own_files.reading(self._path) as file:
                return chosen_agents.decode(file.read())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as cause:
            log.error("%s cannot be read: %s", self._path, cause)
            return {}

    def keep(self, sessions: dict[str, ChosenAgent]) -> None:
        """Replace it."""
        content = chosen_agents.encode(sessions)

        def write() -> None:
            own_files.make_own_folder(self._path.parent)
            own_files.write_whole(self._path, content, sync=False)

        self._disk.submit_durable("agents", write)
