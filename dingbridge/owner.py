"""The owner of a robot put together: hub, queue, link, journals, and the socket for editors."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dingbridge.bridge import hub as hubs
from dingbridge.bridge.hub import Hub
from dingbridge.bridge.ports import Chance
from dingbridge.bridge.reception import OWN
from dingbridge.core import exchange, sent_keys
from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import StoredDataDamaged, in_words
from dingbridge.core.exchange import News
from dingbridge.core.messages import DeliveryReport
from dingbridge.core.options import Options
from dingbridge.core.outbox import Dropped, Record, Waiting
from dingbridge.core.pace import Pace
from dingbridge.core.patience import ALL_HERE_WITHIN, LOOK_FOR_LEFT_EVERY
from dingbridge.core.reactions import CALL_TIMEOUT, Reaction
from dingbridge.core.seen import Seen
from dingbridge.core.sender_events import CoolDown, Counted, SenderEvent, Sending
from dingbridge.core.state import State, with_pace, with_reactions
from dingbridge.edges.exchange import (
    ExchangeError,
    Heard,
    Joined,
    Left,
    Moved,
    Server,
    ServerEvent,
    Unreachable,
)
from dingbridge.edges.http import Http
from dingbridge.edges.openapi import AccessTokens, RobotClient
from dingbridge.edges.reactor import Reactor
from dingbridge.edges.sender import Sender
from dingbridge.edges.storage.lock import Card, OwnerLock
from dingbridge.edges.storage.records import LiveRecords
from dingbridge.edges.storage.robot import (
    Files,
    Gate,
    Inheritance,
    RobotFiles,
)
from dingbridge.edges.stream import Arrived, LinkChanged, Stream, StreamEvent, StreamSettings
from dingbridge.parcels import Courier

log = logging.getLogger(__name__)

T = TypeVar("T")

Post = Callable[[Callable[[], None]], None]


class Owner:
    """Everything that only the owner of a robot has. Its methods run on the host loop, but for
    those that say otherwise."""

    def __init__(
        self,
        robot: str,
        options: Options,
        files: Files,
        tokens: AccessTokens,
        chance: Chance,
        post: Post,
        tell_own: Callable[[News], None],
    ) -> None:
        self._robot = robot
        self._options = options
        self._files = files
        self._tokens = tokens
        self._chance = chance
        self._post = post
        self._tell_own = tell_own
        self._hub: Hub | None = None
        self._seen = Seen()
        self._pace = Pace(random.random)
        self._sender: Sender | None = None
        self._reactor: Reactor | None = None
        self._idle = True
        self._stream: Stream | None = None
        self._before: Stream | None = None
        self._stopped = False
        self._write_card: Callable[[], None] = lambda: None
        self._robot_files = RobotFiles(files, robot, options.app_key)
        self._gate = Gate(files)
        self._records = LiveRecords(files, self._robot_files, self._damaged)
        self._unreachable = False
        self._server = self._listen()

    def _listen(self) -> Server | None:
        """The socket for other editors. Without one this editor still does all of its own work."""
        try:
            return Server(lambda event: self._post(lambda: self._from_editor(event)))
        except ExchangeError as error:
            self._cannot_be_reached(error)
            return None

    def _cannot_be_reached(self, error: ExchangeError) -> None:
        """There is no socket. It is told once, though it is tried again and again."""
        if self._unreachable:
            return
        self._unreachable = True
        log.error("no local socket: %s", error.message)
        words = in_words(say.NOBODY_CAN_ATTACH(reason=error.message), error.fix)
        self._post(lambda: self._tell_own(exchange.Words(words, "warn")))

    @property
    def hub(self) -> Hub:
        """The hub, once it has started."""
        assert self._hub is not None  # noqa: S101 - start() comes first
        return self._hub

    def start(self, lock: OwnerLock, pid: int, then: Callable[[], None]) -> None:
        """Read what an earlier owner left, and serve; `then` runs when that is done."""
        self._files.disk.insist(
            f"start of {self._robot}",
            self._robot_files.read,
            lambda left: self._started(left, lock, pid, then),
        )

    def _started(
        self, left: Inheritance, lock: OwnerLock, pid: int, then: Callable[[], None]
    ) -> None:
        if self._stopped:
            return
        if left.damaged is not None:
            self._damaged(left.damaged)
        self._seen = Seen(left.seen)
        paced = left.state.paces.get(self._robot)
        if paced is not None:
            self._pace = Pace.restore(paced, random.random)
        ports = hubs.Ports(self._records, self, self, self._chance, self._tell, self)
        self._hub = Hub(self._robot, ports, self._options, left.state, left.outbox)
        self._hub.start(left.inbox)
        outstanding = left.state.reactions.get(self._robot, ())
        if outstanding:
            self._react(outstanding)
        self._later(ALL_HERE_WITHIN, self._settled)
        self._later(LOOK_FOR_LEFT_EVERY, self._look_again)
        if self._server is not None:
            self._server.start()
        self._write_card = lambda: self._put_card(lock, pid)
        self._write_card()
        days = self._options.media_days
        self._files.disk.do(lambda: self._files.outgoing.remove_old(days))
        log.info("this editor holds the link; %d messages wait", len(left.outbox.waiting))
        then()

    def _settled(self) -> None:
        if not self._stopped:
            self.hub.settled()

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        before, self._options = self._options, options
        if self._sender is not None:
            self._sender.configure(self._client(Http(options.proxy)))
        if self._reactor is not None:
            self._reactor.configure(self._client(_quick(options)))
        if StreamSettings.of(before) != StreamSettings.of(options):
            self.disconnect()
        if self._hub is not None:
            self._hub.configure(options)

    def _client(self, http: Http) -> RobotClient:
        return RobotClient(self._options, http, self._tokens.of(self._options))

    def _damaged(self, damaged: StoredDataDamaged) -> None:
        words = exchange.Words(damaged.message, "warn")
        self._post(lambda: self._tell_own(words))

    def _put_card(self, lock: OwnerLock, pid: int) -> None:
        server = self._server
        card = Card(pid, server.address, server.secret) if server is not None else Card(pid)

        def write() -> None:
            if not self._stopped:
                lock.write_card(card)

        self._files.disk.insist(f"card of {self._robot}", write)

    def stop(self) -> None:
        """Close the link and end the threads soon; `wait_until_stopped` tells when."""
        self._stopped = True
        self.disconnect()
        if self._server is not None:
            self._server.stop()
        if self._sender is not None:
            self._sender.stop()
        if self._reactor is not None:
            self._reactor.stop()

    def wait_until_stopped(self, seconds: float | None) -> None:
        """Return once the link is closed and the request under way was answered and written down,
        or after `seconds`. Not for the host loop while it is needed, nor for the disk thread."""
        end = None if seconds is None else time.monotonic() + seconds
        for thread in (self._before, self._sender):
            if thread is not None:
                thread.join(None if end is None else max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Leave the files to the next owner. For the disk thread."""
        self._gate.close()
        dropped = self._sender.given_up() if self._sender is not None else ""
        if dropped:
            # Its request may yet be taken, but the next owner must not repeat it.
            self._robot_files.append(Dropped(dropped, self._chance.now()))
        self._robot_files.compact()

    def _look_again(self) -> None:
        """Look now and then: an editor that leaves at once is never heard of, nor one that does not
        find our socket."""
        if not self._stopped:
            self.hub.outgoing.look()
            if self._server is not None:
                self._server.look()
            else:
                self._listen_again()
            self._later(LOOK_FOR_LEFT_EVERY, self._look_again)

    def _listen_again(self) -> None:
        self._server = self._listen()
        if self._server is not None:
            self._server.start()
            self._unreachable = False
            self._write_card()

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, lambda: self._post(then))
        timer.daemon = True
        timer.start()

    # --- what the hub needs: queue --------------------------------------------------------------

    def put(self, waiting: Waiting) -> None:
        """Add a message to the end of the queue."""
        if self._sender is None:
            self._sender = Sender(
                self._client(Http(self._options.proxy)),
                lambda event: self._post(lambda: self._from_sender(event)),
                self,
                self._pace,
                Courier(self._files.outgoing).bring,
            )
            self._sender.start()
        self._sender.put(waiting)

    def drop(self, message: str) -> bool:
        """Take a message out of the queue. Returns whether it waited there."""
        return self._sender is not None and self._sender.drop(message)

    # --- what the hub needs: reactions ----------------------------------------------------------

    def react(self, reaction: Reaction, *, short: bool) -> None:
        """A message is worked on. While the quota is `short`, nothing new is shown."""
        self._react(()).arrived(reaction, short=short)

    def unreact(self, message_id: str) -> None:
        """A message was answered, or never will be."""
        if self._reactor is not None:
            self._reactor.finished(message_id)

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to go out."""
        if idle != self._idle and self._reactor is not None:
            self._reactor.idle(idle=idle)
        self._idle = idle

    def _react(self, outstanding: tuple[Reaction, ...]) -> Reactor:
        if self._reactor is None:
            self._reactor = Reactor(
                self._client(_quick(self._options)),
                outstanding,
                self._outstanding,
                lambda calls, code: self._post(lambda: self.hub.counted(calls, 0, code)),
                idle=self._idle,
            )
            self._reactor.start()
        return self._reactor

    def _outstanding(self, reactions: tuple[Reaction, ...]) -> None:
        """Write down what may stand at messages. For the reactor's thread."""

        def change(state: State) -> State:
            return with_reactions(state, self._robot, reactions)

        self._records.update(change)

    # --- what the hub needs: link ---------------------------------------------------------------

    def connect(self) -> None:
        """Open the link and keep it open. Does nothing when it is open already."""
        if self._stream is not None:
            return
        stream = Stream(
            StreamSettings.of(self._options),
            Http(self._options.proxy),
            self._seen,
            self._gate,
            # A stream that was replaced has nothing to say any more.
            lambda event: self._post(lambda: self._from_stream(stream, event)),
            after=self._before,
        )
        self._stream = stream
        stream.start()

    def disconnect(self) -> None:
        """Close the link. Does nothing when it is closed already."""
        if self._stream is not None:
            self._stream.stop()
            self._before, self._stream = self._stream, None

    def _tell(self, member: int, news: News) -> None:
        if member == OWN:
            # Later, as for any other editor: the hub is in the middle of something.
            self._post(lambda: self._tell_own(news))
        elif self._server is not None:
            self._server.send(member, exchange.encode(news))

    # --- for the sender's thread ----------------------------------------------------------------

    def record(self, record: Record) -> None:
        """Write a record; returns when it is on the disk. For the sender's thread."""
        self._records.append(record)
        self._post(lambda: self.hub.outgoing.recorded(record))

    # --- news from threads, on the host loop ----------------------------------------------------

    def _from_sender(self, event: SenderEvent) -> None:
        match event:
            case DeliveryReport():
                self.hub.outgoing.progress(event)
            case Counted(calls=calls, pushes=pushes, code=code):
                self.hub.counted(calls, pushes, code)
            case sent_keys.Sent():
                self.hub.sent(event)
            case Sending(paced=paced):
                self._records.change(lambda state: with_pace(state, self._robot, paced))
            case CoolDown(until=until, reason=reason, paced=paced):
                self._records.change(lambda state: with_pace(state, self._robot, paced))
                self.hub.cooling_down(until, reason)

    def _from_stream(self, stream: Stream, event: StreamEvent) -> None:
        if isinstance(event, Arrived):
            # Written down and acked: it counts, whatever became of the stream since.
            self.hub.arrived(event.received)
        elif stream is not self._stream:
            return
        elif isinstance(event, LinkChanged):
            self.hub.link_changed(event.state, event.reason, event.fix, event.retry_in)
        else:
            self.hub.trouble(event.sentence, event.code)

    def _from_editor(self, event: ServerEvent) -> None:
        match event:
            case Heard(peer=peer, data=data):
                try:
                    ask = exchange.decode_ask(data)
                except ValueError:
                    log.warning("an editor said something that cannot be read")
                    if self._server is not None:
                        self._server.drop(peer)
                else:
                    self.hub.ask(peer, ask)
            case Left(peer=peer, reason=reason):
                log.info("an editor has left: %s", reason)
                self.hub.leave(peer)
                self.hub.outgoing.look()
            case Moved():
                log.warning("the local socket was gone; there is another one now")
                self._unreachable = False
                self._write_card()
            case Unreachable(error=error):
                self._cannot_be_reached(error)
            case Joined():
                log.info("another editor has joined")


def _quick(options: Options) -> Http:
    return Http(options.proxy, connect_timeout=CALL_TIMEOUT, read_timeout=CALL_TIMEOUT)
