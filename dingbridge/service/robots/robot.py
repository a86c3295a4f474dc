"""The owner of a robot put together: hub, queue, link and journals."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from functools import partial

from dingbridge.core.delivery import sent_messages
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Dropped, OutboxRecord
from dingbridge.core.delivery.rate_limit import RateLimit
from dingbridge.core.delivery.reactions import CALL_TIMEOUT, Reaction
from dingbridge.core.delivery.sender_events import CoolDown, Counted
from dingbridge.core.errors import BridgeError, StoredDataDamaged
from dingbridge.core.messages import DeliveryReport
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.core.sessions.state import State, with_reactions
from dingbridge.core.timeouts import ALL_HERE_WITHIN
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessTokens, RobotClient
from dingbridge.edges.dingtalk.reaction_thread import ReactionThread
from dingbridge.edges.dingtalk.sender import RobotSender
from dingbridge.edges.dingtalk.stream import (
    LinkChanged,
    MessagesReceived,
    StreamEvent,
    StreamSettings,
    StreamThread,
)
from dingbridge.edges.storage.robot_files import OwnershipGate, RobotFiles, SavedRobot, SharedFiles
from dingbridge.edges.storage.robot_records import RobotRecords
from dingbridge.protocol.command_queue import Post
from dingbridge.service import periodic
from dingbridge.service.files.uploads import FileUploader
from dingbridge.service.ports import Runtime
from dingbridge.service.robots import hub as hubs
from dingbridge.service.robots.editor_choice import Attends
from dingbridge.service.robots.hub import Hub
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.sender_batches import SenderBatches, SenderReport

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Messages that are taken in between two looks at the clock (a count)."""


class RobotService:
    """What only the owner of a robot has. Methods run on the loop, unless they say otherwise."""

    def __init__(
        self,
        robot: str,
        options: Options,
        files: SharedFiles,
        tokens: AccessTokens,
        chance: Runtime,
        post: Post,
        notify: Callable[[int, News], None],
        attends: Attends,
    ) -> None:
        self._robot = robot
        self._options = options
        self._files = files
        self._tokens = tokens
        self._chance = chance
        self._post = post
        self._notify = notify
        self._attends = attends
        self._hub: Hub | None = None
        self._seen = SeenIds()
        self._pace = RateLimit(random.random)
        self._news = SenderBatches(post, self._from_sender, self._is_sending)
        self._sender: RobotSender | None = None
        self._reactor: ReactionThread | None = None
        self._reacting: list[tuple[Reaction, bool]] = []
        self._idle = True
        self._stream: StreamThread | None = None
        self._before: StreamThread | None = None
        self._stopped = False
        self._robot_files = RobotFiles(files, robot, options.app_key)
        self._gate = OwnershipGate(files)
        self._records = RobotRecords(files, self._robot_files, self._damaged, post)

    @property
    def hub(self) -> Hub:
        """The hub, once it has started."""
        assert self._hub is not None  # noqa: S101 - start() comes first
        return self._hub

    def start(self, then: Callable[[], None]) -> None:
        """Read what an earlier owner left, and serve; `then` runs when that is done."""
        self._files.disk.submit_durable(
            f"start of {self._robot}",
            self._robot_files.read,
            lambda left: self._started(left, then),
        )

    def _started(self, left: SavedRobot, then: Callable[[], None]) -> None:
        if self._stopped:
            return
        if left.damaged is not None:
            self._damaged(left.damaged)
        self._seen = SeenIds(left.seen)
        self._pace = left.pace
        ports = hubs.HubPorts(
            self._records,
            self,
            self,
            self._chance,
            self._notify,
            self,
            self._attends,
            self._later,
        )
        self._hub = Hub(self._robot, ports, self._options, left.state, left.outbox)
        self._hub.start(left.inbox)
        outstanding = left.state.reactions.get(self._robot, ())
        if outstanding:
            self._react(outstanding)
        self._later(ALL_HERE_WITHIN, self._settled)
        periodic.next_time(self._look_again)
        days = self._options.media_days
        self._files.disk.do(lambda: self._files.outgoing.remove_old(days))
        log.info("%s is ours; %d messages wait", self._robot, len(left.outbox.waiting))
        then()

    def _settled(self) -> None:
        if not self._stopped:
            self.hub.settled()

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        before, self._options = self._options, options
        if self._sender is not None:
            self._sender.configure(self._sending_client)
        if self._reactor is not None:
            self._reactor.configure(self._client(_quick(options)))
        if StreamSettings.of(before) != StreamSettings.of(options):
            self.disconnect()
        if self._hub is not None:
            self._hub.configure(options)

    def _sending_client(self) -> RobotClient:
        return self._client(Http(self._options.proxy))

    def _client(self, http: Http) -> RobotClient:
        return RobotClient(self._options, http, self._tokens.of(self._options))

    def _damaged(self, damaged: StoredDataDamaged) -> None:
        self._post(lambda: self._notice(damaged.message))

    def _notice(self, words: str) -> None:
        if self._hub is not None:
            self._hub.notice(words)

    def stop(self) -> None:
        """Close the link and end the threads soon; `wait_until_stopped` tells when."""
        self._stopped = True
        self.disconnect()
        if self._sender is not None:
            self._sender.stop()
        if self._reactor is not None:
            self._reactor.stop()

    def wait_until_stopped(self, seconds: float | None) -> None:
        """Return once the link is closed and the request under way was answered and written down,
        or after `seconds`. Not for the service loop while it is needed, nor for the disk thread."""
        end = None if seconds is None else time.monotonic() + seconds
        for thread in (self._before, self._sender):
            if thread is not None:
                thread.join(None if end is None else max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Leave the files to the next owner. For the disk thread."""
        self._gate.close()
        for dropped in self._sender.given_up() if self._sender is not None else ():
            # Its request may yet be taken, but the next owner must not repeat it.
            self._robot_files.append(Dropped(dropped, self._chance.now()))
        self._robot_files.compact(self._seen.known())
        try:
            self._records.flush()
        except (OSError, BridgeError) as error:
            log.warning("the last counts are not written down: %s", error)

    def _look_again(self) -> None:
        """Look now and then: an editor that runs 0.1 may have left something for us."""
        if not self._stopped:
            self.hub.outgoing.look()
            periodic.next_time(self._look_again)

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._post, then)
        else:
            self._post(then)

    # --- what the hub needs: queue --------------------------------------------------------------

    def put(self, waiting: QueuedMessage) -> None:
        """Add a message to the end of the queue."""
        if self._sender is None:
            self._sender = RobotSender(
                self._sending_client,
                self._news.notify,
                self,
                self._pace,
                FileUploader(self._files.outgoing).bring,
            )
            self._sender.start()
        self._sender.put(waiting)
        self._news.expect()

    def drop(self, message: str) -> bool:
        """Take a message out of the queue. Returns whether it waited there."""
        waited = self._sender is not None and self._sender.drop(message)
        # What became of it so far counts for what is told of its end.
        self._news.take()
        return waited

    # --- what the hub needs: reactions ----------------------------------------------------------

    def react(self, reaction: Reaction, *, short: bool) -> None:
        """A message is worked on. While the quota is `short`, nothing new is shown."""
        self._reacting.append((reaction, short))
        if len(self._reacting) == 1:
            self._post(self._react_to_all)

    def _react_to_all(self) -> None:
        """The reactor's thread wakes once for all messages of a turn."""
        reacting, self._reacting = self._reacting, []
        if reacting:
            self._react(()).arrived(reacting)

    def unreact(self, message_id: str) -> None:
        """A message was answered, or never will be."""
        self._react_to_all()
        if self._reactor is not None:
            self._reactor.finished(message_id)

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to go out."""
        if idle != self._idle and self._reactor is not None:
            self._reactor.idle(idle=idle)
        self._idle = idle

    def _react(self, outstanding: tuple[Reaction, ...]) -> ReactionThread:
        if self._reactor is None:
            self._reactor = ReactionThread(
                self._client(_quick(self._options)),
                outstanding,
                self._outstanding,
                lambda calls, code: self._post(lambda: self.hub.counted(calls, 0, code)),
                idle=self._idle,
            )
            self._reactor.start()
        return self._reactor

    def _outstanding(self, reactions: tuple[Reaction, ...], *, soon: bool) -> None:
        """Write down what may stand at messages. For the reactor's thread."""

        def change(state: State) -> State:
            return with_reactions(state, self._robot, reactions)

        if soon:
            self._records.soon(change)
        else:
            self._records.update(change)

    # --- what the hub needs: link ---------------------------------------------------------------

    def connect(self) -> None:
        """Open the link and keep it open. Does nothing when it is open already."""
        if self._stream is not None:
            return
        stream = StreamThread(
            StreamSettings.of(self._options),
            Http(self._options.proxy),
            self._seen,
            self._gate,
            # A stream that was replaced has nothing to say any more.
            lambda event: self._post(lambda: self._from_stream(stream, event)),
        )
        stream.follow(self._before)
        self._stream = stream
        stream.start()

    def disconnect(self) -> None:
        """Close the link. Does nothing when it is closed already."""
        if self._stream is not None:
            self._stream.stop()
            self._before, self._stream = self._stream, None

    # --- for the sender's thread ----------------------------------------------------------------

    def record(self, record: OutboxRecord, *, sync: bool = False) -> None:
        """Write a record. For the sender's threads."""
        self._records.append(record, sync=sync)
        self._news.notify(record)

    # --- news from threads, on the service loop -------------------------------------------------

    def _from_sender(self, events: Sequence[SenderReport]) -> None:
        calls, pushes = 0, 0
        about: list[DeliveryReport | OutboxRecord] = []
        for event in events:
            match event:
                case Counted():
                    calls, pushes = calls + event.calls, pushes + event.pushes
                    self.hub.counted(0, 0, event.code)
                case sent_messages.SentChunk():
                    self.hub.sent(event)
                case CoolDown(until=until, reason=reason):
                    self.hub.cooling_down(until, reason)
                case _:
                    about.append(event)
        self.hub.counted(calls, pushes, "")
        if about:
            self.hub.outgoing.heard(about)

    def _is_sending(self) -> bool:
        return self.hub.outgoing.queued > 0 and not self.hub.cool_down[0]

    def _from_stream(self, stream: StreamThread, event: StreamEvent) -> None:
        if isinstance(event, MessagesReceived):
            # Written down and acked: it counts, whatever became of the stream since.
            self._arrived(event.batch)
        elif stream is not self._stream:
            return
        elif isinstance(event, LinkChanged):
            self.hub.link_changed(event.state, event.reason, event.fix, event.retry_in)
        else:
            self.hub.trouble(event.sentence, event.code)

    def _arrived(self, batch: tuple[Received, ...]) -> None:
        """In pieces, between which others have their turn."""
        for first in range(0, len(batch), AT_ONCE):
            piece = batch[first : first + AT_ONCE]
            self._post(partial(self.hub.arrived, piece))


def _quick(options: Options) -> Http:
    return Http(options.proxy, connect_timeout=CALL_TIMEOUT, read_timeout=CALL_TIMEOUT)
