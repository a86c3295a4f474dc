"""No secret reaches a log line or an error, however it is written there."""

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dingbridge.core.secrets.heuristics import LEAST_OWN
from dingbridge.core.secrets.redaction import MASK, redact

TOKENS = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=12, max_size=60
).map("Zq7".__add__)
"""Values that occur nowhere else in a log line."""

STRANGE = ["app_\u212aey", "\u017fecret", "t\u0130cket", "t\u0131cket", "AppSecret"]
"""Names in letters that count as small or large ones of others."""

QUERY_NAMES = [
    "access_token",
    "session",
    "ticket",
    "sign",
    "appsecret",
    "appkey",
    "client_secret",
]
FIELDS = ["clientSecret", "appSecret", "accessToken", "ticket", "sessionWebhook", "access_token"]
ROBOT_SECRET = "SEC" + "0123456789abcdef" * 4

LOGS = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=10),
        st.sampled_from(
            [
                *("access_token=", "?session=", "&sign=", "ticket", "%26sign%3D", "&", "=", "%3d"),
                *('"', "'", "\\", '\\"', ":", "\n", "*", "**", MASK, "SEC", ROBOT_SECRET),
                *('"clientSecret":"', '\\"sessionWebhook\\":\\"', "x-acs-dingtalk-access-token: "),
            ]
        ),
    )
).map("".join)


@given(st.sampled_from(STRANGE), TOKENS)
def test_a_name_is_known_in_all_letters_that_count_as_its_own(name: str, token: str) -> None:
    assert redact(f"{name}={token}") == f"{name}={MASK}"


@given(LOGS, st.lists(st.text(max_size=6) | st.text('*=&"token', max_size=8), max_size=4))
def test_redacting_twice_is_redacting_once(text: str, secrets: list[str]) -> None:
    once = redact(text, secrets)
    assert redact(once, secrets) == once


@given(LOGS, st.lists(st.text(st.characters(), max_size=8), max_size=4))
def test_no_given_secret_is_left(text: str, secrets: list[str]) -> None:
    for secret in secrets:
        text += secret
    redacted = redact(text, secrets)
    for secret in secrets:
        assert len(secret) < LEAST_OWN or secret not in redacted


@given(st.text(min_size=LEAST_OWN), st.text("xyz ", max_size=20))
def test_a_given_secret_is_found_in_its_encoded_spellings(secret: str, around: str) -> None:
    assume(secret not in around * 2 and secret not in MASK)
    for spelling in (
        secret,
        quote(secret, safe=""),
        urlencode({"k": secret})[2:],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    ):
        assert spelling not in redact(f"{around}\n{spelling}\n{around}", [secret])


@given(st.sampled_from(QUERY_NAMES), TOKENS)
def test_a_secret_in_a_url_is_masked_and_the_rest_of_the_url_kept(name: str, token: str) -> None:
    url = f"https://oapi.dingtalk.com/robot/send?{name}={token}&timestamp=17#end"
    expected = f"https://oapi.dingtalk.com/robot/send?{name}={MASK}&timestamp=17#end"
    assert redact(f"POST {url} failed") == f"POST {expected} failed"
    assert token not in redact(url.replace("?", "?robot=1&"))
    encoded = quote(url, safe="")
    assert token not in redact(f"page?url={encoded}")
    assert token not in redact(f"page?url={quote(encoded, safe='')}")
    assert token not in redact(json.dumps({"url": url}))
    assert token not in redact(url.replace("&", "\\u0026").upper().replace(token.upper(), token))


@given(st.sampled_from(FIELDS), st.text(min_size=1))
def test_a_secret_field_of_json_is_masked_and_the_rest_of_the_json_kept(
    name: str, value: str
) -> None:
    body = {"a": "before", name: value, "z": "after"}
    masked = {"a": "before", name: MASK, "z": "after"}
    for ensure_ascii in (True, False):
        assert json.loads(redact(json.dumps(body, ensure_ascii=ensure_ascii))) == masked


@given(st.sampled_from(FIELDS), TOKENS, st.sampled_from(['"', "\\", "'", "中", " "]))
def test_a_secret_field_is_masked_in_nested_json_reprs_and_shortened_lines(
    name: str, token: str, between: str
) -> None:
    value = token + between + token
    body = {"a": "before", name: value, "z": "after"}
    for line in (
        json.dumps({"data": json.dumps(body)}),
        json.dumps({"data": json.dumps({"data": json.dumps(body)})}),
        repr(body),
        json.dumps(body).partition(f'"{name}"')[0] + f'"{name}": "{token} and then cut',
    ):
        redacted = redact(line)
        assert token not in redacted
        assert "before" in redacted


@pytest.mark.parametrize(
    "line",
    [
        "x-acs-dingtalk-access-token: {}",
        "X-Acs-Dingtalk-Access-Token:{}\r\nHost: api.dingtalk.com",
        "{{'x-acs-dingtalk-access-token': '{}', 'b': 1}}",
        "{{'x-acs-dingtalk-access-token': b'{}'}}",
        "[('x-acs-dingtalk-access-token', '{}')]",
        '{{"x-acs-dingtalk-access-token": "{}"}}',
    ],
)
@given(token=TOKENS)
def test_the_token_header_is_masked(line: str, token: str) -> None:
    redacted = redact(line.format(token))
    assert token not in redacted
    assert redacted == line.format(MASK)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"signed with {ROBOT_SECRET}.", f"signed with {MASK}."),
        (repr(f"17\n{ROBOT_SECRET}"), rf"'17\n{MASK}'"),
        ("Options(client_secret='abc', client_id='ding1')", None),
        ("wss://host/connect?ticket=abc-def HTTP/1.1", "wss://host/connect?ticket=*** HTTP/1.1"),
        (
            "session=alpha of design: 'x' has no ticket",
            "session=alpha of design: 'x' has no ticket",
        ),
        ("SECTION and SECURITY", "SECTION and SECURITY"),
        ("", ""),
    ],
)
def test_what_a_log_shows(text: str, expected: str | None) -> None:
    if expected is None:
        expected = text.replace("abc", MASK)
    assert redact(text) == expected


def test_one_secret_given_as_a_plain_string_is_masked() -> None:
    assert redact("pass hunter2", "hunter2") == f"pass {MASK}"


def test_a_secret_that_masking_itself_completes_is_masked() -> None:
    assert redact("abcdx", ["abcd", "***x"]) == MASK


def test_a_secret_with_a_space_is_found_in_a_path_and_in_a_query() -> None:
    assert redact("/hunter%202x?q=hunter+2x", ["hunter 2x"]) == f"/{MASK}?q={MASK}"


def test_short_values_do_not_shred_the_line() -> None:
    assert redact("an ordinary line", ["", "a", "in", "ine"]) == "an ordinary line"
