"""How an editor leaves: its requests are written to disk, and its programs finish."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from dingbridge.core.timeouts import STOP_WITHIN
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol import updates
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.editors.robot_membership import Memberships
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots.robot_requests import SendMessage
from dingbridge.service.spool_intake import SpooledFrame

log = logging.getLogger(__name__)

LOOK_EVERY = 0.2
"""Seconds between two checks whether programs of the editor still run."""


class DepartingEditor(Protocol):
    """The attached editor, as its departure needs it."""

    def read_spool(self) -> None:
        """Read the editor's spool, then call `Departure.write`, after `LEAVE_WITHIN` at the
        latest."""
        ...

    def carry_out_last(self, spooled: tuple[SpooledFrame, ...]) -> None:
        """Carry out the editor's last requests."""
        ...

    def stop_transfers(self) -> None:
        """Cancel file transfers."""
        ...

    def stop_programs(self) -> None:
        """Stop the editor's programs."""
        ...

    def gone(self) -> None:
        """The departure is complete."""
        ...


class Departure:
    """Makes an editor's requests durable and waits for its programs and jobs. Service loop only.

    attached ──begin()──▶ leaving ──write()──▶ writing ──all on disk──▶ written ─┐
                                       └──no program runs──▶ stopped ────────────┴──▶ gone
    """

    def __init__(
        self,
        editor: DepartingEditor,
        bridge: Bridge,
        memberships: Memberships,
        screen: Screen,
        worker: Worker,
    ) -> None:
        self._editor = editor
        self._bridge = bridge
        self._memberships = memberships
        self._screen = screen
        self._worker = worker
        self.is_leaving = False
        """Whether the departure has begun."""
        self._is_writing = False
        self._is_written = False
        self._has_stopped = False

    def begin(self) -> None:
        """Begin; further calls do nothing."""
        if self.is_leaving:
            return
        self.is_leaving = True
        self._bridge.away.leave()
        self._screen.show(updates.Leaving("begun"))
        self._editor.read_spool()

    def end_at_once(self) -> None:
        """The service ends: do not wait for programs. Queued requests are left to the next
        service."""
        self.write(is_asked=False)
        self._stop()

    def write(self, spooled: tuple[SpooledFrame, ...] = (), *, is_asked: bool = True) -> None:
        """Carry out the last requests, unless `is_asked` is false, and write everything to disk.
        Further calls do nothing."""
        if self._is_writing:
            return
        self._is_writing = True
        if is_asked:
            self._editor.carry_out_last(spooled)
        unanswered = {one.name: one.member.unanswered for one in self._bridge.accounts}
        self._memberships.write_down(unanswered)
        if self._bridge.is_working:
            self._memberships.retire()
        self._editor.stop_transfers()
        asyncio.get_running_loop().call_later(STOP_WITHIN, lambda: self._written(None))
        self._worker.settled(lambda: self._written(unanswered))
        self._stop_when_idle()

    def _written(self, unanswered: Mapping[str, tuple[SendMessage, ...]] | None) -> None:
        """Everything is durable, with these messages by account, or it takes too long (None). The
        first call counts."""
        if self._is_written:
            return
        self._is_written = True
        if unanswered is None:
            log.error("the disk is too slow: some of what was asked for last is not written down")
        else:
            self._bridge.sending.written_down(unanswered)
        self._screen.show(updates.Leaving("done"))
        self._gone_if_done()

    def _stop_when_idle(self) -> None:
        if self._bridge.is_working:
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._stop_when_idle)
        else:
            self._stop()

    def _stop(self) -> None:
        if self._has_stopped:
            return
        self._has_stopped = True
        self._memberships.leave()
        self._bridge.gone()
        self._editor.stop_programs()
        self._gone_if_done()

    def _gone_if_done(self) -> None:
        if self._is_written and self._has_stopped:
            self._screen.flush()  # the last confirmations
            self._editor.gone()
