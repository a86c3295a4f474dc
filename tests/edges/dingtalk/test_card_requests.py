"""The requests of cards: what they name, and what a refused token does."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from dingbridge.core.dingtalk.cards import ButtonCard, CardButton
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import FreshToken, Refused
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.card_requests import CardRequests
from dingbridge.edges.dingtalk.openapi import AccessToken, RobotClient
from tests.edges.dingtalk.test_reaction_requests import Answers

BUTTON = CardButton("allow", "同意", "blue")
CARD = ButtonCard("t1", "zhangsan", "ding1", "Title", "text", (BUTTON,))
DELIVERED = b'{"success":true,"result":{"deliverResults":[{"success":true}]}}'


class AnswersToPut(Answers):
    """The same for PUT."""

    def put(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        self.sent.append((f"PUT {url.partition('//')[2].partition('/')[2]}", body))
        return self.answer


def requests_over(http: AnswersToPut) -> CardRequests:
    options = read({"app_key": "ding1", "app_secret": "secret"}, {})
    return CardRequests(RobotClient(options, http, AccessToken()), http)


def test_a_card_is_created_and_delivered_by_one_call_and_ended_by_another() -> None:
    http = AnswersToPut(200, DELIVERED)
    requests = requests_over(http)
    requests.create(CARD)
    requests.end("t1", "done")
    made = [(path, json.loads(body)["outTrackId"]) for path, body in http.sent[1:]]
    assert made == [
        ("v1.0/card/instances/createAndDeliver", "t1"),
        ("PUT v1.0/card/instances", "t1"),
    ]


def test_a_card_that_was_not_delivered_is_an_error() -> None:
    body = b'{"success":true,"result":{"deliverResults":[{"success":false,"errorMsg":"gone"}]}}'
    with pytest.raises(Refused, match="gone"):
        requests_over(AnswersToPut(200, body)).create(CARD)


def test_a_token_that_is_refused_is_fetched_again_once() -> None:
    http = AnswersToPut(401, b'{"code":"InvalidAuthentication"}')
    with pytest.raises(FreshToken):
        requests_over(http).create(CARD)
    with pytest.raises(FreshToken):
        requests_over(http).end("t1", "done")
    assert [path for path, _ in http.sent].count("v1.0/oauth2/accessToken") == 4
