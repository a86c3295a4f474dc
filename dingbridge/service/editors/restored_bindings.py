"""Restores the bindings of an editor before its first command is carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.options.settings import Configuration
from dingbridge.core.sessions.spool import SpoolFile
from dingbridge.core.sessions.state import State, binding_for
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.core.timeouts import SETTLED_WITHIN
from dingbridge.edges.storage import folder_checks
from dingbridge.edges.storage.robot_files import SharedFiles
from dingbridge.protocol import updates
from dingbridge.service.editors.accounts import Accounts


class EarlierState(Struct, frozen=True):
    """What the disk knows when an editor attaches."""

    state: State
    sessions: list[SessionInfo]
    mended: tuple[str, ...]
    kept: tuple[SpoolFile, ...] = ()
    damaged: StoredDataDamaged | None = None
    trouble: Exception | None = None


def found_on_disk(files: SharedFiles, data: Path) -> EarlierState:
    """Read that state. For the disk thread."""
    state, damaged = State(), None
    sessions: list[SessionInfo] = []
    kept: tuple[SpoolFile, ...] = ()
    trouble: Exception | None = None
    # The editor is served even if something cannot be read.
    try:
        # The robot retries until it can read the file.
        state, damaged = files.state.read()
    except (OSError, BridgeError) as error:
        trouble = error
    try:
        sessions = files.transcripts.list()
        kept = files.spool.read()
    except OSError as error:
        trouble = error
    return EarlierState(state, sessions, folder_checks.mended(data), kept, damaged, trouble)


class RestoredBindings:
    """Waits until the robots of an editor have reported its bindings. Service loop only.

    If a robot is late, the state file counts. `settled` is called once all bindings are known.

    waiting ──no robot, a report of every robot, or timeout──▶ settled
    """

    def __init__(
        self,
        cwd: str,
        bound: Mapping[str, str] | None,
        accounts: Accounts,
        saved: State,
        settled: Callable[[], None],
    ) -> None:
        self._cwd = cwd
        self._bound = bound
        self._accounts = accounts
        self._saved = saved
        self._settled = settled
        self._awaited: set[str] = set()
        self.is_settled = False

    def wait_for(self, configuration: Configuration) -> None:
        """Wait for the robots in these settings."""
        accounts = configuration.accounts
        self._awaited = {name for name, one in accounts.items() if one.mode != "off"}

    def configured(self) -> None:
        """The editor has joined its robots."""
        if self.is_settled:
            return
        if self._bound is not None:
            # The editor's own list beats the state file, which may have bindings of others in its
            # folder.
            self._awaited.clear()
            self._accounts.come_back(self._bound)
        if self._awaited:
            # A robot that hangs must not block the user's commands for long.
            asyncio.get_running_loop().call_later(SETTLED_WITHIN, self.settle)
        else:
            self.settle()

    def fit(self, shown: tuple[updates.Update, ...]) -> tuple[updates.Update, ...]:
        """The updates without lists of sessions, until settled: the first list tells the editor
        that bindings are known."""
        if self.is_settled:
            return shown
        return tuple(one for one in shown if not isinstance(one, updates.ShowSessions))

    def told(self, name: str) -> None:
        """The robot of this account has reported."""
        self._awaited.discard(name)
        if not self._awaited:
            self.settle()

    def settle(self) -> None:
        """Stop waiting."""
        if self.is_settled:
            return
        self.is_settled = True
        for account in self._accounts:
            binding = binding_for(self._saved, robot_name(account.options), self._cwd)
            if binding is not None and account.name in self._awaited:
                account.restore(binding.session, binding.target)
        self._settled()
