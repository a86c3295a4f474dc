"""An approval: one request, and the answers that people give to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

VALID_SECONDS = 300.0
"""How long a request waits; then it is refused, never approved."""

CODE_CHARACTERS = 4
"""The length of a code. It need not be long: only few people's answers count, once each."""

Decision = Literal["allow", "always", "reject"]


class ApprovalRequest(Struct, frozen=True, kw_only=True):
    """What somebody is asked to allow.

    - `source`: who wants it, in words (`qwen`)
    - `title`: what, in one line; `detail`: arguments or diff, Markdown, complete; both untrusted
    - `kind`: the kind of tool, which "always" is about: for all requests of this kind in the
      session that the one who says it may answer
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

    @property
    def is_editor(self) -> bool:
        """Whether it is the user of an editor."""
        return not self.robot and not self.identity


class OpenApproval(Struct, frozen=True):
    """A request that waits for an answer until `until` (Unix seconds)."""

    code: str
    request: ApprovalRequest
    until: float


ApprovalOutcome = Literal["allow", "always", "reject", "expired", "withdrawn"]


class ClosedApproval(Struct, frozen=True):
    """A request that waits no more since `time` (Unix seconds).

    - `by`: who decided; None if it `expired`, or was `withdrawn` because nobody waits for it
    """

    code: str
    request: ApprovalRequest
    outcome: ApprovalOutcome
    time: float
    by: Answerer | None = None


def may_answer(request: ApprovalRequest, by: Answerer) -> bool:
    """Whether an answer of this person counts: the editor's user, the one who asked for the turn,
    or an admin of the robot."""
    if by.is_editor:
        return True
    if not by.identity or not by.robot or by.robot != request.robot:
        return False
    return by.is_admin or by.identity == request.asker
