"""The thread that adds and removes reactions; nothing waits for it.

`ReactionSchedule` decides, this thread runs the calls. Before each call, the reactions that may be
at messages after it are durable, written at most once a second. The thread has connections of its
own, so that a hanging call delays no message; only a call for the access token, which all threads
share, may, for `CALL_TIMEOUT`.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from dingbridge.core.delivery import reaction_calls
from dingbridge.core.delivery.reaction_calls import Reaction, Step
from dingbridge.core.delivery.reactions import PLANNED, ReactionSchedule
from dingbridge.core.dingtalk import responses
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import BridgeError, DeliveryError, FreshToken, Retryable, Unreachable
from dingbridge.edges.dingtalk.openapi import OpenApi, RobotClient


class _Nothing(Struct):
    """No fields: an answer is only checked for a refusal."""


class WriteDown(Protocol):
    """Stores the reactions that may be at messages; see `ReactionThread`."""

    def __call__(self, reactions: tuple[Reaction, ...], *, soon: bool) -> None: ...


class ReactionThread(threading.Thread):
    """Runs the reactions of one robot.

    - `outstanding`: what an earlier process left; it is removed
    - `write_down`: returns once the reactions are durable, and raises `OSError` or `BridgeError` if
      they cannot be; with `soon` it returns at once and writes within a second
    - `counted`: called after each call with 1, or with 0 and the code of a refusal
    - `idle`: no message waits; calls are made only then
    """

    def __init__(
        self,
        client: RobotClient,
        outstanding: tuple[Reaction, ...],
        write_down: WriteDown,
        counted: Callable[[int, str], None],
        *,
        idle: bool,
    ) -> None:
        super().__init__(name="dingbridge-reactor", daemon=True)
        self._log = logging.getLogger(f"{__name__}.{client.options.account}")
        self._client = client
        self._reactions = ReactionSchedule(outstanding, time.monotonic())
        self._written = frozenset(self._reactions.outstanding())
        self._write_at = 0.0
        self._write_down = write_down
        self._counted = counted
        self._idle = idle
        self._api = OpenApi(client, self._log)
        self._stopped = False
        self._has_failed = False
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    # --- for other threads ----------------------------------------------------------------------

    def arrived(self, reactions: Sequence[tuple[Reaction, bool]]) -> None:
        """Messages are being worked on. If the quota is short (True), no reaction is added."""

        def apply() -> None:
            for reaction, short in reactions:
                self._reactions.arrived(reaction, time.monotonic(), short=short)

        self._commands.put(apply)

    def finished(self, message_id: str) -> None:
        """A message was answered, or never will be."""
        self._commands.put(lambda: self._reactions.finished(message_id, time.monotonic()))

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits: calls are made only then."""

        def apply() -> None:
            self._idle = idle

        self._commands.put(apply)

    def configure(self, client: RobotClient) -> None:
        """Use this client from the next call on."""

        def apply() -> None:
            self._client = client
            self._api = OpenApi(client, self._log)

        self._commands.put(apply)

    def stop(self) -> None:
        """End the thread soon; a running call is not interrupted."""

        def apply() -> None:
            self._stopped = True

        self._commands.put(apply)

    # --- its own --------------------------------------------------------------------------------

    def run(self) -> None:
        """Run one step after the other until stopped."""
        while True:
            self._write_what_may_stand()
            self._apply_commands()
            if self._stopped:
                return
            self._write_what_may_stand()
            now = time.monotonic()
            step = self._reactions.next_step(now, idle=self._idle, written=self._written)
            if step is None:
                continue
            try:
                self._call(step)
            except DeliveryError as error:
                self._failed(step, error)
            except Exception as error:  # noqa: BLE001 - no reaction is worth the thread
                self._log.exception("a defect in reactions")
                self._failed(step, Unreachable(type(error).__name__))
            else:
                self._counted(1, "")
                self._reactions.succeeded(step, time.monotonic())

    def _write_what_may_stand(self) -> None:
        """Store reactions before they are added, together; removed ones can wait."""
        now = time.monotonic()
        reactions = self._reactions.may_stand(now)
        wanted = frozenset(reactions)
        if wanted == self._written:
            return
        if wanted < self._written:
            self._write_down(reactions, soon=True)
        elif not self._idle or now < self._write_at:
            return
        else:
            self._write_at = now + PLANNED
            try:
                self._write_down(reactions, soon=False)
            except (OSError, BridgeError) as error:
                self._notify_once("it cannot be written down", type(error).__name__)
                return
        self._written = wanted

    def _apply_commands(self) -> None:
        """Apply what other threads have queued; wait for the first while nothing is due."""
        seconds = self._seconds()
        try:
            self._commands.get(seconds != 0, seconds)()
            while True:
                self._commands.get_nowait()()
        except queue.Empty:
            return

    def _seconds(self) -> float | None:
        """Seconds until a step is due; None: only after a command."""
        at = self._reactions.next_at(self._written, self._write_at)
        if at is None or not self._idle:
            return None
        return max(0.0, at - time.monotonic())

    def _notify_once(self, code: str, reason: str) -> None:
        level = logging.DEBUG if self._has_failed else logging.INFO
        self._has_failed = True
        self._log.log(level, "no reaction: %s %s", code, reason)

    def _failed(self, step: Step, error: DeliveryError) -> None:
        self._notify_once(error.code, error.message)
        if isinstance(error, FreshToken):
            self._api.drop_token()
        if error.code:
            self._counted(0, error.code)
        self._reactions.failed(step, error, time.monotonic())

    def _call(self, step: Step) -> None:
        def request(robot_code: str) -> HttpAnswer:
            path, body = reaction_calls.request(step, robot_code)
            url = f"{self._client.options.endpoint_api}{path}"
            answer = self._client.http.post(url, body, self._api.headers())
            responses.read_fields(answer, _Nothing)
            return answer

        answer = self._api.call(step.reaction.robot_code, request)
        if not reaction_calls.accepted(answer.body):
            raise Retryable("DingTalk does not say that it succeeded", may_have_arrived=True)
