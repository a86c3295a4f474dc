"""The request of one chunk or one uploaded file, by any route."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from msgspec import structs

from dingbridge.core.delivery import requests
from dingbridge.core.delivery.plan_steps import PostChunk
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk import responses
from dingbridge.core.messages import Outbound
from dingbridge.edges.dingtalk.openapi import OpenApi, RobotClient


class ChunkRequests:
    """Posts chunks with the settings, HTTP and access token of one robot.

    Used by one thread only. `on_openapi_call` is called after each OpenAPI request, successful or
    not: the rate limit counts them all.
    """

    def __init__(
        self, client: RobotClient, log: logging.Logger, on_openapi_call: Callable[[], None]
    ) -> None:
        self.options = client.options
        self._http = client.http
        self._api = OpenApi(client, log)
        self._on_openapi_call = on_openapi_call

    def access_token(self) -> str:
        """The access token for an upload. Raises `DeliveryError`."""
        return self._api.access_token()

    def drop_token(self) -> None:
        """Fetch another token for the next request: DingTalk refused the last one."""
        self._api.drop_token()

    def post(self, outbound: Outbound, step: PostChunk, uploaded: UploadedFile | None) -> str:
        """Post a chunk, or the file that was uploaded for it.

        Returns the `processQueryKey` of the message, by which it can be recalled, or "" on routes
        without one. Raises `DeliveryError`.
        """
        options, route = self.options, step.route
        if route in (Route.SINGLE, Route.GROUP):
            return self._api.call(
                outbound.target.robot_code,
                lambda code: self._post_openapi(_from_robot(outbound, code), step, uploaded),
            )
        if uploaded is not None:
            url, body = requests.file(options, outbound, uploaded, route)
        else:
            url, body = requests.robot(options, outbound, step.chunk, route, time.time())
        responses.read_robot(self._http.post(url, body), session=route is Route.SESSION)
        return ""

    def _post_openapi(
        self, outbound: Outbound, step: PostChunk, uploaded: UploadedFile | None
    ) -> str:
        if uploaded is not None:
            url, body = requests.file(self.options, outbound, uploaded, step.route)
        else:
            url, body = requests.openapi(self.options, outbound, step.chunk, step.route)
        headers = self._api.headers()
        try:
            answer = self._http.post(url, body, headers)
        finally:
            self._on_openapi_call()
        return responses.read_send(answer).process_query_key


def _from_robot(outbound: Outbound, robot_code: str) -> Outbound:
    """The message, sent by the robot with this code."""
    return structs.replace(outbound, target=structs.replace(outbound.target, robot_code=robot_code))
