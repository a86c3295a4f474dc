"""The log of the service: as verbose as one of the editors asks, without the secrets of any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dingbridge.core.catalogue import service as say
from dingbridge.edges import log as log_file


class ServiceLog:
    """The log in a folder. Service loop only.

    - `show_problem` tells an editor, by its number, why it cannot be written.
    """

    def __init__(self, folder: Path, show_problem: Callable[[int, str], None]) -> None:
        self._path = folder / log_file.LOG_FILE
        self._show_problem = show_problem
        self._verbose: dict[int, bool] = {}
        # Includes those of editors that have left: their robots may still send.
        self._secrets: set[str] = set()
        self._told: set[int] = set()
        self._open()

    def configure(self, number: int, secrets: tuple[str, ...], verbose: bool) -> None:
        """Mask these secrets of an editor, too, and be verbose if it asks for that."""
        self._secrets.update(secrets)
        self._verbose[number] = verbose
        problem = self._open()
        if problem and number not in self._told:
            self._told.add(number)
            self._show_problem(number, problem)
        elif not problem:
            self._told.clear()

    def left(self, number: int) -> None:
        """An editor has left."""
        self._verbose.pop(number, None)
        self._open()

    def _open(self) -> str:
        """Configure the log. Returns why it cannot be written, in words; empty if it can."""
        verbose = any(self._verbose.values())
        try:
            log_file.write_to(self._path, verbose=verbose, secrets=tuple(self._secrets))
        except OSError as cause:
            reason = cause.strerror or type(cause).__name__
            return say.LOG_NOT_WRITTEN(path=self._path, reason=reason)
        return ""
