"""Talks to a sandbox's control API from a test, a demo or another process."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from dingbridge.sandbox.commands import (
    Advance,
    Configure,
    Disconnect,
    FaultName,
    NamedFault,
    Nothing,
    OnConnection,
    Raw,
    Scan,
)
from dingbridge.sandbox.control_calls import WITHIN
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.records import (
    Ack,
    ArrivalRoute,
    ArrivedMessage,
    Card,
    Connections,
    Pressed,
    PushedFrame,
    Reacted,
    Recalled,
    RecordedCall,
    Said,
    Uploaded,
)
from dingbridge.sandbox.settings import UNLIMITED, App, CustomRobot, Person, SandboxGroup
from dingbridge.sandbox.speaking import PICTURE, Speaking

__all__ = ["PICTURE", "WITHIN", "SandboxClient"]


class SandboxClient(Speaking):
    """The control API of a sandbox at its `control` address.

    Commands raise ValueError with the sandbox's words when they make no sense. Every `wait_…` ends
    as soon as its condition holds and raises TimeoutError, saying what there was instead, when it
    does not within `timeout` seconds.
    """

    def raw_frame(
        self, data: str | bytes, connection: str | None = None, wire: bool = False
    ) -> int:
        """Pushes one frame of text or bytes as it is; to how many connections.

        `wire` writes the bytes to the TCP connection without WebSocket framing.
        """
        if isinstance(data, str) and not wire:
            command = Raw(text=data, connection=connection)
        else:
            raw = data.encode() if isinstance(data, str) else data
            encoded = base64.b64encode(raw).decode()
            command = Raw(base64=encoded, wire=wire, connection=connection)
        return self._command("raw", command, int)

    def send_ping(self, connection: str | None = None) -> list[str]:
        """Sends a SYSTEM ping; the `messageId` that each acknowledgement will carry."""
        return self._command("ping", OnConnection(connection), list[str])

    def disconnect(
        self, connection: str | None = None, reason: str = "connection is expired"
    ) -> list[str]:
        """Tells clients to leave (doc/dingtalk.md §4.2); the connections' names."""
        return self._command("disconnect", Disconnect(connection, reason), list[str])

    def half_open(self, connection: str | None = None) -> list[str]:
        """Makes connections swallow everything and answer nothing; their names."""
        return self._command("half-open", OnConnection(connection), list[str])

    def abort(self, connection: str | None = None) -> list[str]:
        """Drops connections without a close frame; their names."""
        return self._command("abort", OnConnection(connection), list[str])

    def expire_session_webhooks(self) -> None:
        """Ends all session webhooks now."""
        self._order("expire-session-webhooks", Nothing())

    def revoke_tokens(self) -> None:
        """Ends the access token now."""
        self._order("revoke-tokens", Nothing())

    def fault(self, fault: Fault) -> None:
        """Lets a fault wait for its calls."""
        self._order("fault", fault)

    def clear_faults(self) -> None:
        """Forgets the faults that still wait."""
        self._order("clear-faults", Nothing())

    def release(self) -> int:
        """Lets hanging requests go on; how many there were."""
        return self._command("release", Nothing(), int)

    def advance(self, seconds: float) -> float:
        """Moves the sandbox's clock forward; its new time in Unix seconds."""
        return self._command("advance", Advance(seconds), float)

    def configure(self, **changes: Any) -> None:
        """Changes settings by their names, see `Settings`."""
        self._order("configure", Configure(msgspec.to_builtins(changes)))

    def lift_limits(self) -> None:
        """Switches off all limits on how much and how fast, for floods."""
        self.configure(**UNLIMITED)

    def confirm_scan(self, missing_scopes: tuple[str, ...] = ()) -> App:
        """Scans the latest code of an app that is being made, and confirms it; the app."""
        return self._command("scan", Scan(missing_scopes=missing_scopes), App)

    def decline_scan(self, reason: str = "") -> None:
        """Scans the latest code of an app that is being made, and declines."""
        self._order("scan", Scan(confirm=False, reason=reason))

    def add_person(self, person: Person) -> None:
        """Adds somebody who can write to the robot."""
        self._order("person", person)

    def add_group(self, group: SandboxGroup) -> None:
        """Adds a group in which the robot is installed."""
        self._order("group", group)

    def add_app(self, app: App) -> None:
        """Adds another app of the organisation, with its robot."""
        self._order("app", app)

    def add_robot(self, robot: CustomRobot) -> None:
        """Adds a custom robot."""
        self._order("robot", robot)

    def arrived(
        self, route: ArrivalRoute | None = None, conversation_id: str | None = None
    ) -> list[ArrivedMessage]:
        """What arrived, in order; only by one route or in one conversation when it is given."""
        return [
            each
            for each in self._log("arrived", list[ArrivedMessage])
            if route in (None, each.route) and conversation_id in (None, each.conversation_id)
        ]

    def acks(self) -> list[Ack]:
        """What clients sent on their sockets, in order."""
        return self._log("acks", list[Ack])

    def calls(self, path: str | None = None) -> list[RecordedCall]:
        """All requests that have ended, in order; only those of one path when it is given."""
        calls = self._log("calls", list[RecordedCall])
        return [call for call in calls if path in (None, call.path)]

    def said(self) -> list[Said]:
        """All that was said to the robot, in order, and whether it was lost."""
        return self._log("said", list[Said])

    def uploads(self) -> list[Uploaded]:
        """The uploads that were taken, in order."""
        return self._log("uploads", list[Uploaded])

    def media(self, media_id: str) -> bytes:
        """What was uploaded under this id, byte for byte. Raises KeyError for an unknown one."""
        response = self._call("GET", "media/" + quote(media_id, safe=""), 30.0)
        if response.status_code == 404:
            raise KeyError(media_id)
        response.raise_for_status()
        return response.content

    def recalled(self) -> list[Recalled]:
        """The messages that were taken back, in order."""
        return self._log("recalled", list[Recalled])

    def cards(self) -> list[Card]:
        """All cards as they are now, in the order they were made."""
        return [*{each.out_track_id: each for each in self._log("cards", list[Card])}.values()]

    def pressed(self) -> list[Pressed]:
        """The buttons that were pressed, in order."""
        return self._log("pressed", list[Pressed])

    def wait_cards(
        self, want: int | Callable[[Card], bool] = 1, timeout: float = WITHIN
    ) -> list[Card]:
        """Cards as they were after each change, once there are `want` such states in all; or those
        that fit, once one does."""
        return self._wait_log("cards", list[Card], want, timeout)

    def reacted(self, message_id: str | None = None) -> list[Reacted]:
        """Reactions put on and recalled, in order; only those on one message when it is given."""
        entries = self._log("reacted", list[Reacted])
        return [each for each in entries if message_id in (None, each.message_id)]

    def wait_reacted(
        self, want: int | Callable[[Reacted], bool] = 1, timeout: float = WITHIN
    ) -> list[Reacted]:
        """Reactions, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("reacted", list[Reacted], want, timeout)

    def connections(self) -> Connections:
        """All stream connections so far, and the attempts to register one."""
        return self._ask("connections", {}, Connections)

    def page(self) -> str:
        """The address of the page for a browser."""
        return self._ask("page", {}, str)

    def named_fault(self, name: FaultName) -> None:
        """Injects trouble by its name: see `NamedFaults`."""
        self._order("named-fault", NamedFault(name))

    def frames(self) -> list[PushedFrame]:
        """All frames that were sent to clients, in order."""
        return self._log("frames", list[PushedFrame])

    def wait_arrived(
        self, want: int | Callable[[ArrivedMessage], bool] = 1, timeout: float = WITHIN
    ) -> list[ArrivedMessage]:
        """What arrived, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("arrived", list[ArrivedMessage], want, timeout)

    def wait_ack(self, message_id: str, timeout: float = WITHIN) -> Ack:
        """The acknowledgement of the frame with this header id."""
        return self._wait_log("acks", list[Ack], lambda a: a.message_id == message_id, timeout)[0]

    def wait_acks(
        self, want: int | Callable[[Ack], bool] = 1, timeout: float = WITHIN
    ) -> list[Ack]:
        """Frames from clients, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("acks", list[Ack], want, timeout)

    def wait_calls(
        self, want: int | Callable[[RecordedCall], bool] = 1, timeout: float = WITHIN
    ) -> list[RecordedCall]:
        """Ended requests, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("calls", list[RecordedCall], want, timeout)

    def wait_connections(self, n: int = 1, total: int = 0, timeout: float = WITHIN) -> Connections:
        """The connections, once exactly `n` are open and `total` were ever opened."""
        now = self._ask(
            "connections", {"open": n, "total": total, "timeout": timeout}, Connections, timeout
        )
        if len(now.open) != n or now.total < total:
            raise TimeoutError(f"{n} open connections of {total} wanted, there are {now!r}")
        return now

    def wait_hanging(self, n: int = 1, timeout: float = WITHIN) -> int:
        """How many requests hang, once there are at least `n`."""
        count = self._ask("hanging", {"at_least": n, "timeout": timeout}, int, timeout)
        if count < n:
            raise TimeoutError(f"{n} hanging requests wanted, there are {count}")
        return count
