"""Parses the URLs that options accept, strictly.

`urllib.parse` is lenient where the HTTP client is not, and vice versa (white space, backslashes),
so the grammar here is small and closed.
"""

from __future__ import annotations

import re

from msgspec import Struct

from dingbridge.core.regex import regex

DINGTALK_DOMAINS = ("dingtalk.com", "dingtalk.io")
"""The domains of DingTalk; their subdomains count as well."""

_ADDRESS = regex(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", flags=re.ASCII | re.IGNORECASE)
_AUTHORITY = regex(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_PRINTABLE = regex(r"[!-\[\]-~]*")
_DEFAULT_PORT = {"http": 80, "https": 443}


class UrlParts(Struct, frozen=True):
    """The parts of a URL. `query` and `fragment` keep their `?` and `#`; `user` may be a secret."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    fragment: str
    user: str | None

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: equal for URLs of the same server."""
        return self.scheme, self.host, self.port

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        return self.host in ("localhost", "[::1]") or bool(
            re.fullmatch(r"127\.[0-9]+\.[0-9]+\.[0-9]+", self.host)
        )

    def is_under(self, domains: tuple[str, ...]) -> bool:
        """Whether the host is one of `domains` or a subdomain of one."""
        return any(self.host == domain or self.host.endswith("." + domain) for domain in domains)

    def parameter(self, name: str) -> str:
        """The first query parameter of that name, not decoded; empty without one."""
        for pair in self.query[1:].split("&"):
            key, _, value = pair.partition("=")
            if key == name:
                return value
        return ""


def read_address(text: str) -> UrlParts | None:
    """The parts of an http or https URL; None for anything else."""
    match = _ADDRESS.fullmatch(text) if _PRINTABLE.fullmatch(text) else None
    if match is None:
        return None
    scheme = match.group(1).lower()
    user, at, authority = match.group(2).rpartition("@")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        return None
    port = int(parts.group(2) or _DEFAULT_PORT[scheme])
    if not 1 <= port <= 65535:
        return None
    return UrlParts(
        scheme=scheme,
        host=parts.group(1).lower(),
        port=port,
        path=match.group(3),
        query=match.group(4) or "",
        fragment=match.group(5) or "",
        user=user if at else None,
    )
