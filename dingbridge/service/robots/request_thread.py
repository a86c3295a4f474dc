"""Requests of a robot besides those of its messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.errors import DeliveryError, Unreachable
from dingbridge.core.options.declarations import Options
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol.command_queue import Post

log = logging.getLogger(__name__)

R = TypeVar("R")


class RequestThread(Generic[R]):
    """Makes requests one after the other. Service loop only.

    They have a thread and connections of their own, so that one that hangs delays no message. The
    thread is started with the first one.

    - `make` makes the requests `R` with these options, for one thread.
    """

    def __init__(
        self, name: str, options: Options, make: Callable[[Options], R], post: Post
    ) -> None:
        self._name = name
        self._options = options
        self._make = make
        self._post = post
        self._worker: Worker | None = None
        self._requests: R | None = None

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options, self._requests = options, None

    def run(self, call: Callable[[R], None], then: Callable[[DeliveryError | None], None]) -> None:
        """Run `call` on the thread; `then` gets the error that it raised, on the loop. A defect
        counts as `Unreachable`."""
        if self._worker is None:
            self._worker = Worker(self._post, lambda _: None, name=self._name)
            self._worker.start()
        if self._requests is None:
            self._requests = self._make(self._options)
        requests = self._requests

        def attempt() -> DeliveryError | None:
            try:
                call(requests)
            except DeliveryError as error:
                return error
            except Exception:  # any defect: who waits for the end has to know of it
                log.exception("a defect in %s", self._name)
                return Unreachable(say.DEFECT())
            return None

        self._worker.do(attempt, then)

    def stop(self) -> None:
        """Make no more requests; one that is under way is not interrupted."""
        if self._worker is not None:
            self._worker.finish(0.0)
