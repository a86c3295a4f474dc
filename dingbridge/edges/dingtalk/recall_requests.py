"""The requests that recall sent messages (§3 and §8.7)."""

from __future__ import annotations

import logging
from functools import partial

from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.dingtalk import request_bodies, responses
from dingbridge.core.errors import FreshToken
from dingbridge.edges.dingtalk.openapi import OpenApi, RobotClient


class RecallRequests:
    """The requests of one robot. Used by one thread only."""

    def __init__(self, client: RobotClient) -> None:
        self._client = client
        self._api = OpenApi(client, logging.getLogger(f"{__name__}.{client.options.account}"))

    def run(self, call: RecallCall) -> None:
        """Recall all chunks of a call. Raises `DeliveryError` if any of them stays."""
        request = partial(self._post, call)
        try:
            self._api.call(call.robot_code, request)
        except FreshToken:
            self._api.drop_token()
            self._api.call(call.robot_code, request)

    def _post(self, call: RecallCall, robot_code: str) -> None:
        if call.conversation_id:
            path = "groupMessages/recall"
            body = request_bodies.recall_from_group(robot_code, call.conversation_id, call.keys)
        else:
            path = "otoMessages/batchRecall"
            body = request_bodies.recall_from_people(robot_code, call.keys)
        url = f"{self._client.options.endpoint_api}/v1.0/robot/{path}"
        responses.read_recall(self._client.http.post(url, body, self._api.headers()), call.keys)
