"""The sandbox's OpenAPI: tokens and messages, as a client meets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from dingbridge.sandbox import TEAM, Group, Person, Sandbox

SINGLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.client.configure(missing_scopes=[], flow_controlled=[], token_lifetime=7200)


def post(
    sandbox: Sandbox, path: str, body: Any, token: str | None = None
) -> tuple[int, dict[str, Any]]:
    headers = {} if token is None else {"x-acs-dingtalk-access-token": token}
    with requests.Session() as http:
        http.trust_env = False
        response = http.post(sandbox.url + path, json=body, headers=headers, timeout=5)
    return response.status_code, response.json()


def fetch_token(sandbox: Sandbox) -> str:
    body = {"appKey": sandbox.client_id, "appSecret": sandbox.client_secret}
    status, answer = post(sandbox, "/v1.0/oauth2/accessToken", body)
    assert status == 200
    token: str = answer["accessToken"]
    return token


def message(sandbox: Sandbox, **fields: Any) -> dict[str, Any]:
    return {
        "robotCode": sandbox.client_id,
        "msgKey": "sampleText",
        "msgParam": json.dumps({"content": "hi"}),
        **fields,
    }


class TestToken:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"appKey": "dingsandbox", "appSecret": "wrong"}, "invalidClientIdOrSecret"),
            ({"appKey": "dingsandbox"}, "MissingappSecret"),
            ([], "InvalidParameter"),
        ],
    )
    def test_bad_credentials_are_refused_with_400(
        self, sandbox: Sandbox, body: Any, code: str
    ) -> None:
        status, answer = post(sandbox, "/v1.0/oauth2/accessToken", body)
        assert (status, answer["code"]) == (400, code)
        assert answer["requestid"]

    def test_bad_credentials_of_the_old_call_are_an_errcode(self, sandbox: Sandbox) -> None:
        def old(**query: str) -> dict[str, Any]:
            with requests.Session() as http:
                http.trust_env = False
                answer: dict[str, Any] = http.get(
                    f"{sandbox.url}/gettoken", params=query, timeout=5
                ).json()
            return answer

        assert old(appkey=sandbox.client_id, appsecret="wrong")["errcode"] == 40096
        assert old(appkey=sandbox.client_id)["errcode"] == 40035
        good = old(appkey=sandbox.client_id, appsecret=sandbox.client_secret)
        assert (good["errcode"], good["expires_in"]) == (0, 7200)
        assert good["access_token"] == fetch_token(sandbox)

    def test_a_missing_and_a_revoked_token_are_told_apart(self, sandbox: Sandbox) -> None:
        body = message(sandbox, userIds=["lisi"])
        status, answer = post(sandbox, SINGLE, body)
        assert (status, answer["code"]) == (400, "AuthenticationFailed.MissingParameter")
        token = fetch_token(sandbox)
        assert post(sandbox, SINGLE, body, token)[0] == 200
        sandbox.client.revoke_tokens()
        status, answer = post(sandbox, SINGLE, body, token)
        assert (status, answer["code"]) == (400, "InvalidAuthentication")

    def test_a_token_ends_after_its_lifetime(self, sandbox: Sandbox) -> None:
        token = fetch_token(sandbox)
        sandbox.client.advance(7201)
        status, answer = post(sandbox, SINGLE, message(sandbox, userIds=["lisi"]), token)
        assert (status, answer["code"]) == (400, "InvalidAuthentication")
        assert fetch_token(sandbox) != token


class TestSending:
    @pytest.mark.parametrize(
        ("path", "fields", "code"),
        [
            (SINGLE, {"robotCode": ""}, "invalidParameter.robotCode.empty"),
            (SINGLE, {"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
            (SINGLE, {"userIds": []}, "invalidParameter.userIds.empty"),
            (SINGLE, {"userIds": [{}]}, "invalidParameter.userIds.empty"),
            (SINGLE, {"userIds": ["lisi"] * 21}, "invalidParameter.userIds.overMax"),
            (SINGLE, {"msgParam": {"content": "hi"}}, "invalidParameter.msgParam.invalid"),
            (SINGLE, {"msgKey": "text"}, "invalidParameter.msgKey.invalid"),
            (
                GROUP,
                {"msgParam": json.dumps({"content": "x" * 15_000})},
                "invalidParameter.msgParam.tooLong",
            ),
            (GROUP, {"openConversationId": "cidNOBODY"}, "invalid.openConversationId"),
        ],
    )
    def test_a_bad_message_is_refused_by_its_code_and_arrives_nowhere(
        self, sandbox: Sandbox, path: str, fields: dict[str, Any], code: str
    ) -> None:
        before = len(sandbox.client.arrived())
        whole = message(sandbox, userIds=["lisi"], openConversationId=TEAM) | fields
        status, answer = post(sandbox, path, whole, fetch_token(sandbox))
        assert (status, answer["code"]) == (400, code)
        assert len(sandbox.client.arrived()) == before

    def test_a_missing_permission_names_the_scope_to_grant(self, sandbox: Sandbox) -> None:
        sandbox.client.configure(missing_scopes=["qyapi_robot_sendmsg"])
        body = message(sandbox, openConversationId=TEAM)
        status, answer = post(sandbox, GROUP, body, fetch_token(sandbox))
        assert status == 403
        assert answer["code"] == "Forbidden.AccessDenied.AccessTokenPermissionDenied"
        assert answer["accessdenieddetail"] == {"requiredScopes": ["qyapi_robot_sendmsg"]}

    def test_people_who_were_not_reached_are_listed(self, sandbox: Sandbox) -> None:
        sandbox.client.configure(flow_controlled=["lisi"])
        body = message(sandbox, userIds=["zhangsan", "lisi", "nobody"])
        status, answer = post(sandbox, SINGLE, body, fetch_token(sandbox))
        assert status == 200
        assert answer["invalidStaffIdList"] == ["nobody"]
        assert answer["flowControlledStaffIdList"] == ["lisi"]
        arrived = sandbox.client.arrived("single")[-1]
        assert arrived.user_ids == ("zhangsan",)
        assert arrived.process_query_key == answer["processQueryKey"]

    def test_a_message_that_reached_nobody_did_not_arrive(self, sandbox: Sandbox) -> None:
        before = len(sandbox.client.arrived())
        body = message(sandbox, userIds=["nobody"])
        status, answer = post(sandbox, SINGLE, body, fetch_token(sandbox))
        assert (status, answer["invalidStaffIdList"]) == (200, ["nobody"])
        assert len(sandbox.client.arrived()) == before

    def test_a_group_message_arrives_in_its_group(self, sandbox: Sandbox) -> None:
        sandbox.client.add_group(Group("cidNEW==", "新群"))
        param = json.dumps({"title": "标题", "text": "正文"}, ensure_ascii=False)
        body = message(
            sandbox, openConversationId="cidNEW==", msgKey="sampleMarkdown", msgParam=param
        )
        status, answer = post(sandbox, GROUP, body, fetch_token(sandbox))
        assert status == 200
        assert set(answer) == {"processQueryKey"}
        [arrived] = sandbox.client.arrived("group", "cidNEW==")
        assert (arrived.title, arrived.text) == ("标题", "正文")
        assert arrived.param_size == len(param.encode())

    def test_somebody_new_can_be_reached(self, sandbox: Sandbox) -> None:
        sandbox.client.add_person(Person("王五", staff_id="wangwu"))
        body = message(sandbox, userIds=["wangwu"])
        assert post(sandbox, SINGLE, body, fetch_token(sandbox))[1]["invalidStaffIdList"] == []

    def test_an_unknown_api_is_not_found(self, sandbox: Sandbox) -> None:
        status, answer = post(sandbox, "/v1.0/robot/nothing", {})
        assert (status, answer["code"]) == (404, "InvalidAction.NotFound")
