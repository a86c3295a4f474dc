"""Trouble on demand: what goes wrong with the next calls of a path, as one value."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any, Literal

from msgspec import Struct, structs


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong with calls of `path` (a shell pattern, without the query).

    `action`: "answer" gives `status` and `body`; "omit" leaves `fields` out of the true answer;
    "hang" gives no answer until released, then goes on as usual; "drop" ends the connection without
    an answer, and a stream connection "after" its handshake. `when`: "before" the platform has
    looked at the request, or "after" it has accepted it. `times` is for how many calls, None for
    all of them until faults are cleared. `seconds` bounds a hang; None waits for the release.
    """

    path: str
    action: Literal["answer", "omit", "hang", "drop"] = "answer"
    when: Literal["before", "after"] = "before"
    times: int | None = 1
    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    seconds: float | None = None
    fields: tuple[str, ...] = ()

    @classmethod
    def http(cls, path: str, status: int, code: str, times: int | None = 1) -> Fault:
        """An OpenAPI refusal with its error body (doc/dingtalk.md §3)."""
        body = {"code": code, "message": code, "requestid": "SANDBOX-FAULT"}
        return cls(path, times=times, status=status, body=json.dumps(body))

    @classmethod
    def errcode(cls, path: str, errcode: int, errmsg: str, times: int | None = 1) -> Fault:
        """An old-style refusal: HTTP 200 with an `errcode` (doc/dingtalk.md §1)."""
        body: dict[str, Any] = {"errcode": errcode, "errmsg": errmsg}
        return cls(path, times=times, body=json.dumps(body, ensure_ascii=False))

    @classmethod
    def html(cls, path: str, status: int = 502, times: int | None = 1) -> Fault:
        """A gateway's HTML page in place of an answer."""
        page = f"<html><head><title>{status}</title></head><body>Bad Gateway</body></html>"
        return cls(path, times=times, status=status, body=page, content_type="text/html")

    @classmethod
    def qps(cls, path: str, times: int | None = 1) -> Fault:
        """More than 20 calls a second (doc/dingtalk.md §3, throttling)."""
        return cls.http(path, 403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", times)

    @classmethod
    def ip_ban(cls, path: str = "*", times: int | None = 1) -> Fault:
        """The answer to a banned address (doc/dingtalk.md §0)."""
        body = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "sandbox"}
        return cls(path, times=times, body=json.dumps(body))

    @classmethod
    def without(cls, path: str, *fields: str, times: int | None = 1) -> Fault:
        """The true answer, but these fields of it are missing."""
        return cls(path, action="omit", when="after", times=times, fields=fields)

    @classmethod
    def cut(cls, times: int | None = 1) -> Fault:
        """A stream connection ends right after its handshake."""
        return cls("/connect", action="drop", when="after", times=times)

    @classmethod
    def hang(
        cls,
        path: str,
        when: Literal["before", "after"] = "before",
        times: int | None = 1,
        seconds: float | None = None,
    ) -> Fault:
        """No answer until released or until `seconds` have passed."""
        return cls(path, action="hang", when=when, times=times, seconds=seconds)

    @classmethod
    def drop(
        cls, path: str, when: Literal["before", "after"] = "before", times: int | None = 1
    ) -> Fault:
        """The connection ends without an answer."""
        return cls(path, action="drop", when=when, times=times)

    @property
    def name(self) -> str:
        """How a call's record names it."""
        return f"{self.action} {self.when}"


class FaultBook:
    """The faults that wait for their calls, first set first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Lets a fault wait. Raises ValueError when it would never apply."""
        if fault.times is not None and fault.times < 1:
            raise ValueError("a fault applies at least once")
        self._waiting.append(fault)

    def take(self, path: str) -> Fault | None:
        """The fault for this call, used up by one; None when all is well."""
        for index, fault in enumerate(self._waiting):
            if not fnmatchcase(path, fault.path):
                continue
            if fault.times is not None:
                left = fault.times - 1
                self._waiting[index : index + 1] = (
                    [structs.replace(fault, times=left)] if left else []
                )
            return fault
        return None

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """Those that wait, in their order."""
        return tuple(self._waiting)

    def clear(self) -> None:
        """Forgets all waiting faults."""
        self._waiting.clear()
