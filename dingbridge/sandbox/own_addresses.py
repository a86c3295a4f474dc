"""The sandbox's own addresses, which DingTalk does not have: who may use the control API and the
page.

No other web page may control a sandbox, neither with a form nor through a domain of its own that
resolves to this machine. So the `Host` is loopback, the address has a token, and:

- the control API is not for browsers: a request with an `Origin` is refused;
- the page takes requests of itself alone: an `Origin` is its own, and every POST has one.
"""

from __future__ import annotations

import secrets

from aiohttp import hdrs, web

from dingbridge.sandbox.state import CONTROL, PAGE, World

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
CONTROL_BYTES = ("offer",)
"""Commands whose body is bytes; that of all others is JSON."""
PAGE_BYTES = ("upload",)
"""What the page sends as bytes; all else is JSON."""
FROM_HERE = ("same-origin", "none")
"""`Sec-Fetch-Site` of the page's own requests, and of an address that was typed or opened by
another program."""

Refusal = tuple[int, str]


def is_own(request: web.Request) -> bool:
    """Whether a request is for the sandbox itself, and none of DingTalk's calls."""
    return any(is_below(request.path, start) for start in (CONTROL, PAGE))


def refusal(request: web.Request, world: World) -> Refusal | None:
    """The status and the words with which a request to an own address is refused, or None."""
    host = request.host.rpartition(":")[0] if request.url.explicit_port else request.host
    if host not in LOOPBACK:
        return 403, f"the sandbox is at {LOOPBACK[0]} only"
    if is_below(request.path, PAGE):
        return _page_refusal(request, world)
    return _control_refusal(request, world)


def is_below(path: str, start: str) -> bool:
    """Whether a path is `start` or something below it."""
    return path == start or path.startswith(f"{start}/")


def _control_refusal(request: web.Request, world: World) -> Refusal | None:
    if hdrs.ORIGIN in request.headers:
        return 403, "the control API is not for web pages"
    if not _has_token(request, CONTROL, world.token):
        return 403, "the address has a token: it is `control` in what the sandbox printed"
    return _wrong_type(request, CONTROL_BYTES)


def _page_refusal(request: web.Request, world: World) -> Refusal | None:
    origin = request.headers.get(hdrs.ORIGIN, "" if request.method == "POST" else None)
    if origin not in (None, f"http://{request.host}"):
        return 403, "other web pages may not use this one"
    if request.headers.get("Sec-Fetch-Site", "none") not in FROM_HERE:
        return 403, "other web pages may not use this one"
    if not _has_token(request, PAGE, world.page_token):
        return 403, "the address has a token: it is `page` in what the sandbox printed"
    return _wrong_type(request, PAGE_BYTES)


def _has_token(request: web.Request, start: str, token: str) -> bool:
    given = request.path.removeprefix(start).lstrip("/").partition("/")[0]
    return secrets.compare_digest(given.encode(), token.encode())


def _wrong_type(request: web.Request, as_bytes: tuple[str, ...]) -> Refusal | None:
    name = request.path.rpartition("/")[2]
    wanted = "application/octet-stream" if name in as_bytes else "application/json"
    if request.method == "POST" and request.content_type != wanted:
        return 415, f"it has to be sent with 'Content-Type: {wanted}'"
    return None
