"""Makes a robot's requests for cards with buttons."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from dingbridge.core.dingtalk.cards import ButtonCard
from dingbridge.core.errors import DeliveryError
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.card_requests import CardRequests
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.robots.robot_resources import RobotResources

log = logging.getLogger(__name__)


class RobotCards:
    """The port `CardCalls`. Service loop only; the requests have a thread and connections of their
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
        self._requests: CardRequests | None = None

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options, self._requests = options, None

    def create(self, card: ButtonCard, then: Callable[[DeliveryError | None], None]) -> None:
        """Create and deliver a card; `then` gets why that failed, or None."""
        self._run(lambda requests: requests.create(card), then)

    def end(self, track: str, text: str, then: Callable[[DeliveryError | None], None]) -> None:
        """Give a card another text, without buttons; `then` gets why that failed, or None."""
        self._run(lambda requests: requests.end(track, text), then)

    def _run(
        self, call: Callable[[CardRequests], None], then: Callable[[DeliveryError | None], None]
    ) -> None:
        if self._worker is None:
            self._worker = Worker(self._resources.post, _failed, name="dingbridge-cards")
            self._worker.start()
        if self._requests is None:
            http = Http(self._options.proxy)
            self._requests = CardRequests(self._resources.client(self._options, http), http)
        self._worker.do(partial(_outcome, call, self._requests), partial(self._ended, then))

    def _ended(
        self, then: Callable[[DeliveryError | None], None], error: DeliveryError | None
    ) -> None:
        if error is not None:
            log.info("a card: %s %s", error.code, error.message)
        self._counted(1, error.code if error is not None else "")
        then(error)

    def stop(self) -> None:
        """Make no more requests; one that is under way is not interrupted."""
        if self._worker is not None:
            self._worker.finish(0.0)


def _outcome(call: Callable[[CardRequests], None], requests: CardRequests) -> DeliveryError | None:
    try:
        call(requests)
    except DeliveryError as error:
        return error
    return None


def _failed(error: Exception) -> None:
    log.error("a card was not made: %s", type(error).__name__)
