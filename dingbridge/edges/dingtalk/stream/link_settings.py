"""The settings of a stream connection."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from dingbridge.core.dingtalk.keepalive import KeepAliveTiming
from dingbridge.core.options.declarations import Options


class StreamSettings(Struct, frozen=True):
    """The settings of one stream. `proxy` is a URL or empty; log lines name the `account`."""

    client_id: str
    client_secret: str
    api: str
    trusted_origins: tuple[str, ...]
    proxy: str = ""
    account: str = "default"
    timing: KeepAliveTiming = KeepAliveTiming()

    @classmethod
    def of(cls, options: Options) -> StreamSettings:
        """The settings of an account that its stream uses."""
        endpoints = map(urlsplit, (options.endpoint_api, options.endpoint_oapi))
        return cls(
            client_id=options.app_key,
            client_secret=options.app_secret,
            api=options.endpoint_api,
            trusted_origins=tuple(f"{url.scheme}://{url.netloc}" for url in endpoints),
            proxy=options.proxy,
            account=options.account,
        )

    def __repr__(self) -> str:
        return f"StreamSettings(client_id={self.client_id!r}, client_secret='***')"
