"""Short requests without the overhead of requests: uses the connection pools of a session, with
its proxies and certificates."""

from __future__ import annotations

from collections.abc import Mapping

import requests
from msgspec import Struct
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from dingbridge.edges.dingtalk.http.failures import of_requests
from dingbridge.edges.dingtalk.http.fast_connections import CLASSES

ADDRESSES_KEPT = 64
"""URLs (a count) whose pools are cached; signed URLs differ each time."""

_ONCE = Retry(0, read=False)


class PooledAddress(Struct, frozen=True):
    """How to reach a URL: the connection pool, and the target of the request line."""

    pool: HTTPConnectionPool
    target: str


class FastPosts:
    """POSTs by the pools of a requests session. One thread."""

    def __init__(
        self, session: requests.Session, proxies: Mapping[str, str], timeout: tuple[float, float]
    ) -> None:
        self._session = session
        self._proxies = dict(proxies)
        self._headers = {name: str(value) for name, value in session.headers.items()}
        self._timeout = Timeout(connect=timeout[0], read=timeout[1])
        self._addresses: dict[str, PooledAddress] = {}

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """The answer with an unread body. Raises what requests raises, and `ValueError` for an
        invalid header."""
        known = self._addresses.get(url) or self._found(url)
        try:
            return known.pool.urlopen(
                "POST",
                known.target,
                body=body,
                headers={**self._headers, **headers},
                retries=_ONCE,
                redirect=False,
                assert_same_host=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError) as cause:
            raise of_requests(cause) from cause

    def forget(self) -> None:
        """Clear the cache, because the session has closed its connections."""
        self._addresses.clear()

    def _found(self, url: str) -> PooledAddress:
        """The route to a URL, found as `requests.Session.send` and its adapter do."""
        request = self._session.prepare_request(requests.Request("POST", url))
        url_read = str(request.url)
        settings = self._session.merge_environment_settings(
            url_read, dict(self._proxies), None, None, None
        )
        verify, proxies = settings["verify"], settings["proxies"]
        adapter = self._session.get_adapter(url_read)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)  # noqa: S101 - there is no other
        pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies)
        assert isinstance(pool, HTTPConnectionPool)  # noqa: S101 - all of them are
        adapter.cert_verify(pool, url_read, verify, None)  # type: ignore[no-untyped-call]  # as it is
        pool.ConnectionCls = CLASSES.get(pool.ConnectionCls, pool.ConnectionCls)
        found = PooledAddress(pool, adapter.request_url(request, proxies))
        if len(self._addresses) >= ADDRESSES_KEPT:
            self._addresses.clear()
        self._addresses[url] = found
        return found
