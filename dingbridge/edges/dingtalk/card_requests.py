"""The requests that create cards with buttons, and end them (§8)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from dingbridge.core.dingtalk import cards, responses
from dingbridge.core.dingtalk.cards import ButtonCard
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import FreshToken
from dingbridge.edges.dingtalk.openapi import OpenApi, OpenApiHttp, RobotClient

_PATH = "/v1.0/card/instances"


class CardHttp(OpenApiHttp, Protocol):
    """The HTTP methods for cards."""

    def put(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """PUT a JSON body."""
        ...


class CardRequests:
    """The requests of one robot, over `http`. Used by one thread only."""

    def __init__(self, client: RobotClient, http: CardHttp) -> None:
        self._url = f"{client.options.endpoint_api}{_PATH}"
        self._http = http
        self._api = OpenApi(client, logging.getLogger(f"{__name__}.{client.options.account}"))

    def create(self, card: ButtonCard) -> None:
        """Create and deliver a card. Raises `DeliveryError`."""
        try:
            self._create(card)
        except FreshToken:
            self._api.drop_token()
            self._create(card)

    def _create(self, card: ButtonCard) -> None:
        url, body = f"{self._url}/createAndDeliver", cards.creation(card)
        cards.read_creation(self._http.post(url, body, self._api.headers()))

    def end(self, track: str, text: str) -> None:
        """Give a card another text, without buttons. Raises `DeliveryError`."""
        put = partial(self._http.put, self._url, cards.ending(track, text))
        try:
            responses.check_accepted(put(self._api.headers()))
        except FreshToken:
            self._api.drop_token()
            responses.check_accepted(put(self._api.headers()))
