"""The service process: locks the data folder, listens, and exits when the last editor has left."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dingbridge.core.errors import told
from dingbridge.edges.ipc import (
    Heard,
    Joined,
    LocalSocketError,
    Moved,
    PeerLeft,
    Server,
    ServerEvent,
    SocketLost,
)
from dingbridge.edges.programs import background
from dingbridge.edges.programs.process_identity import LOOK, born
from dingbridge.edges.storage.card import OwnerCard
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.service import periodic
from dingbridge.service.mailbox import Mailbox

if TYPE_CHECKING:
    from dingbridge.service.editors.editors import Editors

log = logging.getLogger(__name__)

LOCK_WITHIN = 10.0
"""Seconds to wait for the lock of a service that is ending."""

SWITCH_EVERY = 0.0005
"""Python's switch interval in seconds, a tenth of the default: an ack or a request would otherwise
wait too long behind a busy loop."""

TRY_EVERY = 0.02
"""Seconds between two attempts to take the lock."""


class Service:
    """The service of one data folder.

    locking ──▶ listening ──first frame──▶ serving ──last editor left──▶ ending ──▶ ended
       └──another service has the lock──────────────────────────────────────────────▲
    """

    def __init__(self, data: Path, log_folder: Path) -> None:
        self._data = data
        self._log_folder = log_folder
        self._lock = OwnerLock(data / "dingbridge", "service")
        self._loop = asyncio.get_running_loop()
        self._mailbox = Mailbox(self._loop)
        self._ended = asyncio.Event()
        self._server: Server | None = None
        self._editors: Editors | None = None

    async def run(self) -> None:
        """Serve until the last editor has left. Returns at once if another service holds the
        lock."""
        if not await self._acquire():
            background.notify(background.NEEDLESS)
            return
        post = self._mailbox.post
        self._server = Server(lambda event: post(lambda: self._from_editor(event)))
        try:
            self._server.start()
            self._write_card()
            background.notify(background.WORKS)
            for number in (signal.SIGTERM, signal.SIGINT):
                with contextlib.suppress(NotImplementedError):  # Windows
                    self._loop.add_signal_handler(number, self._ended.set)
            if LOOK is not None:
                self._loop.add_signal_handler(LOOK, self._server.look)
            # Imported late, so that a waiting editor can connect meanwhile.
            from dingbridge.service.editors.editors import Editors

            # The imported modules are never garbage: keep the collector away from them.
            gc.freeze()
            gc.enable()
            self._editors = Editors(
                self._data, self._log_folder, self._server, post, self._ended.set
            )
            self._look()
            self._loop.call_later(LOCK_WITHIN, self._editors.end_if_alone)
            await self._ended.wait()
        finally:
            self._lock.remove_card()
            self._server.stop()
            if self._editors is not None:
                await self._loop.run_in_executor(None, self._editors.stop())
            self._lock.release()

    async def _acquire(self) -> bool:
        end = self._loop.time() + LOCK_WITHIN
        while not self._lock.acquire():
            # A service that is ending has removed its card.
            if self._lock.read_card().address or self._loop.time() > end:
                return False
            await asyncio.sleep(TRY_EVERY)
        return True

    def _write_card(self) -> None:
        assert self._server is not None  # noqa: S101 - it listens before anything is written
        card = OwnerCard(
            os.getpid(),
            self._server.address,
            self._server.secret,
            born(os.getpid()),
            str(self._data),
        )
        self._lock.write_card(card)

    def _look(self) -> None:
        """Check periodically that the socket's file exists: some systems remove its folder at
        logout."""
        if self._server is not None and not self._ended.is_set():
            self._server.look()
            periodic.next_time(self._look)

    def _from_editor(self, event: ServerEvent) -> None:
        assert self._editors is not None  # noqa: S101 - nothing of this runs before it is there
        match event:
            case Joined(peer=peer):
                self._editors.joined(peer)
            case Heard(peer=peer, data=data):
                self._editors.heard(peer, data)
            case PeerLeft(peer=peer, reason=reason):
                self._editors.left(peer, reason)
            case Moved():
                log.warning("the local socket was gone; there is another one now")
                self._write_card()
            case SocketLost(error=error):
                log.error("no local socket: %s", error.message)


async def _serve(data: Path, log_folder: Path) -> None:
    await Service(data, log_folder).run()


def main(words: tuple[str, ...]) -> None:
    """Run the service. `words` are the data folder and the log folder."""
    data, log_folder = words[:2]
    os.umask(0o077)
    # If the service crashes at the start, editors show what it wrote to stderr.
    faulthandler.enable()
    sys.setswitchinterval(SWITCH_EVERY)
    try:
        asyncio.run(_serve(Path(data), Path(log_folder)))
    except LocalSocketError as error:
        sys.exit(told(error)[0])
    except OSError as error:
        sys.exit(str(error))
