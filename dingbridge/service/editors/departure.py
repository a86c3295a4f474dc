"""How an editor leaves: what it asked for is written down, and its programs come to an end."""

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
"""Seconds between two checks whether a program still runs for an editor that has left."""


class DepartingEditor(Protocol):
    """The steps of a departure that only the attached editor can take."""

    def read_spool(self) -> None:
        """Read what the editor wrote down when it was left. Then, and at the latest after
        `LEAVE_WITHIN`, call `Departure.write`."""
        ...

    def carry_out_last(self, spooled: tuple[SpooledFrame, ...]) -> None:
        """Carry out what the editor asked for last."""
        ...

    def stop_transfers(self) -> None:
        """Take in no more of files that are on their way."""
        ...

    def stop_programs(self) -> None:
        """End all that works for the editor."""
        ...

    def gone(self) -> None:
        """The departure is over."""
        ...


class Departure:
    """Writes down what is to be written, and waits for programs that answer, and jobs. Service loop
    only.

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
        """Whether the departure has begun; programs may be at work for longer."""
        self._is_writing = False
        self._is_written = False
        self._has_stopped = False

    def begin(self) -> None:
        """Begin, once."""
        if self.is_leaving:
            return
        self.is_leaving = True
        self._screen.show(updates.Leaving("begun"))
        self._editor.read_spool()

    def end_at_once(self) -> None:
        """Wait for nothing: the service ends. What waits for its turn is left to the next one."""
        self.write(is_asked=False)
        self._stop()

    def write(self, spooled: tuple[SpooledFrame, ...] = (), *, is_asked: bool = True) -> None:
        """Write everything down, once. Unless `is_asked`, nothing more is carried out."""
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
        """All is on disk, with these messages by account; None when that takes too long. The first
        call counts."""
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
            self._screen.flush()  # the last confirmations are among it
            self._editor.gone()
