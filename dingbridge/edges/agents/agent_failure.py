"""Why a turn of an agent fails, as an exception inside of this package."""

from __future__ import annotations

from dingbridge.core.agents.turn_events import FailureKind, Setting


class AgentFailure(Exception):
    """A turn cannot be finished; see `turn_events.TurnFailed` for the fields. `refused`: what the
    agent does not let the prompt choose."""

    refused: Setting | None = None

    def __init__(self, kind: FailureKind, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind
        self.detail = detail
