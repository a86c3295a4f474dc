"""The requests that add reactions to messages and remove them (§7)."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.delivery.reactions import ReactionCall
from dingbridge.core.dingtalk import request_bodies, responses
from dingbridge.core.errors import FreshToken, Retryable
from dingbridge.edges.dingtalk.openapi import OpenApi, RobotClient


class _Answer(Struct):
    success: Any = None


class ReactionRequests:
    """The requests of one robot. Used by one thread only."""

    def __init__(self, client: RobotClient) -> None:
        self._client = client
        self._api = OpenApi(client, logging.getLogger(f"{__name__}.{client.options.account}"))

    def run(self, call: ReactionCall) -> None:
        """Add or remove a reaction. Raises `DeliveryError`."""
        try:
            success = self._api.call(call.reaction.robot_code, partial(self._post, call))
        except FreshToken:
            self._api.drop_token()
            raise
        if success is not True and json_wire.text_of(success).lower() != "true":
            raise Retryable("DingTalk does not say that it succeeded", may_have_arrived=True)

    def _post(self, call: ReactionCall, robot_code: str) -> Any:
        to = call.reaction
        path = f"/v1.0/robot/emotion/{'reply' if call.adds else 'recall'}"
        body = request_bodies.reaction_body(robot_code, to.conversation_id, to.message_id, to.name)
        url = f"{self._client.options.endpoint_api}{path}"
        answer = self._client.http.post(url, body, self._api.headers())
        return responses.read_fields(answer, _Answer).success
