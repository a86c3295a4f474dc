"""Talks to a sandbox's control API from a test, a demo or another process."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import requests

from dingbridge.sandbox.commands import (
    Advance,
    Configure,
    Disconnect,
    Nothing,
    OnConnection,
    Raw,
    Tap,
)
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.inbound import Utterance
from dingbridge.sandbox.records import (
    Ack,
    Arrived,
    Call,
    Connections,
    Reacted,
    Route,
    Said,
    Uploaded,
)
from dingbridge.sandbox.settings import Group, Person, Robot

T = TypeVar("T")
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""The smallest picture there is, a PNG of one dot."""
WITHIN = 15.0
"""Seconds that something is waited for, on a busy machine."""
NETWORK = 5.0
"""Seconds an answer may take beyond the time that was asked for."""


class SandboxClient:
    """The control API of a sandbox at its `control` address.

    Commands raise ValueError with the sandbox's words when they make no sense. Every `wait_…` ends
    as soon as its condition holds and raises TimeoutError, saying what there was instead, when it
    does not within `timeout` seconds.
    """

    def __init__(self, control: str) -> None:
        self._base = control.rstrip("/") + "/"

    def say(
        self,
        text: str = "",
        user: str = "zhangsan",
        group: str | None = None,
        mention: bool = True,
        msgtype: str = "text",
        content: dict[str, Any] | None = None,
        message_id: str | None = None,
        repeat: bool = False,
        session_webhook: bool = True,
        staff_id: bool = True,
        extra: dict[str, Any] | None = None,
    ) -> Said:
        """Somebody says something to the robot; see `Utterance` for the words."""
        utterance = Utterance(
            text=text,
            user=user,
            group=group,
            mention=mention,
            msgtype=msgtype,
            content=content,
            message_id=message_id,
            repeat=repeat,
            session_webhook=session_webhook,
            staff_id=staff_id,
            extra=extra or {},
        )
        return self._command("say", utterance, Said)

    def offer(self, data: bytes) -> str:
        """Keeps bytes for a message to the robot; the download code to put into it."""
        kind = {"Content-Type": "application/octet-stream"}
        response = self._call("POST", "offer", 30.0, data=data, headers=kind)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=str)

    def say_picture(self, data: bytes = PICTURE, **words: Any) -> Said:
        """Somebody sends a picture; `words` as for `say`."""
        code = self.offer(data)
        content = {"downloadCode": code, "pictureDownloadCode": code}
        return self.say(msgtype="picture", content=content, **words)

    def say_file(self, name: str, data: bytes, **words: Any) -> Said:
        """Somebody sends a file; the platform delivers those of 1:1 chats only."""
        content = {
            "downloadCode": self.offer(data),
            "fileName": name,
            "spaceId": "1",
            "fileId": "1",
        }
        return self.say(msgtype="file", content=content, **words)

    def say_voice(
        self, data: bytes, recognition: str = "", milliseconds: int = 2000, **words: Any
    ) -> Said:
        """Somebody speaks; `recognition` is what the platform understood of it."""
        content = {
            "downloadCode": self.offer(data),
            "recognition": recognition,
            "duration": milliseconds,
        }
        return self.say(msgtype="audio", content=content, **words)

    def say_video(self, data: bytes, seconds: int = 2, **words: Any) -> Said:
        """Somebody sends a video."""
        content = {"downloadCode": self.offer(data), "videoType": "mp4", "duration": seconds}
        return self.say(msgtype="video", content=content, **words)

    def say_rich(self, *items: str | bytes, **words: Any) -> Said:
        """Somebody sends text and pictures in one message, each item one of them."""
        rich: list[dict[str, str]] = []
        for item in items:
            if isinstance(item, str):
                rich.append({"text": item})
            else:
                code = self.offer(item)
                rich.append({"type": "picture", "downloadCode": code, "pictureDownloadCode": code})
        return self.say(msgtype="richText", content={"richText": rich}, **words)

    def tap(self, message: Arrived, link: str, user: str = "zhangsan") -> Said | None:
        """Somebody taps the link with these words or this address in a message; what that says in
        their name, or None when it says nothing (`sandbox.links`)."""
        said = self._order("tap", Tap(message.number, link, user))
        return msgspec.json.decode(said, type=Said | None)

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
        """Tells clients to leave (protocol section 4.2); the connections' names."""
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

    def add_person(self, person: Person) -> None:
        """Adds somebody who can write to the robot."""
        self._order("person", person)

    def add_group(self, group: Group) -> None:
        """Adds a group in which the robot is installed."""
        self._order("group", group)

    def add_robot(self, robot: Robot) -> None:
        """Adds a custom robot."""
        self._order("robot", robot)

    def arrived(
        self, route: Route | None = None, conversation_id: str | None = None
    ) -> list[Arrived]:
        """What arrived, in order; only by one route or in one conversation when it is given."""
        return [
            each
            for each in self._log("arrived", list[Arrived])
            if route in (None, each.route) and conversation_id in (None, each.conversation_id)
        ]

    def acks(self) -> list[Ack]:
        """What clients sent on their sockets, in order."""
        return self._log("acks", list[Ack])

    def calls(self, path: str | None = None) -> list[Call]:
        """All requests that have ended, in order; only those of one path when it is given."""
        calls = self._log("calls", list[Call])
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

    def wait_arrived(
        self, want: int | Callable[[Arrived], bool] = 1, timeout: float = WITHIN
    ) -> list[Arrived]:
        """What arrived, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("arrived", list[Arrived], want, timeout)

    def wait_ack(self, message_id: str, timeout: float = WITHIN) -> Ack:
        """The acknowledgement of the frame with this header id."""
        return self._wait_log("acks", list[Ack], lambda a: a.message_id == message_id, timeout)[0]

    def wait_acks(
        self, want: int | Callable[[Ack], bool] = 1, timeout: float = WITHIN
    ) -> list[Ack]:
        """Frames from clients, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("acks", list[Ack], want, timeout)

    def wait_calls(
        self, want: int | Callable[[Call], bool] = 1, timeout: float = WITHIN
    ) -> list[Call]:
        """Ended requests, once there are `want` in all; or those that fit, once one does."""
        return self._wait_log("calls", list[Call], want, timeout)

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

    def _wait_log(
        self, name: str, kind: type[list[T]], want: int | Callable[[T], bool], timeout: float
    ) -> list[T]:
        deadline = time.monotonic() + timeout
        at_least = want if isinstance(want, int) else 0
        while True:
            left = max(0.0, deadline - time.monotonic())
            entries = self._ask(f"log/{name}", {"at_least": at_least, "timeout": left}, kind, left)
            fitting = entries if isinstance(want, int) else [each for each in entries if want(each)]
            if len(fitting) >= (want if isinstance(want, int) else 1):
                return fitting
            if time.monotonic() >= deadline:
                raise TimeoutError(f"waited {timeout} s for {name}; there are {entries!r}")
            at_least = len(entries) + 1

    def _log(self, name: str, kind: type[T]) -> T:
        return self._ask(f"log/{name}", {}, kind)

    def _ask(self, path: str, query: dict[str, Any], kind: type[T], seconds: float = 0.0) -> T:
        response = self._call("GET", path, seconds, params=query)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=kind)

    def _command(self, name: str, command: msgspec.Struct, kind: type[T]) -> T:
        return msgspec.json.decode(self._order(name, command), type=kind)

    def _order(self, name: str, command: msgspec.Struct) -> bytes:
        kind = {"Content-Type": "application/json"}
        body = msgspec.json.encode(command)
        response = self._call("POST", name, 0.0, data=body, headers=kind)
        if response.status_code == 400:
            raise ValueError(response.json()["error"])
        response.raise_for_status()
        return response.content

    def _call(self, method: str, path: str, seconds: float, **words: Any) -> requests.Response:
        # One connection per call: a client may be used by several threads and needs no closing.
        with requests.Session() as http:
            # The sandbox is on loopback: a proxy of the environment has no say.
            http.trust_env = False
            return http.request(method, self._base + path, timeout=seconds + NETWORK, **words)
