"""Handles a batch of stream frames: decode, drop repeats, write to the inbox, then acknowledge."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct, field

from dingbridge.core.catalogue import link as say
from dingbridge.core.dingtalk import stream_frames
from dingbridge.core.dingtalk.cards import CardPressed, read_press
from dingbridge.core.dingtalk.error_text import quoted
from dingbridge.core.dingtalk.robot_message import QuotaGone, read_robot_message
from dingbridge.core.errors import BadFrame
from dingbridge.core.sessions.inbox import Received
from dingbridge.core.sessions.seen import SeenIds
from dingbridge.edges.dingtalk.stream.link_settings import StreamSettings

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Trouble(Struct, frozen=True):
    """A frame that could not be used; `code` is the platform's, if it sent one. The link stays
    up."""

    sentence: str
    code: str = ""


class Gate(Protocol):
    """What the stream asks before it opens a connection or acknowledges a message."""

    def may_open(self) -> float:
        """Seconds to wait before a connection may be opened; 0 counts it as opened now."""
        ...

    def record(self, batch: Sequence[Received]) -> None:
        """Write all messages to the disk, or none of them. Raises `OSError`."""
        ...


class BatchOutcome(Struct):
    """The result of a batch: acks in the order of their frames, the new robot messages (durable by
    now), the pressed buttons, and the reason in a `disconnect` frame."""

    acks: list[str] = field(default_factory=list)
    arrived: tuple[Received, ...] = ()
    pressed: list[CardPressed] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    disconnect: str | None = None


class Receiver:
    """Decodes, records and acknowledges messages.

    A message is acknowledged only if it is on the disk, was received before, or cannot be decoded
    and would fail again.
    """

    def __init__(
        self, settings: StreamSettings, seen: SeenIds, gate: Gate, log: logging.Logger
    ) -> None:
        self._settings = settings
        self._seen = seen
        self._gate = gate
        self._log = log
        self._repeated = 0

    def take(self, batch: Sequence[str | bytes]) -> BatchOutcome:
        """Handle a batch of frames, with one write and one sync for all of it."""
        taken = BatchOutcome()
        # Acks, each with the key of the message that has to be durable before, or "".
        acks: list[tuple[str, str]] = []
        new: dict[str, Received] = {}
        now = time.time()
        is_told = self._log.isEnabledFor(logging.DEBUG)
        for data in batch:
            try:
                frame = stream_frames.decode(data)
                if is_told:
                    self._log_frame(frame)
                match frame:
                    case stream_frames.RobotMessage():
                        acks.append(
                            (stream_frames.ack_ok(frame), self._read(frame, now, new, taken))
                        )
                    case stream_frames.CardCallback():
                        acks.append((stream_frames.ack_ok(frame), ""))
                        taken.pressed.append(read_press(frame.data))
                    case stream_frames.Ping():
                        acks.append((stream_frames.ack_ok(frame), ""))
                    case stream_frames.UnknownFrame():
                        acks.append((stream_frames.ack_unknown(frame), ""))
                    case stream_frames.DisconnectFrame(reason=reason):
                        taken.disconnect = reason
                    case stream_frames.Idle():
                        pass
            except BadFrame as error:
                taken.troubles.append(Trouble(error.message))
            except Exception as cause:  # noqa: BLE001 - one frame keeps no other out
                self._log.exception("a defect in the reading of a frame")
                taken.troubles.append(Trouble(say.DEFECT(error=type(cause).__name__)))
        refused = self._record(list(new.values()), taken)
        if self._repeated:
            self._log.info("%d messages came again and are passed over", self._repeated)
            self._repeated = 0
        taken.acks = [ack for ack, key in acks if key not in refused]
        taken.arrived = tuple(one for key, one in new.items() if key not in refused)
        taken.troubles = list(dict.fromkeys(taken.troubles))
        return taken

    def _read(
        self,
        frame: stream_frames.RobotMessage,
        now: float,
        new: dict[str, Received],
        taken: BatchOutcome,
    ) -> str:
        """Add a message to `new`, unless it is a repeat. Returns the key of the message that has to
        be durable before the ack, "" for none."""
        settings = self._settings
        try:
            inbound = read_robot_message(frame.data, settings.trusted_origins, now)
        except BadFrame as error:
            taken.troubles.append(Trouble(error.message))
            return ""
        if isinstance(inbound, QuotaGone):
            taken.troubles.append(Trouble(inbound.message, inbound.code))
            return ""
        key = SeenIds.key(settings.client_id, inbound.robot_code, inbound.id)
        if key in new or self._seen.knows(key, now):
            self._repeated += 1
        else:
            new[key] = Received(settings.client_id, key, inbound, now)
        # The repeat of one in this batch waits with it.
        return key if key in new else ""

    def _record(self, batch: list[Received], taken: BatchOutcome) -> set[str]:
        """Write messages to the inbox. Returns the keys of those that the disk refuses: without an
        ack DingTalk sends them again, when the disk may have room.

        A message that is too large for the disk must not prevent smaller ones from being written.
        """
        if not batch:
            return set()
        try:
            self._gate.record(batch)
        except OSError as cause:
            if len(batch) > 1 and cause.errno in _NO_ROOM:
                half = len(batch) // 2
                return self._record(batch[:half], taken) | self._record(batch[half:], taken)
            taken.troubles.append(Trouble(say.NOT_WRITTEN_DOWN(reason=cause.strerror or cause)))
            return {one.key for one in batch}
        for one in batch:
            self._seen.add(one.key, one.time)
        return set()

    def _log_frame(self, frame: stream_frames.StreamFrame) -> None:
        match frame:
            case stream_frames.RobotMessage(message_id=name):
                self._log.debug("frame %r: a robot message", name)
            case stream_frames.CardCallback(message_id=name):
                self._log.debug("frame %r: a pressed button", name)
            case stream_frames.Ping(message_id=name):
                self._log.debug("frame %r: ping", name)
            case stream_frames.Idle(message_id=name, topic=topic):
                self._log.debug("frame %r: %s", name, quoted(topic))
            case stream_frames.UnknownFrame(message_id=name, type=kind, topic=topic):
                self._log.debug("frame %r: of type %s, topic %s, passed over", name, kind, topic)
            case stream_frames.DisconnectFrame(reason=reason):
                self._log.debug("asked to connect anew: %s", reason)
