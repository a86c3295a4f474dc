"""The requests of reactions: what they name, and which answers count as success."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dingbridge.core.delivery.reactions import Reaction, ReactionCall
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.request_bodies import reaction_body
from dingbridge.core.errors import FreshToken, Retryable
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.openapi import AccessToken, RobotClient
from dingbridge.edges.dingtalk.reaction_requests import ReactionRequests

ONE = Reaction("ding1", "cid1", "msg1", "👀")
TOKEN = b'{"accessToken":"t","expireIn":7200}'


class Answers:
    """Gives one answer to all calls but those for tokens, and keeps what it is sent."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = HttpAnswer(status, body)
        self.sent: list[tuple[str, bytes]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        path = url.partition("//")[2].partition("/")[2]
        self.sent.append((path, body))
        return HttpAnswer(200, TOKEN) if path.endswith("accessToken") else self.answer


def run(http: Answers, *calls: ReactionCall) -> None:
    options = read({"app_key": "ding1", "app_secret": "secret"}, {})
    requests = ReactionRequests(RobotClient(options, http, AccessToken()))
    for call in calls:
        requests.run(call)


def test_one_path_adds_and_the_other_removes() -> None:
    http = Answers(200, b'{"success":true}')
    run(http, ReactionCall(ONE, adds=True), ReactionCall(ONE, adds=False))
    body = reaction_body("ding1", "cid1", "msg1", "👀")
    assert http.sent[1:] == [
        ("v1.0/robot/emotion/reply", body),
        ("v1.0/robot/emotion/recall", body),
    ]


@pytest.mark.parametrize("body", [b'{"success":true}', b'{"success":" True ","x":1}'])
def test_an_answer_that_says_success_counts(body: bytes) -> None:
    run(Answers(200, body), ReactionCall(ONE, adds=True))


@pytest.mark.parametrize("body", [b'{"success":false}', b'{"success":1}', b"{}", b"[]", b""])
def test_after_any_other_answer_the_reaction_may_be_there(body: bytes) -> None:
    with pytest.raises(Retryable) as caught:
        run(Answers(200, body), ReactionCall(ONE, adds=True))
    assert caught.value.may_have_arrived


def test_a_token_that_is_refused_is_fetched_again() -> None:
    http = Answers(401, b'{"code":"InvalidAuthentication"}')
    token = AccessToken()
    options = read({"app_key": "ding1", "app_secret": "secret"}, {})
    requests = ReactionRequests(RobotClient(options, http, token))
    for _ in range(2):
        with pytest.raises(FreshToken):
            requests.run(ReactionCall(ONE, adds=True))
    assert [path for path, _ in http.sent].count("v1.0/oauth2/accessToken") == 2
