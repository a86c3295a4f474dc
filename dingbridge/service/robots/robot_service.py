"""Runs one robot: its hub, and the queue, reactions and link around it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from dingbridge.core.delivery import sent_messages
from dingbridge.core.delivery.outbox_records import Dropped, OutboxRecord
from dingbridge.core.delivery.sender_events import CoolDown, Counted
from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.messages import DeliveryReport
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.core.timeouts import ALL_HERE_WITHIN
from dingbridge.edges.dingtalk.stream import LinkChanged, MessagesReceived, StreamEvent
from dingbridge.edges.storage.robot_files import RobotFiles, SavedRobot, StreamGate
from dingbridge.edges.storage.robot_records import RobotRecords
from dingbridge.service import periodic
from dingbridge.service.robots.editor_choice import Attends
from dingbridge.service.robots.hub import Hub
from dingbridge.service.robots.hub_ports import HubPorts
from dingbridge.service.robots.robot_cards import RobotCards
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.robot_reactions import RobotReactions
from dingbridge.service.robots.robot_recalls import RobotRecalls
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.robots.sender_batches import SenderReport
from dingbridge.service.robots.sender_queue import SenderQueue
from dingbridge.service.robots.stream_link import StreamLink

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Maximum number of messages that the hub takes in one turn of the loop."""


class RobotService:
    """Everything that exists once for a robot. Its methods run on the loop, but for those that say
    otherwise.

    reading ──start() has read the files──▶ serving ──stop()──▶ stopping ──close()──▶ closed

    - `notify` sends news to a member.
    - `attends` tells what a member's editor shows; see `Attends`.
    """

    def __init__(
        self,
        robot: str,
        options: Options,
        resources: RobotResources,
        notify: Callable[[int, News], None],
        attends: Attends,
    ) -> None:
        self._robot = robot
        self._options = options
        self._resources = resources
        self._notify = notify
        self._attends = attends
        self._hub: Hub | None = None
        self._is_stopped = False
        files, post = resources.files, resources.post
        self._files = RobotFiles(files, robot, options.app_key)
        self._gate = StreamGate(files)
        self._records = RobotRecords(files, self._files, self._damaged, post)
        self._queue = SenderQueue(
            options, resources, self._records, self._sender_reported, self._is_sending
        )
        self._reactions = RobotReactions(options, resources, self._records, self._counted)
        self._recalls = RobotRecalls(options, resources, self._counted)
        self._cards = RobotCards(options, resources, self._counted)
        self._link = StreamLink(options, self._gate, post, self._link_happened)

    @property
    def hub(self) -> Hub:
        """The hub, once it has started."""
        assert self._hub is not None  # noqa: S101 - start() comes first
        return self._hub

    @property
    def silent(self) -> float | None:
        """Seconds since something came on the connection; None without one."""
        return self._link.silent

    def start(self, then: Callable[[], None]) -> None:
        """Read what an earlier service left, then serve and call `then`."""
        self._resources.files.disk.submit_durable(
            f"start of {self._robot}",
            self._files.read,
            lambda saved: self._started(saved, then),
        )

    def _started(self, saved: SavedRobot, then: Callable[[], None]) -> None:
        if self._is_stopped:
            return
        if saved.damaged is not None:
            self._damaged(saved.damaged)
        self._link.seen = SeenIds(saved.seen)
        self._queue.rate_limit = saved.rate_limit
        self._reactions.restore(saved.state.reactions.get(self._robot, ()))
        ports = HubPorts(
            records=self._records,
            queue=self._queue,
            link=self._link,
            runtime=self._resources.runtime,
            notify=self._notify,
            reactions=self._reactions,
            attends=self._attends,
            later=self._later,
            recalls=self._recalls,
            cards=self._cards,
            approvals=self._resources.approvals,
        )
        self._hub = Hub(self._robot, ports, self._options, saved.state, saved.outbox)
        self._hub.start(saved.inbox)
        self._later(ALL_HERE_WITHIN, self._settled)
        periodic.next_time(self._look_again)
        files, days = self._resources.files, self._options.media_days
        files.disk.do(lambda: files.outgoing.remove_old(days))
        log.info("%s is ours; %d messages wait", self._robot, len(saved.outbox.waiting))
        then()

    def _counted(self, calls: int, code: str) -> None:
        """Calls besides those of messages were made; `code` is that of a refusing answer."""
        self.hub.health.counted(calls, 0, code)

    def _settled(self) -> None:
        if not self._is_stopped:
            self.hub.settled()

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        self._queue.configure(options)
        self._reactions.configure(options)
        self._recalls.configure(options)
        self._cards.configure(options)
        self._link.configure(options)
        if self._hub is not None:
            self._hub.configure(options)

    def _damaged(self, damaged: StoredDataDamaged) -> None:
        self._resources.post(lambda: self._show_warning(damaged.message))

    def _show_warning(self, words: str) -> None:
        if self._hub is not None:
            self._hub.notices.warn(words)

    def _look_again(self) -> None:
        """Look for messages that a Neovim with 0.1 has written into the journal."""
        if not self._is_stopped:
            self.hub.outgoing.look()
            periodic.next_time(self._look_again)

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._resources.post, then)
        else:
            self._resources.post(then)

    # --- the end --------------------------------------------------------------------------------

    def stop(self) -> None:
        """Close the link and end the threads soon; see `wait_until_stopped`."""
        self._is_stopped = True
        if self._hub is not None:
            self._hub.approvals.stop()
        self._link.disconnect()
        self._queue.stop()
        self._reactions.stop()
        self._recalls.stop()
        self._cards.stop()

    def wait_until_stopped(self, seconds: float | None) -> None:
        """Return once the link is closed and the answer to the request under way is written down,
        or after `seconds`. Not for the disk thread, nor for the loop while it serves."""
        end = None if seconds is None else time.monotonic() + seconds
        for wait in (self._link.wait_until_closed, self._queue.wait_until_stopped):
            wait(None if end is None else max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Leave the files to the next service. For the disk thread."""
        self._gate.close()
        for dropped in self._queue.dropped_under_way():
            # The request may yet succeed, but the next service must not repeat it.
            self._files.append(Dropped(dropped, self._resources.runtime.now()))
        self._files.compact(self._link.seen.known())
        try:
            self._records.flush()
        except (OSError, BridgeError) as error:
            log.warning("the last counts are not written down: %s", error)

    # --- events of the threads, on the loop -----------------------------------------------------

    def _sender_reported(self, events: Sequence[SenderReport]) -> None:
        calls, pushes = 0, 0
        about: list[DeliveryReport | OutboxRecord] = []
        for event in events:
            match event:
                case Counted():
                    calls, pushes = calls + event.calls, pushes + event.pushes
                    self.hub.health.counted(0, 0, event.code)
                case sent_messages.SentChunk():
                    self.hub.sent(event)
                case CoolDown(until=until, reason=reason):
                    self.hub.health.cooling_down(until, reason)
                case _:
                    about.append(event)
        self.hub.health.counted(calls, pushes, "")
        if about:
            self.hub.outgoing.heard(about)

    def _is_sending(self) -> bool:
        return self.hub.outgoing.queued > 0 and not self.hub.health.cool_down[0]

    def _link_happened(self, event: StreamEvent) -> None:
        if isinstance(event, MessagesReceived):
            self._arrived(event.batch)
        elif isinstance(event, CardPressed):
            self.hub.approvals.pressed(event)
        elif isinstance(event, LinkChanged):
            if event.state is LinkState.CONNECTED:
                # What could not reach DingTalk may reach it now.
                self._queue.hurry()
            self.hub.health.link_changed(event.state, event.reason, event.fix, event.retry_in)
        else:
            self.hub.health.trouble(event.sentence, event.code)

    def _arrived(self, batch: tuple[Received, ...]) -> None:
        """Hand the batch to the hub in pieces, so that other calls run in between."""
        for first in range(0, len(batch), AT_ONCE):
            piece = batch[first : first + AT_ONCE]
            self._resources.post(partial(self.hub.arrived, piece))
