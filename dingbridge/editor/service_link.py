"""Keeps a host attached to the service of its data folder: finds it, starts it, reconnects."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from dingbridge.core.start_pauses import Pauses, Silence
from dingbridge.edges.ipc import Client, ClientEvent, Connected, ConnectionLost, Heard
from dingbridge.edges.programs.process_identity import ask_to_look, is_same, kill
from dingbridge.edges.storage.card import OwnerCard, read_card
from dingbridge.editor.service_start import ServiceStart

log = logging.getLogger(__name__)

LAUNCH = Path(__file__).resolve().parents[1] / "launch.py"

ENDED_WITHIN, LOOK_EVERY = 0.5, 0.02
"""Seconds to wait for the exit of a service that closed its connections, and between checks."""


class Attached(Struct, frozen=True):
    """A service is connected; `client` sends it frames."""

    client: Client


class FrameReceived(Struct, frozen=True):
    """A frame arrived from the service."""

    data: bytes


class Detached(Struct, frozen=True):
    """The connection to the service is lost."""


class CannotStart(Struct, frozen=True):
    """The service ended soon after its start; `words` is the end of its standard error."""

    words: str


class Barred(Struct, frozen=True):
    """The data folder cannot be used, for this reason. Retrying automatically."""

    path: str
    reason: str


class ServiceSilent(Struct, frozen=True):
    """The service runs but has not answered for so many seconds."""

    pid: int
    seconds: float


AttachmentEvent = Attached | FrameReceived | Detached | CannotStart | Barred | ServiceSilent


class ServiceLink(threading.Thread):
    """Loop: find the service or start it, stay attached until it is gone.

    States::

        looking --no card, or no answer--> starting --card--> attached --lost--> looking
           |                                                     ^
           +--------------------card, and an answer--------------+
    """

    def __init__(
        self,
        data: str,
        log_folder: str,
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(name="dingbridge-attachment", daemon=True)
        self.folders = (data, log_folder)
        self._folder = Path(data, "dingbridge")
        self._told_so_far: list[AttachmentEvent] = []
        self._listener: Callable[[AttachmentEvent], None] | None = None
        self._listening = threading.Lock()
        self._stopping = threading.Event()
        argv = (sys.executable, str(LAUNCH), "service", data, log_folder)
        self._starting = ServiceStart(self._folder, argv, environ, self._stopping, self._is_served)
        self._awake = threading.Event()
        self._lost = threading.Event()
        self._client: Client | None = None
        self._clock = time.monotonic
        self._silence = Silence(self._clock())
        self._vain: OwnerCard | None = None
        self._has_started = False
        self._told: tuple[object, ...] | None = None
        self._pauses = Pauses()

    def listen(self, notify: Callable[[AttachmentEvent], None]) -> None:
        """Call `notify` for each event, including past ones, on any thread. It must not block."""
        with self._listening:
            self._listener = notify
            for event in self._told_so_far:
                notify(event)
            self._told_so_far.clear()

    def _notify(self, event: AttachmentEvent) -> None:
        with self._listening:
            if self._listener is None:
                self._told_so_far.append(event)
            else:
                self._listener(event)

    def stop(self) -> None:
        """Disconnect and end the thread soon. The service stays."""
        self._stopping.set()
        self._awake.set()
        self._lost.set()
        client = self._client
        if client is not None:
            client.stop()

    def hurry(self) -> None:
        """End a pause between two attempts."""
        self._awake.set()

    def run(self) -> None:
        """Stay attached until stopped."""
        while not self._stopping.is_set():
            try:
                self._once()
            except OSError as cause:
                reason = cause.strerror or type(cause).__name__
                self._trouble(Barred(str(cause.filename or self._folder), reason))
                self._wait(self._pauses.after("held"))
            except (
                Exception
            ) as error:  # the thread must survive any error, or the editor is cut off
                log.exception("the service cannot be reached")
                self._trouble(CannotStart(type(error).__name__))
                self._wait(self._pauses.after("failed"))

    def _once(self) -> None:
        """Attach to the running service until it is gone; without one, start it."""
        card = read_card(self._folder, "service")
        if card.address and card != self._vain:
            if self._attach(card):
                self._vain, self._has_started = None, False
                self._see_how_it_ended(card)
                return
            # No answer there. Another card is another service, or another socket of this one.
            self._vain = card
            ask_to_look(card.pid, card.born)
        runs = is_same(card.pid, card.born)
        if self._has_started and not runs:
            self._has_started = False
            self._see_how_it_ended(card)
            return
        match "needless" if runs else self._starting.start():
            case "works":
                self._vain = None
                self._has_started = True
            case "needless":
                # Another service runs, is about to end, or hangs.
                self._vain = None
                self._wait(self._pauses.after("held"))
            case "failed":
                self._trouble(CannotStart(self._starting.complaint()))
                self._wait(self._pauses.after("failed"))
            case "starting":
                pass  # we were stopped meanwhile, or found a service

    def _is_served(self) -> bool:
        """Whether another editor has started a service meanwhile."""
        card = read_card(self._folder, "service")
        return bool(card.address) and card != self._vain

    def _see_how_it_ended(self, card: OwnerCard) -> None:
        """Do not restart at once a service that ends soon after its start."""
        if not self._starting.has_just_begun():
            self._pauses.reset()
            self._told = None
            return
        # It closes its socket first, and writes its error last.
        end = self._clock() + ENDED_WITHIN
        while (is_same(card.pid, card.born) or not card.pid) and self._clock() < end:
            if self._stopping.wait(LOOK_EVERY):
                return
        if words := self._starting.complaint():
            self._trouble(CannotStart(words))
            self._wait(self._pauses.after("failed"))
        else:
            self._wait(self._pauses.after("killed"))

    def end_frozen(self) -> bool:
        """Kill a service that does not answer, so that the next one can start.

        Returns whether it still existed. For the host loop.
        """
        card = read_card(self._folder, "service")
        return kill(card.pid, card.born)

    def _trouble(self, event: CannotStart | Barred | ServiceSilent) -> None:
        """Report why there is no service, once for each cause."""
        cause = _cause(event)
        if cause != self._told:
            self._told = cause
            self._notify(event)

    def _notify_if_it_hangs(self) -> None:
        now = self._clock()
        if self._silence.is_long(now) and self._told != (ServiceSilent,):
            card = read_card(self._folder, "service")
            if is_same(card.pid, card.born):
                self._trouble(ServiceSilent(card.pid, self._silence.seconds(now)))

    def _wait(self, seconds: float) -> None:
        """Pause before the next attempt."""
        end = self._clock() + seconds
        while not self._stopping.is_set() and (left := end - self._clock()) > 0:
            if self._awake.wait(min(left, self._silence.left(self._clock()) or left)):
                self._awake.clear()
                return
            self._notify_if_it_hangs()

    def _attach(self, card: OwnerCard) -> bool:
        """Stay attached to a service until it is gone. Returns whether it answered at all."""
        self._lost.clear()
        attached = False

        def heard(event: ClientEvent) -> None:
            nonlocal attached
            match event:
                case Connected():
                    attached = True
                    self._silence.heard(self._clock())
                    if self._told == (ServiceSilent,):
                        self._told = None
                    self._notify(Attached(client))
                case Heard(data=data):
                    self._notify(FrameReceived(data))
                case ConnectionLost(silence=silence):
                    if attached:
                        self._silence.heard(self._clock() - silence)
                        self._notify(Detached())
                    self._lost.set()

        client = Client(card.address, card.secret, heard)
        self._client = client
        client.start()
        while not self._lost.wait(None if attached else self._silence.left(self._clock()) or None):
            if not attached:
                self._notify_if_it_hangs()
        self._client = None
        return attached


def _cause(event: CannotStart | Barred | ServiceSilent) -> tuple[object, ...]:
    """Equal for two events with the same cause."""
    match event:
        case CannotStart(words=words):
            # Earlier lines may contain a process id or a time.
            return CannotStart, words.rpartition("\n")[2]
        case Barred(path=path, reason=reason):
            return Barred, path, reason
        case ServiceSilent():
            return (ServiceSilent,)
