"""Addresses in options: endpoints, proxies and webhooks, and which of them are trusted."""

from __future__ import annotations

from dingbridge.core.catalogue import options as say
from dingbridge.core.catalogue import settings
from dingbridge.core.options.kinds import Option, OptionKind
from dingbridge.core.options.placeholders import UNKNOWN, is_placeholder
from dingbridge.core.options.problems import Problems
from dingbridge.core.options.urls import DINGTALK_DOMAINS, UrlParts, read_address


class Addresses:
    """Reads addresses. Each method returns None for an invalid one and adds a problem."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._origins: set[tuple[str, str, int]] = set()
        self._trusts_all = False

    def trust(self, endpoint: object) -> None:
        """Also accept webhooks on the host of `endpoint`, for example a local sandbox."""
        self._trusts_all = self._trusts_all or endpoint is UNKNOWN
        address = read_address(endpoint) if isinstance(endpoint, str) else None
        if address is not None:
            self._origins.add(address.origin)

    def read(self, option: Option, text: str, path: str) -> str | None:
        """An endpoint or proxy URL, without a trailing slash."""
        address = read_address(text)
        fits = address is not None and not address.query and not address.fragment
        if address is not None and option.kind is OptionKind.PROXY:
            fits = fits and address.scheme == "http" and address.path in ("", "/")
        elif address is not None:
            trusted = address.scheme == "https" or address.is_loopback
            fits = fits and trusted and address.user is None
        if not fits:
            self._problems.add(path, say.MUST_BE(expected=option.expects))
            return None
        return text.rstrip("/")

    def webhook(self, option: Option, text: str, path: str) -> str | None:
        """A custom robot's webhook URL, at DingTalk or a trusted endpoint."""
        address = read_address(text)
        if address is None or address.fragment or address.user is not None:
            self._problems.add(path, say.MUST_BE(expected=option.expects))
            return None
        token = address.parameter("access_token")
        trusted = self._trusts_all or address.origin in self._origins
        if not trusted and not self._at_dingtalk(address, path):
            return None
        if address.path != "/robot/send":
            self._problems.add(path, settings.ROBOT_SEND_ONLY())
        elif not token:
            self._problems.add(path, settings.NO_ACCESS_TOKEN())
        elif option.belongs and is_placeholder(token):
            self._problems.add(path, say.IS_PLACEHOLDER(text=token, belongs=option.belongs()))
        else:
            return text
        return None

    def _at_dingtalk(self, address: UrlParts, path: str) -> bool:
        if address.scheme != "https":
            self._problems.add(path, settings.HTTPS_ONLY())
            return False
        if not address.is_under(DINGTALK_DOMAINS):
            self._problems.add(path, settings.FOREIGN_HOST(host=address.host))
            return False
        return True
