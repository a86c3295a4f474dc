"""The sandbox's OpenAPI: tokens, limits and messages, rule by rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dingbridge.sandbox import TEAM, App, Person, Sandbox, SandboxGroup, Settings
from tests.support.sandbox_calls import TOKEN_HEADER, TOKEN_PATH, call, fetch_token, post, request

SINGLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
RECALL = "/v1.0/robot/otoMessages/batchRecall"
GROUP_RECALL = "/v1.0/robot/groupMessages/recall"
READ = "/v1.0/robot/oToMessages/readStatus"
GROUP_READ = "/v1.0/robot/groupMessages/query"
UPLOAD = "/media/upload"
OTHER = App("dingother", "other-secret", robot_name="other")
NOON = 1_700_000_000.0
SETTINGS = Settings(other_apps=(OTHER,))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SETTINGS) as running:
        yield running


@pytest.fixture
def still() -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, unless it is moved."""
    with Sandbox(SETTINGS, clock=lambda: NOON) as running:
        yield running


def message(sandbox: Sandbox, **fields: Any) -> dict[str, Any]:
    return {
        "robotCode": sandbox.client_id,
        "msgKey": "sampleText",
        "msgParam": json.dumps({"content": "hi"}),
        **fields,
    }


def code_of(sandbox: Sandbox, path: str, **fields: Any) -> tuple[int, str]:
    """Status and code of a message with these fields; nothing of it has arrived."""
    whole = message(sandbox, userIds=["lisi"], openConversationId=TEAM) | fields
    status, answer = post(sandbox, path, whole, fetch_token(sandbox))
    assert sandbox.client.arrived() == []
    return status, answer.get("code", "")


def send(sandbox: Sandbox, path: str = SINGLE, **fields: Any) -> str:
    """The key of a message that was taken."""
    whole = message(sandbox, **fields)
    status, answer = post(sandbox, path, whole, fetch_token(sandbox))
    assert status == 200, answer
    key: str = answer["processQueryKey"]
    return key


def upload(sandbox: Sandbox, token: str) -> dict[str, Any]:
    url = f"{sandbox.url}{UPLOAD}?access_token={token}&type=image"
    answer: dict[str, Any] = request("POST", url, files={"media": ("a.png", b"x")}).json()
    return answer


# --- tokens ---------------------------------------------------------------------------------------


def test_a_token_is_asked_for_with_key_and_secret(sandbox: Sandbox) -> None:
    for body, code in (({"appKey": "x"}, "MissingappSecret"), ({}, "MissingappKey")):
        status, answer = post(sandbox, TOKEN_PATH, body)
        assert (status, answer["code"]) == (400, code)
        assert answer["requestid"]


def test_a_token_is_not_given_for_a_wrong_secret(sandbox: Sandbox) -> None:
    for key, secret in (
        (sandbox.client_id, "x"),
        ("x", sandbox.client_secret),
        (sandbox.client_id, OTHER.client_secret),
    ):
        status, answer = post(sandbox, TOKEN_PATH, {"appKey": key, "appSecret": secret})
        assert (status, answer["code"]) == (400, "invalidClientIdOrSecret")


def old_token(sandbox: Sandbox, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = request("GET", f"{sandbox.url}/gettoken", params=query).json()
    return answer


def test_the_old_token_call_reads_key_and_secret_from_the_query_only(sandbox: Sandbox) -> None:
    given = {"appkey": sandbox.client_id, "appsecret": sandbox.client_secret}
    assert old_token(sandbox, appkey=sandbox.client_id)["errcode"] == 40035
    in_body = request("GET", f"{sandbox.url}/gettoken", data=given).json()
    assert in_body["errcode"] == 40035
    good = old_token(sandbox, **given)
    assert (good["errcode"], good["expires_in"]) == (0, 7200)
    assert good["access_token"] == fetch_token(sandbox)


def test_the_old_token_call_refuses_a_wrong_secret_by_errcode(sandbox: Sandbox) -> None:
    assert old_token(sandbox, appkey=sandbox.client_id, appsecret="wrong")["errcode"] == 40096


def unified(sandbox: Sandbox, corporation: str, **fields: str) -> tuple[int, dict[str, Any]]:
    body = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "client_credentials",
        **fields,
    }
    return post(sandbox, f"/v1.0/oauth2/{corporation}/token", body)


def test_the_unified_token_call_refuses_an_unknown_client(sandbox: Sandbox) -> None:
    corporation = SETTINGS.corporation
    for fields in ({"client_id": "x"}, {"grant_type": "password"}):
        status, answer = unified(sandbox, corporation, **fields)
        assert (status, answer["code"]) == (400, "invalid.client")
    status, answer = unified(sandbox, corporation)
    assert (status, answer["expires_in"]) == (200, 7200)
    assert answer["access_token"] == fetch_token(sandbox)


def test_the_unified_token_call_refuses_a_wrong_secret(sandbox: Sandbox) -> None:
    status, answer = unified(sandbox, SETTINGS.corporation, client_secret="wrong")
    assert (status, answer["code"]) == (401, "unauthorized.client")


def test_the_unified_token_call_fails_for_a_wrong_organisation(sandbox: Sandbox) -> None:
    assert unified(sandbox, "dingnobody")[0] == 500


def test_a_token_stays_the_same_while_it_is_valid_and_each_call_makes_it_last_two_hours_more(
    still: Sandbox,
) -> None:
    body = {"appKey": still.client_id, "appSecret": still.client_secret}
    first = post(still, TOKEN_PATH, body)[1]
    assert first["expireIn"] == 7200
    still.client.advance(7000)
    assert fetch_token(still) == first["accessToken"]
    still.client.advance(7000)
    assert fetch_token(still) == first["accessToken"]
    still.client.advance(7200)
    assert fetch_token(still) != first["accessToken"]
    assert fetch_token(still) != fetch_token(still, OTHER.client_id, OTHER.client_secret)


def test_a_call_without_its_token_header_is_refused(sandbox: Sandbox) -> None:
    for path in (SINGLE, GROUP, RECALL, GROUP_RECALL, GROUP_READ):
        status, answer = post(sandbox, path, message(sandbox, userIds=["lisi"]))
        assert (status, answer["code"]) == (400, "AuthenticationFailed.MissingParameter")
    assert sandbox.client.arrived() == []


def test_a_call_with_a_token_that_is_no_longer_valid_is_refused_by_400(still: Sandbox) -> None:
    body = message(still, userIds=["lisi"])
    token = fetch_token(still)
    assert post(still, SINGLE, body, token)[0] == 200
    assert post(still, SINGLE, body, "made up")[1]["code"] == "InvalidAuthentication"
    still.client.revoke_tokens()
    assert post(still, SINGLE, body, token)[1]["code"] == "InvalidAuthentication"
    token = fetch_token(still)
    still.client.advance(7200)
    status, answer = post(still, SINGLE, body, token)
    assert (status, answer["code"]) == (400, "InvalidAuthentication")


def test_a_call_without_its_permission_names_what_to_apply_for(sandbox: Sandbox) -> None:
    sandbox.client.configure(missing_scopes=["qyapi_robot_sendmsg"])
    body = message(sandbox, openConversationId=TEAM)
    status, answer = post(sandbox, GROUP, body, fetch_token(sandbox))
    assert status == 403
    assert answer["code"] == "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    assert answer["accessdenieddetail"] == {"requiredScopes": ["qyapi_robot_sendmsg"]}


# --- how often ------------------------------------------------------------------------------------


def test_an_app_calls_each_interface_20_times_a_second(still: Sandbox) -> None:
    token = fetch_token(still)
    other = fetch_token(still, OTHER.client_id, OTHER.client_secret)
    single, group = message(still, userIds=["lisi"]), message(still, openConversationId=TEAM)
    answers = [post(still, SINGLE, single, token) for _ in range(21)]
    assert [status for status, _ in answers] == [200] * 20 + [403]
    assert answers[-1][1]["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
    assert post(still, GROUP, group, token)[0] == 200
    others = {**single, "robotCode": OTHER.client_id}
    assert post(still, SINGLE, others, other)[0] == 200
    still.client.advance(1)
    assert post(still, SINGLE, single, token)[0] == 200
    names = {"appKey": still.client_id, "appSecret": still.client_secret}
    tokens = [post(still, TOKEN_PATH, names)[0] for _ in range(21)]
    assert tokens == [200] * 20 + [403]


def test_an_app_calls_each_interface_of_the_old_host_20_times_a_second(still: Sandbox) -> None:
    token = fetch_token(still)
    codes = [upload(still, token)["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [90018]
    names = {"appkey": still.client_id, "appsecret": still.client_secret}
    codes = [old_token(still, **names)["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [90018]


def test_an_organisation_calls_5000_times_a_month(still: Sandbox) -> None:
    assert Settings().calls_per_month == 5000
    still.client.configure(calls_per_month=3)
    token = fetch_token(still)
    other = fetch_token(still, OTHER.client_id, OTHER.client_secret)
    body = message(still, userIds=["lisi"])
    assert [post(still, SINGLE, body, token)[0] for _ in range(3)] == [200] * 3
    others = {**body, "robotCode": OTHER.client_id}
    for caller, given in ((token, body), (other, others)):
        status, answer = post(still, SINGLE, given, caller)
        code = "Forbidden.AccessDenied.ApiCountLimitForOrg"
        assert (status, answer["code"]) == (403, code)
    assert post(still, GROUP, message(still, openConversationId=TEAM), token)[0] == 403
    still.client.advance(31 * 24 * 3600)
    assert post(still, SINGLE, body, fetch_token(still))[0] == 200


def test_an_organisation_calls_the_old_host_from_the_same_month_of_5000(still: Sandbox) -> None:
    still.client.configure(calls_per_month=2)
    token = fetch_token(still)
    assert post(still, SINGLE, message(still, userIds=["lisi"]), token)[0] == 200
    assert [upload(still, token)["errcode"] for _ in range(2)] == [0, 90020]


def test_calls_for_tokens_and_calls_that_were_too_fast_do_not_count_in_the_month(
    still: Sandbox,
) -> None:
    still.client.configure(calls_per_month=3, calls_per_second=1)
    body = message(still, userIds=["lisi"])
    statuses = []
    for _ in range(3):
        token = fetch_token(still)
        statuses += [post(still, SINGLE, body, token)[0] for _ in range(2)]
        still.client.advance(1)
    assert statuses == [200, 403] * 3
    assert post(still, SINGLE, body, token)[1]["code"].endswith("ApiCountLimitForOrg")


def test_the_limits_can_be_lifted(still: Sandbox) -> None:
    still.client.lift_limits()
    token = fetch_token(still)
    body = message(still, userIds=["lisi"])
    assert {post(still, SINGLE, body, token)[0] for _ in range(25)} == {200}


# --- calls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_an_openapi_call_wants_its_body_declared_as_json(
    sandbox: Sandbox, kind: str | None
) -> None:
    token = fetch_token(sandbox)
    headers = {TOKEN_HEADER: token} | ({"Content-Type": kind} if kind else {})
    body = json.dumps(message(sandbox, userIds=["lisi"])).encode()
    for path in (SINGLE, TOKEN_PATH, "/v1.0/gateway/connections/open"):
        answer = request("POST", sandbox.url + path, data=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")
    assert sandbox.client.arrived() == []


def test_an_openapi_call_wants_a_json_object(sandbox: Sandbox) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    for body in (b"[]", b"no json", b"1"):
        answer = request("POST", sandbox.url + TOKEN_PATH, data=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


def test_the_new_host_knows_no_other_paths(sandbox: Sandbox) -> None:
    status, answer = post(sandbox, "/v1.0/robot/nothing", {})
    assert (status, answer["code"]) == (404, "InvalidAction.NotFound")


# --- messages -------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("path", [SINGLE, GROUP])


@BOTH
def test_a_message_names_its_robot(sandbox: Sandbox, path: str) -> None:
    for code in ("", None, 1):
        assert code_of(sandbox, path, robotCode=code) == (
            400,
            "invalidParameter.robotCode.empty",
        )


@BOTH
def test_a_message_by_a_robot_that_does_not_exist_is_refused(sandbox: Sandbox, path: str) -> None:
    assert code_of(sandbox, path, robotCode="other") == (
        400,
        "invalidParameter.robotCode.notExsit",
    )


@BOTH
def test_an_app_does_not_speak_for_the_robot_of_another_app(sandbox: Sandbox, path: str) -> None:
    assert code_of(sandbox, path, robotCode=OTHER.client_id) == (
        400,
        "invalidParameter.robotCode.auth",
    )


@pytest.mark.parametrize("users", [[], None, "lisi", [{}]])
def test_a_message_to_people_names_some(sandbox: Sandbox, users: Any) -> None:
    assert code_of(sandbox, SINGLE, userIds=users) == (400, "invalidParameter.userIds.empty")


def test_a_message_goes_to_at_most_20_people(sandbox: Sandbox) -> None:
    assert code_of(sandbox, SINGLE, userIds=["lisi"] * 21) == (
        400,
        "invalidParameter.userIds.overMax",
    )
    assert send(sandbox, userIds=["lisi"] * 20)


def test_people_who_were_not_reached_are_listed_in_an_answer_that_looks_good(
    sandbox: Sandbox,
) -> None:
    sandbox.client.configure(flow_controlled=["lisi"])
    body = message(sandbox, userIds=["zhangsan", "lisi", "nobody"])
    status, answer = post(sandbox, SINGLE, body, fetch_token(sandbox))
    assert status == 200
    assert answer["invalidStaffIdList"] == ["nobody"]
    assert answer["flowControlledStaffIdList"] == ["lisi"]
    [arrived] = sandbox.client.arrived("single")
    assert arrived.user_ids == ("zhangsan",)
    assert arrived.process_query_key == answer["processQueryKey"]
    nobody = message(sandbox, userIds=["nobody"])
    assert post(sandbox, SINGLE, nobody, fetch_token(sandbox))[0] == 200
    assert len(sandbox.client.arrived()) == 1


def test_a_message_to_a_group_without_the_robot_is_refused(sandbox: Sandbox) -> None:
    for place in ("cidNOBODY", "", None):
        assert code_of(sandbox, GROUP, openConversationId=place) == (
            400,
            "invalid.openConversationId",
        )


@BOTH
def test_a_message_has_a_known_msgkey(sandbox: Sandbox, path: str) -> None:
    for key in ("text", "sampleFeedCard", None):
        assert code_of(sandbox, path, msgKey=key) == (400, "invalidParameter.msgKey.invalid")


@pytest.mark.parametrize(
    ("key", "param"),
    [
        ("sampleText", {"content": "x"}),
        ("sampleText", None),
        ("sampleText", "no json"),
        ("sampleText", "[]"),
        ("sampleText", '{"content": 1}'),
        ("sampleText", '{"content": " "}'),
        ("sampleMarkdown", '{"text": "x"}'),
        ("sampleActionCard", '{"title": "t", "text": "x"}'),
        (
            "sampleActionCard2",
            '{"title": "t", "text": "x", "actionTitle1": "a", "actionURL1": "b"}',
        ),
        ("sampleFile", '{"mediaId": "@x", "fileName": "a.pdf"}'),
    ],
)
def test_the_msgparam_is_a_json_string_with_all_the_fields_of_its_msgkey(
    sandbox: Sandbox, key: str, param: Any
) -> None:
    for path in (SINGLE, GROUP):
        assert code_of(sandbox, path, msgKey=key, msgParam=param) == (
            400,
            "invalidParameter.msgParam.invalid",
        )


@pytest.mark.parametrize("content", ["x" * 15_000, "字" * 5000])
def test_the_msgparam_has_at_most_15000_bytes(sandbox: Sandbox, content: str) -> None:
    frame = len(json.dumps({"content": ""}))
    for path in (SINGLE, GROUP):
        param = json.dumps({"content": content}, ensure_ascii=False)
        assert code_of(sandbox, path, msgParam=param) == (
            400,
            "invalidParameter.msgParam.tooLong",
        )
    send(sandbox, userIds=["lisi"], msgParam=json.dumps({"content": "x" * (15_000 - frame)}))


def test_a_file_is_sent_with_a_type_that_can_be_uploaded(sandbox: Sandbox) -> None:
    media_id = upload(sandbox, fetch_token(sandbox))["media_id"]

    def fields(kind: str) -> dict[str, Any]:
        param = {"mediaId": media_id, "fileName": f"a.{kind}", "fileType": kind}
        return {"msgKey": "sampleFile", "msgParam": json.dumps(param)}

    for kind in ("exe", "py", ""):
        assert code_of(sandbox, SINGLE, **fields(kind))[0] == 400
    for kind in ("pdf", "pptx", "mp4"):
        send(sandbox, userIds=["lisi"], **fields(kind))


def test_media_that_were_not_uploaded_are_not_sent(sandbox: Sandbox) -> None:
    for key, name in (("sampleImageMsg", "photoURL"), ("sampleAudio", "mediaId")):
        param = json.dumps({name: "@unknown", "duration": "1"})
        assert code_of(sandbox, SINGLE, msgKey=key, msgParam=param) == (
            400,
            "invalidParameter.msgParam.invalid",
        )


def test_a_group_message_arrives_in_its_group(sandbox: Sandbox) -> None:
    sandbox.client.add_group(SandboxGroup("cidNEW==", "新群"))
    param = json.dumps({"title": "标题", "text": "正文"}, ensure_ascii=False)
    send(sandbox, GROUP, openConversationId="cidNEW==", msgKey="sampleMarkdown", msgParam=param)
    [arrived] = sandbox.client.arrived("group", "cidNEW==")
    assert (arrived.title, arrived.text) == ("标题", "正文")
    assert arrived.param_size == len(param.encode())


def test_somebody_new_can_be_reached(sandbox: Sandbox) -> None:
    sandbox.client.add_person(Person("王五", staff_id="wangwu"))
    send(sandbox, userIds=["wangwu"])
    assert sandbox.client.arrived("single")[0].user_ids == ("wangwu",)


# --- afterwards -----------------------------------------------------------------------------------


def recall(sandbox: Sandbox, *keys: str, group: str = "") -> tuple[int, dict[str, Any]]:
    body: dict[str, Any] = {"robotCode": sandbox.client_id, "processQueryKeys": [*keys]}
    if group:
        body["openConversationId"] = group
    return post(sandbox, GROUP_RECALL if group else RECALL, body, fetch_token(sandbox))


def test_a_recall_names_1_to_20_messages(sandbox: Sandbox) -> None:
    for keys in ((), ("x",) * 21):
        for group in ("", TEAM):
            status, answer = recall(sandbox, *keys, group=group)
            assert (status, answer["code"]) == (400, "invalidParameter.processQueryKeys")


def test_a_message_that_this_robot_did_not_send_there_is_not_recalled(sandbox: Sandbox) -> None:
    single = send(sandbox, userIds=["lisi"])
    group = send(sandbox, GROUP, openConversationId=TEAM)
    for keys, place in (((single, "unknown"), TEAM), ((group, "unknown"), "")):
        status, answer = recall(sandbox, *keys, group=place)
        assert (status, answer["successResult"]) == (200, [])
        assert answer["failedResult"] == dict.fromkeys(keys, "notRevoke.all.messages")
    assert sandbox.client.recalled() == []
    assert recall(sandbox, single)[1] == {"successResult": [single], "failedResult": {}}
    assert recall(sandbox, group, group=TEAM)[1]["successResult"] == [group]
    assert [each.process_query_key for each in sandbox.client.recalled()] == [single, group]


def test_a_message_is_recalled_within_24_hours(still: Sandbox) -> None:
    key = send(still, userIds=["lisi"])
    still.client.advance(24 * 3600 + 1)
    assert recall(still, key)[1]["failedResult"] == {key: "robot.processQueryKey.expired"}


Ask = Callable[[str], tuple[int, dict[str, Any]]]


def readers(sandbox: Sandbox, group: str = "", **fields: Any) -> Ask:
    """What asks for the read state of a message by its key."""

    def ask(key: str) -> tuple[int, dict[str, Any]]:
        given = {"robotCode": sandbox.client_id, "processQueryKey": key}
        token = fetch_token(sandbox)
        if group:
            body = {**given, "openConversationId": group, **fields}
            return post(sandbox, GROUP_READ, body, token)
        query = "&".join(f"{name}={value}" for name, value in given.items())
        return call(sandbox, "GET", f"{READ}?{query}", token=token)

    return ask


def test_the_read_state_of_an_unknown_message_is_refused(still: Sandbox) -> None:
    single = send(still, userIds=["lisi", "zhangsan"])
    group = send(still, GROUP, openConversationId=TEAM)
    alone, there = readers(still), readers(still, TEAM)
    for ask, key in ((alone, "unknown"), (there, "unknown"), (alone, group), (there, single)):
        status, answer = ask(key)
        assert (status, answer["code"]) == (400, "invalidParameter.processQueryKey")
    [first, second] = still.client.arrived()
    still.client.read(first, "lisi")
    still.client.read(second, "zhangsan")
    status, answer = alone(single)
    assert (status, answer["sendStatus"]) == (200, "SUCCESS")
    assert {each["userId"]: each["readStatus"] for each in answer["messageReadInfoList"]} == {
        "lisi": "READ",
        "zhangsan": "UNREAD",
    }
    recall(still, single)
    assert alone(single)[1]["sendStatus"] == "RECALLED"
    still.client.advance(24 * 3600 + 1)
    assert alone(single)[0] == 400


def test_the_read_state_of_a_group_comes_in_pages_of_at_most_200(sandbox: Sandbox) -> None:
    key = send(sandbox, GROUP, openConversationId=TEAM)
    [message] = sandbox.client.arrived()
    for user in ("lisi", "zhangsan", "lisi"):
        sandbox.client.read(message, user)
    for most in (0, 201, "x"):
        status, answer = readers(sandbox, TEAM, maxResults=most)(key)
        assert (status, answer["code"]) == (400, "invalidParameter.maxResults")
    first = readers(sandbox, TEAM, maxResults=1)(key)[1]
    assert (first["readUserIds"], first["hasMore"]) == (["lisi"], True)
    second = readers(sandbox, TEAM, maxResults=1, nextToken=first["nextToken"])(key)[1]
    assert (second["readUserIds"], second["hasMore"]) == (["zhangsan"], False)
