"""The requests that recall messages: what they name, and which answers count as success."""

from __future__ import annotations

import json

import pytest

from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.errors import DeliveryError, FreshToken, Refused
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.openapi import AccessToken, RobotClient
from dingbridge.edges.dingtalk.recall_requests import RecallRequests
from tests.edges.dingtalk.test_reaction_requests import Answers

TO_PEOPLE = RecallCall("ding1", "", ("k1", "k2"))
TO_GROUP = RecallCall("ding1", "cid1", ("k1",))
BOTH = b'{"successResult":["k1","k2"],"failedResult":{}}'


def run(http: Answers, call: RecallCall) -> None:
    options = read({"app_key": "ding1", "app_secret": "secret"}, {})
    RecallRequests(RobotClient(options, http, AccessToken())).run(call)


def test_messages_are_recalled_from_people_and_from_groups() -> None:
    http = Answers(200, BOTH)
    run(http, TO_PEOPLE)
    run(http, TO_GROUP)
    made = [(path, json.loads(body)) for path, body in http.sent if "Token" not in path]
    assert made == [
        (
            "v1.0/robot/otoMessages/batchRecall",
            {"robotCode": "ding1", "processQueryKeys": ["k1", "k2"]},
        ),
        (
            "v1.0/robot/groupMessages/recall",
            {"robotCode": "ding1", "openConversationId": "cid1", "processQueryKeys": ["k1"]},
        ),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"successResult":["k1"],"failedResult":{"k2":"robot.processQueryKey.expired"}}',
        b'{"successResult":["k1"]}',
        b'{"failedResult":{"k1":7}}',
        b"{}",
    ],
)
def test_what_stays_in_dingtalk_is_told(body: bytes) -> None:
    with pytest.raises(Refused, match="does not recall it any more"):
        run(Answers(200, body), TO_PEOPLE)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"successResult":1}', b'{"failedResult":[]}'])
def test_an_answer_that_cannot_be_read_is_no_success(body: bytes) -> None:
    with pytest.raises(DeliveryError):
        run(Answers(200, body), TO_PEOPLE)


def test_a_token_that_is_refused_is_fetched_again_once() -> None:
    http = Answers(401, b'{"code":"InvalidAuthentication"}')
    with pytest.raises(FreshToken):
        run(http, TO_PEOPLE)
    assert [path for path, _ in http.sent].count("v1.0/oauth2/accessToken") == 2
