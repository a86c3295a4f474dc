"""Makes a robot's requests to recall messages."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.errors import DeliveryError, in_words
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.recall_requests import RecallRequests
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.robots.robot_resources import RobotResources

log = logging.getLogger(__name__)


class RobotRecalls:
    """The port `Recalls`. Service loop only; the requests have a thread and connections of their
    own, so that one that hangs delays no message.

    - `counted` gets the number of calls that were made, and the platform's code if it refused one.
    """

    def __init__(
        self,
        options: Options,
        resources: RobotResources,
        counted: Callable[[int, str], None],
    ) -> None:
        self._options = options
        self._resources = resources
        self._counted = counted
        self._worker: Worker | None = None
        self._requests: RecallRequests | None = None

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options, self._requests = options, None

    def recall(self, calls: tuple[RecallCall, ...], then: Callable[[str], None]) -> None:
        """Make the calls; `then` gets why one was refused, in words, or an empty text."""
        if self._worker is None:
            self._worker = Worker(self._resources.post, _failed, name="dingbridge-recalls")
            self._worker.start()
        if self._requests is None:
            http = Http(self._options.proxy)
            self._requests = RecallRequests(self._resources.client(self._options, http))
        requests = self._requests

        def run() -> DeliveryError | None:
            try:
                for call in calls:
                    requests.run(call)
            except DeliveryError as error:
                return error
            return None

        def ended(error: DeliveryError | None) -> None:
            self._counted(len(calls), error.code if error is not None else "")
            then(in_words(error.message, error.fix) if error is not None else "")

        self._worker.do(run, ended)

    def stop(self) -> None:
        """Make no more requests; one that is under way is not interrupted."""
        if self._worker is not None:
            self._worker.finish(0.0)


def _failed(error: Exception) -> None:
    log.error("a message was not recalled: %s", type(error).__name__)
