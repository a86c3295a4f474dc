"""An approval: one request, and the answers that people give to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

VALID_SECONDS = 300.0
"""How long a request waits; then it is refused, never approved."""

Decision = Literal["allow", "always", "reject"]


class ApprovalRequest(Struct, frozen=True, kw_only=True):
    """What somebody is asked to allow.

    - `source`: who wants it, in words (`qwen`)
    - `title`: what, in one line; `detail`: arguments or diff, Markdown, complete; both untrusted
    - `kind`: the kind of tool, which "always" is about
    - `robot`: the robot whose people may answer; empty: only the editor's user may
    - `asker`: the identity of the person who asked for the turn; empty: the editor's user
    - `can_always`: "always" is offered
    """

    session: str
    source: str
    title: str
    kind: str
    detail: str = ""
    robot: str = ""
    asker: str = ""
    can_always: bool = True


class Answerer(Struct, frozen=True):
    """Who answers. `robot` and `identity` are empty for the editor's user, who may always answer;
    `name` is for sentences."""

    robot: str = ""
    identity: str = ""
    name: str = ""
    is_admin: bool = False
