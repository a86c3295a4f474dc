"""Makes a robot's requests for cards with buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dingbridge.core.dingtalk.cards import ButtonCard
from dingbridge.core.errors import DeliveryError
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.card_requests import CardRequests
from dingbridge.edges.dingtalk.http import Http
from dingbridge.service.robots.request_thread import RequestThread
from dingbridge.service.robots.robot_resources import RobotResources

Then = Callable[[DeliveryError | None], None]


class RobotCards:
    """The port `CardCalls`. Service loop only.

    - `counted` gets the number of calls that succeeded, and the platform's code if it refused one.
    """

    def __init__(
        self,
        options: Options,
        resources: RobotResources,
        counted: Callable[[int, str], None],
    ) -> None:
        self._counted = counted

        def make(options: Options) -> CardRequests:
            http = Http(options.proxy)
            return CardRequests(resources.client(options, http), http)

        self._thread = RequestThread("dingbridge-cards", options, make, resources.post)

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._thread.configure(options)

    def stop(self) -> None:
        """Make no more requests; one that is under way is not interrupted."""
        self._thread.stop()

    def create(self, card: ButtonCard, then: Then) -> None:
        """Create and deliver a card; `then` gets why that failed, or None."""
        self._thread.run(lambda requests: requests.create(card), partial(self._ended, then))

    def end(self, track: str, text: str, then: Then) -> None:
        """Give a card another text, without buttons; `then` gets why that failed, or None."""
        self._thread.run(lambda requests: requests.end(track, text), partial(self._ended, then))

    def _ended(self, then: Then, error: DeliveryError | None) -> None:
        self._counted(int(error is None), error.code if error is not None else "")
        then(error)
