"""Joins the editors that use the same robot: owns it when nobody does, else attaches."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dingbridge.bridge.ports import Chance
from dingbridge.bridge.reception import OWN
from dingbridge.core import exchange, outbox
from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import in_words
from dingbridge.core.exchange import Ask, News
from dingbridge.core.link import LinkState
from dingbridge.core.options import Options
from dingbridge.core.routing import robot_name
from dingbridge.edges.exchange import Client, ClientEvent, Connected, Heard, Lost
from dingbridge.edges.openapi import AccessTokens
from dingbridge.edges.storage.disk import Disk
from dingbridge.edges.storage.lock import Card, OwnerLock
from dingbridge.edges.storage.robot import OUTBOX, Files

if TYPE_CHECKING:
    from dingbridge.owner import Owner, Post

log = logging.getLogger(__name__)

TRY_AFTER = (0.01, 0.03, 0.1)
"""Seconds between two attempts to own the robot or to attach to its owner; the last one repeats."""

SETTLED_WITHIN = 2.0
"""Seconds after which commands are carried out even if no owner has answered."""


class Owned(Struct, frozen=True):
    """The robot is ours."""


class Attached(Struct, frozen=True):
    """Its owner can be told things through `client`."""

    client: Client


class Detached(Struct, frozen=True):
    """The owner is gone."""


class Said(Struct, frozen=True):
    """The owner said something."""

    news: News


class Barred(Struct, frozen=True):
    """The robot's lock, or its folder, cannot be used, for this reason; it is tried again."""

    path: str
    reason: str


Event = Owned | Attached | Detached | Said | Barred


class Search(threading.Thread):
    """Looks for the owner of a robot until this editor is the owner, and then ends."""

    def __init__(self, lock: OwnerLock, tell: Callable[[Event], None]) -> None:
        super().__init__(name="dingbridge-membership", daemon=True)
        self._lock = lock
        self._tell = tell
        self._stopping = threading.Event()
        self._lost = threading.Event()
        self._client: Client | None = None
        self._vain = 0
        self._barred = False

    def stop(self) -> None:
        """End soon, and leave the owner."""
        self._stopping.set()
        self._lost.set()
        client = self._client
        if client is not None:
            client.stop()

    def run(self) -> None:
        """Own, or attach and wait until the owner is gone; and again."""
        tries = 0
        while not self._stopping.is_set():
            try:
                if self._acquire():
                    self._tell(Owned())
                    return
                card = self._lock.read_card()
                if not card.address:
                    self._note("it has not said how it is reached")
                elif self._attach(card):
                    tries = 0
            except Exception as error:  # noqa: BLE001 - an editor that stops looking is cut off
                self._note(f"{type(error).__name__}: {error}")
            # A card may be older than the owner: it is written once that one serves.
            self._stopping.wait(TRY_AFTER[min(tries, len(TRY_AFTER) - 1)])
            tries += 1

    def _acquire(self) -> bool:
        """Take the lock if nobody has it. That the disk refuses it is told, once each time."""
        try:
            acquired = self._lock.acquire()
        except OSError as cause:
            if not self._barred:
                self._barred = True
                reason = cause.strerror or type(cause).__name__
                self._tell(Barred(str(cause.filename or self._lock.folder), reason))
            raise
        self._barred = False
        return acquired

    def _note(self, reason: str) -> None:
        """Log a vain attempt: the 1st, 2nd, 4th, 8th…, for there may be many."""
        self._vain += 1
        if not self._vain & (self._vain - 1):
            log.info("no connection to the owner (%d times): %s", self._vain, reason)

    def _attach(self, card: Card) -> bool:
        """Stay with an owner until it is gone. Returns whether it was there at all."""
        self._lost.clear()
        attached = False

        def heard(event: ClientEvent) -> None:
            nonlocal attached
            match event:
                case Connected():
                    attached = True
                    self._vain = 0
                    self._tell(Attached(client))
                case Heard(data=data):
                    try:
                        self._tell(Said(exchange.decode_news(data)))
                    except ValueError:
                        log.warning("the owner said something that cannot be read")
                case Lost(reason=reason):
                    if attached:
                        log.info("no connection to the owner: %s", reason)
                        self._tell(Detached())
                    else:
                        self._note(reason)
                    self._lost.set()

        client = Client(card.address, card.secret, heard)
        self._client = client
        client.start()
        self._lost.wait()
        self._client = None
        return attached


class Leaving(threading.Thread):
    """Gives a robot up: waits until its owner has stopped, then lets others have the lock.

    The next owner must not open its link before ours is closed, nor repeat a message whose answer
    is about to come. `within` limits the wait (seconds), for a process that is about to end.
    """

    def __init__(self, owner: Owner, disk: Disk, lock: OwnerLock, within: float | None) -> None:
        super().__init__(name="dingbridge-leaving", daemon=True)
        self._owner = owner
        self._disk = disk
        self._lock = lock
        self._within = within

    def run(self) -> None:
        """Do so, and end when it is done."""
        self._owner.wait_until_stopped(self._within)
        # Behind everything that was to be written: the next owner reads the files at once.
        self._disk.do(self._owner.close)
        self._disk.do(self._lock.release)


class LiveExchange:
    """The way to the owner of the configured robot. Host loop only.

    `heard` is told its news, `joined` when there is an owner, perhaps a new one.
    """

    def __init__(
        self,
        folder: Path,
        files: Files,
        tokens: AccessTokens,
        pid: int,
        chance: Chance,
        post: Post,
        heard: Callable[[News], None],
        joined: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._files = files
        self._tokens = tokens
        self._pid = pid
        self._chance = chance
        self._post = post
        self._heard = heard
        self._joined = joined
        self._options: Options | None = None
        self._robot = ""
        self._lock: OwnerLock | None = None
        self._search: Search | None = None
        self._owner: Owner | None = None
        self._client: Client | None = None
        self._leaving: Leaving | None = None
        self._ready = False

    def configure(self, options: Options) -> None:
        """Use these options from now on; join the editors that use the same robot."""
        self._options = options
        robot = robot_name(options)
        if robot == self._robot:
            if self._owner is not None:
                self._owner.configure(options)
            return
        self.leave()
        self._robot = robot
        if robot:
            lock = OwnerLock(self._folder, robot)
            search = Search(lock, lambda event: self._post(lambda: self._found(search, event)))
            self._lock, self._search = lock, search
            search.start()

    def tell(self, ask: Ask) -> bool:
        """Tell the owner something. Returns False while there is none to be told."""
        if not self._ready:
            return False
        if self._owner is not None:
            self._owner.hub.ask(OWN, ask)
        elif self._client is not None:
            self._client.send(exchange.encode(ask))
        return True

    def write_down(self, sends: tuple[exchange.Send, ...]) -> None:
        """Put messages that no owner has answered into the journal, for the next one to find."""
        lines = [
            outbox.encode(
                outbox.Put(self._robot, ask.outbound, ask.kind, ask.session, self._chance.now())
            )
            for ask in sends
        ]
        if lines and self._robot:
            self._files.disk.insist(OUTBOX, lambda: self._files.outbox.append(*lines))

    def leave(self, within: float | None = None) -> None:
        """Leave the other editors; one of them takes over what was ours, as soon as nothing is
        under way here any more, or after `within` seconds."""
        self._ready = False
        if self._search is not None:
            self._search.stop()
            self._search = None
        owner, self._owner = self._owner, None
        lock, self._lock = self._lock, None
        if owner is not None and lock is not None:
            owner.stop()
            self._leaving = Leaving(owner, self._files.disk, lock, within)
            self._leaving.start()
        elif lock is not None:
            self._files.disk.do(lock.release)
        self._client = None
        self._robot = ""

    def wait_until_left(self, seconds: float) -> None:
        """Return once what was under way is done, or after `seconds`; the editor is leaving."""
        if self._leaving is not None:
            self._leaving.join(seconds)

    def _found(self, search: Search, event: Event) -> None:
        if search is not self._search:
            return
        match event:
            case Said(news=news):
                self._heard(news)
            case Detached():
                self._client, self._ready = None, False
                # Its link went with it; whoever takes over tells of the next one.
                gone = say.OWNER_GONE()
                self._heard(exchange.LinkNews(LinkState.OFF.value, gone))
            case Attached(client=client):
                self._client, self._ready = client, True
                self._joined()
            case Owned():
                self._own()
            case Barred(path=path, reason=reason):
                words = in_words(
                    say.FOLDER_UNWRITABLE(path=path, reason=reason),
                    say.LET_WRITE(),
                )
                self._heard(exchange.Words(words, "error"))

    def _own(self) -> None:
        # Loaded late: what talks to DingTalk costs a starting editor a tenth of a second.
        from dingbridge.owner import Owner

        assert self._options is not None  # noqa: S101 - configure() comes first
        assert self._lock is not None  # noqa: S101 - configure() made it

        def told(news: News) -> None:
            # One that is being left still tells what becomes of messages; its state is history.
            if owner is self._owner or isinstance(news, exchange.Fate):
                self._heard(news)

        owner = Owner(
            self._robot,
            self._options,
            self._files,
            self._tokens,
            self._chance,
            self._post,
            told,
        )
        self._owner = owner
        owner.start(self._lock, self._pid, lambda: self._serving(owner))

    def _serving(self, owner: Owner) -> None:
        if owner is self._owner:
            self._ready = True
            self._joined()
