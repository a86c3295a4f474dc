"""Calls to a sandbox by a plain HTTP client, without a proxy and with a short timeout."""

from __future__ import annotations

from typing import Any

import requests

from dingbridge.sandbox import Sandbox

TOKEN_HEADER = "x-acs-dingtalk-access-token"
TOKEN_PATH = "/v1.0/oauth2/accessToken"
WITHIN = 10.0
"""Seconds for an answer."""


def request(method: str, url: str, **words: Any) -> requests.Response:
    """Make one request. `words` are the arguments of requests."""
    with requests.Session() as http:
        http.trust_env = False
        return http.request(method, url, timeout=WITHIN, **words)


def call(
    sandbox: Sandbox, method: str, path: str, body: Any = None, token: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and decoded answer of a call, with a JSON body or none."""
    headers = {} if token is None else {TOKEN_HEADER: token}
    words = {} if body is None else {"json": body}
    response = request(method, sandbox.url + path, headers=headers, **words)
    return response.status_code, response.json()


def post(
    sandbox: Sandbox, path: str, body: Any, token: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and decoded answer of a POST with a JSON body."""
    return call(sandbox, "POST", path, body, token)


def fetch_token(sandbox: Sandbox, client_id: str = "", secret: str = "") -> str:
    """The access token of the first app, or of the named one."""
    body = {
        "appKey": client_id or sandbox.client_id,
        "appSecret": secret or sandbox.client_secret,
    }
    status, answer = post(sandbox, TOKEN_PATH, body)
    assert status == 200, answer
    token: str = answer["accessToken"]
    return token
