"""What an agent is asked, and what happens in its turn (Agent Client Protocol, version 1).

Immutable values: they cross from the agents' thread to the service loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

ToolState = Literal["pending", "running", "done", "failed"]
"""The state of a tool call; the protocol's `in_progress` and `completed` are `running` and
`done`."""

PermissionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]


Setting = Literal["mode", "model"]
"""What can be chosen of an agent that runs."""


class AgentProgram(Struct, frozen=True):
    """How an agent is started: `name` as users know it, `argv` without a shell, its folder, and its
    environment, which has no variables of ours."""

    name: str
    argv: tuple[str, ...]
    cwd: str
    environ: Mapping[str, str]


class Prompt(Struct, frozen=True, kw_only=True):
    """One turn of a chat session's agent. The agent is started if it does not run.

    - `request` names the turn in all of its events; `session` is the chat session.
    - `files` are absolute paths, passed as parts of the prompt where the agent takes them.
    - `instructions` stand before the first prompt of an agent session.
    - `resume` is the agent's own session id of an earlier process, or empty.
    - `silence` is the longest time without any event, in seconds, after which the turn fails.
    """

    request: str
    session: str
    program: AgentProgram
    text: str
    files: tuple[str, ...] = ()
    instructions: str = ""
    model: str = ""
    mode: str = ""
    resume: str = ""
    silence: float = 600.0


class AgentStarted(Struct, frozen=True):
    """The agent of a chat session has opened or resumed its own session `agent_session`.

    - `modes`, `models`: what the agent offers, by id and name; empty without a choice
    - `is_resumed`: it remembers the earlier turns
    """

    session: str
    agent_session: str
    agent: str = ""
    version: str = ""
    is_resumed: bool = False
    mode: str = ""
    modes: tuple[tuple[str, str], ...] = ()
    model: str = ""
    models: tuple[tuple[str, str], ...] = ()


class TextAdded(Struct, frozen=True):
    """More of the answer."""

    request: str
    text: str


class ThoughtAdded(Struct, frozen=True):
    """More of what the agent thinks."""

    request: str
    text: str


class FileDiff(Struct, frozen=True):
    """A change of a file; `before` is None for a new file."""

    path: str
    before: str | None
    after: str


class ToolCall(Struct, frozen=True):
    """A tool call, complete each time: it replaces the earlier one with its `id`.

    - `kind`: `read`, `edit`, `delete`, `move`, `search`, `execute`, `think`, `fetch`,
      `switch_mode` or `other`
    - `detail`: arguments and output, plain text or Markdown, untrusted
    - `diffs`: changes of files, as `file_diffs.described` shows them, which may take a while
    - `places`: the files that it is about, as `asked_call.path` shows them, some with a line
    """

    id: str
    title: str
    kind: str = "other"
    state: ToolState = "pending"
    detail: str = ""
    diffs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class ToolChanged(Struct, frozen=True):
    """A tool call began or changed."""

    request: str
    call: ToolCall


class PlanEntry(Struct, frozen=True):
    """One step of the agent's plan."""

    text: str
    state: ToolState


class PlanChanged(Struct, frozen=True):
    """The agent's plan, complete each time."""

    request: str
    entries: tuple[PlanEntry, ...]


class PermissionOption(Struct, frozen=True):
    """One answer that the agent takes."""

    id: str
    name: str
    kind: PermissionKind


class PermissionAsked(Struct, frozen=True):
    """The agent waits for a decision about `call`; `permission` names it."""

    request: str
    permission: str
    call: ToolCall
    options: tuple[PermissionOption, ...]


class PermissionGone(Struct, frozen=True):
    """Nobody waits for this decision any more: the turn ended, or the agent withdrew it."""

    request: str
    permission: str


RefusedBecause = Literal["unknown", "ambiguous", "long", "many"]
"""Why people are not asked: the form is not known, two answers have the same id, or there is more
to read than anybody does."""


class AskedUnknown(Struct, frozen=True):
    """The agent asked for something that people are not asked for; it was refused."""

    request: str
    what: str
    why: RefusedBecause = "unknown"


StopReason = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]


class TurnEnded(Struct, frozen=True):
    """The turn is over."""

    request: str
    reason: StopReason


FailureKind = Literal[
    "not found", "not started", "protocol", "login", "died", "silent", "refused", "ended"
]


class TurnFailed(Struct, frozen=True):
    """The turn cannot be finished.

    - `kind`: the program is missing; it cannot be started; it speaks another version of the
      protocol; it needs a log-in; it died; it was silent too long; it answered with an error;
      the service ends
    - `detail`: the agent's own words, or the end of its standard error; untrusted
    """

    request: str
    kind: FailureKind
    detail: str = ""


class AgentGone(Struct, frozen=True):
    """The process of a chat session's agent has ended."""

    session: str


class AgentSettings(Struct, frozen=True):
    """The agent's mode or model has changed, by our choice or by itself; or our choice failed, and
    `failure` says why. `answers`: what the choice was of; empty if the agent changed by itself or
    with a prompt. `refused`: what of a prompt's choices failed, which fails the turn as well."""

    session: str
    mode: str
    model: str
    failure: str = ""
    answers: Setting | None = None
    refused: Setting | None = None


class AgentSessionsListed(Struct, frozen=True):
    """The agent's own sessions: id, title, Unix seconds of the last change (0 unknown)."""

    session: str
    found: tuple[tuple[str, str, float], ...]
    failure: str = ""


AgentEvent = (
    AgentStarted
    | TextAdded
    | ThoughtAdded
    | ToolChanged
    | PlanChanged
    | PermissionAsked
    | PermissionGone
    | AskedUnknown
    | TurnEnded
    | TurnFailed
    | AgentGone
    | AgentSettings
    | AgentSessionsListed
)
