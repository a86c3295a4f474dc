"""The control API, `/_sandbox/TOKEN/…`: what a test or a demo says, asks and breaks, as JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import structs

from dingbridge.sandbox.answers import answer
from dingbridge.sandbox.commands import (
    Advance,
    Configure,
    Disconnect,
    NamedFault,
    Nothing,
    OnConnection,
    Press,
    Raw,
    Read,
    Scan,
    Tap,
)
from dingbridge.sandbox.connections import StreamConnection
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.inbound import Utterance
from dingbridge.sandbox.named_faults import NamedFaults
from dingbridge.sandbox.people import People
from dingbridge.sandbox.platform import COMMANDS, Platform
from dingbridge.sandbox.records import Connections
from dingbridge.sandbox.scanned_apps import ScannedApps
from dingbridge.sandbox.settings import App, CustomRobot, Person, SandboxGroup, Settings
from dingbridge.sandbox.stream import Stream

T = TypeVar("T", bound=msgspec.Struct)
Act = Callable[[T], Awaitable[Any]]


class Control:
    """Answers `/_sandbox/TOKEN/…`. A command is a POST of its value, a question a GET."""

    def __init__(
        self,
        platform: Platform,
        stream: Stream,
        people: People,
        faults: NamedFaults,
        apps: ScannedApps,
    ) -> None:
        self._platform = platform
        self._world = platform.world
        self._stream = stream
        self._people = people
        self._faults = faults
        self._apps = apps

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here: all below the control address."""
        return [
            *self._known(),
            web.route("*", COMMANDS, self.overview),
            web.route("*", f"{COMMANDS}/{{anything:.*}}", self.overview),
        ]

    def _known(self) -> list[web.RouteDef]:
        return [
            web.get(f"{COMMANDS}/log/{{name}}", self.log),
            web.get(f"{COMMANDS}/connections", self.connections),
            web.get(f"{COMMANDS}/hanging", self.hanging),
            web.get(f"{COMMANDS}/page", self.page),
            self._command("say", Utterance, self._people.say),
            self._command("tap", Tap, self._people.tap),
            self._command("press", Press, self._people.press),
            self._command("read", Read, self.read),
            self._command("raw", Raw, self.raw),
            self._command("ping", OnConnection, self.ping),
            self._command("disconnect", Disconnect, self.disconnect),
            self._command("half-open", OnConnection, self.half_open),
            self._command("abort", OnConnection, self.abort),
            self._command("expire-session-webhooks", Nothing, self.expire_session_webhooks),
            self._command("revoke-tokens", Nothing, self.revoke_tokens),
            self._command("fault", Fault, self.fault),
            self._command("named-fault", NamedFault, self._faults.inject),
            self._command("clear-faults", Nothing, self.clear_faults),
            self._command("release", Nothing, self.release),
            self._command("advance", Advance, self.advance),
            self._command("configure", Configure, self.configure),
            self._command("person", Person, self.person),
            self._command("group", SandboxGroup, self.group),
            self._command("robot", CustomRobot, self.robot),
            self._command("app", App, self.app),
            self._command("scan", Scan, self._apps.scan),
        ]

    async def log(self, request: web.Request) -> web.Response:
        """A list from its beginning; waits until it has `at_least` entries or time is up."""
        entries = self._logs().get(request.match_info["name"])
        if entries is None:
            return await self.overview(request)
        at_least = int(request.query.get("at_least", "0"))
        await self._until(lambda: len(entries) >= at_least, request)
        return answer(entries)

    async def overview(self, request: web.Request) -> web.Response:
        """What there is, after what is wrong with the request if it asked for anything else."""
        paths: dict[str, list[str]] = {"POST": [], "GET": []}
        for route in self._known():
            name = route.path.removeprefix(f"{COMMANDS}/")
            names = [f"log/{each}" for each in self._logs()] if name == "log/{name}" else [name]
            paths[route.method] += names
        wanted = request.path.partition(self._world.token)[2].strip("/")
        if not wanted:
            return answer(paths)
        for method, names in paths.items():
            if wanted in names:
                return answer({"error": f"{wanted!r} takes a {method}", **paths}, 405)
        return answer({"error": f"there is no {wanted!r}", **paths}, 404)

    async def connections(self, request: web.Request) -> web.Response:
        """All connections; waits until exactly `open` are open and `total` have been, or time."""
        wanted = int(request.query.get("open", "-1"))
        total = int(request.query.get("total", "0"))

        def holds() -> bool:
            now = self._connections()
            return now.total >= total and wanted in (-1, len(now.open))

        await self._until(holds, request)
        return answer(self._connections())

    async def hanging(self, request: web.Request) -> web.Response:
        """How many requests hang; waits until there are `at_least` so many, or time is up."""
        at_least = int(request.query.get("at_least", "0"))
        await self._until(lambda: self._platform.hanging >= at_least, request)
        return answer(self._platform.hanging)

    async def page(self, request: web.Request) -> web.Response:
        """The address of the page for a browser."""
        return answer(self._world.page)

    async def read(self, command: Read) -> None:
        """Somebody reads a message, once. Raises ValueError when there is no such message."""
        if not any(each.number == command.message for each in self._world.arrived):
            raise ValueError(f"no message {command.message} has arrived")
        reader = self._world.settings.person(command.user).staff_id
        readers = self._world.read[command.message]
        if reader not in readers:
            readers.append(reader)

    async def raw(self, command: Raw) -> int:
        """Pushes arbitrary text or bytes; to how many connections."""
        data = base64.b64decode(command.base64, validate=True)
        links = self._links(command.connection)
        for link in links.values():
            if command.wire:
                link.transport.write(data)
            else:
                await link.send(data if command.base64 else command.text)
        return len(links)

    async def ping(self, command: OnConnection) -> list[str]:
        """Sends a SYSTEM ping; the header ids of their acknowledgements."""
        return [await self._stream.ping(name) for name in self._links(command.connection)]

    async def disconnect(self, command: Disconnect) -> list[str]:
        """Tells clients to leave; the connections' names."""
        names = list(self._links(command.connection))
        for name in names:
            await self._stream.disconnect(name, command.reason)
        return names

    async def half_open(self, command: OnConnection) -> list[str]:
        """Makes connections swallow everything; their names."""
        names = list(self._links(command.connection))
        for name in names:
            self._stream.half_open(name)
        return names

    async def abort(self, command: OnConnection) -> list[str]:
        """Drops connections without a close frame; their names."""
        links = self._links(command.connection)
        for link in links.values():
            link.abort()
        return list(links)

    async def expire_session_webhooks(self, command: Nothing) -> None:
        """Ends all session webhooks."""
        self._world.sessions.expire()

    async def revoke_tokens(self, command: Nothing) -> None:
        """Ends the access token."""
        self._world.tokens.revoke()

    async def fault(self, fault: Fault) -> None:
        """Lets a fault wait for its calls."""
        self._world.faults.add(fault)

    async def clear_faults(self, command: Nothing) -> None:
        """Forgets the faults that still wait."""
        self._world.faults.clear()

    async def release(self, command: Nothing) -> int:
        """Lets hanging requests go on; how many."""
        return self._platform.release()

    async def advance(self, command: Advance) -> float:
        """Moves the clock forward; the new time."""
        self._world.advance(command.seconds)
        return self._world.now()

    async def configure(self, command: Configure) -> None:
        """Changes settings while running."""
        whole = {**structs.asdict(self._world.settings), **command.changes}
        self._world.settings = msgspec.convert(msgspec.to_builtins(whole), Settings)

    async def person(self, person: Person) -> None:
        """Adds somebody to the directory."""
        people = (*self._world.settings.people, person)
        self._world.settings = structs.replace(self._world.settings, people=people)

    async def group(self, group: SandboxGroup) -> None:
        """Adds a group in which the robot is installed."""
        groups = (*self._world.settings.groups, group)
        self._world.settings = structs.replace(self._world.settings, groups=groups)

    async def robot(self, robot: CustomRobot) -> None:
        """Adds a custom robot."""
        robots = (*self._world.settings.robots, robot)
        self._world.settings = structs.replace(self._world.settings, robots=robots)

    async def app(self, app: App) -> None:
        """Adds another app."""
        apps = (*self._world.settings.other_apps, app)
        self._world.settings = structs.replace(self._world.settings, other_apps=apps)

    def _logs(self) -> dict[str, list[Any]]:
        world = self._world
        return {
            "arrived": world.arrived,
            "acks": world.acks,
            "calls": world.calls,
            "frames": world.frames,
            "said": world.said,
            "uploads": world.uploads,
            "reacted": world.reacted,
            "recalled": world.recalled,
            "cards": world.card_versions,
            "pressed": world.pressed,
        }

    def _command(self, name: str, kind: type[T], act: Act[T]) -> web.RouteDef:
        async def handle(request: web.Request) -> web.Response:
            try:
                command = msgspec.json.decode(await request.read() or b"{}", type=kind)
                done = answer(await act(command))
            except (ValueError, binascii.Error) as problem:
                # msgspec's own errors are ValueErrors too and name the field.
                return answer({"error": str(problem)}, 400)
            self._platform.changes.note()
            return done

        return web.post(f"{COMMANDS}/{name}", handle)

    def _links(self, name: str | None) -> dict[str, StreamConnection]:
        """The named connection, or all that are not closed. Raises ValueError when it is not."""
        alive = {each.id for each in self._connections().open}
        links = {each: link for each, link in self._platform.links.items() if each in alive}
        if name is None:
            return links
        if name not in links:
            raise ValueError(f"there is no open connection {name!r}")
        return {name: links[name]}

    def _connections(self) -> Connections:
        return Connections(tuple(self._world.connections.values()), self._world.attempts())

    async def _until(self, holds: Callable[[], bool], request: web.Request) -> None:
        seconds = float(request.query.get("timeout", "0"))
        platform = self._platform
        await platform.changes.until(lambda: holds() or platform.stopping, seconds)
