"""What a rule of the platform is: its words, where they come from, and the answer that keeps it."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct


class RobotRefusal(Exception):
    """An old-style refusal: HTTP 200 with an `errcode` (doc/dingtalk.md §1)."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


class ApiRefusal(Exception):
    """An OpenAPI refusal: an HTTP status with a `code` (doc/dingtalk.md §3); `detail` is added to
    the body."""

    def __init__(self, status: int, code: str, message: str, detail: dict[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail


class Rule(Struct, frozen=True):
    """One rule.

    - `says`: the rule as a sentence, in the words of the test that shows it
    - `section`: its row in doc/dingtalk.md
    - `source`: a page of DingTalk's documentation, an official SDK, or published answers of the
      real server
    """

    says: str
    section: str
    source: str

    @property
    def test(self) -> str:
        """The name of the test that shows it."""
        return "test_" + re.sub(r"\W+", "_", self.says.casefold()).strip("_")

    @property
    def answer(self) -> str:
        """What the sandbox answers, in Markdown."""
        raise NotImplementedError


class Behaviour(Rule, frozen=True):
    """A rule that is kept without refusing a call. `shown` says in words what happens."""

    shown: str

    @property
    def answer(self) -> str:
        """What the sandbox does, in Markdown."""
        return self.shown


class OapiRule(Rule, frozen=True):
    """A rule of the old host. `errmsg` may have places for names in braces."""

    errcode: int
    errmsg: str

    @property
    def answer(self) -> str:
        """The `errcode`, in Markdown."""
        return f"`errcode` {self.errcode}"

    def refusal(self, **named: object) -> RobotRefusal:
        """What to raise when the rule is broken."""
        return RobotRefusal(self.errcode, self.errmsg.format(**named))


class ApiRule(Rule, frozen=True):
    """A rule of the new host. `code` and `message` may have places for names in braces."""

    status: int
    code: str
    message: str

    @property
    def answer(self) -> str:
        """Status and `code`, in Markdown."""
        return f"HTTP {self.status} `{self.code}`"

    def refusal(self, detail: dict[str, Any] | None = None, **named: object) -> ApiRefusal:
        """What to raise when the rule is broken; `detail` is added to the answer's body."""
        message = self.message.format(**named)
        return ApiRefusal(self.status, self.code.format(**named), message, detail or {})
