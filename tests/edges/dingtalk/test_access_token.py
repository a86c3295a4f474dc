"""The access token of a robot is fetched once, however many threads need it at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dingbridge.core.dingtalk.access_token import HeldToken
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.openapi import AccessToken, AccessTokens
from tests.support.processes import until


class Fetch:
    """Gives the tokens t1, t2 …, each good for an hour; one at a time, when `may` is set."""

    def __init__(self) -> None:
        self.count = 0
        self.may = threading.Event()
        self.may.set()

    def __call__(self) -> HeldToken:
        self.count += 1
        assert self.may.wait(10)
        return HeldToken(f"t{self.count}", time.monotonic() + 3600)


def test_threads_that_need_a_token_at_once_wait_for_one_call() -> None:
    token, fetch = AccessToken(), Fetch()
    fetch.may.clear()
    with ThreadPoolExecutor(8) as threads:
        got = [threads.submit(token.get, fetch) for _ in range(8)]
        until(lambda: fetch.count, "the first of them asks")
        fetch.may.set()
        assert {each.result(10) for each in got} == {"t1"}
    assert fetch.count == 1


def test_a_token_that_several_were_refused_with_is_replaced_once() -> None:
    token, fetch = AccessToken(), Fetch()
    used = token.get(fetch)
    token.refused(used)
    assert token.get(fetch) == "t2"
    token.refused(used)  # the answer to a call that was made before
    assert token.get(fetch) == "t2"


def test_an_app_has_one_token_until_it_has_another_secret() -> None:
    tokens = AccessTokens()

    def of(**changes: Any) -> AccessToken:
        return tokens.of(read({"app_key": "dingone", "app_secret": "first", **changes}, {}))

    assert of(user_id="zhangsan") is of(user_id="lisi")
    assert of() is not of(app_key="dingtwo")
    first = of()
    assert of(app_secret="second") is not first
    assert of(endpoint={"api": "http://127.0.0.1:9"}) is not of()
