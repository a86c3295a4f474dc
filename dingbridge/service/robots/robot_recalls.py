"""Makes a robot's requests to recall messages."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.errors import DeliveryError, in_words
from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.recall_requests import RecallRequests
from dingbridge.service.robots.request_thread import RequestThread
from dingbridge.service.robots.robot_resources import RobotResources


class RobotRecalls:
    """The port `Recalls`. Service loop only.

    - `counted` gets the number of calls that succeeded, and the platform's code if it refused one.
    """

    def __init__(
        self,
        options: Options,
        resources: RobotResources,
        counted: Callable[[int, str], None],
    ) -> None:
        self._counted = counted

        def make(options: Options) -> RecallRequests:
            return RecallRequests(resources.client(options, Http(options.proxy)))

        self._thread = RequestThread("dingbridge-recalls", options, make, resources.post)

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._thread.configure(options)

    def stop(self) -> None:
        """Make no more calls; one that is under way is not interrupted."""
        self._thread.stop()

    def recall(self, calls: tuple[RecallCall, ...], then: Callable[[str], None]) -> None:
        """Make the calls; `then` gets why one was refused, in words, or an empty text."""
        succeeded = 0

        def run(requests: RecallRequests) -> None:
            nonlocal succeeded
            for call in calls:
                requests.run(call)
                succeeded += 1

        def ended(error: DeliveryError | None) -> None:
            self._counted(succeeded, error.code if error is not None else "")
            then(in_words(error.message, error.fix) if error is not None else "")

        self._thread.run(run, ended)
