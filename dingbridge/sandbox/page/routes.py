"""The addresses of the page: its files, its news, and what is done in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import hdrs, web

from dingbridge.sandbox.answers import answer
from dingbridge.sandbox.commands import NamedFault, Press, Tap
from dingbridge.sandbox.media import PIECE, MediaCalls
from dingbridge.sandbox.named_faults import NamedFaults
from dingbridge.sandbox.page.feed import Feed
from dingbridge.sandbox.page.typed import Typed, utterance
from dingbridge.sandbox.people import People
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import Pressed, Said
from dingbridge.sandbox.shelf import Kept
from dingbridge.sandbox.state import PAGE

T = TypeVar("T", bound=msgspec.Struct)

BELOW: Final = f"{PAGE}/{{token}}"
TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        *("script-src 'self'", "style-src 'self'", "connect-src 'self'"),
        *("img-src 'self' blob:", "media-src 'self' blob:"),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
        *("require-trusted-types-for 'script'", "trusted-types cleaned"),
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    hdrs.CACHE_CONTROL: "no-store",
}
PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
"""The pictures that are shown, by their first bytes. What else there is can only be saved."""


class Page:
    """Answers `/_page/TOKEN/…`."""

    def __init__(self, platform: Platform, people: People, faults: NamedFaults) -> None:
        self._platform = platform
        self._world = platform.world
        self._people = people
        self._faults = faults
        self._feed = Feed(platform)
        self._media = MediaCalls(platform)

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here: all below the page's address."""
        return [
            web.get(f"{BELOW}/", self.index),
            web.get(f"{BELOW}/events", self.events),
            web.get(f"{BELOW}/media/{{media_id}}", self.media),
            web.get(f"{BELOW}/sent/{{code}}", self.sent),
            web.post(f"{BELOW}/upload", self._media.offer),
            self._command("say", Typed, self._say),
            self._command("tap", Tap, self._tap),
            self._command("press", Press, self._press),
            self._command("fault", NamedFault, self._faults.inject),
            web.get(f"{BELOW}/{{name}}", self.asset),
            web.route("*", f"{PAGE}{{anything:.*}}", nothing),
        ]

    async def index(self, request: web.Request) -> web.Response:
        """The page itself."""
        return file_of("index.html")

    async def asset(self, request: web.Request) -> web.Response:
        """One of the files that the page consists of."""
        return file_of(request.match_info["name"])

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What is new, as long as the page is open."""
        return await self._feed.follow(request, HEADERS)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """The bytes of what a bridge uploaded."""
        return bytes_of(self._world.media.get(request.match_info["media_id"]))

    async def sent(self, request: web.Request) -> web.StreamResponse:
        """The bytes of what somebody sent, for as long as it can be downloaded."""
        offer = self._world.download_codes.get(request.match_info["code"])
        return bytes_of(offer.kept if offer else None)

    async def _say(self, typed: Typed) -> Said:
        return await self._people.say(utterance(self._world, typed))

    async def _tap(self, tap: Tap) -> Said | None:
        return await self._people.tap(tap)

    async def _press(self, press: Press) -> Pressed:
        return await self._people.press(press)

    def _command(
        self, name: str, kind: type[T], act: Callable[[T], Awaitable[Any]]
    ) -> web.RouteDef:
        async def handle(request: web.Request) -> web.Response:
            try:
                done = await act(msgspec.json.decode(await request.read(), type=kind))
            except ValueError as problem:
                return answer({"error": str(problem)}, 400)
            # What there is to see comes with the news; a session webhook is nobody's business.
            lost = bool(getattr(done, "lost", False))
            return answer({"done": done is not None, "lost": lost})

        return web.post(f"{BELOW}/{name}", handle)


async def nothing(request: web.Request) -> web.Response:
    """The answer to an address below the page's that does not exist."""
    return answer({"error": "there is nothing here"}, 404)


def file_of(name: str) -> web.Response:
    """A file of the page by its name; 404 for what is none."""
    body = ASSETS.get(name)
    if body is None:
        return answer({"error": f"there is no {name!r}"}, 404)
    kind = TYPES[name.rpartition(".")[2]]
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)


def bytes_of(kept: Kept | None) -> web.StreamResponse:
    """A picture to show, or a file to save: nothing that a browser would run."""
    if kept is None:
        return answer({"error": "there is no such file"}, 404)
    with kept.path.open("rb") as file:
        beginning = file.read(12)
    kind = kind_of(beginning)
    headers = {**HEADERS, hdrs.CONTENT_TYPE: kind, "Content-Security-Policy": "sandbox"}
    if not kind.startswith("image/"):
        headers[hdrs.CONTENT_DISPOSITION] = "attachment"
    return web.FileResponse(kept.path, chunk_size=PIECE, headers=headers)


def kind_of(beginning: bytes) -> str:
    """The content type of a picture by its first twelve bytes; else that of any bytes."""
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        return "image/webp"
    found = (kind for start, kind in PICTURES if beginning.startswith(start))
    return next(found, "application/octet-stream")


def _assets() -> dict[str, bytes]:
    folder = resources.files("dingbridge.sandbox.page").joinpath("assets")
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.name.rpartition(".")[2] in TYPES
    }


ASSETS: Final = _assets()
