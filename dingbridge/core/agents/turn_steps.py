"""The steps of an agent's turn, as a transcript shows them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class TurnStep(Struct, frozen=True, omit_defaults=True):
    """What an agent did in a turn: one line, and a detail that is shown on request.

    - `kind`: `thought`, `plan` for an entry of its plan, or the kind of a tool: `read`, `edit`,
      `delete`, `move`, `search`, `execute`, `think`, `fetch`, `switch_mode` or `other`
    - `title`: one line; `detail`: Markdown, shortened
    - `approval`: the code of the approval that it waits for, or empty
    """

    kind: str
    title: str
    state: Literal["pending", "running", "done", "failed"]
    detail: str = ""
    approval: str = ""


class StepChange(Struct, frozen=True):
    """A step of an agent's turn that is new or has changed; `index` counts from 0, without the
    plan."""

    index: int
    step: TurnStep
